/* Texts as what reads them means them: escapes resolved, for comparing. Not a parser: what is no escape stays as it is. */
#ifndef GBX_BASE_UNESCAPE_H
#define GBX_BASE_UNESCAPE_H

#include "base/bytes.h"

/* Appends text with the backslash escapes resolved that JSON, YAML, TOML and shells have: \" \\ \/ \n \x41 \u0041 \U00000041, two
 * surrogates as one character. Never longer than text. */
int gbx_unescape(struct gbx_slice text, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* The same for the %41 of addresses. */
int gbx_unpercent(struct gbx_slice text, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;

#endif
