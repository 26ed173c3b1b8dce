/* JSON as a tree. Declared in document.h. jansson is not used here: it has no number of more than 64 bits. */
#include "base/limits.h"
#include "base/text.h"
#include "capture/decimal.h"
#include "capture/document.h"

struct reader {
	struct gbx_slice text;
	size_t at;
	unsigned depth;
	const char *what;
	struct gbx_document *d;
	struct gbx_bytes scratch; /* of the text at hand */
	struct gbx_error *err;
};

static int wrong(struct reader *r, const char *why)
{
	size_t line = 1, start = 0, at = r->at < r->text.len ? r->at : r->text.len;

	for (size_t i = 0; i < at; i++)
		if (r->text.data[i] == '\n') {
			line++;
			start = i + 1;
		}
	return gbx_fail(r->err, GBX_E_MALFORMED, "%s: line %zu, column %zu: %s", r->what, line, at - start + 1, why);
}

static int no_memory(struct reader *r)
{
	return gbx_fail(r->err, GBX_E_NOMEM, "%s: no memory to read JSON", r->what);
}

static void skip_space(struct reader *r)
{
	while (r->at < r->text.len && r->text.data[r->at] && strchr(" \t\r\n", r->text.data[r->at]))
		r->at++;
}

static bool take(struct reader *r, char c)
{
	if (r->at == r->text.len || r->text.data[r->at] != c)
		return false;
	r->at++;
	return true;
}

static bool four_digits(struct reader *r, uint32_t *out)
{
	uint32_t v = 0;

	if (r->text.len - r->at < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		uint8_t c = r->text.data[r->at + i], low = (uint8_t)(c | 0x20);
		bool letter = low >= 'a' && low <= 'f';
		if (!letter && (c < '0' || c > '9'))
			return false;
		v = v << 4 | (uint32_t)(letter ? low - 'a' + 10 : c - '0');
	}
	r->at += 4;
	*out = v;
	return true;
}

static int add_point(struct reader *r, uint32_t v)
{
	uint8_t utf8[4];
	size_t n = v < 0x80 ? 1 : v < 0x800 ? 2 : v < 0x10000 ? 3 : 4;
	static const uint8_t lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = n; i > 1; i--) {
		utf8[i - 1] = (uint8_t)(0x80 | (v & 0x3f));
		v >>= 6;
	}
	utf8[0] = (uint8_t)(lead[n] | v);
	return gbx_bytes_append(&r->scratch, utf8, n, r->err);
}

static int read_unicode(struct reader *r)
{
	uint32_t v, low;

	if (!four_digits(r, &v))
		return wrong(r, "\\u needs four hexadecimal digits");
	if (v == 0)
		return wrong(r, "a text with a NUL");
	if (v >= 0xd800 && v < 0xdc00) {
		if (!take(r, '\\') || !take(r, 'u') || !four_digits(r, &low) || low < 0xdc00 || low > 0xdfff)
			return wrong(r, "half of a surrogate pair");
		v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
	} else if (v >= 0xdc00 && v <= 0xdfff) {
		return wrong(r, "half of a surrogate pair");
	}
	return add_point(r, v);
}

static int read_escape(struct reader *r)
{
	static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	const char *found = r->at < r->text.len && r->text.data[r->at] ? strchr(names, r->text.data[r->at]) : NULL;

	if (take(r, 'u'))
		return read_unicode(r);
	if (!found)
		return wrong(r, "an escape that JSON has not");
	r->at++;
	return gbx_bytes_append(&r->scratch, &bytes[found - names], 1, r->err);
}

/* Behind the opening quote. */
static int read_text(struct reader *r, struct gbx_slice *out)
{
	int rc = 0;

	r->scratch.len = 0;
	while (rc == 0 && !take(r, '"')) {
		size_t start = r->at;
		while (r->at < r->text.len && r->text.data[r->at] >= ' ' && r->text.data[r->at] != '"' && r->text.data[r->at] != '\\')
			r->at++;
		if (r->at == r->text.len)
			return wrong(r, "a text without its end");
		rc = gbx_bytes_append(&r->scratch, r->text.data + start, r->at - start, r->err);
		if (rc == 0 && r->text.data[r->at] < ' ')
			return wrong(r, "a control character in a text");
		if (rc == 0 && take(r, '\\'))
			rc = read_escape(r);
	}
	if (rc)
		return rc;
	uint8_t *copy = gbx_document_copy(r->d, gbx_slice_of(&r->scratch));
	*out = gbx_slice(copy, r->scratch.len);
	return copy ? 0 : no_memory(r);
}

static int read_value(struct reader *r, struct gbx_value **out);

