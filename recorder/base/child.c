#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the child's end of the pipe lies. */
#define CHILD_OUT 3

static void reset_signals(void)
{
	static const int ignored[] = {SIGINT, SIGQUIT, SIGHUP, SIGTSTP, SIGTTIN, SIGTTOU};
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void close_from(unsigned first)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, ~0u, 0) == 0)
		return;
#endif
	long max = sysconf(_SC_OPEN_MAX);
	for (int fd = (int)first; fd < (max > 0 && max < 65536 ? max : 65536); fd++)
		close(fd);
}

/* False where the child cannot be made safe; it must end then. */
static bool settle(pid_t parent, int out)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return false;
	reset_signals();
	/* out first to where nothing below is put upon it. */
	int moved = fcntl(out, F_DUPFD, CHILD_OUT + 1);
	int null = open("/dev/null", O_RDWR);
	if (moved < 0 || null < 0)
		return false;
	for (int fd = 0; fd < CHILD_OUT; fd++)
		if (dup2(null, fd) < 0)
			return false;
	if (dup2(moved, CHILD_OUT) < 0)
		return false;
	close_from(CHILD_OUT + 1);
	return true;
}

void gbx_child_outlive(unsigned seconds)
{
	alarm(seconds);
	prctl(PR_SET_PDEATHSIG, 0);
}

void gbx_child_alive(unsigned seconds)
{
	alarm(seconds);
}

void gbx_child_stand_back(void)
{
	(void)setpriority(PRIO_PROCESS, 0, 5);
}

void gbx_child_ignore_signals(void)
{
	static const int ending[] = {SIGTERM, SIGALRM, SIGUSR1, SIGUSR2, SIGPIPE};

	for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
		signal(ending[i], SIG_IGN);
}

int gbx_process_open(pid_t pid, int *fd, struct gbx_error *err)
{
#ifdef SYS_pidfd_open
	int opened = (int)syscall(SYS_pidfd_open, pid, 0);
	int sys = errno;

	if (opened >= 0) {
		*fd = opened;
		return 0;
	}
	if (sys != ENOSYS)
		return gbx_fail_errno(err, sys, "cannot look at process %ld", (long)pid);
#else
	(void)pid, (void)fd;
#endif
	return gbx_fail(err, GBX_E_VERSION, "this kernel does not tell when another process ends");
}

int gbx_child_start(gbx_child_fn fn, void *arg, struct gbx_child *child, struct gbx_error *err)
{
	GBX_AUTO_FD int in = -1;
	GBX_AUTO_FD int out = -1;
	sigset_t all, before;
	int ends[2];
	pid_t parent = getpid();

	if (pipe2(ends, O_CLOEXEC))
		return gbx_fail_errno(err, errno, "cannot make a pipe");
	in = ends[0];
	out = ends[1];
	/* No handler of the parent's may run in the child before they are reset. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid_t pid = fork();
	if (pid == 0)
		_exit(settle(parent, out) ? fn(arg, CHILD_OUT) : 127);
	int failed = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return gbx_fail_errno(err, failed, "cannot start a process");
	*child = (struct gbx_child){pid, in};
	in = -1;
	return 0;
}

void gbx_child_wait(struct gbx_child *child, int *status)
{
	int got = -1;
	pid_t rc;

	gbx_close(&child->fd);
	do
		rc = waitpid(child->pid, &got, 0);
	while (rc < 0 && errno == EINTR);
	*status = rc < 0 ? -1 : got;
	child->pid = 0;
}

void gbx_child_kill(struct gbx_child *child, int *status)
{
	int ignored;

	if (child->pid <= 0)
		return;
	kill(child->pid, SIGKILL);
	gbx_child_wait(child, status ? status : &ignored);
}

void gbx_child_abandon(struct gbx_child *child)
{
	if (child->pid <= 0)
		return;
	gbx_close(&child->fd);
	kill(child->pid, SIGKILL);
	(void)waitpid(child->pid, NULL, WNOHANG);
	child->pid = 0;
}

/* A sanitizer reserves terabytes for its own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

void gbx_child_lower(uint64_t memory)
{
	(void)setpriority(PRIO_PROCESS, 0, 19);
#ifdef __linux__
	(void)sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0});
	(void)syscall(SYS_ioprio_set, 1 /* this process */, 0, 3 << 13 /* idle */);
#endif
#ifndef SANITIZED
	struct rlimit limit = {memory, memory};
	if (memory)
		(void)setrlimit(RLIMIT_DATA, &limit);
#else
	(void)memory;
#endif
}

/* Milliseconds that may be waited, rounded up; -1 for ever. */
static int patience(const struct gbx_child_input *c, uint64_t start)
{
	uint64_t now = gbx_monotonic_nanos();
	uint64_t until = c->idle ? start + c->idle : UINT64_MAX;

	if (c->deadline && c->deadline < until)
		until = c->deadline;
	if (until == UINT64_MAX)
		return -1;
	if (until <= now)
		return 0;
	uint64_t ms = (until - now + 999999) / 1000000;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

static int child_read(struct gbx_input *in, void *buf, size_t len, size_t *got, struct gbx_error *err)
{
	struct gbx_child_input *c = (struct gbx_child_input *)in;
	uint64_t start = gbx_monotonic_nanos();

	for (;;) {
		struct pollfd p = {.fd = c->fd, .events = POLLIN};
		int ready = poll(&p, 1, patience(c, start));
		if (ready > 0)
			return gbx_read(c->fd, buf, len, got, err);
		if (ready == 0)
			return gbx_fail(err, GBX_E_TIMEOUT, "the process that should answer did not in time");
		if (errno != EINTR)
			return gbx_fail_errno(err, errno, "cannot wait for a process");
	}
}

void gbx_child_input(struct gbx_child_input *c, int fd, uint64_t deadline, uint64_t idle)
{
	*c = (struct gbx_child_input){{child_read}, fd, deadline, idle};
}

int gbx_child_ask(gbx_child_fn fn, void *arg, unsigned deadline_ms, void *out, size_t len, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes answer = {0};
	struct gbx_child child;
	struct gbx_child_input in;
	size_t got = 1;
	int rc = gbx_bytes_reserve(&answer, len, err);

	if (rc == 0)
		rc = gbx_child_start(fn, arg, &child, err);
	if (rc)
		return rc;
	gbx_child_input(&in, child.fd, gbx_monotonic_nanos() + (uint64_t)deadline_ms * 1000000u, 0);
	for (; rc == 0 && got && answer.len < len; answer.len += got)
		rc = child_read(&in.in, answer.data + answer.len, len - answer.len, &got, err);
	gbx_child_kill(&child, NULL);
	if (rc == 0 && answer.len < len)
		rc = gbx_fail(err, GBX_E_IO, "the process that should answer died");
	if (rc == 0)
		memcpy(out, answer.data, len);
	return rc;
}

bool gbx_child_ready(const struct gbx_child *child, uint64_t until)
{
	struct pollfd p = {child->fd, POLLIN, 0};

	for (;;) {
		uint64_t now = gbx_monotonic_nanos();
		uint64_t ms = until > now ? (until - now + 999999u) / 1000000u : 0;
		int ready = poll(&p, 1, ms > 1000 ? 1000 : (int)ms);
		if (ready > 0)
			return true;
		if (ms == 0)
			return false;
	}
}
