/* The job behind the recorder must not be able to tell, nor those who signal it. This program is test, recorder and job: with
 * arguments it is the job. */
#include <fcntl.h>
#include <pty.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "run/job.h"
#include "test.h"

#define NO_JOB 99 /* a recorder's exit status when something of ours failed */

static char dir[64], *self;

/* What the recorder tells the test. */
struct shared {
	_Atomic pid_t job, witness;
	struct gbx_job_end end;
};
static struct shared *shared;

static const char *at(const char *name)
{
	static char path[4][128];
	static unsigned turn;

	snprintf(path[++turn % 4], sizeof *path, "%s/%s", dir, name);
	return path[turn % 4];
}

static void pause_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static size_t load(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(out, 1, size - 1, f) : 0;

	out[n] = 0;
	if (f)
		fclose(f);
	return n;
}

static int count(const char *path, const char *what)
{
	char text[8192];
	int n = 0;

	load(path, text, sizeof text);
	for (const char *p = text; (p = strstr(p, what)); p++)
		n++;
	return n;
}

/* Waits up to 10 s for `what` to stand in the file n times. */
static void wait_for(const char *path, const char *what, int n)
{
	for (int i = 0; i < 1000 && count(path, what) < n; i++)
		pause_ms(10);
	assert_int_equal(count(path, what), n);
}

/* Job: writes each signal's number to a file; TERM ends it. */
static int count_signals(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	sigset_t all;
	siginfo_t si;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	dprintf(fd, "ready\n");
	for (;;) {
		int sig = sigwaitinfo(&all, &si);
		if (sig == SIGCHLD)
			continue;
		dprintf(fd, "<%d:%d>\n", sig, si.si_code == SI_QUEUE ? si.si_value.sival_int : 0);
		if (sig == SIGTERM)
			return 7;
	}
}

static int job(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "count") == 0)
		return count_signals(argv[2]);
	if (argc == 3 && strcmp(argv[1], "signals") == 0) {
		char text[8192];
		load("/proc/self/status", text, sizeof text);
		int fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
		char *from = strstr(text, "SigBlk:"), *to = strstr(text, "SigCgt:");
		return from && to && write(fd, from, (size_t)(to - from)) > 0 ? 0 : 1;
	}
	if (argc == 3 && strcmp(argv[1], "raise") == 0) {
		signal(atoi(argv[2]), SIG_DFL);
		raise(atoi(argv[2]));
		return 97;
	}
	if (strcmp(argv[1], "death") == 0) {
		int sig = 0;
		prctl(PR_GET_PDEATHSIG, &sig);
		return sig;
	}
	return 98;
}

/* The recorder's whole life; returns what glassbox run would exit with. */
static int record_with(char *const *argv, char *const *extra, void (*before)(void))
{
	struct gbx_job c = {0};
	struct gbx_error err;
	int failed = 0;

	if (gbx_job_prepare(&c, &err))
		return NO_JOB;
	if (before)
		before();
	if (gbx_job_start(argv, extra, &c, &failed, &err))
		return NO_JOB;
	if (failed)
		return waitpid(-1, NULL, WNOHANG) < 0 ? gbx_job_exec_status(failed) : NO_JOB;
	shared->witness = c.witness.pid;
	shared->job = c.pid;
	if (gbx_job_wait(&c, -1, &shared->end, &err) != 1)
		return NO_JOB;
	return shared->end.exited ? shared->end.status : 128 + shared->end.status;
}

/* The group of a recorder that was not waited for yet. */
static pid_t running;

/* A test that failed leaves nothing behind that holds our output open. */
static void end_running(void)
{
	if (running)
		kill(-running, SIGKILL);
	running = 0;
}

/* Starts a recorder in a process group of its own, as a shell would. */
static pid_t start_recorder(const char *const *argv, void (*given)(void), void (*before)(void))
{
	end_running();
	shared->job = shared->witness = 0;
	pid_t pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		if (given)
			given();
		_exit(record_with((char *const *)(uintptr_t)argv, NULL, before));
	}
	assert_true(pid > 0);
	setpgid(pid, pid);
	running = pid;
	return pid;
}

