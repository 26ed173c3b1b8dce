/* Removing a run from the store. */
#ifndef GBX_RUN_REMOVE_H
#define GBX_RUN_REMOVE_H

#include "run/identity.h"
#include "store/store.h"

struct gbx_remove_options {
	bool force;                    /* one that is published, or that the owner log holds */
	bool dead;                     /* the user's word that it does not run, where that cannot be seen from here */
	const struct gbx_identity *id; /* or NULL */
	void (*say)(const char *line); /* what could not be tidied beside it; may be NULL */
};

/* Whether the run may be removed with these options, with nothing changed; GBX_E_REFUSED where not. *needs_key: the owner log holds it, and
 * its removal is to be told there. */
int gbx_remove_check(const struct gbx_store *s, const char *run, const struct gbx_remove_options *o, bool *needs_key,
		     struct gbx_error *err) GBX_MUST_USE;

/* Removes a run. Where the owner log holds it, first a leaf `removed` is appended and signed (GBX_E_USAGE without o->id). Then the run
 * is moved away with its tombstone in one step (store/removed.h), which survives a power cut; from then on it is removed, whatever
 * becomes of the rest: its refs, in the store and in the repository around it, and its files. What is left of an interrupted removal
 * is deleted by the next gbx_remove_rest. */
int gbx_remove_run(const struct gbx_store *s, const char *run, const struct gbx_remove_options *o, struct gbx_error *err) GBX_MUST_USE;

/* Deletes what is left of a removed run. say may be NULL. */
int gbx_remove_rest(const struct gbx_store *s, const char *run, void (*say)(const char *line), struct gbx_error *err) GBX_MUST_USE;

#endif
