#include "capture/export.h"

#include <fcntl.h>

#include "base/child.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/pb.h"
#include "base/text.h"
#include "capture.pb-c.h"
#include "capture/git.h"

/* Bytes of a file in one message, and the longest message. */

#define IDLE_NANOS 30000000000u

/* The child: sends every file's bytes. */
struct sender {
	const struct gbx_code_place *place;
	struct gbx_git_reader *git; /* opened for the first file that needs it */
	int out;
	uint64_t entry;
	struct gbx_bytes message, frame;
};

static int send_chunk(struct sender *s, struct gbx_slice data, bool last, const char *error, struct gbx_error *err)
{
	Glassbox__ExportChunk m;

	glassbox__export_chunk__init(&m);
	m.entry = s->entry;
	m.data = gbx_pb_bytes(data.data, data.len);
	m.last = last;
	if (error)
		m.error = (char *)(uintptr_t)error;
	s->message.len = 0;
	s->frame.len = 0;
	int rc = gbx_pb_pack(&m.base, &s->message, err);
	if (rc == 0)
		rc = gbx_tfrecord_frame(gbx_slice_of(&s->message), &s->frame, err);
	return rc ? rc : gbx_write(s->out, s->frame.data, s->frame.len, err);
}

static int send_memory(struct sender *s, struct gbx_slice content, struct gbx_error *err)
{
	struct gbx_slice part;
	int rc = 0;

	while (rc == 0 && gbx_take(&content, content.len < GBX_LIMIT_EXPORT_PIECE ? content.len : GBX_LIMIT_EXPORT_PIECE, &part)) {
		rc = send_chunk(s, part, content.len == 0, NULL, err);
		if (content.len == 0)
			break;
	}
	return rc;
}

static int send_file(struct sender *s, int fd, struct gbx_error *err)
{
	uint8_t piece[GBX_LIMIT_EXPORT_PIECE];

	for (;;) {
		size_t got = 0;
		int rc = gbx_read(fd, piece, sizeof piece, &got, err);
		if (rc == 0)
			rc = send_chunk(s, gbx_slice(piece, got), got == 0, NULL, err);
		if (rc || got == 0)
			return rc;
	}
}

static int send_object(struct sender *s, const struct gbx_entry *e, struct gbx_error *err)
{
	GBX_AUTO_STRING char *objects = gbx_path_join(s->place->store, "git/objects");
	struct gbx_slice content;
	int rc = objects ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc == 0 && !s->git)
		rc = gbx_git_reader_open(objects, s->place->tree, s->place->id_len, &s->git, err);
	if (rc == 0)
		rc = gbx_git_reader_blob(s->git, (const char *)e->path.data, &content, err);
	return rc ? rc : send_memory(s, content, err);
}

/* From the bytes kept by their SHA-256 where they are, else from git. */
static int send_entry(struct sender *s, const struct gbx_entry *e, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	char hex[2 * GBX_SHA256_LEN + 1];

	gbx_hex(e->sha256, GBX_SHA256_LEN, hex);
	GBX_AUTO_STRING char *kept = gbx_path_join(s->place->blobs, hex);
	if (!kept)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	int rc = gbx_open_regular(AT_FDCWD, kept, &fd, err);
	if (rc == 0)
		return send_file(s, fd, err);
	return rc == GBX_E_NOTFOUND && e->git_id_len == 0 ? send_object(s, e, err) : rc;
}

/* Tells the parent why a file cannot be read; it names the path. */
static void send_failure(struct sender *s, const struct gbx_error *why)
{
	char shown[sizeof why->line];

	gbx_printable_in(gbx_slice_text(why->line), shown, sizeof shown);
	(void)!send_chunk(s, gbx_slice("", 0), true, shown, NULL);
}

static int send_entries(struct sender *s, struct gbx_manifest_reader *manifest, struct gbx_error *err)
{
	struct gbx_entry e;
	int rc;

	for (s->entry = 0; (rc = gbx_manifest_next(manifest, &e, err)) == 1; s->entry++) {
		/* Paths of the message have no NUL behind them. */
		GBX_AUTO_STRING char *path = gbx_memdup(e.path.data, e.path.len);
		if (e.type == GBX_GITLINK)
			continue;
		rc = path ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
		if (path)
			e.path = gbx_slice_text(path);
		if (rc == 0)
			rc = send_entry(s, &e, err);
		if (rc)
			return rc;
	}
	return rc;
}

static int open_manifest(const char *path, int *fd, struct gbx_file_input *in, struct gbx_manifest_reader *reader,
			 struct gbx_error *err)
{
	int rc = gbx_open_regular(AT_FDCWD, path, fd, err);

	gbx_file_input(in, *fd);
	return rc ? rc : gbx_manifest_reader_init(reader, GBX_MANIFEST_CODE, &in->in, err);
}

static int export_child(void *arg, int out)
{
	struct sender s = {.place = arg, .out = out};
	struct gbx_manifest_reader manifest = {0};
	struct gbx_file_input in;
	struct gbx_error err;
	int fd = -1;
	int rc = open_manifest(s.place->manifest_path, &fd, &in, &manifest, &err);

	if (rc == 0)
		rc = send_entries(&s, &manifest, &err);
	if (rc)
		send_failure(&s, &err);
	return rc ? 1 : 0; /* the process ends here, and what it holds with it */
}

