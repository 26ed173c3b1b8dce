/* What the public profile withholds: what says where the run was and whose it was, and what names that again. */
#ifndef GBX_RUN_PRIVATE_H
#define GBX_RUN_PRIVATE_H

#include "run/told.h"
#include "store/store.h"

/* {0} to begin with. The folders of the machine, its name and its user's. */
struct gbx_private {
	struct gbx_secret *item;
	size_t len, cap;
};

void gbx_private_free(struct gbx_private *p);
/* Takes a record, where it is a root or a host. */
int gbx_private_gather(struct gbx_private *p, const struct gbx_record *r, struct gbx_error *err) GBX_MUST_USE;

/* The reason for which a record is withheld whatever is in it, or NULL. */
const char *gbx_private_kind(Glassbox__Kind kind);
/* The same for a variable by its name: those of addresses and hosts, with a folder that not every machine has, and those of which nothing but the name is recorded. */
const char *gbx_private_variable(const Glassbox__Variable *v);
/* Whether a reason is one of those, of a record of this kind. */
bool gbx_private_says(Glassbox__Kind kind, const char *reason);
/* *reason: why the record is withheld for what is in it, or NULL: a value, name, path, address or config that has a folder, machine or
 * user in it. Content that is a file is read from the run's store; one that is not there any more tells nothing. */
int gbx_private_content(const struct gbx_private *p, const struct gbx_store *store, const char *run, const Glassbox__Body *body,
			const char **reason, struct gbx_error *err) GBX_MUST_USE;

#endif
