/* Writes and syncs that fail, at each place in turn: what was acknowledged is in the run once, whatever the disk kept, and it seals.
 *
 * The linker leads write, fdatasync and fsync here. A sync that fails takes with it what was written since the last good one, as some
 * filesystems do: the file has zeros there then. */
#include <errno.h>
#include <fcntl.h>

#include "run/recorder.h"
#include "run/seal.h"
#include "scratch.h"
#include "store/runs.h"

enum fault { NONE, SHORT, FULL, LOST };

static struct {
	enum fault fault;
	unsigned at, times; /* the first call that fails, from 0, and how many */
	unsigned writes, syncs;
	bool armed;
} plan;

/* Sizes that are on the disk, by the file's inode. */
static struct {
	ino_t inode;
	off_t size;
} synced[64];

static off_t *synced_size(int fd)
{
	struct stat st;
	size_t i = 0;

	assert_int_equal(fstat(fd, &st), 0);
	while (synced[i].inode && synced[i].inode != st.st_ino)
		i++;
	assert_true(i < 64);
	synced[i].inode = st.st_ino;
	return &synced[i].size;
}

static bool fails(unsigned *count)
{
	unsigned n = (*count)++;

	return plan.armed && n >= plan.at && n - plan.at < plan.times;
}

static bool is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	if (!is_file(fd) || (plan.fault != SHORT && plan.fault != FULL) || !fails(&plan.writes))
		return __real_write(fd, data, len);
	if (plan.fault == SHORT)
		return __real_write(fd, data, len / 2);
	errno = ENOSPC;
	return -1;
}

static void lose(int fd)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int again = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(again >= 0 && fstat(again, &st) == 0);
	for (off_t at = *synced_size(fd); at < st.st_size; at++)
		assert_int_equal(pwrite(again, "", 1, at), 1);
	close(again);
}

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
	struct stat st;

	if (plan.fault == LOST && fails(&plan.syncs)) {
		lose(fd);
		errno = EIO;
		return -1;
	}
	/* Nothing here needs a disk. */
	assert_int_equal(fstat(fd, &st), 0);
	*synced_size(fd) = st.st_size;
	return 0;
}

/* Of folders. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	(void)fd;
	return 0;
}

static struct gbx_store store;

static void begin(struct gbx_recorder *r)
{
	static const uint8_t fresh[GBX_ULID_LEN];
	GBX_AUTO_STRING char *here = NULL;

	memset(&plan, 0, sizeof plan);
	memset(synced, 0, sizeof synced);
	assert_int_equal(gbx_getcwd(&here, NULL), 0);
	store = (struct gbx_store){.path = gbx_path_join(here, "store")};
	*r = (struct gbx_recorder){0};
	assert_int_equal(gbx_recorder_begin(r, &store, fresh, NULL, NULL), 0);
}

static void end(struct gbx_recorder *r)
{
	gbx_recorder_free(r);
	assert_int_equal(gbx_remove_tree(store.path, NULL), 0);
	gbx_free(store.path);
}

static void arm(enum fault fault, unsigned at, unsigned times)
{
	plan.fault = fault;
	plan.at = at;
	plan.times = times;
	plan.writes = plan.syncs = 0;
	plan.armed = true;
}

/* A name that says its number, and now and then a gap that refers to the place before it. */
static bool put_name(struct gbx_writer *w, unsigned number, struct gbx_ref *ref)
{
	char name[16];
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Name m = GLASSBOX__NAME__INIT;

	snprintf(name, sizeof name, "%u", number);
	m.name = name;
	body.body_case = GLASSBOX__BODY__BODY_NAME;
	body.name = &m;
	return gbx_writer_put(w, &body, ref, NULL) == 0;
}

