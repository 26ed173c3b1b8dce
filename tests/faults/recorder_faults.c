/* glassbox run, seal, publish, hash, rm and gc while calls of the system fail: recorder_faults SCENE [CALLS STEP]... [at AT]. CALLS is a kind
 * of them, "all" of these kinds, or "disk": one that is full after each number of bytes.
 *
 * A scene is run undisturbed and then once for each call that may fail, once and for ever, by each error that the call is known for.
 * What may come out of it: what came out undisturbed, or a gap in the journal, or a line that says what happened. The job never
 * notices. Afterwards, with all well again, the store can be looked at, the run sealed, published and verified, and a bundle under its
 * own name is whole. Never a crash, something not freed, or a program that does not end.
 *
 * Most failures leave what another one left, but for ids, salts and times; that is looked at once.
 *
 * STEP: every STEP-th call only; 1 is every one. AT: that call alone, to look into a failure. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "facts.h"

static const struct {
	const char *name;
	int sys;
} errors[] = {{"ENOMEM", ENOMEM}, {"EMFILE", EMFILE}, {"EIO", EIO},	    {"EROFS", EROFS},	{"ENOSPC", ENOSPC},
	      {"EDQUOT", EDQUOT}, {"EAGAIN", EAGAIN}, {"EINTR", EINTR}, {"short", -1}};
enum { ERRORS = sizeof errors / sizeof *errors };

/* What each kind of call fails with. */
static const struct {
	const char *name;
	enum seam_call call;
	int sys[6];
} calls[] = {
	{"memory", SEAM_MEMORY, {ENOMEM}},
	{"open", SEAM_OPEN, {EMFILE, EIO, ENOSPC, EROFS, EINTR}},
	{"read", SEAM_READ, {EIO, EINTR, -1}},
	{"look", SEAM_LOOK, {EIO}},
	{"write", SEAM_WRITE, {ENOSPC, EIO, EDQUOT, EINTR, -1}},
	{"sync", SEAM_SYNC, {EIO, ENOSPC, EINTR}},
	{"name", SEAM_NAME, {ENOSPC, EIO, EROFS, EDQUOT}},
	{"map", SEAM_MAP, {ENOMEM}},
	{"process", SEAM_PROCESS, {EAGAIN, ENOMEM, EMFILE}},
};
enum { CALLS = sizeof calls / sizeof *calls };

enum { MOST_LEFT = 16384 };

static struct place_outcome clean, now;
static struct facts usual; /* what an undisturbed scene leaves behind */
static struct judged {
	struct facts facts;
	char why[3000];
	uint64_t tidy; /* what gc leaves */
	size_t left; /* different things that were left and looked at */
	uint64_t seen[MOST_LEFT];
} *judged;
static char gone[GBX_ULID_TEXT + 1], stays[GBX_ULID_TEXT + 1]; /* the run that rm removes, and another */
static int failures;
static const char *only; /* AT */

struct scene {
	const char *name;
	const char *const *argv;
	const char *start;  /* the kept place that it starts from; NULL: an empty one */
	void (*prepare)(void); /* makes that */
	int status;         /* undisturbed */
	int (*judge)(void); /* in a child, with all well again; what is wrong is in judged->why */
};

static int wrong(const char *what)
{
	snprintf(judged->why, sizeof judged->why, "%s\n%.1200s%.1200s", what, place_said_out, place_said_err);
	return 1;
}

