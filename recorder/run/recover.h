/* What a seal finds of other processes: points that lie in their rings, and journals that break off. docs/decisions/recovery.md. */
#ifndef GBX_RUN_RECOVER_H
#define GBX_RUN_RECOVER_H

#include "run/recorder.h"
#include "store/runs.h"

/* A gap for what lies behind the last good record of this stream, where there is something. */
void gbx_tell_break(struct gbx_recorder *r, const struct gbx_stream_view *stream);

/* Scans the run, records the points of its rings that are in no journal yet, and gaps for what broke off or is missing. *out is what
 * was seen: what other processes write from then on is no part of it. Free it with gbx_run_view_free. */
int gbx_recover(struct gbx_recorder *r, struct gbx_run_view *out, struct gbx_error *err) GBX_MUST_USE;

/* Adds the names of those rings of a sealed run whose points are all in what it sealed, and
 * whose writers are gone. None of them is needed any more. */
int gbx_spent_rings(const struct gbx_store *store, const char *run, struct gbx_names *out, struct gbx_error *err) GBX_MUST_USE;

#endif
