#include "capture/document.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"

void gbx_document_free(struct gbx_document *d)
{
	gbx_arena_free(&d->memory);
	*d = (struct gbx_document){0};
}

int gbx_document_value(struct gbx_document *d, enum gbx_value_kind kind, struct gbx_value **out, struct gbx_error *err)
{
	if (d->values == GBX_LIMIT_CONFIG_VALUES)
		return gbx_fail(err, GBX_E_LIMIT, "more than %u values", GBX_LIMIT_CONFIG_VALUES);
	struct gbx_value *value = gbx_arena_alloc(&d->memory, sizeof *value);
	if (!value)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a config's value");
	*value = (struct gbx_value){.kind = kind};
	d->values++;
	*out = value;
	return 0;
}

uint8_t *gbx_document_copy(struct gbx_document *d, struct gbx_slice bytes)
{
	uint8_t *copy = gbx_arena_alloc(&d->memory, bytes.len + 1);

	if (copy && bytes.len)
		memcpy(copy, bytes.data, bytes.len);
	if (copy)
		copy[bytes.len] = 0;
	return copy;
}

struct member {
	struct gbx_value *value;
	size_t place;
};

static int by_key_and_place(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = gbx_slice_compare(x->value->key, y->value->key);

	return order ? order : (x->place > y->place) - (x->place < y->place);
}

static int by_place(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return (x->place > y->place) - (x->place < y->place);
}

static size_t drop_repeated(struct member *m, size_t n)
{
	size_t kept = 0;

	qsort(m, n, sizeof *m, by_key_and_place);
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || !gbx_slice_equal(m[i].value->key, m[i + 1].value->key))
			m[kept++] = m[i];
	return kept;
}

int gbx_map_unique(struct gbx_value *map, bool *repeated, struct gbx_error *err)
{
	size_t n = 0;

	*repeated = false;
	for (struct gbx_value *v = map->first; v; v = v->next)
		n++;
	if (n < 2)
		return 0;
	struct member *m = gbx_calloc(n, sizeof *m);
	if (!m)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a config's names");
	n = 0;
	for (struct gbx_value *v = map->first; v; v = v->next, n++)
		m[n] = (struct member){v, n};
	size_t kept = drop_repeated(m, n);
	*repeated = kept < n;
	if (*repeated) {
		qsort(m, kept, sizeof *m, by_place);
		map->first = m[0].value;
		for (size_t i = 0; i < kept; i++)
			m[i].value->next = i + 1 < kept ? m[i + 1].value : NULL;
	}
	gbx_free(m);
	return 0;
}

static int write_members(const struct gbx_value *value, size_t most, struct gbx_bytes *out, struct gbx_error *err)
{
	bool map = value->kind == GBX_VALUE_MAP;
	int rc = gbx_bytes_append(out, map ? "{" : "[", 1, err);

	for (const struct gbx_value *v = value->first; rc == 0 && v; v = v->next) {
		if (v != value->first)
			rc = gbx_bytes_append(out, ",", 1, err);
		if (rc == 0 && map)
			rc = gbx_json_quote(v->key, out, err);
		if (rc == 0 && map)
			rc = gbx_bytes_append(out, ":", 1, err);
		if (rc == 0)
			rc = gbx_value_json(v, most, out, err);
	}
	return rc ? rc : gbx_bytes_append(out, map ? "}" : "]", 1, err);
}

int gbx_value_json(const struct gbx_value *value, size_t most, struct gbx_bytes *out, struct gbx_error *err)
{
	if (out->len > most)
		return gbx_fail(err, GBX_E_LIMIT, "a value of more than %zu bytes", most);
	switch (value->kind) {
	case GBX_VALUE_TEXT:
		return gbx_json_quote(value->text, out, err);
	case GBX_VALUE_NUMBER:
		return gbx_bytes_append(out, value->text.data, value->text.len, err);
	case GBX_VALUE_BOOLEAN:
		return gbx_bytes_append(out, value->boolean ? "true" : "false", value->boolean ? 4 : 5, err);
	case GBX_VALUE_NULL:
		return gbx_bytes_append(out, "null", 4, err);
	default:
		return write_members(value, most, out, err);
	}
}
