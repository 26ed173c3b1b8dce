/* Snapshots against real git: the tree is the one that `git add -u` makes of the same work tree, the manifest gives that tree
 * again, and nothing but one ref is written to the repository. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "capture/remote.h"
#include "repo.h"
#include "test.h"

/* The tree that real git makes, with an index of its own. */
static const char as_git_adds[] = "cd repo && cp \"$(git rev-parse --git-path index)\" ../index && export GIT_INDEX_FILE=\"$PWD/../index\" && "
				  "export GIT_OBJECT_DIRECTORY=\"$PWD/../objects\" && mkdir -p ../objects && export "
				  "GIT_ALTERNATE_OBJECT_DIRECTORIES=\"$(realpath $(git rev-parse --git-common-dir))/objects\" && "
				  "git add -u 2> /dev/null && git write-tree";

static int content_id(struct gbx_hash *h, const struct gbx_entry *e, uint8_t id[GBX_SHA1_LEN], uint8_t sha256[GBX_SHA256_LEN])
{
	GBX_AUTO_STRING char *path = gbx_asprintf("%s/repo/%.*s", repo_dir, (int)e->path.len, (const char *)e->path.data);
	GBX_AUTO_BYTES struct gbx_bytes content = {0};

	if (e->type == GBX_SYMLINK)
		assert_int_equal(gbx_readlinkat(-1, path, &content, NULL), 0);
	else if (gbx_load_file(path, 1 << 20, &content, NULL))
		return -1;
	gbx_git_blob_start(h, content.len);
	gbx_hash_update(h, content.data, content.len);
	assert_int_equal(gbx_hash_final(h, id, NULL), 0);
	assert_int_equal(e->size, content.len);
	return gbx_sha256(gbx_slice_of(&content), sha256, NULL);
}

/* Every entry has the SHA-256 of the work tree's bytes, those with a git id are among the blobs, and together they give the tree. */
static void check_entry(struct gbx_git_tree *t, struct gbx_hash *h, const struct gbx_entry *e, const char *store)
{
	uint8_t id[GBX_SHA1_LEN], sha256[GBX_SHA256_LEN];
	char hex[2 * GBX_SHA256_LEN + 1];

	if (e->type == GBX_GITLINK) {
		assert_int_equal(gbx_git_tree_add(t, e->path, e->type, e->git_id, NULL), 0);
		return;
	}
	assert_int_equal(content_id(h, e, id, sha256), 0);
	assert_memory_equal(sha256, e->sha256, GBX_SHA256_LEN);
	if (e->git_id_len) {
		gbx_hex(sha256, sizeof sha256, hex);
		GBX_AUTO_STRING char *kept = gbx_asprintf("%s/%s/blobs/%s", repo_dir, store, hex);
		assert_true(gbx_exists(kept));
		assert_memory_not_equal(id, e->git_id, GBX_SHA1_LEN);
	}
	assert_int_equal(gbx_git_tree_add(t, e->path, e->type, e->git_id_len ? e->git_id : id, NULL), 0);
}

static void check_manifest(const struct gbx_code_result *r, const char *store)
{
	GBX_AUTO_STRING char *path = gbx_path_join(repo_dir, "manifest");
	GBX_CLEANUP(gbx_manifest_reader_free) struct gbx_manifest_reader reader = {0};
	GBX_AUTO_GIT_TREE struct gbx_git_tree *t = NULL;
	GBX_AUTO_HASH struct gbx_hash *h = NULL;
	GBX_AUTO_BYTES struct gbx_bytes page = {0};
	struct gbx_memory_input in;
	struct gbx_manifest_sum sum;
	struct gbx_entry e;
	uint8_t id[GBX_SHA256_LEN];

	assert_int_equal(gbx_load_file(path, 1 << 20, &page, NULL), 0);
	assert_int_equal(gbx_sha256(gbx_slice_of(&page), id, NULL), 0);
	assert_memory_equal(id, r->manifest, GBX_SHA256_LEN);
	gbx_memory_input(&in, gbx_slice_of(&page));
	assert_int_equal(gbx_manifest_reader_init(&reader, GBX_MANIFEST_CODE, &in.in, NULL), 0);
	assert_int_equal(gbx_git_tree_new(GBX_GIT_SHA1, &t, NULL), 0);
	assert_int_equal(gbx_hash_new(&h, GBX_SHA1, NULL), 0);
	while (gbx_manifest_next(&reader, &e, NULL) == 1)
		check_entry(t, h, &e, store);
	assert_int_equal(gbx_manifest_reader_sum(&reader, &sum, NULL), 0);
	assert_int_equal(sum.files, r->sum.files);
	assert_int_equal(sum.bytes, r->sum.bytes);
	assert_memory_equal(sum.root, r->sum.root, GBX_SHA256_LEN);
	assert_int_equal(gbx_git_tree_finish(t, id, NULL), 0);
	assert_memory_equal(id, r->tree, GBX_SHA1_LEN);
}

/* The store alone has every object of the snapshot, as plain git sees it; with a ref unless HEAD has the same tree. */
static void check_store(const struct gbx_code_result *r, const char *store)
{
	char tree[2 * GBX_SHA256_LEN + 1];

	gbx_hex(r->tree, r->id_len, tree);
	GBX_AUTO_STRING char *missing = gbx_asprintf("git --git-dir=%s/git ls-tree -r -t %s | grep -v ' commit ' | cut -d' ' -f3 | cut -f1 | "
						     "git --git-dir=%s/git cat-file --batch-check | grep missing || true",
						     store, tree, store);
	assert_string_equal(repo_line(missing), "");
}

struct scene {
	const char *name;
	const char *script; /* run in repo */
};

static void check_scene(const struct scene *s, const char *store)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
	GBX_AUTO_STRING char *script = gbx_asprintf("cd repo && %s", s->script);

	print_message("scene: %s, store %s\n", s->name, store);
	repo_setup(NULL);
	repo_sh(script);
	repo_capture("repo", store, &r);
	assert_null(r.why);
	repo_expect_tree(&r, repo_line(as_git_adds));
	check_manifest(&r, store);
	check_store(&r, store);
	repo_teardown(NULL);
}

static const struct scene scenes[] = {
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
		check_scene(scenes + i, "repo/.git/glassbox");
		check_scene(scenes + i, "store");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree_is_that_of_git_add),
	};

	return cmocka_run_group_tests(tests, repo_group_setup, repo_group_teardown);
}
