#include "mutate.h"

#include "base/tfrecord.h"
#include "journal/record.h"
#include "target.h"

enum { FIELDS = 64, RECORDS = 1024, DEPTH = 6 };

static uint64_t state = 1;

void fuzz_seed(unsigned seed)
{
	state = seed * 0x9e3779b97f4a7c15u + 0x1234567;
}

size_t fuzz_below(size_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state >> 11) % n;
}

static void put(struct gbx_bytes *out, const void *data, size_t len)
{
	FUZZ_HOLDS(gbx_bytes_append(out, data, len, NULL) == 0);
}

/* What was made, or, where it does not fit, the old bytes changed blindly. */
static size_t give(const struct gbx_bytes *made, uint8_t *data, size_t size, size_t max)
{
	if (made->len > max)
		return LLVMFuzzerMutate(data, size, max);
	if (made->len)
		memcpy(data, made->data, made->len);
	return made->len;
}

struct field {
	struct gbx_slice whole, tag, value; /* value: of a length-delimited field without its length */
	unsigned wire;
};

static bool take_varint(struct gbx_slice *in, uint64_t *out)
{
	struct gbx_slice byte;

	*out = 0;
	for (unsigned shift = 0; shift < 64 && gbx_take(in, 1, &byte); shift += 7) {
		*out |= (uint64_t)(byte.data[0] & 127) << shift;
		if (byte.data[0] < 128)
			return true;
	}
	return false;
}

static void put_varint(struct gbx_bytes *out, uint64_t v)
{
	for (; v > 127; v >>= 7)
		put(out, &(uint8_t){(uint8_t)(v | 128)}, 1);
	put(out, &(uint8_t){(uint8_t)v}, 1);
}

static bool take_field(struct gbx_slice *in, struct field *f)
{
	const uint8_t *start = in->data;
	uint64_t tag, len;

	if (!take_varint(in, &tag) || tag >> 3 == 0)
		return false;
	f->wire = tag & 7;
	f->tag = gbx_slice(start, (size_t)(in->data - start));
	const uint8_t *value = in->data;
	if (f->wire == 0 && take_varint(in, &len))
		f->value = gbx_slice(value, (size_t)(in->data - value));
	else if (f->wire != 2 || !take_varint(in, &len) || len > in->len || !gbx_take(in, (size_t)len, &f->value))
		if ((f->wire != 1 && f->wire != 5) || !gbx_take(in, f->wire == 1 ? 8 : 4, &f->value))
			return false;
	f->whole = gbx_slice(start, (size_t)(in->data - start));
	return true;
}

/* 0 where the bytes are no message. */
static size_t take_fields(struct gbx_slice in, struct field field[FIELDS])
{
	size_t n = 0;

	while (in.len && n < FIELDS)
		if (!take_field(&in, &field[n++]))
			return 0;
	return in.len ? 0 : n;
}

static size_t mutate_message(uint8_t *data, size_t size, size_t max, unsigned depth);

static void put_changed_number(const struct field *f, struct gbx_bytes *out)
{
	static const uint64_t interesting[] = {0, 1, 2, 3, 20, 32, 127, 128, 255, 256, UINT32_MAX, 1ull << 32,
						INT64_MAX, 1ull << 63, UINT64_MAX};
	struct gbx_slice in = f->value;
	uint64_t v = 0;

	if (take_varint(&in, &v) && fuzz_below(2))
		put_varint(out, fuzz_below(2) ? v + 1 : v - 1);
	else
		put_varint(out, interesting[fuzz_below(sizeof interesting / sizeof *interesting)]);
}

static void put_changed(const struct field *f, struct gbx_bytes *out, unsigned depth)
{
	size_t room = f->value.len + 64;
	GBX_AUTO_BYTES struct gbx_bytes value = {0};

	put(out, f->tag.data, f->tag.len);
	if (f->wire == 0) {
		put_changed_number(f, out);
		return;
	}
	put(&value, f->value.data, f->value.len);
	FUZZ_HOLDS(gbx_bytes_reserve(&value, room, NULL) == 0);
	if (f->wire == 2) {
		value.len = mutate_message(value.data, value.len, room, depth + 1);
		put_varint(out, value.len);
	} else {
		LLVMFuzzerMutate(value.data, value.len, value.len);
	}
	put(out, value.data, value.len);
}

/* One field is dropped, doubled, moved or changed. */
static void put_fields(const struct field *field, size_t n, struct gbx_bytes *out, unsigned depth)
{
	size_t chosen = fuzz_below(n), other = fuzz_below(n), how = fuzz_below(12);

	for (size_t i = 0; i < n; i++) {
		const struct field *f = &field[i];
		if (how == 0 && i == chosen)
			continue;
		if (how == 2 && (i == chosen || i == other))
			f = &field[i == chosen ? other : chosen];
		if (how > 2 && i == chosen)
			put_changed(f, out, depth);
		else
			put(out, f->whole.data, f->whole.len);
		if (how == 1 && i == chosen)
			put(out, f->whole.data, f->whole.len);
	}
}

static size_t mutate_message(uint8_t *data, size_t size, size_t max, unsigned depth)
{
	GBX_AUTO_BYTES struct gbx_bytes out = {0};
	struct field field[FIELDS];
	size_t n = depth < DEPTH && fuzz_below(6) ? take_fields(gbx_slice(data, size), field) : 0;

	if (n == 0)
		return LLVMFuzzerMutate(data, size, max);
	put_fields(field, n, &out, depth);
	return give(&out, data, size, max);
}

size_t fuzz_mutate_message(uint8_t *data, size_t size, size_t max)
{
	return mutate_message(data, size, max, 0);
}

