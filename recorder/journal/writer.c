#include "journal/writer.h"

#include <pthread.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/salt.h"
#include "base/text.h"
#include "base/tfrecord.h"

struct gbx_writer {
	pthread_mutex_t lock;
	char *dir;
	uint8_t run[GBX_RUN_LEN];
	Glassbox__StreamStart__Writer writer;
	Glassbox__StreamStart__Role role;
	int fd;
	uint64_t size; /* bytes of the file that are whole records */
	bool broken;   /* a write failed: this file gets no more records */
	bool named;    /* the folder was synced after the file was made in it */
	struct gbx_chain chain;
	struct gbx_salts *salts;
	struct gbx_bytes body, entry, frame, framed, back;
	struct gbx_arena memory; /* of the record that is read back */
};

void gbx_writer_free(struct gbx_writer *w)
{
	if (!w)
		return;
	gbx_close(&w->fd);
	gbx_chain_free(&w->chain);
	gbx_salts_free(w->salts);
	gbx_bytes_wipe(&w->body);
	gbx_bytes_wipe(&w->entry);
	gbx_bytes_wipe(&w->frame);
	gbx_bytes_wipe(&w->framed);
	gbx_bytes_wipe(&w->back);
	gbx_arena_free(&w->memory);
	gbx_free(w->dir);
	pthread_mutex_destroy(&w->lock);
	gbx_free(w);
}

void gbx_writer_release(struct gbx_writer **w)
{
	gbx_writer_free(*w);
	*w = NULL;
}

/* Body and salt into the bytes of a framed record, in w->framed. */
static int encode(struct gbx_writer *w, const Glassbox__Body *body, struct gbx_error *err)
{
	uint8_t salt[GBX_RECORD_SALT_LEN], commitment[GBX_SHA256_LEN];
	Glassbox__Entry entry = GLASSBOX__ENTRY__INIT;
	Glassbox__Frame frame = GLASSBOX__FRAME__INIT;

	w->body.len = w->entry.len = w->frame.len = w->framed.len = 0;
	int rc = gbx_pb_pack(&body->base, &w->body, err);
	if (rc == 0 && w->body.len > GBX_LIMIT_BODY)
		rc = gbx_fail(err, GBX_E_LIMIT, "a record of %zu bytes, at most %u are written", w->body.len, GBX_LIMIT_BODY);
	if (rc == 0)
		rc = gbx_salts_take(w->salts, salt, err);
	if (rc == 0)
		rc = gbx_commitment(w->chain.hash, w->chain.stream, w->chain.tree.size, salt, gbx_slice_of(&w->body), commitment, err);
	if (rc)
		return rc;
	entry.seq = w->chain.tree.size;
	entry.prev = gbx_pb_bytes(w->chain.last, entry.seq ? GBX_SHA256_LEN : 0);
	entry.time_unix_nanos = gbx_now_nanos();
	entry.kind = (Glassbox__Kind)body->body_case;
	entry.commitment = gbx_pb_bytes(commitment, sizeof commitment);
	rc = gbx_pb_pack(&entry.base, &w->entry, err);
	if (rc)
		return rc;
	frame.entry = gbx_pb_bytes(w->entry.data, w->entry.len);
	frame.salt = gbx_pb_bytes(salt, sizeof salt);
	frame.body = gbx_pb_bytes(w->body.data, w->body.len);
	rc = gbx_pb_pack(&frame.base, &w->frame, err);
	explicit_bzero(salt, sizeof salt);
	return rc ? rc : gbx_tfrecord_frame(gbx_slice_of(&w->frame), &w->framed, err);
}

/* What was written is read from the file again and goes through the reader that everybody else uses. */
static int read_back(struct gbx_writer *w, struct gbx_error *err)
{
	struct gbx_record record;

	w->back.len = 0;
	int rc = gbx_bytes_reserve(&w->back, w->framed.len, err);
	if (rc == 0)
		rc = gbx_pread(w->fd, w->back.data, w->framed.len, w->size, err);
	if (rc)
		return rc;
	if (memcmp(w->back.data, w->framed.data, w->framed.len) != 0)
		return gbx_fail(err, GBX_E_IO, "the file does not hold what was written to it");
	struct gbx_slice frame = gbx_slice(w->back.data + 12, w->frame.len);
	gbx_arena_reset(&w->memory);
	rc = gbx_record_decode(w->chain.hash, frame, &w->memory, &record, err);
	return rc ? rc : gbx_chain_add(&w->chain, &record, err);
}

static int append(struct gbx_writer *w, const Glassbox__Body *body, struct gbx_ref *ref, struct gbx_error *err)
{
	int rc = encode(w, body, err);

	if (rc)
		return rc;
	struct gbx_ref at = {.seq = w->chain.tree.size};
	memcpy(at.stream, w->chain.stream, GBX_STREAM_LEN);
	rc = gbx_write_once(w->fd, w->framed.data, w->framed.len, err);
	if (rc == 0)
		rc = read_back(w, err);
	if (rc) {
		w->broken = true;
		return rc;
	}
	w->size += w->framed.len;
	if (ref)
		*ref = at;
	return 0;
}

