#include "capture/flatten.h"

#include <stdio.h>

#include "base/limits.h"

struct flat {
	struct gbx_parameters *list;
	struct gbx_bytes name, json; /* of the value at hand */
	size_t bytes;
	uint64_t skipped;
	struct gbx_error *err;
};

static int too_many(struct flat *f)
{
	return gbx_fail(f->err, GBX_E_LIMIT, "more than %u parameters, or %u bytes of them", GBX_LIMIT_PARAMETERS, GBX_LIMIT_PARAMETER_BYTES);
}

static int add_value(struct flat *f, enum gbx_parameter_kind kind, struct gbx_slice text, bool boolean)
{
	f->bytes += f->name.len + text.len;
	if (f->list->len == GBX_LIMIT_PARAMETERS || f->bytes > GBX_LIMIT_PARAMETER_BYTES)
		return too_many(f);
	if (f->name.len > GBX_LIMIT_PATH) {
		f->skipped++;
		return 0;
	}
	struct gbx_typed value = {kind, text, boolean};
	return gbx_parameters_add(f->list, gbx_slice_of(&f->name), &value, f->err);
}

static int add_json(struct flat *f, const struct gbx_value *value)
{
	f->json.len = 0;
	int rc = gbx_value_json(value, GBX_LIMIT_PARAMETER_BYTES, &f->json, f->err);

	return rc == GBX_E_LIMIT ? too_many(f) : rc ? rc : add_value(f, GBX_PARAMETER_JSON, gbx_slice_of(&f->json), false);
}

static int add_scalar(struct flat *f, const struct gbx_value *value)
{
	switch (value->kind) {
	case GBX_VALUE_BOOLEAN:
		return add_value(f, GBX_PARAMETER_BOOLEAN, (struct gbx_slice){0}, value->boolean);
	case GBX_VALUE_NULL:
		return add_value(f, GBX_PARAMETER_NULL, (struct gbx_slice){0}, false);
	case GBX_VALUE_NUMBER:
		return add_value(f, GBX_PARAMETER_NUMBER, value->text, false);
	default:
		return add_value(f, GBX_PARAMETER_TEXT, value->text, false);
	}
}

static int append_key(struct gbx_bytes *name, struct gbx_slice key, struct gbx_error *err)
{
	int rc = key.len ? 0 : gbx_bytes_append(name, "\\e", 2, err);

	for (size_t i = 0; rc == 0 && i < key.len; i++) {
		if (key.data[i] == '.' || key.data[i] == '\\')
			rc = gbx_bytes_append(name, "\\", 1, err);
		if (rc == 0)
			rc = gbx_bytes_append(name, key.data + i, 1, err);
	}
	return rc;
}

static bool is_scalar(const struct gbx_value *value)
{
	return value->kind != GBX_VALUE_LIST && value->kind != GBX_VALUE_MAP;
}

static bool is_flat_list(const struct gbx_value *value)
{
	for (const struct gbx_value *v = value->first; v; v = v->next)
		if (!is_scalar(v))
			return false;
	return value->kind == GBX_VALUE_LIST;
}

static int flatten(struct flat *f, const struct gbx_value *value);

/* The reader bounds the depth. */
static int flatten_member(struct flat *f, struct gbx_slice key, const struct gbx_value *value)
{
	size_t was = f->name.len;
	int rc = was ? gbx_bytes_append(&f->name, ".", 1, f->err) : 0;

	if (rc == 0)
		rc = append_key(&f->name, key, f->err);
	if (rc == 0)
		rc = flatten(f, value);
	f->name.len = was;
	return rc;
}

static int flatten(struct flat *f, const struct gbx_value *value)
{
	char index[24];
	size_t i = 0;
	int rc = 0;

	if (is_scalar(value))
		return add_scalar(f, value);
	if (is_flat_list(value) || !value->first)
		return add_json(f, value);
	for (const struct gbx_value *v = value->first; rc == 0 && v; v = v->next) {
		snprintf(index, sizeof index, "%zu", i++);
		rc = flatten_member(f, value->kind == GBX_VALUE_MAP ? v->key : gbx_slice_text(index), v);
	}
	return rc;
}

int gbx_flatten(struct gbx_slice prefix, const struct gbx_value *value, struct gbx_parameters *list, uint64_t *skipped, struct gbx_error *err)
{
	struct flat f = {.list = list, .err = err};
	int rc = gbx_bytes_append(&f.name, prefix.data, prefix.len, err);

	/* An empty map is a value only where it has a name. */
	if (rc == 0 && (prefix.len || value->first))
		rc = flatten(&f, value);

	gbx_bytes_free(&f.name);
	gbx_bytes_free(&f.json);
	*skipped += f.skipped;
	return rc;
}
