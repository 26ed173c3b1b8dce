#include "digest/manifest.h"

#include "base/limits.h"
#include "base/pb.h"
#include "base/text.h"
#include "manifest.pb-c.h"

int gbx_manifest_writer_init(struct gbx_manifest_writer *w, enum gbx_manifest_kind kind, struct gbx_output *out,
			     struct gbx_error *err)
{
	struct gbx_manifest_writer made = {.out = out};
	int rc = gbx_manifest_fold_init(&made.fold, kind, true, err);

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
	int rc = gbx_manifest_fold_init(&made.fold, kind, false, err);

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
		return gbx_fail_context(err, "entry %llu", (unsigned long long)r->fold.files);
	rc = from_message((Glassbox__ManifestEntry *)message, r->fold.kind, e, err);
	if (rc)
		return gbx_fail_context(err, "entry %llu", (unsigned long long)r->fold.files);
	rc = gbx_manifest_fold_add(&r->fold, e, err);
	return rc ? rc : 1;
}

int gbx_manifest_reader_sum(struct gbx_manifest_reader *r, struct gbx_manifest_sum *sum, struct gbx_error *err)
{
	return gbx_manifest_fold_sum(&r->fold, sum, err);
}
