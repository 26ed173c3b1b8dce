/* glassbox-verify while memory, reads or its output fail: verify_faults CASE FOLDER, where FOLDER is what bundles_to_fail.py made.
 *
 * The whole program runs in a child process, once undisturbed and then once for each call that may fail. What may come out of it:
 * what came out undisturbed, or exit status 3 and a line that says why. Never another verdict, a crash, or something not freed.
 *
 * Every read of every bundle fails, and for a good one every call for memory; for the others, and with AddressSanitizer, which makes
 * a run ten times as long, every n-th. GLASSBOX_FAULTS=1 in the environment takes every call of everything. */
#include <fcntl.h>
#include <jansson.h>
#include <openssl/opensslv.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inject.h"

int glassbox_verify_main(int argc, char **argv); /* cli/main_verify.c's main */

enum { TEXT = 256 * 1024, ARGS = 12, DESCRIPTORS = 32 };

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

/* A command line, the exit status that it has undisturbed, and that only every step-th call for memory is made to fail. */
struct scene {
	int status;
	unsigned step;
	const char *argv[ARGS];
};

#define OPTIONS "--key", "key.pub", "--data", "set=data", "--artifacts", "out"

static const struct scene scenes[] = {
	{0, 1, {"good", OPTIONS, "-v"}},
	{0, 3, {"good.tar", OPTIONS, "--json"}},
	{0, 7, {"-", OPTIONS}},
	{0, 7, {"good", "--key", "key.pub", "--against", "good.tar"}},
	{1, 7, {"good", "--key", "key.pub", "--against", "another"}},
	{1, 13, {"good", "--key", "key.pub", "--data", "set=other", "--json"}},
	{1, 7, {"bad-code", OPTIONS}},
	{1, 7, {"bad-record", OPTIONS}},
	{1, 7, {"bad-note", OPTIONS}},
	{3, 7, {"bad-statement", OPTIONS}},
};
enum { SCENES = sizeof scenes / sizeof *scenes };

/* What a run came to; the child writes it. */
struct outcome {
	bool returned;
	int status;
	unsigned long count[INJECT_CALLS];
	long outstanding;
	int descriptors;
	size_t out_len, err_len;
	char out[TEXT], err[TEXT];
};

static const char *what; /* the case */
static struct outcome clean, *now;
static int failures;

static void fail(const struct scene *s, unsigned long at, const char *why)
{
	printf("%s: %s: call %lu: %s (exit status %d)\n%.*s%.*s\n", what, s->argv[0], at, why, now->status,
	       (int)(now->out_len < 600 ? now->out_len : 600), now->out, (int)now->err_len, now->err);
	if (++failures == 10) {
		printf("no more are shown\n");
		exit(1);
	}
}

static int open_descriptors(void)
{
	int open = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		open += fcntl(fd, F_GETFD) >= 0;
	return open;
}

static int memory_file(const char *name)
{
	int fd = memfd_create(name, 0);

	if (fd < 0) {
		perror("memfd_create");
		exit(1);
	}
	return fd;
}

/* good.tar on standard input; a pipe holds it. */
static void put_on_pipe(void)
{
	char data[64 * 1024];
	int end[2], tar = open("good.tar", O_RDONLY);
	ssize_t len = tar < 0 || pipe(end) ? -1 : read(tar, data, sizeof data);

	if (len <= 0 || len == sizeof data || write(end[1], data, (size_t)len) != len)
		_exit(9);
	dup2(end[0], STDIN_FILENO);
	close(end[0]);
	close(end[1]);
	close(tar);
}

static void run_inside(const struct scene *s, const struct inject_plan *plan)
{
	const char *argv[ARGS + 2] = {"glassbox-verify"};
	int argc = 1;

	for (; argc <= ARGS && s->argv[argc - 1]; argc++)
		argv[argc] = s->argv[argc - 1];
	if (strcmp(s->argv[0], "-") == 0)
		put_on_pipe();
	int before = open_descriptors();
	inject_arm(plan);
	now->status = glassbox_verify_main(argc, (char **)(uintptr_t)argv);
	inject_disarm();
	fflush(stdout);
	now->outstanding = inject_outstanding();
	now->descriptors = open_descriptors() - before;
	for (int i = 0; i < INJECT_CALLS; i++)
		now->count[i] = inject_count((enum inject_call)i);
	now->returned = true;
}

static size_t text_of(ssize_t len, char *text)
{
	text[len > 0 ? len : 0] = 0;
	return len > 0 ? (size_t)len : 0;
}

/* Runs the program once. out: where its standard output goes; most: how many bytes a file of it can grow to. False for a crash. What it
 * says on standard error is short, so that a pipe holds it. */
