/* Numbers as decimal text: what a config or an option says, digit for digit, without the roundings of a double. */
#ifndef GBX_CAPTURE_DECIMAL_H
#define GBX_CAPTURE_DECIMAL_H

#include "base/bytes.h"

/* A number as RFC 8259 section 6 has it, and nothing else: no "+1", ".5", "1.", "0x1" or "nan". */
bool gbx_is_decimal(struct gbx_slice text);

/* The same value: 3e-4 and 0.0003, 1 and 1.0. Both are such numbers; false, too, where an exponent has more than 15 digits and the
 * texts differ. */
bool gbx_decimal_same(struct gbx_slice a, struct gbx_slice b);

/* What other languages write for a number ("+1", ".5", "1.", "1_000", "1.e5") as such a number, appended; the value is the same.
 * *is is false, and nothing appended, where the text is none. */
int gbx_decimal_from(struct gbx_slice text, struct gbx_bytes *out, bool *is, struct gbx_error *err) GBX_MUST_USE;

#endif
