/* Config files. The first byte says the format. JSON is read as jansson reads it, but for numbers that jansson has no room for; what was
 * read of YAML is a tree that can be written as JSON and has a bounded number of parameters with different names. */
#include "base/json.h"
#include "base/limits.h"
#include "capture/flatten.h"
#include "target.h"

/* A number that jansson reads as one of another size, or not at all. */
static bool has_long_number(struct gbx_slice text)
{
	size_t digits = 0;

	for (size_t i = 0; i < text.len; i++) {
		digits = text.data[i] >= '0' && text.data[i] <= '9' ? digits + 1 : 0;
		if (digits > 15 || ((text.data[i] | 0x20) == 'e' && i && text.data[i - 1] >= '0' && text.data[i - 1] <= '9'))
			return true;
	}
	return false;
}

static void check_written(const struct gbx_document *d)
{
	static struct gbx_bytes text, again;
	GBX_AUTO_DOCUMENT struct gbx_document back = {0};
	struct gbx_error err;

	text.len = again.len = 0;
	if (gbx_value_json(d->top, 100000, &text, &err))
		return;
	FUZZ_HOLDS(gbx_document_json(gbx_slice_of(&text), "again", &back, &err) == 0);
	FUZZ_HOLDS(gbx_value_json(back.top, 200000, &again, &err) == 0);
	FUZZ_HOLDS(gbx_slice_equal(gbx_slice_of(&text), gbx_slice_of(&again)));
}

static void check_parameters(const struct gbx_document *d)
{
	GBX_AUTO_PARAMETERS struct gbx_parameters list = {0};
	uint64_t skipped = 0;
	struct gbx_error err;

	if (d->top->kind != GBX_VALUE_MAP || gbx_flatten((struct gbx_slice){0}, d->top, &list, &skipped, &err))
		return;
	for (size_t i = 0; i < list.len && i < 50; i++)
		for (size_t k = 0; k < i; k++)
			FUZZ_HOLDS(strcmp(list.parameter[i].name, list.parameter[k].name) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GBX_AUTO_DOCUMENT struct gbx_document d = {0};
	GBX_AUTO_JSON json_t *json = NULL;
	struct gbx_error err;

	if (size == 0)
		return 0;
	struct gbx_slice text = gbx_slice(data + 1, size - 1);
	bool yaml = data[0] % 2;
	int rc = yaml ? gbx_document_yaml(text, "input", &d, &err) : gbx_document_json(text, "input", &d, &err);
	/* Nor does jansson see a NUL behind a number. */
	if (!yaml && !has_long_number(text) && !memchr(text.data, 0, text.len)) {
		int theirs = gbx_json_parse(text, GBX_LIMIT_JSON, "input", &json, &err);
		/* jansson takes objects and lists only. */
		bool whole = !d.top || d.top->kind == GBX_VALUE_MAP || d.top->kind == GBX_VALUE_LIST;
		FUZZ_HOLDS((rc == 0) == (theirs == 0) || (rc == 0 && !whole));
	}
	if (rc == 0 && d.top) {
		check_written(&d);
		check_parameters(&d);
	}
	return 0;
}
