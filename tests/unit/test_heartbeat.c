/* What of a record is on the disk when: the stream's start before the job; heartbeats while it runs, by an interval that is given. And
 * a disk that takes nothing, or syncs nothing, does the job no harm. */
#include <errno.h>
#include <fcntl.h>

#include "run/run.h"
#include "scratch.h"
#include "store/runs.h"

/* From the moment that a heartbeat fails a file says so; the job waits for it. */
static bool full;
static unsigned heartbeats;

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	struct stat st;

	if (!full || fstat(fd, &st) || !S_ISREG(st.st_mode) || access("started", F_OK))
		return __real_write(fd, data, len);
	int said = open("failed", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(said >= 0);
	close(said);
	errno = ENOSPC;
	return -1;
}

/* The first sync leaves a file behind, for the job to see. */
static bool never_synced;

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
	if (never_synced) {
		errno = EIO;
		return -1;
	}
	int rc = __real_fdatasync(fd), said = open("synced", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(said >= 0);
	close(said);
	return rc;
}

static int count(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	(void)arg;
	(void)stream;
	(void)err;
	heartbeats += r->kind->kind == GLASSBOX__KIND__HEARTBEAT;
	return 0;
}

static void run(const char *script, struct gbx_run_result *result)
{
	char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)(uintptr_t)script, NULL};
	GBX_AUTO_STRING char *here = NULL;
	struct gbx_run_options o = {.argv = argv, .heartbeat_ms = 1};
	struct gbx_error err;

	assert_int_equal(gbx_getcwd(&here, NULL), 0);
	GBX_AUTO_STRING char *store = gbx_path_join(here, "store");
	o.store.option = store;
	if (gbx_run(&o, result, &err))
		fail_msg("%s", err.line);
}

static void there_while_the_job_runs(void **state)
{
	struct gbx_run_result result;
	struct gbx_run_view v;
	struct gbx_store store = {.path = (char[]){"store"}};

	(void)state;
	heartbeats = 0;
	run("f=$(echo store/runs/*/journal/*.tfrecord); n=$(wc -c < $f); while [ $(wc -c < $f) -lt $((n + 3000)) ]; do :; done; exit 7", &result);
	assert_int_equal(result.status, 7);
	assert_int_equal(gbx_run_scan(&store, result.run, count, NULL, &v, NULL), 0);
	assert_int_equal(v.state, GBX_SEALED);
	assert_true(heartbeats >= 10);
	gbx_run_view_free(&v);
}

static void a_full_disk_does_no_harm(void **state)
{
	struct gbx_run_result result;

	(void)state;
	full = true;
	run("echo > started; until [ -e failed ]; do :; done; exit 7", &result);
	full = false;
	assert_int_equal(result.status, 7);
}

static void the_start_is_synced_before_the_job(void **state)
{
	struct gbx_run_result result;

	(void)state;
	run("test -e synced && exit 7", &result);
	assert_int_equal(result.status, 7);
}

static void a_disk_that_never_syncs_does_no_harm(void **state)
{
	struct gbx_run_result result;
	struct gbx_run_view v;
	struct gbx_store store = {.path = (char[]){"store"}};

	(void)state;
	never_synced = true;
	run("exit 7", &result);
	never_synced = false;
	assert_int_equal(result.status, 7);
	assert_int_equal(gbx_run_scan(&store, result.run, NULL, NULL, &v, NULL), 0);
	assert_true(v.has_end && v.outcome_value == 7 && v.state != GBX_SEALED);
	gbx_run_view_free(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(there_while_the_job_runs, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(the_start_is_synced_before_the_job, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_disk_that_never_syncs_does_no_harm, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_full_disk_does_no_harm, scratch_enter, scratch_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
