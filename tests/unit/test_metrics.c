/* Points of metrics: the ring's file, when blocks are written, what a full ring does, and forked processes. */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/text.h"
#include "journal/blocks.h"
#include "journal/metrics.h"
#include "journal/reader.h"
#include "journal/ring.h"
#include "random.h"
#include "scratch.h"

static uint64_t fake_time;

static uint64_t fake_clock(void)
{
	return fake_time;
}

static struct gbx_metrics *open_metrics(uint32_t slots)
{
	struct gbx_metrics_options o = {.dir = ".", .slots = slots, .monotonic = fake_clock};
	struct gbx_metrics *m;

	memset(o.run, 7, sizeof o.run);
	assert_int_equal(gbx_metrics_open(&o, &m, NULL), 0);
	return m;
}

/* What all journals of the folder have. */
struct found {
	size_t streams, ended, blocks, gaps, rings;
	uint64_t points, gap_count;
	struct seen {
		char name[64];
		uint8_t ring[16];
		uint64_t first, n, step[4000];
		double value[4000];
	} block[512];
};

static void take(struct found *f, const Glassbox__Body *b)
{
	f->ended += b->body_case == GLASSBOX__BODY__BODY_STREAM_END;
	if (b->body_case == GLASSBOX__BODY__BODY_GAP) {
		f->gaps++;
		f->gap_count += b->gap->count;
	}
	if (b->body_case != GLASSBOX__BODY__BODY_METRIC)
		return;
	assert_true(f->blocks < 512 && b->metric->n_step <= 4000);
	struct seen *s = &f->block[f->blocks++];
	snprintf(s->name, sizeof s->name, "%s", b->metric->name);
	memcpy(s->ring, b->metric->ring.data, 16);
	s->first = b->metric->first;
	s->n = b->metric->n_step;
	memcpy(s->step, b->metric->step, s->n * sizeof *s->step);
	memcpy(s->value, b->metric->value, s->n * sizeof *s->value);
	f->points += s->n;
}

static void read_stream(struct found *f, const char *path)
{
	GBX_AUTO_READER struct gbx_reader reader = {0};
	GBX_AUTO_FD int fd = -1;
	struct gbx_file_input in;

	assert_int_equal(gbx_open_read(path, &fd, NULL), 0);
	gbx_file_input(&in, fd);
	assert_int_equal(gbx_reader_init(&reader, &in.in, NULL), 0);
	int rc;
	while ((rc = gbx_reader_next(&reader, NULL)) == 1)
		take(f, reader.record.body);
	assert_int_equal(rc, 0);
	f->streams++;
}

static struct found *look(void)
{
	static struct found f;
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};

	memset(&f, 0, sizeof f);
	assert_int_equal(gbx_list_dir(-100, ".", &names, NULL), 0);
	for (size_t i = 0; i < names.len; i++) {
		if (strstr(names.name[i], ".tfrecord"))
			read_stream(&f, names.name[i]);
		f.rings += strstr(names.name[i], ".ring") != NULL;
	}
	return &f;
}

static char *ring_path(void)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};

	assert_int_equal(gbx_list_dir(-100, ".", &names, NULL), 0);
	for (size_t i = 0; i < names.len; i++)
		if (strstr(names.name[i], ".ring"))
			return gbx_strdup(names.name[i]);
	fail_msg("no ring");
	return NULL;
}

static void nothing_is_made_before_the_first_point(void **state)
{
	GBX_AUTO_METRICS struct gbx_metrics *m = open_metrics(0);

	(void)state;
	assert_int_equal(gbx_metrics_flush(m, NULL), 0);
	assert_int_equal(gbx_metrics_tick(m, NULL), 0);
	assert_int_equal(gbx_metrics_close(m, NULL), 0);
	assert_int_equal(look()->streams + look()->rings, 0);
	assert_int_equal(gbx_metrics_put(m, "", 0, 1, NULL), GBX_E_USAGE);
	assert_int_equal(gbx_metrics_put(m, "\xff", 0, 1, NULL), GBX_E_USAGE);
}

