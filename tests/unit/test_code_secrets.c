/* Files with secrets in a snapshot: what HEAD does not hold is left out whole, and nothing of it is written anywhere. */
#include <stdio.h>

#include "base/mem.h"
#include "repo.h"
#include "test.h"

/* Cut in two, so that scanners do not take this file for a leak. */
#define TOKEN "hf" "_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh"

/* Neither the store's objects (inflated by git) nor any file beside the repository has it. */
static void nothing_has(const char *store)
{
	char script[1024];

	snprintf(script, sizeof script,
		 "cd %s && if test -d git; then git -C git cat-file --batch-all-objects --batch-check='%%(objectname)' | "
		 "git -C git cat-file --batch > ../all; else : > ../all; fi; ! grep -q " TOKEN " ../all && ! grep -rq " TOKEN " . ../manifest",
		 store);
	repo_sh(script);
}

static void expect_left(const struct gbx_code_result *r, uint64_t files)
{
	assert_true(r->captured);
	assert_false(r->complete);
	repo_expect_gap(r, GLASSBOX__GAP__KIND__CODE_FILE, GLASSBOX__GAP__REASON__SECRET, files);
}

static void a_changed_file(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("cd repo && echo 'token: " TOKEN "' >> src/b");
	repo_capture("repo", "store", &r);
	expect_left(&r, 1);
	/* The others are there: the tree is git's, less that file. */
	repo_expect_tree(&r, repo_line("cd repo && cp .git/index ../index && export GIT_INDEX_FILE=$PWD/../index && git rm -q --cached src/b && git write-tree"));
	nothing_has("store");
}

static void a_staged_file(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("cd repo && echo " TOKEN " > new && git add new");
	repo_capture("repo", "store", &r);
	expect_left(&r, 1);
	nothing_has("store");
}

static void staged_and_mended_in_the_work_tree(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("cd repo && echo " TOKEN " > new && git add new && echo fine > new && echo staged > other && git add other && rm other");
	/* In the repository, where a store copies what is staged. */
	repo_capture("repo", "repo/.git/glassbox", &r);
	assert_true(r.captured && r.complete);
	repo_sh("cd repo/.git/glassbox/git && rm objects/info/alternates && git cat-file -e $(echo staged | git hash-object --stdin)");
	repo_sh("mv repo/.git/glassbox store");
	nothing_has("store");
}

static void a_name_and_a_link(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("cd repo && echo x > " TOKEN ".txt && ln -s https://me:hunter2@host/x to && git add .");
	repo_capture("repo", "store", &r);
	expect_left(&r, 2);
	nothing_has("store");
}

/* Whoever has the commit has it: it is told by a scan of what is published, not hidden from a snapshot that names the commit. */
static void what_head_has_is_taken(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("cd repo && echo " TOKEN " > old && git add old && git commit -q -m old && echo more >> a");
	repo_capture("repo", "store", &r);
	assert_true(r.captured && r.complete);
	repo_expect_gap(&r, GLASSBOX__GAP__KIND__CODE_FILE, 0, 0);
}

static void line_ends_make_no_new_file(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("cd repo && printf '* text eol=crlf\n' > .gitattributes && echo " TOKEN " > old && git add . 2> ../log && git commit -q -m old && "
		"rm old && git checkout -q old && printf '" TOKEN "\r\n' | cmp - old");
	repo_capture("repo", "store", &r);
	assert_true(r.captured && r.complete);
}

static void the_first_commit_to_be(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("git init -q -b main unborn && cd unborn && echo " TOKEN " > a && echo b > b && git add .");
	repo_capture("unborn", "store", &r);
	expect_left(&r, 1);
	assert_int_equal(r.sum.files, 1);
	nothing_has("store");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_changed_file, repo_setup, repo_teardown),
		cmocka_unit_test_setup_teardown(a_staged_file, repo_setup, repo_teardown),
		cmocka_unit_test_setup_teardown(staged_and_mended_in_the_work_tree, repo_setup, repo_teardown),
		cmocka_unit_test_setup_teardown(a_name_and_a_link, repo_setup, repo_teardown),
		cmocka_unit_test_setup_teardown(what_head_has_is_taken, repo_setup, repo_teardown),
		cmocka_unit_test_setup_teardown(line_ends_make_no_new_file, repo_setup, repo_teardown),
		cmocka_unit_test_setup_teardown(the_first_commit_to_be, repo_setup, repo_teardown),
	};

	return cmocka_run_group_tests(tests, repo_group_setup, repo_group_teardown);
}
