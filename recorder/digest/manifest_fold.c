/* Entries of a manifest into its roots. Declared in manifest.h. */
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "digest/manifest.h"
#include "digest/many.h"

/* Leaves are hashed many at once: so many entries, or so many bytes of them. A power of two, so that the trees grow by whole subtrees. */
#define BATCH 256u
#define BATCH_BYTES (256u * 1024)
#define TREES 3u

static const char file_tag[] = "glassbox/file/v1";
static const char salted_tag[] = "glassbox/salted-file/v1";
static const char listing_tag[] = "glassbox/listing/v1";

struct gbx_manifest_batch {
	size_t entries;
	struct gbx_bytes text;                     /* the leaves' data, one after the other */
	size_t end[TREES * BATCH];
	uint8_t leaf[TREES][BATCH][GBX_SHA256_LEN];
	struct gbx_message message[TREES * BATCH];
};

/* The trees that a kind has, in the order in which an entry's leaves stand in the batch. */
static size_t trees_of(struct gbx_manifest_fold *f, struct gbx_tree *tree[TREES])
{
	size_t n = 0;

	tree[n++] = &f->tree;
	if (f->kind == GBX_MANIFEST_FILES)
		tree[n++] = &f->salted;
	if (f->kind == GBX_MANIFEST_FILES && f->wants_listing)
		tree[n++] = &f->listing;
	return n;
}

int gbx_manifest_fold_init(struct gbx_manifest_fold *f, enum gbx_manifest_kind kind, bool wants_listing, struct gbx_error *err)
{
	struct gbx_manifest_batch *batch = gbx_calloc(1, sizeof *batch);
	struct gbx_hash *hash;

	if (!batch)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a manifest");
	int rc = gbx_hash_new(&hash, GBX_SHA256, err);
	if (rc) {
		gbx_free(batch);
		return rc;
	}
	*f = (struct gbx_manifest_fold){.kind = kind, .wants_listing = wants_listing, .hash = hash, .batch = batch};
	return 0;
}

void gbx_manifest_fold_free(struct gbx_manifest_fold *f)
{
	if (f->batch)
		gbx_bytes_free(&f->batch->text);
	gbx_free(f->batch);
	gbx_hash_free(f->hash);
	gbx_bytes_free(&f->last);
	*f = (struct gbx_manifest_fold){0};
}

bool gbx_is_clean_path(struct gbx_slice path)
{
	if (path.len == 0 || path.len > GBX_LIMIT_PATH || memchr(path.data, 0, path.len))
		return false;
	for (size_t start = 0; start <= path.len;) {
		const uint8_t *slash = memchr(path.data + start, '/', path.len - start);
		size_t end = slash ? (size_t)(slash - path.data) : path.len;
		struct gbx_slice part = gbx_slice(path.data + start, end - start);
		if (part.len == 0 || gbx_slice_is(part, ".") || gbx_slice_is(part, ".."))
			return false;
		start = end + 1;
	}
	return true;
}

static int bad_entry(const struct gbx_manifest_fold *f, const struct gbx_entry *e, const char *why, struct gbx_error *err)
{
	char shown[256];

	return gbx_fail(err, GBX_E_MALFORMED, "entry %llu, path '%s': %s", (unsigned long long)f->files,
			gbx_printable_in(e->path, shown, sizeof shown), why);
}

static int check_entry(const struct gbx_manifest_fold *f, const struct gbx_entry *e, struct gbx_error *err)
{
	bool code = f->kind == GBX_MANIFEST_CODE;

	if (!gbx_is_clean_path(e->path))
		return bad_entry(f, e, "not a clean relative path", err);
	if (f->files && gbx_slice_compare(gbx_slice_of(&f->last), e->path) >= 0)
		return bad_entry(f, e, "not sorted behind the one before", err);
	if (!code && e->type != GBX_FILE && e->type != GBX_SYMLINK)
		return bad_entry(f, e, "datasets and artifacts have files and symbolic links only", err);
	if (e->git_id_len != 0 && (!code || (e->git_id_len != 20 && e->git_id_len != 32)))
		return bad_entry(f, e, "a git id that should not be there", err);
	if (e->type == GBX_GITLINK && (e->git_id_len == 0 || e->size != e->git_id_len))
		return bad_entry(f, e, "a submodule without its commit id", err);
	if (f->bytes + e->size < f->bytes || e->size > INT64_MAX)
		return bad_entry(f, e, "a size that cannot be", err);
	return 0;
}

static void type_and_size(enum gbx_file_type type, uint64_t size, uint8_t out[9])
{
	out[0] = (uint8_t)type;
	gbx_put_be64(out + 1, size);
}

