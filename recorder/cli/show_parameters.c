#include "cli/show_parameters.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "capture/decimal.h"
#include "cli/cli.h"
#include "cli/describe.h"
#include "store/facts.h"

void gbx_shown_parameters_free(struct gbx_shown_parameters *list)
{
	gbx_arena_free(&list->memory);
	gbx_free(list->parameter);
	*list = (struct gbx_shown_parameters){0};
}

static const char *keep(struct gbx_shown_parameters *list, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = gbx_arena_alloc(&list->memory, size);

	return copy ? memcpy(copy, text, size) : NULL;
}

/* A config, by what it is called. */
struct gbx_shown_config {
	uint8_t stream[GBX_STREAM_LEN];
	uint64_t seq;
	const char *name;
	struct gbx_shown_config *next;
};

static int add_config(struct gbx_shown_parameters *list, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	struct gbx_shown_config *c = gbx_arena_alloc(&list->memory, sizeof *c);
	const Glassbox__Path *path = r->body->config->path;
	char name[1024], root[200], rest[800];

	gbx_printable_in(gbx_slice_text(path->root), root, sizeof root);
	snprintf(name, sizeof name, "<%s>%s%s", root, path->path.len ? "/" : "", gbx_printable_in(gbx_pb_slice(path->path), rest, sizeof rest));
	if (!c || !(c->name = keep(list, name)))
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a config");
	memcpy(c->stream, stream->head.stream, GBX_STREAM_LEN);
	c->seq = r->seq;
	c->next = list->config;
	list->config = c;
	return 0;
}

/* NULL: it was not shown. Most parameters come from the config before them. */
static const char *find_config(const struct gbx_shown_parameters *list, const Glassbox__Ref *ref)
{
	for (const struct gbx_shown_config *c = ref ? list->config : NULL; c; c = c->next)
		if (c->seq == ref->seq && memcmp(c->stream, ref->stream.data, GBX_STREAM_LEN) == 0)
			return c->name;
	return NULL;
}

static void name_source(const Glassbox__Parameter *p, char out[32])
{
	if (p->source == GLASSBOX__PARAMETER__SOURCE__ARGUMENT)
		snprintf(out, 32, "argument %u", p->argument);
	else if (p->config)
		snprintf(out, 32, "record %llu", (unsigned long long)p->config->seq);
	else
		snprintf(out, 32, "--param");
}

/* Of a value that is a file, its digest. */
static void value_of(const Glassbox__Parameter *p, const char **type, const char **value, char hex[2 * GBX_SHA256_LEN + 1])
{
	*value = gbx_parameter_text(p, type);
	if (*value)
		return;
	gbx_hex(p->blob->sha256.data, GBX_SHA256_LEN, hex);
	*value = hex;
}

static int add_parameter(struct gbx_shown_parameters *list, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	const Glassbox__Parameter *p = r->body->parameter;
	const char *config = find_config(list, p->config);
	struct gbx_shown_parameter shown = {.rank = gbx_parameter_rank(p->source), .place = list->len, .seq = r->seq};
	char hex[2 * GBX_SHA256_LEN + 1], said[3072], source[32];
	int rc = gbx_grow((void **)&list->parameter, &list->cap, list->len, sizeof *list->parameter, err);

	if (rc)
		return rc;
	value_of(p, &shown.type, &shown.value, hex);
	gbx_describe_parameter(p, config, said, sizeof said);
	name_source(p, source);
	memcpy(shown.stream, stream->head.stream, GBX_STREAM_LEN);
	shown.name = keep(list, p->name);
	shown.value = keep(list, shown.value);
	shown.said = keep(list, said);
	shown.source = config ? config : keep(list, source);
	if (!shown.name || !shown.value || !shown.said || !shown.source)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a parameter");
	list->parameter[list->len++] = shown;
	return 0;
}

int gbx_shown_parameters_add(struct gbx_shown_parameters *list, const struct gbx_stream_view *stream, const struct gbx_record *r,
			     struct gbx_error *err)
{
	return r->kind->kind == GLASSBOX__KIND__CONFIG ? add_config(list, stream, r, err) : add_parameter(list, stream, r, err);
}

/* Of one source the last counts. */
static int by_name_and_rank(const void *a, const void *b)
{
	const struct gbx_shown_parameter *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order)
		return order;
	return x->rank != y->rank ? x->rank - y->rank : (x->place < y->place) - (x->place > y->place);
}

static bool agree(const struct gbx_shown_parameter *a, const struct gbx_shown_parameter *b)
{
	if (strcmp(a->type, b->type) != 0)
		return false;
	if (strcmp(a->type, "number") == 0)
		return gbx_decimal_same(gbx_slice_text(a->value), gbx_slice_text(b->value));
	return strcmp(a->value, b->value) == 0;
}

void gbx_shown_parameters_compare(struct gbx_shown_parameters *list)
{
	if (list->len)
		qsort(list->parameter, list->len, sizeof *list->parameter, by_name_and_rank);
	for (size_t i = 1, first = 0; i < list->len; i++) {
		struct gbx_shown_parameter *p = &list->parameter[i], *winner = &list->parameter[first];
		if (strcmp(p->name, winner->name) != 0)
			first = i;
		else if (!agree(p, winner))
			p->rival = winner->source;
	}
}

static json_t *told_json(const struct gbx_shown_parameter *p)
{
	return json_pack("{s:o, s:I, s:s, s:s, s:o}", "stream", gbx_json_hex(p->stream, GBX_STREAM_LEN), "seq", (json_int_t)p->seq, "source", p->source,
			 "type", p->type, "value", gbx_json_bytes(gbx_slice_text(p->value)));
}

json_t *gbx_shown_conflicts(const struct gbx_shown_parameters *list)
{
	json_t *conflicts = json_array();

	for (size_t i = 0, to; i < list->len; i = to) {
		bool differ = false;
		json_t *told = NULL;
		for (to = i; to < list->len && strcmp(list->parameter[to].name, list->parameter[i].name) == 0; to++)
			differ = differ || list->parameter[to].rival;
		if (!differ)
			continue;
		told = json_array();
		for (size_t k = i; k < to; k++)
			gbx_json_push(&told, told_json(&list->parameter[k]));
		gbx_json_push(&conflicts, json_pack("{s:o, s:o}", "name", gbx_json_bytes(gbx_slice_text(list->parameter[i].name)), "told", told));
	}
	return conflicts;
}