/* Calls a program that has to come to this. */
#define EXPECT(status, ...) \
	do { \
		const char *const argv_[] = {__VA_ARGS__, NULL}; \
		if (place_call(argv_) != (status)) \
			return wrong("afterwards: " #__VA_ARGS__); \
	} while (0)

#define KEY place_path("config/glassbox/key.pub")

static int look_at_store(void)
{
	EXPECT(0, "glassbox", "ls");
	EXPECT(0, "glassbox", "ls", "--json");
	EXPECT(0, "glassbox", "show", judged->facts.run);
	const char *const records[] = {"glassbox", "records", judged->facts.run, NULL};
	/* A journal with a torn end is shown up to there, and that is said. */
	int status = place_call(records);
	return status == 0 || (status == 3 && !judged->facts.intact) ? 0 : wrong("afterwards: records");
}

/* Whatever was left undone can be done. */
static int bring_home(const char *out)
{
	if (judged->facts.state != GBX_SEALED)
		EXPECT(0, "glassbox", "seal", judged->facts.run, "--dead");
	EXPECT(0, "glassbox", "publish", judged->facts.run, "-q", "-o", place_path(out));
	EXPECT(0, "glassbox-verify", "--key", KEY, place_path(out));
	return strncmp(place_said_out, "verified: ", 10) ? wrong("not verified") : 0;
}

static bool said(const char *usually)
{
	return strcmp(now.err, usually) != 0;
}

static int wrong_facts(void)
{
	snprintf(judged->why, sizeof judged->why, "a fault that nobody tells of: %s", facts_differ(&judged->facts, &usual));
	return 1;
}

/* Whether what was left was looked at before; a journal that is torn somewhere is not like others. */
static bool is_known(bool exact)
{
	struct facts f = judged->facts;
	uint64_t sum = place_sum(exact);

	if (!exact && !f.intact)
		return false;
	memset(f.run, 0, sizeof f.run);
	for (size_t i = 0; i < sizeof f && !exact; i++)
		sum = (sum ^ ((const unsigned char *)&f)[i]) * 0x100000001b3u;
	for (size_t i = 0; i < judged->left; i++)
		if (judged->seen[i] == sum)
			return true;
	if (judged->left < MOST_LEFT)
		judged->seen[judged->left++] = sum;
	return false;
}

static int judge_run(void)
{
	GBX_AUTO_BYTES struct gbx_bytes written = {0};

	if (now.status != 7 || strcmp(now.out, "out\n") != 0 || !strstr(now.err, "err\n"))
		return wrong("the job is not the bare job");
	if (gbx_load_file(place_path("out/w"), 100, &written, NULL) || !gbx_slice_is(gbx_slice_of(&written), "x\n"))
		return wrong("the job's output is not there");
	facts_of(NULL, &judged->facts);
	if (usual.found && !facts_same(&judged->facts, &usual) && judged->facts.gaps <= usual.gaps && !said("err\n"))
		return wrong_facts();
	if (!judged->facts.found || is_known(false))
		return 0;
	return look_at_store() || bring_home("bundle-a");
}

static int judge_seal(void)
{
	facts_of(NULL, &judged->facts);
	if (!judged->facts.found)
		return wrong("the run is gone");
	if (now.status == 0 && judged->facts.state != GBX_SEALED)
		return wrong("exit status 0, and it is not sealed");
	if (now.status && !said(""))
		return wrong("it does not say why");
	return is_known(false) ? 0 : look_at_store() || bring_home("bundle-a");
}

static int judge_publish(const char *out)
{
	facts_of(NULL, &judged->facts);
	if (now.status && !said(""))
		return wrong("it does not say why");
	if (now.status == 0 && !gbx_exists(place_path(out)))
		return wrong("exit status 0, and no bundle");
	if (is_known(true))
		return 0;
	if (gbx_exists(place_path(out)))
		EXPECT(0, "glassbox-verify", "--key", KEY, place_path(out));
	if (look_at_store() || bring_home("bundle-b"))
		return 1;
	if (gbx_exists(place_path(out)))
		EXPECT(0, "glassbox-verify", "--key", KEY, "--against", place_path(out), place_path("bundle-b"));
	return 0;
}

static int judge_folder(void)
{
	return judge_publish("bundle");
}

static int judge_tar(void)
{
	return judge_publish("bundle.tar");
}

static int judge_hash(void)
{
	if (now.status == 0 && strcmp(now.out, clean.out) != 0)
		return wrong("exit status 0, and other words than undisturbed");
	if (now.status && now.status != 3)
		return wrong("expected exit status 3");
	if (now.status && !said(""))
		return wrong("it does not say why");
	if (strstr(now.out, "\"whole\":false,\"root\":\""))
		return wrong("a root of files that were not all hashed");
	return 0;
}

static int check_stays(void)
{
	struct facts f;

	facts_of(stays, &f);
	if (!f.found || !f.intact || (usual.found && !facts_same(&f, &usual)))
		return wrong("another run is not what it was");
	EXPECT(0, "glassbox", "publish", stays, "-q", "-o", place_path("bundle-stays"));
	EXPECT(0, "glassbox-verify", "--key", KEY, place_path("bundle-stays"));
	return 0;
}

/* How much is left in a removed run's folder beside its tombstone. */
static size_t left_of_gone(void)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	char path[200];

	snprintf(path, sizeof path, "repo/.git/glassbox/removed/%s", gone);
	return gbx_list_dir(AT_FDCWD, place_path(path), &names, NULL) || names.len == 0 ? 1 : names.len - 1;
}

