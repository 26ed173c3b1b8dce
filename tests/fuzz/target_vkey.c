/* Verifier keys: one text for a name and key. */
#include "target.h"
#include "trust/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gbx_bytes again;
	uint8_t key[GBX_PUBLIC_KEY_LEN];
	char name[GBX_NAME_MAX + 1];
	struct gbx_error err;

	if (gbx_vkey_parse(gbx_slice(data, size), name, key, &err))
		return 0;
	again.len = 0;
	FUZZ_HOLDS(gbx_vkey_format(name, key, &again, &err) == 0);
	FUZZ_HOLDS(gbx_slice_equal(gbx_slice_of(&again), gbx_slice(data, size)));
	return 0;
}
