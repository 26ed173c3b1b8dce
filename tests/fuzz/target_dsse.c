/* DSSE envelopes, strict and as others write them. Signatures are the whole verifier's: one takes longer than most inputs here. */
#include "target.h"
#include "trust/dsse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gbx_bytes pae;
	GBX_AUTO_DSSE struct gbx_dsse strict = {0}, loose = {0};
	struct gbx_slice text = gbx_slice(data, size);
	struct gbx_error err;
	bool is_ours = gbx_dsse_read(text, true, &strict, &err) == 0;
	bool is_one = gbx_dsse_read(text, false, &loose, &err) == 0;

	FUZZ_HOLDS(!is_ours || is_one);
	if (is_ours)
		FUZZ_HOLDS(gbx_slice_equal(gbx_slice_of(&strict.payload), gbx_slice_of(&loose.payload)) &&
			   strcmp(strict.type, loose.type) == 0 && strict.has_signature == loose.has_signature);
	if (!is_one)
		return 0;
	pae.len = 0;
	FUZZ_HOLDS(gbx_dsse_pae(gbx_slice_text(loose.type), gbx_slice_of(&loose.payload), &pae, &err) == 0);
	FUZZ_HOLDS(pae.len > loose.payload.len + strlen(loose.type));
	return 0;
}
