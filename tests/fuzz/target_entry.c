/* Frames and entries as journal/entry.c reads them, without memory, against the reader of any message: the same are accepted, and
 * say the same. */
#include "base/limits.h"
#include "base/pb.h"
#include "journal/entry.h"
#include "journal/record.h"
#include "mutate.h"
#include "target.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	fuzz_seed(seed);
	return fuzz_mutate_message(data, size, max);
}

static void check_frame(struct gbx_arena *memory, struct gbx_slice bytes)
{
	struct gbx_frame_fields f;
	ProtobufCMessage *m;
	bool read = gbx_frame_read(bytes, &f);

	FUZZ_HOLDS(read == (gbx_pb_parse(memory, &glassbox__frame__descriptor, bytes, SIZE_MAX, &m, NULL) == 0));
	if (!read)
		return;
	const Glassbox__Frame *want = (const Glassbox__Frame *)m;
	FUZZ_HOLDS(gbx_slice_equal(f.entry, gbx_pb_slice(want->entry)) && gbx_slice_equal(f.salt, gbx_pb_slice(want->salt)) &&
		   gbx_slice_equal(f.body, gbx_pb_slice(want->body)));
}

static void check_entry(struct gbx_arena *memory, struct gbx_slice bytes)
{
	struct gbx_entry_fields e;
	ProtobufCMessage *m;
	bool read = gbx_entry_read(bytes, &e);
	int rc = gbx_pb_parse(memory, &glassbox__entry__descriptor, bytes, SIZE_MAX, &m, NULL);

	/* Which kinds are known is for record.c to say. */
	if (read && rc == GBX_E_VERSION && (e.kind > INT32_MAX || !gbx_kind_find((Glassbox__Kind)e.kind)))
		return;
	FUZZ_HOLDS(read == (rc == 0) || (read && e.kind > UINT32_MAX && rc == GBX_E_MALFORMED));
	if (rc)
		return;
	const Glassbox__Entry *want = (const Glassbox__Entry *)m;
	FUZZ_HOLDS(e.seq == want->seq && e.time_nanos == want->time_unix_nanos && e.kind == (uint64_t)want->kind);
	FUZZ_HOLDS(gbx_slice_equal(e.prev, gbx_pb_slice(want->prev)) && gbx_slice_equal(e.commitment, gbx_pb_slice(want->commitment)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gbx_arena memory;

	gbx_arena_reset(&memory);
	check_frame(&memory, gbx_slice(data, size));
	check_entry(&memory, gbx_slice(data, size));
	return 0;
}
