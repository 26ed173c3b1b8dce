/* Makes a run that its recorder has left: forge_run STORE HERE|BOOT HERE|NAMESPACE HERE|NONE|OTHER PID TICKS [POINTS].
 *
 * Boot id, pid namespace and machine as the Host record has them, pid and start of the recorder's process; with POINTS a member stream
 * whose ring holds so many. Prints the run's id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/metrics.h"
#include "run/recorder.h"
#include "store/alive.h"

static void put_host(struct gbx_recorder *r, char **argv)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Host host = GLASSBOX__HOST__INIT;
	struct gbx_host here;

	gbx_host_here(&here);
	bool machine = strcmp(argv[4], "NONE") != 0 && here.has_machine;
	if (strcmp(argv[4], "OTHER") == 0)
		here.machine[0] ^= 1;
	host.boot_id = strcmp(argv[2], "HERE") == 0 ? here.boot_id : argv[2];
	host.pid_namespace = strcmp(argv[3], "HERE") == 0 ? here.pid_namespace : strtoull(argv[3], NULL, 10);
	host.machine = gbx_pb_bytes(here.machine, machine ? GBX_MACHINE_LEN : 0);
	body.body_case = GLASSBOX__BODY__BODY_HOST;
	body.host = &host;
	gbx_put(r, &body, NULL);
}

static void put_process(struct gbx_recorder *r, char **argv)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Process process = GLASSBOX__PROCESS__INIT;

	process.role = GLASSBOX__PROCESS__ROLE__RECORDER;
	process.pid = strtoull(argv[5], NULL, 10);
	process.start_ticks = strtoull(argv[6], NULL, 10);
	body.body_case = GLASSBOX__BODY__BODY_PROCESS;
	body.process = &process;
	gbx_put(r, &body, NULL);
}

static void put_heartbeat(struct gbx_recorder *r, uint64_t seconds)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Heartbeat beat = GLASSBOX__HEARTBEAT__INIT;

	beat.seconds = seconds;
	body.body_case = GLASSBOX__BODY__BODY_HEARTBEAT;
	body.heartbeat = &beat;
	gbx_put(r, &body, NULL);
}

static int put_points(const struct gbx_recorder *r, uint64_t points, struct gbx_error *err)
{
	GBX_AUTO_METRICS struct gbx_metrics *m = NULL;
	char *dir = gbx_run_path(r->store, r->run_text, "journal");
	struct gbx_metrics_options o = {.dir = dir};

	memcpy(o.run, r->run, GBX_RUN_LEN);
	int rc = gbx_metrics_open(&o, &m, err);
	for (uint64_t i = 0; rc == 0 && i < points; i++)
		rc = gbx_metrics_put(m, "loss", i, 1.0 / (double)(i + 1), err);
	free(dir);
	return rc;
}

int main(int argc, char **argv)
{
	static const uint8_t fresh[GBX_ULID_LEN];
	struct gbx_store store = {.path = argc > 6 ? argv[1] : NULL};
	struct gbx_recorder r = {0};
	struct gbx_error err;
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__RunStart start = GLASSBOX__RUN_START__INIT;

	if (argc < 7)
		return 2;
	if (gbx_recorder_begin(&r, &store, fresh, NULL, &err)) {
		fprintf(stderr, "%s\n", err.line);
		return 1;
	}
	body.body_case = GLASSBOX__BODY__BODY_RUN_START;
	body.run_start = &start;
	gbx_put(&r, &body, NULL);
	put_host(&r, argv);
	put_process(&r, argv);
	for (uint64_t i = 1; i < 4; i++)
		put_heartbeat(&r, 60 * i);
	if (argc > 7 && put_points(&r, strtoull(argv[7], NULL, 10), &err)) {
		fprintf(stderr, "%s\n", err.line);
		return 1;
	}
	printf("%s\n", r.run_text);
	gbx_recorder_free(&r);
	return 0;
}
