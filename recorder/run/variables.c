#include "run/variables.h"

#include "base/limits.h"
#include "base/mem.h"
#include "capture/variable_names.h"

struct variable {
	struct gbx_slice name, value;
	bool has_value; /* it is recorded */
};

struct variables {
	struct variable *item;
	size_t len;
	uint64_t malformed; /* texts without a name */
};

static void free_variables(struct variables *v)
{
	gbx_free(v->item);
}

/* "NAME=VALUE". */
static bool parse(const char *text, struct variable *out)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return false;
	out->name = gbx_slice(text, (size_t)(equals - text));
	out->value = gbx_slice_text(equals + 1);
	out->has_value = gbx_variable_use(out->name) != GBX_VARIABLE_NAME;
	return true;
}

/* Those with values first. */
static bool read_variables(char *const *environment, struct variables *out)
{
	struct variable v;
	size_t n = 0, valued = 0;

	while (environment[n])
		n++;
	out->item = gbx_calloc(n, sizeof *out->item);
	if (!out->item)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!parse(environment[i], &v)) {
			out->malformed++;
			continue;
		}
		out->item[out->len] = out->item[valued];
		out->item[v.has_value ? valued : out->len] = v;
		valued += v.has_value;
		out->len++;
	}
	return true;
}

/* What is recorded of a name, and the gaps that it has. */
static void put_secret_gap(struct gbx_recorder *r, struct gbx_slice name, size_t hits)
{
	char shown[256];

	gbx_put_gap_secret(r, GLASSBOX__GAP__KIND__VARIABLE, gbx_printable_in(name, shown, sizeof shown), hits);
}

/* A name or value of any length as it is recorded; false, and a gap, where there is no memory. */
static bool mask(struct gbx_recorder *r, const struct variable *v, struct gbx_bytes *name, struct gbx_bytes *value, size_t *hits)
{
	struct gbx_error err;
	int rc = gbx_secrets_mask(r->scanner, v->name, name, hits, &err);

	if (rc == 0 && v->has_value)
		rc = gbx_secrets_mask_value(r->scanner, v->name, v->value, value, hits, &err);
	if (rc)
		gbx_put_gap(r, GLASSBOX__GAP__KIND__VARIABLE, gbx_gap_reason(&err), 1, NULL);
	return rc == 0;
}

static void put_variable(struct gbx_recorder *r, const struct variable *v)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Variable m = GLASSBOX__VARIABLE__INIT;
	GBX_AUTO_BYTES struct gbx_bytes name = {0}, printable = {0}, value = {0};
	Glassbox__Blob blob;
	uint8_t sha256[GBX_SHA256_LEN];
	size_t hits = 0;

	if (!mask(r, v, &name, &value, &hits))
		return;
	if (gbx_printable(gbx_slice_of(&name), &printable, NULL) || printable.len > GBX_LIMIT_VARIABLE_NAME) {
		gbx_put_gap(r, GLASSBOX__GAP__KIND__VARIABLE, GLASSBOX__GAP__REASON__TOO_LARGE, 1, NULL);
		return;
	}
	m.name = (char *)printable.data;
	if (v->has_value && value.len > GBX_LIMIT_BODY / 2) {
		if (!gbx_put_content(r, GLASSBOX__GAP__KIND__VARIABLE, gbx_slice_of(&value), &blob, sha256))
			return;
		m.content_case = GLASSBOX__VARIABLE__CONTENT_BLOB;
		m.blob = &blob;
	} else if (v->has_value) {
		m.content_case = GLASSBOX__VARIABLE__CONTENT_VALUE;
		m.value = gbx_pb_bytes(value.data, value.len);
	}
	body.body_case = GLASSBOX__BODY__BODY_VARIABLE;
	body.variable = &m;
	gbx_put(r, &body, NULL);
	put_secret_gap(r, gbx_slice_of(&name), hits);
}

void gbx_put_variables(struct gbx_recorder *r, char *const *environment)
{
	GBX_CLEANUP(free_variables) struct variables v = {0};

	if (!read_variables(environment, &v)) {
		gbx_put_gap(r, GLASSBOX__GAP__KIND__VARIABLE, GLASSBOX__GAP__REASON__FAILED, 1, NULL);
		return;
	}
	size_t n = v.len < GBX_LIMIT_VARIABLES ? v.len : GBX_LIMIT_VARIABLES;
	size_t *order = gbx_random_order(n);
	for (size_t i = 0; i < n; i++)
		put_variable(r, &v.item[order ? order[i] : i]);
	gbx_free(order);
	if (v.malformed)
		gbx_put_gap(r, GLASSBOX__GAP__KIND__VARIABLE, GLASSBOX__GAP__REASON__MALFORMED, v.malformed, NULL);
	if (v.len > n)
		gbx_put_gap(r, GLASSBOX__GAP__KIND__VARIABLE, GLASSBOX__GAP__REASON__TOO_LARGE, v.len - n, NULL);
}
