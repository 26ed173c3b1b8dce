#include "journal/record.h"

#include "base/limits.h"
#include "journal/entry.h"

static const struct gbx_kind kinds[] = {
	{GLASSBOX__KIND__STREAM_START, "stream-start", true},
	{GLASSBOX__KIND__RUN_START, "run-start", true},
	{GLASSBOX__KIND__RUN_END, "run-end", true},
	{GLASSBOX__KIND__STREAM_END, "stream-end", true},
	{GLASSBOX__KIND__SEAL, "seal", true},
	{GLASSBOX__KIND__GAP, "gap", true},
	{GLASSBOX__KIND__HEARTBEAT, "heartbeat", true},
	{GLASSBOX__KIND__PLACE, "place", false},
	{GLASSBOX__KIND__ROOT, "root", false},
	{GLASSBOX__KIND__NAME, "name", false},
	{GLASSBOX__KIND__ARGUMENT, "arg", false},
	{GLASSBOX__KIND__CONFIG, "config", false},
	{GLASSBOX__KIND__PARAMETER, "param", false},
	{GLASSBOX__KIND__VARIABLE, "var", false},
	{GLASSBOX__KIND__CODE, "code", false},
	{GLASSBOX__KIND__GIT, "git", false},
	{GLASSBOX__KIND__DECLARATION, "declaration", false},
	{GLASSBOX__KIND__DATASET, "data", false},
	{GLASSBOX__KIND__DATASET_FILES, "data-files", false},
	{GLASSBOX__KIND__ARTIFACT, "artifact", false},
	{GLASSBOX__KIND__HOST, "host", false},
	{GLASSBOX__KIND__SYSTEM, "system", false},
	{GLASSBOX__KIND__DEVICE, "device", false},
	{GLASSBOX__KIND__PROCESS, "process", false},
	{GLASSBOX__KIND__USAGE, "usage", false},
	{GLASSBOX__KIND__PACKAGE, "package", false},
	{GLASSBOX__KIND__LIBRARY, "library", false},
	{GLASSBOX__KIND__INTERPRETER, "interpreter", false},
	{GLASSBOX__KIND__LIMITS, "limits", false},
	{GLASSBOX__KIND__CONTAINER, "container", false},
	{GLASSBOX__KIND__METRIC, "metric", false},
	{GLASSBOX__KIND__CONSOLE, "console", false},
	{GLASSBOX__KIND__KIND_UNSPECIFIED, NULL, false},
};

const struct gbx_kind *gbx_kinds(void)
{
	return kinds;
}

const struct gbx_kind *gbx_kind_find(Glassbox__Kind kind)
{
	for (const struct gbx_kind *k = kinds; k->name; k++)
		if (k->kind == kind)
			return k;
	return NULL;
}

const struct gbx_kind *gbx_kind_named(struct gbx_slice name)
{
	for (const struct gbx_kind *k = kinds; k->name; k++)
		if (gbx_slice_is(name, k->name))
			return k;
	return NULL;
}

int gbx_commitment(struct gbx_hash *h, const uint8_t stream[GBX_STREAM_LEN], uint64_t seq, const uint8_t salt[GBX_RECORD_SALT_LEN],
		   struct gbx_slice body, uint8_t out[GBX_SHA256_LEN], struct gbx_error *err)
{
	static const char tag[] = "glassbox/body/v1";
	uint8_t place[8];

	gbx_put_be64(place, seq);
	gbx_hash_start(h);
	gbx_hash_update(h, tag, sizeof tag);
	gbx_hash_update(h, stream, GBX_STREAM_LEN);
	gbx_hash_update(h, place, sizeof place);
	gbx_hash_update(h, salt, GBX_RECORD_SALT_LEN);
	gbx_hash_update(h, body.data, body.len);
	return gbx_hash_final(h, out, err);
}

static int at(const struct gbx_record *r, int rc, struct gbx_error *err)
{
	if (rc && err) {
		err->seq = r->seq;
		err->has_seq = true;
	}
	return rc;
}

