/* Snapshots against real git: the tree is the one that `git add -A` makes of the same work tree, the manifest gives that tree
 * again, and nothing but one ref is written to the repository. */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "capture/changed.h"
#include "capture/remote.h"
#include "capture/report.h"
#include "as_git.h"
#include "repo.h"
#include "test.h"

static const struct as_git_scene scenes[] = {
	{"clean", "true"},
	{"modified", "echo more >> a && echo more >> src/deep/c"},
	{"staged", "echo more >> a && git add a"},
	{"staged and then modified", "echo more >> a && git add a && echo still >> a"},
	{"staged and then reverted", "echo more >> a && git add a && git show HEAD:a > a"},
	{"new file staged", "mkdir n && echo new > n/new && git add n"},
	{"deleted", "rm a src/deep/c"},
	{"deletion staged", "git rm -q src/b"},
	{"all deleted", "rm -r a src src-d run.sh link empty"},
	{"executable bit", "chmod +x a && chmod -x run.sh"},
	{"executable bit not trusted", "git config core.fileMode false && chmod +x a && chmod -x run.sh"},
	{"symlink changed", "ln -sf elsewhere link"},
	{"file to symlink", "rm a && ln -s src/b a"},
	{"symlink to file", "rm link && echo file > link"},
	{"file to folder", "rm a && mkdir a && echo x > a/x"},
	{"folder to file", "rm -r src && echo file > src"},
	{"folder to symlink", "mv src else && ln -s else src"},
	{"touched", "touch a src/b"},
	{"autocrlf with unix files", "git config core.autocrlf true && touch a && printf 'x\\r\\ny\\r\\n' > src/b"},
	{"autocrlf checked out", "git config core.autocrlf true && rm -r * && git checkout -q ."},
	{"autocrlf and a blob with cr", "printf 'x\\r\\n' > a && git add a && git commit -q -m cr && git config core.autocrlf true && touch a"},
	{"eol=crlf", "printf '* text eol=crlf\\n' > .gitattributes && git add . && git commit -q -m attr && rm -r * && git checkout -q . && "
		     "printf 'changed\\r\\n' >> src/b"},
	{"ident", "printf '*.id ident\\n' > .gitattributes && printf '$Id$\\n' > f.id && git add . && git commit -q -m id && rm f.id && "
		  "git checkout -q . && grep -q 'Id: ' f.id"},
	{"binary stays", "printf '*.bin -text\\n' > .gitattributes && git config core.autocrlf true && printf 'a\\r\\n\\0' > x.bin && git add ."},
	{"names not UTF-8", "echo x > \"$(printf 'b\\377\\376')\" && mkdir \"$(printf 'd\\300')\" && echo y > \"$(printf 'd\\300/\\001')\" && "
			    "git add ."},
	{"newline in a name", "echo x > \"$(printf 'a\\nb')\" && git add ."},
	{"detached HEAD", "git checkout -q --detach && echo more >> a"},
	{"intent to add", "echo new > new && git add -N new && echo gone > gone && git add -N gone && rm gone"},
	{"merge conflict", "git checkout -q -b other && echo other > a && git rm -q src/b && git commit -q -a -m o && git checkout -q main && "
			   "echo ours > a && echo ours > src/b && git commit -q -a -m m && ! git merge -q other > /dev/null"},
	{"conflict, file gone", "git checkout -q -b other && echo other > a && git commit -q -a -m o && git checkout -q main && "
				"echo ours > a && git commit -q -a -m m && ! git merge -q other > /dev/null && rm a"},
	{"index.lock held", "echo more >> a && : > .git/index.lock && cp .git/index.lock ../held"},
	{"packed", "git gc -q && echo more >> a"},
	{"nothing is tracked", "git rm -q -r . && git commit -q -m none && echo x > untracked"},
};

static void tree_is_that_of_git_add(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
		as_git_check_scene(scenes + i, "repo/.git/glassbox");
		as_git_check_scene(scenes + i, "store");
	}
}


/* Captures and compares with `git add -A`, both stores, in the repository that the script has made. */
static void expect_as_git(const char *start, struct gbx_code_result *r)
{
	repo_capture(start, "repo/.git/glassbox", r);
	repo_expect_tree(r, as_git_tree());
}

static void unborn_head(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("rm -rf repo && git init -q -b trunk repo && cd repo && echo x > a && git add a && echo y > b");
	expect_as_git("repo", &r);
	assert_int_equal(r.head_len, 0);
	assert_string_equal(r.branch, "trunk");
	as_git_check_store(&r, "repo/.git/glassbox");
	assert_string_equal(repo_line("cd repo && git for-each-ref refs/glassbox"), "");
}

