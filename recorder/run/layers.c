#include "run/layers.h"

#include <fcntl.h>

#include "base/limits.h"
#include "base/mem.h"
#include "bundle/tar.h"
#include "capture/export.h"

static int write_withheld(const struct gbx_record *r, struct gbx_bytes *framed, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes data = {0};
	Glassbox__Frame frame = GLASSBOX__FRAME__INIT;

	frame.entry = gbx_pb_bytes(r->entry.data, r->entry.len);
	int rc = gbx_pb_pack(&frame.base, &data, err);
	return rc ? rc : gbx_tfrecord_frame(gbx_slice_of(&data), framed, err);
}

static int write_record(const struct gbx_journal_layer *j, const struct gbx_stream_view *s, struct gbx_slice data,
			struct gbx_hash *h, struct gbx_output *out, struct gbx_error *err)
{
	GBX_AUTO_ARENA struct gbx_arena memory = {0};
	struct gbx_record r;
	GBX_AUTO_BYTES struct gbx_bytes framed = {0};
	int rc = gbx_record_decode(h, data, &memory, &r, err);

	if (rc == 0 && gbx_publication_find(j->publication, s->head.stream, r.seq))
		rc = write_withheld(&r, &framed, err);
	else if (rc == 0)
		rc = gbx_tfrecord_frame(data, &framed, err);
	return rc ? rc : out->write(out, framed.data, framed.len, err);
}

static int write_stream(const struct gbx_journal_layer *j, const struct gbx_stream_view *s, struct gbx_output *out,
			struct gbx_error *err)
{
	GBX_AUTO_TFRECORD struct gbx_tfrecord_reader records = {0};
	GBX_AUTO_HASH struct gbx_hash *h = NULL;
	GBX_AUTO_FD int fd = -1;
	struct gbx_file_input in;
	struct gbx_slice data;
	int rc = gbx_hash_new(&h, GBX_SHA256, err);

	if (rc == 0 && s->head.size < s->expected)
		rc = gbx_fail(err, GBX_E_BAD, "'%s' is shorter than when it was sealed; restore it from a copy", s->path);
	if (rc == 0)
		rc = gbx_open_regular(AT_FDCWD, s->path, &fd, err);
	if (rc)
		return rc;
	gbx_file_input(&in, fd);
	rc = gbx_tfrecord_reader_init(&records, &in.in, GBX_LIMIT_RECORD, err);
	for (uint64_t i = 0; rc == 0 && i < s->head.size; i++) {
		rc = gbx_tfrecord_next(&records, &data, err);
		if (rc == 0)
			return gbx_fail(err, GBX_E_BAD, "'%s' has become shorter; publish again when nobody writes to it", s->path);
		rc = rc == 1 ? write_record(j, s, data, h, out, err) : rc;
	}
	return rc;
}

int gbx_write_journal(void *arg, struct gbx_output *out, struct gbx_error *err)
{
	const struct gbx_journal_layer *j = arg;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < j->view->streams; i++)
		rc = write_stream(j, &j->view->stream[i], out, err);
	return rc;
}

static int read_target(struct gbx_input *in, struct gbx_bytes *target, struct gbx_error *err)
{
	struct gbx_bytes_output out;

	gbx_bytes_output(&out, target);
	return gbx_copy(in, &out.out, err);
}

static int write_file(void *arg, const struct gbx_entry *e, struct gbx_input *content, struct gbx_error *err)
{
	struct gbx_output *out = arg;
	GBX_AUTO_BYTES struct gbx_bytes header = {0}, target = {0}, padding = {0};
	bool link = e->type == GBX_SYMLINK;
	int rc = link ? read_target(content, &target, err) : 0;
	struct gbx_tar_entry t = {.path = e->path, .type = e->type, .target = gbx_slice_of(&target), .size = link ? 0 : e->size};

	if (rc == 0)
		rc = gbx_tar_header(&t, &header, err);
	if (rc == 0)
		rc = out->write(out, header.data, header.len, err);
	if (rc || link)
		return rc;
	rc = gbx_copy(content, out, err);
	if (rc == 0)
		rc = gbx_tar_padding(e->size, &padding, err);
	return rc == 0 && padding.len ? out->write(out, padding.data, padding.len, err) : rc;
}

int gbx_write_code_tar(void *arg, struct gbx_output *out, struct gbx_error *err)
{
	const struct gbx_code_tar *c = arg;
	char name[96] = "manifest/";

	gbx_hex(c->manifest, GBX_SHA256_LEN, name + 9);
	strcat(name, ".tfrecord");
	GBX_AUTO_STRING char *manifest = gbx_run_path(c->store, c->run, name);
	GBX_AUTO_STRING char *blobs = gbx_run_path(c->store, c->run, "blob");
	GBX_AUTO_BYTES struct gbx_bytes end = {0};
	if (!manifest || !blobs)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	struct gbx_code_place place = {c->store->path, blobs, manifest, c->tree, c->tree_len};
	int rc = gbx_code_export(&place, write_file, out, err);
	if (rc == 0)
		rc = gbx_tar_end(&end, err);
	return rc ? rc : out->write(out, end.data, end.len, err);
}
