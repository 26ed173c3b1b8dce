/* The texts at the top of a JSON document of any size, without holding it: jansson would take 20 times the memory of its text. */
#ifndef GBX_CAPTURE_JSON_SKIM_H
#define GBX_CAPTURE_JSON_SKIM_H

#include "base/io.h"

/* A text that is a member of the document, which is an object, or (in_list) an element of a list that is a member. Neither has more than
 * GBX_LIMIT_PATH bytes: longer ones, and those with escapes beyond the basic plane, are passed over. What it returns, unless 0, ends the
 * reading. */
typedef int (*gbx_skim_fn)(void *arg, struct gbx_slice key, struct gbx_slice text, bool in_list, struct gbx_error *err);

/* GBX_E_MALFORMED where brackets or texts are not closed; what else is wrong with the document may go unnoticed. */
int gbx_json_skim(struct gbx_input *in, gbx_skim_fn each, void *arg, struct gbx_error *err) GBX_MUST_USE;

#endif