static int read_word(struct reader *r, struct gbx_value **out)
{
	static const struct {
		const char *word;
		enum gbx_value_kind kind;
	} words[] = {{"true", GBX_VALUE_BOOLEAN}, {"false", GBX_VALUE_BOOLEAN}, {"null", GBX_VALUE_NULL}};

	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(words[i].word);
		if (r->text.len - r->at < len || memcmp(r->text.data + r->at, words[i].word, len) != 0)
			continue;
		r->at += len;
		int rc = gbx_document_value(r->d, words[i].kind, out, r->err);
		if (rc == 0)
			(*out)->boolean = i == 0;
		return rc;
	}
	return wrong(r, "a value was expected");
}

static int read_number(struct reader *r, struct gbx_value **out)
{
	size_t start = r->at;

	while (r->at < r->text.len && r->text.data[r->at] && strchr("+-.0123456789eE", r->text.data[r->at]))
		r->at++;
	struct gbx_slice number = gbx_slice(r->text.data + start, r->at - start);
	if (!gbx_is_decimal(number)) {
		r->at = start;
		return wrong(r, number.len ? "not a number as JSON writes it" : "a value was expected");
	}
	int rc = gbx_document_value(r->d, GBX_VALUE_NUMBER, out, r->err);
	if (rc == 0)
		(*out)->text = number;
	return rc;
}

static int read_key(struct reader *r, struct gbx_slice *key)
{
	skip_space(r);
	if (!take(r, '"'))
		return wrong(r, "a name in quotes was expected");
	int rc = read_text(r, key);
	skip_space(r);
	return rc ? rc : take(r, ':') ? 0 : wrong(r, "':' was expected");
}

/* Of a list or map, behind its opening bracket. */
static int read_members(struct reader *r, struct gbx_value *value, char end)
{
	struct gbx_value **next = &value->first;
	bool map = value->kind == GBX_VALUE_MAP;
	int rc = 0;

	skip_space(r);
	if (take(r, end))
		return 0;
	do {
		struct gbx_slice key = {0};
		rc = map ? read_key(r, &key) : 0;
		if (rc == 0)
			rc = read_value(r, next);
		if (rc)
			return rc;
		(*next)->key = key;
		next = &(*next)->next;
		skip_space(r);
	} while (take(r, ','));
	return take(r, end) ? 0 : wrong(r, map ? "',' or '}' was expected" : "',' or ']' was expected");
}

static int read_container(struct reader *r, enum gbx_value_kind kind, struct gbx_value **out)
{
	bool repeated = false;

	if (++r->depth > GBX_LIMIT_JSON_DEPTH)
		return gbx_fail(r->err, GBX_E_LIMIT, "%s: JSON nested deeper than %u levels", r->what, GBX_LIMIT_JSON_DEPTH);
	int rc = gbx_document_value(r->d, kind, out, r->err);
	if (rc == 0)
		rc = read_members(r, *out, kind == GBX_VALUE_MAP ? '}' : ']');
	if (rc == 0 && kind == GBX_VALUE_MAP)
		rc = gbx_map_unique(*out, &repeated, r->err);
	if (rc == 0 && repeated)
		rc = wrong(r, "a name that stands twice in this object");
	r->depth--;
	return rc;
}

static int read_value(struct reader *r, struct gbx_value **out)
{
	skip_space(r);
	if (take(r, '{'))
		return read_container(r, GBX_VALUE_MAP, out);
	if (take(r, '['))
		return read_container(r, GBX_VALUE_LIST, out);
	if (take(r, '"')) {
		struct gbx_slice text;
		int rc = read_text(r, &text);
		if (rc == 0)
			rc = gbx_document_value(r->d, GBX_VALUE_TEXT, out, r->err);
		if (rc == 0)
			(*out)->text = text;
		return rc;
	}
	bool word = r->at < r->text.len && r->text.data[r->at] >= 'a' && r->text.data[r->at] <= 'z';
	return word ? read_word(r, out) : read_number(r, out);
}

int gbx_document_json(struct gbx_slice text, const char *what, struct gbx_document *d, struct gbx_error *err)
{
	struct reader r = {.text = text, .what = what, .d = d, .err = err};
	struct gbx_value *top = NULL;

	if (!gbx_is_utf8(text))
		return gbx_fail(err, GBX_E_MALFORMED, "%s: not UTF-8", what);
	int rc = read_value(&r, &top);
	skip_space(&r);
	if (rc == 0 && r.at != text.len)
		rc = wrong(&r, "something stands behind the end");
	gbx_bytes_free(&r.scratch);
	if (rc == 0)
		d->top = top;
	return rc;
}
