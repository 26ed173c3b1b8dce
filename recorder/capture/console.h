/* What a job printed, as it is recorded: head, tail, size and digest of its text without secrets.
 *
 * Bytes are put in as they come. Lines are taken as a terminal shows them in the end: what a carriage return goes back over, as progress
 * bars do, is not there. Then secrets become {secret:<rule>}, wherever the pieces were cut, and only then is anything counted, kept or
 * hashed. Memory does not grow with the text, and time only as it does. */
#ifndef GBX_CAPTURE_CONSOLE_H
#define GBX_CAPTURE_CONSOLE_H

#include "base/limits.h"
#include "capture/secrets.h"
#include "digest/hash.h"

struct gbx_console;

#define GBX_AUTO_CONSOLE GBX_CLEANUP(gbx_console_release)

/* The scanner is borrowed. */
int gbx_console_new(const struct gbx_scanner *scanner, struct gbx_console **out, struct gbx_error *err) GBX_MUST_USE;
void gbx_console_release(struct gbx_console **c);

int gbx_console_put(struct gbx_console *c, struct gbx_slice text, struct gbx_error *err) GBX_MUST_USE;

/* head and tail point into the console. */
struct gbx_console_text {
	struct gbx_slice head, tail; /* each at most GBX_LIMIT_CONSOLE bytes, of whole lines where it has any; tail is empty where head is all */
	uint64_t size;               /* of all of it */
	uint8_t sha256[GBX_SHA256_LEN];
	uint64_t secrets;
};

/* Nothing is put in afterwards. */
int gbx_console_end(struct gbx_console *c, struct gbx_console_text *out, struct gbx_error *err) GBX_MUST_USE;

#endif
