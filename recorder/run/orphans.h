/* Blobs and manifests of a sealed run that nothing in it names: what was written when the recorder died before the record was. */
#ifndef GBX_RUN_ORPHANS_H
#define GBX_RUN_ORPHANS_H

#include "store/store.h"

struct gbx_orphans {
	const struct gbx_store *store;
	const char *run;
	uint64_t keep_from; /* files written since then (nanoseconds since 1970) are kept */
	bool remove;        /* else they are only counted */
	uint64_t count, bytes;
};

/* A file is named where its SHA-256 stands anywhere in a record's body or in a manifest that is kept; so a kind of record that is not
 * known here loses nothing. */
int gbx_orphans_collect(struct gbx_orphans *o, struct gbx_error *err) GBX_MUST_USE;

#endif