/* A recorder of a job that counts signals into a new file. */
static pid_t start_counting(char path[128], void (*given)(void), void (*before)(void))
{
	static int n;

	snprintf(path, 128, "%s/count%d", dir, n++);
	const char *const argv[] = {self, "count", path, NULL};
	pid_t pid = start_recorder(argv, given, before);
	wait_for(path, "ready", 1);
	for (int i = 0; i < 1000 && !shared->job; i++)
		pause_ms(1);
	assert_true(shared->job > 0);
	return pid;
}

static int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	running = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Runs a recorder to its end. */
static int record(const char *const *argv)
{
	return status_of(start_recorder(argv, NULL, NULL));
}

static void sent(char out[32], int sig)
{
	snprintf(out, 32, "<%d:0>", sig);
}

static void every_exit_status_is_the_jobs(void **state)
{
	char script[32];

	(void)state;
	for (int i = 0; i <= 255; i++) {
		snprintf(script, sizeof script, "exit %d", i);
		const char *const argv[] = {"sh", "-c", script, NULL};
		assert_int_equal(record(argv), i);
		assert_true(shared->end.exited && !shared->end.core);
	}
}

static void every_signal_is_128_and_its_number(void **state)
{
	static const int harmless[] = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
	char number[16];

	(void)state;
	for (int sig = 1; sig <= SIGRTMAX; sig++) {
		bool skip = sig > 31 && sig < SIGRTMIN;
		for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
			skip = skip || sig == harmless[i];
		if (skip)
			continue;
		snprintf(number, sizeof number, "%d", sig);
		const char *const argv[] = {self, "raise", number, NULL};
		assert_int_equal(record(argv), 128 + sig);
		assert_false(shared->end.exited);
	}
}

static void a_core_file_is_told(void **state)
{
	const char *const none[] = {"sh", "-c", "ulimit -c 0; kill -ABRT $$", NULL};
	const char *const one[] = {"sh", "-c", "ulimit -c unlimited && cd \"$0\" && kill -ABRT $$", dir, NULL};

	(void)state;
	assert_int_equal(record(none), 128 + SIGABRT);
	assert_false(shared->end.core);
	/* Where the hard limit or the kernel's pattern allows none, there is nothing to see. */
	if (record(one) == 128 + SIGABRT)
		printf("core file: %s\n", shared->end.core ? "yes" : "not allowed here");
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	chmod(path, mode);
}

static void what_cannot_be_executed_is_127_or_126(void **state)
{
	const char *const missing[] = {"glassbox-no-such-command", NULL}, *const nowhere[] = {"/nowhere/x", NULL};
	const char *const folder[] = {dir, NULL}, *const empty[] = {"", NULL};

	(void)state;
	assert_int_equal(record(missing), 127);
	assert_int_equal(record(nowhere), 127);
	assert_int_equal(record(empty), 127);
	assert_int_equal(record(folder), 126);
	write_file(at("plain"), "#!/bin/sh\nexit 3\n", 0600);
	const char *const plain[] = {at("plain"), NULL};
	assert_int_equal(record(plain), 126);
	/* In PATH: a file that may not be executed, and a folder that may not be searched. */
	GBX_AUTO_STRING char *was = gbx_strdup(getenv("PATH"));
	const char *const named[] = {"plain", NULL};
	setenv("PATH", dir, 1);
	assert_int_equal(record(named), 126);
	assert_int_equal(record(missing), 127);
	assert_int_equal(mkdir(at("closed"), 0), 0);
	setenv("PATH", at("closed"), 1);
	assert_int_equal(record(missing), 127);
	setenv("PATH", was, 1);
	chmod(at("closed"), 0700);
	/* The interpreter is what is not found. */
	write_file(at("orphan"), "#!/nowhere/sh\n", 0700);
	const char *const orphan[] = {at("orphan"), NULL};
	assert_int_equal(record(orphan), 127);
}

