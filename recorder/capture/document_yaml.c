/* YAML as a tree, by libyaml's events. Declared in document.h. */
#include <yaml.h>

#include "base/limits.h"
#include "base/text.h"
#include "capture/yaml_scalar.h"

/* A list or map that is being read. */
struct open {
	struct gbx_value *value;
	struct gbx_value **next; /* where the next member goes */
	struct gbx_slice key;    /* of it, in a map */
	bool has_key;            /* what comes is its value */
	bool merge;              /* and the key is << */
	bool drop;               /* and the key has no name: a list or map */
};

struct anchor {
	struct gbx_slice name;
	struct gbx_value *value;
	bool done; /* of a list or map: its end was seen */
	struct anchor *before;
};

struct reader {
	yaml_parser_t parser;
	struct gbx_document *d;
	const char *what;
	struct open open[GBX_LIMIT_JSON_DEPTH];
	size_t depth;
	struct anchor *anchors;
	struct anchor *anchor_of[GBX_LIMIT_JSON_DEPTH];
	size_t looked; /* at anchors */
	unsigned documents;
	struct gbx_bytes number;
	struct gbx_error *err;
};

static int no_memory(struct reader *r)
{
	return gbx_fail(r->err, GBX_E_NOMEM, "%s: no memory to read YAML", r->what);
}

static int wrong(struct reader *r, const yaml_mark_t *at, const char *why)
{
	return gbx_fail(r->err, GBX_E_MALFORMED, "%s: line %zu, column %zu: %s", r->what, at->line + 1, at->column + 1, why);
}

static int copy_text(struct reader *r, const void *data, size_t len, struct gbx_slice *out)
{
	uint8_t *copy = gbx_document_copy(r->d, gbx_slice(data, len));

	*out = gbx_slice(copy, len);
	return copy ? 0 : no_memory(r);
}

/* A value that shares another one's members. */
static int share(struct reader *r, const struct gbx_value *value, struct gbx_value **out)
{
	int rc = gbx_document_value(r->d, value->kind, out, r->err);

	if (rc)
		return rc;
	(*out)->text = value->text;
	(*out)->first = value->first;
	(*out)->boolean = value->boolean;
	return 0;
}

static void append(struct open *o, struct gbx_value *value, struct gbx_slice key)
{
	value->key = key;
	*o->next = value;
	o->next = &value->next;
}

/* The members of a map go to the front: what the map says itself counts more. */
static int merge_one(struct reader *r, struct open *o, const struct gbx_value *map)
{
	struct gbx_value *first = o->value->first, **next = &o->value->first;
	int rc = 0;

	for (const struct gbx_value *v = map->first; rc == 0 && v; v = v->next) {
		struct gbx_value *copy;
		rc = share(r, v, &copy);
		if (rc)
			break;
		copy->key = v->key;
		*next = copy;
		next = &copy->next;
	}
	*next = first;
	if (!first)
		o->next = next;
	return rc;
}

/* Of several maps the first counts most, and each goes in front of those before it. */
static int merge(struct reader *r, struct open *o, const struct gbx_value *value, const yaml_mark_t *at)
{
	int rc = 0;

	if (value->kind == GBX_VALUE_MAP)
		return merge_one(r, o, value);
	if (value->kind != GBX_VALUE_LIST)
		return wrong(r, at, "a map, or a list of maps, was expected behind '<<:'");
	for (const struct gbx_value *v = value->first; rc == 0 && v; v = v->next)
		rc = v->kind == GBX_VALUE_MAP ? merge_one(r, o, v) : wrong(r, at, "a list of maps was expected behind '<<:'");
	return rc;
}

static int put_key(struct open *o, const struct gbx_value *value, bool plain_merge)
{
	o->has_key = true;
	o->merge = plain_merge;
	o->drop = value->kind == GBX_VALUE_LIST || value->kind == GBX_VALUE_MAP;
	o->key = value->key;
	return 0;
}

/* A whole value has been read: a scalar, an alias, or a list or map at its end. */
static int put(struct reader *r, struct gbx_value *value, bool plain_merge, const yaml_mark_t *at)
{
	if (r->depth == 0) {
		r->d->top = value;
		return 0;
	}
	struct open *o = &r->open[r->depth - 1];
	if (o->value->kind == GBX_VALUE_LIST) {
		append(o, value, (struct gbx_slice){0});
		return 0;
	}
	if (!o->has_key)
		return put_key(o, value, plain_merge);
	o->has_key = false;
	if (o->merge)
		return merge(r, o, value, at);
	r->d->strange += o->drop;
	if (!o->drop)
		append(o, value, o->key);
	return 0;
}

static int add_anchor(struct reader *r, const yaml_char_t *name, struct gbx_value *value, bool done)
{
	struct anchor *a = name ? gbx_arena_alloc(&r->d->memory, sizeof *a) : NULL;

	if (!name)
		return 0;
	if (!a)
		return no_memory(r);
	*a = (struct anchor){.value = value, .done = done, .before = r->anchors};
	r->anchors = a;
	return copy_text(r, name, strlen((const char *)name), &a->name);
}

static int take_alias(struct reader *r, const yaml_event_t *e)
{
	struct gbx_slice name = gbx_slice_text((const char *)e->data.alias.anchor);
	struct anchor *a = r->anchors;
	struct gbx_value *value;

	for (; a && !gbx_slice_equal(a->name, name); a = a->before)
		if (++r->looked > GBX_LIMIT_CONFIG_ALIASES)
			return gbx_fail(r->err, GBX_E_LIMIT, "%s: too many anchors and aliases", r->what);
	if (!a)
		return wrong(r, &e->start_mark, "an alias of something that was not there before");
	if (!a->done)
		return wrong(r, &e->start_mark, "an alias of something that it lies in");
	int rc = share(r, a->value, &value);
	if (rc)
		return rc;
	value->key = a->value->text;
	return put(r, value, false, &e->start_mark);
}

