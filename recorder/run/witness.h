/* The witness: a small process in our process group that says which signals came to more than us.
 *
 * A signal carries its sender and not whom else it was sent to. The witness has no other job than to block every signal and report
 * each: what it received too was sent to the group, session, cgroup or user, and so to the job as well. It dies with us, holds none of
 * our descriptors, and calls itself "gbx-witness" in its name and command line, so that `pkill -f glassbox` does not find it.
 *
 * It also continues us when the job, stopped together with us, was continued alone. */
#ifndef GBX_RUN_WITNESS_H
#define GBX_RUN_WITNESS_H

#include <sys/types.h>

#include "base/error.h"

#define GBX_SIGNALS 65 /* numbers are below */

struct gbx_witness {
	pid_t pid; /* 0: none */
	int from;  /* its reports */
	struct {
		pid_t sender;
		uint64_t at; /* monotonic; 0: none that counts */
	} seen[GBX_SIGNALS];
};

/* Starts a witness, before the job, so that it misses nothing that the job gets. The caller has all signals blocked. */
int gbx_witness_start(struct gbx_witness *w, struct gbx_error *err) GBX_MUST_USE;
/* Ends it and waits for it; nothing where there is none. */
void gbx_witness_end(struct gbx_witness *w);

/* True where the witness has received `signal` from that sender, too, about now. Waits 20 ms for senders that go through a list
 * before it says no. False where there is no witness. */
bool gbx_witness_saw(struct gbx_witness *w, int signal, pid_t sender);

/* Between these two, it sends us CONT once the job is not stopped any more. */
void gbx_witness_watch(const struct gbx_witness *w, pid_t job);
void gbx_witness_unwatch(const struct gbx_witness *w);

#endif
