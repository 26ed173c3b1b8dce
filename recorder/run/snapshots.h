/* The trees that the runs of a store need: what their Code records say, and what refs in <store>/git name. */
#ifndef GBX_RUN_SNAPSHOTS_H
#define GBX_RUN_SNAPSHOTS_H

#include "capture/tidy.h"
#include "store/runs.h"

struct gbx_snapshots {
	struct gbx_code_tree *tree;
	size_t len, cap;
	size_t run; /* the number of the run that is scanned now; the caller counts */
};

void gbx_snapshots_free(struct gbx_snapshots *s);
/* A gbx_record_fn: takes a Code record's tree. */
int gbx_snapshots_take(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *record, struct gbx_error *err);
/* The tree that the run's ref in the store names, where there is one. */
int gbx_snapshots_take_ref(struct gbx_snapshots *s, const struct gbx_store *store, const char *run, struct gbx_error *err) GBX_MUST_USE;

#endif
