#include "bundle/publication.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"

static const char what[] = "publication statement";

void gbx_publication_free(struct gbx_publication *p)
{
	gbx_layers_free(&p->layers);
	for (size_t i = 0; i < p->len; i++)
		gbx_free(p->withheld[i].reason);
	gbx_free(p->withheld);
	*p = (struct gbx_publication){0};
}

bool gbx_publication_names(const char *title)
{
	static const char *const never[] = {GBX_PUBLICATION_TITLE, "head.note", "start.proof", "seal.proof"};

	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		if (strcmp(title, never[i]) == 0)
			return false;
	return strncmp(title, "attestation/", 12) != 0 && strncmp(title, "timestamp/", 10) != 0;
}

static int add_range(struct gbx_publication *p, const struct gbx_withheld *w, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&p->withheld, &p->cap, p->len, sizeof *p->withheld, err);

	if (rc)
		return rc;
	struct gbx_withheld copy = *w;
	copy.reason = gbx_strdup(w->reason);
	if (!copy.reason)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a reason");
	p->withheld[p->len++] = copy;
	return 0;
}

int gbx_publication_withhold(struct gbx_publication *p, const uint8_t stream[GBX_STREAM_LEN], uint64_t seq,
			     const struct gbx_kind *kind, const char *reason, struct gbx_error *err)
{
	struct gbx_withheld *last = p->len ? &p->withheld[p->len - 1] : NULL;

	if (last && memcmp(last->stream, stream, GBX_STREAM_LEN) == 0 && last->last + 1 == seq && last->kind == kind &&
	    strcmp(last->reason, reason) == 0) {
		last->last = seq;
		return 0;
	}
	struct gbx_withheld w = {.first = seq, .last = seq, .kind = kind, .reason = (char *)(uintptr_t)reason};
	memcpy(w.stream, stream, GBX_STREAM_LEN);
	return add_range(p, &w, err);
}

const struct gbx_withheld *gbx_publication_find(const struct gbx_publication *p, const uint8_t stream[GBX_STREAM_LEN], uint64_t seq)
{
	size_t low = 0, high = p->len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct gbx_withheld *w = &p->withheld[mid];
		int order = memcmp(w->stream, stream, GBX_STREAM_LEN);
		if (order == 0 && w->first <= seq && seq <= w->last)
			return w;
		if (order < 0 || (order == 0 && w->last < seq))
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static json_t *hex_json(const uint8_t *data, size_t len)
{
	char hex[2 * GBX_SHA256_LEN + 1];

	gbx_hex(data, len, hex);
	return json_string(hex);
}

static json_t *digest_json(const uint8_t sha256[GBX_SHA256_LEN])
{
	char text[7 + 2 * GBX_SHA256_LEN + 1] = "sha256:";

	gbx_hex(sha256, GBX_SHA256_LEN, text + 7);
	return json_string(text);
}

static json_t *layers_json(const struct gbx_layers *layers)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < layers->len; i++) {
		const struct gbx_layer *l = &layers->layer[i];
		gbx_json_push(&list, json_pack("{s:s, s:s, s:o, s:I}", "title", l->title, "mediaType", l->media_type,
						      "digest", digest_json(l->sha256), "size", (json_int_t)l->size));
	}
	return list;
}

static json_t *withheld_json(const struct gbx_publication *p)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < p->len; i++) {
		const struct gbx_withheld *w = &p->withheld[i];
		gbx_json_push(&list, json_pack("{s:o, s:I, s:I, s:s, s:s}", "stream", hex_json(w->stream, GBX_STREAM_LEN),
						      "first", (json_int_t)w->first, "last", (json_int_t)w->last, "kind",
						      w->kind->name, "reason", w->reason));
	}
	return list;
}

static json_t *head_json(const struct gbx_head *head)
{
	return json_pack("{s:o, s:I, s:o}", "stream", hex_json(head->stream, GBX_STREAM_LEN), "size", (json_int_t)head->size, "root",
			 hex_json(head->root, GBX_SHA256_LEN));
}

