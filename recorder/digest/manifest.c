#include "digest/manifest.h"

#include "base/limits.h"
#include "base/pb.h"
#include "base/text.h"
#include "manifest.pb-c.h"

static const char file_tag[] = "glassbox/file/v1";
static const char salted_tag[] = "glassbox/salted-file/v1";
static const char listing_tag[] = "glassbox/listing/v1";

int gbx_manifest_fold_init(struct gbx_manifest_fold *f, enum gbx_manifest_kind kind, struct gbx_error *err)
{
	struct gbx_hash *hash;
	int rc = gbx_hash_new(&hash, GBX_SHA256, err);

	if (rc == 0)
		*f = (struct gbx_manifest_fold){.kind = kind, .hash = hash};
	return rc;
}

void gbx_manifest_fold_free(struct gbx_manifest_fold *f)
{
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

	return gbx_fail(err, GBX_E_MALFORMED, "entry %llu, path '%s': %s", (unsigned long long)f->tree.size,
			gbx_printable_in(e->path, shown, sizeof shown), why);
}

static int check_entry(const struct gbx_manifest_fold *f, const struct gbx_entry *e, struct gbx_error *err)
{
	bool code = f->kind == GBX_MANIFEST_CODE;

	if (!gbx_is_clean_path(e->path))
		return bad_entry(f, e, "not a clean relative path", err);
	if (f->tree.size && gbx_slice_compare(gbx_slice_of(&f->last), e->path) >= 0)
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

static int add_leaf(struct gbx_tree *tree, struct gbx_hash *h, const struct gbx_slice *part, size_t parts, struct gbx_error *err)
{
	uint8_t leaf[GBX_SHA256_LEN];
	int rc = gbx_leaf_hash(h, part, parts, leaf, err);

	return rc ? rc : gbx_tree_append(tree, h, leaf, err);
}

static void type_and_size(enum gbx_file_type type, uint64_t size, uint8_t out[9])
{
	out[0] = (uint8_t)type;
	gbx_put_be64(out + 1, size);
}

int gbx_listing_add(struct gbx_tree *tree, struct gbx_hash *h, enum gbx_file_type type, uint64_t size, uint64_t mtime_nanos,
		    struct gbx_slice path, struct gbx_error *err)
{
	uint8_t head[17];

	type_and_size(type, size, head);
	gbx_put_be64(head + 9, mtime_nanos);
	struct gbx_slice part[] = {gbx_slice(listing_tag, sizeof listing_tag), gbx_slice(head, sizeof head), path};
	return add_leaf(tree, h, part, 3, err);
}

int gbx_manifest_fold_add(struct gbx_manifest_fold *f, const struct gbx_entry *e, struct gbx_error *err)
{
	uint8_t head[9];
	int rc = check_entry(f, e, err);

	if (rc)
		return rc;
	type_and_size(e->type, e->size, head);
	struct gbx_slice part[] = {gbx_slice(salted_tag, sizeof salted_tag), gbx_slice(e->salt, sizeof e->salt),
				   gbx_slice(file_tag, sizeof file_tag), gbx_slice(head, sizeof head),
				   gbx_slice(e->sha256, sizeof e->sha256), e->path};
	if (f->kind == GBX_MANIFEST_FILES) {
		rc = add_leaf(&f->salted, f->hash, part, 6, err);
		if (rc == 0)
			rc = gbx_listing_add(&f->listing, f->hash, e->type, e->size, e->mtime_nanos, e->path, err);
	}
	if (rc == 0)
		rc = add_leaf(&f->tree, f->hash, part + 2, 4, err);
	if (rc)
		return rc;
	f->bytes += e->size;
	f->last.len = 0;
	return gbx_bytes_append(&f->last, e->path.data, e->path.len, err);
}

int gbx_manifest_fold_sum(struct gbx_manifest_fold *f, struct gbx_manifest_sum *sum, struct gbx_error *err)
{
	struct gbx_manifest_sum s = {.files = f->tree.size, .bytes = f->bytes};
	int rc = gbx_tree_root(&f->tree, f->hash, s.root, err);

	if (rc == 0 && f->kind == GBX_MANIFEST_FILES)
		rc = gbx_tree_root(&f->salted, f->hash, s.salted_root, err);
	if (rc == 0 && f->kind == GBX_MANIFEST_FILES)
		rc = gbx_tree_root(&f->listing, f->hash, s.listing, err);
	if (rc == 0)
		*sum = s;
	return rc;
}

int gbx_manifest_writer_init(struct gbx_manifest_writer *w, enum gbx_manifest_kind kind, struct gbx_output *out,
			     struct gbx_error *err)
{
	struct gbx_manifest_writer made = {.out = out};
	int rc = gbx_manifest_fold_init(&made.fold, kind, err);

	if (rc == 0)
		rc = gbx_hash_new(&made.page, GBX_SHA256, err);
	if (rc) {
		gbx_manifest_fold_free(&made.fold);
		return rc;
	}
	gbx_hash_start(made.page);
	*w = made;
	return 0;
}

void gbx_manifest_writer_free(struct gbx_manifest_writer *w)
{
	gbx_manifest_fold_free(&w->fold);
	gbx_hash_free(w->page);
	gbx_bytes_wipe(&w->message);
	gbx_bytes_wipe(&w->frame);
	*w = (struct gbx_manifest_writer){0};
}

static void to_message(const struct gbx_entry *e, enum gbx_manifest_kind kind, Glassbox__ManifestEntry *m)
{
	glassbox__manifest_entry__init(m);
	m->path = gbx_pb_bytes(e->path.data, e->path.len);
	m->type = (Glassbox__ManifestEntry__Type)e->type;
	m->size = e->size;
	m->sha256 = gbx_pb_bytes(e->sha256, GBX_SHA256_LEN);
	m->git_id = gbx_pb_bytes(e->git_id, e->git_id_len);
	if (kind == GBX_MANIFEST_FILES) {
		m->mode = e->mode;
		m->mtime_unix_nanos = e->mtime_nanos;
		m->salt = gbx_pb_bytes(e->salt, GBX_SALT_LEN);
	}
}

int gbx_manifest_writer_add(struct gbx_manifest_writer *w, const struct gbx_entry *e, struct gbx_error *err)
{
	Glassbox__ManifestEntry m;
	int rc = gbx_manifest_fold_add(&w->fold, e, err);

	if (rc)
		return rc;
	to_message(e, w->fold.kind, &m);
	w->message.len = 0;
	w->frame.len = 0;
	rc = gbx_pb_pack(&m.base, &w->message, err);
	if (rc == 0)
		rc = gbx_tfrecord_frame(gbx_slice_of(&w->message), &w->frame, err);
	if (rc)
		return rc;
	gbx_hash_update(w->page, w->frame.data, w->frame.len);
	return w->out->write(w->out, w->frame.data, w->frame.len, err);
}

int gbx_manifest_writer_finish(struct gbx_manifest_writer *w, struct gbx_manifest_sum *sum, uint8_t page[GBX_SHA256_LEN],
			       struct gbx_error *err)
{
	struct gbx_manifest_sum s;
	int rc = gbx_manifest_fold_sum(&w->fold, &s, err);

	if (rc == 0)
		rc = gbx_hash_final(w->page, page, err);
	if (rc == 0)
		*sum = s;
	return rc;
}

int gbx_manifest_reader_init(struct gbx_manifest_reader *r, enum gbx_manifest_kind kind, struct gbx_input *in,
			     struct gbx_error *err)
{
	struct gbx_manifest_reader made = {0};
	int rc = gbx_manifest_fold_init(&made.fold, kind, err);

	if (rc == 0)
		rc = gbx_tfrecord_reader_init(&made.records, in, GBX_LIMIT_MANIFEST_ENTRY, err);
	if (rc) {
		gbx_manifest_fold_free(&made.fold);
		return rc;
	}
	*r = made;
	return 0;
}

void gbx_manifest_reader_free(struct gbx_manifest_reader *r)
{
	gbx_manifest_fold_free(&r->fold);
	gbx_tfrecord_reader_free(&r->records);
	gbx_arena_free(&r->memory);
	*r = (struct gbx_manifest_reader){0};
}

static int from_message(const Glassbox__ManifestEntry *m, enum gbx_manifest_kind kind, struct gbx_entry *e, struct gbx_error *err)
{
	bool files = kind == GBX_MANIFEST_FILES;

	if (m->sha256.len != GBX_SHA256_LEN || m->salt.len != (files ? GBX_SALT_LEN : 0) || m->git_id.len > sizeof e->git_id)
		return gbx_fail(err, GBX_E_MALFORMED, "sha256, salt or git id of the wrong length");
	if (!files && (m->mode || m->mtime_unix_nanos))
		return gbx_fail(err, GBX_E_MALFORMED, "a snapshot's entry has no mode and no time");
	*e = (struct gbx_entry){.path = gbx_pb_slice(m->path),
				.type = (enum gbx_file_type)m->type,
				.size = m->size,
				.mode = m->mode,
				.mtime_nanos = m->mtime_unix_nanos,
				.git_id_len = m->git_id.len};
	memcpy(e->sha256, m->sha256.data, GBX_SHA256_LEN);
	if (files)
		memcpy(e->salt, m->salt.data, GBX_SALT_LEN);
	if (m->git_id.len)
		memcpy(e->git_id, m->git_id.data, m->git_id.len);
	return 0;
}

int gbx_manifest_next(struct gbx_manifest_reader *r, struct gbx_entry *e, struct gbx_error *err)
{
	ProtobufCMessage *message = NULL;
	struct gbx_slice data;
	int rc = gbx_tfrecord_next(&r->records, &data, err);

	if (rc <= 0)
		return rc;
	gbx_arena_reset(&r->memory);
	rc = gbx_pb_parse(&r->memory, &glassbox__manifest_entry__descriptor, data, GBX_LIMIT_MANIFEST_ENTRY, &message, err);
	if (rc)
		return gbx_fail_context(err, "entry %llu", (unsigned long long)r->fold.tree.size);
	rc = from_message((Glassbox__ManifestEntry *)message, r->fold.kind, e, err);
	if (rc)
		return gbx_fail_context(err, "entry %llu", (unsigned long long)r->fold.tree.size);
	rc = gbx_manifest_fold_add(&r->fold, e, err);
	return rc ? rc : 1;
}

int gbx_manifest_reader_sum(struct gbx_manifest_reader *r, struct gbx_manifest_sum *sum, struct gbx_error *err)
{
	return gbx_manifest_fold_sum(&r->fold, sum, err);
}