static void an_empty_repository(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("rm -rf repo && git init -q repo");
	repo_capture("repo", "store", &r);
	repo_expect_tree(&r, "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
	assert_int_equal(r.sum.files, 0);
	assert_int_equal(r.gaps.len, 0);
}

static void head_branch_and_root(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0}, detached = {0};
	char hex[2 * GBX_SHA256_LEN + 1];

	(void)state;
	repo_sh("cd repo && git checkout -q -b feature/x");
	expect_as_git("repo/src/deep", &r);
	assert_string_equal(r.branch, "feature/x");
	assert_string_equal(r.repo, repo_line("cd repo && pwd -P"));
	gbx_hex(r.head_commit, r.head_len, hex);
	assert_string_equal(hex, repo_line("git -C repo rev-parse HEAD"));
	gbx_hex(r.head_tree, r.head_len, hex);
	assert_string_equal(hex, repo_line("git -C repo rev-parse HEAD^{tree}"));
	assert_string_equal(hex, as_git_tree());
	assert_string_equal(repo_line("git -C repo rev-parse refs/glassbox/runs/" RUN), repo_line("git -C repo rev-parse HEAD"));
	repo_sh("git -C repo checkout -q --detach && rm -r repo/.git/refs/glassbox");
	expect_as_git("repo", &detached);
	assert_null(detached.branch);
}

static void a_linked_worktree(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("mv repo main && cd main && git worktree add -q -b linked ../repo && cd ../repo && echo changed > a && git add a && "
		"echo more > src/b");
	repo_capture("repo", "main/.git/glassbox", &r);
	repo_expect_tree(&r, as_git_tree());
	assert_string_equal(r.branch, "linked");
	as_git_check_manifest(&r, "main/.git/glassbox");
	as_git_check_store(&r, "main/.git/glassbox");
	assert_string_equal(repo_line("git -C main rev-parse refs/glassbox/runs/" RUN), repo_line("git -C repo rev-parse HEAD"));
}

static void flags_do_not_hide_what_lies_there(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("cd repo && git update-index --assume-unchanged a && git update-index --skip-worktree src/b && echo hidden >> a && "
		"echo hidden >> src/b");
	repo_capture("repo", "store", &r);
	repo_expect_tree(&r, repo_line("cd repo && export GIT_INDEX_FILE=\"$PWD/../index\" && git read-tree HEAD && git add -u && git write-tree"));
	as_git_check_manifest(&r, "store");
}

/* The same bytes in size and times as git's index believes: only reading them tells. */
static void stat_does_not_hide_it_either(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("cd repo && git config core.trustctime false && touch -d '2020-01-01' a && git update-index --refresh && echo two > a && "
		"touch -d '2020-01-01' a && git diff --quiet");
	repo_capture("repo", "store", &r);
	repo_expect_tree(&r, repo_line("cd repo && export GIT_INDEX_FILE=\"$PWD/../index\" && git read-tree HEAD && git add -u && git write-tree"));
	as_git_check_manifest(&r, "store");
}

static void sparse_checkout(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result inside = {0}, outside = {0};

	(void)state;
	repo_sh("cd repo && git sparse-checkout set src/deep && ! test -e src-d/x && rm -f a && git sparse-checkout set --no-cone src && "
		"! test -e a && echo more >> src/b");
	expect_as_git("repo", &inside);
	assert_int_equal(inside.sum.files, 7);
	assert_true(inside.complete);
	as_git_check_store(&inside, "repo/.git/glassbox");
	repo_capture("repo", "store", &outside);
	repo_expect_tree(&outside, as_git_tree());
	as_git_check_store(&outside, "store");
}

