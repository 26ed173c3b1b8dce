/* JSON, by jansson, read strictly: bounded size and depth, no member twice, nothing behind the end. Its memory is that of mem.h. */
#ifndef GBX_BASE_JSON_H
#define GBX_BASE_JSON_H

#include <jansson.h>

#include "base/bytes.h"

#define GBX_AUTO_JSON GBX_CLEANUP(gbx_json_free)

void gbx_json_free(json_t **json);

/* Parses text of at most limit bytes; `what` names it in the error, which says line and column. */
int gbx_json_parse(struct gbx_slice text, size_t limit, const char *what, json_t **out, struct gbx_error *err) GBX_MUST_USE;

/* Refuses an object with a member that is not in the NULL-terminated list. */
int gbx_json_only(const json_t *object, const char *const *known, const char *what, struct gbx_error *err) GBX_MUST_USE;

/* The member of an object that must be there and of that type; borrowed. `what` names the object in the error. */
int gbx_json_text(const json_t *object, const char *key, const char *what, const char **out, struct gbx_error *err) GBX_MUST_USE;
int gbx_json_number(const json_t *object, const char *key, const char *what, uint64_t *out, struct gbx_error *err) GBX_MUST_USE;
int gbx_json_array(const json_t *object, const char *key, const char *what, json_t **out, struct gbx_error *err) GBX_MUST_USE;
int gbx_json_object(const json_t *object, const char *key, const char *what, json_t **out, struct gbx_error *err) GBX_MUST_USE;

/* Refuses a text that parsed to json and that no common writer makes of it: it must have no white space at all, or the line
 * ends and 2 to 4 spaces a level of a pretty-printer, no newline at its end and no needless escapes. So a byte that is added
 * where JSON means nothing by it is found. */
int gbx_json_check_text(const json_t *json, struct gbx_slice text, const char *what, struct gbx_error *err) GBX_MUST_USE;

/* Appends item, and takes it over. For lists that are made: where either is NULL, for want of memory, the list is freed and *list is
 * NULL, which json_pack and gbx_json_write pass on; so no list is ever short of what it should hold. */
void gbx_json_push(json_t **list, json_t *item);
/* The same for a member of an object. */
void gbx_json_set(json_t **object, const char *key, json_t *value);

/* Text without white space, members in the order in which they were set; appended. A real is written in the fewest
 * digits that read back the same. */
int gbx_json_write(const json_t *json, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* A text in quotes, with the escapes that JSON asks for; appended. The text is UTF-8: jansson has no other. */
int gbx_json_quote(struct gbx_slice text, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* The decimal text of a JSON number, as gbx_json_write writes it; out has room for 40. */
void gbx_json_number_text(const json_t *number, char out[40]);

#endif
