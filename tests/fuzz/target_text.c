/* Text forms: each value has one text, and what is shown on a terminal moves nothing there. */
#include "base/text.h"
#include "target.h"

static void check_shown(struct gbx_slice text)
{
	static struct gbx_bytes shown;
	struct gbx_error err;
	char cut[40];

	shown.len = 0;
	FUZZ_HOLDS(gbx_printable(text, &shown, &err) == 0 && gbx_is_utf8(gbx_slice_of(&shown)));
	for (size_t i = 0; i < shown.len; i++)
		FUZZ_HOLDS(shown.data[i] >= ' ' && shown.data[i] != 0x7f);
	FUZZ_HOLDS(strlen(gbx_printable_in(text, cut, sizeof cut)) < sizeof cut);
}

static void check_base64(struct gbx_slice text)
{
	static struct gbx_bytes bytes, again;
	struct gbx_error err;

	bytes.len = again.len = 0;
	if (gbx_unbase64(text, &bytes, &err) == 0) {
		FUZZ_HOLDS(gbx_base64(bytes.data, bytes.len, &again, &err) == 0 && gbx_slice_equal(gbx_slice_of(&again), text));
		again.len = 0;
		FUZZ_HOLDS(gbx_unbase64_any(text, &again, &err) == 0 && gbx_slice_equal(gbx_slice_of(&again), gbx_slice_of(&bytes)));
	}
}

static void check_numbers(struct gbx_slice text)
{
	uint8_t ulid[GBX_ULID_LEN], four[4];
	char out[GBX_ULID_TEXT + 1];
	uint64_t n;

	if (gbx_parse_u63(text, &n)) {
		snprintf(out, sizeof out, "%llu", (unsigned long long)n);
		FUZZ_HOLDS(gbx_slice_is(text, out) && n <= INT64_MAX);
	}
	if (gbx_ulid_parse(text, ulid)) {
		gbx_ulid_text(ulid, out);
		FUZZ_HOLDS(gbx_slice_is(text, out));
	}
	if (gbx_unhex(text, four, sizeof four)) {
		gbx_hex(four, sizeof four, out);
		FUZZ_HOLDS(gbx_slice_is(text, out));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_shown(gbx_slice(data, size));
	check_base64(gbx_slice(data, size));
	check_numbers(gbx_slice(data, size));
	return 0;
}