static void submodules(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0}, moved = {0}, gone = {0}, empty = {0};

	(void)state;
	repo_sh("git init -q lib && cd lib && echo l > l && git add l && git commit -q -m lib && cd ../repo && "
		"git -c protocol.file.allow=always submodule add -q ../lib vendor/lib && git commit -q -m sub");
	expect_as_git("repo", &r);
	repo_expect_gap(&r, GLASSBOX__GAP__KIND__SUBMODULE, GLASSBOX__GAP__REASON__NOT_SUPPORTED, 1);
	assert_string_equal((char *)r.gaps.gap[0].path[0].data, "vendor/lib");
	assert_true(r.complete);
	as_git_check_manifest(&r, "repo/.git/glassbox");
	repo_sh("rm -r repo/.git/refs/glassbox; cd repo/vendor/lib && git commit -q --allow-empty -m on");
	expect_as_git("repo", &moved);
	assert_memory_not_equal(moved.tree, r.tree, 20);
	as_git_check_manifest(&moved, "repo/.git/glassbox");
	repo_sh("rm -r repo/.git/refs/glassbox; cd repo && git submodule -q deinit -f --all && test -d vendor/lib");
	expect_as_git("repo", &empty);
	assert_memory_equal(empty.tree, r.tree, 20);
	repo_sh("rm -r repo/.git/refs/glassbox; rm -r repo/vendor");
	expect_as_git("repo", &gone);
	repo_expect_gap(&gone, GLASSBOX__GAP__KIND__SUBMODULE, GLASSBOX__GAP__REASON__NOT_SUPPORTED, 0);
}

/* What git-lfs would store is known; a file of data is limited as what is not tracked. */
static void lfs_files_over_the_limit(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_options.untracked_limit = 4999;
	repo_sh("cd repo && git config filter.lfs.clean 'sed q' && echo '*.bin filter=lfs diff=lfs merge=lfs -text' > .gitattributes && "
		"git add . && git commit -q -m lfs && head -c 5000 /dev/zero > w.bin");
	repo_sh("cd repo && git add w.bin && git commit -q -m w");
	repo_capture("repo", "store", &r);
	repo_expect_gap(&r, GLASSBOX__GAP__KIND__LFS, GLASSBOX__GAP__REASON__TOO_LARGE, 1);
	assert_false(r.complete);
	repo_expect_tree(&r, repo_line("cd repo && cp .git/index ../i && export GIT_INDEX_FILE=\"$PWD/../i\" && git rm -q --cached w.bin && git write-tree"));
}

static void filters_that_only_git_runs(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0}, changed = {0};

	(void)state;
	repo_sh("cd repo && git config filter.up.clean 'tr a-z A-Z' && git config filter.up.smudge 'tr A-Z a-z' && "
		"echo '*.up filter=up' > .gitattributes && echo text > f.up && git add . && git commit -q -m up && rm f.up && sleep 0.02 && "
		"git checkout -q . && git update-index -q --really-refresh");
	repo_sh("cd repo && sleep 0.05 && touch a && git update-index --refresh");
	expect_as_git("repo", &r);
	assert_int_equal(r.gaps.len, 0);
	as_git_check_manifest(&r, "repo/.git/glassbox");
	repo_sh("echo other > repo/f.up");
	repo_capture("repo", "store", &changed);
	repo_expect_gap(&changed, GLASSBOX__GAP__KIND__CODE_FILE, GLASSBOX__GAP__REASON__NOT_SUPPORTED, 1);
	as_git_check_manifest(&changed, "store");
	as_git_check_store(&changed, "store");
}

static void files_that_cannot_be_taken(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result fifo = {0}, large = {0}, unreadable = {0};

	(void)state;
	repo_sh("cd repo && rm a && mkfifo a");
	repo_capture("repo", "store", &fifo);
	assert_false(fifo.complete);
	repo_expect_gap(&fifo, GLASSBOX__GAP__KIND__CODE_FILE, GLASSBOX__GAP__REASON__NOT_REGULAR, 1);
	assert_int_equal(fifo.sum.files, 6);
	repo_sh("cd repo && rm a && truncate -s 300M a");
	repo_capture("repo", "store", &large);
	repo_expect_gap(&large, GLASSBOX__GAP__KIND__CODE_FILE, GLASSBOX__GAP__REASON__TOO_LARGE, 1);
	assert_string_equal((char *)large.gaps.gap[0].path[0].data, "a");
	if (geteuid() == 0)
		return;
	repo_sh("cd repo && git checkout -q a && chmod 0 a");
	repo_capture("repo", "store", &unreadable);
	repo_expect_gap(&unreadable, GLASSBOX__GAP__KIND__CODE_FILE, GLASSBOX__GAP__REASON__NO_PERMISSION, 1);
}

