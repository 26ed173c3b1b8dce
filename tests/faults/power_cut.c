/* What is left of a run when the power goes, at any moment: power_cut STATES run|seal|no-syncs|early-renames.
 *
 * What run, seal, sign and publish do to files is recorded, and every disk that may come of it (power.h) is made anew and looked at:
 * what was acknowledged is there, the state shown is the true one, the run can be sealed, published and verified, no owner log goes
 * on in two ways under one origin, and the next run works. The first states are all cuts with nothing, everything and zeros of what was
 * not synced; then random ones, until STATES different disks were seen. Many of them differ in a bundle only, or in all but a bundle:
 * what the programs make of a part that is byte for byte one that was looked at is not asked again; the acknowledgements are, of each.
 *
 * The twins have to fail, or the replay could not see anything: without the syncs, and with each rename before the sync of what it
 * puts in place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "acks.h"
#include "base/mem.h"
#include "facts.h"
#include "power.h"
#include "trust/key.h"
#include "trust/log.h"

enum { SEEN = 1 << 20, HEADS = 64, BATCH = 32 /* states to a child */, NEXT_RUN = 8 /* every so many-th new store */ };

static const char *const below[] = {"repo/.git/glassbox", "repo/.git/refs/glassbox", "config/glassbox/key.log", "out", NULL};
static char bundle[PLACE_PATH + 16], tar[PLACE_PATH + 16], next_bundle[PLACE_PATH + 16];

/* What is recorded, in this order; NULL ends a story, NULL, NULL all. Each story begins at a kept place. */
struct story {
	const char *word, *name, *start;
	const char *const *program[4];
};
static const char *const run_argv[] = {"glassbox", "run", "--name", "first", "--config", "config.json", "--data", "set=../data",
				       "--output", "out=../out", "--param", "seed=7", "--", PLACE_JOB, NULL};
static const char *const again_argv[] = {"glassbox", "run", "--name", "second", "--", "true", NULL};
static const char *const publish_argv[] = {"glassbox", "publish", "first", "-o", bundle, NULL};
static const char *const tar_argv[] = {"glassbox", "publish", "first", "-o", tar, "--profile", "full", NULL};
static const char *const seal_argv[] = {"glassbox", "seal", "first", "--dead", NULL};
static const char *const sign_argv[] = {"glassbox", "sign", "first", NULL};
static const struct story stories[] = {
	{"run", "run, publish, run", NULL, {run_argv, publish_argv, again_argv}},
	{"seal", "seal, sign, publish twice", "killed", {seal_argv, sign_argv, publish_argv, tar_argv}},
};
enum { STORIES = sizeof stories / sizeof *stories };

static struct {
	unsigned long states, stores, violations;
} total;
/* What a child tells. */
static struct report {
	size_t at; /* of its batch */
	char why[3000];
} *report;
static struct gbx_key *key; /* the owner's; made once, since reading it takes longer than most of what is looked at */
static uint64_t *seen;
/* Told apart in that table: bundles and stores from whole states. */
static const uint64_t ALL_BUNDLES = 0x5bd1e9955bd1e995u, ALL_STORES = 0xc2b2ae3d27d4eb4fu;
static uint64_t random_state = 0x9e3779b97f4a7c15u;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* A state to look at, and which of its parts no other had. */
struct checked {
	struct power_state state;
	bool new_bundles, new_store, next_run;
};
/* States that wait for a child, which makes and looks at one after the other. */
static struct {
	const struct story *story;
	const struct power_log *log;
	struct checked state[BATCH];
	size_t len;
} batch;

static int wrong(const char *what, const char *more)
{
	snprintf(report->why, sizeof report->why, "%.600s%.600s%.700s%.700s", what, more, place_said_out, place_said_err);
	return 1;
}