static void a_ring_holds_what_was_put(void **state)
{
	static const double value[] = {0.0, -0.0, NAN, -INFINITY, 5e-324, 0.1};
	GBX_AUTO_METRICS struct gbx_metrics *m = open_metrics(64);
	GBX_AUTO_RING_CONTENT struct gbx_ring_content c = {0};

	(void)state;
	for (uint64_t i = 0; i < 12; i++)
		assert_int_equal(gbx_metrics_put(m, i % 3 ? "loss" : "\xc3\xa9t\xc3\xa9", i * i * i << 40, value[i % 6], NULL), 0);
	GBX_AUTO_STRING char *path = ring_path();
	assert_int_equal(gbx_ring_read(path, &c, NULL), 0);
	assert_int_equal(c.points, 12);
	assert_int_equal(c.names, 2);
	assert_int_equal(c.bad, 0);
	uint64_t number[2] = {0};
	for (uint64_t i = 0; i < 12; i++) {
		const struct gbx_point *p = &c.point[i];
		assert_int_equal(p->position, i);
		assert_string_equal(c.name[p->name], i % 3 ? "loss" : "\xc3\xa9t\xc3\xa9");
		assert_int_equal(p->number, number[p->name]++);
		assert_int_equal(p->step, i * i * i << 40);
		assert_memory_equal(&p->value, &value[i % 6], sizeof(double));
		assert_true(p->time_nanos > 0);
	}
	assert_int_equal(look()->blocks, 0);
	assert_int_equal(gbx_metrics_close(m, NULL), 0);
	struct found *f = look();
	assert_true(f->blocks == 2 && f->points == 12 && f->rings == 0 && f->ended == 1);
}

/* Whatever a crash or a hand makes of a slot or a name: a point that is read was put. */
static void a_changed_bit_makes_no_point(void **state)
{
	GBX_AUTO_METRICS struct gbx_metrics *m = open_metrics(16);
	GBX_AUTO_BYTES struct gbx_bytes bytes = {0};
	GBX_AUTO_RING_CONTENT struct gbx_ring_content want = {0};
	const size_t slots = 64 + GBX_RING_NAMES;
	size_t refused = 0, missing = 0;

	(void)state;
	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(gbx_metrics_put(m, "loss", i, (double)i, NULL), 0);
	GBX_AUTO_STRING char *path = ring_path();
	get_file(path, &bytes);
	assert_int_equal(gbx_ring_parse(gbx_slice_of(&bytes), &want, NULL), 0);
	for (size_t at = 0; at < bytes.len; at += at == 79 ? slots - 79 : 1)
		for (int bit = 0; bit < 8; bit++) {
			struct gbx_ring_content c = {0};
			bytes.data[at] ^= (uint8_t)(1 << bit);
			int rc = gbx_ring_parse(gbx_slice_of(&bytes), &c, NULL);
			bytes.data[at] ^= (uint8_t)(1 << bit);
			refused += rc != 0;
			missing += c.points < 5;
			for (size_t i = 0; i < c.points; i++)
				assert_memory_equal(&c.point[i], &want.point[c.point[i].position], sizeof *c.point);
			bool unused = (at >= 60 && at < 64) || (at >= 76 && at < 80);
			if (!unused && rc == 0 && at < slots + 5 * 48 && c.points == 5)
				fail_msg("bit %d of byte %zu is not noticed", bit, at);
			assert_true(rc || at < slots + 5 * 48 || (c.points == 5 && c.bad == 1));
			gbx_ring_content_free(&c);
		}
	assert_true(refused > 400 && missing >= 5 * 48 * 8);
	for (size_t len = 0; len < bytes.len; len += len < 200 ? 1 : 1009) {
		struct gbx_ring_content c = {0};
		assert_int_equal(gbx_ring_parse(gbx_slice(bytes.data, len), &c, NULL), len ? GBX_E_MALFORMED : GBX_E_NOTFOUND);
	}
}