/* The records as their lengths say, whatever the CRCs; what is behind them is lost. */
static size_t take_records(struct gbx_slice in, struct gbx_slice record[RECORDS])
{
	struct gbx_slice head, tail;
	size_t n = 0;

	while (n < RECORDS && gbx_take(&in, 12, &head)) {
		uint64_t len = gbx_get_le64(head.data);
		if (len > in.len || !gbx_take(&in, (size_t)len, &record[n]) || !gbx_take(&in, 4, &tail))
			break;
		n++;
	}
	return n;
}

static void put_record(struct gbx_bytes *out, struct gbx_slice data)
{
	FUZZ_HOLDS(gbx_tfrecord_frame(data, out, NULL) == 0);
}

static void put_changed_record(struct gbx_bytes *out, struct gbx_slice data, fuzz_change *change)
{
	GBX_AUTO_BYTES struct gbx_bytes record = {0};
	size_t room = data.len + 64;

	put(&record, data.data, data.len);
	FUZZ_HOLDS(gbx_bytes_reserve(&record, room, NULL) == 0);
	record.len = change(record.data, record.len, room);
	put_record(out, gbx_slice_of(&record));
}

size_t fuzz_mutate_frames(uint8_t *data, size_t size, size_t max, fuzz_change *change)
{
	struct gbx_slice record[RECORDS];
	GBX_AUTO_BYTES struct gbx_bytes out = {0};
	size_t n = fuzz_below(8) ? take_records(gbx_slice(data, size), record) : 0;

	if (n == 0)
		return LLVMFuzzerMutate(data, size, max);
	size_t chosen = fuzz_below(n), other = fuzz_below(n), how = fuzz_below(12);
	for (size_t i = 0; i < n; i++) {
		if (how == 0 && i == chosen)
			continue;
		if (how > 2 && i == chosen)
			put_changed_record(&out, record[i], change);
		else
			put_record(&out, how == 2 && i == chosen ? record[other] : how == 2 && i == other ? record[chosen] : record[i]);
		if (how == 1 && i == chosen)
			put_record(&out, record[i]);
	}
	return give(&out, data, size, max);
}

/* Where the chain stands. */
struct place {
	struct gbx_hash *hash;
	uint8_t stream[GBX_STREAM_LEN], last[GBX_SHA256_LEN];
	uint64_t seq;
};

static void begin_stream(struct place *p, const Glassbox__Body *body)
{
	if (!body || body->body_case != GLASSBOX__BODY__BODY_STREAM_START || body->stream_start->stream.len != GBX_STREAM_LEN)
		return;
	memcpy(p->stream, body->stream_start->stream.data, GBX_STREAM_LEN);
	p->seq = 0;
}

/* The entry that belongs to this frame in its place. */
static void put_entry(struct place *p, const Glassbox__Frame *f, const Glassbox__Entry *old, const Glassbox__Body *body,
		      struct gbx_bytes *out)
{
	uint8_t commitment[GBX_SHA256_LEN];
	Glassbox__Entry e = *old;

	e.seq = p->seq++;
	e.prev = gbx_pb_bytes(p->last, e.seq ? GBX_SHA256_LEN : 0);
	if (body)
		e.kind = (Glassbox__Kind)body->body_case;
	if (f->salt.len == GBX_RECORD_SALT_LEN && f->body.len) {
		FUZZ_HOLDS(gbx_commitment(p->hash, p->stream, e.seq, f->salt.data, gbx_pb_slice(f->body), commitment, NULL) == 0);
		e.commitment = gbx_pb_bytes(commitment, sizeof commitment);
	}
	FUZZ_HOLDS(gbx_pb_pack(&e.base, out, NULL) == 0);
	struct gbx_slice whole = gbx_slice_of(out);
	FUZZ_HOLDS(gbx_leaf_hash(p->hash, &whole, 1, p->last, NULL) == 0);
}

static void chain_record(struct place *p, struct gbx_slice record, struct gbx_bytes *out)
{
	GBX_AUTO_BYTES struct gbx_bytes entry = {0}, frame = {0};
	Glassbox__Frame *f = glassbox__frame__unpack(NULL, record.len, record.data);
	Glassbox__Entry *e = f ? glassbox__entry__unpack(NULL, f->entry.len, f->entry.data) : NULL;
	Glassbox__Body *body = f && f->body.len ? glassbox__body__unpack(NULL, f->body.len, f->body.data) : NULL;

	if (e) {
		Glassbox__Frame made = *f;
		begin_stream(p, body);
		put_entry(p, f, e, body, &entry);
		made.entry = gbx_pb_bytes(entry.data, entry.len);
		FUZZ_HOLDS(gbx_pb_pack(&made.base, &frame, NULL) == 0);
		record = gbx_slice_of(&frame);
	}
	put_record(out, record);
	glassbox__frame__free_unpacked(f, NULL);
	glassbox__entry__free_unpacked(e, NULL);
	glassbox__body__free_unpacked(body, NULL);
}

size_t fuzz_chain_again(uint8_t *data, size_t size, size_t max)
{
	static struct place place;
	struct gbx_slice record[RECORDS];
	GBX_AUTO_BYTES struct gbx_bytes out = {0};
	size_t n = take_records(gbx_slice(data, size), record);

	if (!place.hash)
		FUZZ_HOLDS(gbx_hash_new(&place.hash, GBX_SHA256, NULL) == 0);
	place.seq = 0;
	for (size_t i = 0; i < n; i++)
		chain_record(&place, record[i], &out);
	if (out.len > max || n == 0)
		return size;
	memcpy(data, out.data, out.len);
	return out.len;
}