static int write_start(struct gbx_writer *w, const struct gbx_head *follows, struct gbx_error *err)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__StreamStart start = GLASSBOX__STREAM_START__INIT;
	Glassbox__Head head = GLASSBOX__HEAD__INIT;

	start.format = GBX_FORMAT_VERSION;
	start.stream = gbx_pb_bytes(w->chain.stream, GBX_STREAM_LEN);
	start.run = gbx_pb_bytes(w->run, GBX_RUN_LEN);
	start.writer = w->writer;
	start.role = w->role;
	if (follows) {
		head.stream = gbx_pb_bytes(follows->stream, GBX_STREAM_LEN);
		head.size = follows->size;
		head.root = gbx_pb_bytes(follows->root, GBX_SHA256_LEN);
		start.follows = &head;
	}
	body.body_case = GLASSBOX__BODY__BODY_STREAM_START;
	body.stream_start = &start;
	return append(w, &body, NULL, err);
}

/* A new file for a new stream; one that could not be begun is removed again, since it is ours and holds nothing. */
static int begin_stream(struct gbx_writer *w, const struct gbx_head *follows, struct gbx_error *err)
{
	uint8_t stream[GBX_STREAM_LEN];
	char hex[2 * GBX_STREAM_LEN + 1];
	int rc = gbx_random(stream, sizeof stream, err);

	if (rc)
		return rc;
	gbx_hex(stream, sizeof stream, hex);
	GBX_AUTO_STRING char *path = gbx_asprintf("%s/%s.tfrecord", w->dir, hex);
	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a stream");
	gbx_close(&w->fd);
	rc = gbx_create_new(path, 0600, &w->fd, err);
	if (rc)
		return rc;
	gbx_chain_reset(&w->chain);
	memcpy(w->chain.stream, stream, sizeof stream);
	w->size = 0;
	w->broken = w->named = false;
	rc = write_start(w, follows, err);
	if (rc) {
		struct gbx_error ignored;
		gbx_close(&w->fd);
		if (gbx_unlink(path, &ignored))
			return gbx_fail_context(err, "'%s' (and it cannot be removed)", path);
		return gbx_fail_context(err, "'%s'", path);
	}
	return 0;
}

static int fill(struct gbx_writer *w, const struct gbx_writer_options *o, struct gbx_error *err)
{
	w->dir = gbx_strdup(o->dir);
	if (!w->dir)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a stream");
	memcpy(w->run, o->run, GBX_RUN_LEN);
	w->writer = o->writer;
	w->role = o->role;
	int rc = gbx_chain_init(&w->chain, err);
	if (rc == 0)
		rc = gbx_salts_new(&w->salts, err);
	return rc ? rc : begin_stream(w, o->follows, err);
}

int gbx_writer_open(const struct gbx_writer_options *options, struct gbx_writer **out, struct gbx_error *err)
{
	struct gbx_writer *w = gbx_calloc(1, sizeof *w);

	if (!w)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a stream");
	w->fd = -1;
	pthread_mutex_init(&w->lock, NULL);
	int rc = fill(w, options, err);
	if (rc)
		gbx_writer_free(w);
	else
		*out = w;
	return rc;
}

/* Goes on in a new stream that names the head of the broken one. Where that fails as well, the old head is kept for a later try. */
static int go_on(struct gbx_writer *w, struct gbx_error *err)
{
	struct gbx_head head;
	struct gbx_chain was = w->chain;
	int rc = gbx_chain_head(&w->chain, &head, err);

	if (rc == 0)
		rc = begin_stream(w, &head, err);
	if (rc) {
		w->chain = was;
		w->broken = true;
	}
	return rc;
}

static int put(struct gbx_writer *w, const Glassbox__Body *body, struct gbx_ref *ref, struct gbx_error *err)
{
	int rc = w->broken ? 0 : append(w, body, ref, err);

	if (!w->broken)
		return rc;
	rc = go_on(w, err);
	return rc ? rc : append(w, body, ref, err);
}

int gbx_writer_put(struct gbx_writer *w, const Glassbox__Body *body, struct gbx_ref *ref, struct gbx_error *err)
{
	pthread_mutex_lock(&w->lock);
	int rc = put(w, body, ref, err);
	pthread_mutex_unlock(&w->lock);
	return rc;
}

static int sync_locked(struct gbx_writer *w, struct gbx_error *err)
{
	if (w->broken)
		return gbx_fail(err, GBX_E_IO, "the stream is broken, nothing to sync");
	int rc = gbx_sync(w->fd, err);
	if (rc || w->named)
		return rc;
	rc = gbx_sync_dir(w->dir, err);
	w->named = rc == 0;
	return rc;
}

int gbx_writer_sync(struct gbx_writer *w, struct gbx_error *err)
{
	pthread_mutex_lock(&w->lock);
	int rc = sync_locked(w, err);
	pthread_mutex_unlock(&w->lock);
	return rc;
}

int gbx_writer_head(struct gbx_writer *w, struct gbx_head *out, struct gbx_error *err)
{
	pthread_mutex_lock(&w->lock);
	int rc = gbx_chain_head(&w->chain, out, err);
	pthread_mutex_unlock(&w->lock);
	return rc;
}