/* What is wrong with bytes that are no such message in its one encoding. */
static int explain(const ProtobufCMessageDescriptor *type, struct gbx_slice bytes, struct gbx_error *err)
{
	GBX_AUTO_ARENA struct gbx_arena memory = {0};
	ProtobufCMessage *message;
	int rc = gbx_pb_parse(&memory, type, bytes, GBX_LIMIT_RECORD, &message, err);

	return rc ? rc : gbx_fail(err, GBX_E_MALFORMED, "%s: not in its one encoding", type->short_name);
}

static int decode_entry(struct gbx_record *r, struct gbx_error *err)
{
	struct gbx_entry_fields e;

	if (!gbx_entry_read(r->entry, &e))
		return explain(&glassbox__entry__descriptor, r->entry, err);
	r->seq = e.seq;
	r->has_seq = true;
	r->prev = e.prev;
	r->time_nanos = e.time_nanos;
	r->commitment = e.commitment;
	r->kind = e.kind <= INT32_MAX ? gbx_kind_find((Glassbox__Kind)e.kind) : NULL;
	if (!r->kind)
		return e.kind ? explain(&glassbox__entry__descriptor, r->entry, err)
			      : gbx_fail(err, GBX_E_MALFORMED, "an entry without a kind");
	if (r->commitment.len != GBX_SHA256_LEN || r->prev.len != (e.seq ? GBX_SHA256_LEN : 0))
		return gbx_fail(err, GBX_E_MALFORMED, "prev or commitment of the wrong length");
	return 0;
}

/* Entry and form; the body is not looked at. */
static int decode_head(struct gbx_slice frame, struct gbx_record *r, struct gbx_error *err)
{
	struct gbx_frame_fields f;

	if (frame.len > GBX_LIMIT_RECORD || !gbx_frame_read(frame, &f))
		return explain(&glassbox__frame__descriptor, frame, err);
	r->entry = f.entry;
	r->salt = f.salt;
	r->body_bytes = f.body;
	int rc = decode_entry(r, err);
	if (rc)
		return rc;
	r->shown = r->salt.len || r->body_bytes.len;
	if (!r->shown)
		return r->kind->public_always
			       ? gbx_fail(err, GBX_E_MALFORMED, "a record of kind %s is never withheld", r->kind->name)
			       : 0;
	if (r->salt.len != GBX_RECORD_SALT_LEN || r->body_bytes.len == 0)
		return gbx_fail(err, GBX_E_MALFORMED, "salt and body must both be there, the salt with 32 bytes");
	return 0;
}

int gbx_record_read(struct gbx_slice frame, struct gbx_record *out, struct gbx_error *err)
{
	*out = (struct gbx_record){0};
	int rc = decode_head(frame, out, err);
	return out->has_seq ? at(out, rc, err) : rc;
}

static int decode_body(struct gbx_arena *memory, const struct gbx_record *r, Glassbox__Body **body, struct gbx_error *err)
{
	int rc = gbx_pb_parse(memory, &glassbox__body__descriptor, r->body_bytes, GBX_LIMIT_BODY, (ProtobufCMessage **)body, err);

	if (rc)
		return rc;
	if ((int)(*body)->body_case != (int)r->kind->kind)
		return gbx_fail(err, GBX_E_BAD, "the entry says kind %s and the body is another", r->kind->name);
	return gbx_body_check(*body, err);
}

int gbx_record_read_body(struct gbx_arena *memory, struct gbx_record *r, struct gbx_error *err)
{
	Glassbox__Body *body;

	if (!r->shown || r->body)
		return 0;
	int rc = decode_body(memory, r, &body, err);
	if (rc == 0)
		r->body = body;
	return at(r, rc, err);
}

int gbx_record_decode(struct gbx_hash *h, struct gbx_slice frame, struct gbx_arena *memory, struct gbx_record *out,
		      struct gbx_error *err)
{
	struct gbx_record r;
	int rc = gbx_record_read(frame, &r, err);

	if (rc == 0)
		rc = gbx_leaf_hash(h, &r.entry, 1, r.leaf, err);
	if (rc == 0)
		rc = gbx_record_read_body(memory, &r, err);
	if (rc == 0)
		*out = r;
	return rc;
}