static void a_file_that_changes_while_it_is_read(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
	GBX_AUTO_STRING char *path = gbx_path_join(repo_dir, "repo/grows");
	GBX_AUTO_FD int fd = -1;

	(void)state;
	repo_sh("cd repo && head -c 20000000 /dev/zero > grows && git add grows");
	assert_int_equal(gbx_open_append(path, 0600, &fd, NULL), 0);
	pid_t writer = fork();
	if (writer == 0)
		for (;;)
			if (write(fd, "x", 1) != 1 || getppid() == 1)
				_exit(0);
	/* On a busy machine the writer may rest while the file is read, and then nothing changed: try again. */
	for (int tries = 0; tries == 0 || (tries < 20 && r.complete); tries++) {
		gbx_code_result_free(&r);
		repo_capture("repo", "store", &r);
	}
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	repo_expect_gap(&r, GLASSBOX__GAP__KIND__CODE_FILE, GLASSBOX__GAP__REASON__CHANGED, 1);
	assert_false(r.complete);
	assert_int_equal(r.sum.files, 7);
}

/* The job may run and write while the rest is read: its bytes are not taken for those at the start. */
static void what_the_job_may_have_changed_is_left_out(void **state)
{
	(void)state;
	repo_sh("cd repo && sleep 0.02");
	repo_options.start_ms = 0;
	for (int tries = 0;; tries++) {
		GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
		struct gbx_code_capture c;
		assert_true(tries < 20);
		repo_sh("cd repo && git checkout -q . && git update-index --refresh && sleep 0.02");
		repo_place("repo", "store");
		assert_int_equal(gbx_code_start(&c, &repo_options, NULL), 0);
		kill(c.child.pid, SIGSTOP);
		repo_sh("cd repo && echo job > a && rm src/b");
		kill(c.child.pid, SIGCONT);
		assert_int_equal(gbx_code_wait(&c, &r, NULL), 0);
		assert_true(r.captured);
		if (r.complete) { /* it was quicker than this */
			repo_expect_tree(&r, repo_line("git -C repo rev-parse HEAD^{tree}"));
			continue;
		}
		repo_expect_gap(&r, GLASSBOX__GAP__KIND__CODE_FILE, GLASSBOX__GAP__REASON__CHANGED, 2);
		assert_int_equal(r.sum.files, 5);
		return;
	}
}

/* What is not the snapshot's any more, by reading what the clock of the inodes does not rule out. */
static void changed_since(const char *script, bool sparse, const char *expected)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
	GBX_CLEANUP(gbx_gaps_free) struct gbx_gaps gaps = {0};
	GBX_AUTO_BYTES struct gbx_bytes found = {0};

	repo_setup(NULL);
	repo_sh("cd repo && echo u > untracked && ln -s a l2");
	uint64_t began = gbx_now_nanos();
	repo_capture("repo", "store", &r);
	repo_sh(script);
	struct gbx_changed_options o = {repo_options.manifest_path, r.repo, began, sparse};
	assert_int_equal(gbx_code_changed(&o, &gaps, NULL), 0);
	assert_int_equal(gbx_bytes_append(&found, "", 0, NULL), 0);
	for (size_t i = 0; gaps.len && i < gaps.gap[0].paths; i++)
		assert_int_equal(gbx_bytes_printf(&found, NULL, "%s ", (const char *)gaps.gap[0].path[i].data), 0);
	assert_string_equal((char *)found.data, expected);
	assert_true(gaps.len <= 1);
	repo_teardown(NULL);
}

static void files_that_changed_since(void **state)
{
	(void)state;
	changed_since("true", false, "");
	changed_since("cd repo && echo x > new && touch a && cp a ../a && mv ../a a && chmod +x src/b", false, "");
	changed_since("cd repo && echo x >> a && rm src/b && echo y > untracked && ln -sf b l2", false, "a l2 src/b untracked ");
	/* Neither size nor time tells. */
	changed_since("cd repo && touch -r a ../t && echo eno > a && touch -r ../t a", false, "a ");
	changed_since("cd repo && rm -r src && ln -s . src", false, "src/b src/deep/c ");
	changed_since("cd repo && rm src/b && rm -r a && mkdir a", true, "a ");
}

struct refusal {
	const char *name, *script, *start;
	Glassbox__Gap__Reason reason;
};

