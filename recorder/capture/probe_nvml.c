#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/child.h"
#include "base/mem.h"
#include "base/text.h"
#include "capture/probe.h"

#define PCI "/sys/bus/pci/devices"

/* A file of a few bytes that holds a number in hex. */
static unsigned long read_hex(const char *device, const char *name)
{
	GBX_AUTO_STRING char *path = gbx_asprintf(PCI "/%s/%s", device, name);
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	unsigned long value = 0;

	if (path && gbx_load_file(path, 64, &text, NULL) == 0 && text.len)
		(void)!sscanf((const char *)text.data, "%lx", &value);
	return value;
}

/* NVIDIA's display controllers: class 0x03 in its upper byte. */
static unsigned count_on_bus(void)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	struct gbx_error ignored;
	unsigned count = 0;

	if (gbx_list_dir(AT_FDCWD, PCI, &names, &ignored))
		return 0;
	for (size_t i = 0; i < names.len; i++)
		count += read_hex(names.name[i], "vendor") == 0x10de && read_hex(names.name[i], "class") >> 16 == 0x03;
	return count;
}

/* NVML's own signatures: its results are an enum, 0 for success. */
typedef int (*init_fn)(void);
typedef int (*count_fn)(unsigned *count);
typedef int (*version_fn)(char *version, unsigned length);

/* C has no conversion from an object's pointer to a function's; POSIX says that the bytes are the same. */
static void find(void *library, const char *name, void *function)
{
	void *symbol = dlsym(library, name);

	memcpy(function, &symbol, sizeof symbol);
}

static void ask_library(void *library, struct gbx_nvml_probe *p)
{
	init_fn init = NULL;
	count_fn count = NULL;
	version_fn version = NULL;

	find(library, "nvmlInit_v2", &init);
	find(library, "nvmlDeviceGetCount_v2", &count);
	find(library, "nvmlSystemGetDriverVersion", &version);
	if (!init || !count || !version) {
		snprintf(p->why, sizeof p->why, "it lacks a function");
		p->found = false;
		return;
	}
	p->result = init();
	if (p->result == 0 && count(&p->devices))
		p->devices = 0;
	if (p->result == 0 && version(p->driver, sizeof p->driver - 1))
		p->driver[0] = 0;
}

static int child(void *arg, int out)
{
	struct gbx_nvml_probe p = {0};
	void *library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);

	(void)arg;
	p.found = library != NULL;
	if (library)
		ask_library(library, &p);
	else
		gbx_printable_in(gbx_slice_text(dlerror()), p.why, sizeof p.why);
	return gbx_write(out, &p, sizeof p, NULL) ? 1 : 0;
}

int gbx_probe_nvml(unsigned deadline_ms, struct gbx_nvml_probe *out, struct gbx_error *err)
{
	unsigned on_bus = count_on_bus();
	struct gbx_nvml_probe p = {0};
	int rc = gbx_child_ask(child, NULL, deadline_ms, &p, sizeof p, err);

	p.on_bus = on_bus;
	*out = p;
	return rc;
}
