/* Text forms of bytes: hex, base64, UTF-8, names safe to print, ULIDs, times. */
#ifndef GBX_BASE_TEXT_H
#define GBX_BASE_TEXT_H

#include "base/bytes.h"

/* Lower-case hex of len bytes into out, which has room for 2 * len + 1. */
void gbx_hex(const uint8_t *data, size_t len, char *out);
/* Reads exactly len bytes of lower-case hex; false for anything else. */
bool gbx_unhex(struct gbx_slice text, uint8_t *out, size_t len);

/* Standard base64 with padding, RFC 4648 section 4; appends to *out. */
int gbx_base64(const void *data, size_t len, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* Strict: padded, no white space, zero trailing bits, so that one value has one text. Appends to *out. */
int gbx_unbase64(struct gbx_slice text, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* The same for either alphabet (standard or URL-safe, RFC 4648 section 5), as DSSE asks. */
int gbx_unbase64_any(struct gbx_slice text, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;

/* Well-formed UTF-8 (RFC 3629: no surrogates, shortest form) without NUL. */
bool gbx_is_utf8(struct gbx_slice text);

/* Appends text for a terminal: control, escape, bidirectional and other invisible characters and bytes that are not UTF-8
 * as \xNN or \u{NNNN}; a backslash doubled. */
int gbx_printable(struct gbx_slice text, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* The same into a fixed buffer, cut with "..." where it is too small; returns out, for use inside printf. Takes no memory. */
const char *gbx_printable_in(struct gbx_slice text, char *out, size_t size);

/* Makes a line safe for a terminal where it stands: what gbx_printable escapes becomes '?', byte by byte. For messages
 * that hold names as they are. */
void gbx_make_plain(char *line);

/* Decimal without sign, leading zeros or anything else; at most 2^63 - 1. */
bool gbx_parse_u63(struct gbx_slice text, uint64_t *out);

/* ULID: 48 bits of milliseconds and 80 random bits, as 26 characters of Crockford's base 32. */
#define GBX_ULID_LEN 16
#define GBX_ULID_TEXT 26
void gbx_ulid_text(const uint8_t ulid[GBX_ULID_LEN], char out[GBX_ULID_TEXT + 1]);
bool gbx_ulid_parse(struct gbx_slice text, uint8_t out[GBX_ULID_LEN]);

/* RFC 3339 in UTC with milliseconds, "2026-11-22T17:53:00.123Z"; out has room for 32. */
void gbx_time_text(uint64_t unix_nanos, char out[32]);

/* Number of single-character edits from a to b, for "did you mean"; counts up to 1000. */
size_t gbx_edit_distance(const char *a, const char *b);

#endif
