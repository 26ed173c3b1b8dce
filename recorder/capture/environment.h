/* The environment beside the running job: forked children that read what may hang, crash or take long, and tell it fact by fact.
 *
 * A *section* is one part of the environment with a child, a deadline and a gap of its own, so that a driver's library that hangs costs
 * its own part only. To add one:
 *
 *   1. Write `int gbx_read_<part>(const struct gbx_environment_options *o, struct gbx_teller *t, struct gbx_error *err)`. It runs in
 *      the child, at lowest priority (nice 19, SCHED_IDLE, idle I/O), with bounded memory. It reads files below o->root ("" is the real
 *      one, so "<root>/proc"), may read /proc of o->job, and tells each fact with gbx_tell as it finds it: what was told before a
 *      crash, a deadline or the job's end is kept. What it could not read it tells with gbx_tell_gap. It returns 0 when it told all
 *      that it could, or an error, which becomes the section's gap.
 *   2. Add a row to the table in environment.c: kind of gap, deadline, when it is started, the function.
 *   3. Where it tells a new kind of record, add the kind to `told_kinds` there. A child tells absolute paths;
 *      take_body in run/environment.c puts them below the roots of the run (gbx_relate) before they are recorded.
 *
 * Texts go through the scanner of secrets in the child: use o->scanner before gbx_tell. */
#ifndef GBX_CAPTURE_ENVIRONMENT_H
#define GBX_CAPTURE_ENVIRONMENT_H

#include <pthread.h>

#include "base/child.h"
#include "capture/secrets.h"
#include "record.pb-c.h"

struct gbx_environment_options {
	const char *root;                /* of the files that are read; "" is the real one, else absolute without a slash at its end */
	pid_t job;                       /* 0: there is none */
	const struct gbx_scanner *scanner;
	const char *library_path;        /* LD_LIBRARY_PATH, or NULL */
	Glassbox__Bus bus;               /* as gbx_gpu_bus reads it */
	unsigned deadline_ms;            /* 0: each section's own */
};

/* Something that could not be captured, or was not looked at. */
struct gbx_environment_gap {
	Glassbox__Gap__Kind kind;
	Glassbox__Gap__Reason reason;
	uint64_t count;
	const char *path; /* absolute, or NULL */
};

/* In a child: where it tells. */
struct gbx_teller {
	int out;
};

int gbx_tell(struct gbx_teller *t, const Glassbox__Body *body, struct gbx_error *err) GBX_MUST_USE;
int gbx_tell_gap(struct gbx_teller *t, const struct gbx_environment_gap *gap, struct gbx_error *err) GBX_MUST_USE;

/* What the recorder gets. Called from one thread for each section, at the same time; arguments live until the call returns. */
struct gbx_environment_sink {
	void *arg;
	void (*body)(void *arg, Glassbox__Body *body); /* checked; may be changed */
	void (*gap)(void *arg, const struct gbx_environment_gap *gap);
};

struct gbx_environment_section;

#define GBX_ENVIRONMENT_SECTIONS 4u

/* Its members are this module's own. It stays where it is between start and finish. */
struct gbx_environment {
	struct gbx_environment_options options;
	struct gbx_environment_sink sink;
	struct gbx_environment_part {
		struct gbx_environment *owner;
		const struct gbx_environment_section *section;
		struct gbx_child child;
		pthread_t thread;
		bool started;
	} part[GBX_ENVIRONMENT_SECTIONS];
	int stop_from, stop_to; /* a pipe; closing its end tells the threads to come to an end */
	bool begun;
	pthread_mutex_t lock;   /* over the member below */
	pthread_cond_t changed;
	size_t running;
};

/* Starts the children and threads of the sections that there is something for; texts of options are borrowed until the finish. Call
 * it while this process has one thread. What cannot be started is told to the sink as a gap. */
void gbx_environment_start(struct gbx_environment *e, const struct gbx_environment_options *o, const struct gbx_environment_sink *sink);

/* Lets the sections go on until the deadline (by gbx_monotonic_nanos), or until hurried() (may be NULL) says that somebody waits;
 * then ends them. A section that had more to tell has a gap, with the reason JOB_ENDED. The sink is not called any more when it
 * returns. Nothing happens where it was not started. */
void gbx_environment_finish(struct gbx_environment *e, uint64_t deadline, bool (*hurried)(void));

#endif