#define EXPECT(status, ...) \
	do { \
		const char *const argv_[] = {__VA_ARGS__, NULL}; \
		if (place_call(argv_) != (status)) \
			return wrong("afterwards: " #__VA_ARGS__, "\n"); \
	} while (0)

/* The heads of all streams in the store. */
struct heads {
	struct gbx_head head[HEADS];
	size_t len;
};

static int read_heads(const struct gbx_names *runs, struct heads *h)
{
	for (size_t i = 0; i < runs->len; i++) {
		struct gbx_run_view v;
		if (gbx_run_scan(facts_store(), runs->name[i], NULL, NULL, &v, NULL))
			continue;
		for (size_t s = 0; s < v.streams && h->len < HEADS; s++)
			h->head[h->len++] = v.stream[s].head;
		gbx_run_view_free(&v);
	}
	return h->len < HEADS ? 0 : wrong("more streams than this test has room for", "");
}

/* Whether some journal holds so much of a stream. */
static bool holds(const struct heads *h, const struct seam_entry *e)
{
	struct ack_head want;

	memcpy(&want, seam_text(e, e->data), sizeof want);
	for (size_t i = 0; i < h->len; i++)
		if (memcmp(h->head[i].stream, want.stream, sizeof want.stream) == 0 && h->head[i].size >= want.size)
			return true;
	return false;
}

static bool is_or_holds(const char *folder, const char *path)
{
	size_t len = strlen(folder);

	return strncmp(folder, path, len) == 0 && (path[len] == 0 || path[len] == '/');
}

/* A later replacement, removal or move, of the file or of a folder that it is in, may have come to the disk as well. */
static bool replaced_later(const struct power_log *l, size_t from, size_t cut, const char *path)
{
	for (size_t i = from + 1; i < cut; i++) {
		const struct seam_entry *e = power_op(l, i);
		if ((e->op == SEAM_OP_UNLINK || e->op == SEAM_OP_RENAME) && is_or_holds(seam_text(e, e->path), path))
			return true;
		if (e->op == SEAM_OP_RENAME && strcmp(seam_text(e, e->to), path) == 0)
			return true;
	}
	return false;
}

static int check_file(const struct checked *c, size_t at)
{
	const struct seam_entry *e = power_op(batch.log, at);
	const char *path = seam_text(e, e->path);
	struct gbx_slice want = gbx_slice(seam_text(e, e->data), e->data_len);
	GBX_AUTO_BYTES struct gbx_bytes have = {0};

	if (gbx_load_file(path, 16 << 20, &have, NULL) == 0 && gbx_slice_equal(gbx_slice_of(&have), want))
		return 0;
	if (replaced_later(batch.log, at, c->state.cut, path))
		return 0;
	return wrong("a file is not there that was put in place for good: ", path);
}

static int check_words(const struct seam_entry *e, const struct facts *first)
{
	const char *line = seam_text(e, e->data);

	if ((strstr(line, "is sealed;") || strncmp(line, "sealed", 6) == 0) && first->state != GBX_SEALED && !strstr(line, "second"))
		return wrong("it was said to be sealed: ", line);
	if (strncmp(line, "sealed and signed", 17) == 0 && !first->is_signed)
		return wrong("it was said to be signed: ", line);
	/* Every bundle that is there is verified. */
	if (strncmp(line, "published ", 10) == 0 && !gbx_exists(strstr(line, ".tar:") ? tar : bundle))
		return wrong("it was said to be published: ", line);
	return 0;
}

static int check_acks(const struct checked *c, const struct heads *heads, const struct facts *first)
{
	bool synced = false;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->state.cut; i++) {
		const struct seam_entry *e = power_op(batch.log, i);
		if (e->op != SEAM_OP_ACK)
			continue;
		if (e->number == ACK_SYNCED) {
			synced = true;
			if (!holds(heads, e))
				rc = wrong("a stream lacks what was synced", "");
		} else if (e->number == ACK_JOB && !synced) {
			rc = wrong("the job started before its record was safe", "");
		} else if (e->number == ACK_FILE) {
			rc = check_file(c, i);
		} else if (e->number == ACK_SAID) {
			rc = check_words(e, first);
		}
	}
	return rc;
}