static void a_script_without_interpreter_is_for_sh(void **state)
{
	(void)state;
	write_file(at("script"), "exit 5\n", 0700);
	const char *const argv[] = {at("script"), "a", NULL};
	assert_int_equal(record(argv), 5);
}

static void a_signal_for_the_recorder_alone_reaches_the_job_once(void **state)
{
	static const int all[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU,
				  SIGPIPE, SIGXCPU, SIGABRT, SIGIO, SIGPROF, SIGURG};
	char path[128], what[32];

	(void)state;
	pid_t pid = start_counting(path, NULL, NULL);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		sent(what, all[i]);
		kill(pid, all[i]);
		wait_for(path, what, 1);
	}
	union sigval v = {.sival_int = 42};
	sigqueue(pid, SIGRTMIN + 3, v);
	wait_for(path, ":42>", 1);
	kill(pid, SIGTERM);
	assert_int_equal(status_of(pid), 7);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		sent(what, all[i]);
		assert_int_equal(count(path, what), 1);
	}
}

static void a_signal_for_the_group_reaches_the_job_once(void **state)
{
	static const int all[] = {SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGWINCH, SIGQUIT, SIGUSR1, SIGUSR1};
	char path[128], what[32];

	(void)state;
	pid_t pid = start_counting(path, NULL, NULL);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		kill(-pid, all[i]);
		pause_ms(120);
	}
	for (size_t i = 0; i < 6; i++) {
		sent(what, all[i]);
		assert_int_equal(count(path, what), all[i] == SIGUSR1 ? 3 : 1);
	}
	/* The next one for us alone is not mistaken for one of those. */
	kill(pid, SIGHUP);
	sent(what, SIGHUP);
	wait_for(path, what, 2);
	kill(-pid, SIGTERM);
	assert_int_equal(status_of(pid), 7);
}

/* As Slurm and systemd do: every process of a cgroup, one after the other. */
static void a_signal_for_each_process_reaches_the_job_once(void **state)
{
	char path[128], what[32];

	(void)state;
	sent(what, SIGUSR1);
	for (int order = 0; order < 2; order++) {
		pid_t pid = start_counting(path, NULL, NULL);
		pid_t list[3] = {pid, shared->job, shared->witness};
		assert_true(list[2] > 0);
		for (int i = 0; i < 3; i++)
			kill(list[order ? 2 - i : i], SIGUSR1);
		pause_ms(200);
		assert_int_equal(count(path, what), 1);
		kill(pid, SIGTERM);
		assert_int_equal(status_of(pid), 7);
	}
}

static void ignore_hup_and_chld(void)
{
	sigset_t set;

	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Runs argv bare, given the same. */
static int bare(const char *const *argv, void (*given)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		given();
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(NO_JOB);
	}
	return status_of(pid);
}

static void nothing_given(void)
{
}

static void compare_bare(const char *script, void (*given)(void), char text[8192])
{
	char other[8192], command[512];

	snprintf(command, sizeof command, "exec >%s/bare; %s", dir, script);
	const char *const one[] = {"sh", "-c", command, NULL};
	assert_int_equal(bare(one, given), 0);
	load(at("bare"), other, sizeof other);
	snprintf(command, sizeof command, "exec >%s/ours; %s", dir, script);
	assert_int_equal(status_of(start_recorder(one, given, NULL)), 0);
	assert_true(load(at("ours"), text, 8192) > 0);
	assert_string_equal(text, other);
}

/* Signals as a job sees them that is no shell: shells set some for themselves. */
static void read_signals(char text[8192], void (*given)(void), bool ours)
{
	const char *const argv[] = {self, "signals", at("signals"), NULL};

	assert_int_equal(ours ? status_of(start_recorder(argv, given, NULL)) : bare(argv, given), 0);
	assert_true(load(at("signals"), text, 8192) > 0);
}