static bool put_gap(struct gbx_writer *w, const struct gbx_ref *to, unsigned number)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Gap gap = GLASSBOX__GAP__INIT;
	Glassbox__Ref ref = GLASSBOX__REF__INIT;

	ref.stream = gbx_pb_bytes(to->stream, GBX_STREAM_LEN);
	ref.seq = to->seq;
	gap.kind = GLASSBOX__GAP__KIND__DATA;
	gap.reason = GLASSBOX__GAP__REASON__FAILED;
	gap.count = number;
	gap.place = &ref;
	body.body_case = GLASSBOX__BODY__BODY_GAP;
	body.gap = &gap;
	return gbx_writer_put(w, &body, NULL, NULL) == 0;
}

enum { NAMES = 64 };

struct found {
	unsigned name[NAMES];
	struct gbx_ref at[NAMES], gap[NAMES];
	unsigned gaps[NAMES];
};

static int look(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	struct found *f = arg;

	(void)err;
	if (r->kind->kind == GLASSBOX__KIND__NAME) {
		unsigned n = (unsigned)strtoul(r->body->name->name, NULL, 10);
		assert_true(n < NAMES);
		f->name[n]++;
		f->at[n].seq = r->seq;
		memcpy(f->at[n].stream, stream->head.stream, GBX_STREAM_LEN);
	}
	if (r->kind->kind == GLASSBOX__KIND__GAP && r->body->gap->place) {
		unsigned n = (unsigned)r->body->gap->count;
		f->gaps[n]++;
		f->gap[n].seq = r->body->gap->place->seq;
		memcpy(f->gap[n].stream, r->body->gap->place->stream.data, GBX_STREAM_LEN);
	}
	return 0;
}

/* Everything that was acknowledged, once; each reference where its record is; nothing is bad but what does not belong to the run. */
static void check(const struct gbx_recorder *r, const bool *name, const bool *gap, enum gbx_run_state state)
{
	struct found f = {0};
	struct gbx_run_view v;
	struct gbx_error err;

	plan.armed = false;
	if (gbx_run_scan(&store, r->run_text, look, &f, &v, &err))
		fail_msg("%s", err.line);
	for (unsigned i = 0; i < NAMES; i++) {
		if (f.name[i] != name[i])
			fail_msg("fault %d at %u: record %u is there %u times", plan.fault, plan.at, i, f.name[i]);
		assert_int_equal(f.gaps[i], gap[i]);
		if (gap[i])
			assert_memory_equal(&f.gap[i], &f.at[i], sizeof f.at[i]);
	}
	for (size_t i = 0; i < v.streams; i++)
		if (!v.stream[i].intact)
			fail_msg("fault %d at %u: %s", plan.fault, plan.at, v.stream[i].trouble);
	assert_int_equal(v.state, state);
	assert_int_equal(v.strange, 0);
	gbx_run_view_free(&v);
}

/* Puts, with syncs and references between, while the plan fails some; then seals. */
static void record_under(enum fault fault, unsigned at, unsigned times)
{
	struct gbx_recorder r;
	bool name[NAMES] = {0}, gap[NAMES] = {0};
	struct gbx_ref ref[NAMES];
	struct gbx_error err;

	begin(&r);
	arm(fault, at, times);
	for (unsigned i = 0; i < 40; i++) {
		name[i] = put_name(r.writer, i, &ref[i]);
		if (i % 7 == 6 && gbx_writer_sync(r.writer, &err))
			assert_true(times > 1);
		/* Refers to a record of three before, which may stand elsewhere by now. */
		if (i >= 3 && name[i - 3])
			gap[i - 3] = put_gap(r.writer, &ref[i - 3], i - 3);
	}
	plan.armed = false;
	assert_true(put_name(r.writer, 40, &ref[40]));
	name[40] = true;
	if (times == 1)
		for (unsigned i = 0; i < 40; i++)
			assert_true(name[i]);
	check(&r, name, gap, GBX_RUNNING);
	if (gbx_seal_write(&r, GLASSBOX__SEAL__STATE__EXITED, &err))
		fail_msg("%s", err.line);
	check(&r, name, gap, GBX_SEALED);
	end(&r);
}

