/* Recovery: what a seal makes of rings and journals of processes that are gone.
 *
 * test_recover [KILLS]: jobs of two processes with eight threads each that are killed at random moments; 300 by default. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "journal/metrics.h"
#include "journal/ring.h"
#include "random.h"
#include "run/recorder.h"
#include "run/recover.h"
#include "run/seal.h"
#include "scratch.h"

static unsigned kills = 300;

static struct gbx_store store;

/* A run whose recorder wrote its start and went away. */
static void begin_run(struct gbx_recorder *r)
{
	static const uint8_t fresh[GBX_ULID_LEN];
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__RunStart start = GLASSBOX__RUN_START__INIT;

	GBX_AUTO_STRING char *here = NULL;
	assert_int_equal(gbx_getcwd(&here, NULL), 0);
	store = (struct gbx_store){.path = gbx_path_join(here, "store")};
	*r = (struct gbx_recorder){0};
	assert_int_equal(gbx_recorder_begin(r, &store, fresh, NULL, NULL), 0);
	body.body_case = GLASSBOX__BODY__BODY_RUN_START;
	body.run_start = &start;
	assert_true(gbx_put(r, &body, NULL));
}

static void end_run(struct gbx_recorder *r)
{
	gbx_recorder_free(r);
	gbx_free(store.path);
}

/* The recorder is gone by then, and its journal's lock with it. */
static void seal(struct gbx_recorder *r)
{
	struct gbx_error err;
	bool changed = false;

	gbx_writer_free(r->writer);
	r->writer = NULL;
	if (gbx_seal_run(&store, r->run_text, true, NULL, &changed, &err))
		fail_msg("%s", err.line);
	assert_true(changed);
}

static struct gbx_metrics *open_metrics(const struct gbx_recorder *r, uint32_t slots)
{
	GBX_AUTO_STRING char *dir = gbx_run_path(&store, r->run_text, "journal");
	struct gbx_metrics_options o = {.dir = dir, .slots = slots};
	struct gbx_metrics *m;

	memcpy(o.run, r->run, GBX_RUN_LEN);
	assert_int_equal(gbx_metrics_open(&o, &m, NULL), 0);
	return m;
}

/* --- Killed at random moments --------------------------------------------------------------------------------------------- */

/* Sides are processes, each with a stream and a ring of its own beside the lead's stream. */
enum { THREADS = 8, SIDES = 4 };

/* What was acknowledged, in memory that outlives the processes. */
static struct {
	_Atomic uint64_t thread[SIDES][THREADS];
	_Atomic uint64_t all;
} *acknowledged;

struct worker {
	struct gbx_metrics *m;
	int side, thread;
};

/* Two threads put points of one name; the value says which, the step counts. Until it is killed. */
static void *work(void *arg)
{
	const struct worker *w = arg;
	char name[32];

	snprintf(name, sizeof name, "side%d.name%d", w->side, w->thread / 2);
	for (uint64_t i = 0;; i++) {
		if (gbx_metrics_put(w->m, name, i, w->thread, NULL))
			_exit(1);
		atomic_store(&acknowledged->thread[w->side][w->thread], i + 1);
		atomic_fetch_add(&acknowledged->all, 1);
	}
	return NULL;
}

static void start_threads(struct gbx_metrics *m, int side)
{
	static struct worker w[THREADS];
	pthread_t thread;

	for (int i = 0; i < (side < 2 ? THREADS : 2); i++) {
		w[i] = (struct worker){m, side, i};
		if (pthread_create(&thread, NULL, work, &w[i]))
			_exit(1);
	}
}

static void wait_for(uint64_t points)
{
	while (atomic_load(&acknowledged->all) < points)
		sched_yield();
}

/* Eight threads, a fork in the middle of their work, and eight more threads in the child; a grandchild and another child with two. */
static void job(struct gbx_metrics *m, uint64_t fork_at)
{
	start_threads(m, 0);
	wait_for(fork_at);
	if (fork() == 0)
		start_threads(m, fork() == 0 ? 2 : 1);
	else if (fork() == 0)
		start_threads(m, 3);
	for (;;)
		pause();
}

/* The points of each thread, from every stream; what the numbers of a name say of their order. */
struct points {
	struct one {
		uint64_t number, step;
	} *one;
	size_t len, cap;
};

struct found {
	struct points of[SIDES][THREADS];
	uint64_t gaps, lost;
};

