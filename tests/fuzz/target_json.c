/* JSON: what was read has one text, which reads as the same. */
#include "base/json.h"
#include "base/limits.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gbx_bytes text;
	GBX_AUTO_JSON json_t *json = NULL, *again = NULL;
	struct gbx_error err;

	if (gbx_json_parse(gbx_slice(data, size), GBX_LIMIT_INDEX, "input", &json, &err))
		return 0;
	text.len = 0;
	FUZZ_HOLDS(gbx_json_write(json, &text, &err) == 0);
	FUZZ_HOLDS(gbx_json_parse(gbx_slice_of(&text), GBX_LIMIT_JSON, "again", &again, &err) == 0);
	FUZZ_HOLDS(json_equal(json, again));
	FUZZ_HOLDS(gbx_json_check_text(again, gbx_slice_of(&text), "again", &err) == 0);
	if (gbx_json_check_text(json, gbx_slice(data, size), "input", &err) == 0)
		FUZZ_HOLDS(size >= text.len);
	return 0;
}