static bool run(const struct scene *s, const struct inject_plan *plan, int out, size_t most)
{
	int err[2], status;

	now->returned = false;
	if (pipe(err))
		return false;
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		struct rlimit room = {most, most};
		dup2(out, STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		close(out);
		close(err[0]);
		close(err[1]);
		signal(SIGXFSZ, SIG_IGN);
		signal(SIGPIPE, SIG_IGN);
		if (most != RLIM_INFINITY)
			setrlimit(RLIMIT_FSIZE, &room);
		run_inside(s, plan);
		/* LeakSanitizer looks now, where it is there; what OpenSSL loses without memory is not ours. */
		plan->call == INJECT_CRYPTO ? _exit(0) : exit(0);
	}
	close(err[1]);
	now->err_len = text_of(read(err[0], now->err, TEXT - 1), now->err);
	waitpid(child, &status, 0);
	now->out_len = text_of(pread(out, now->out, TEXT - 1, 0), now->out);
	close(err[0]);
	return now->returned && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool run_to_memory(const struct scene *s, const struct inject_plan *plan)
{
	int out = memory_file("out");
	bool lived = run(s, plan, out, RLIM_INFINITY);

	close(out);
	return lived;
}

static bool same_as_clean(void)
{
	return now->status == clean.status && now->out_len == clean.out_len && memcmp(now->out, clean.out, clean.out_len) == 0;
}

static bool says(const char *words)
{
	return strstr(now->out, words) || strstr(now->err, words);
}

/* OpenSSL 3.2 and newer end the process at places where they have no memory, which nobody who calls them can help. No verdict was told. */
static bool ended_by_openssl(const struct inject_plan *plan)
{
	return OPENSSL_VERSION_NUMBER >= 0x30200000L && plan->call == INJECT_CRYPTO && now->out_len == 0 &&
	       says("OpenSSL internal error: assertion failed");
}

static bool says_why(const struct inject_plan *plan)
{
	if (plan->call == INJECT_MEMORY)
		return says("no memory") || says("annot allocate memory") || says("cannot start a thread");
	if (plan->call == INJECT_CRYPTO)
		return says("OpenSSL") || says("no memory");
	return says("Input/output error");
}

static bool is_json_or_nothing(const struct scene *s)
{
	bool asked = false;

	for (int i = 0; i < ARGS && s->argv[i]; i++)
		asked = asked || strcmp(s->argv[i], "--json") == 0;
	if (!asked || now->out_len == 0)
		return true;
	json_t *json = json_loadb(now->out, now->out_len, 0, NULL);
	json_decref(json);
	return json != NULL;
}

static void judge(const struct scene *s, const struct inject_plan *plan)
{
	if (now->outstanding || now->descriptors)
		fail(s, plan->at, now->outstanding ? "memory was not freed" : "a descriptor was not closed");
	if (same_as_clean())
		return;
	if (now->status == 0)
		fail(s, plan->at, "verified, and not in the words of an undisturbed run");
	else if (plan->fault != INJECT_FAIL)
		fail(s, plan->at, "short and interrupted reads change nothing");
	else if (now->status != 3 && now->status != s->status)
		fail(s, plan->at, "a fault here is nothing against the evidence: expected exit status 3");
	else if (s->status == 0 && !says_why(plan))
		fail(s, plan->at, "it does not say why");
	else if (!is_json_or_nothing(s))
		fail(s, plan->at, "half a JSON document");
}

/* What OpenSSL sets up once takes most of the time of a run. Every run of the children has it to do, unless it was done before. */
static void set_up_openssl(const struct scene *s)
{
	const struct inject_plan none = {0};
	int out = dup(STDOUT_FILENO), quiet = open("/dev/null", O_WRONLY);

	dup2(quiet, STDOUT_FILENO);
	run_inside(s, &none);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(quiet);
}

static void run_clean(const struct scene *s)
{
	const struct inject_plan none = {0};

	if (!run_to_memory(s, &none) || now->status != s->status || now->outstanding || now->descriptors) {
		fail(s, 0, "the undisturbed run");
		exit(1);
	}
	clean = *now;
	if (!clean.count[INJECT_MEMORY] || !clean.count[INJECT_CRYPTO] || !clean.count[INJECT_LOOK] || !clean.count[INJECT_READ]) {
		fail(s, 0, "nothing of it comes through the linker's wrappers");
		exit(1);
	}
}

/* Each step-th call of this kind fails in turn. */
static void fail_each(const struct scene *s, struct inject_plan plan, unsigned long step)
{
	unsigned long tried = 0;

	for (plan.at = 0; plan.at < clean.count[plan.call]; plan.at += step, tried++)
		if (run_to_memory(s, &plan))
			judge(s, &plan);
		else if (!ended_by_openssl(&plan))
			fail(s, plan.at, "a crash or a leak");
	printf("%s: %s: %lu of %lu calls\n", what, s->argv[0], tried, clean.count[plan.call]);
}

/* Standard output takes a number of bytes and no more. */
static void fill_disk(const struct scene *s, unsigned long step)
{
	const struct inject_plan none = {0};
	char path[] = "/tmp/glassbox-full-XXXXXX";

	for (size_t room = 0; room < clean.out_len; room += step) {
		int out = mkstemp(path);
		if (out < 0 || unlink(path)) {
			perror(path);
			exit(1);
		}
		if (!run(s, &none, out, room))
			fail(s, room, "a crash or a leak");
		else if (now->status == 0)
			fail(s, room, "exit status 0, and its words are lost");
		else if (!says("cannot write"))
			fail(s, room, "it does not say why");
		close(out);
		memcpy(path + sizeof path - 7, "XXXXXX", 6);
	}
}

static void write_to(const struct scene *s, int out, const char *name)
{
	const struct inject_plan none = {0};

	if (out < 0 || !run(s, &none, out, RLIM_INFINITY) || now->status != 3 || !says("cannot write"))
		fail(s, 0, name);
	close(out);
}

static void lose_output(const struct scene *s, unsigned long step)
{
	int end[2];

	fill_disk(s, step);
	write_to(s, open("/dev/full", O_RDWR), "/dev/full");
	if (pipe(end))
		exit(1);
	close(end[0]);
	write_to(s, end[1], "a pipe that nobody reads");
}

/* Setting up OpenSSL takes thousands of blocks in code that is not ours: every n-th of them. */
static const struct {
	const char *name;
	unsigned step, sanitized_step;
	struct inject_plan plan;
} cases[] = {
	{"memory-once", 1, 41, {.call = INJECT_MEMORY, .fault = INJECT_FAIL}},
	{"memory-for-ever", 1, 41, {.call = INJECT_MEMORY, .fault = INJECT_FAIL, .for_ever = true}},
	{"crypto-once", 13, 301, {.call = INJECT_CRYPTO, .fault = INJECT_FAIL}},
	{"crypto-for-ever", 13, 301, {.call = INJECT_CRYPTO, .fault = INJECT_FAIL, .for_ever = true}},
	{"read-error-once", 1, 5, {.call = INJECT_LOOK, .fault = INJECT_FAIL}},
	{"read-error-for-ever", 1, 5, {.call = INJECT_LOOK, .fault = INJECT_FAIL, .for_ever = true}},
	{"short-read-once", 1, 5, {.call = INJECT_READ, .fault = INJECT_SHORT}},
	{"short-read-for-ever", 29, 89, {.call = INJECT_READ, .fault = INJECT_SHORT, .for_ever = true}},
	{"interrupted-once", 1, 5, {.call = INJECT_READ, .fault = INJECT_INTERRUPTED}},
	{"interrupted-for-ever", 5, 29, {.call = INJECT_READ, .fault = INJECT_INTERRUPTED, .for_ever = true}},
	{"lost-output", 13, 301, {0}},
};
enum { CASES = sizeof cases / sizeof *cases };

static unsigned long step_of(int chosen, const struct scene *s)
{
	unsigned long step = SANITIZED ? cases[chosen].sanitized_step : cases[chosen].step;

	if (getenv("GLASSBOX_FAULTS"))
		return 1;
	return cases[chosen].plan.call <= INJECT_CRYPTO ? step * s->step : step;
}

int main(int argc, char **argv)
{
	int chosen = -1;

	inject_init();
	for (int i = 0; i < CASES; i++)
		if (argc == 3 && strcmp(argv[1], cases[i].name) == 0)
			chosen = i;
	if (chosen < 0 || chdir(argv[2])) {
		fprintf(stderr, "verify_faults: expected CASE FOLDER\n");
		return 2;
	}
	what = cases[chosen].name;
	now = mmap(NULL, sizeof *now, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (now == MAP_FAILED)
		return 1;
	if (cases[chosen].plan.call != INJECT_CRYPTO)
		set_up_openssl(&scenes[0]);
	for (int i = 0; i < SCENES; i++) {
		run_clean(&scenes[i]);
		if (cases[chosen].plan.fault)
			fail_each(&scenes[i], cases[chosen].plan, step_of(chosen, &scenes[i]));
		else
			lose_output(&scenes[i], step_of(chosen, &scenes[i]));
	}
	printf("%s: %s\n", what, failures ? "FAILED" : "ok");
	return failures != 0;
}
