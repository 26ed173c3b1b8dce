/* What a config file says, whatever its format: a tree of values, each with its type, as JSON has them.
 *
 * Numbers keep the digits that they were written with. The tree lies in one arena and is bounded: GBX_LIMIT_CONFIG_VALUES values,
 * GBX_LIMIT_JSON_DEPTH levels. A value may have its members in common with another one (YAML's aliases), but never with one that it
 * lies in. */
#ifndef GBX_CAPTURE_DOCUMENT_H
#define GBX_CAPTURE_DOCUMENT_H

#include "base/arena.h"
#include "base/bytes.h"

enum gbx_value_kind { GBX_VALUE_TEXT, GBX_VALUE_NUMBER, GBX_VALUE_BOOLEAN, GBX_VALUE_NULL, GBX_VALUE_LIST, GBX_VALUE_MAP };

struct gbx_value {
	struct gbx_slice key;  /* of a member of a map */
	struct gbx_slice text; /* TEXT, without NUL; NUMBER, decimal as JSON writes it */
	struct gbx_value *first, *next; /* of a list or map, in order */
	enum gbx_value_kind kind;
	bool boolean;
};

/* {0} is an empty one. */
struct gbx_document {
	struct gbx_arena memory;
	struct gbx_value *top;
	size_t values;
	uint64_t strange; /* values left out or taken as plain ones: of a type that the format has not by itself */
};

#define GBX_AUTO_DOCUMENT GBX_CLEANUP(gbx_document_free)

void gbx_document_free(struct gbx_document *d);

/* A new value of the document, or GBX_E_LIMIT. */
int gbx_document_value(struct gbx_document *d, enum gbx_value_kind kind, struct gbx_value **out, struct gbx_error *err) GBX_MUST_USE;
/* A copy of bytes in the document's memory; NULL without. */
uint8_t *gbx_document_copy(struct gbx_document *d, struct gbx_slice bytes);

/* Of members with one key leaves the last; *repeated says whether there were some. */
int gbx_map_unique(struct gbx_value *map, bool *repeated, struct gbx_error *err) GBX_MUST_USE;

/* The value as JSON without white space, appended. Lists and maps within others are bounded by the caller: the text of one that
 * aliases repeat grows without end. GBX_E_LIMIT where *out would be longer than most. */
int gbx_value_json(const struct gbx_value *value, size_t most, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;

/* Strict JSON, RFC 8259: UTF-8 without a mark at its start, no member twice, nothing behind the end, no NUL in a text. `what` names it
 * in the error, which says line and column. Fills *d, which is to be freed whatever is returned. */
int gbx_document_json(struct gbx_slice text, const char *what, struct gbx_document *d, struct gbx_error *err) GBX_MUST_USE;

/* One YAML document, typed as docs/decisions/yaml.md says; an empty one has no top. UTF-8 or UTF-16. */
int gbx_document_yaml(struct gbx_slice text, const char *what, struct gbx_document *d, struct gbx_error *err) GBX_MUST_USE;

#endif
