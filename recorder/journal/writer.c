#include "journal/writer.h"

#include <pthread.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/salt.h"
#include "base/text.h"
#include "base/tfrecord.h"
#include "journal/moved.h"

/* The file that is written to. */
struct file {
	int fd;
	char *path;
	uint64_t size; /* bytes of it that are whole records */
	struct gbx_chain chain;
	bool named;               /* the folder was synced after the file was made in it */
	struct gbx_head follows;  /* size 0: none */
	struct gbx_head synced;   /* size 0: nothing was */
	struct gbx_bytes since;   /* the bodies of the records since then, each behind its length (4 bytes) */
	size_t sync_at;           /* length of `since` at which it is synced unasked */
};

struct gbx_writer {
	pthread_mutex_t lock;
	char *dir;
	uint8_t run[GBX_RUN_LEN];
	Glassbox__StreamStart__Writer writer;
	Glassbox__StreamStart__Role role;
	struct file at;
	bool broken; /* a write failed: this file gets no more records */
	bool unsure; /* a sync failed: nobody knows what the disk has of `since` */
	struct gbx_moved_list moved;
	struct gbx_salts *salts;
	struct gbx_bytes body, entry, frame, framed, back;
	struct gbx_arena memory; /* of the record that is read back */
};

static void free_file(struct file *f)
{
	gbx_close(&f->fd);
	gbx_free(f->path);
	gbx_bytes_wipe(&f->since);
}