/* The parent: one file's bytes as they come from the child. */
struct content {
	struct gbx_input in;
	struct gbx_tfrecord_reader *frames;
	struct gbx_hash *hash;
	uint64_t entry, size;
	struct gbx_arena memory; /* of the chunk at hand */
	struct gbx_slice rest; /* of the chunk's data */
	bool last;
};

static int next_chunk(struct content *c, struct gbx_error *err)
{
	ProtobufCMessage *chunk;
	struct gbx_slice frame;
	int rc = gbx_tfrecord_next(c->frames, &frame, err);

	if (rc == 0)
		return gbx_fail(err, GBX_E_IO, "the process that reads the store died");
	gbx_arena_reset(&c->memory);
	if (rc > 0)
		rc = gbx_pb_parse(&c->memory, &glassbox__export_chunk__descriptor, frame, GBX_LIMIT_EXPORT_CHUNK, &chunk, err);
	if (rc)
		return rc;
	const Glassbox__ExportChunk *m = (const Glassbox__ExportChunk *)chunk;
	if (*m->error)
		return gbx_fail(err, GBX_E_NOTFOUND, "%s", m->error);
	if (m->entry != c->entry)
		return gbx_fail(err, GBX_E_MALFORMED, "the process that reads the store sent another file");
	c->rest = gbx_pb_slice(m->data);
	c->last = m->last;
	gbx_hash_update(c->hash, c->rest.data, c->rest.len);
	c->size += c->rest.len;
	return 0;
}

static int content_read(struct gbx_input *in, void *buf, size_t len, size_t *got, struct gbx_error *err)
{
	struct content *c = (struct content *)in;
	struct gbx_slice part;

	while (c->rest.len == 0 && !c->last) {
		int rc = next_chunk(c, err);
		if (rc)
			return rc;
	}
	if (!gbx_take(&c->rest, len < c->rest.len ? len : c->rest.len, &part))
		part = gbx_slice("", 0);
	if (part.len)
		memcpy(buf, part.data, part.len);
	*got = part.len;
	return 0;
}

static int check_content(struct content *c, const struct gbx_entry *e, struct gbx_error *err)
{
	uint8_t sha256[GBX_SHA256_LEN];
	int rc = 0;

	while (rc == 0 && !c->last)
		rc = next_chunk(c, err);
	if (rc == 0)
		rc = gbx_hash_final(c->hash, sha256, err);
	if (rc)
		return rc;
	if (c->size != e->size || memcmp(sha256, e->sha256, sizeof sha256) != 0)
		return gbx_fail(err, GBX_E_BAD, "the store has other bytes than the manifest says; restore it from a copy");
	return 0;
}

static int receive_entry(struct content *c, const struct gbx_entry *e, gbx_code_file_fn file, void *arg, struct gbx_error *err)
{
	char shown[256];

	gbx_hash_start(c->hash);
	c->size = 0;
	c->rest = gbx_slice("", 0);
	c->last = false;
	int rc = file(arg, e, &c->in, err);
	if (rc == 0)
		rc = check_content(c, e, err);
	return rc < 0 ? gbx_fail_context(err, "snapshot, file '%s'", gbx_printable_in(e->path, shown, sizeof shown)) : rc;
}

static int receive(const struct gbx_code_place *place, struct content *c, gbx_code_file_fn file, void *arg, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_manifest_reader_free) struct gbx_manifest_reader manifest = {0};
	GBX_AUTO_FD int fd = -1;
	struct gbx_file_input in;
	struct gbx_entry e;
	int rc = open_manifest(place->manifest_path, &fd, &in, &manifest, err);

	if (rc)
		return rc;
	for (c->entry = 0; (rc = gbx_manifest_next(&manifest, &e, err)) == 1; c->entry++) {
		rc = e.type == GBX_GITLINK ? 0 : receive_entry(c, &e, file, arg, err);
		if (rc)
			return rc;
	}
	return rc;
}

int gbx_code_export(const struct gbx_code_place *place, gbx_code_file_fn file, void *arg, struct gbx_error *err)
{
	GBX_AUTO_TFRECORD struct gbx_tfrecord_reader frames = {0};
	GBX_AUTO_HASH struct gbx_hash *hash = NULL;
	struct gbx_child child = {0, -1};
	struct gbx_child_input in;
	struct gbx_code_place copy = *place;
	int rc = gbx_hash_new(&hash, GBX_SHA256, err);

	if (rc == 0)
		rc = gbx_child_start(export_child, &copy, &child, err);
	if (rc)
		return rc;
	gbx_child_input(&in, child.fd, 0, IDLE_NANOS);
	rc = gbx_tfrecord_reader_init(&frames, &in.in, GBX_LIMIT_EXPORT_CHUNK, err);
	struct content c = {.in = {content_read}, .frames = &frames, .hash = hash};
	if (rc == 0)
		rc = receive(place, &c, file, arg, err);
	gbx_arena_free(&c.memory);
	gbx_child_kill(&child, NULL);
	return rc;
}