static int gather(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	struct found *f = arg;
	int side, name;

	(void)stream;
	f->gaps += r->kind->kind == GLASSBOX__KIND__GAP;
	f->lost += r->kind->kind == GLASSBOX__KIND__GAP && r->body->gap->kind == GLASSBOX__GAP__KIND__METRIC;
	if (r->kind->kind != GLASSBOX__KIND__METRIC)
		return 0;
	const Glassbox__Metric *m = r->body->metric;
	assert_int_equal(sscanf(m->name, "side%d.name%d", &side, &name), 2);
	for (size_t i = 0; i < m->n_step; i++) {
		int thread = (int)m->value[i];
		assert_int_equal(thread / 2, name);
		struct points *p = &f->of[side][thread];
		assert_int_equal(gbx_grow((void **)&p->one, &p->cap, p->len, sizeof *p->one, err), 0);
		p->one[p->len++] = (struct one){m->first + i, m->step[i]};
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct one *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static void check_points(struct points *p, uint64_t least, uint64_t most)
{
	if (p->len)
		qsort(p->one, p->len, sizeof *p->one, by_number);
	for (size_t i = 0; i < p->len; i++)
		if (p->one[i].step != i)
			fail_msg("step %lu where %zu belongs", (unsigned long)p->one[i].step, i);
	if (p->len < least || p->len > most)
		fail_msg("%zu points, %lu were acknowledged", p->len, (unsigned long)least);
	gbx_free(p->one);
}

static void kill_once(uint64_t points)
{
	struct gbx_recorder r;
	struct found found = {0};
	struct gbx_run_view v;

	memset(acknowledged, 0, sizeof *acknowledged);
	begin_run(&r);
	struct gbx_metrics *m = open_metrics(&r, (uint32_t)(16u << random_number(8)));
	uint64_t fork_at = random_number(points + 1);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		setpgid(0, 0);
		job(m, fork_at);
	}
	setpgid(child, child);
	wait_for(points);
	assert_int_equal(kill(-child, SIGKILL), 0);
	while (waitpid(-child, NULL, 0) > 0)
		;
	gbx_metrics_free(m);
	seal(&r);
	assert_int_equal(gbx_run_scan(&store, r.run_text, gather, &found, &v, NULL), 0);
	assert_int_equal(v.state, GBX_SEALED);
	assert_int_equal(found.lost, 0);
	/* One more than was acknowledged may have been put; a journal may be torn, a ring never. */
	for (int side = 0; side < SIDES; side++)
		for (int thread = 0; thread < THREADS; thread++) {
			uint64_t n = atomic_load(&acknowledged->thread[side][thread]);
			check_points(&found.of[side][thread], n, n + 1);
		}
	gbx_run_view_free(&v);
	assert_int_equal(gbx_remove_tree(store.path, NULL), 0);
	end_run(&r);
}

static void no_acknowledged_point_is_lost_or_doubled(void **state)
{
	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	acknowledged = mmap(NULL, sizeof *acknowledged, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(acknowledged != MAP_FAILED);
	for (unsigned i = 0; i < kills; i++)
		kill_once(1 + random_number(i % 3 ? 300 : 6000));
	munmap(acknowledged, sizeof *acknowledged);
}

/* --- Rings in other states ------------------------------------------------------------------------------------------------ */

static void put_points(struct gbx_metrics *m, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++)
		assert_int_equal(gbx_metrics_put(m, "side0.name0", i, 0, NULL), 0);
}

static char *ring_of(const struct gbx_recorder *r)
{
	GBX_AUTO_STRING char *dir = gbx_run_path(&store, r->run_text, "journal");
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};

	assert_int_equal(gbx_list_dir(AT_FDCWD, dir, &names, NULL), 0);
	for (size_t i = 0; i < names.len; i++)
		if (strstr(names.name[i], ".ring"))
			return gbx_path_join(dir, names.name[i]);
	fail_msg("no ring");
	return NULL;
}

static char *journal_of_ring(const char *ring)
{
	return gbx_asprintf("%.*s.tfrecord", (int)(strlen(ring) - 5), ring);
}

static void check_run(const struct gbx_recorder *r, uint64_t points, uint64_t gaps)
{
	struct found found = {0};
	struct gbx_run_view v;

	assert_int_equal(gbx_run_scan(&store, r->run_text, gather, &found, &v, NULL), 0);
	assert_int_equal(v.state, GBX_SEALED);
	assert_int_equal(found.gaps, gaps);
	check_points(&found.of[0][0], points, points);
	gbx_run_view_free(&v);
}

