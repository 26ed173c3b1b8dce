/* Sealing: the last record of the lead stream, with the heads of all streams. */
#ifndef GBX_RUN_SEAL_H
#define GBX_RUN_SEAL_H

#include "run/recorder.h"
#include "store/runs.h"

/* Writes the list of streams and the Seal into the recorder's stream, and syncs both. Nothing may be recorded after it. */
int gbx_seal_write(struct gbx_recorder *r, Glassbox__Seal__State state, struct gbx_error *err) GBX_MUST_USE;

/* Writes a StreamEnd instead, for a run that is sealed later, and syncs. */
int gbx_end_write(struct gbx_recorder *r, struct gbx_error *err) GBX_MUST_USE;

/* The seal state that a run's RunEnd amounts to. */
Glassbox__Seal__State gbx_seal_state(const struct gbx_run_view *v);

/* Seals a run that has ended: a new lead stream that names the old one's head, what was left to hash, and the Seal. A run whose
 * recorder lives, or may live, is GBX_E_REFUSED; `dead` is the user's word that it does not. A sealed run is left alone.
 * *changed says whether it was sealed now. */
int gbx_seal_run(struct gbx_store *s, const char *run, bool dead, void (*say)(const char *), bool *changed,
		 struct gbx_error *err) GBX_MUST_USE;

#endif