int gbx_publication_write(const struct gbx_publication *p, struct gbx_bytes *out, struct gbx_error *err)
{
	char run[GBX_ULID_TEXT + 1];

	gbx_ulid_text(p->run, run);
	GBX_AUTO_JSON json_t *statement = json_pack(
		"{s:s, s:[{s:s, s:{s:o}}], s:s, s:{s:s, s:o, s:I, s:o, s:o, s:o}}", "_type", GBX_STATEMENT_TYPE, "subject", "name", run,
		"digest", "glassboxRoot", hex_json(p->head.root, GBX_SHA256_LEN), "predicateType", GBX_PUBLICATION_TYPE, "predicate",
		"run", run, "head", head_json(&p->head), "sequence", (json_int_t)p->sequence, "previous",
		p->has_previous ? digest_json(p->previous) : json_null(), "layers", layers_json(&p->layers), "withheld",
		withheld_json(p));
	return gbx_json_write(statement, out, err);
}

static int read_hex(const json_t *object, const char *key, uint8_t *out, size_t len, struct gbx_error *err)
{
	const char *text;
	int rc = gbx_json_text(object, key, what, &text, err);

	if (rc == 0 && !gbx_unhex(gbx_slice_text(text), out, len))
		rc = gbx_fail(err, GBX_E_MALFORMED, "%s: member \"%s\" is not %zu bytes of hex", what, key, len);
	return rc;
}

static int read_digest(const json_t *value, uint8_t out[GBX_SHA256_LEN], struct gbx_error *err)
{
	const char *text = json_string_value(value);

	if (!text || strncmp(text, "sha256:", 7) != 0 || !gbx_unhex(gbx_slice_text(text + 7), out, GBX_SHA256_LEN))
		return gbx_fail(err, GBX_E_MALFORMED, "%s: expected \"sha256:\" and 64 hex digits", what);
	return 0;
}

static int read_layer(const json_t *object, struct gbx_layers *layers, struct gbx_error *err)
{
	uint8_t sha256[GBX_SHA256_LEN];
	const char *title, *media_type;
	uint64_t size;
	int rc = gbx_json_text(object, "title", what, &title, err);

	if (rc == 0)
		rc = gbx_json_text(object, "mediaType", what, &media_type, err);
	if (rc == 0)
		rc = gbx_json_number(object, "size", what, &size, err);
	if (rc == 0)
		rc = read_digest(json_object_get(object, "digest"), sha256, err);
	return rc ? rc : gbx_layers_add(layers, gbx_slice_text(title), gbx_slice_text(media_type), size, sha256, err);
}

static bool in_order(const struct gbx_publication *p, const struct gbx_withheld *w)
{
	if (w->last < w->first)
		return false;
	if (p->len == 0)
		return true;
	const struct gbx_withheld *before = &p->withheld[p->len - 1];
	int order = memcmp(before->stream, w->stream, GBX_STREAM_LEN);
	return order < 0 || (order == 0 && before->last < w->first);
}

static int read_withheld(const json_t *object, struct gbx_publication *p, struct gbx_error *err)
{
	struct gbx_withheld w = {0};
	const char *kind, *reason;
	int rc = read_hex(object, "stream", w.stream, GBX_STREAM_LEN, err);

	if (rc == 0)
		rc = gbx_json_number(object, "first", what, &w.first, err);
	if (rc == 0)
		rc = gbx_json_number(object, "last", what, &w.last, err);
	if (rc == 0)
		rc = gbx_json_text(object, "kind", what, &kind, err);
	if (rc == 0)
		rc = gbx_json_text(object, "reason", what, &reason, err);
	if (rc)
		return rc;
	if (strlen(reason) > GBX_LIMIT_REASON)
		return gbx_fail(err, GBX_E_LIMIT, "%s: a reason of more than %u bytes", what, GBX_LIMIT_REASON);
	w.kind = gbx_kind_named(gbx_slice_text(kind));
	w.reason = (char *)(uintptr_t)reason;
	if (!w.kind || w.kind->public_always)
		return gbx_fail(err, GBX_E_MALFORMED, "%s: it withholds records of an unknown kind, or of one never withheld", what);
	if (!in_order(p, &w))
		return gbx_fail(err, GBX_E_MALFORMED, "%s: withheld records are not sorted", what);
	return add_range(p, &w, err);
}

