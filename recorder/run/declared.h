/* Declared data and outputs: listed at the start, hashed beside the job or after it, and recorded. */
#ifndef GBX_RUN_DECLARED_H
#define GBX_RUN_DECLARED_H

#include "digest/files.h"
#include "run/recorder.h"

struct gbx_declared {
	Glassbox__Declaration__Role role;
	char *name;
	char *path; /* absolute; NULL where it is a uri */
	char *uri;
	struct gbx_files files;
	bool walked;   /* the list was made before the job could change it */
	bool recorded; /* nothing is left to do */
	size_t told;   /* problems that have their gap */
	bool has_listing;                 /* of a declaration that was read from a journal */
	uint8_t listing[GBX_SHA256_LEN];
};

struct gbx_declared_list {
	struct gbx_declared *item;
	size_t len, cap;
};

void gbx_declared_free(struct gbx_declared_list *list);

/* Adds what an option says: "[NAME=]PATH" or "[NAME=]URI"; paths count from cwd. The default name is the path's last component.
 * GBX_E_USAGE for a name that is there already or an empty path. */
int gbx_declared_add(struct gbx_declared_list *list, Glassbox__Declaration__Role role, const char *said, const char *cwd,
		     struct gbx_error *err) GBX_MUST_USE;

/* Lists data (names, sizes, times; nothing is read) and records the declaration. Outputs are not looked at yet. */
void gbx_declared_begin(struct gbx_recorder *r, struct gbx_declared *d);

/* Hashes and records, with gaps for what could not be read. *finished is false when *cancel became true first; nothing is recorded
 * then. */
void gbx_declared_finish(struct gbx_recorder *r, struct gbx_declared *d, const struct gbx_hash_options *o, bool *finished);

/* At the end: data that has changed since it was hashed is told. */
void gbx_declared_recheck(struct gbx_recorder *r, struct gbx_declared *d);

/* Says that a declared path's hashes are pending. */
void gbx_declared_pending(struct gbx_recorder *r, struct gbx_declared *d);

#endif
