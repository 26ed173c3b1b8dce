/* AMD's GPUs as the kernel's driver shows them in sysfs. Declared in gpu.h. */
#include <stdio.h>

#include "base/limits.h"
#include "base/text.h"
#include "capture/gpu.h"
#include "capture/machine_file.h"

#define DRM "/sys/class/drm"

/* "card0", and not its connectors: "card0-DP-1". */
static bool is_card(const char *name)
{
	return strncmp(name, "card", 4) == 0 && name[4] && strspn(name + 4, "0123456789") == strlen(name + 4);
}

static bool read_text(const struct gbx_machine_options *m, const char *card, const char *name, char *out, size_t size)
{
	char path[300];

	snprintf(path, sizeof path, DRM "/%s/device/%s", card, name);
	return gbx_machine_text(m, path, out, size) && *out;
}

static uint64_t read_number(const struct gbx_machine_options *m, const char *card, const char *name)
{
	char path[300];
	uint64_t value = 0;

	snprintf(path, sizeof path, DRM "/%s/device/%s", card, name);
	return gbx_machine_number(m, path, &value) ? value : 0;
}

/* What a line of uevent says: "PCI_SLOT_NAME=0000:03:00.0". */
static void read_slot(const struct gbx_machine_options *m, const char *card, char *out, size_t size)
{
	char path[300];
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_slice rest, line;
	static const char key[] = "PCI_SLOT_NAME=";

	*out = 0;
	snprintf(path, sizeof path, DRM "/%s/device/uevent", card);
	if (!gbx_machine_load(m, path, &text))
		return;
	rest = gbx_slice_of(&text);
	while (gbx_take_line(&rest, &line))
		if (gbx_slice_starts(line, key))
			gbx_printable_in(gbx_slice(line.data + sizeof key - 1, line.len - (sizeof key - 1)), out, size);
}

static int tell_card(const struct gbx_machine_options *m, const char *card, uint32_t index, struct gbx_teller *t,
		     struct gbx_error *err)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Device device = GLASSBOX__DEVICE__INIT;
	Glassbox__Gpu gpu = GLASSBOX__GPU__INIT;
	char model[128], uuid[64], vbios[64], driver[64], pci[32];

	if (!read_text(m, card, "product_name", model, sizeof model))
		snprintf(model, sizeof model, "1002:%04llx", (unsigned long long)read_number(m, card, "device"));
	read_text(m, card, "unique_id", uuid, sizeof uuid);
	read_text(m, card, "vbios_version", vbios, sizeof vbios);
	gbx_machine_text(m, "/sys/module/amdgpu/version", driver, sizeof driver);
	read_slot(m, card, pci, sizeof pci);
	gpu.vendor = (char *)(uintptr_t) "amd";
	gpu.index = index;
	gpu.model = model;
	gpu.uuid = uuid;
	gpu.vbios = vbios;
	gpu.driver = driver;
	gpu.pci = pci;
	gpu.memory_bytes = read_number(m, card, "mem_info_vram_total");
	device.device_case = GLASSBOX__DEVICE__DEVICE_GPU;
	device.gpu = &gpu;
	body.body_case = GLASSBOX__BODY__BODY_DEVICE;
	body.device = &device;
	return gbx_tell(t, &body, err);
}

int gbx_read_gpus_amd(const struct gbx_environment_options *o, struct gbx_teller *t, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	GBX_AUTO_FD int fd = -1;
	struct gbx_error trouble = {0};
	struct gbx_machine_options m = {.trouble = &trouble};
	uint32_t index = 0;

	int rc = gbx_machine_root(o->root, &fd, err);
	m.root = fd;
	if (rc == 0)
		rc = gbx_machine_list(fd, DRM, &names, err);
	for (size_t i = 0; rc == 0 && i < names.len && index < GBX_LIMIT_GPUS; i++) {
		uint64_t vendor = is_card(names.name[i]) ? read_number(&m, names.name[i], "vendor") : 0;
		if (vendor == 0x1002)
			rc = tell_card(&m, names.name[i], index++, t, err);
	}
	if (rc == 0 && trouble.code && err)
		*err = trouble;
	return rc ? rc : trouble.code;
}
