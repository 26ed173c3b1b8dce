/* A forked child for work that may hang or crash: it writes to a pipe, and its parent reads with a deadline.
 *
 * The child is a copy of this process without exec. It holds no descriptor of the parent's but its end of the pipe (0, 1 and 2 are
 * /dev/null), has default signal handlers and an empty mask, ignores what a terminal sends to its foreground (SIGINT, SIGQUIT,
 * SIGHUP, SIGTSTP, SIGTTIN, SIGTTOU), and dies when the thread that made it does. Fork before threads are started: a lock that
 * another thread holds at that moment stays locked in the child. */
#ifndef GBX_BASE_CHILD_H
#define GBX_BASE_CHILD_H

#include <sys/types.h>

#include "base/io.h"

struct gbx_child {
	pid_t pid; /* 0: none */
	int fd;    /* what the child writes; for poll, too */
};

/* The child's work; out is its end of the pipe. What it returns is its exit status. */
typedef int (*gbx_child_fn)(void *arg, int out);

/* Starts fn(arg) in a child. Nothing is written or closed in the parent; end with gbx_child_wait or gbx_child_kill. */
int gbx_child_start(gbx_child_fn fn, void *arg, struct gbx_child *child, struct gbx_error *err) GBX_MUST_USE;

/* Called in the child: it goes on when its parent is killed, for so many seconds at most. For work that must not be left half done. */
void gbx_child_outlive(unsigned seconds);

/* Called in the child: SIGALRM ends it unless this is called again within so many seconds. For work that may hang. */
void gbx_child_alive(unsigned seconds);

/* Waits until the child has written something or has ended, or the moment `until` (gbx_monotonic_nanos) has come; false then. */
bool gbx_child_ready(const struct gbx_child *child, uint64_t until);

/* Waits for the child to end, by its pid; *status is as waitpid gives it, or -1 where somebody else has waited for it. Close the
 * pipe or read it to its end first, or it may never end. */
void gbx_child_wait(struct gbx_child *child, int *status);

/* Kills the child where there is one, and waits for it. A child that had ended by itself keeps its status (may be NULL). */
void gbx_child_kill(struct gbx_child *child, int *status);

/* Kills the child and does not wait: for one that may be stuck in the kernel. It is reaped where it has ended already. */
void gbx_child_abandon(struct gbx_child *child);

/* Called in the child: the lowest priority for processor and disk, and at most so many bytes of memory (0: no bound). Hints: what the
 * system refuses is left as it is. */
void gbx_child_lower(uint64_t memory);

/* Starts fn(arg) in a child, reads exactly len bytes of what it writes until the deadline, and ends it: for an answer of fixed size, such
 * as a struct, which means the same to a copy of this program. GBX_E_TIMEOUT where it did not come in time, GBX_E_IO where the child ended
 * without it; *out is left alone then. */
int gbx_child_ask(gbx_child_fn fn, void *arg, unsigned deadline_ms, void *out, size_t len, struct gbx_error *err) GBX_MUST_USE;

/* Makes room for others, in the child: where a processor is wanted elsewhere, it gets a third of what others get (nice 5). Not the least
 * there is, which on a machine that is in full use is nothing. */
void gbx_child_stand_back(void);

/* Lets go on what else would end it: TERM and the like, as a user sends them to a whole group. Called in the child. */
void gbx_child_ignore_signals(void);

/* A descriptor that becomes readable when a process ends, which may be anybody's; GBX_E_VERSION where the kernel (before 5.3) has none. */
int gbx_process_open(pid_t pid, int *fd, struct gbx_error *err) GBX_MUST_USE;

/* Reads what a child writes; GBX_E_TIMEOUT when nothing came in time. */
struct gbx_child_input {
	struct gbx_input in;
	int fd;            /* borrowed */
	uint64_t deadline; /* by gbx_monotonic_nanos; 0: none */
	uint64_t idle;     /* nanoseconds for one read; 0: no limit */
};
void gbx_child_input(struct gbx_child_input *c, int fd, uint64_t deadline, uint64_t idle);

#endif
