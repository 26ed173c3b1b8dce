#include "capture/gpu.h"

#include <stdio.h>

#include "base/mem.h"
#include "capture/machine_file.h"
#include "digest/files.h"

#define PCI "/sys/bus/pci/devices"

static uint64_t read_hex(const struct gbx_machine_options *m, const char *device, const char *name)
{
	char path[300];
	uint64_t value = 0;

	snprintf(path, sizeof path, PCI "/%s/%s", device, name);
	return gbx_machine_number(m, path, &value) ? value : 0;
}

static void count_device(const struct gbx_machine_options *m, const char *device, Glassbox__Bus *out)
{
	/* 0x03: display controller, 0x12: processing accelerator. */
	uint64_t class = read_hex(m, device, "class") >> 16;

	if (class != 0x03 && class != 0x12)
		return;
	uint64_t vendor = read_hex(m, device, "vendor");
	out->nvidia += vendor == 0x10de;
	out->amd += vendor == 0x1002;
	out->intel += vendor == 0x8086;
}

int gbx_gpu_bus(const char *root, Glassbox__Bus *out, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	GBX_AUTO_FD int fd = -1;
	struct gbx_error trouble = {0};
	struct gbx_machine_options m = {.trouble = &trouble};

	glassbox__bus__init(out);
	int rc = gbx_machine_root(root, &fd, err);
	m.root = fd;
	if (rc == 0)
		rc = gbx_machine_list(fd, PCI, &names, err);
	for (size_t i = 0; rc == 0 && i < names.len; i++)
		count_device(&m, names.name[i], out);
	if (rc == 0 && trouble.code && err)
		*err = trouble;
	return rc ? rc : trouble.code;
}

static bool is_below(const char *root, const char *path)
{
	GBX_AUTO_STRING char *full = gbx_asprintf("%s%s", root, path);

	return full && gbx_exists(full);
}

/* Somebody put the library within reach: a container on a machine whose bus is not shown. */
static bool is_in_library_path(const char *list)
{
	for (const char *at = list; at; at = *at ? at + 1 : NULL) {
		size_t len = strcspn(at, ":");
		GBX_AUTO_STRING char *file = len ? gbx_asprintf("%.*s/libnvidia-ml.so.1", (int)len, at) : NULL;
		if (file && gbx_exists(file))
			return true;
		at += len;
	}
	return false;
}

bool gbx_gpu_is_there(const struct gbx_environment_options *o)
{
	/* /dev/dxg: Windows' driver, as WSL shows it. */
	return o->bus.nvidia || o->bus.amd || is_below(o->root, "/dev/nvidiactl") || is_below(o->root, "/dev/dxg") ||
	       is_in_library_path(o->library_path);
}

int gbx_read_gpus(const struct gbx_environment_options *o, struct gbx_teller *t, struct gbx_error *err)
{
	struct gbx_error why;
	int rc = 0;

	if (gbx_read_gpus_amd(o, t, &why))
		rc = gbx_tell_gap(t, &(struct gbx_environment_gap){GLASSBOX__GAP__KIND__DEVICE, gbx_gap_reason(&why), 1, NULL}, err);
	/* Last, since it may never return. */
	return rc ? rc : gbx_read_gpus_nvidia(o, t, err);
}
