/* The image manifest: one text for a list of layers. */
#include "bundle/layout.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gbx_bytes again;
	GBX_AUTO_LAYERS struct gbx_layers layers = {0};
	struct gbx_error err;

	if (gbx_image_manifest_read(gbx_slice(data, size), &layers, &err))
		return 0;
	again.len = 0;
	FUZZ_HOLDS(gbx_image_manifest_write(&layers, &again, &err) == 0);
	FUZZ_HOLDS(gbx_slice_equal(gbx_slice_of(&again), gbx_slice(data, size)));
	for (size_t i = 0; i < layers.len; i++)
		FUZZ_HOLDS(gbx_layers_find(&layers, layers.layer[i].title) == &layers.layer[i]);
	return 0;
}
