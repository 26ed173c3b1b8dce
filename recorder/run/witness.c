#include "run/witness.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"

#define NANOS_MS 1000000u
#define GRACE_MS 20   /* for a sender that signals one process after the other */
#define ECHO_MS 1000  /* for a witness that gets no processor */
#define FRESH_MS 2000 /* what was seen longer ago belongs to another signal */
#define WATCH_MS 200

static const char own_name[] = "gbx-witness";

struct report {
	int signal;
	pid_t sender;
};

/* Commands travel in the value of the signal with the highest number, which is delivered behind all others: the pid of a job to
 * watch, or one of these. */
enum { UNWATCH = 0, ECHO = -1 };

static void order(const struct gbx_witness *w, int what)
{
	union sigval value = {.sival_int = what};

	if (w->pid)
		(void)sigqueue(w->pid, SIGRTMAX, value);
}

/* What the witness needs and could not find out safely after a fork. */
struct plan {
	pid_t parent;
	int to;
	char *args; /* where the kernel finds the command line */
	size_t args_len;
};

/* Fields 48 and 49 of /proc/self/stat. */
static void find_args(struct plan *p)
{
	GBX_AUTO_FD int fd = -1;
	char stat[4096];
	size_t got;

	if (gbx_open_read("/proc/self/stat", &fd, NULL) || gbx_read(fd, stat, sizeof stat - 1, &got, NULL))
		return;
	stat[got] = 0;
	char *at = strrchr(stat, ')');
	for (int field = 2; at && field < 48; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return;
	uintptr_t start = strtoull(at + 1, &at, 10), end = strtoull(at, NULL, 10);
	if (start && end > start && end - start < 16u * 1024 * 1024) {
		p->args = (char *)start;
		p->args_len = end - start;
	}
}

static void disguise(const struct plan *p)
{
	(void)prctl(PR_SET_NAME, own_name);
	if (p->args_len < sizeof own_name)
		return;
	memset(p->args, 0, p->args_len);
	memcpy(p->args, own_name, sizeof own_name);
}

static bool is_stopped(pid_t job)
{
	GBX_AUTO_FD int fd = -1;
	char path[64], stat[512];
	size_t got;

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)job);
	if (gbx_open_read(path, &fd, NULL) || gbx_read(fd, stat, sizeof stat - 1, &got, NULL))
		return false;
	stat[got] = 0;
	const char *at = strrchr(stat, ')');
	return at && at[1] == ' ' && (at[2] == 'T' || at[2] == 't');
}

/* The witness's life. Only what is safe after a fork in a process with threads. */
_Noreturn static void live(const struct plan *p)
{
	const struct timespec tick = {0, WATCH_MS * (long)NANOS_MS};
	pid_t watched = 0;
	siginfo_t si;
	sigset_t all;

	sigfillset(&all);
	for (;;) {
		int sig = sigtimedwait(&all, &si, watched ? &tick : NULL);
		if (sig < 0 && watched && errno == EAGAIN && !is_stopped(watched)) {
			(void)kill(p->parent, SIGCONT);
			watched = 0;
		}
		if (sig < 0)
			continue;
		if (sig == SIGRTMAX && si.si_pid == p->parent && si.si_code == SI_QUEUE && si.si_value.sival_int != ECHO) {
			watched = si.si_value.sival_int;
			continue;
		}
		struct report r = {sig, si.si_pid};
		if (gbx_write(p->to, &r, sizeof r, NULL))
			_exit(0);
	}
}

_Noreturn static void be_witness(struct plan *p)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != p->parent)
		_exit(0);
	/* Whoever reads our output or waits for a lock must not wait for the witness. */
	if (dup2(p->to, 0) < 0)
		_exit(0);
	closefrom(1);
	p->to = 0;
	disguise(p);
	live(p);
}

int gbx_witness_start(struct gbx_witness *w, struct gbx_error *err)
{
	GBX_AUTO_FD int from = -1;
	GBX_AUTO_FD int to = -1;
	struct plan p = {.parent = getpid()};
	int rc = gbx_pipe(&from, &to, err);

	if (rc)
		return rc;
	p.to = to;
	find_args(&p);
	pid_t pid = fork();
	if (pid == 0)
		be_witness(&p);
	if (pid < 0)
		return gbx_fail_errno(err, errno, "cannot start a process to tell signals apart");
	*w = (struct gbx_witness){.pid = pid, .from = from};
	from = -1;
	return 0;
}

void gbx_witness_end(struct gbx_witness *w)
{
	if (w->pid == 0)
		return;
	(void)kill(w->pid, SIGKILL);
	while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
		;
	gbx_close(&w->from);
	w->pid = 0;
}

/* The next report; false when none came until then, or the witness is gone. */
static bool next_report(struct gbx_witness *w, uint64_t until, struct report *r)
{
	struct pollfd p = {.fd = w->from, .events = POLLIN};
	uint64_t now = gbx_monotonic_nanos();
	size_t got;

	while (poll(&p, 1, until > now ? (int)((until - now) / NANOS_MS) + 1 : 0) < 0 && errno == EINTR)
		now = gbx_monotonic_nanos();
	return (p.revents & POLLIN) && gbx_read(w->from, r, sizeof *r, &got, NULL) == 0 && got == sizeof *r;
}

/* Keeps what comes until then, or until the echo. */
static void listen_until(struct gbx_witness *w, uint64_t until)
{
	struct report r;

	while (next_report(w, until, &r)) {
		if (r.signal == SIGRTMAX && r.sender == getpid())
			return;
		if (r.signal > 0 && r.signal < GBX_SIGNALS) {
			w->seen[r.signal].sender = r.sender;
			w->seen[r.signal].at = gbx_monotonic_nanos();
		}
	}
}

static bool take_seen(struct gbx_witness *w, int signal, pid_t sender)
{
	uint64_t at = w->seen[signal].at;
	bool fresh = at && gbx_monotonic_nanos() - at < (uint64_t)FRESH_MS * NANOS_MS && w->seen[signal].sender == sender;

	if (fresh)
		w->seen[signal].at = 0;
	return fresh;
}

bool gbx_witness_saw(struct gbx_witness *w, int signal, pid_t sender)
{
	const struct timespec grace = {0, GRACE_MS * (long)NANOS_MS};

	if (w->pid == 0 || signal <= 0 || signal >= GBX_SIGNALS)
		return false;
	listen_until(w, 0);
	if (take_seen(w, signal, sender))
		return true;
	(void)nanosleep(&grace, NULL);
	/* The echo comes behind every signal that was there before it, however late the witness gets a processor. */
	order(w, ECHO);
	listen_until(w, gbx_monotonic_nanos() + (uint64_t)ECHO_MS * NANOS_MS);
	return take_seen(w, signal, sender);
}

void gbx_witness_watch(const struct gbx_witness *w, pid_t job)
{
	order(w, job);
}

void gbx_witness_unwatch(const struct gbx_witness *w)
{
	order(w, UNWATCH);
}
