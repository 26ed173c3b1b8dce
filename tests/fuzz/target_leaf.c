/* Leaves of the owner log: one text. */
#include "target.h"
#include "trust/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gbx_bytes again;
	struct gbx_log_leaf leaf;
	struct gbx_error err;

	if (gbx_log_leaf_parse(gbx_slice(data, size), &leaf, &err))
		return 0;
	again.len = 0;
	FUZZ_HOLDS(gbx_log_leaf_format(&leaf, &again, &err) == 0);
	FUZZ_HOLDS(gbx_slice_equal(gbx_slice_of(&again), gbx_slice(data, size)));
	return 0;
}