int gbx_listing_add(struct gbx_tree *tree, struct gbx_hash *h, enum gbx_file_type type, uint64_t size, uint64_t mtime_nanos,
		    struct gbx_slice path, struct gbx_error *err)
{
	uint8_t head[17], leaf[GBX_SHA256_LEN];

	type_and_size(type, size, head);
	gbx_put_be64(head + 9, mtime_nanos);
	struct gbx_slice part[] = {gbx_slice(listing_tag, sizeof listing_tag), gbx_slice(head, sizeof head), path};
	int rc = gbx_leaf_hash(h, part, 3, leaf, err);
	return rc ? rc : gbx_tree_append(tree, h, leaf, err);
}

/* Hashes the leaves that wait, and appends them to their trees. */
static int flush(struct gbx_manifest_fold *f, struct gbx_error *err)
{
	struct gbx_manifest_batch *b = f->batch;
	struct gbx_tree *tree[TREES];
	size_t trees = trees_of(f, tree), start = 0;

	for (size_t i = 0; i < b->entries * trees; i++) {
		b->message[i] = (struct gbx_message){b->text.data + start, b->end[i] - start, b->leaf[i % trees][i / trees]};
		start = b->end[i];
	}
	int rc = gbx_sha256_many(f->hash, b->message, b->entries * trees, err);
	for (size_t i = 0; rc == 0 && i < trees; i++)
		rc = gbx_tree_append_many(tree[i], f->hash, b->leaf[i], b->entries, err);
	b->entries = b->text.len = 0;
	return rc;
}

/* The data of one leaf, behind RFC 6962's 0x00. */
static int put_leaf(struct gbx_manifest_batch *b, size_t at, const struct gbx_slice *part, size_t parts, struct gbx_error *err)
{
	int rc = gbx_bytes_append(&b->text, "\0", 1, err);

	for (size_t i = 0; rc == 0 && i < parts; i++)
		rc = gbx_bytes_append(&b->text, part[i].data, part[i].len, err);
	b->end[at] = b->text.len;
	return rc;
}

static int put_leaves(struct gbx_manifest_fold *f, const struct gbx_entry *e, struct gbx_error *err)
{
	struct gbx_manifest_batch *b = f->batch;
	struct gbx_tree *tree[TREES];
	size_t trees = trees_of(f, tree), at = b->entries * trees;
	uint8_t head[9], listed[17];

	type_and_size(e->type, e->size, head);
	memcpy(listed, head, sizeof head);
	gbx_put_be64(listed + 9, e->mtime_nanos);
	struct gbx_slice part[] = {gbx_slice(salted_tag, sizeof salted_tag), gbx_slice(e->salt, sizeof e->salt),
				   gbx_slice(file_tag, sizeof file_tag), gbx_slice(head, sizeof head),
				   gbx_slice(e->sha256, sizeof e->sha256), e->path};
	struct gbx_slice list[] = {gbx_slice(listing_tag, sizeof listing_tag), gbx_slice(listed, sizeof listed), e->path};
	int rc = put_leaf(b, at, part + 2, 4, err);
	if (rc == 0 && trees > 1)
		rc = put_leaf(b, at + 1, part, 6, err);
	if (rc == 0 && trees > 2)
		rc = put_leaf(b, at + 2, list, 3, err);
	b->entries += rc == 0;
	return rc;
}

int gbx_manifest_fold_add(struct gbx_manifest_fold *f, const struct gbx_entry *e, struct gbx_error *err)
{
	int rc = check_entry(f, e, err);

	if (rc == 0)
		rc = put_leaves(f, e, err);
	if (rc == 0 && (f->batch->entries == BATCH || f->batch->text.len >= BATCH_BYTES))
		rc = flush(f, err);
	if (rc)
		return rc;
	f->files++;
	f->bytes += e->size;
	f->last.len = 0;
	return gbx_bytes_append(&f->last, e->path.data, e->path.len, err);
}

int gbx_manifest_fold_sum(struct gbx_manifest_fold *f, struct gbx_manifest_sum *sum, struct gbx_error *err)
{
	struct gbx_manifest_sum s = {.files = f->files, .bytes = f->bytes};
	struct gbx_tree *tree[TREES];
	uint8_t *root[TREES] = {s.root, s.salted_root, s.listing};
	size_t trees = trees_of(f, tree);
	int rc = flush(f, err);

	for (size_t i = 0; rc == 0 && i < trees; i++)
		rc = gbx_tree_root(tree[i], f->hash, root[i], err);
	if (rc == 0)
		*sum = s;
	return rc;
}