/* Killed between the block's write and freeing its slots: what the ring still holds is in the journal, too. */
static void a_block_that_was_written_is_not_folded_again(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes before = {0};
	struct gbx_recorder r;

	(void)state;
	begin_run(&r);
	struct gbx_metrics *m = open_metrics(&r, 64);
	put_points(m, 0, 40);
	GBX_AUTO_STRING char *ring = ring_of(&r);
	get_file(ring, &before);
	assert_int_equal(gbx_metrics_flush(m, NULL), 0);
	put_points(m, 40, 50);
	gbx_metrics_free(m);
	/* Points 40 to 49 are in the ring alone; 0 to 39 in both. */
	seal(&r);
	check_run(&r, 50, 0);
	end_run(&r);
}

static size_t spent_rings(const char *run)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names spent = {0};

	assert_int_equal(gbx_spent_rings(&store, run, &spent, NULL), 0);
	return spent.len;
}

/* What gc may take: a ring of a sealed run that has nothing for itself. */
static void a_ring_is_needed_until_its_points_are_sealed(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes early = {0}, late = {0};
	struct gbx_recorder r;

	(void)state;
	begin_run(&r);
	struct gbx_metrics *m = open_metrics(&r, 64);
	put_points(m, 0, 10);
	GBX_AUTO_STRING char *ring = ring_of(&r);
	get_file(ring, &early);
	put_points(m, 10, 20);
	get_file(ring, &late);
	gbx_metrics_free(m);
	put_file(ring, early.data, early.len);
	assert_int_equal(spent_rings(r.run_text), 0);
	seal(&r);
	assert_int_equal(spent_rings(r.run_text), 1);
	m = open_metrics(&r, 64); /* a writer lives */
	put_points(m, 0, 1);
	assert_int_equal(spent_rings(r.run_text), 0);
	gbx_metrics_free(m);
	put_file(ring, late.data, late.len);
	assert_int_equal(spent_rings(r.run_text), 0); /* points that nobody sealed */
	put_file(ring, late.data, 100);
	assert_int_equal(spent_rings(r.run_text), 0);
	end_run(&r);
}

static void a_ring_that_cannot_be_used_is_a_gap(void **state)
{
	static const size_t cut[] = {0, 10, 64, 5000};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct gbx_recorder r;
		begin_run(&r);
		struct gbx_metrics *m = open_metrics(&r, 64);
		put_points(m, 0, 10);
		assert_int_equal(gbx_metrics_flush(m, NULL), 0);
		put_points(m, 10, 20);
		gbx_metrics_free(m);
		GBX_AUTO_STRING char *ring = ring_of(&r);
		GBX_AUTO_BYTES struct gbx_bytes bytes = {0};
		get_file(ring, &bytes);
		if (i < 4)
			put_file(ring, bytes.data, cut[i]);
		else if (i == 4)
			bytes.data[40] ^= 1, put_file(ring, bytes.data, bytes.len);
		else
			assert_int_equal(gbx_unlink(ring, NULL), 0); /* a journal without its ring: nothing says that one is missing */
		seal(&r);
		check_run(&r, 10, i > 0 && i < 5); /* an empty one was not begun */
		end_run(&r);
	}
}

static void a_ring_is_believed_under_its_own_name_only(void **state)
{
	struct gbx_recorder r, other;

	(void)state;
	begin_run(&r);
	struct gbx_metrics *m = open_metrics(&r, 64);
	put_points(m, 0, 10);
	gbx_metrics_free(m);
	GBX_AUTO_STRING char *ring = ring_of(&r);
	GBX_AUTO_BYTES struct gbx_bytes bytes = {0};
	get_file(ring, &bytes);
	/* The same ring again, under another stream's name. */
	GBX_AUTO_STRING char *copy = gbx_strdup(ring);
	copy[strlen(copy) - 6] ^= 1;
	put_file(copy, bytes.data, bytes.len);
	seal(&r);
	check_run(&r, 10, 1);
	end_run(&r);
	/* And in another run. */
	begin_run(&other);
	GBX_AUTO_STRING char *dir = gbx_run_path(&store, other.run_text, "journal");
	GBX_AUTO_STRING char *stray = gbx_path_join(dir, gbx_path_base(ring));
	put_file(stray, bytes.data, bytes.len);
	seal(&other);
	check_run(&other, 0, 1);
	end_run(&other);
}

