/* What a run declared and its recorder did not finish: gathered from its journals, finished when it is sealed. */
#ifndef GBX_RUN_PENDING_H
#define GBX_RUN_PENDING_H

#include "run/declared.h"
#include "store/runs.h"

/* Streams come in the order of their ids, so a root or a result may come before what it belongs to or behind it. */
struct gbx_pending {
	struct gbx_declared_list list;
	struct gbx_pending_place {
		char *root, *under;
	} *place; /* one for each of the list: where it is; NULL for a URI */
	size_t places, places_cap;
	struct gbx_pending_done {
		Glassbox__Declaration__Role role;
		char *name;
	} *done; /* what was recorded */
	size_t dones, dones_cap;
	struct gbx_root *root;
	size_t roots, roots_cap;
};

void gbx_pending_free(struct gbx_pending *p);
/* A gbx_record_fn over all records of the run; arg is a struct gbx_pending. */
int gbx_pending_take(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *record, struct gbx_error *err);
/* Hashes and records what is left, at full speed; data may have changed since the run, and a gap says so where the list of names,
 * sizes and times differs from the declared one. */
int gbx_pending_finish(struct gbx_pending *p, struct gbx_recorder *r, struct gbx_error *err) GBX_MUST_USE;

#endif