static const struct refusal refusals[] = {
	{"no repository", "mkdir plain", "plain", GLASSBOX__GAP__REASON__NO_REPOSITORY},
	{"no folder", "true", "nowhere", GLASSBOX__GAP__REASON__NO_REPOSITORY},
	{"bare", "git clone -q --bare repo bare", "bare", GLASSBOX__GAP__REASON__NOT_SUPPORTED},
	{"SHA-256", "git init -q --object-format=sha256 big && cd big && echo x > x && git add x", "big", GLASSBOX__GAP__REASON__NOT_SUPPORTED},
	{"HEAD is garbage", "echo garbage > repo/.git/HEAD", "repo", GLASSBOX__GAP__REASON__MALFORMED},
	{"HEAD names nothing", "echo 0123456789012345678901234567890123456789 > repo/.git/HEAD", "repo", GLASSBOX__GAP__REASON__NOT_FOUND},
	{"commit missing", "cd repo && h=$(git rev-parse HEAD) && rm -f .git/objects/$(echo $h | cut -c1-2)/$(echo $h | cut -c3-)", "repo",
	 GLASSBOX__GAP__REASON__NOT_FOUND},
	{"index is garbage", "echo garbage > repo/.git/index", "repo", GLASSBOX__GAP__REASON__MALFORMED},
	{"index cut", "truncate -s -7 repo/.git/index", "repo", GLASSBOX__GAP__REASON__MALFORMED},
	{"split index", "cd repo && git update-index --split-index", "repo", GLASSBOX__GAP__REASON__NOT_SUPPORTED},
	{"settings are garbage", "echo '[[[' > repo/.git/config", "repo", GLASSBOX__GAP__REASON__MALFORMED},
};

static void what_libgit2_cannot_read_is_a_gap(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
		print_message("refusal: %s\n", refusals[i].name);
		repo_setup(NULL);
		repo_sh(refusals[i].script);
		repo_capture(refusals[i].start, "store", &r);
		repo_expect_failed(&r, refusals[i].reason);
		repo_teardown(NULL);
	}
}

static void dubious_ownership(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0}, other = {0}, trusted = {0};

	(void)state;
	if (geteuid() != 0)
		skip();
	repo_sh("chown -R 12345 repo");
	repo_capture("repo", "store", &r);
	repo_expect_failed(&r, GLASSBOX__GAP__REASON__DUBIOUS_OWNERSHIP);
	repo_sh("! test -e $HOME/.gitconfig && git config --global safe.directory /elsewhere");
	repo_capture("repo", "store", &other);
	repo_expect_failed(&other, GLASSBOX__GAP__REASON__DUBIOUS_OWNERSHIP);
	repo_sh("git config --global --replace-all safe.directory \"$PWD/repo\"");
	repo_capture("repo", "store", &trusted);
	repo_sh("rm $HOME/.gitconfig");
	assert_true(trusted.captured);
}

/* Objects for which libgit2 1.5 never comes back. */
static void a_truncated_object_does_not_hang(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("cd repo && h=$(git rev-parse HEAD) && f=.git/objects/$(echo $h | cut -c1-2)/$(echo $h | cut -c3-) && chmod u+w $f && "
		"truncate -s 60 $f");
	repo_options.deadline_ms = 1000;
	repo_capture("repo", "store", &r);
	assert_false(r.captured);
	assert_int_equal(r.gaps.len, 1);
	/* A version that says so is as good. */
	if (r.gaps.gap[0].reason != GLASSBOX__GAP__REASON__MALFORMED)
		repo_expect_failed(&r, GLASSBOX__GAP__REASON__TIMED_OUT);
}

static void start(struct gbx_code_capture *c, const char *store)
{
	repo_place("repo", store);
	assert_int_equal(gbx_code_start(c, &repo_options, NULL), 0);
}

