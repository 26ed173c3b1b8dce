/* A journal's frame: entry, salt, and body with its own rules. */
#include "journal/record.h"
#include "mutate.h"
#include "target.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	fuzz_seed(seed);
	return fuzz_mutate_message(data, size, max);
}

static void check_again(const ProtobufCMessage *message, struct gbx_slice bytes)
{
	static struct gbx_bytes again;
	struct gbx_error err;

	again.len = 0;
	FUZZ_HOLDS(gbx_pb_pack(message, &again, &err) == 0);
	FUZZ_HOLDS(gbx_slice_equal(gbx_slice_of(&again), bytes));
}

static void check_entry(const struct gbx_record *r)
{
	Glassbox__Entry e = GLASSBOX__ENTRY__INIT;

	e.seq = r->seq;
	e.prev = gbx_pb_bytes(r->prev.data, r->prev.len);
	e.time_unix_nanos = r->time_nanos;
	e.kind = r->kind->kind;
	e.commitment = gbx_pb_bytes(r->commitment.data, r->commitment.len);
	check_again(&e.base, r->entry);
}

static void check(struct gbx_hash *h, const struct gbx_record *r, struct gbx_slice bytes)
{
	Glassbox__Frame f = GLASSBOX__FRAME__INIT;
	uint8_t leaf[GBX_SHA256_LEN];
	struct gbx_error err;

	f.entry = gbx_pb_bytes(r->entry.data, r->entry.len);
	f.salt = gbx_pb_bytes(r->salt.data, r->salt.len);
	f.body = gbx_pb_bytes(r->body_bytes.data, r->body_bytes.len);
	check_again(&f.base, bytes);
	check_entry(r);
	gbx_hash_start(h);
	gbx_hash_update(h, "", 1);
	gbx_hash_update(h, r->entry.data, r->entry.len);
	FUZZ_HOLDS(gbx_hash_final(h, leaf, &err) == 0 && memcmp(leaf, r->leaf, sizeof leaf) == 0);
	FUZZ_HOLDS(r->commitment.len == GBX_SHA256_LEN && r->prev.len == (r->seq ? GBX_SHA256_LEN : 0));
	FUZZ_HOLDS(r->body || !r->kind->public_always);
	if (!r->body)
		return;
	FUZZ_HOLDS(r->salt.len == GBX_RECORD_SALT_LEN && (int)r->body->body_case == (int)r->kind->kind);
	check_again(&r->body->base, r->body_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gbx_hash *h;
	static struct gbx_arena memory;
	struct gbx_record r;
	struct gbx_error err;

	if (!h)
		FUZZ_HOLDS(gbx_hash_new(&h, GBX_SHA256, &err) == 0);
	gbx_arena_reset(&memory);
	if (gbx_record_decode(h, gbx_slice(data, size), &memory, &r, &err) == 0)
		check(h, &r, gbx_slice(data, size));
	return 0;
}