/* Every head note that was let out is one of the log that goes on under its origin. */
static int check_owner_log(const struct checked *c)
{
	GBX_AUTO_OWNER_LOG struct gbx_owner_log *log = NULL;
	struct gbx_error err;

	if (gbx_owner_log_open(place_path("config/glassbox/key.log"), key, "owner.example", &log, &err))
		return wrong("the owner log: ", err.line);
	for (size_t i = 0; i < c->state.cut; i++) {
		const struct seam_entry *e = power_op(batch.log, i);
		const char *path = e->op == SEAM_OP_ACK && e->number == ACK_FILE ? seam_text(e, e->path) : "";
		size_t len = strlen(path);
		GBX_AUTO_BYTES struct gbx_bytes proof = {0};
		if (len < 5 || strcmp(path + len - 5, ".note") != 0)
			continue;
		struct gbx_slice note = gbx_slice(seam_text(e, e->data), e->data_len);
		struct gbx_slice rest = note, origin;
		if (gbx_take_line(&rest, &origin) && gbx_slice_is(origin, gbx_owner_log_origin(log)) &&
		    gbx_owner_log_prove(log, 0, note, &proof, &err))
			return wrong("a head note that was let out is not of this log: ", err.line);
	}
	return 0;
}

/* What lies under a bundle's own name is whole, said or not. */
static int look_at_bundles(void)
{
	if (gbx_exists(bundle))
		EXPECT(0, "glassbox-verify", "--key", place_path("config/glassbox/key.pub"), bundle);
	if (gbx_exists(tar))
		EXPECT(0, "glassbox-verify", "--key", place_path("config/glassbox/key.pub"), tar);
	return 0;
}

static int bring_home(const struct facts *f, bool is_second)
{
	if (f->state == GBX_RUNNING)
		return wrong("running, and nobody is there", "");
	if (f->state != GBX_SEALED)
		EXPECT(0, "glassbox", "seal", f->run, "--dead");
	EXPECT(0, "glassbox", "publish", f->run, "-q", "-o", is_second ? place_path("bundle-second") : next_bundle);
	EXPECT(0, "glassbox-verify", "--key", place_path("config/glassbox/key.pub"),
	       is_second ? place_path("bundle-second") : next_bundle);
	return strncmp(place_said_out, "verified: ", 10) ? wrong("not verified", "\n") : 0;
}

/* All that does not hang on the bundles that are there. */
static int look_at_store(const struct gbx_names *runs)
{
	int rc = 0;

	if (runs->len)
		EXPECT(0, "glassbox", "ls");
	for (size_t i = 0; rc == 0 && i < runs->len; i++) {
		struct facts f;
		bool any = false;
		facts_of(runs->name[i], &f);
		for (int k = 0; k < FACTS_KINDS; k++)
			any = any || f.kind[k];
		if (f.found && any)
			rc = bring_home(&f, i > 0);
	}
	return rc;
}

static int check(const struct checked *c)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names runs = {0};
	struct heads heads = {0};
	struct facts first = {0};

	report->why[0] = place_said_out[0] = place_said_err[0] = 0;
	if (gbx_run_names(facts_store(), &runs, NULL))
		return wrong("the runs cannot be listed", "");
	if (runs.len)
		facts_of(runs.name[0], &first);
	int rc = read_heads(&runs, &heads);
	if (rc == 0)
		rc = check_acks(c, &heads, &first);
	if (rc == 0 && c->new_bundles)
		rc = look_at_bundles();
	if (rc == 0 && c->new_store)
		rc = look_at_store(&runs);
	if (rc == 0)
		rc = check_owner_log(c);
	if (rc || !c->next_run)
		return rc;
	EXPECT(0, "glassbox", "run", "--name", "next", "--", "true");
	return strstr(place_said_err, "sealed and signed by") ? 0 : wrong("the next run is not signed", "\n");
}