static void mask_and_dispositions_are_as_given(void **state)
{
	char ours[8192], other[8192];
	unsigned long long blocked = 0, ignored = 0;

	(void)state;
	read_signals(other, ignore_hup_and_chld, false);
	read_signals(ours, ignore_hup_and_chld, true);
	assert_string_equal(ours, other);
	assert_int_equal(sscanf(ours, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
	assert_true(blocked == 1ull << (SIGUSR2 - 1));
	assert_true(ignored & 1ull << (SIGHUP - 1) && ignored & 1ull << (SIGCHLD - 1));
	read_signals(other, nothing_given, false);
	read_signals(ours, nothing_given, true);
	assert_string_equal(ours, other);
	assert_int_equal(sscanf(ours, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
	assert_true(blocked == 0 && !(ignored & 1ull << (SIGPIPE - 1)));
}

static void descriptors_limits_and_group_are_as_given(void **state)
{
	char text[8192];

	(void)state;
	compare_bare("ls /proc/self/fd | tr '\\n' ' '; umask; ulimit -a; pwd; nice; env | grep -v ^_= | sort", nothing_given, text);
	compare_bare("test $(ps -o pgid= -p $$) = $(ps -o pid= -p $(ps -o pgid= -p $$)) && echo group", nothing_given, text);
}

static void close_standard(void)
{
	close(0);
	close(2);
}

static void closed_standard_descriptors_stay_closed(void **state)
{
	char text[8192];

	(void)state;
	compare_bare("exec ls /proc/self/fd", close_standard, text);
}

static void ignored_children_are_waited_for_all_the_same(void **state)
{
	const char *const argv[] = {"sh", "-c", "exit 9", NULL};

	(void)state;
	assert_int_equal(status_of(start_recorder(argv, ignore_hup_and_chld, NULL)), 9);
}

static void set_timer(void)
{
	struct itimerval t = {.it_value = {0, 600000}};

	setitimer(ITIMER_REAL, &t, NULL);
}

static void a_timer_set_before_us_is_the_jobs(void **state)
{
	char path[128];

	(void)state;
	pid_t pid = start_counting(path, set_timer, NULL);
	wait_for(path, "<14:0>", 1);
	kill(pid, SIGTERM);
	assert_int_equal(status_of(pid), 7);
}

/* Between the blocking of signals and the job's start: waits for Ctrl-C. */
static void await_interrupt(void)
{
	sigset_t pending;

	shared->job = -1;
	do {
		pause_ms(1);
		sigpending(&pending);
	} while (!sigismember(&pending, SIGINT));
}

static void a_key_before_the_job_is_not_lost(void **state)
{
	const char *const argv[] = {"sleep", "20", NULL};
	int terminal;

	(void)state;
	shared->job = 0;
	pid_t pid = forkpty(&terminal, NULL, NULL, NULL);
	if (pid == 0)
		_exit(record_with((char *const *)(uintptr_t)argv, NULL, await_interrupt));
	assert_true(pid > 0);
	running = pid;
	for (int i = 0; i < 5000 && shared->job != -1; i++)
		pause_ms(1);
	assert_int_equal(write(terminal, "\3", 1), 1);
	assert_int_equal(status_of(pid), 128 + SIGINT);
	close(terminal);
}

static void parent_death(void)
{
	prctl(PR_SET_PDEATHSIG, SIGUSR2);
}

static void the_parents_death_signal_is_the_jobs_too(void **state)
{
	const char *const argv[] = {self, "death", NULL};

	(void)state;
	assert_int_equal(status_of(start_recorder(argv, parent_death, NULL)), SIGUSR2);
	assert_int_equal(status_of(start_recorder(argv, NULL, NULL)), 0);
}

static char state_of(pid_t pid)
{
	char path[64], text[512];

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	load(path, text, sizeof text);
	const char *p = strrchr(text, ')');
	return p ? p[2] : 0;
}

static void wait_state(pid_t pid, bool stopped)
{
	for (int i = 0; i < 500 && (state_of(pid) == 'T') != stopped; i++)
		pause_ms(10);
	assert_int_equal(state_of(pid) == 'T', stopped);
}

static void expect_stop(pid_t pid, int sig)
{
	int status;

	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(WSTOPSIG(status), sig);
}

static void a_stopped_job_stops_the_recorder_until_it_is_continued(void **state)
{
	const char *const argv[] = {"sleep", "30", NULL};

	(void)state;
	pid_t pid = start_recorder(argv, NULL, NULL);
	for (int i = 0; i < 1000 && !shared->job; i++)
		pause_ms(1);
	/* As Ctrl-Z and fg. */
	kill(-pid, SIGTSTP);
	expect_stop(pid, SIGTSTP);
	wait_state(shared->job, true);
	kill(-pid, SIGCONT);
	wait_state(pid, false);
	wait_state(shared->job, false);
	pause_ms(50);
	/* The job alone is stopped, the recorder alone continued. */
	kill(shared->job, SIGSTOP);
	expect_stop(pid, SIGSTOP);
	kill(pid, SIGCONT);
	wait_state(pid, false);
	wait_state(shared->job, false);
	pause_ms(50);
	/* The job alone is stopped and continued. */
	kill(shared->job, SIGSTOP);
	expect_stop(pid, SIGSTOP);
	kill(shared->job, SIGCONT);
	wait_state(pid, false);
	wait_state(shared->job, false);
	kill(pid, SIGTERM);
	assert_int_equal(status_of(pid), 128 + SIGTERM);
}

static void a_key_at_the_terminal_reaches_the_job_once(void **state)
{
	char path[128];
	int terminal;

	(void)state;
	snprintf(path, sizeof path, "%s/terminal", dir);
	const char *const argv[] = {self, "count", path, NULL};
	pid_t pid = forkpty(&terminal, NULL, NULL, NULL);
	if (pid == 0)
		_exit(record_with((char *const *)(uintptr_t)argv, NULL, NULL));
	assert_true(pid > 0);
	running = pid;
	wait_for(path, "ready", 1);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(write(terminal, "\3", 1), 1);
		wait_for(path, "<2:0>", i);
		pause_ms(100);
	}
	assert_int_equal(write(terminal, "\034", 1), 1);
	wait_for(path, "<3:0>", 1);
	struct winsize size = {40, 100, 0, 0};
	ioctl(terminal, TIOCSWINSZ, &size);
	wait_for(path, "<28:0>", 1);
	pause_ms(100);
	assert_int_equal(count(path, "<2:0>"), 3);
	assert_int_equal(count(path, "<28:0>"), 1);
	kill(pid, SIGTERM);
	assert_int_equal(status_of(pid), 7);
	close(terminal);
}

static void the_witness_dies_with_us_and_is_not_found_by_name(void **state)
{
	char path[128], name[64], text[512];

	(void)state;
	pid_t pid = start_counting(path, NULL, NULL);
	pid_t job_pid = shared->job, witness = shared->witness;
	snprintf(name, sizeof name, "/proc/%d/cmdline", (int)witness);
	load(name, text, sizeof text);
	assert_string_equal(text, "gbx-witness");
	snprintf(name, sizeof name, "/proc/%d/comm", (int)witness);
	load(name, text, sizeof text);
	assert_string_equal(text, "gbx-witness\n");
	snprintf(name, sizeof name, "ls /proc/%d/fd | wc -l", (int)witness);
	FILE *f = popen(name, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof text, f));
	pclose(f);
	assert_int_equal(atoi(text), 1);
	kill(pid, SIGKILL);
	assert_int_equal(status_of(pid), 128 + SIGKILL);
	for (int i = 0; i < 500 && kill(witness, 0) == 0 && state_of(witness) != 'Z'; i++)
		pause_ms(10);
	assert_true(kill(witness, 0) != 0 || state_of(witness) == 'Z');
	assert_int_equal(kill(job_pid, SIGTERM), 0);
}

static void extra_variables_are_added_and_replace(void **state)
{
	char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"test \"$GBX_A$GBX_B$GBX_AB\" = \"1 2x\""}, NULL};
	char *const extra[] = {(char[]){"GBX_A=1 "}, (char[]){"GBX_B=2"}, NULL};

	(void)state;
	setenv("GBX_A", "old", 1);
	setenv("GBX_AB", "x", 1);
	pid_t pid = fork();
	if (pid == 0)
		_exit(record_with(argv, extra, NULL));
	assert_int_equal(status_of(pid), 0);
}

