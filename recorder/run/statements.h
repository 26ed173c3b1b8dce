/* The publication statements that a run has had, kept in the store: each names the one before. */
#ifndef GBX_RUN_STATEMENTS_H
#define GBX_RUN_STATEMENTS_H

#include "bundle/publication.h"
#include "run/identity.h"
#include "store/store.h"

/* The envelope for this publication, appended: one that was made before for the same content by the same signer, else a new one,
 * numbered, signed by id (where it is not NULL) and kept. Fills sequence and previous of *p. */
int gbx_statement_for(const struct gbx_store *s, const char *run, struct gbx_publication *p, const struct gbx_identity *id,
		      struct gbx_bytes *envelope, bool *reused, struct gbx_error *err) GBX_MUST_USE;

#endif
