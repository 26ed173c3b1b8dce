#include "run/job.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

extern char **environ;

/* All signals but those of a fault, which end us whether blocked or not and are easier to find when not. */
static void handled_signals(sigset_t *set)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};

	sigfillset(set);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		sigdelset(set, faults[i]);
}

int gbx_job_prepare(struct gbx_job *c, struct gbx_error *err)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t set;

	handled_signals(&set);
	*c = (struct gbx_job){.witness = {.from = -1}, .output = {-1, -1}};
	/* Where it is ignored, the kernel would throw the job's status away. The job gets it back as it was. */
	if (sigaction(SIGCHLD, &standard, &c->chld))
		return gbx_fail_errno(err, errno, "cannot prepare to wait for the job");
	int sys = pthread_sigmask(SIG_BLOCK, &set, &c->mask);
	if (sys)
		return gbx_fail_errno(err, sys, "cannot block signals");
	c->prepared = true;
	return 0;
}

void gbx_job_restore(const struct gbx_job *c)
{
	if (!c->prepared)
		return;
	(void)sigaction(SIGCHLD, &c->chld, NULL);
	(void)pthread_sigmask(SIG_SETMASK, &c->mask, NULL);
}

int gbx_job_exec_status(int exec_errno)
{
	return exec_errno == ENOENT ? 127 : 126;
}

static bool same_name(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return strncmp(a, b, len) == 0 && b[len] == '=';
}

static bool is_replaced(const char *variable, char *const *extra)
{
	for (; *extra; extra++)
		if (same_name(*extra, variable))
			return true;
	return false;
}

/* A list of our own; the texts are borrowed. */
static int make_environment(char *const *extra, char ***out, struct gbx_error *err)
{
	size_t most = 1, n = 0;

	for (char **e = environ; e && *e; e++)
		most++;
	for (char *const *e = extra; *e; e++)
		most++;
	char **env = gbx_calloc(most, sizeof *env);
	if (!env)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the job's environment");
	for (char **e = environ; e && *e; e++)
		if (!is_replaced(*e, extra))
			env[n++] = *e;
	for (; *extra; extra++)
		env[n++] = *extra;
	*out = env;
	return 0;
}

static void free_environment(char ***env)
{
	gbx_free(*env);
}

/* In the new process. Nothing that may take a lock: another thread might have held it. */
_Noreturn static void become_job(const struct gbx_job *c, char *const *argv, char *const *env, int parent_death, int to)
{
	if (parent_death)
		(void)prctl(PR_SET_PDEATHSIG, parent_death);
	for (int i = 0; i < 2; i++)
		if (c->output[i] >= 0)
			(void)dup2(c->output[i], i + 1);
	gbx_job_restore(c);
	execvpe(argv[0], argv, env);
	int sys = errno;
	(void)!gbx_write(to, &sys, sizeof sys, NULL);
	_exit(127);
}

/* The job's errno, or 0 when the pipe was closed by its exec. */
static int read_exec_errno(int from)
{
	int sys = 0;
	size_t got = 0;

	return gbx_read(from, &sys, sizeof sys, &got, NULL) == 0 && got == sizeof sys ? sys : 0;
}

/* True where PATH has a file of that name, whether or not it may be executed. */
static bool is_in_path(const char *name)
{
	const char *path = getenv("PATH");

	for (const char *at = path; at; at = *at ? at + 1 : NULL) {
		size_t len = strcspn(at, ":");
		GBX_AUTO_STRING char *file = gbx_asprintf("%.*s%s%s", (int)len, at, len ? "/" : "", name);
		struct stat st;
		if (file && gbx_stat(file, &st, NULL) == 0 && !S_ISDIR(st.st_mode))
			return true;
		at += len;
	}
	return false;
}