static int judge_rm(void)
{
	const char *const again[] = {"glassbox", "rm", gone, "--force", NULL};
	struct facts f;

	facts_of(stays, &judged->facts);
	facts_of(gone, &f);
	if (now.status && !said(""))
		return wrong("it does not say why");
	if (now.status == 0 && f.found)
		return wrong("exit status 0, and it is there");
	if (is_known(false))
		return 0;
	int status = place_call(again);
	if (f.found ? status != 0 : status == 0 || !strstr(place_said_err, "was removed"))
		return wrong("afterwards: rm");
	facts_of(gone, &f);
	if (f.found || left_of_gone())
		return wrong("a second rm does not finish");
	return check_stays();
}

static int judge_gc(void)
{
	char lock[200];

	facts_of(stays, &judged->facts);
	if (now.status && !said(""))
		return wrong("it does not say why");
	if (is_known(true))
		return 0;
	EXPECT(0, "glassbox", "gc");
	/* libgit2 tries once to unlink its lock of a ref that is no more. The store's own goes with a later gc. */
	snprintf(lock, sizeof lock, "repo/.git/refs/glassbox/runs/%s.lock", gone);
	unlink(place_path(lock));
	snprintf(lock, sizeof lock, "repo/.git/glassbox/git/refs/glassbox/runs/%s.lock", gone);
	unlink(place_path(lock));
	/* A lock of git's that could not be unlinked stays for good, and its user is told of the ref. */
	if (strstr(place_said_err, "its ref in the repository stays"))
		return left_of_gone() ? wrong("a second gc does not finish") : check_stays();
	uint64_t sum = place_sum(true);
	if (judged->tidy == 0)
		judged->tidy = sum;
	if (sum != judged->tidy || left_of_gone())
		return wrong("a second gc does not finish");
	return check_stays();
}

static const char *const run_argv[] = {"glassbox", "run", "-q", "--name", "first", "--config", "config.json", "--data", "set=../data",
				       "--output", "out=../out", "--param", "seed=7", "--", PLACE_JOB, NULL};
static const char *const seal_argv[] = {"glassbox", "seal", "last", NULL};
static const char *publish_argv[] = {"glassbox", "publish", "last", "-q", "-o", NULL, NULL};
static const char *publish_tar_argv[] = {"glassbox", "publish", "last", "-q", "-o", NULL, NULL};
static const char *const hash_argv[] = {"glassbox", "hash", "--json", "../data", "train.py", NULL};

static const char *const other_argv[] = {"glassbox", "run", "-q", "--name", "second", "--data", "set=../data", "--", "true", NULL};
static const char *const rm_argv[] = {"glassbox", "rm", gone, "--force", NULL};
static const char *const gc_argv[] = {"glassbox", "gc", NULL};

/* Two runs that are sealed and signed. */
static void make_two(void)
{
	const struct seam_plan p = {0};
	struct facts f;

	place_reset();
	place_run(run_argv, &p, &now);
	facts_of(NULL, &f);
	memcpy(gone, f.run, sizeof gone);
	place_run(other_argv, &p, &now);
	facts_of(NULL, &f);
	memcpy(stays, f.run, sizeof stays);
}

