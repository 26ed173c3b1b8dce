/* Runs that were removed. What is left of one is its tombstone:
 *
 *   removed/<run ULID>/tombstone    "glassbox/removed/v1", when (nanoseconds since 1970), and, where the owner log holds the run, the
 *                                   tlog-proof of its leaf `removed`
 *   removed/<run ULID>/...          what an interrupted removal has not deleted yet
 *
 * A run is moved there by one rename, with its tombstone already in it: it is either whole or removed, never half. Its id is never
 * used again. */
#ifndef GBX_STORE_REMOVED_H
#define GBX_STORE_REMOVED_H

#include "store/store.h"

/* True for the id of a run that was removed; *nanos (may be NULL) is when, 0 where its tombstone cannot be read. */
bool gbx_removed_when(const struct gbx_store *s, const char *run, uint64_t *nanos);

/* The ids of the removed runs, oldest first. */
int gbx_removed_names(const struct gbx_store *s, struct gbx_names *out, struct gbx_error *err) GBX_MUST_USE;

/* GBX_E_NOTFOUND for a run that is not there, in words: `said` is an id or a unique beginning or end of one, and the line says when it
 * was removed, or that there is none. */
int gbx_removed_tell(const struct gbx_store *s, const char *said, struct gbx_error *err);

/* Moves a run away; proof may be empty. When it returns 0 the run is removed for good and the tombstone survives a power cut; what it
 * held is still to be deleted. */
int gbx_removed_bury(const struct gbx_store *s, const char *run, struct gbx_slice proof, struct gbx_error *err) GBX_MUST_USE;

/* A file of what a removal has not deleted yet. The caller frees it; NULL without memory. */
char *gbx_removed_path(const struct gbx_store *s, const char *run, const char *name);

/* True where something of it is still to be deleted. */
bool gbx_removed_unfinished(const struct gbx_store *s, const char *run);
/* Deletes everything but the tombstone. */
int gbx_removed_finish(const struct gbx_store *s, const char *run, struct gbx_error *err) GBX_MUST_USE;

#endif
