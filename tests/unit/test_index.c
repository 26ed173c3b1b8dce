/* The index as a library: what the command line cannot be led to. */
#include <math.h>
#include <pthread.h>

#include "scratch.h"
#include "store/facts.h"
#include "store/filesystem.h"
#include "store/index.h"
#include "store/schema.h"
#include "run/facts.h"

static struct gbx_store store;
static char run[GBX_ULID_TEXT + 1];
static char said[2048];

static void listen(const char *line)
{
	snprintf(said, sizeof said, "%s", line);
}

static void put_name(struct gbx_recorder *r, const char *name)
{
	gbx_put_run_start(r);
	gbx_put_name(r, name);
}

/* A store with one run, which is not sealed. */
static int enter(void **state)
{
	static const uint8_t none[GBX_ULID_LEN];
	GBX_CLEANUP(gbx_recorder_free) struct gbx_recorder r = {0};
	struct gbx_store_choice choice = {.option = "store", .create = true};

	if (scratch_enter(state) || gbx_store_find(&choice, &store, NULL) || gbx_recorder_begin(&r, &store, none, NULL, NULL))
		return -1;
	put_name(&r, "first");
	memcpy(run, r.run_text, sizeof run);
	said[0] = 0;
	return 0;
}

static int leave(void **state)
{
	gbx_store_free(&store);
	return scratch_leave(state);
}

static size_t count(struct gbx_index *index)
{
	GBX_CLEANUP(gbx_index_list_free) struct gbx_index_list list = {0};
	struct gbx_index_query all = {0};

	assert_int_equal(gbx_index_list(index, &all, &list, NULL), 0);
	return list.len;
}

/* Where there is no place for a file, it is in memory, and nothing is said. */
static void test_in_memory(void **state)
{
	GBX_AUTO_INDEX struct gbx_index *index = NULL;
	struct gbx_index_options o = {.say = listen};
	char found[GBX_ULID_TEXT + 1];

	(void)state;
	put_file("store/index", "", 0);
	assert_int_equal(gbx_index_open(&store, &o, &index, NULL), 0);
	assert_int_equal(count(index), 1);
	assert_int_equal(gbx_index_newest(index, "first", NULL, found, NULL), 0);
	assert_string_equal(found, run);
	assert_int_equal(gbx_index_newest(index, "second", NULL, found, NULL), GBX_E_NOTFOUND);
	assert_string_equal(said, "");
}

/* An index of which a page is damaged while it is open: the answer is the same. */
static void test_damage_at_any_moment(void **state)
{
	GBX_AUTO_INDEX struct gbx_index *index = NULL, *other = NULL;
	struct gbx_index_options o = {.say = listen};
	uint8_t zeros[3 * 4096] = {0};

	(void)state;
	assert_int_equal(gbx_index_open(&store, &o, &index, NULL), 0);
	gbx_index_close(&index);
	put_file("store/index/1.sqlite", zeros, sizeof zeros);
	assert_int_equal(gbx_index_open(&store, &o, &index, NULL), 0);
	assert_non_null(strstr(said, "damaged"));
	assert_int_equal(count(index), 1);
	/* Somebody else replaces it while it is open. */
	said[0] = 0;
	put_file("store/index/3.sqlite", zeros, sizeof zeros);
	assert_int_equal(gbx_index_open(&store, &o, &other, NULL), 0);
	assert_non_null(strstr(said, "damaged"));
	assert_int_equal(count(index), 1);
	assert_int_equal(count(other), 1);
	assert_true(gbx_exists("store/index/4.sqlite"));
	assert_false(gbx_exists("store/index/3.sqlite"));
	assert_false(gbx_exists("store/index/2.sqlite"));
}

static void make_run(const char *name)
{
	static const uint8_t none[GBX_ULID_LEN];
	GBX_CLEANUP(gbx_recorder_free) struct gbx_recorder r = {0};

	assert_int_equal(gbx_recorder_begin(&r, &store, none, NULL, NULL), 0);
	put_name(&r, name);
}

static void *open_and_count(void *arg)
{
	GBX_AUTO_INDEX struct gbx_index *index = NULL;
	struct gbx_index_options o = {0};

	if (gbx_index_open(&store, &o, &index, NULL) == 0)
		*(size_t *)arg = count(index);
	return NULL;
}