/* In a child: from the state on that report->at says. */
static int check_batch(void *arg)
{
	(void)arg;
	for (; report->at < batch.len; report->at++) {
		power_make(batch.log, &batch.state[report->at].state);
		if (check(&batch.state[report->at]))
			return 1;
	}
	return 0;
}

static bool is_new(uint64_t hash)
{
	hash += hash == 0;
	for (size_t i = hash % SEEN;; i = (i + 1) % SEEN) {
		if (seen[i] == hash)
			return false;
		if (seen[i] == 0) {
			seen[i] = hash;
			return true;
		}
	}
}

static void note_violation(const struct checked *c)
{
	total.violations++;
	if (total.violations > 12)
		return;
	size_t at = c->state.cut ? c->state.cut - 1 : 0;
	const struct seam_entry *e = power_op(batch.log, at);
	char line[8000];
	snprintf(line, sizeof line, "%s: cut %zu (behind op %d %s %s), names %zu, data %u/%d: %s\n", batch.story->name, c->state.cut, e->op,
		 e->path ? seam_text(e, e->path) : "", e->number == ACK_SAID && e->data ? seam_text(e, e->data) : "", c->state.names,
		 c->state.data[0].part, c->state.data[0].tail, *report->why ? report->why : "a crash or a hang");
	printf("%s", line);
}

/* Looks at what waits. */
static void look_at_batch(void)
{
	report->at = 0;
	report->why[0] = 0;
	while (report->at < batch.len && place_fork(check_batch, NULL)) {
		note_violation(&batch.state[report->at++]);
		report->why[0] = 0;
	}
	batch.len = 0;
}

static void look(const struct power_state *s)
{
	struct power_sums sums = power_hash(batch.log, s, place_path("bundle"));
	struct checked *c = &batch.state[batch.len];

	if (!is_new(sums.apart + sums.rest + (s->cut << 1)))
		return;
	*c = (struct checked){.state = *s, .new_bundles = is_new(sums.apart ^ ALL_BUNDLES), .new_store = is_new(sums.rest ^ ALL_STORES)};
	total.states++;
	total.stores += c->new_store;
	c->next_run = c->new_store && total.stores % NEXT_RUN == 0;
	if (++batch.len == BATCH)
		look_at_batch();
}

static void uniform(struct power_state *s, unsigned char part, enum power_tail tail)
{
	for (size_t i = 0; i < sizeof s->data / sizeof *s->data; i++) {
		s->data[i].part = part;
		s->data[i].tail = tail;
	}
}

/* All cuts, with nothing, all and zeros of what was not synced, and names as few and as many as may be. */
static void look_at_cuts(unsigned long most, size_t step)
{
	static const struct {
		unsigned char part;
		enum power_tail tail;
	} whole[] = {{0, POWER_NONE}, {255, POWER_NONE}, {0, POWER_ZERO}, {0, POWER_TORN}, {128, POWER_TORN}};

	for (size_t cut = 1; cut <= power_ops(batch.log); cut += step)
		for (size_t d = 0; d < sizeof whole / sizeof *whole; d++)
			for (int names = 0; names < 2 && total.states < most; names++) {
				struct power_state s = {.cut = cut, .names = names ? cut : power_least_names(batch.log, cut)};
				uniform(&s, whole[d].part, whole[d].tail);
				look(&s);
			}
}

static void look_at_random(unsigned long most)
{
	for (unsigned long tried = 0; total.states < most && tried < most * 50; tried++) {
		struct power_state s = {.cut = 1 + next_random() % power_ops(batch.log)};
		size_t least = power_least_names(batch.log, s.cut);
		s.names = least + next_random() % (s.cut - least + 1);
		for (size_t i = 0; i < sizeof s.data / sizeof *s.data; i++) {
			s.data[i].part = (unsigned char)next_random();
			s.data[i].tail = (enum power_tail)(next_random() % POWER_TAILS);
		}
		look(&s);
	}
	look_at_batch();
}

static struct power_log *record(const struct story *story)
{
	struct seam_plan p = {.act = SEAM_RECORD};
	struct place_outcome o;

