#include "base/json.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

/* Without memory jansson tells of a syntax error where there is none, or leaves out a character of a text and tells nothing. */
static _Thread_local bool starved;

static void *take_memory(size_t size)
{
	void *p = gbx_calloc(size, 1);

	starved = starved || !p;
	return p;
}

static void use_our_memory(void)
{
	json_set_alloc_funcs(take_memory, gbx_free);
}

void gbx_json_free(json_t **json)
{
	json_decref(*json);
}

/* jansson recurses up to 2,048 levels; what comes from outside gets fewer. */
static int check_depth(struct gbx_slice text, size_t most, const char *what, struct gbx_error *err)
{
	unsigned depth = 0;
	size_t values = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == ',' || c == ':'))
			values++;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']') && depth)
			depth--;
		if (values > most)
			return gbx_fail(err, GBX_E_LIMIT, "%s: JSON of more than %zu values", what, most);
		if (depth > GBX_LIMIT_JSON_DEPTH)
			return gbx_fail(err, GBX_E_LIMIT, "%s: JSON nested deeper than %u levels", what, GBX_LIMIT_JSON_DEPTH);
	}
	return 0;
}

int gbx_json_parse(struct gbx_slice text, size_t limit, const char *what, json_t **out, struct gbx_error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	json_error_t why;

	if (text.len > limit)
		return gbx_fail(err, GBX_E_LIMIT, "%s: %zu bytes of JSON, at most %zu are read", what, text.len, limit);
	/* A config is the user's own and has its own bounds. */
	int rc = check_depth(text, limit >= GBX_LIMIT_CONFIG ? SIZE_MAX : GBX_LIMIT_JSON_VALUES, what, err);
	if (rc)
		return rc;
	pthread_once(&once, use_our_memory);
	starved = false;
	GBX_AUTO_JSON json_t *json = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &why);
	if (starved)
		return gbx_fail(err, GBX_E_NOMEM, "%s: no memory to read JSON", what);
	if (!json)
		return gbx_fail(err, GBX_E_MALFORMED, "%s: line %d, column %d: %s", what, why.line, why.column, why.text);
	*out = json;
	json = NULL;
	return 0;
}

static bool listed(const char *key, const char *const *known)
{
	for (; *known; known++)
		if (strcmp(key, *known) == 0)
			return true;
	return false;
}

int gbx_json_only(const json_t *object, const char *const *known, const char *what, struct gbx_error *err)
{
	const char *key;
	json_t *value;
	char shown[80];

	if (!json_is_object(object))
		return gbx_fail(err, GBX_E_MALFORMED, "%s: expected a JSON object", what);
	json_object_foreach((json_t *)object, key, value)
		if (!listed(key, known))
			return gbx_fail(err, GBX_E_MALFORMED, "%s: unknown member \"%s\"", what,
					gbx_printable_in(gbx_slice_text(key), shown, sizeof shown));
	return 0;
}

static int wrong(const char *what, const char *key, const char *expected, const json_t *got, struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_MALFORMED, "%s: member \"%s\" %s, expected %s", what, key,
			got ? "has another type" : "is missing", expected);
}

int gbx_json_text(const json_t *object, const char *key, const char *what, const char **out, struct gbx_error *err)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value))
		return wrong(what, key, "text", value, err);
	*out = json_string_value(value);
	return 0;
}

int gbx_json_number(const json_t *object, const char *key, const char *what, uint64_t *out, struct gbx_error *err)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return wrong(what, key, "a whole number", value, err);
	*out = (uint64_t)json_integer_value(value);
	return 0;
}

int gbx_json_array(const json_t *object, const char *key, const char *what, json_t **out, struct gbx_error *err)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_array(value))
		return wrong(what, key, "a list", value, err);
	*out = value;
	return 0;
}

int gbx_json_object(const json_t *object, const char *key, const char *what, json_t **out, struct gbx_error *err)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_object(value))
		return wrong(what, key, "an object", value, err);
	*out = value;
	return 0;
}

void gbx_json_number_text(const json_t *number, char out[40])
{
	if (json_is_integer(number)) {
		snprintf(out, 40, "%lld", (long long)json_integer_value(number));
		return;
	}
	double v = json_real_value(number);
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(out, 40, "%.*g", digits, v);
		if (strtod(out, NULL) == v)
			break;
	}
	if (!strpbrk(out, ".e"))
		strcat(out, ".0");
}

void gbx_json_push(json_t **list, json_t *item)
{
	if (*list && json_array_append_new(*list, item) == 0)
		return;
	if (!*list)
		json_decref(item);
	json_decref(*list);
	*list = NULL;
}

void gbx_json_set(json_t **object, const char *key, json_t *value)
{
	if (*object && json_object_set_new(*object, key, value) == 0)
		return;
	if (!*object)
		json_decref(value);
	json_decref(*object);
	*object = NULL;
}

