/* index.json: what names the image manifest. */
#include "bundle/layout.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gbx_bytes again;
	struct gbx_slice text = gbx_slice(data, size);
	struct gbx_descriptor d, same;
	struct gbx_error err;
	bool ours, ours_again;

	if (gbx_index_read(text, &d, &ours, &err))
		return 0;
	again.len = 0;
	FUZZ_HOLDS(gbx_index_write(&d, &again, &err) == 0);
	FUZZ_HOLDS(ours == gbx_slice_equal(text, gbx_slice_of(&again)));
	FUZZ_HOLDS(gbx_index_read(gbx_slice_of(&again), &same, &ours_again, &err) == 0 && ours_again);
	FUZZ_HOLDS(same.size == d.size && memcmp(same.sha256, d.sha256, sizeof d.sha256) == 0);
	return 0;
}