static void a_write_that_fails_once(void **state)
{
	(void)state;
	for (unsigned at = 0; at < 80; at++) {
		record_under(SHORT, at, 1);
		record_under(FULL, at, 1);
	}
}

static void a_disk_that_is_full_for_a_while(void **state)
{
	(void)state;
	for (unsigned at = 0; at < 80; at += 3) {
		record_under(FULL, at, 1 + at % 9);
		record_under(SHORT, at, 1 + at % 9);
	}
	record_under(FULL, 0, UINT32_MAX);
}

static void a_sync_that_fails_takes_nothing(void **state)
{
	(void)state;
	for (unsigned at = 0; at < 6; at++)
		for (unsigned times = 1; times < 5; times++)
			record_under(LOST, at, times);
}

/* The Seal and its list: where writing or syncing them fails, they are made anew in the stream that goes on. */
static void a_seal_that_fails_is_made_anew(void **state)
{
	static const enum fault faults[] = {SHORT, FULL, LOST};

	(void)state;
	for (size_t k = 0; k < 3; k++)
		for (unsigned at = 0; at < 8; at++) {
			struct gbx_recorder r;
			bool name[NAMES] = {0}, gap[NAMES] = {0};
			struct gbx_error err;
			begin(&r);
			for (unsigned i = 0; i < 5; i++)
				name[i] = put_name(r.writer, i, NULL);
			arm(faults[k], at, 1);
			int rc = gbx_seal_write(&r, GLASSBOX__SEAL__STATE__EXITED, &err);
			plan.armed = false;
			if (rc)
				fail_msg("fault %d at %u: %s", faults[k], at, err.line);
			check(&r, name, gap, GBX_SEALED);
			end(&r);
		}
}

/* Nothing of the stream was ever synced: the new one has all of it, and the old file is gone. */
static void a_first_sync_that_fails_leaves_one_stream(void **state)
{
	struct gbx_recorder r;
	struct gbx_run_view v;
	bool name[NAMES] = {true, true}, gap[NAMES] = {0};

	(void)state;
	begin(&r);
	for (unsigned i = 0; i < 2; i++)
		assert_true(put_name(r.writer, i, NULL));
	arm(LOST, 0, 1);
	assert_int_equal(gbx_writer_sync(r.writer, NULL), 0);
	check(&r, name, gap, GBX_RUNNING);
	assert_int_equal(gbx_run_scan(&store, r.run_text, NULL, NULL, &v, NULL), 0);
	assert_true(v.streams == 1 && v.stream[0].follows.size == 0);
	gbx_run_view_free(&v);
	end(&r);
}

/* A disk that never syncs: each try says so, what is written is there while the machine runs, and tries do not fill the disk. */
static void a_disk_that_never_syncs(void **state)
{
	struct gbx_recorder r;
	bool name[NAMES] = {0}, gap[NAMES] = {0};
	GBX_CLEANUP(gbx_names_free) struct gbx_names files = {0};

	(void)state;
	begin(&r);
	assert_int_equal(gbx_writer_sync(r.writer, NULL), 0);
	for (unsigned i = 0; i < 20; i++) {
		arm(LOST, 0, UINT32_MAX);
		name[i] = put_name(r.writer, i, NULL);
		assert_true(name[i]);
		assert_int_not_equal(gbx_writer_sync(r.writer, NULL), 0);
	}
	plan.armed = false;
	assert_true(put_name(r.writer, 20, NULL));
	name[20] = true;
	check(&r, name, gap, GBX_RUNNING);
	GBX_AUTO_STRING char *dir = gbx_run_path(&store, r.run_text, "journal");
	assert_int_equal(gbx_list_dir(AT_FDCWD, dir, &files, NULL), 0);
	assert_int_equal(files.len, 2);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_write_that_fails_once, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_disk_that_is_full_for_a_while, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_sync_that_fails_takes_nothing, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_seal_that_fails_is_made_anew, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_first_sync_that_fails_leaves_one_stream, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_disk_that_never_syncs, scratch_enter, scratch_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