static void waiting_ends_at_its_time_and_daemons_are_left_alone(void **state)
{
	char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"setsid sleep 3 >/dev/null 2>&1 & sleep 0.3; exit 4"}, NULL};
	struct gbx_job c = {0};
	struct gbx_job_end end;
	int failed = 1;

	(void)state;
	uint64_t start = gbx_monotonic_nanos(), day = gbx_now_nanos();
	assert_int_equal(gbx_job_prepare(&c, NULL), 0);
	assert_int_equal(gbx_job_start(argv, NULL, &c, &failed, NULL), 0);
	assert_int_equal(failed, 0);
	assert_int_equal(gbx_job_wait(&c, 0, &end, NULL), 0);
	assert_int_equal(gbx_job_wait(&c, 50, &end, NULL), 0);
	assert_int_equal(gbx_job_wait(&c, 60000, &end, NULL), 1);
	uint64_t took = gbx_monotonic_nanos() - start;
	assert_true(took > 300000000u && took < 2500000000u);
	assert_int_equal(end.status, 4);
	assert_true(c.started_nanos >= day && end.ended_nanos - c.started_nanos > 290000000u);
	assert_true(end.max_rss_bytes > 100000 && end.max_rss_bytes < 1000000000u);
	assert_int_equal(gbx_job_wait(&c, 0, &end, NULL), GBX_E_USAGE);
	assert_false(gbx_job_hurried());
	raise(SIGINT);
	assert_true(gbx_job_hurried());
	sigset_t pending;
	sigpending(&pending);
	int sig;
	sigwait(&pending, &sig);
}

