/* The software of running processes: real ones, that wait on a pipe until they were looked at. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "capture/elf.h"
#include "capture/process.h"
#include "capture/watch.h"
#include "digest/files.h"
#include "scratch.h"

/* A process that says a word when it is ready, and ends when its standard input does. */
struct job {
	pid_t pid;
	int in;
};

static struct job start(const char *const *argv)
{
	struct job j = {0};
	int in[2], out[2];
	char word;

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	j.pid = fork();
	if (j.pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	assert_int_equal(read(out[0], &word, 1), 1);
	close(out[0]);
	j.in = in[1];
	return j;
}

static void end(struct job *j)
{
	int status;

	close(j->in);
	assert_int_equal(waitpid(j->pid, &status, 0), j->pid);
}

static const Glassbox__Library *library(const struct gbx_software *s, const char *end_of_path)
{
	for (size_t i = 0; i < s->libraries; i++) {
		const char *path = (char *)s->library[i]->path->path.data;
		size_t len = strlen(path), tail = strlen(end_of_path);
		if (len >= tail && strcmp(path + len - tail, end_of_path) == 0)
			return s->library[i];
	}
	return NULL;
}

static uint64_t gaps_of(const struct gbx_software *s, Glassbox__Gap__Reason reason)
{
	for (size_t i = 0; i < s->gaps.len; i++)
		if (s->gaps.gap[i].reason == reason)
			return s->gaps.gap[i].count;
	return 0;
}

static size_t programs(const struct gbx_software *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->libraries; i++)
		n += s->library[i]->program != 0;
	return n;
}

static size_t programs_seen(const struct gbx_watch *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->objects; i++)
		n += w->object[i].program;
	return n;
}

static bool look(struct gbx_watch *w)
{
	bool found, ended;

	assert_int_equal(gbx_watch_look(w, &found, &ended, NULL), 0);
	assert_false(ended);
	return found;
}

static void a_shell_and_its_children(void **state)
{
	const char *const argv[] = {"sh", "-c", "exec 3<&0; cat <&3 >/dev/null & (read x <&3) & sleep 0; echo x; wait", NULL};
	GBX_AUTO_WATCH struct gbx_watch w = {0};
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	struct job j = start(argv);
	struct gbx_error err;
	bool found, ended;

	(void)state;
	w.pid = (uint64_t)j.pid;
	assert_true(look(&w));
	/* The children may have been between fork and exec. */
	while (look(&w) || programs_seen(&w) < 2)
		;
	assert_int_equal(gbx_watch_read(&w, &s, &err), 0);
	assert_false(gbx_watch_has_news(&w));
	assert_true(programs(&s) >= 2);
	assert_non_null(library(&s, "/cat"));
	const Glassbox__Library *libc = library(&s, "/libc.so.6");
	if (libc) {
		assert_string_equal(libc->soname, "libc.so.6");
		assert_string_equal(libc->component, "libc");
		assert_true(libc->size > 0);
	}
	/* sleep came and went before the first look. */
	assert_int_equal(gaps_of(&s, GLASSBOX__GAP__REASON__UNSEEN), 1);
	assert_false(look(&w));
	end(&j);
	assert_int_equal(gbx_watch_look(&w, &found, &ended, &err), 0);
	assert_true(ended && !found);
}

/* A copy of a program, deleted while it runs, or with another in its place. */
static void a_program_without_a_name(void **state)
{
	const char *const argv[] = {"./mine", "-c", "echo x; read x", NULL};
	GBX_AUTO_WATCH struct gbx_watch w = {0};
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	GBX_AUTO_FD int fd = -1;
	struct gbx_elf e;
	struct gbx_error err;

	(void)state;
	assert_int_equal(system("cp \"$(readlink -f /bin/sh)\" mine"), 0);
	assert_int_equal(gbx_open_read("mine", &fd, NULL), 0);
	assert_int_equal(gbx_elf_read(fd, &e, NULL), 0);
	struct job j = start(argv);
	assert_int_equal(gbx_unlink("mine", NULL), 0);
	w.pid = (uint64_t)j.pid;
	assert_true(look(&w));
	assert_int_equal(gbx_watch_read(&w, &s, &err), 0);
	const Glassbox__Library *l = library(&s, "/mine");
	assert_non_null(l);
	assert_true(l->program && l->deleted);
	assert_int_equal(l->build_id.len, e.build_id_len);
	assert_memory_equal(l->build_id.data, e.build_id, e.build_id_len);
	assert_int_equal(s.gaps.len, 0);
	end(&j);
}

/* A program that executes another is seen again under its new name. */
static void an_exec_is_seen(void **state)
{
	const char *const argv[] = {"sh", "-c", "echo x; read x; exec cat", NULL};
	GBX_AUTO_WATCH struct gbx_watch w = {0};
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	struct job j = start(argv);
	struct gbx_error err;

	(void)state;
	w.pid = (uint64_t)j.pid;
	assert_true(look(&w));
	assert_int_equal(write(j.in, "\n", 1), 1);
	while (!look(&w))
		;
	while (look(&w))
		;
	assert_int_equal(gbx_watch_read(&w, &s, &err), 0);
	assert_non_null(library(&s, "/cat"));
	assert_int_equal(gaps_of(&s, GLASSBOX__GAP__REASON__UNSEEN), 0);
	end(&j);
}

/* A process that lets nobody look: for root there is none. */
static void what_may_not_be_looked_at_is_a_gap(void **state)
{
	GBX_AUTO_WATCH struct gbx_watch w = {0};
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	struct gbx_error err;
	int ready[2], status;
	char word;

	(void)state;
	if (geteuid() == 0)
		skip();
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_DUMPABLE, 0);
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &word, 1), 1);
	w.pid = (uint64_t)pid;
	look(&w);
	look(&w);
	assert_int_equal(gbx_watch_read(&w, &s, &err), 0);
	assert_int_equal(s.libraries, 0);
	assert_int_equal(gaps_of(&s, GLASSBOX__GAP__REASON__NO_PERMISSION), 1);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

static const struct stat_case {
	const char *text;
	bool good;
} stats[] = {
	{"7 (a) S 1 7 7 0 -1 4194304 100 55 0 0 1 2 3 4 20 0 1 0 999 4096 1 2\n", true},
	{"7 (a) b) (c) R) S 1 7 7 0 -1 4194304 100 55 0 0 1 2 3 4 20 0 1 0 999 4096 1 2\n", true},
	{"7 (a) S 1 7 7 0 -1 4194304 100 55 0 0 1 2 3 4 20 0 1 0 999", false},
	{"7 (a) S x 7 7 0 -1 4194304 100 55 0 0 1 2 3 4 20 0 1 0 999 4096", false},
	{"7 (a)", false}, {"7 (a) ", false}, {"", false}, {")", false},
};

static void text_of_stat(void **state)
{
	struct gbx_process_stat s;

	(void)state;
	for (size_t i = 0; i < sizeof stats / sizeof *stats; i++) {
		assert_int_equal(gbx_process_stat_parse(gbx_slice_text(stats[i].text), &s), stats[i].good);
		if (!stats[i].good)
			continue;
		assert_int_equal(s.state, 'S');
		assert_int_equal(s.parent, 1);
		assert_int_equal(s.child_faults, 55);
		assert_int_equal(s.start, 999);
		assert_int_equal(s.size, 4096);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shell_and_its_children), cmocka_unit_test(a_program_without_a_name), cmocka_unit_test(an_exec_is_seen),
		cmocka_unit_test(what_may_not_be_looked_at_is_a_gap), cmocka_unit_test(text_of_stat),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
