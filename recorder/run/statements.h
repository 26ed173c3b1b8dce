/* The publication statements that a run has had, kept in the store: each names the one before. */
#ifndef GBX_RUN_STATEMENTS_H
#define GBX_RUN_STATEMENTS_H

#include "bundle/publication.h"
#include "run/identity.h"
#include "store/store.h"

/* The newest statement whose bundle was written; GBX_E_NOTFOUND where there is none. */
int gbx_statement_newest(const struct gbx_store *s, const char *run, struct gbx_publication *out, struct gbx_error *err) GBX_MUST_USE;

/* The envelope for this publication, appended: one with a sequence of at least `from` that was made before for the same content by the
 * same signer, else a new one, numbered, signed by id (where it is not NULL) and kept. Fills sequence and previous of *p.
 *
 * A new statement is kept before its bundle is there, so that no number is ever given twice. gbx_statement_written says that it is,
 * gbx_statement_forget that it will not be: nobody has seen it. After a crash between, nobody knows. */
int gbx_statement_for(const struct gbx_store *s, const char *run, struct gbx_publication *p, const struct gbx_identity *id, uint64_t from,
		      struct gbx_bytes *envelope, bool *reused, struct gbx_error *err) GBX_MUST_USE;
void gbx_statement_written(const struct gbx_store *s, const char *run);
void gbx_statement_forget(const struct gbx_store *s, const char *run, uint64_t sequence);

#endif
