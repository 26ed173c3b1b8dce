/* Messages of every type that a bundle has, against protobuf-c's own decoder and encoder. */
#include "base/pb.h"
#include "base/text.h"
#include "manifest.pb-c.h"
#include "mutate.h"
#include "owner_log.pb-c.h"
#include "record.pb-c.h"
#include "target.h"

static const ProtobufCMessageDescriptor *const types[] = {&glassbox__body__descriptor, &glassbox__manifest_entry__descriptor,
							 &glassbox__log_header__descriptor};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	fuzz_seed(seed);
	return fuzz_mutate_message(data, size, max);
}

static bool packs_to(const ProtobufCMessage *m, struct gbx_slice bytes)
{
	static struct gbx_bytes again;

	again.len = 0;
	FUZZ_HOLDS(gbx_pb_pack(m, &again, NULL) == 0);
	return gbx_slice_equal(gbx_slice_of(&again), bytes);
}

static bool encodes_back(const ProtobufCMessageDescriptor *type, struct gbx_slice bytes)
{
	ProtobufCMessage *m = protobuf_c_message_unpack(type, NULL, bytes.len, bytes.data);
	bool same = m && packs_to(m, bytes);

	if (m)
		protobuf_c_message_free_unpacked(m, NULL);
	return same;
}

static void check(struct gbx_arena *memory, const ProtobufCMessageDescriptor *type, struct gbx_slice bytes)
{
	struct gbx_error err;
	ProtobufCMessage *m;
	int rc = gbx_pb_parse(memory, type, bytes, SIZE_MAX, &m, &err);

	if (rc == 0)
		FUZZ_HOLDS(packs_to(m, bytes) && encodes_back(type, bytes));
	/* protobuf-c takes unknown fields and enum values (negative ones, too) along, looks at no text, and counts no levels. */
	else if (rc == GBX_E_MALFORMED && !strstr(err.line, "UTF-8") && !strstr(err.line, "bad tag") && !strstr(err.line, "nested") &&
		 !strstr(err.line, "more than 32 bits"))
		FUZZ_HOLDS(!encodes_back(type, bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gbx_arena memory;

	gbx_arena_reset(&memory);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		check(&memory, types[i], gbx_slice(data, size));
	return 0;
}
