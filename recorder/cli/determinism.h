/* What of a run's record may keep it from repeating bit for bit, and how to set it: for `show --determinism`. */
#ifndef GBX_CLI_DETERMINISM_H
#define GBX_CLI_DETERMINISM_H

#include <jansson.h>

#include "base/arena.h"
#include "journal/record.h"

#define GBX_DETERMINISM_VARIABLES 32

/* What the records say; {0} to begin with. */
struct gbx_determinism {
	struct gbx_arena memory;
	const char *value[GBX_DETERMINISM_VARIABLES]; /* of the table's variables; NULL: not set */
	bool variables, devices, code;                /* such records are there */
	bool code_complete, seed;
	uint64_t gpus, untracked, unhashed, datasets;
};

void gbx_determinism_free(struct gbx_determinism *d);
/* Takes one record with its body. */
int gbx_determinism_take(struct gbx_determinism *d, const struct gbx_record *r, struct gbx_error *err) GBX_MUST_USE;

/* A line for each thing. */
void gbx_determinism_print(const struct gbx_determinism *d);
/* [{"name", "state", "value", "repeats", "why", "how"}]: state is "set", "not set", "seen", "not seen" or "not looked at". repeats:
 * it is as a run that repeats needs it, where the program uses it at all; null where that is not known. NULL without memory. */
json_t *gbx_determinism_json(const struct gbx_determinism *d);

#endif
