/* The frames of a file: what was read, framed again, is what stands there. */
#include "base/limits.h"
#include "base/tfrecord.h"
#include "mutate.h"
#include "target.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	fuzz_seed(seed);
	return fuzz_mutate_frames(data, size, max, LLVMFuzzerMutate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gbx_bytes again;
	static struct gbx_tfrecord_reader r;
	struct fuzz_input in;
	struct gbx_slice record;
	struct gbx_error err;
	int rc = 1;

	again.len = 0;
	fuzz_input(&in, gbx_slice(data, size));
	if (!r.buffer)
		FUZZ_HOLDS(gbx_tfrecord_reader_init(&r, &in.in, GBX_LIMIT_MANIFEST_ENTRY, &err) == 0);
	fuzz_rewind(&r, &in.in);
	while (rc == 1) {
		rc = gbx_tfrecord_next(&r, &record, &err);
		if (rc == 1)
			FUZZ_HOLDS(gbx_tfrecord_frame(record, &again, &err) == 0);
	}
	FUZZ_HOLDS(rc == 0 || rc == GBX_E_MALFORMED || rc == GBX_E_BAD || rc == GBX_E_LIMIT);
	FUZZ_HOLDS(again.len == r.offset && again.len <= size && (rc || again.len == size));
	FUZZ_HOLDS(again.len == 0 || memcmp(again.data, data, again.len) == 0);
	return 0;
}