static void prepare_two(void)
{
	make_two();
	place_keep("two");
}

/* One of them is removed, though not to the end, and a file was being written. */
static void prepare_untidy(void)
{
	const struct seam_plan p = {0};
	char leftover[200];

	make_two();
	place_run(rm_argv, &p, &now);
	snprintf(leftover, sizeof leftover, "repo/.git/glassbox/removed/%s/journal", gone);
	if (gbx_make_dirs(place_path(leftover), 0700, NULL) ||
	    gbx_replace_file(place_path("repo/.git/glassbox/git/config.0123456789abcdef.tmp"), gbx_slice_text("x"), 0600, NULL))
		abort();
	place_keep("untidy");
}

/* A run that is sealed. */
static void prepare_sealed(void)
{
	const struct seam_plan p = {0};

	place_reset();
	place_run(run_argv, &p, &now);
	place_keep("sealed");
}

/* A run whose recorder was killed when the job had ended. */
static void prepare_ended(void)
{
	struct seam_plan p = {0};

	place_reset();
	place_run(run_argv, &p, &now);
	p = (struct seam_plan){.act = SEAM_KILL, .call = SEAM_STEP, .lane = SEAM_MAIN, .whom = SEAM_KILL_SELF};
	for (p.at = now.count[SEAM_MAIN][SEAM_STEP] - 1; p.at > 0; p.at--) {
		struct facts f;
		place_reset();
		place_run(run_argv, &p, &now);
		facts_of(NULL, &f);
		if (f.found && f.has_end && f.state == GBX_ENDED && f.kind[GLASSBOX__KIND__SEAL] == 0)
			break;
	}
	place_keep("ended");
}

static struct scene scenes[] = {
	{"run", run_argv, NULL, NULL, 7, judge_run},
	{"seal", seal_argv, "ended", prepare_ended, 0, judge_seal},
	{"publish", publish_argv, "sealed", prepare_sealed, 0, judge_folder},
	{"publish-tar", publish_tar_argv, "sealed", prepare_sealed, 0, judge_tar},
	{"rm", rm_argv, "two", prepare_two, 0, judge_rm},
	{"gc", gc_argv, "untidy", prepare_untidy, 0, judge_gc},
	{"hash", hash_argv, NULL, NULL, 0, judge_hash},
};
enum { SCENES = sizeof scenes / sizeof *scenes };

static const char *error_name(int sys)
{
	for (int i = 0; i < ERRORS; i++)
		if (errors[i].sys == sys)
			return errors[i].name;
	return "?";
}

static void fail(const struct scene *s, const struct seam_plan *p, const char *why)
{
	static const char *const lane[] = {"main", "capture", "witness", "job", "thread"};

	if (p->act == SEAM_FILL)
		printf("%s: room for %llu bytes%s: ", s->name, (unsigned long long)p->room, p->room_again ? ", then more" : "");
	else
		printf("%s: %s %s %lu %s %s: ", s->name, lane[p->lane], calls[p->call].name, p->at,
		       error_name(p->act == SEAM_SHORT ? -1 : p->sys), p->for_ever ? "for ever" : "once");
	printf("%s (exit status %d)\n--- it said\n%.600s%.900s---\n", why, now.status, now.out, now.err);
	if (++failures == 10) {
		printf("no more are shown\n");
		exit(1);
	}
}

static int judge_in_child(void *arg)
{
	const struct scene *s = arg;

	judged->why[0] = place_said_out[0] = place_said_err[0] = 0;
	return s->judge();
}

static void play(struct scene *s, const struct seam_plan *p)
{
	if (s->start)
		place_restore(s->start);
	else
		place_reset();
	if (s->start)
		place_age();
	place_run(s->argv, p, &now);
	if (p->act == SEAM_PASS)
		clean = now;
	if (now.hung)
		fail(s, p, "it does not end");
	else if (!now.returned)
		fail(s, p, "a crash or a leak");
	else if (now.outstanding || now.descriptors)
		fail(s, p, now.outstanding ? "memory was not freed" : "a descriptor was not closed");
	else if (place_fork(judge_in_child, s))
		fail(s, p, *judged->why ? judged->why : "looking at what it left crashed");
}