static void a_child_that_is_stuck_or_dies(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result stuck = {0}, dead = {0};
	struct gbx_code_capture c;

	(void)state;
	repo_options.deadline_ms = 200;
	start(&c, "store");
	kill(c.child.pid, SIGSTOP);
	assert_int_equal(gbx_code_wait(&c, &stuck, NULL), 0);
	repo_expect_failed(&stuck, GLASSBOX__GAP__REASON__TIMED_OUT);
	repo_options.deadline_ms = 60000;
	start(&c, "store");
	kill(c.child.pid, SIGALRM);
	gbx_code_result_free(&stuck);
	assert_int_equal(gbx_code_wait(&c, &stuck, NULL), 0);
	repo_expect_failed(&stuck, GLASSBOX__GAP__REASON__TIMED_OUT);
	start(&c, "store");
	kill(c.child.pid, SIGSEGV);
	assert_int_equal(gbx_code_wait(&c, &dead, NULL), 0);
	repo_expect_failed(&dead, GLASSBOX__GAP__REASON__CRASHED);
	start(&c, "store");
	gbx_code_cancel(&c);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void the_terminal_does_not_reach_the_child(void **state)
{
	static const int sent[] = {SIGINT, SIGQUIT, SIGHUP, SIGTSTP, SIGTTOU, SIGTTIN};
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
	struct gbx_code_capture c;

	(void)state;
	/* Enough to be still at it when the signals come. */
	repo_sh("cd repo && head -c 30000000 /dev/urandom > big && git add big");
	start(&c, "store");
	for (unsigned round = 0; round < 20; round++) {
		usleep(1000);
		for (size_t i = 0; i < sizeof sent / sizeof *sent; i++)
			kill(c.child.pid, sent[i]);
	}
	assert_int_equal(gbx_code_wait(&c, &r, NULL), 0);
	assert_true(r.captured);
}

static const char listing[] = "cd repo && find . -path ./.git/glassbox -prune -o -path ./.git/refs/glassbox -prune -o -type f -printf "
			      "'%p %T@ %C@ %s\\n' | sort | sha256sum";

static void nothing_else_is_written(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("cd repo && git config core.logAllRefUpdates always && echo more >> a && git add a && echo again >> a && touch src/b && "
		"find . -exec touch -h -d 2020-01-01 {} + && mkdir .git/glassbox");
	repo_sh("for h in post-index-change reference-transaction; do printf '#!/bin/sh\\ntouch ../ran\\n' > repo/.git/hooks/$h && "
		"chmod +x repo/.git/hooks/$h; done");
	GBX_AUTO_STRING char *before = gbx_strdup(repo_line(listing));
	repo_capture("repo", "repo/.git/glassbox", &r);
	assert_true(r.captured);
	assert_string_equal(repo_line(listing), before);
	repo_sh("! test -e ran && find repo/.git/refs/glassbox -type f > refs && test $(cat refs) = repo/.git/refs/glassbox/runs/" RUN);
	assert_string_equal(repo_line("find repo/.git/glassbox manifest -type f -perm /077"), "");
}

static void a_clean_tree_writes_no_object(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result inside = {0}, first = {0}, second = {0};

	(void)state;
	repo_capture("repo", "repo/.git/glassbox", &inside);
	assert_string_equal(repo_line("find repo/.git/glassbox/git -path '*/objects/[0-9a-f][0-9a-f]/*'"), "");
	assert_string_equal(repo_line("git --git-dir=repo/.git/glassbox/git for-each-ref"), "");
	repo_capture("repo", "store", &first);
	GBX_AUTO_STRING char *count = gbx_strdup(repo_line("find store/git -path '*/objects/[0-9a-f][0-9a-f]/*' | wc -l"));
	assert_string_equal(count, "10");
	repo_options.run = "01ARZ3NDEKTSV4RRFFQ69G5FAW";
	repo_capture("repo", "store", &second);
	assert_string_equal(repo_line("find store/git -path '*/objects/[0-9a-f][0-9a-f]/*' | wc -l"), count);
}

/* What is borrowed outlives a new index, a rewritten branch and gc; and the repository may move. */
static void what_is_borrowed_stays(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("cd repo && mkdir s && echo staged > s/staged && git add s && echo changed >> a");
	repo_capture("repo", "repo/.git/glassbox", &r);
	repo_sh("cd repo && git reset -q --hard && echo new > new && git add new && git commit -q --amend -m other && git rm -q src/b && "
		"git commit -q -m less && git reflog expire --expire=now --all && git gc -q --prune=now && cd .. && mv repo elsewhere");
	as_git_check_store(&r, "elsewhere/.git/glassbox");
	assert_string_equal(repo_line("git --git-dir=elsewhere/.git/glassbox/git fsck --full 2>&1 | grep -v '^notice' | grep -v dangling || true"), "");
	repo_sh("mv elsewhere repo");
}

static void a_repository_that_cannot_be_written(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	if (geteuid() == 0)
		skip();
	repo_sh("cd repo && echo more >> a && mkdir .git/glassbox && chmod -R a-w . && chmod u+w .git/glassbox");
	repo_capture("repo", "repo/.git/glassbox", &r);
	repo_sh("chmod -R u+w repo");
	repo_expect_tree(&r, as_git_tree());
	repo_sh("! test -e repo/.git/glassbox/git/objects/info/alternates");
	as_git_check_store(&r, "repo/.git/glassbox");
}

static void a_store_that_cannot_be_written(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("mkdir store && echo file > store/git");
	repo_capture("repo", "store", &r);
	assert_false(r.captured);
	repo_expect_gap(&r, GLASSBOX__GAP__KIND__CODE, r.gaps.gap[0].reason, 1);
}

static void several_at_once(void **state)
{
	enum { COUNT = 6 };
	static char run[COUNT][GBX_ULID_TEXT + 1];
	struct gbx_code_capture c[COUNT];
	char *manifest[COUNT];

	(void)state;
	repo_sh("cd repo && for i in $(seq 60); do echo $i > src/n$i; done && git add .");
	repo_place("repo", "store");
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(run[i], sizeof run[i], "01ARZ3NDEKTSV4RRFFQ69G5F0%u", i);
		manifest[i] = gbx_asprintf("%s/manifest%u", repo_dir, i);
		repo_options.run = run[i];
		repo_options.manifest_path = manifest[i];
		assert_int_equal(gbx_code_start(c + i, &repo_options, NULL), 0);
	}
	for (unsigned i = 0; i < COUNT; i++) {
		GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
		assert_int_equal(gbx_code_wait(c + i, &r, NULL), 0);
		assert_true(r.captured);
		as_git_check_store(&r, "store");
		gbx_free(manifest[i]);
	}
	assert_string_equal(repo_line("git --git-dir=store/git fsck --full 2>&1 | grep -v '^notice' | grep -v dangling || true"), "");
	assert_string_equal(repo_line("git --git-dir=store/git for-each-ref | wc -l"), "6");
}

