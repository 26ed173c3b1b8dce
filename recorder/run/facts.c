#include "run/facts.h"

#include <stdio.h>
#include <unistd.h>

#include "capture/machine.h"
#include "capture/secrets.h"
#include "capture/gpu.h"
#include "capture/system.h"
#include "store/alive.h"

void gbx_put_run_start(struct gbx_recorder *r)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__RunStart m = GLASSBOX__RUN_START__INIT;

	m.recorder = (char *)(uintptr_t) "glassbox " GBX_VERSION;
	body.body_case = GLASSBOX__BODY__BODY_RUN_START;
	body.run_start = &m;
	gbx_put(r, &body, NULL);
}

void gbx_put_name(struct gbx_recorder *r, const char *name)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Name m = GLASSBOX__NAME__INIT;

	bool secret = gbx_scan_first(r->scanner, gbx_slice_text(name)) != NULL;
	gbx_put_gap_secret(r, GLASSBOX__GAP__KIND__PARAMETER, "--name", secret);
	if (secret)
		return;
	m.name = (char *)(uintptr_t)name;
	body.body_case = GLASSBOX__BODY__BODY_NAME;
	body.name = &m;
	gbx_put(r, &body, NULL);
}

static void put_process(struct gbx_recorder *r, Glassbox__Process__Role role, uint64_t pid)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Process m = GLASSBOX__PROCESS__INIT;

	m.role = role;
	m.pid = pid;
	m.start_ticks = gbx_process_start_ticks(pid);
	body.body_case = GLASSBOX__BODY__BODY_PROCESS;
	body.process = &m;
	gbx_put(r, &body, NULL);
}

void gbx_put_job_process(struct gbx_recorder *r, uint64_t pid)
{
	put_process(r, GLASSBOX__PROCESS__ROLE__JOB, pid);
}

static void put_devices(struct gbx_recorder *r, const struct gbx_system *s, Glassbox__Bus *bus)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Device device = GLASSBOX__DEVICE__INIT;
	Glassbox__Cpu cpu = GLASSBOX__CPU__INIT;
	Glassbox__Memory memory = GLASSBOX__MEMORY__INIT;
	struct gbx_cpu_features features;

	body.body_case = GLASSBOX__BODY__BODY_DEVICE;
	body.device = &device;
	gbx_machine_cpu(-1, &features);
	gbx_system_cpu(s, &cpu);
	cpu.flag = features.flag;
	cpu.n_flag = features.flags;
	cpu.microcode = features.microcode;
	device.device_case = GLASSBOX__DEVICE__DEVICE_CPU;
	device.cpu = &cpu;
	gbx_put(r, &body, NULL);
	gbx_system_memory(s, &memory);
	device.device_case = GLASSBOX__DEVICE__DEVICE_MEMORY;
	device.memory = &memory;
	gbx_put(r, &body, NULL);
	struct gbx_error err;
	if (gbx_gpu_bus("", bus, &err)) {
		if (r->say)
			r->say(err.line);
		gbx_put_gap(r, GLASSBOX__GAP__KIND__DEVICE, gbx_gap_reason(&err), 1, NULL);
		return;
	}
	device.device_case = GLASSBOX__DEVICE__DEVICE_BUS;
	device.bus = bus;
	gbx_put(r, &body, NULL);
}

static int put_body(void *arg, const Glassbox__Body *body, struct gbx_error *err)
{
	(void)err;
	gbx_put(arg, body, NULL);
	return 0;
}

/* Nodes of memory, limits, container. The job is started in the cgroup of its recorder. */
static void put_surroundings(struct gbx_recorder *r, char *const *environment)
{
	struct gbx_machine_options o = {.root = -1, .pid = (uint64_t)getpid(), .environment = environment};
	struct gbx_error err;

	if (gbx_machine_read(&o, put_body, r, &err) == 0)
		return;
	if (r->say)
		r->say(err.line);
	gbx_put_gap(r, GLASSBOX__GAP__KIND__ENVIRONMENT, gbx_gap_reason(&err), 1, NULL);
}

void gbx_put_machine(struct gbx_recorder *r, char *const *environment, Glassbox__Bus *bus)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Host host = GLASSBOX__HOST__INIT;
	Glassbox__System system = GLASSBOX__SYSTEM__INIT;
	struct gbx_system s;

	gbx_system_read(&s);
	gbx_system_host(&s, &host);
	body.body_case = GLASSBOX__BODY__BODY_HOST;
	body.host = &host;
	gbx_put(r, &body, NULL);
	gbx_system_system(&s, &system);
	body.body_case = GLASSBOX__BODY__BODY_SYSTEM;
	body.system = &system;
	gbx_put(r, &body, NULL);
	put_devices(r, &s, bus);
	put_surroundings(r, environment);
	put_process(r, GLASSBOX__PROCESS__ROLE__RECORDER, (uint64_t)getpid());
}