static void play_clean(struct scene *s)
{
	const struct seam_plan none = {0};

	usual.found = false; /* nothing to compare with yet */
	play(s, &none); /* what it leaves is what is usual */
	usual = judged->facts;
	play(s, &none);
	if (now.status != s->status)
		fail(s, &none, "the undisturbed scene");
	if (failures)
		exit(1);
}

static unsigned long fail_each(struct scene *s, struct seam_plan p, unsigned long step)
{
	unsigned long tried = 0;

	for (p.at = only ? strtoul(only, NULL, 10) : 0; p.at < clean.count[p.lane][p.call]; p.at += step, tried++) {
		play(s, &p);
		if (only)
			break;
	}
	return tried;
}

static void fail_calls(struct scene *s, int c, unsigned long step)
{
	unsigned long tried = 0, all = 0;

	for (int l = 0; l < SEAM_LANES; l++)
		for (int e = 0; l != SEAM_JOB && calls[c].sys[e]; e++)
			for (int ever = 0; ever < 2; ever++) {
				struct seam_plan p = {.act = calls[c].sys[e] < 0 ? SEAM_SHORT : SEAM_FAIL, .call = calls[c].call,
						      .lane = (enum seam_lane)l, .sys = calls[c].sys[e], .for_ever = ever};
				all += clean.count[l][calls[c].call];
				tried += fail_each(s, p, step);
			}
	printf("%s, %s: %lu of %lu\n", s->name, calls[c].name, tried, all);
	fflush(stdout);
}

/* The disk takes a number of bytes and no more; then again with room for what comes later. */
static void fill_disk(struct scene *s, unsigned long step)
{
	struct seam_plan p = {.act = SEAM_FILL, .room = UINT64_MAX / 2};
	unsigned long tried = 0;

	play(s, &p);
	uint64_t all = now.written;
	for (p.room = 0; p.room < all; p.room += step)
		for (int again = 0; again < 2; again++, tried++) {
			p.room_again = again;
			play(s, &p);
		}
	printf("%s, disk full: %lu of %llu\n", s->name, tried, (unsigned long long)all * 2);
}

static int usage(void)
{
	fprintf(stderr, "recorder_faults: expected SCENE [CALLS STEP]... [at AT]\n");
	return 2;
}

/* False where there are no such calls. */
static bool play_calls(struct scene *s, const char *said, unsigned long step)
{
	bool any = strcmp(said, "disk") == 0;

	if (any)
		fill_disk(s, step);
	for (int c = 0; c < CALLS; c++)
		if (strcmp(said, calls[c].name) == 0 || strcmp(said, "all") == 0) {
			fail_calls(s, c, step);
			any = true;
		}
	return any;
}

int main(int argc, char **argv)
{
	struct scene *s = NULL;

	if (argc > 4 && strcmp(argv[argc - 2], "at") == 0) {
		only = argv[argc - 1];
		argc -= 2;
	}
	for (int i = 0; i < SCENES && argc > 1; i++)
		if (strcmp(argv[1], scenes[i].name) == 0)
			s = &scenes[i];
	if (!s || argc < 4 || argc % 2)
		return usage();
	seam_init(NULL);
	place_make();
	judged = mmap(NULL, sizeof *judged, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	publish_argv[5] = strdup(place_path("bundle"));
	publish_tar_argv[5] = strdup(place_path("bundle.tar"));
	if (s->prepare)
		s->prepare();
	play_clean(s);
	for (int i = 2; i < argc; i += 2) {
		unsigned long step = strtoul(argv[i + 1], NULL, 10);
		if (step == 0 || !play_calls(s, argv[i], step))
			return usage();
	}
	printf("%zu different things were left\n%s\n", judged->left, failures ? "FAILED" : "ok");
	return failures != 0;
}
