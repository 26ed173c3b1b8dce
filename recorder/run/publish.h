/* Publishing: a run as a bundle that a stranger can verify. */
#ifndef GBX_RUN_PUBLISH_H
#define GBX_RUN_PUBLISH_H

#include "run/identity.h"
#include "store/store.h"

enum gbx_profile {
	GBX_PROFILE_PUBLIC, /* withholds what should not be public by accident */
	GBX_PROFILE_FULL,   /* withholds nothing */
};

struct gbx_publish_options {
	const char *run;               /* ULID text; sealed */
	const char *out;               /* a folder, or a tar file where it ends in .tar; must not exist */
	enum gbx_profile profile;
	const struct gbx_identity *id; /* or NULL: the statement is not signed */
};

struct gbx_published {
	uint64_t records, shown;
	uint64_t sequence;   /* of the publication statement */
	bool reused;         /* the same selection was published before: the statement is that one */
	bool is_signed;
};

/* Writes the bundle. The statement is kept in the store; the same run, selection and key again gives the same bytes. Nothing appears
 * under `out` on failure. GBX_E_EXISTS where something is there, GBX_E_REFUSED where the run is not sealed. */
int gbx_publish(const struct gbx_store *s, const struct gbx_publish_options *o, struct gbx_published *out, struct gbx_error *err) GBX_MUST_USE;

#endif
