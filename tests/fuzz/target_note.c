/* Head notes. Nobody's signature is by the key of no one. */
#include "target.h"
#include "trust/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nobody[GBX_PUBLIC_KEY_LEN] = {1, 2, 3};
	struct gbx_slice text = gbx_slice(data, size);
	struct gbx_head_note head, same;
	struct gbx_error err;
	int rc = gbx_head_note_parse(text, &head, &err);
	int verified = gbx_head_note_verify(text, nobody, &same, &err);

	FUZZ_HOLDS(verified == (rc ? rc : GBX_E_BAD));
	if (rc == 0)
		FUZZ_HOLDS(gbx_is_note_name(gbx_slice_text(head.origin)) && head.size <= INT64_MAX);
	return 0;
}