/* Many runs are read by several threads; two that open the index at once both have all of them. */
static void test_many(void **state)
{
	struct gbx_index_options o = {.say = listen};
	struct gbx_index_built built = {0};
	pthread_t other;
	size_t counted[2] = {0};

	(void)state;
	for (int i = 0; i < 40; i++)
		make_run("many");
	assert_int_equal(pthread_create(&other, NULL, open_and_count, &counted[0]), 0);
	open_and_count(&counted[1]);
	pthread_join(other, NULL);
	assert_int_equal(counted[0], 41);
	assert_int_equal(counted[1], 41);
	assert_int_equal(gbx_index_rebuild(&store, &o, &built, NULL), 0);
	assert_int_equal(built.runs, 41);
	assert_int_equal(built.failed, 0);
	assert_string_equal(said, "");
}

static void test_filesystems(void **state)
{
	static const unsigned long shared[] = {0x6969, 0xff534d42, 0xfe534d42, 0x0bd00bd0, 0x47504653, 0x19830326, 0x00c36400, 0x65735546, 0x01021997};
	static const unsigned long own[] = {0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0x01021994, 0x794c7630};

	(void)state;
	for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
		assert_true(gbx_filesystem_of_type(shared[i]).shared);
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		assert_false(gbx_filesystem_of_type(own[i]).shared);
	assert_true(gbx_filesystem_of_type(0x01021994).fleeting);
	/* statfs has a signed number on some machines. */
	assert_string_equal(gbx_filesystem_of_type((unsigned long)(long)(int)0xff534d42).name, "CIFS");
	assert_false(gbx_filesystem_of("/proc").shared);
}

static uint8_t ring[2][GBX_STREAM_LEN] = {{1}, {2}};

static void take(struct gbx_run_facts *f, const char *name, int which, uint64_t first, const double *value, size_t n)
{
	Glassbox__Metric m = GLASSBOX__METRIC__INIT;
	uint64_t step[16], nanos[16];
	double copy[16];

	for (size_t i = 0; i < n; i++) {
		step[i] = (first + i) * 10;
		nanos[i] = first + i;
		copy[i] = value[i];
	}
	m.name = (char *)(uintptr_t)name;
	m.ring = gbx_pb_bytes(ring[which], GBX_STREAM_LEN);
	m.first = first;
	m.n_step = m.n_value = m.n_time_unix_nanos = n;
	m.step = step;
	m.value = copy;
	m.time_unix_nanos = nanos;
	assert_int_equal(gbx_take_metric(f, &m, NULL), 0);
}

/* Points are summed up, and none is counted twice, in whatever order their records come. */
static void test_metrics(void **state)
{
	GBX_CLEANUP(gbx_run_facts_free) struct gbx_run_facts f = {0};
	static const double v[] = {5, 4, 3, NAN, 1, 2};

	(void)state;
	take(&f, "loss", 0, 2, v + 2, 2);
	take(&f, "accuracy", 0, 0, v, 1);
	take(&f, "loss", 0, 0, v, 4); /* two of them again */
	take(&f, "loss", 0, 4, v + 4, 2);
	take(&f, "loss", 0, 3, v + 3, 2); /* all of them again */
	assert_int_equal(f.metrics, 2);
	const struct gbx_metric_fact *m = &f.metric[0];
	assert_string_equal(m->name, "loss");
	assert_int_equal(m->count, 6);
	assert_int_equal(m->first_step, 0);
	assert_int_equal(m->last_step, 50);
	assert_true(m->last == 2 && m->min == 1 && m->max == 5);
	take(&f, "loss", 1, 0, v, 1); /* another process's */
	assert_int_equal(f.metric[0].count, 7);
	assert_int_equal(f.metric[1].count, 1);
	take(&f, "nothing", 1, 0, v + 3, 1);
	assert_true(isnan(f.metric[2].last) && isnan(f.metric[2].min) && isnan(f.metric[2].max));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_in_memory, enter, leave),
		cmocka_unit_test_setup_teardown(test_damage_at_any_moment, enter, leave),
		cmocka_unit_test_setup_teardown(test_many, enter, leave),
		cmocka_unit_test(test_filesystems),
		cmocka_unit_test(test_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