/* execvp says EACCES also where a folder of PATH may not be searched and the command is nowhere; a shell says "not found". */
static int true_errno(int sys, const char *name)
{
	return sys == EACCES && !strchr(name, '/') && getenv("PATH") && !is_in_path(name) ? ENOENT : sys;
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int spawn(struct gbx_job *c, char *const *argv, char *const *env, int *exec_errno, struct gbx_error *err)
{
	GBX_AUTO_FD int from = -1;
	GBX_AUTO_FD int to = -1;
	int parent_death = 0;
	int rc = gbx_pipe(&from, &to, err);

	if (rc)
		return rc;
	(void)prctl(PR_GET_PDEATHSIG, &parent_death);
	(void)sigpending(&c->early);
	uint64_t started = gbx_now_nanos();
	pid_t pid = fork();
	if (pid == 0)
		become_job(c, argv, env, parent_death, to);
	if (pid < 0)
		return gbx_fail_errno(err, errno, "cannot start a process for '%s'", argv[0]);
	gbx_close(&to);
	*exec_errno = true_errno(read_exec_errno(from), argv[0]);
	if (*exec_errno) {
		reap(pid);
		return 0;
	}
	c->pid = pid;
	c->started_nanos = started;
	return 0;
}

int gbx_job_start(char *const *argv, char *const *extra, struct gbx_job *c, int *exec_errno, struct gbx_error *err)
{
	static char *const none[] = {NULL};
	GBX_CLEANUP(free_environment) char **env = NULL;

	if (!c->prepared || !argv[0])
		return gbx_fail(err, GBX_E_USAGE, "no command to run, or gbx_job_prepare was not called");
	int rc = make_environment(extra ? extra : none, &env, err);
	if (rc)
		return rc;
	/* Without a witness signals for the whole group come twice; no reason not to run. */
	if (gbx_witness_start(&c->witness, NULL))
		c->witness.pid = 0;
	rc = spawn(c, argv, env, exec_errno, err);
	if (c->pid == 0)
		gbx_job_release(c);
	return rc;
}

void gbx_job_release(struct gbx_job *c)
{
	gbx_witness_end(&c->witness);
}

/* True where the job should have this signal and does not. */
static bool is_for_job(struct gbx_job *c, const siginfo_t *si)
{
	/* Of our own children, our own broken pipes and file size limit; and what the job and the witness send. */
	if ((si->si_signo == SIGCHLD && si->si_code > 0) || si->si_pid == getpid() || si->si_pid == c->pid ||
	    (c->witness.pid && si->si_pid == c->witness.pid))
		return false;
	if (sigismember(&c->early, si->si_signo)) {
		sigdelset(&c->early, si->si_signo);
		return true;
	}
	if (si->si_code > 0)
		return si->si_signo == SIGALRM;
	return !gbx_witness_saw(&c->witness, si->si_signo, si->si_pid);
}

static void pass_on(const struct gbx_job *c, const siginfo_t *si)
{
	/* A job under another user (sudo) may refuse; it is signalled by those who may. */
	if (si->si_code == SI_QUEUE)
		(void)sigqueue(c->pid, si->si_signo, si->si_value);
	else
		(void)kill(c->pid, si->si_signo);
}

/* Stops this process as the job was stopped. Returns when it was continued, or at once where the kernel does not stop a process
 * whose group no shell looks after. */
static void stop_by(int signal)
{
	struct sigaction standard = {.sa_handler = SIG_DFL}, was;
	sigset_t one;
	/* SIGSTOP's cannot be set and need not be. */
	bool set = sigaction(signal, &standard, &was) == 0;

	sigemptyset(&one);
	sigaddset(&one, signal);
	(void)kill(getpid(), signal);
	(void)pthread_sigmask(SIG_UNBLOCK, &one, NULL);
	(void)pthread_sigmask(SIG_BLOCK, &one, NULL);
	if (set)
		(void)sigaction(signal, &was, NULL);
}

/* The CONT that continues us waits to be dealt with like any other: one for us alone is passed on to the job. */
static void stop_with_job(const struct gbx_job *c, int signal)
{
	gbx_witness_watch(&c->witness, c->pid);
	stop_by(signal);
	gbx_witness_unwatch(&c->witness);
}

static uint64_t micros(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_usec;
}

static struct gbx_job_end end_of(int status, const struct rusage *used)
{
	bool exited = WIFEXITED(status);

	return (struct gbx_job_end){.exited = exited,
				      .status = exited ? WEXITSTATUS(status) : WTERMSIG(status),
				      .core = !exited && WCOREDUMP(status),
				      .ended_nanos = gbx_now_nanos(),
				      .user_micros = micros(used->ru_utime),
				      .system_micros = micros(used->ru_stime),
				      .max_rss_bytes = (uint64_t)used->ru_maxrss * 1024};
}

/* What reached us together with the job's end was about the job: gbx_job_hurried asks for what comes later. */
static void forget_signals(void)
{
	const struct timespec now = {0};
	sigset_t set;

	handled_signals(&set);
	while (sigtimedwait(&set, NULL, &now) > 0 || errno == EINTR)
		;
}

/* 1 where the job has ended, 0 where it runs. Stops and continues on the way. */
static int look(struct gbx_job *c, struct gbx_job_end *end, struct gbx_error *err)
{
	struct rusage used = {0};
	int status = 0;

	for (;;) {
		pid_t pid = wait4(c->pid, &status, WNOHANG | WUNTRACED | WCONTINUED, &used);
		if (pid == 0)
			return 0;
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return gbx_fail_errno(err, errno, "cannot wait for process %ld", (long)c->pid);
		if (WIFSTOPPED(status))
			stop_with_job(c, WSTOPSIG(status));
		else if (!WIFCONTINUED(status))
			break;
	}
	*end = end_of(status, &used);
	c->pid = 0;
	gbx_job_release(c);
	forget_signals();
	return 1;
}

/* The next signal until then, 0 when none came. */
static int next_signal(uint64_t until, bool for_ever, siginfo_t *si)
{
	sigset_t set;
	uint64_t now = gbx_monotonic_nanos();
	uint64_t left = until > now ? until - now : 0;
	struct timespec t = {(time_t)(left / 1000000000u), (long)(left % 1000000000u)};

	handled_signals(&set);
	int sig = sigtimedwait(&set, si, for_ever ? NULL : &t);
	return sig > 0 ? sig : 0;
}

int gbx_job_wait(struct gbx_job *c, int timeout_ms, struct gbx_job_end *end, struct gbx_error *err)
{
	uint64_t until = gbx_monotonic_nanos() + (timeout_ms > 0 ? (uint64_t)timeout_ms * 1000000u : 0);
	siginfo_t si;

	if (c->pid == 0)
		return gbx_fail(err, GBX_E_USAGE, "there is no job to wait for");
	for (;;) {
		int rc = look(c, end, err);
		if (rc)
			return rc;
		if (next_signal(until, timeout_ms < 0, &si)) {
			if (is_for_job(c, &si))
				pass_on(c, &si);
		} else if (timeout_ms >= 0 && gbx_monotonic_nanos() >= until) {
			return 0;
		}
	}
}

bool gbx_job_hurried(void)
{
	static const int asking[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	sigset_t set;

	if (sigpending(&set))
		return false;
	for (size_t i = 0; i < sizeof asking / sizeof *asking; i++)
		if (sigismember(&set, asking[i]))
			return true;
	return false;
}