static void questions_about_head(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0}, none = {0};
	char hex[2 * GBX_SHA256_LEN + 1];

	(void)state;
	repo_sh("cd repo && echo '{}' > cfg.json && cp cfg.json src/cfg.json && git add . && git commit -q -m cfg && echo '{ }' > src/cfg.json && "
		"cp cfg.json new.json && cp cfg.json ../outside.json && ln -s src alias");
	GBX_AUTO_STRING char *same = gbx_path_join(repo_dir, "repo/cfg.json");
	GBX_AUTO_STRING char *differs = gbx_path_join(repo_dir, "repo/src/cfg.json");
	GBX_AUTO_STRING char *untracked = gbx_path_join(repo_dir, "repo/new.json");
	GBX_AUTO_STRING char *outside = gbx_path_join(repo_dir, "outside.json");
	GBX_AUTO_STRING char *missing = gbx_path_join(repo_dir, "repo/missing.json");
	GBX_AUTO_STRING char *through = gbx_path_join(repo_dir, "repo/alias/b");
	GBX_AUTO_STRING char *folder = gbx_path_join(repo_dir, "repo/src");
	const char *const asked[] = {same, differs, untracked, outside, missing, through, folder};
	static const bool in_head[] = {true, false, false, false, false, true, false};

	repo_options.questions = asked;
	repo_options.count = sizeof asked / sizeof *asked;
	repo_capture("repo", "store", &r);
	assert_int_equal(r.answers, repo_options.count);
	for (size_t i = 0; i < r.answers; i++) {
		assert_int_equal(r.answer[i].in_head, in_head[i]);
		assert_int_equal(r.answer[i].compared, i != 4 && i != 6);
	}
	gbx_hex(r.answer[1].sha256, GBX_SHA256_LEN, hex);
	assert_string_equal(hex, repo_line("sha256sum < repo/src/cfg.json | cut -d' ' -f1"));
	repo_capture("", "store", &none);
	assert_int_equal(none.answers, repo_options.count);
	assert_false(none.answer[0].in_head);
}

