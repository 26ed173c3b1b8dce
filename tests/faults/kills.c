/* kill -9 at any moment: kills COUNT [SEED].
 *
 * Four runs at a time in one store and with one owner log, and each of them loses something: its recorder, its job, both, the process
 * that tells signals apart, or its recorder when its journal has grown to some length, seen from outside. The moments are steps of the
 * recorder (seam.h): before or after any call that changes a file, or with half of a write done. They are random, from a seed that is
 * printed; nothing waits for a time.
 *
 * Afterwards each record that was acknowledged is there, in its place; the state shown is the true one; each run can be sealed,
 * published and verified; and the next run in that store works. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "acks.h"
#include "base/mem.h"
#include "facts.h"

enum { WRITERS = SEAM_SLOTS, CHECKED_RUNS = 64 };

static const char *const whole[] = {"nobody", "recorder", "job", "both", "witness", "all three", "recorder, from outside"};
enum { OUTSIDE = 6, KINDS = 7 };
static const unsigned whom[KINDS] = {0, SEAM_KILL_SELF, SEAM_KILL_JOB, SEAM_KILL_SELF | SEAM_KILL_JOB, SEAM_KILL_WITNESS,
				     SEAM_KILL_SELF | SEAM_KILL_JOB | SEAM_KILL_WITNESS, 0};

static char out_option[WRITERS][64], command[WRITERS][128], name[WRITERS][16];
static uint64_t random_state;
static unsigned long usual_steps[SEAM_LANES];
static unsigned long killed[KINDS], trials;
static struct report {
	char why[3000];
} *report;
static int failures;

/* One of four. */
struct writer {
	struct seam_plan plan;
	struct place_started started;
	struct place_outcome outcome;
	unsigned kind;
	uint64_t length; /* of the journal at which it is killed from outside */
};
static struct writer writers[WRITERS];

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static int wrong(const char *what, const char *more)
{
	snprintf(report->why, sizeof report->why, "%.600s%.600s\n%.700s%.700s", what, more, place_said_out, place_said_err);
	return 1;
}

#define EXPECT(status, ...) \
	do { \
		const char *const argv_[] = {__VA_ARGS__, NULL}; \
		if (place_call(argv_) != (status)) \
			return wrong("afterwards: ", #__VA_ARGS__); \
	} while (0)

static void start(unsigned i, struct writer *w)
{
	const char *const argv[] = {"glassbox", "run", "--name", name[i], "--config", "config.json", "--data", "set=../data",
				    "--output", out_option[i], "--param", "seed=7", "--", "/bin/sh", "-c", command[i], NULL};

	seam_use(i);
	seam_forget();
	place_start(argv, &w->plan, &w->started);
}

/* The longest journal that this run has; the run is the one that its own acknowledgements name. */
static bool journal_has(unsigned i, uint64_t length)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names runs = {0};
	char hex[33], path[512];
	struct ack_head head;
	struct stat st;

	seam_use(i);
	const struct seam_entry *e = seam_log(NULL);
	while (e && !(e->op == SEAM_OP_ACK && e->number == ACK_PUT))
		e = seam_log(e);
	if (!e || gbx_run_names(facts_store(), &runs, NULL))
		return false;
	memcpy(&head, seam_text(e, e->data), sizeof head);
	gbx_hex(head.stream, sizeof head.stream, hex);
	for (size_t r = 0; r < runs.len; r++) {
		snprintf(path, sizeof path, "%s/runs/%s/journal/%s.tfrecord", facts_store()->path, runs.name[r], hex);
		if (stat(path, &st) == 0 && (uint64_t)st.st_size >= length)
			return true;
	}
	return false;
}

static bool has_ended(const struct writer *w)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)w->started.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

static void kill_from_outside(unsigned i, struct writer *w)
{
	while (!has_ended(w) && !journal_has(i, w->length))
		;
	kill(w->started.pid, SIGKILL);
}

