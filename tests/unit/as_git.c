#include "as_git.h"

#include "base/mem.h"
#include "base/text.h"
#include "repo.h"
#include "test.h"

/* The tree that real git makes, with an index of its own. */
static const char adds[] = "cd repo && { cp \"$(git rev-parse --git-path index)\" ../index 2> /dev/null || :; } && export GIT_INDEX_FILE=\"$PWD/../index\" && "
				  "export GIT_OBJECT_DIRECTORY=\"$PWD/../objects\" && mkdir -p ../objects && export "
				  "GIT_ALTERNATE_OBJECT_DIRECTORIES=\"$(realpath $(git rev-parse --git-common-dir))/objects\" && "
				  "git add -A --sparse 2> /dev/null && git write-tree";

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

void as_git_check_manifest(const struct gbx_code_result *r, const char *store)
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
void as_git_check_store(const struct gbx_code_result *r, const char *store)
{
	char tree[2 * GBX_SHA256_LEN + 1];

	gbx_hex(r->tree, r->id_len, tree);
	GBX_AUTO_STRING char *missing = gbx_asprintf("git --git-dir=%s/git ls-tree -r -t %s | grep -v ' commit ' | cut -d' ' -f3 | cut -f1 | "
						     "git --git-dir=%s/git cat-file --batch-check | grep missing || true",
						     store, tree, store);
	assert_string_equal(repo_line(missing), "");
}

const char *as_git_tree(void)
{
	return repo_line(adds);
}

void as_git_check_scene(const struct as_git_scene *s, const char *store)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
	GBX_AUTO_STRING char *script = gbx_asprintf("cd repo && %s", s->script);

	repo_setup(NULL);
	repo_sh(script);
	repo_capture("repo", store, &r);
	assert_null(r.why);
	repo_expect_tree(&r, as_git_tree());
	as_git_check_manifest(&r, store);
	as_git_check_store(&r, store);
	repo_teardown(NULL);
}