static void a_block_is_closed_by_age_and_size(void **state)
{
	GBX_AUTO_METRICS struct gbx_metrics *m = open_metrics(0);

	(void)state;
	fake_time = 5000000000u;
	assert_int_equal(gbx_metrics_put(m, "a", 0, 1, NULL), 0);
	fake_time += 9999999999u;
	assert_int_equal(gbx_metrics_put(m, "b", 0, 1, NULL), 0);
	assert_int_equal(gbx_metrics_tick(m, NULL), 0);
	assert_int_equal(look()->blocks, 0);
	fake_time += 1;
	assert_int_equal(gbx_metrics_put(m, "b", 1, 1, NULL), 0);
	assert_true(look()->blocks == 1 && strcmp(look()->block[0].name, "a") == 0);
	fake_time += 10000000000u;
	assert_int_equal(gbx_metrics_tick(m, NULL), 0);
	assert_true(look()->blocks == 2 && look()->block[1].n == 2);
	/* 60 KiB, at 17 bytes a point */
	for (uint64_t i = 0; look()->blocks == 2; i += 50)
		for (uint64_t j = 0; j < 50; j++)
			assert_int_equal(gbx_metrics_put(m, "c", i % 100, 1, NULL), 0);
	assert_true(look()->block[2].n > 3500 && look()->block[2].n <= 61440 / 17);
}

/* Eight slots and three names: every point goes into a block once, in order, however the names are mixed. */
static void a_full_ring_loses_nothing(void **state)
{
	GBX_AUTO_METRICS struct gbx_metrics *m = open_metrics(8);
	static const char *const name[] = {"a", "b", "c"};
	uint64_t put[3] = {0}, got[3] = {0};

	(void)state;
	for (int i = 0; i < 300; i++) {
		size_t n = (size_t)random_number(3);
		assert_int_equal(gbx_metrics_put(m, name[n], put[n], (double)put[n], NULL), 0);
		put[n]++;
	}
	assert_int_equal(gbx_metrics_flush(m, NULL), 0);
	struct found *f = look();
	assert_int_equal(f->points, 300);
	for (size_t i = 0; i < f->blocks; i++) {
		size_t n = (size_t)(f->block[i].name[0] - 'a');
		assert_int_equal(f->block[i].first, got[n]);
		for (uint64_t k = 0; k < f->block[i].n; k++)
			assert_int_equal(f->block[i].step[k], got[n]++);
	}
	assert_memory_equal(put, got, sizeof put);
}

/* More names than the ring has room for: their points are records at once. */
static void names_beyond_the_ring_are_written_through(void **state)
{
	GBX_AUTO_METRICS struct gbx_metrics *m = open_metrics(1024);
	const size_t room = GBX_RING_NAMES / 1008;
	char name[1001];

	(void)state;
	memset(name, 'n', 1000);
	name[1000] = 0;
	for (uint64_t i = 0; i < 3 * (room + 5); i++) {
		snprintf(name, 8, "%06zu", (size_t)(i % (room + 5)));
		name[6] = 'n';
		assert_int_equal(gbx_metrics_put(m, name, i, 0.5, NULL), 0);
	}
	assert_int_equal(look()->blocks, 3 * 5);
	for (size_t i = 0; i < look()->blocks; i++)
		assert_int_equal(look()->block[i].first, i / 5);
	assert_int_equal(gbx_metrics_close(m, NULL), 0);
	assert_int_equal(look()->points, 3 * (room + 5));
}

struct worker {
	struct gbx_metrics *m;
	char name[32];
	uint64_t points;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	for (uint64_t i = 0; i < w->points; i++)
		assert_int_equal(gbx_metrics_put(w->m, w->name, i, (double)i, NULL), 0);
	return NULL;
}

