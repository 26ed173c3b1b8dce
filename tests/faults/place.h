/* A folder with a repository, data, a key and a store, and the glassbox programs run in it: inside processes of this test, so that the
 * system under them is the one of seam.h. */
#ifndef GBX_TEST_PLACE_H
#define GBX_TEST_PLACE_H

#include "base/bytes.h"
#include "seam.h"

enum { PLACE_TEXT = 64 * 1024, PLACE_PATH = 256 };

/* What a program came to. */
struct place_outcome {
	bool returned; /* it came to its end; else it crashed, was killed or hung */
	bool hung;
	bool became_job; /* by exec, so that only the status is known */
	int wait_status;
	int status;
	long outstanding;
	int descriptors;
	unsigned long count[SEAM_LANES][SEAM_CALLS];
	uint64_t written;
	bool happened;
	char out[PLACE_TEXT], err[PLACE_TEXT];
};

/* Makes the folder, in memory where the system has that, and goes there. Removed at exit. Exits where it cannot. */
void place_make(void);
extern char place[PLACE_PATH];
/* "<place>/<name>"; of four such texts at a time. */
const char *place_path(const char *name);
/* Takes away what programs made: the store, the owner log, outputs, bundles. */
void place_reset(void);
/* Copies store, owner log and outputs to, and back from, a folder of that name. */
void place_keep(const char *name);
void place_restore(const char *name);
/* Makes all that programs made two hours older. */
void place_age(void);
/* A hash of what programs made: names, those of ids and digests by their length; and of the files the bytes with `exact`, else the
 * sizes, but of journals (facts.h has what is in them) and the index. */
uint64_t place_sum(bool exact);

/* Runs glassbox (or glassbox-verify, where argv[0] is that) in a child; argv ends with NULL. */
void place_run(const char *const *argv, const struct seam_plan *plan, struct place_outcome *o);
/* The same without an answer until place_wait; for several at once, each with a slot of its own. */
struct place_started {
	pid_t pid;
	int out, err;
	struct place_outcome *shared;
};
void place_start(const char *const *argv, const struct seam_plan *plan, struct place_started *s);
void place_wait(struct place_started *s, struct place_outcome *o);

/* In this process, which should be a child of its own: what it says is in place_said. Returns the exit status. */
int place_call(const char *const *argv);
extern char place_said_out[PLACE_TEXT], place_said_err[PLACE_TEXT];

/* Calls fn in a child that has descriptors and memory of its own; what it returns, at most 100; 101 where it crashed or hung. */
int place_fork(int (*fn)(void *arg), void *arg);

#define PLACE_JOB "/bin/sh", "-c", "echo out; echo err >&2; echo x > ../out/w; exit 7"

#endif