static void remotes_without_credentials(void **state)
{
	static const struct {
		const char *url, *clean;
		bool credentials;
	} row[] = {
		{"https://github.com/o/r.git", "https://github.com/o/r.git", false},
		{"https://user:secret@github.com/o/r.git", "https://github.com/o/r.git", true},
		{"https://ghp_token@github.com/o/r.git", "https://github.com/o/r.git", true},
		{"https://u:p@ss@host/r", "https://host/r", true},
		{"HTTPS://u:p@host:8443/r?private_token=x#y", "HTTPS://host:8443/r", true},
		{"https://host/r?token=x", "https://host/r", true},
		{"https://host/r@v1", "https://host/r@v1", false},
		{"ssh://git@github.com/o/r", "ssh://git@github.com/o/r", false},
		{"git+ssh://u:p@host/r", "git+ssh://u@host/r", true},
		{"git@github.com:o/r.git", "git@github.com:o/r.git", false},
		{"/srv/git/r.git", "/srv/git/r.git", false},
		{"file:///srv/r#1", "file:///srv/r#1", false},
		{"ftp://:p@host/", "ftp://host/", true},
		{"https:u:p@host/r", "https:host/r", true},
		{" https://u:p@host/r", " https://host/r", true},
		{"https:/u:p@host/r", "https:/host/r", true},
		{"u:p@host:r.git", "u@host:r.git", true},
		{"u:p@ss@host:r.git", "u@host:r.git", true},
		{"git@host:a@b", "git@host:a@b", false},
		{"./a:b@c", "./a:b@c", false},
		{"../x/u:p@c", "../x/u:p@c", false},
		{"ext::sh -c \"curl https://u:p@host\"", "ext::", true},
		{"ext::", "ext::", false},
		{"hg::https://u:p@host/r", "hg::https://host/r", true},
		{"git-remote-s3::s3://key:secret@bucket/r", "git-remote-s3::s3://bucket/r", true},
		{"", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		GBX_AUTO_BYTES struct gbx_bytes out = {0};
		bool credentials;
		assert_int_equal(gbx_remote_clean(row[i].url, &out, &credentials, NULL), 0);
		assert_string_equal((char *)out.data, row[i].clean);
		assert_int_equal(credentials, row[i].credentials);
	}
}

static void remotes_of_a_repository(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("cd repo && git remote add origin https://me:hunter2@host/r.git && git remote add with.dots git@host:r && "
		"git config url.https://token@elsewhere/.insteadOf git@host:");
	repo_capture("repo", "store", &r);
	assert_int_equal(r.remotes, 2);
	assert_string_equal(r.remote[0].name, "origin");
	assert_string_equal(r.remote[0].url, "https://host/r.git");
	assert_true(r.remote[0].credentials);
	assert_string_equal(r.remote[1].name, "with.dots");
	assert_string_equal(r.remote[1].url, "git@host:r");
	assert_false(r.remote[1].credentials);
	repo_sh("! grep -r hunter2 store manifest");
}

static void a_report_is_read_strictly(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0}, back = {0};
	GBX_AUTO_BYTES struct gbx_bytes message = {0};

	(void)state;
	repo_sh("cd repo && truncate -s 2M untracked && git remote add origin https://host/r && rm a && mkfifo a");
	repo_capture("repo", "store", &r);
	assert_int_equal(gbx_report_pack(&r, &message, NULL), 0);
	assert_int_equal(gbx_report_parse(gbx_slice_of(&message), 0, &back, NULL), 0);
	assert_int_equal(back.gaps.len, 2);
	assert_string_equal(back.remote[0].url, "https://host/r");
	assert_int_equal(gbx_report_parse(gbx_slice_of(&message), 1, &back, NULL), GBX_E_MALFORMED);
	for (size_t bit = 0; bit < message.len * 8; bit++) {
		GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result changed = {0};
		message.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		(void)!gbx_report_parse(gbx_slice_of(&message), 0, &changed, NULL);
		message.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < message.len; len++) {
		GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result cut = {0};
		(void)!gbx_report_parse(gbx_slice(message.data, len), 0, &cut, NULL);
	}
}

#define IN_REPO(f) cmocka_unit_test_setup_teardown(f, repo_setup, repo_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree_is_that_of_git_add),
		IN_REPO(unborn_head),
		IN_REPO(an_empty_repository),
		IN_REPO(head_branch_and_root),
		IN_REPO(a_linked_worktree),
		IN_REPO(flags_do_not_hide_what_lies_there),
		IN_REPO(stat_does_not_hide_it_either),
		IN_REPO(sparse_checkout),
		IN_REPO(submodules),
		IN_REPO(lfs_files_over_the_limit),
		IN_REPO(filters_that_only_git_runs),
		IN_REPO(files_that_cannot_be_taken),
		IN_REPO(a_file_that_changes_while_it_is_read),
		IN_REPO(what_the_job_may_have_changed_is_left_out),
		cmocka_unit_test(files_that_changed_since),
		cmocka_unit_test(what_libgit2_cannot_read_is_a_gap),
		IN_REPO(dubious_ownership),
		IN_REPO(a_truncated_object_does_not_hang),
		IN_REPO(a_child_that_is_stuck_or_dies),
		IN_REPO(the_terminal_does_not_reach_the_child),
		IN_REPO(nothing_else_is_written),
		IN_REPO(a_clean_tree_writes_no_object),
		IN_REPO(what_is_borrowed_stays),
		IN_REPO(a_repository_that_cannot_be_written),
		IN_REPO(a_store_that_cannot_be_written),
		IN_REPO(several_at_once),
		IN_REPO(questions_about_head),
		cmocka_unit_test(remotes_without_credentials),
		IN_REPO(remotes_of_a_repository),
		IN_REPO(a_report_is_read_strictly),
	};

	return cmocka_run_group_tests(tests, repo_group_setup, repo_group_teardown);
}
