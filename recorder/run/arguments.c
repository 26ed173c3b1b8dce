#include "run/arguments.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"

void gbx_arguments_free(struct gbx_arguments *a)
{
	gbx_command_free(&a->said);
	gbx_arena_free(&a->memory);
	gbx_free(a->word);
	gbx_free(a->hits);
	*a = (struct gbx_arguments){0};
}

static int mask(const struct gbx_scanner *scanner, char *const *argv, size_t i, struct gbx_arguments *a, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes clean = {0};
	struct gbx_slice before = gbx_slice_text(i ? argv[i - 1] : "");
	int rc = gbx_secrets_mask_argument(scanner, before, gbx_slice_text(argv[i]), &clean, &a->hits[i], err);

	if (rc)
		return rc;
	char *copy = gbx_arena_alloc(&a->memory, clean.len + 1);
	if (!copy)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for an argument");
	if (clean.len)
		memcpy(copy, clean.data, clean.len);
	copy[clean.len] = 0;
	a->word[i] = gbx_slice(copy, clean.len);
	return 0;
}

int gbx_arguments_read(const struct gbx_scanner *scanner, char *const *argv, struct gbx_arguments *out, struct gbx_error *err)
{
	size_t n = 0;
	int rc = 0;

	while (argv[n])
		n++;
	out->word = gbx_calloc(n, sizeof *out->word);
	out->hits = gbx_calloc(n, sizeof *out->hits);
	if (!out->word || !out->hits)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for arguments");
	for (; rc == 0 && out->len < n; out->len++)
		rc = mask(scanner, argv, out->len, out, err);
	return rc ? rc : gbx_command_read(out->word, n, &out->said, err);
}

static void put_argument(struct gbx_recorder *r, struct gbx_slice value, size_t index)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Argument m = GLASSBOX__ARGUMENT__INIT;
	Glassbox__Blob blob;
	uint8_t sha256[GBX_SHA256_LEN];

	m.index = (uint32_t)index;
	if (value.len > GBX_LIMIT_BODY / 2) {
		if (!gbx_put_content(r, GLASSBOX__GAP__KIND__ARGUMENT, value, &blob, sha256))
			return;
		m.content_case = GLASSBOX__ARGUMENT__CONTENT_BLOB;
		m.blob = &blob;
	} else {
		m.content_case = GLASSBOX__ARGUMENT__CONTENT_VALUE;
		m.value = gbx_pb_bytes(value.data, value.len);
	}
	body.body_case = GLASSBOX__BODY__BODY_ARGUMENT;
	body.argument = &m;
	gbx_put(r, &body, NULL);
}

static void put_argument_of(struct gbx_recorder *r, const struct gbx_arguments *a, size_t index)
{
	char place[32];

	snprintf(place, sizeof place, "argument %zu", index);
	put_argument(r, a->word[index], index);
	gbx_put_gap_secret(r, GLASSBOX__GAP__KIND__ARGUMENT, place, a->hits[index]);
}

static void put_arguments(struct gbx_recorder *r, const struct gbx_arguments *a)
{
	size_t *order = gbx_random_order(a->len);

	for (size_t i = 0; i < a->len; i++)
		put_argument_of(r, a, order ? order[i] : i);
	gbx_free(order);
}

static void put_parameter(struct gbx_recorder *r, const struct gbx_parameter *p, Glassbox__Parameter__Source source, const struct gbx_ref *config)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Parameter m = GLASSBOX__PARAMETER__INIT;
	Glassbox__Ref ref = GLASSBOX__REF__INIT;
	Glassbox__Blob blob;
	GBX_AUTO_BYTES struct gbx_bytes json = {0};
	uint8_t sha256[GBX_SHA256_LEN];
	struct gbx_error err;

	gbx_parameter_message(p, &m);
	if (gbx_parameter_is_large(p)) {
		if (gbx_parameter_json(p, &json, &err) || !gbx_put_content(r, GLASSBOX__GAP__KIND__PARAMETER, gbx_slice_of(&json), &blob, sha256))
			return;
		m.value_case = GLASSBOX__PARAMETER__VALUE_BLOB;
		m.blob = &blob;
	}
	m.source = source;
	m.argument = p->words.first;
	m.arguments = p->words.count;
	if (config) {
		ref.stream = gbx_pb_bytes(config->stream, GBX_STREAM_LEN);
		ref.seq = config->seq;
		m.config = &ref;
	}
	body.body_case = GLASSBOX__BODY__BODY_PARAMETER;
	body.parameter = &m;
	gbx_put(r, &body, NULL);
}