static void processor_time_is_the_jobs(void **state)
{
	const char *const argv[] = {"sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done", NULL};

	(void)state;
	assert_int_equal(record(argv), 0);
	uint64_t used = shared->end.user_micros + shared->end.system_micros;
	assert_true(used > 10000 && used < 60000000u);
}

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/gbx-child-XXXXXX");
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return mkdtemp(dir) && shared != MAP_FAILED ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	end_running();
	return gbx_remove_tree(dir, NULL);
}

int main(int argc, char **argv)
{
	static char path[4096];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signal_for_the_recorder_alone_reaches_the_job_once),
		cmocka_unit_test(a_signal_for_the_group_reaches_the_job_once),
		cmocka_unit_test(a_signal_for_each_process_reaches_the_job_once),
		cmocka_unit_test(mask_and_dispositions_are_as_given),
		cmocka_unit_test(descriptors_limits_and_group_are_as_given),
		cmocka_unit_test(closed_standard_descriptors_stay_closed),
		cmocka_unit_test(ignored_children_are_waited_for_all_the_same),
		cmocka_unit_test(a_timer_set_before_us_is_the_jobs),
		cmocka_unit_test(a_key_before_the_job_is_not_lost),
		cmocka_unit_test(the_parents_death_signal_is_the_jobs_too),
		cmocka_unit_test(a_stopped_job_stops_the_recorder_until_it_is_continued),
		cmocka_unit_test(a_key_at_the_terminal_reaches_the_job_once),
		cmocka_unit_test(the_witness_dies_with_us_and_is_not_found_by_name),
		cmocka_unit_test(every_exit_status_is_the_jobs),
		cmocka_unit_test(every_signal_is_128_and_its_number),
		cmocka_unit_test(a_core_file_is_told),
		cmocka_unit_test(what_cannot_be_executed_is_127_or_126),
		cmocka_unit_test(a_script_without_interpreter_is_for_sh),
		cmocka_unit_test(extra_variables_are_added_and_replace),
		cmocka_unit_test(processor_time_is_the_jobs),
		/* The last one: it leaves signals blocked in this process. */
		cmocka_unit_test(waiting_ends_at_its_time_and_daemons_are_left_alone),
	};

	if (argc > 1)
		return job(argc, argv);
	if (readlink("/proc/self/exe", path, sizeof path - 1) < 0)
		return 1;
	self = path;
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
