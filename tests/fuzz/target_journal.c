/* A journal: records in their places in the chain, one stream behind the other. */
#include "journal/reader.h"
#include "mutate.h"
#include "target.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	fuzz_seed(seed);
	size = fuzz_mutate_frames(data, size, max, fuzz_mutate_message);
	return fuzz_below(2) ? fuzz_chain_again(data, size, max) : size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gbx_reader r;
	struct gbx_memory_input in;
	struct gbx_head head;
	struct gbx_error err;
	uint64_t expected = 0;
	int rc = 1;

	gbx_memory_input(&in, gbx_slice(data, size));
	if (!r.records.buffer)
		FUZZ_HOLDS(gbx_reader_init(&r, &in.in, &err) == 0);
	fuzz_rewind(&r.records, &in.in);
	gbx_chain_reset(&r.chain);
	while ((rc = gbx_reader_next(&r, &err)) == 1) {
		bool first = r.record.kind->kind == GLASSBOX__KIND__STREAM_START;
		FUZZ_HOLDS(r.record.seq == (first ? 0 : expected));
		expected = r.record.seq + 1;
	}
	FUZZ_HOLDS(r.offset <= size && (rc || r.offset == size));
	if (expected)
		FUZZ_HOLDS(gbx_chain_head(&r.chain, &head, &err) == 0);
	return 0;
}