static void run_threads(struct gbx_metrics *m, uint64_t points)
{
	pthread_t thread[8];
	struct worker w[8];

	for (int i = 0; i < 8; i++) {
		w[i] = (struct worker){.m = m, .points = points};
		snprintf(w[i].name, sizeof w[i].name, "thread%d", i / 2);
		assert_int_equal(pthread_create(&thread[i], NULL, work, &w[i]), 0);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(thread[i], NULL);
}

/* Two threads a name, and a child that was forked between: each process has its own stream and ring, and all points are there once. */
static void threads_and_a_forked_child_write_their_own(void **state)
{
	GBX_AUTO_METRICS struct gbx_metrics *m = open_metrics(256);
	int status;

	(void)state;
	run_threads(m, 500);
	pid_t child = fork();
	if (child == 0) {
		struct gbx_error err;
		run_threads(m, 500);
		_exit(gbx_metrics_close(m, &err) ? 1 : 0);
	}
	run_threads(m, 500);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(gbx_metrics_close(m, NULL), 0);
	struct found *f = look();
	assert_int_equal(f->streams, 2);
	assert_int_equal(f->ended, 2);
	assert_int_equal(f->rings, 0);
	assert_int_equal(f->points, 3 * 8 * 500);
	for (size_t i = 0; i < f->blocks; i++)
		for (size_t k = 0; k < i; k++)
			if (memcmp(f->block[i].ring, f->block[k].ring, 16) == 0 && strcmp(f->block[i].name, f->block[k].name) == 0)
				assert_true(f->block[i].first >= f->block[k].first + f->block[k].n ||
					    f->block[k].first >= f->block[i].first + f->block[i].n);
}

/* A child that puts nothing leaves its parent's alone, and makes nothing. */
static void a_child_without_points_makes_nothing(void **state)
{
	GBX_AUTO_METRICS struct gbx_metrics *m = open_metrics(64);
	int status;

	(void)state;
	assert_int_equal(gbx_metrics_put(m, "loss", 0, 1, NULL), 0);
	pid_t child = fork();
	if (child == 0) {
		int rc = gbx_metrics_flush(m, NULL) || gbx_metrics_close(m, NULL);
		gbx_metrics_free(m);
		_exit(rc ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(look()->streams == 1 && look()->rings == 1 && look()->blocks == 0);
	assert_int_equal(gbx_metrics_close(m, NULL), 0);
	assert_int_equal(look()->points, 1);
}

/* The journal's folder takes no bytes: files are made, and every write to them fails. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* No block can be written: the ring takes what it has room for, the rest is refused, and counted when something can be written. */
static void points_that_are_refused_are_counted(void **state)
{
	GBX_AUTO_METRICS struct gbx_metrics *m = open_metrics(8);

	(void)state;
	assert_int_equal(gbx_metrics_put(m, "loss", 0, 0, NULL), 0);
	limit_files(0);
	for (uint64_t i = 1; i < 8; i++)
		assert_int_equal(gbx_metrics_put(m, "loss", i, 0, NULL), 0);
	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(gbx_metrics_put(m, "loss", 100, 0, NULL), GBX_E_IO);
	assert_int_equal(gbx_metrics_flush(m, NULL), GBX_E_IO);
	limit_files(RLIM_INFINITY);
	assert_int_equal(gbx_metrics_put(m, "loss", 8, 0, NULL), 0);
	assert_int_equal(gbx_metrics_close(m, NULL), 0);
	struct found *f = look();
	assert_int_equal(f->points, 9);
	assert_true(f->gaps == 1 && f->gap_count == 5);
	for (size_t i = 0, next = 0; i < f->blocks; i++)
		for (size_t k = 0; k < f->block[i].n; k++)
			assert_int_equal(f->block[i].step[k], next++);
}

static void without_a_ring_each_point_is_a_record(void **state)
{
	GBX_AUTO_METRICS struct gbx_metrics *m = open_metrics(64);

	(void)state;
	limit_files(100000);
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(gbx_metrics_put(m, "loss", i, 0, NULL), 0);
	limit_files(RLIM_INFINITY);
	assert_true(look()->rings == 0 && look()->blocks == 3 && look()->block[2].first == 2);
	assert_int_equal(gbx_metrics_close(m, NULL), 0);
}

static void a_table_finds_its_names(void **state)
{
	struct gbx_names_table t = {0};
	static char name[1000][8];
	size_t number;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		snprintf(name[i], sizeof name[i], "n%zu", i);
		assert_false(gbx_names_table_find(&t, name[i], &number));
		assert_int_equal(gbx_names_table_add(&t, name[i], i, NULL), 0);
	}
	for (size_t i = 0; i < 1000; i++) {
		assert_true(gbx_names_table_find(&t, name[i], &number));
		assert_int_equal(number, i);
	}
	gbx_names_table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_made_before_the_first_point, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_ring_holds_what_was_put, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_changed_bit_makes_no_point, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_block_is_closed_by_age_and_size, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_full_ring_loses_nothing, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(names_beyond_the_ring_are_written_through, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(threads_and_a_forked_child_write_their_own, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_child_without_points_makes_nothing, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(points_that_are_refused_are_counted, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(without_a_ring_each_point_is_a_record, scratch_enter, scratch_leave),
		cmocka_unit_test(a_table_finds_its_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