static int read_lists(const json_t *predicate, struct gbx_publication *p, struct gbx_error *err)
{
	json_t *layers, *withheld;
	int rc = gbx_json_array(predicate, "layers", what, &layers, err);

	if (rc == 0)
		rc = gbx_json_array(predicate, "withheld", what, &withheld, err);
	for (size_t i = 0; rc == 0 && i < json_array_size(layers); i++)
		rc = read_layer(json_array_get(layers, i), &p->layers, err);
	for (size_t i = 0; rc == 0 && i < json_array_size(withheld); i++)
		rc = read_withheld(json_array_get(withheld, i), p, err);
	return rc ? rc : gbx_layers_check_unique(&p->layers, err);
}

static int read_predicate(const json_t *predicate, struct gbx_publication *p, struct gbx_error *err)
{
	const json_t *previous = json_object_get(predicate, "previous");
	const char *run;
	json_t *head;
	int rc = gbx_json_text(predicate, "run", what, &run, err);

	if (rc == 0 && !gbx_ulid_parse(gbx_slice_text(run), p->run))
		rc = gbx_fail(err, GBX_E_MALFORMED, "%s: member \"run\" is not a run id", what);
	if (rc == 0)
		rc = gbx_json_object(predicate, "head", what, &head, err);
	if (rc == 0)
		rc = read_hex(head, "stream", p->head.stream, GBX_STREAM_LEN, err);
	if (rc == 0)
		rc = gbx_json_number(head, "size", what, &p->head.size, err);
	if (rc == 0)
		rc = read_hex(head, "root", p->head.root, GBX_SHA256_LEN, err);
	if (rc == 0)
		rc = gbx_json_number(predicate, "sequence", what, &p->sequence, err);
	if (rc == 0 && !json_is_null(previous)) {
		p->has_previous = true;
		rc = read_digest(previous, p->previous, err);
	}
	if (rc == 0 && (p->sequence == 0 || (p->sequence == 1) == p->has_previous))
		rc = gbx_fail(err, GBX_E_MALFORMED, "%s: the first has sequence 1 and none before it, each other names the one before", what);
	return rc ? rc : read_lists(predicate, p, err);
}

/* The statement has one text: written again it is the same. That covers subject, types, member order and anything unknown. */
static int check_same(struct gbx_slice text, const struct gbx_publication *p, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes again = {0};
	int rc = gbx_publication_write(p, &again, err);

	if (rc)
		return rc;
	if (!gbx_slice_equal(text, gbx_slice_of(&again)))
		return gbx_fail(err, GBX_E_MALFORMED, "%s: it has members, types or spellings that a statement of ours does not have", what);
	return 0;
}

int gbx_publication_read(struct gbx_slice text, struct gbx_publication *out, struct gbx_error *err)
{
	GBX_AUTO_JSON json_t *statement = NULL;
	struct gbx_publication p = {0};
	const char *type;
	json_t *predicate;
	int rc = gbx_json_parse(text, GBX_LIMIT_JSON, what, &statement, err);

	if (rc == 0)
		rc = gbx_json_text(statement, "predicateType", what, &type, err);
	if (rc == 0 && strcmp(type, GBX_PUBLICATION_TYPE) != 0)
		rc = gbx_fail(err, GBX_E_VERSION, "%s: its predicate type is not %s", what, GBX_PUBLICATION_TYPE);
	if (rc == 0)
		rc = gbx_json_object(statement, "predicate", what, &predicate, err);
	if (rc == 0)
		rc = read_predicate(predicate, &p, err);
	if (rc == 0)
		rc = check_same(text, &p, err);
	if (rc)
		gbx_publication_free(&p);
	else
		*out = p;
	return rc;
}