/* The journal's file is gone, the ring is not. */
static void a_ring_without_a_journal_is_folded(void **state)
{
	struct gbx_recorder r;

	(void)state;
	begin_run(&r);
	struct gbx_metrics *m = open_metrics(&r, 64);
	put_points(m, 0, 10);
	gbx_metrics_free(m);
	GBX_AUTO_STRING char *ring = ring_of(&r);
	GBX_AUTO_STRING char *journal = journal_of_ring(ring);
	assert_int_equal(gbx_unlink(journal, NULL), 0);
	seal(&r);
	check_run(&r, 10, 0);
	end_run(&r);
}

/* Blocks that a journal lost, whose places in the ring were used again: the points that are missing are counted. */
static void points_that_are_missing_are_counted(void **state)
{
	struct gbx_recorder r;
	struct found found = {0};
	struct gbx_run_view v;

	(void)state;
	begin_run(&r);
	struct gbx_metrics *m = open_metrics(&r, 16);
	put_points(m, 0, 30);
	gbx_metrics_free(m);
	GBX_AUTO_STRING char *ring = ring_of(&r);
	GBX_AUTO_STRING char *journal = journal_of_ring(ring);
	GBX_AUTO_BYTES struct gbx_bytes bytes = {0};
	get_file(journal, &bytes);
	put_file(journal, bytes.data, bytes.len - 1);
	seal(&r);
	assert_int_equal(gbx_run_scan(&store, r.run_text, gather, &found, &v, NULL), 0);
	assert_int_equal(found.of[0][0].len, 16); /* the newest 16 are in the ring */
	assert_int_equal(found.gaps, 2);          /* 14 points, and the torn tail */
	gbx_free(found.of[0][0].one);
	gbx_run_view_free(&v);
	end_run(&r);
}

/* A seal that did not come to its end left points in its stream: the next one counts them, and does not fold them again. */
static void a_recovery_that_was_cut_short_is_gone_on_from(void **state)
{
	struct gbx_recorder r, half = {0};
	struct gbx_run_view v;
	struct gbx_head head;

	(void)state;
	begin_run(&r);
	struct gbx_metrics *m = open_metrics(&r, 64);
	put_points(m, 0, 10);
	gbx_metrics_free(m);
	assert_int_equal(gbx_writer_head(r.writer, &head, NULL), 0);
	assert_int_equal(gbx_recorder_begin(&half, &store, r.run, &head, NULL), 0);
	assert_int_equal(gbx_recover(&half, &v, NULL), 0);
	gbx_run_view_free(&v);
	gbx_recorder_free(&half);
	seal(&r);
	check_run(&r, 10, 0);
	end_run(&r);
}

/* A member's stream says that it goes on from the lead's first record: the lead stays what it is. */
static void a_member_does_not_cut_the_lead_short(void **state)
{
	struct gbx_recorder r;
	struct gbx_run_view v;
	struct gbx_head head;
	GBX_AUTO_WRITER struct gbx_writer *member = NULL;

	(void)state;
	begin_run(&r);
	GBX_AUTO_STRING char *dir = gbx_run_path(&store, r.run_text, "journal");
	struct gbx_writer_options o = {.dir = dir, .writer = GLASSBOX__STREAM_START__WRITER__JOB,
				       .role = GLASSBOX__STREAM_START__ROLE__MEMBER, .follows = &head};
	memcpy(o.run, r.run, GBX_RUN_LEN);
	assert_int_equal(gbx_writer_head(r.writer, &head, NULL), 0);
	assert_int_equal(gbx_writer_open(&o, &member, NULL), 0);
	gbx_put_gap(&r, GLASSBOX__GAP__KIND__DATA, GLASSBOX__GAP__REASON__FAILED, 1, NULL);
	assert_int_equal(gbx_run_scan(&store, r.run_text, NULL, NULL, &v, NULL), 0);
	assert_true(v.has_lead && v.streams == 2 && v.records == 4);
	assert_int_equal(v.stream[v.lead].head.size, 3);
	gbx_run_view_free(&v);
	end_run(&r);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_block_that_was_written_is_not_folded_again, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_ring_is_needed_until_its_points_are_sealed, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_ring_that_cannot_be_used_is_a_gap, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_ring_is_believed_under_its_own_name_only, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_ring_without_a_journal_is_folded, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(points_that_are_missing_are_counted, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_recovery_that_was_cut_short_is_gone_on_from, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(a_member_does_not_cut_the_lead_short, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(no_acknowledged_point_is_lost_or_doubled, scratch_enter, scratch_leave),
	};

	if (argc > 1)
		kills = (unsigned)strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