/* A parameter, and its place in the order in which they are written. */
struct placed {
	const char *name;
	size_t index, place;
};

static int by_name_and_place(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->place > y->place) - (x->place < y->place);
}

static int by_index(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

/* Of one name the value that was said last comes last, whatever the order of the names. */
static void order_repeated(const struct gbx_parameters *list, size_t *order)
{
	struct placed *p = gbx_calloc(list->len, sizeof *p);
	size_t *index = gbx_calloc(list->len, sizeof *index);

	for (size_t i = 0; p && index && i < list->len; i++)
		p[i] = (struct placed){list->parameter[order[i]].name, order[i], i};
	if (p && index && list->len)
		qsort(p, list->len, sizeof *p, by_name_and_place);
	for (size_t from = 0, to; p && index && from < list->len; from = to) {
		for (to = from; to < list->len && strcmp(p[to].name, p[from].name) == 0; to++)
			index[to] = p[to].index;
		qsort(index + from, to - from, sizeof *index, by_index);
		for (size_t i = from; i < to; i++)
			order[p[i].place] = index[i];
	}
	gbx_free(p);
	gbx_free(index);
}

void gbx_put_parameters(struct gbx_recorder *r, const struct gbx_parameters *list, Glassbox__Parameter__Source source,
			const struct gbx_ref *config)
{
	size_t *order = gbx_random_order(list->len);

	/* A config has each name once. */
	if (order && !config)
		order_repeated(list, order);
	for (size_t i = 0; i < list->len; i++)
		put_parameter(r, &list->parameter[order ? order[i] : i], source, config);
	gbx_free(order);
}

/* Masks, records, and says how many secrets there were. */
static void put_said(struct gbx_recorder *r, struct gbx_parameters *list, Glassbox__Parameter__Source source, const char *place)
{
	struct gbx_error err;
	size_t hits = 0;

	if (gbx_parameters_mask(list, r->scanner, &hits, &err)) {
		gbx_put_gap_option(r, GLASSBOX__GAP__KIND__PARAMETER, gbx_gap_reason(&err), place);
		return;
	}
	gbx_put_parameters(r, list, source, NULL);
	gbx_put_gap_secret(r, GLASSBOX__GAP__KIND__PARAMETER, place, hits);
}

void gbx_put_arguments(struct gbx_recorder *r, struct gbx_arguments *a)
{
	put_arguments(r, a);
	put_said(r, &a->said.parameters, GLASSBOX__PARAMETER__SOURCE__ARGUMENT, "arguments");
	if (a->said.skipped)
		gbx_put_gap(r, GLASSBOX__GAP__KIND__PARAMETER, GLASSBOX__GAP__REASON__MALFORMED, a->said.skipped, NULL);
}

void gbx_put_params(struct gbx_recorder *r, const char *const *param, size_t len)
{
	GBX_AUTO_PARAMETERS struct gbx_parameters list = {0};
	struct gbx_error err;

	for (size_t i = 0; i < len; i++)
		if (gbx_parameter_parse(param[i], &list, &err))
			gbx_put_gap_option(r, GLASSBOX__GAP__KIND__PARAMETER, gbx_gap_reason(&err), "--param");
	put_said(r, &list, GLASSBOX__PARAMETER__SOURCE__OPTION, "--param");
}