void gbx_writer_free(struct gbx_writer *w)
{
	if (!w)
		return;
	gbx_chain_free(&w->at.chain);
	free_file(&w->at);
	gbx_moved_free(&w->moved);
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

void gbx_writer_abandon(struct gbx_writer *w)
{
	gbx_close(&w->at.fd);
}

/* The body's bytes, its references led to where their records stand now, in w->body; with room to keep it until it is synced. */
static int encode_body(struct gbx_writer *w, const Glassbox__Body *body, struct gbx_error *err)
{
	w->body.len = 0;
	int rc = gbx_pb_pack(&body->base, &w->body, err);
	if (rc == 0)
		rc = gbx_moved_follow(&w->moved, &w->body, err);
	if (rc == 0 && w->body.len > GBX_LIMIT_BODY)
		rc = gbx_fail(err, GBX_E_LIMIT, "a record of %zu bytes, at most %u are written", w->body.len, GBX_LIMIT_BODY);
	return rc ? rc : gbx_bytes_reserve(&w->at.since, w->body.len + 4 + 1, err);
}

static int encode_entry(struct gbx_writer *w, Glassbox__Kind kind, uint8_t salt[GBX_RECORD_SALT_LEN], struct gbx_error *err)
{
	const struct gbx_chain *chain = &w->at.chain;
	Glassbox__Entry entry = GLASSBOX__ENTRY__INIT;
	uint8_t commitment[GBX_SHA256_LEN];
	int rc = gbx_salts_take(w->salts, salt, err);

	if (rc == 0)
		rc = gbx_commitment(chain->hash, chain->stream, chain->tree.size, salt, gbx_slice_of(&w->body), commitment, err);
	if (rc)
		return rc;
	entry.seq = chain->tree.size;
	entry.prev = gbx_pb_bytes(chain->last, entry.seq ? GBX_SHA256_LEN : 0);
	entry.time_unix_nanos = gbx_now_nanos();
	entry.kind = kind;
	entry.commitment = gbx_pb_bytes(commitment, sizeof commitment);
	w->entry.len = 0;
	return gbx_pb_pack(&entry.base, &w->entry, err);
}

/* Body and salt into the bytes of a framed record, in w->framed. */
static int encode(struct gbx_writer *w, const Glassbox__Body *body, struct gbx_error *err)
{
	Glassbox__Frame frame = GLASSBOX__FRAME__INIT;
	uint8_t salt[GBX_RECORD_SALT_LEN];
	int rc = encode_body(w, body, err);

	if (rc == 0)
		rc = encode_entry(w, (Glassbox__Kind)body->body_case, salt, err);
	if (rc)
		return rc;
	frame.entry = gbx_pb_bytes(w->entry.data, w->entry.len);
	frame.salt = gbx_pb_bytes(salt, sizeof salt);
	frame.body = gbx_pb_bytes(w->body.data, w->body.len);
	w->frame.len = w->framed.len = 0;
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
		rc = gbx_pread(w->at.fd, w->back.data, w->framed.len, w->at.size, err);
	if (rc)
		return rc;
	if (memcmp(w->back.data, w->framed.data, w->framed.len) != 0)
		return gbx_fail(err, GBX_E_IO, "the file does not hold what was written to it");
	struct gbx_slice frame = gbx_slice(w->back.data + 12, w->frame.len);
	gbx_arena_reset(&w->memory);
	rc = gbx_record_decode(w->at.chain.hash, frame, &w->memory, &record, err);
	return rc ? rc : gbx_chain_add(&w->at.chain, &record, err);
}

/* There is room: encode_body made it. */
static void keep_until_synced(struct gbx_writer *w)
{
	struct gbx_bytes *since = &w->at.since;

	gbx_put_le32(since->data + since->len, (uint32_t)w->body.len);
	memcpy(since->data + since->len + 4, w->body.data, w->body.len);
	since->len += w->body.len + 4;
}

static int append(struct gbx_writer *w, const Glassbox__Body *body, struct gbx_ref *ref, struct gbx_error *err)
{
	int rc = encode(w, body, err);

	if (rc)
		return rc;
	struct gbx_ref at = {.seq = w->at.chain.tree.size};
	memcpy(at.stream, w->at.chain.stream, GBX_STREAM_LEN);
	rc = gbx_write_once(w->at.fd, w->framed.data, w->framed.len, err);
	if (rc == 0)
		rc = read_back(w, err);
	if (rc) {
		w->broken = true;
		return rc;
	}
	w->at.size += w->framed.len;
	keep_until_synced(w);
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
	start.stream = gbx_pb_bytes(w->at.chain.stream, GBX_STREAM_LEN);
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

/* A file that was begun and has nothing yet that is not elsewhere, too. */
static int discard(struct file *f, struct gbx_error *err)
{
	struct gbx_error ignored;

	bool made = f->fd >= 0;
	gbx_close(&f->fd);
	if (made && gbx_unlink(f->path, &ignored))
		gbx_fail_context(err, "'%s' (and it cannot be removed)", f->path);
	else if (made)
		gbx_fail_context(err, "'%s'", f->path);
	free_file(f);
	return err ? err->code : GBX_E_IO;
}

/* A new file for a new stream, in w->at. */
static int begin_stream(struct gbx_writer *w, const struct gbx_head *follows, struct gbx_error *err)
{
	uint8_t stream[GBX_STREAM_LEN];
	char hex[2 * GBX_STREAM_LEN + 1];
	int rc = gbx_random(stream, sizeof stream, err);

	if (rc)
		return rc;
	gbx_hex(stream, sizeof stream, hex);
	w->at.path = gbx_asprintf("%s/%s.tfrecord", w->dir, hex);
	if (!w->at.path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a stream");
	rc = gbx_create_new(w->at.path, 0600, &w->at.fd, err);
	if (rc)
		return rc;
	/* Tells who sees the file that its writer lives, before a record says which process that is. Not every filesystem can. */
	(void)!gbx_lock_as(w->at.fd, GBX_LOCK_ALONE_NOW, NULL);
	memcpy(w->at.chain.stream, stream, sizeof stream);
	w->at.sync_at = GBX_LIMIT_UNSYNCED;
	if (follows)
		w->at.follows = *follows;
	w->broken = w->unsure = false;
	return write_start(w, follows, err);
}

static int fill(struct gbx_writer *w, const struct gbx_writer_options *o, struct gbx_error *err)
{
	w->dir = gbx_strdup(o->dir);
	if (!w->dir)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a stream");
	memcpy(w->run, o->run, GBX_RUN_LEN);
	w->writer = o->writer;
	w->role = o->role;
	int rc = gbx_chain_init(&w->at.chain, err);
	if (rc == 0)
		rc = gbx_salts_new(&w->salts, err);
	return rc ? rc : begin_stream(w, o->follows, err);
}

int gbx_writer_open(const struct gbx_writer_options *options, struct gbx_writer **out, struct gbx_error *err)
{
	struct gbx_writer *w = gbx_calloc(1, sizeof *w);
	struct gbx_error why = {0};

	if (!w)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a stream");
	w->at.fd = -1;
	pthread_mutex_init(&w->lock, NULL);
	int rc = fill(w, options, &why);
	if (rc == 0) {
		*out = w;
		return 0;
	}
	struct gbx_hash *hash = w->at.chain.hash;
	rc = discard(&w->at, &why);
	w->at = (struct file){.fd = -1, .chain.hash = hash};
	gbx_writer_free(w);
	if (err)
		*err = why;
	return rc;
}

static int sync_file(const struct gbx_writer *w, struct file *f, struct gbx_error *err)
{
	struct gbx_head head;
	int rc = gbx_chain_head(&f->chain, &head, err);

	if (rc == 0)
		rc = gbx_sync(f->fd, err);
	if (rc == 0 && !f->named)
		rc = gbx_sync_dir(w->dir, err);
	if (rc)
		return rc;
	f->named = true;
	f->synced = head;
	f->since.len = 0;
	f->sync_at = GBX_LIMIT_UNSYNCED;
	return 0;
}

/* Writes the records that the old file may have lost: all but its start, which the new stream has one for, and a Seal, which says
 * what stood before it. */
static int put_again(struct gbx_writer *w, const struct file *old, struct gbx_error *err)
{
	GBX_AUTO_ARENA struct gbx_arena memory = {0};
	struct gbx_slice in = gbx_slice_of(&old->since), len, bytes;
	ProtobufCMessage *message;
	struct gbx_moved moved = {.seq = old->synced.size ? old->synced.size : 1, .at = 1};

	memcpy(moved.from, old->chain.stream, GBX_STREAM_LEN);
	memcpy(moved.to, w->at.chain.stream, GBX_STREAM_LEN);
	int rc = gbx_moved_add(&w->moved, &moved, err);
	while (rc == 0 && gbx_take(&in, 4, &len) && gbx_take(&in, gbx_get_le32(len.data), &bytes)) {
		gbx_arena_reset(&memory);
		rc = gbx_pb_parse(&memory, &glassbox__body__descriptor, bytes, GBX_LIMIT_BODY, &message, err);
		const Glassbox__Body *body = rc == 0 ? (const Glassbox__Body *)(const void *)message : NULL;
		if (body && body->body_case != GLASSBOX__BODY__BODY_STREAM_START && body->body_case != GLASSBOX__BODY__BODY_SEAL)
			rc = append(w, body, NULL, err);
	}
	return rc;
}

/* Goes on in a new stream. Where none can be begun everything stays as it is, for a later try. */
static int move_on(struct gbx_writer *w, struct gbx_error *err)
{
	struct file old = w->at;
	size_t moves = w->moved.len;
	struct gbx_error why = {0};
	struct gbx_head head;
	bool unsure = w->unsure || sync_file(w, &old, &why) != 0;
	int rc = unsure ? 0 : gbx_chain_head(&old.chain, &head, &why);

	/* A file of which nothing was ever synced is not gone on from: all of it is written again. */
	bool superseded = unsure && old.synced.size == 0;
	if (unsure)
		head = superseded ? old.follows : old.synced;
	w->at = (struct file){.fd = -1, .chain.hash = old.chain.hash};
	if (rc == 0)
		rc = begin_stream(w, head.size ? &head : NULL, &why);
	if (rc == 0 && unsure)
		rc = put_again(w, &old, &why);
	if (rc) {
		rc = discard(&w->at, &why);
		w->at = old;
		w->moved.len = moves;
		w->broken = true;
		w->unsure = unsure;
		if (err)
			*err = why;
		return rc;
	}
	if (superseded && gbx_unlink(old.path, &why))
		rc = 0; /* it is as good as the new one, or broken off */
	w->at.sync_at += w->at.since.len;
	free_file(&old);
	return rc;
}

/* Leaves the file where it cannot be synced; the new one is synced in its place. */
static int sync_locked(struct gbx_writer *w, struct gbx_error *err)
{
	if (!w->broken && sync_file(w, &w->at, err) == 0)
		return 0;
	w->unsure |= !w->broken;
	int rc = move_on(w, err);
	if (rc == 0)
		rc = sync_file(w, &w->at, err);
	if (rc)
		w->broken = w->unsure = true;
	return rc;
}

static int put(struct gbx_writer *w, const Glassbox__Body *body, struct gbx_ref *ref, struct gbx_error *err)
{
	struct gbx_error unsynced;
	int rc = w->broken ? 0 : append(w, body, ref, err);

	if (w->broken) {
		rc = move_on(w, err);
		if (rc == 0 && append(w, body, ref, err))
			rc = gbx_fail_context(err, "a journal in '%s'", w->dir);
	}
	/* What is kept for a failing disk is bounded, too: the next try comes as much later. */
	if (rc == 0 && w->at.since.len >= w->at.sync_at && sync_locked(w, &unsynced))
		w->at.sync_at = w->at.since.len + GBX_LIMIT_UNSYNCED;
	return rc;
}

int gbx_writer_put(struct gbx_writer *w, const Glassbox__Body *body, struct gbx_ref *ref, struct gbx_error *err)
{
	pthread_mutex_lock(&w->lock);
	int rc = put(w, body, ref, err);
	pthread_mutex_unlock(&w->lock);
	return rc;
}

int gbx_writer_sync(struct gbx_writer *w, struct gbx_error *err)
{
	pthread_mutex_lock(&w->lock);
	int rc = sync_locked(w, err);
	pthread_mutex_unlock(&w->lock);
	return rc;
}

static int seal_locked(struct gbx_writer *w, const Glassbox__Body *seal, const struct gbx_head *before, struct gbx_error *err)
{
	struct gbx_error ignored;
	struct gbx_head head;
	int rc = gbx_chain_head(&w->at.chain, &head, err);

	if (rc)
		return rc;
	if (w->broken || memcmp(&head, before, sizeof head) != 0)
		return gbx_fail(err, GBX_E_REFUSED, "the stream is not the one any more whose head is to be sealed");
	rc = append(w, seal, NULL, err);
	if (rc == 0) {
		rc = sync_file(w, &w->at, err);
		w->unsure = rc != 0;
	}
	/* A Seal that may be there is left behind: a stream that goes on from before it says that it does not count. */
	if ((w->broken || w->unsure) && move_on(w, &ignored))
		w->broken = true;
	return rc;
}

int gbx_writer_seal(struct gbx_writer *w, const Glassbox__Body *seal, const struct gbx_head *before, struct gbx_error *err)
{
	pthread_mutex_lock(&w->lock);
	int rc = seal_locked(w, seal, before, err);
	pthread_mutex_unlock(&w->lock);
	return rc;
}

int gbx_writer_head(struct gbx_writer *w, struct gbx_head *out, struct gbx_error *err)
{
	pthread_mutex_lock(&w->lock);
	int rc = gbx_chain_head(&w->at.chain, out, err);
	pthread_mutex_unlock(&w->lock);
	return rc;
}
