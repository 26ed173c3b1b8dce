/* Memory that is given out piece by piece and taken back all at once: for messages that are decoded, looked at and forgotten. */
#ifndef GBX_BASE_ARENA_H
#define GBX_BASE_ARENA_H

#include <stddef.h>

#include "base/error.h"

struct gbx_arena_chunk;

/* {0} is an empty one. */
struct gbx_arena {
	struct gbx_arena_chunk *first; /* the one that is filled at the moment */
	size_t used;                   /* bytes of it */
};

/* size bytes, not cleared, aligned for any type; NULL without memory. */
void *gbx_arena_alloc(struct gbx_arena *a, size_t size);
/* Takes everything back; some memory stays for what comes next. */
void gbx_arena_reset(struct gbx_arena *a);
void gbx_arena_free(struct gbx_arena *a);

#define GBX_AUTO_ARENA GBX_CLEANUP(gbx_arena_free)

#endif