int gbx_chain_init(struct gbx_chain *c, struct gbx_error *err)
{
	struct gbx_hash *h;
	int rc = gbx_hash_new(&h, GBX_SHA256, err);

	if (rc == 0)
		*c = (struct gbx_chain){.hash = h};
	return rc;
}

void gbx_chain_free(struct gbx_chain *c)
{
	gbx_hash_free(c->hash);
	*c = (struct gbx_chain){0};
}

void gbx_chain_reset(struct gbx_chain *c)
{
	*c = (struct gbx_chain){.hash = c->hash};
}

static int begin(struct gbx_chain *c, const struct gbx_record *r, struct gbx_error *err)
{
	if (r->kind->kind != GLASSBOX__KIND__STREAM_START)
		return gbx_fail(err, GBX_E_BAD, "a stream begins with stream-start, not with %s", r->kind->name);
	const Glassbox__StreamStart *s = r->body->stream_start;
	memcpy(c->stream, s->stream.data, GBX_STREAM_LEN);
	memcpy(c->run, s->run.data, GBX_RUN_LEN);
	return 0;
}

static int check_place(const struct gbx_chain *c, const struct gbx_record *r, struct gbx_error *err)
{
	if (r->seq != c->tree.size)
		return gbx_fail(err, GBX_E_BAD, "seq %llu where %llu was expected: a record is missing, doubled or out of place",
				(unsigned long long)r->seq, (unsigned long long)c->tree.size);
	if (r->seq && !gbx_slice_equal(r->prev, gbx_slice(c->last, GBX_SHA256_LEN)))
		return gbx_fail(err, GBX_E_BAD, "prev is not the leaf hash of the record before");
	if (r->seq && r->kind->kind == GLASSBOX__KIND__STREAM_START)
		return gbx_fail(err, GBX_E_BAD, "stream-start within a stream");
	return 0;
}

int gbx_chain_commitment(const struct gbx_chain *c, const struct gbx_record *r, struct gbx_error *err)
{
	uint8_t commitment[GBX_SHA256_LEN];
	int rc = 0;

	if (r->ahead && memcmp(r->ahead->stream, c->stream, GBX_STREAM_LEN) == 0)
		memcpy(commitment, r->ahead->commitment, sizeof commitment);
	else
		rc = gbx_commitment(c->hash, c->stream, r->seq, r->salt.data, r->body_bytes, commitment, err);

	if (rc == 0 && !gbx_slice_equal(r->commitment, gbx_slice(commitment, GBX_SHA256_LEN)))
		rc = gbx_fail(err, GBX_E_BAD, "the body is not the one that the entry commits to");
	return rc;
}

int gbx_chain_place(struct gbx_chain *c, const struct gbx_record *r, struct gbx_error *err)
{
	int rc = check_place(c, r, err);

	if (rc == 0 && r->seq == 0)
		rc = begin(c, r, err);
	if (rc == 0)
		rc = gbx_tree_append_with(&c->tree, c->hash, r->leaf, r->ahead ? r->ahead->node : NULL, r->ahead ? r->ahead->nodes : 0, err);
	if (rc == 0)
		memcpy(c->last, r->leaf, GBX_SHA256_LEN);
	return at(r, rc, err);
}

int gbx_chain_add(struct gbx_chain *c, const struct gbx_record *r, struct gbx_error *err)
{
	/* The commitment is bound to the stream's id, which the first record itself brings. */
	int rc = r->body && r->seq ? gbx_chain_commitment(c, r, err) : 0;

	if (rc == 0)
		rc = gbx_chain_place(c, r, err);
	if (rc == 0 && r->body && r->seq == 0)
		rc = gbx_chain_commitment(c, r, err);
	return at(r, rc, err);
}

int gbx_chain_head(const struct gbx_chain *c, struct gbx_head *out, struct gbx_error *err)
{
	struct gbx_head head = {.size = c->tree.size};
	int rc = gbx_tree_root(&c->tree, c->hash, head.root, err);

	if (rc)
		return rc;
	memcpy(head.stream, c->stream, GBX_STREAM_LEN);
	*out = head;
	return 0;
}
