/* One entry of the list of streams. */
#include "journal/streams.h"
#include "mutate.h"
#include "target.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	fuzz_seed(seed);
	return fuzz_mutate_message(data, size, max);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gbx_bytes framed, again;
	struct gbx_stream_entry e;
	struct gbx_error err;

	if (gbx_stream_entry_read(gbx_slice(data, size), &e, &err))
		return 0;
	framed.len = again.len = 0;
	FUZZ_HOLDS(e.head.size && (e.state == GBX_STREAM_ENDED || e.state == GBX_STREAM_OPEN));
	FUZZ_HOLDS(gbx_tfrecord_frame(gbx_slice(data, size), &framed, &err) == 0);
	FUZZ_HOLDS(gbx_stream_entry_write(&e, &again, &err) == 0);
	FUZZ_HOLDS(gbx_slice_equal(gbx_slice_of(&framed), gbx_slice_of(&again)));
	return 0;
}
