/* Git ids computed without git, against real git: loose trees, all types, names that sort oddly, and what must be refused. */
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "repo.h"
#include "test.h"

static void well_known_ids(void **state)
{
	struct gbx_git_tree *t;
	struct gbx_hash *h;
	uint8_t id[GBX_SHA256_LEN];
	char hex[2 * GBX_SHA256_LEN + 1];

	(void)state;
	assert_int_equal(gbx_git_tree_new(GBX_GIT_SHA1, &t, NULL), 0);
	assert_int_equal(gbx_git_tree_finish(t, id, NULL), 0);
	gbx_hex(id, 20, hex);
	assert_string_equal(hex, "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
	gbx_git_tree_free(t);
	assert_int_equal(gbx_git_tree_new(GBX_GIT_SHA256, &t, NULL), 0);
	assert_int_equal(gbx_git_tree_finish(t, id, NULL), 0);
	gbx_hex(id, 32, hex);
	assert_string_equal(hex, "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321");
	gbx_git_tree_free(t);
	assert_int_equal(gbx_hash_new(&h, gbx_git_hash(GBX_GIT_SHA1), NULL), 0);
	gbx_git_blob_start(h, 0);
	assert_int_equal(gbx_hash_final(h, id, NULL), 0);
	gbx_hex(id, 20, hex);
	assert_string_equal(hex, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
	gbx_hash_free(h);
}

struct listed {
	unsigned folders;
	char paths[256];
};

static int each_folder(void *arg, struct gbx_slice path, const uint8_t *id, struct gbx_slice content, struct gbx_error *err)
{
	struct listed *l = arg;

	(void)id;
	(void)content;
	(void)err;
	l->folders++;
	strncat(l->paths, (const char *)path.data, path.len);
	strcat(l->paths, ";");
	return 0;
}

/* Reads "<mode> <type> <id>\t<path>" lines, as git ls-tree -r prints them. */
static void add_line(struct gbx_git_tree *t, const char *line, size_t id_len)
{
	static const char *const mode[] = {"100644", "100755", "120000", "160000"};
	const char *id = strchr(strchr(line, ' ') + 1, ' ') + 1, *path = strchr(line, '\t') + 1;
	uint8_t raw[GBX_SHA256_LEN];
	unsigned type = 0;

	while (strncmp(line, mode[type], 6) != 0)
		type++;
	assert_true(gbx_unhex(gbx_slice(id, 2 * id_len), raw, id_len));
	assert_int_equal(gbx_git_tree_add(t, gbx_slice_text(path), type, raw, NULL), 0);
}

static void expect_same(const char *format, size_t id_len, struct listed *l)
{
	GBX_AUTO_GIT_TREE struct gbx_git_tree *t = NULL;
	GBX_AUTO_STRING char *script = gbx_asprintf("cd '%s' && git -C %s ls-tree -r -z HEAD | tr '\\0' '\\n'", repo_dir, format);
	GBX_AUTO_STRING char *want = gbx_asprintf("git -C %s rev-parse HEAD^{tree}", format);
	FILE *pipe = popen(script, "r");
	char line[1024], hex[2 * GBX_SHA256_LEN + 1];
	uint8_t id[GBX_SHA256_LEN];

	assert_int_equal(gbx_git_tree_new((enum gbx_git_format)id_len, &t, NULL), 0);
	gbx_git_tree_each(t, each_folder, l);
	while (fgets(line, sizeof line, pipe)) {
		line[strcspn(line, "\n")] = 0;
		add_line(t, line, id_len);
	}
	pclose(pipe);
	assert_int_equal(gbx_git_tree_finish(t, id, NULL), 0);
	gbx_hex(id, id_len, hex);
	assert_string_equal(hex, repo_line(want));
}

/* "x.y" sorts between the file "x-" and the folder "x", whose files' paths begin with "x/". */
static const char odd_names[] =
	"mkdir -p x/y/z x-y x.y/q x0 && for f in x/y/z/1 x/y/a x/y-b x/y.c x-y/1 x.y/q/2 x-z x0/1 x1 \"$(printf 'n\\377')\"; do "
	"echo $f > \"$f\"; done && ln -s nowhere l && echo e > e && chmod +x e && git add . && "
	"git update-index --add --cacheinfo 160000,";

static void as_git_has_it(void **state)
{
	struct listed l = {0}, l256 = {0};

	(void)state;
	GBX_AUTO_STRING char *script = gbx_asprintf("cd repo && %s$(git rev-parse HEAD),sub && git commit -q -m odd", odd_names);
	repo_sh(script);
	expect_same("repo", 20, &l);
	assert_string_equal(l.paths, "src/deep;src;x-y;x.y/q;x.y;x/y/z;x/y;x;x0;;");
	GBX_AUTO_STRING char *script256 = gbx_asprintf("git init -q --object-format=sha256 big && cd big && git commit -q --allow-empty "
						       "-m 0 && %s$(git rev-parse HEAD),sub && git commit -q -m odd",
						       odd_names);
	repo_sh(script256);
	expect_same("big", 32, &l256);
	assert_int_equal(l256.folders, 8);
}

/* The paths must be refused at the last one. */
static void refuses(const char *const *path, size_t count)
{
	GBX_AUTO_GIT_TREE struct gbx_git_tree *t = NULL;
	static const uint8_t id[20];

	assert_int_equal(gbx_git_tree_new(GBX_GIT_SHA1, &t, NULL), 0);
	for (size_t i = 0; i + 1 < count; i++)
		assert_int_equal(gbx_git_tree_add(t, gbx_slice_text(path[i]), GBX_FILE, id, NULL), 0);
	assert_int_equal(gbx_git_tree_add(t, gbx_slice_text(path[count - 1]), GBX_FILE, id, NULL), GBX_E_MALFORMED);
}

static void refuses_what_no_tree_has(void **state)
{
	(void)state;
	refuses((const char *const[]){"b", "a"}, 2);
	refuses((const char *const[]){"a", "a"}, 2);
	refuses((const char *const[]){"a/../b"}, 1);
	refuses((const char *const[]){"/a"}, 1);
	refuses((const char *const[]){"a/b", "a/b/c"}, 2);
	refuses((const char *const[]){"a", "a-b", "a-b-c", "a/b"}, 4);
	refuses((const char *const[]){"d/a", "d/a-b/x", "d/a.c", "d/a/b"}, 4);
}

static void refuses_names_of_git_itself(void **state)
{
	static const char *const kept[] = {".git", ".GiT/config", "a/.git/hooks/x", ".git. . ./x", ".git              /x", "git~1", "GIT~1/x",
					   ".git::$INDEX_ALLOCATION/x", "a\\.git\\x", ".g\xe2\x80\x8cit/x", "\xef\xbb\xbf.git", ".git\xe2\x81\xaf"};
	static const char *const free_[] = {".github/x", ".gitignore", "git", "git~2", ".git~1", "a.git", ".gitt", ".git.x", ".g\xe2\x82\x8cit"};

	(void)state;
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		refuses(&kept[i], 1);
	for (size_t i = 0; i < sizeof free_ / sizeof *free_; i++)
		assert_false(gbx_has_dot_git(gbx_slice_text(free_[i])));
}

static void a_file_may_begin_like_a_folder(void **state)
{
	static const char *const path[] = {"a-", "a-b", "a-b-c/d", "a.b", "a/b", "a/b-", "a/c/d", "a0"};
	GBX_AUTO_GIT_TREE struct gbx_git_tree *t = NULL;
	static const uint8_t id[20];

	(void)state;
	assert_int_equal(gbx_git_tree_new(GBX_GIT_SHA1, &t, NULL), 0);
	for (size_t i = 0; i < sizeof path / sizeof *path; i++)
		assert_int_equal(gbx_git_tree_add(t, gbx_slice_text(path[i]), GBX_FILE, id, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well_known_ids),
		cmocka_unit_test_setup_teardown(as_git_has_it, repo_setup, repo_teardown),
		cmocka_unit_test(refuses_what_no_tree_has),
		cmocka_unit_test(refuses_names_of_git_itself),
		cmocka_unit_test(a_file_may_begin_like_a_folder),
	};

	return cmocka_run_group_tests(tests, repo_group_setup, repo_group_teardown);
}
