/* The files that records name by their SHA-256, in the run's folders manifest/ and blob/. */
#ifndef GBX_RUN_KEPT_H
#define GBX_RUN_KEPT_H

#include "digest/hash.h"
#include "store/store.h"

/* "manifest/<hex>.tfrecord" or "blob/<hex>" of the run; the caller frees it; NULL without memory. */
char *gbx_kept_path(const struct gbx_store *s, const char *run, const char *folder, const uint8_t sha256[GBX_SHA256_LEN]);

/* Whether the file is not there, or holds other bytes than it was named for: a power cut can take the file of a record that came to the
 * disk. GBX_E_IO and its kin where that cannot be told now. Reads all of it. */
int gbx_kept_is_lost(const struct gbx_store *s, const char *run, const char *folder, const uint8_t sha256[GBX_SHA256_LEN], bool *lost,
		     struct gbx_error *err) GBX_MUST_USE;

#endif