/* jansson prints a real with a fixed number of digits, and asks for memory for each text; so values are walked here. Depth is bounded
 * by the reader, and what we write ourselves is shallow. */
static int write_value(const json_t *json, struct gbx_bytes *out, struct gbx_error *err);

/* As jansson escapes: quotes, backslashes and what is below a space. Returns its length. */
static size_t escape(uint8_t c, char out[8])
{
	static const char letter[] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\'};

	if (c < sizeof letter && letter[c])
		return (size_t)snprintf(out, 8, "\\%c", letter[c]);
	return (size_t)snprintf(out, 8, "\\u%04X", c);
}

static bool is_plain(uint8_t c)
{
	return c >= ' ' && c != '"' && c != '\\';
}

int gbx_json_quote(struct gbx_slice text, struct gbx_bytes *out, struct gbx_error *err)
{
	int rc = gbx_bytes_append(out, "\"", 1, err);

	for (size_t start = 0, at; rc == 0 && start < text.len; start = at) {
		char escaped[8];
		for (at = start; at < text.len && is_plain(text.data[at]);)
			at++;
		rc = gbx_bytes_append(out, text.data + start, at - start, err);
		if (rc == 0 && at < text.len)
			rc = gbx_bytes_append(out, escaped, escape(text.data[at++], escaped), err);
	}
	return rc ? rc : gbx_bytes_append(out, "\"", 1, err);
}

static int write_scalar(const json_t *json, struct gbx_bytes *out, struct gbx_error *err)
{
	char number[40];
	const char *word = json_is_null(json) ? "null" : json_is_true(json) ? "true" : "false";

	if (json_is_string(json))
		return gbx_json_quote(gbx_slice(json_string_value(json), json_string_length(json)), out, err);
	if (json_is_number(json)) {
		gbx_json_number_text(json, number);
		word = number;
	}
	return gbx_bytes_append(out, word, strlen(word), err);
}

static int write_array(const json_t *json, struct gbx_bytes *out, struct gbx_error *err)
{
	int rc = gbx_bytes_append(out, "[", 1, err);

	for (size_t i = 0; rc == 0 && i < json_array_size(json); i++) {
		if (i)
			rc = gbx_bytes_append(out, ",", 1, err);
		if (rc == 0)
			rc = write_value(json_array_get(json, i), out, err);
	}
	return rc ? rc : gbx_bytes_append(out, "]", 1, err);
}

static int write_member(const char *key, const json_t *value, bool first, struct gbx_bytes *out, struct gbx_error *err)
{
	int rc = first ? 0 : gbx_bytes_append(out, ",", 1, err);

	if (rc == 0)
		rc = gbx_json_quote(gbx_slice_text(key), out, err);
	if (rc == 0)
		rc = gbx_bytes_append(out, ":", 1, err);
	return rc ? rc : write_value(value, out, err);
}

static int write_value(const json_t *json, struct gbx_bytes *out, struct gbx_error *err)
{
	if (json_is_array(json))
		return write_array(json, out, err);
	if (!json_is_object(json))
		return write_scalar(json, out, err);
	int rc = gbx_bytes_append(out, "{", 1, err);
	bool first = true;
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)json, key, value) {
		if (rc == 0)
			rc = write_member(key, value, first, out, err);
		first = false;
	}
	return rc ? rc : gbx_bytes_append(out, "}", 1, err);
}

int gbx_json_write(const json_t *json, struct gbx_bytes *out, struct gbx_error *err)
{
	if (!json)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to write JSON");
	return write_value(json, out, err);
}

/* 1 where the text is json, pretty-printed with so many spaces; else 0 or GBX_E_NOMEM. */
static int is_indented(const json_t *json, struct gbx_slice text, size_t spaces, struct gbx_error *err)
{
	char *pretty = json_dumps(json, JSON_INDENT(spaces));

	if (!pretty)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to write JSON");
	int same = gbx_slice_is(text, pretty);
	gbx_free(pretty);
	return same;
}

int gbx_json_check_text(const json_t *json, struct gbx_slice text, const char *what, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes compact = {0};
	int rc = gbx_json_write(json, &compact, err);

	if (rc || gbx_slice_equal(gbx_slice_of(&compact), text))
		return rc;
	for (size_t spaces = 2; spaces <= 4; spaces++) {
		rc = is_indented(json, text, spaces, err);
		if (rc)
			return rc < 0 ? rc : 0;
	}
	size_t at = 0;
	while (at < text.len && at < compact.len && text.data[at] == compact.data[at])
		at++;
	return gbx_fail(err, GBX_E_MALFORMED, "%s: byte %zu: needless white space, escape or digit; expected JSON without any", what, at);
}