static bool is_core(const char *tag, const char *name)
{
	static const char prefix[] = "tag:yaml.org,2002:";

	return strncmp(tag, prefix, sizeof prefix - 1) == 0 && strcmp(tag + sizeof prefix - 1, name) == 0;
}

/* A type that YAML has by itself. What others mean (!!python/tuple, !include) only their programs know. */
static bool is_known(const char *tag)
{
	static const char *const names[] = {"str", "int", "float", "bool", "null", "seq", "map", "timestamp", "set", "omap", "pairs", "binary"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (is_core(tag, names[i]))
			return true;
	return strcmp(tag, "!") == 0;
}

static bool is_resolved(const char *tag)
{
	return is_core(tag, "int") || is_core(tag, "float") || is_core(tag, "bool") || is_core(tag, "null");
}

static int take_scalar(struct reader *r, const yaml_event_t *e)
{
	const char *tag = (const char *)e->data.scalar.tag;
	bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	struct gbx_slice text = {0};
	struct gbx_value *value;

	int rc = copy_text(r, e->data.scalar.value, e->data.scalar.length, &text);
	if (rc == 0 && !gbx_is_utf8(text))
		return wrong(r, &e->start_mark, "a text with a NUL");
	if (rc == 0)
		rc = gbx_document_value(r->d, GBX_VALUE_TEXT, &value, r->err);
	if (rc)
		return rc;
	value->text = text;
	r->d->strange += tag && !is_known(tag);
	r->number.len = 0;
	if (tag ? is_resolved(tag) : plain)
		rc = gbx_yaml_plain(text, &r->number, value, r->err);
	if (rc == 0 && value->kind == GBX_VALUE_NUMBER)
		rc = copy_text(r, value->text.data, value->text.len, &value->text);
	/* As a name it is what is written. */
	value->key = text;
	if (rc == 0)
		rc = add_anchor(r, e->data.scalar.anchor, value, true);
	return rc ? rc : put(r, value, plain && !tag && gbx_slice_is(text, "<<"), &e->start_mark);
}

static int begin(struct reader *r, enum gbx_value_kind kind, const yaml_char_t *tag, const yaml_char_t *anchor)
{
	struct gbx_value *value;

	if (r->depth == GBX_LIMIT_JSON_DEPTH)
		return gbx_fail(r->err, GBX_E_LIMIT, "%s: YAML nested deeper than %u levels", r->what, GBX_LIMIT_JSON_DEPTH);
	int rc = gbx_document_value(r->d, kind, &value, r->err);
	if (rc == 0)
		rc = add_anchor(r, anchor, value, false);
	if (rc)
		return rc;
	r->d->strange += tag && !is_known((const char *)tag);
	r->anchor_of[r->depth] = anchor ? r->anchors : NULL;
	r->open[r->depth++] = (struct open){.value = value, .next = &value->first};
	return 0;
}

static int end(struct reader *r, const yaml_event_t *e)
{
	struct gbx_value *value = r->open[--r->depth].value;
	bool repeated;

	if (r->anchor_of[r->depth])
		r->anchor_of[r->depth]->done = true;
	/* PyYAML takes the last of several. */
	int rc = value->kind == GBX_VALUE_MAP ? gbx_map_unique(value, &repeated, r->err) : 0;
	return rc ? rc : put(r, value, false, &e->start_mark);
}

static int take_event(struct reader *r, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		return r->documents++ ? wrong(r, &e->start_mark, "a second document in one file") : 0;
	case YAML_ALIAS_EVENT:
		return take_alias(r, e);
	case YAML_SCALAR_EVENT:
		return take_scalar(r, e);
	case YAML_SEQUENCE_START_EVENT:
		return begin(r, GBX_VALUE_LIST, e->data.sequence_start.tag, e->data.sequence_start.anchor);
	case YAML_MAPPING_START_EVENT:
		return begin(r, GBX_VALUE_MAP, e->data.mapping_start.tag, e->data.mapping_start.anchor);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return end(r, e);
	default:
		return 0;
	}
}

/* What libyaml says is one of its own sentences, without anything of the file. */
static int parser_failed(struct reader *r)
{
	const char *why = r->parser.problem ? r->parser.problem : "not YAML";

	if (r->parser.error == YAML_MEMORY_ERROR)
		return no_memory(r);
	if (r->parser.error == YAML_READER_ERROR)
		return gbx_fail(r->err, GBX_E_MALFORMED, "%s: byte %zu: %s", r->what, r->parser.problem_offset, why);
	return wrong(r, &r->parser.problem_mark, why);
}

static int read_events(struct reader *r)
{
	yaml_event_t e;
	bool more = true;
	int rc = 0;

	while (rc == 0 && more) {
		if (!yaml_parser_parse(&r->parser, &e))
			return parser_failed(r);
		more = e.type != YAML_STREAM_END_EVENT;
		rc = take_event(r, &e);
		yaml_event_delete(&e);
	}
	return rc;
}

int gbx_document_yaml(struct gbx_slice text, const char *what, struct gbx_document *d, struct gbx_error *err)
{
	struct reader r = {.d = d, .what = what, .err = err};

	if (!yaml_parser_initialize(&r.parser))
		return no_memory(&r);
	yaml_parser_set_input_string(&r.parser, text.data ? text.data : (const uint8_t *)"", text.len);
	int rc = read_events(&r);
	yaml_parser_delete(&r.parser);
	gbx_bytes_free(&r.number);
	/* "---" alone is no more than an empty file. */
	if (rc || (d->top && d->top->kind == GBX_VALUE_NULL))
		d->top = NULL;
	return rc;
}
