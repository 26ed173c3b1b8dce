/* Entries of a manifest into its roots. Declared in manifest.h. */
#include <pthread.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "digest/manifest.h"
#include "digest/many.h"

/* Leaves are hashed many at once: so many entries, or so many bytes of them. A power of two, so that the trees grow by whole subtrees. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define BATCH 4u /* so that the short manifests of a fuzzer have several */
#define BATCH_BYTES 512u
#else
#define BATCH 2048u
#define BATCH_BYTES (1024u * 1024)
#endif
#define TREES 3u

static const char file_tag[] = "glassbox/file/v1";
static const char salted_tag[] = "glassbox/salted-file/v1";
static const char listing_tag[] = "glassbox/listing/v1";

struct batch {
	size_t entries;
	struct gbx_bytes text;                     /* the leaves' data, one after the other */
	size_t end[TREES * BATCH];
	uint8_t leaf[TREES][BATCH][GBX_SHA256_LEN];
	struct gbx_message message[TREES * BATCH];
};

/* One batch is filled while a helper hashes the other; without a helper there is one, and the caller hashes. */
struct gbx_manifest_batches {
	struct batch batch[2];
	unsigned filled;         /* which one the caller fills */
	struct gbx_hash *hash;   /* the helper's */
	bool helped;
	pthread_t helper;
	pthread_mutex_t lock;    /* guards what is below, and gives the trees from one thread to the other */
	pthread_cond_t changed;
	bool waits, stop;        /* the batch that is not filled waits to be hashed, or is being */
	int rc;                  /* of what the helper did; said once */
	struct gbx_error err;
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
	struct gbx_manifest_batches *batches = gbx_calloc(1, sizeof *batches);
	struct gbx_hash *hash;

	if (!batches)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a manifest");
	int rc = gbx_hash_new(&hash, GBX_SHA256, err);
	if (rc) {
		gbx_free(batches);
		return rc;
	}
	*f = (struct gbx_manifest_fold){.kind = kind, .wants_listing = wants_listing, .hash = hash, .batches = batches};
	return 0;
}

static void stop_helper(struct gbx_manifest_batches *b)
{
	if (!b->helped)
		return;
	pthread_mutex_lock(&b->lock);
	b->stop = true;
	pthread_cond_broadcast(&b->changed);
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->helper, NULL);
	pthread_cond_destroy(&b->changed);
	pthread_mutex_destroy(&b->lock);
	gbx_hash_free(b->hash);
	b->helped = false;
}

void gbx_manifest_fold_free(struct gbx_manifest_fold *f)
{
	if (f->batches) {
		stop_helper(f->batches);
		gbx_bytes_free(&f->batches->batch[0].text);
		gbx_bytes_free(&f->batches->batch[1].text);
	}
	gbx_free(f->batches);
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
static int hash_batch(struct gbx_manifest_fold *f, struct batch *b, struct gbx_hash *h, struct gbx_error *err)
{
	struct gbx_tree *tree[TREES];
	size_t trees = trees_of(f, tree), start = 0;

	for (size_t i = 0; i < b->entries * trees; i++) {
		b->message[i] = (struct gbx_message){b->text.data + start, b->end[i] - start, b->leaf[i % trees][i / trees]};
		start = b->end[i];
	}
	int rc = gbx_sha256_many(h, b->message, b->entries * trees, err);
	for (size_t i = 0; rc == 0 && i < trees; i++)
		rc = gbx_tree_append_many(tree[i], h, b->leaf[i], b->entries, err);
	b->entries = b->text.len = 0;
	return rc;
}

static void *help(void *arg)
{
	struct gbx_manifest_fold *f = arg;
	struct gbx_manifest_batches *b = f->batches;

	pthread_mutex_lock(&b->lock);
	while (!b->stop) {
		if (!b->waits) {
			pthread_cond_wait(&b->changed, &b->lock);
			continue;
		}
		struct batch *mine = &b->batch[!b->filled];
		struct gbx_error err;
		pthread_mutex_unlock(&b->lock);
		int rc = hash_batch(f, mine, b->hash, &err);
		pthread_mutex_lock(&b->lock);
		if (rc && b->rc == 0) {
			b->rc = rc;
			b->err = err;
		}
		b->waits = false;
		pthread_cond_broadcast(&b->changed);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

void gbx_manifest_fold_help(struct gbx_manifest_fold *f, unsigned threads)
{
	struct gbx_manifest_batches *b = f->batches;
	struct gbx_error unsaid;

	if (threads < 2 || b->helped || gbx_hash_new(&b->hash, GBX_SHA256, &unsaid))
		return;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->changed, NULL);
	b->helped = pthread_create(&b->helper, NULL, help, f) == 0;
	if (b->helped)
		return;
	pthread_cond_destroy(&b->changed);
	pthread_mutex_destroy(&b->lock);
	gbx_hash_release(&b->hash);
}

/* Until the helper has nothing left; then the trees are the caller's. */
static int wait_for_helper(struct gbx_manifest_batches *b, struct gbx_error *err)
{
	pthread_mutex_lock(&b->lock);
	while (b->waits)
		pthread_cond_wait(&b->changed, &b->lock);
	int rc = b->rc;
	if (rc && err)
		*err = b->err;
	pthread_mutex_unlock(&b->lock);
	return rc;
}

/* The batch that is full is hashed, or given to the helper. */
static int flush(struct gbx_manifest_fold *f, struct gbx_error *err)
{
	struct gbx_manifest_batches *b = f->batches;

	if (!b->helped)
		return hash_batch(f, &b->batch[b->filled], f->hash, err);
	int rc = wait_for_helper(b, err);
	if (rc)
		return rc;
	pthread_mutex_lock(&b->lock);
	b->filled = !b->filled;
	b->waits = true;
	pthread_cond_broadcast(&b->changed);
	pthread_mutex_unlock(&b->lock);
	return 0;
}

/* The data of one leaf, behind RFC 6962's 0x00. */
static int put_leaf(struct batch *b, size_t at, const struct gbx_slice *part, size_t parts, struct gbx_error *err)
{
	int rc = gbx_bytes_append(&b->text, "\0", 1, err);

	for (size_t i = 0; rc == 0 && i < parts; i++)
		rc = gbx_bytes_append(&b->text, part[i].data, part[i].len, err);
	b->end[at] = b->text.len;
	return rc;
}

static int put_leaves(struct gbx_manifest_fold *f, const struct gbx_entry *e, struct gbx_error *err)
{
	struct batch *b = &f->batches->batch[f->batches->filled];
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
	const struct batch *b = &f->batches->batch[f->batches->filled];
	if (rc == 0 && (b->entries == BATCH || b->text.len >= BATCH_BYTES))
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
	int rc = f->batches->helped ? wait_for_helper(f->batches, err) : 0;

	if (rc == 0)
		rc = hash_batch(f, &f->batches->batch[f->batches->filled], f->hash, err);
	for (size_t i = 0; rc == 0 && i < trees; i++)
		rc = gbx_tree_root(tree[i], f->hash, root[i], err);
	if (rc == 0)
		*sum = s;
	return rc;
}
