#include <stdio.h>

#include "base/child.h"
#include "capture/gpu.h"
#include "capture/probe.h"

/* NVML's own signatures: its results are an enum, 0 for success. */
typedef int (*init_fn)(void);
typedef int (*count_fn)(unsigned *count);
typedef int (*version_fn)(char *version, unsigned length);

static void ask_library(void *library, struct gbx_nvml_probe *p)
{
	init_fn init = NULL;
	count_fn count = NULL;
	version_fn version = NULL;

	gbx_nvml_find(library, "nvmlInit_v2", &init);
	gbx_nvml_find(library, "nvmlDeviceGetCount_v2", &count);
	gbx_nvml_find(library, "nvmlSystemGetDriverVersion", &version);
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
	void *library = gbx_nvml_load(p.why, sizeof p.why);

	(void)arg;
	p.found = library != NULL;
	if (library)
		ask_library(library, &p);
	return gbx_write(out, &p, sizeof p, NULL) ? 1 : 0;
}

int gbx_probe_nvml(unsigned deadline_ms, struct gbx_nvml_probe *out, struct gbx_error *err)
{
	Glassbox__Bus bus;
	struct gbx_nvml_probe p = {0};

	int rc = gbx_gpu_bus("", &bus, err);
	if (rc)
		return rc;
	rc = gbx_child_ask(child, NULL, deadline_ms, &p, sizeof p, err);

	p.on_bus = bus.nvidia;
	*out = p;
	return rc;
}
