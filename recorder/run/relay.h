/* A relay of the job's output, for --console=keep and --console=digest: the job writes into a pipe, or where it had a terminal into another
 * one, and a thread of ours passes on each byte to where it belongs and to a console.
 *
 * The terminal that the job sees has the settings and the size of the true one, and input, job control and Ctrl-C stay with the true one,
 * which the job has for its stdin as before. Who reads slowly slows the job, as without us; where nobody reads any more the job is told
 * in the same way. Only a recorder that is killed differs: the job's next write fails then (SIGPIPE, or EIO on a terminal). Processes
 * that the job leaves behind have nowhere to write to, either. */
#ifndef GBX_RUN_RELAY_H
#define GBX_RUN_RELAY_H

#include <pthread.h>
#include <stdatomic.h>

#include "capture/console.h"

struct gbx_relay {
	struct gbx_relayed {
		int from;     /* what the job wrote; -1: this stream is not relayed, or is no more */
		int job;      /* the job's end, until it has started */
		int to;       /* where it goes: 1 or 2 */
		bool both;    /* the other stream's text comes here, too */
		struct gbx_console *console;
		bool deaf;    /* the console could not take it all */
		pthread_t thread;
		bool started;
		struct gbx_relay *relay;
	} stream[2];
	bool terminal; /* the size of one is looked at */
	pid_t job;
	bool (*hurried)(void);
	atomic_bool ended; /* the job has */
};

/* Nothing is relayed by it, and gbx_relay_free may be called. */
void gbx_relay_init(struct gbx_relay *r);
/* Before the job starts, for stdout (0) and stderr (1) as asked; where both go to one place they come through one pipe, in the order in
 * which they were written. On failure nothing is relayed. */
int gbx_relay_open(struct gbx_relay *r, const struct gbx_scanner *scanner, const bool asked[2], struct gbx_error *err) GBX_MUST_USE;
/* The descriptor that the job is to have as its stdout (0) or stderr (1), or -1. */
int gbx_relay_end_of_job(const struct gbx_relay *r, int stream);
/* The job runs: begins to pass on. Where no thread can be made the job's writes fail as above. */
void gbx_relay_start(struct gbx_relay *r, pid_t job);
/* The job has ended: passes on what is left. hurried() gives up where somebody waits and nobody reads. */
void gbx_relay_finish(struct gbx_relay *r, bool (*hurried)(void));
void gbx_relay_free(struct gbx_relay *r);

#endif
