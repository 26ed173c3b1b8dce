#include "repo.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "test.h"

char *repo_dir;
struct gbx_code_options repo_options;

static char *group_dir;
static struct gbx_scanner *scanner;

/* What a user or a hook may have set must not reach git here. */
static const char *const unset[] = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_PARAMETERS",
				    "GIT_CONFIG_COUNT", "GIT_OBJECT_DIRECTORY", "GIT_CEILING_DIRECTORIES", "XDG_CONFIG_HOME",
				    "GIT_ALTERNATE_OBJECT_DIRECTORIES"};
static const char *const set[][2] = {{"GIT_CONFIG_NOSYSTEM", "1"},
				     {"GIT_AUTHOR_NAME", "A"},
				     {"GIT_AUTHOR_EMAIL", "a@example.com"},
				     {"GIT_AUTHOR_DATE", "1700000000 +0000"},
				     {"GIT_COMMITTER_NAME", "A"},
				     {"GIT_COMMITTER_EMAIL", "a@example.com"},
				     {"GIT_COMMITTER_DATE", "1700000000 +0000"},
				     {"LC_ALL", "C"}};

/* What repo_options points to. */
static char *place[4];

static void forget_place(void)
{
	for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
		gbx_free(place[i]);
		place[i] = NULL;
	}
}

int repo_group_setup(void **state)
{
	char template[] = "/tmp/glassbox-test-XXXXXX";

	(void)state;
	for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
		unsetenv(unset[i]);
	for (size_t i = 0; i < sizeof set / sizeof *set; i++)
		setenv(set[i][0], set[i][1], 1);
	group_dir = mkdtemp(template) ? gbx_strdup(template) : NULL;
	if (!group_dir)
		return -1;
	setenv("HOME", group_dir, 1);
	return gbx_scanner_new(gbx_secret_rules, &scanner, NULL);
}

int repo_group_teardown(void **state)
{
	(void)state;
	int rc = gbx_remove_tree(group_dir, NULL);
	gbx_free(group_dir);
	gbx_scanner_release(&scanner);
	return rc;
}

int repo_setup(void **state)
{
	static unsigned number;

	(void)state;
	repo_dir = gbx_asprintf("%s/%u", group_dir, number++);
	assert_int_equal(gbx_make_dir(repo_dir, 0700, NULL), 0);
	repo_options = (struct gbx_code_options){.scanner = scanner, .ceilings = group_dir, .run = RUN, .start_ms = 60000, .deadline_ms = 60000,
						.untracked_limit = 1024 * 1024};
	repo_sh("git init -q -b main repo && cd repo && mkdir -p src/deep && echo one > a && echo two > src/b && "
		"echo three > src/deep/c && echo four > src-d && printf '#!/bin/sh\\n' > run.sh && chmod +x run.sh && ln -s src/b link && "
		": > empty && git add . && git commit -q -m first");
	return 0;
}

int repo_teardown(void **state)
{
	(void)state;
	forget_place();
	repo_sh("chmod -R u+rwX .");
	int rc = gbx_remove_tree(repo_dir, NULL);
	gbx_free(repo_dir);
	return rc;
}

void repo_sh(const char *script)
{
	GBX_AUTO_STRING char *line = gbx_asprintf("cd '%s' && { %s\n}", repo_dir, script);
	int status = system(line);

	if (status)
		print_error("script failed: %s\n", script);
	assert_int_equal(status, 0);
}

const char *repo_line(const char *script)
{
	static char line[4096];
	GBX_AUTO_STRING char *full = gbx_asprintf("cd '%s' && { %s\n}", repo_dir, script);
	FILE *pipe = popen(full, "r");

	assert_non_null(pipe);
	if (!fgets(line, sizeof line, pipe))
		line[0] = 0;
	assert_int_equal(pclose(pipe), 0);
	line[strcspn(line, "\n")] = 0;
	return line;
}

void repo_place(const char *start, const char *store)
{
	forget_place();
	place[0] = gbx_path_join(repo_dir, start);
	place[1] = gbx_path_join(repo_dir, store);
	place[2] = gbx_path_join(place[1], "blobs");
	place[3] = gbx_path_join(repo_dir, "manifest");
	repo_options.start = place[0];
	repo_options.store = place[1];
	repo_options.blobs = place[2];
	repo_options.manifest_path = place[3];
	assert_int_equal(gbx_make_dirs(place[1], 0700, NULL), 0);
	(void)!gbx_unlink(place[3], NULL);
}

void repo_capture(const char *start, const char *store, struct gbx_code_result *out)
{
	struct gbx_error err;

	repo_place(start, store);
	*out = (struct gbx_code_result){0};
	int rc = gbx_code_capture(&repo_options, out, &err);
	if (rc)
		print_error("%s\n", err.line);
	if (rc == 0 && out->why)
		print_message("why: %s\n", out->why);
	assert_int_equal(rc, 0);
}

void repo_expect_gap(const struct gbx_code_result *r, Glassbox__Gap__Kind kind, Glassbox__Gap__Reason reason, uint64_t count)
{
	uint64_t found = 0;

	for (size_t i = 0; i < r->gaps.len; i++) {
		if (r->gaps.gap[i].kind != kind)
			continue;
		assert_int_equal(r->gaps.gap[i].reason, reason);
		found += r->gaps.gap[i].count;
	}
	assert_int_equal(found, count);
}

void repo_expect_tree(const struct gbx_code_result *r, const char *hex)
{
	char tree[2 * GBX_SHA256_LEN + 1];

	assert_true(r->captured);
	gbx_hex(r->tree, r->id_len, tree);
	assert_string_equal(tree, hex);
}

void repo_expect_failed(const struct gbx_code_result *r, Glassbox__Gap__Reason reason)
{
	GBX_AUTO_STRING char *manifest = gbx_path_join(repo_dir, "manifest");

	assert_false(r->captured);
	assert_int_equal(r->gaps.len, 1);
	repo_expect_gap(r, GLASSBOX__GAP__KIND__CODE, reason, 1);
	assert_non_null(r->why);
	assert_false(gbx_exists(manifest));
}
