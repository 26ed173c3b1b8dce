/* oci-layout, as ours and as another tool's. */
#include "bundle/layout.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gbx_bytes ours;
	struct gbx_slice text = gbx_slice(data, size);
	struct gbx_error err;

	if (!ours.len)
		FUZZ_HOLDS(gbx_layout_write(&ours, &err) == 0);
	FUZZ_HOLDS((gbx_layout_read(text, true, &err) == 0) == gbx_slice_equal(text, gbx_slice_of(&ours)));
	if (gbx_layout_read(text, false, &err) == 0)
		FUZZ_HOLDS(memmem(data, size, "\"1.0.0\"", 7));
	return 0;
}
