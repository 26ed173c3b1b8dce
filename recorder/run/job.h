/* The job: started and waited for so that neither it nor who started us can tell the difference.
 *
 * It is in our process group and session, with the signal mask, dispositions, descriptors, working folder, limits and parent-death
 * signal that we were given (our own descriptors are all close-on-exec). While it runs, no signal that can be blocked ends the recorder:
 * gbx_job_prepare blocks them all but those of a fault of our own (SEGV, BUS, FPE, ILL, TRAP, SYS), and gbx_job_wait deals
 * with them:
 *
 * - What the kernel sends (a key at the terminal, a hangup) reaches the whole foreground group, so the job has it already. The one
 *   exception is ALRM: a timer set before us by `alarm N; exec ...` would have been the job's, so it is passed on.
 * - What a process sends is passed on where it was for us alone (kill PID, docker stop), and not where the job has it too
 *   (kill -- -PGID, kill -1, a scheduler or systemd that goes through a cgroup): a second TERM means "now" to many jobs. The
 *   witness tells these apart, see witness.h; that takes 20 ms for a signal that is passed on.
 * - What the job sends, to us or to its whole group, is not sent back to it.
 * - STOP and KILL cannot be seen. When we are killed the job goes on.
 *
 * When the job stops, we stop by the same signal, so that a shell sees it; when we are continued, the job is, and when somebody
 * continues the job alone, we are continued too. Processes that leave the job behind are not waited for. */
#ifndef GBX_RUN_JOB_H
#define GBX_RUN_JOB_H

#include <signal.h>

#include "run/witness.h"

/* {0}, then gbx_job_prepare. The members are this module's own but for pid and started_nanos. */
struct gbx_job {
	pid_t pid;              /* 0 before the start and after the end */
	uint64_t started_nanos; /* since 1970 */
	sigset_t mask;          /* as we were given it */
	struct sigaction chld;  /* SIGCHLD's disposition, as we were given it */
	sigset_t early;         /* came before the job was there */
	bool prepared;
	int output[2];          /* what it is to have as stdout and stderr; -1: ours. Set after gbx_job_prepare */
	struct gbx_witness witness;
};

struct gbx_job_end {
	bool exited;         /* by itself; else by a signal */
	int status;          /* exit status, or the signal's number */
	bool core;           /* a core file was written */
	uint64_t ended_nanos; /* since 1970 */
	/* Of the job and of those of its children that it waited for; max_rss is the largest one's. */
	uint64_t user_micros, system_micros, max_rss_bytes;
};

/* Blocks signals, remembering how we were given them. By the main thread, before any other thread is made; they stay blocked until
 * the process ends, so that a TERM does not cut the seal short. */
int gbx_job_prepare(struct gbx_job *c, struct gbx_error *err) GBX_MUST_USE;

/* Starts argv[0], looked for in PATH as execvp does; a script without a #! line is run by /bin/sh. extra: "NAME=VALUE" texts, ended
 * by NULL, that are added to the environment or replace what is there. *exec_errno is 0, or the errno of an exec that failed: then there
 * is no job (pid 0). Fails (GBX_E_IO) where no process or pipe can be made. */
int gbx_job_start(char *const *argv, char *const *extra, struct gbx_job *c, int *exec_errno, struct gbx_error *err) GBX_MUST_USE;

/* What a shell's exit status is for an exec that failed: 127 where the command was not found, else 126. */
int gbx_job_exec_status(int exec_errno);

/* Waits until the job ends or timeout_ms passed (-1: for ever), handling signals meanwhile; for the main thread. 1 with *end, 0 at the
 * time-out, or an error. */
int gbx_job_wait(struct gbx_job *c, int timeout_ms, struct gbx_job_end *end, struct gbx_error *err) GBX_MUST_USE;

/* True where INT, TERM, HUP or QUIT came and was not dealt with: after the job's end, somebody who does not want to wait for us. */
bool gbx_job_hurried(void);

/* Undoes gbx_job_prepare where it was called: signals are as we were given them. */
void gbx_job_restore(const struct gbx_job *c);

/* Ends what a child still needs; gbx_job_wait does it too when the job has ended. */
void gbx_job_release(struct gbx_job *c);

#endif