	if (story->start)
		place_restore(story->start);
	else
		place_reset();
	struct power_log *l = power_before(below);
	for (int i = 0; i < 4 && story->program[i]; i++) {
		p.go_on = i > 0;
		place_run(story->program[i], &p, &o);
		if (!o.returned || (o.status != 0 && o.status != 7)) {
			printf("%s: %s: exit status %d\n%s", story->name, story->program[i][1], o.status, o.err);
			exit(1);
		}
	}
	power_after(l);
	return l;
}

/* A run whose recorder was killed as its job ran. */
static void prepare(void)
{
	struct seam_plan p = {.act = SEAM_KILL, .call = SEAM_STEP, .lane = SEAM_MAIN, .whom = SEAM_KILL_SELF};
	struct place_outcome o;
	struct facts f = {0};

	for (p.at = 120; !f.found && p.at > 0; p.at--) {
		place_reset();
		place_run(run_argv, &p, &o);
		facts_of(NULL, &f);
		f.found = f.found && f.kind[GLASSBOX__KIND__CODE] && !f.has_end;
	}
	if (!f.found) {
		printf("no moment to kill the recorder at\n");
		exit(1);
	}
	place_keep("killed");
}

/* Whether some cut behind a rename of the spoilt log shows it. */
static void play_spoilt(void)
{
	for (size_t cut = 1; cut <= power_ops(batch.log) && total.violations == 0; cut++) {
		struct power_state s = {.cut = cut, .names = cut};
		if (power_op(batch.log, cut - 1)->op == SEAM_OP_RENAME) {
			look(&s);
			look_at_batch();
		}
	}
}

static void play(const struct story *story, unsigned long most, void (*spoil)(struct power_log *))
{
	struct power_log *l = record(story);
	unsigned long before = total.states, stores = total.stores;

	batch.story = story;
	batch.log = l;
	memset(seen, 0, SEEN * sizeof *seen);
	if (spoil) {
		spoil(l);
		play_spoilt();
	} else {
		look_at_cuts(before + most / 2, most / 2 / 10 > power_ops(l) ? 1 : 1 + power_ops(l) * 5 / (most / 2 + 1));
		look_at_random(before + most);
		printf("%s: %zu operations, %lu states, %lu different stores\n", story->name, power_ops(l), total.states - before,
		       total.stores - stores);
	}
	power_free(l);
}

int main(int argc, char **argv)
{
	unsigned long states = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	void (*spoil)(struct power_log *) = NULL;

	if (states == 0) {
		fprintf(stderr, "power_cut: expected STATES run|seal|no-syncs|early-renames\n");
		return 2;
	}
	if (strcmp(argv[2], "no-syncs") == 0)
		spoil = power_forget_syncs;
	else if (strcmp(argv[2], "early-renames") == 0)
		spoil = power_swap_renames;
	char under[PLACE_PATH];
	place_make();
	snprintf(under, sizeof under, "%s", place);
	seam_init(under);
	snprintf(bundle, sizeof bundle, "%s/bundle", place);
	snprintf(tar, sizeof tar, "%s/bundle.tar", place);
	snprintf(next_bundle, sizeof next_bundle, "%s/bundle-next", place);
	report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* Shared, so that no fork copies it. */
	seen = mmap(NULL, SEEN * sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED || seen == MAP_FAILED || gbx_key_load(place_path("config/glassbox/key.pem"), (struct gbx_slice){0}, &key, NULL)) {
		fprintf(stderr, "power_cut: no memory, or no key\n");
		return 1;
	}
	prepare();
	for (int i = 0; i < STORIES; i++)
		if (spoil || strcmp(argv[2], stories[i].word) == 0)
			play(&stories[i], states, spoil);
	gbx_key_free(key);
	printf("%lu states, %lu violations\n", total.states, total.violations);
	if (spoil)
		return total.violations ? 0 : 1;
	return total.violations != 0;
}