static void choose(struct writer *w)
{
	*w = (struct writer){.kind = 1 + (unsigned)(next_random() % (KINDS - 1))};
	w->plan.act = SEAM_KILL;
	w->plan.call = SEAM_STEP;
	/* Most of what the recorder writes is written by these two. */
	w->plan.lane = next_random() % 3 ? SEAM_MAIN : SEAM_THREAD;
	if (w->kind == 1 && next_random() % 4 == 0)
		w->plan.lane = SEAM_CAPTURE; /* there, the recorder is the child */
	unsigned long steps = usual_steps[w->plan.lane];
	w->plan.at = steps ? next_random() % steps : 0;
	w->plan.whom = whom[w->kind];
	w->plan.when = (enum seam_when)(next_random() % 3);
	w->length = 1 + next_random() % 6000;
	if (w->kind == OUTSIDE)
		w->plan.at = (unsigned long)-1;
	killed[w->kind]++;
}

/* What was acknowledged is there. */
static int check_puts(unsigned i, const struct gbx_names *runs)
{
	struct ack_head last = {0};

	seam_use(i);
	for (const struct seam_entry *e = seam_log(NULL); e; e = seam_log(e)) {
		struct ack_head head;
		bool there = false;
		if (e->op != SEAM_OP_ACK || e->number != ACK_PUT)
			continue;
		memcpy(&head, seam_text(e, e->data), sizeof head);
		last = head;
		const struct seam_entry *next = seam_log(e);
		/* Heads only grow: the last one of a stream tells all. */
		if (next && next->op == SEAM_OP_ACK && next->number == ACK_PUT &&
		    memcmp(seam_text(next, next->data), head.stream, sizeof head.stream) == 0)
			continue;
		for (size_t r = 0; r < runs->len && !there; r++) {
			struct gbx_run_view v;
			if (gbx_run_scan(facts_store(), runs->name[r], NULL, NULL, &v, NULL))
				continue;
			for (size_t s = 0; s < v.streams; s++)
				there = there || (memcmp(v.stream[s].head.stream, head.stream, sizeof head.stream) == 0 &&
						  v.stream[s].head.size >= head.size);
			gbx_run_view_free(&v);
		}
		if (!there)
			return wrong("a record that was acknowledged is not there", "");
	}
	(void)last;
	return 0;
}

/* What was said of a run is so. */
static int check_words(const struct writer *w, const struct facts *f)
{
	if (strstr(w->outcome.err, "sealed and signed by") && !(f->state == GBX_SEALED && f->is_signed))
		return wrong("it was said to be sealed and signed", w->outcome.err);
	if (w->outcome.returned && f->state != GBX_SEALED)
		return wrong("its recorder came to its end and it is not sealed", w->outcome.err);
	return 0;
}

static int check_state(const struct facts *f, const struct writer *w)
{
	bool recorder_lost = !w->outcome.returned;

	if (f->state == GBX_RUNNING)
		return wrong("running, and nobody is there: ", f->run);
	if (f->state == GBX_SILENT)
		return wrong("silent, though it can be seen that it is gone: ", f->run);
	if (f->state == GBX_INTERRUPTED && (f->has_end || !recorder_lost))
		return wrong("interrupted, though it has an end: ", f->run);
	return 0;
}

static int bring_home(const struct facts *f, unsigned i)
{
	char bundle[32];

	snprintf(bundle, sizeof bundle, "bundle-%u", i);
	EXPECT(0, "glassbox", "show", f->run);
	if (f->state != GBX_SEALED)
		EXPECT(0, "glassbox", "seal", f->run, "--dead");
	EXPECT(0, "glassbox", "publish", f->run, "-q", "-o", place_path(bundle));
	EXPECT(0, "glassbox-verify", "--key", place_path("config/glassbox/key.pub"), place_path(bundle));
	return strncmp(place_said_out, "verified: ", 10) ? wrong("not verified", "") : 0;
}

/* The run that this writer made, by the id that it printed; NULL where it was not yet said. */
static bool said_run(const struct writer *w, char run[GBX_ULID_TEXT + 1])
{
	const char *at = strstr(w->outcome.err, "recording run ");

	if (!at || strlen(at) < 14 + GBX_ULID_TEXT)
		return false;
	memcpy(run, at + 14, GBX_ULID_TEXT);
	run[GBX_ULID_TEXT] = 0;
	return true;
}

static int check(void *arg)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names runs = {0};
	int rc = 0;

	(void)arg;
	report->why[0] = place_said_out[0] = place_said_err[0] = 0;
	if (gbx_run_names(facts_store(), &runs, NULL))
		return wrong("the runs cannot be listed", "");
	for (unsigned i = 0; i < WRITERS; i++) {
		char run[GBX_ULID_TEXT + 1];
		struct facts f;
		if (check_puts(i, &runs))
			return 1;
		if (!said_run(&writers[i], run))
			continue;
		facts_of(run, &f);
		if (!f.found)
			return wrong("a run that was said to be recorded is not there: ", run);
		if (check_words(&writers[i], &f) || check_state(&f, &writers[i]))
			return 1;
	}
	if (runs.len)
		EXPECT(0, "glassbox", "ls");
	for (size_t r = 0; rc == 0 && r < runs.len; r++) {
		struct facts f;
		bool any = false;
		facts_of(runs.name[r], &f);
		for (int k = 0; k < FACTS_KINDS; k++)
			any = any || f.kind[k];
		if (f.found && any)
			rc = bring_home(&f, (unsigned)r);
	}
	if (rc)
		return rc;
	EXPECT(0, "glassbox", "run", "--name", "next", "--", "true");
	return strstr(place_said_err, "sealed and signed by") ? 0 : wrong("the next run is not sealed and signed", "");
}

static void fail(void)
{
	printf("trial %lu: %s\n", trials, *report->why ? report->why : "a crash or a hang");
	for (unsigned i = 0; i < WRITERS; i++) {
		const struct writer *w = &writers[i];
		printf("  %s: killed %s, lane %d, step %lu, %s, journal of %llu bytes; said: %s\n", name[i], whole[w->kind], w->plan.lane, w->plan.at,
		       w->plan.when == SEAM_BEFORE ? "before" : w->plan.when == SEAM_TORN ? "torn" : "after",
		       (unsigned long long)w->length, w->outcome.err);
	}
	if (++failures == 5) {
		printf("no more are shown\n");
		exit(1);
	}
}

/* A job whose recorder was killed goes on, and the recorder's own children end with it; all are ours once it is gone. */
static void wait_for_all(void)
{
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void play(void)
{
	place_reset();
	for (unsigned i = 0; i < WRITERS; i++) {
		choose(&writers[i]);
		start(i, &writers[i]);
	}
	for (unsigned i = 0; i < WRITERS; i++)
		if (writers[i].kind == OUTSIDE)
			kill_from_outside(i, &writers[i]);
	for (unsigned i = 0; i < WRITERS; i++) {
		seam_use(i);
		place_wait(&writers[i].started, &writers[i].outcome);
		if (writers[i].outcome.hung)
			fail();
	}
	wait_for_all();
	if (place_fork(check, NULL))
		fail();
	trials++;
}

/* How many steps there are in an undisturbed run. */
static void count_steps(void)
{
	struct writer w = {.plan = {.act = SEAM_PASS}};

	place_reset();
	start(0, &w);
	place_wait(&w.started, &w.outcome);
	for (int l = 0; l < SEAM_LANES; l++)
		usual_steps[l] = w.outcome.count[l][SEAM_STEP];
	printf("steps: %lu in the main thread, %lu in others, %lu in the child that reads the code\n", usual_steps[SEAM_MAIN],
	       usual_steps[SEAM_THREAD], usual_steps[SEAM_CAPTURE]);
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;

	if (count == 0) {
		fprintf(stderr, "kills: expected COUNT [SEED]\n");
		return 2;
	}
	random_state = (argc > 2 ? strtoull(argv[2], NULL, 10) : 1) * 0x9e3779b97f4a7c15u;
	seam_init(NULL);
	place_make();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (unsigned i = 0; i < WRITERS; i++) {
		snprintf(name[i], sizeof name[i], "writer-%u", i);
		snprintf(out_option[i], sizeof out_option[i], "out=../out/%u", i);
		snprintf(command[i], sizeof command[i], "mkdir -p ../out/%u; echo x > ../out/%u/w", i, i);
	}
	count_steps();
	for (unsigned long done = 0; done < count; done += WRITERS)
		play();
	for (int k = 1; k < KINDS; k++)
		printf("%s: %lu  ", whole[k], killed[k]);
	printf("\n%lu kills, %d failures\n", trials * WRITERS, failures);
	return failures != 0;
}
