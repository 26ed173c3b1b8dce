/* Who works on a store at the same time, on one machine.
 *
 *   <store>/lock          shared: recorded into, sealed, signed, published, removed from; exclusive: collected (gc)
 *   runs/<run>/lock       exclusive: this run is sealed, signed, published or removed
 *   each journal          exclusive: its writer lives
 *
 * They are flock locks, gone with the process that held them. Between machines nothing is locked: on a filesystem that machines share,
 * and where one knows no locks, there are none, and what must not happen at once is told from the runs' own records. */
#ifndef GBX_STORE_HOLD_H
#define GBX_STORE_HOLD_H

#include "store/alive.h"
#include "store/store.h"

struct gbx_hold {
	int store, run; /* descriptors; -1: not locked */
};

#define GBX_HOLD_NONE {-1, -1}
#define GBX_AUTO_HOLD GBX_CLEANUP(gbx_hold_release)

void gbx_hold_release(struct gbx_hold *hold);

/* Waits until nobody else works on this run, nor collects the store. Where the store cannot be written nothing is locked, and it is
 * no failure. GBX_E_NOTFOUND where the run is gone, removed meanwhile perhaps; GBX_E_REFUSED where the store is not the caller's own. */
int gbx_hold_run(const struct gbx_store *s, const char *run, struct gbx_hold *out, struct gbx_error *err) GBX_MUST_USE;

/* For a job that must not wait and that nothing here may fail: the store's lock, shared, where it can be had at once. False where it
 * is being collected. */
bool gbx_hold_store(const struct gbx_store *s, struct gbx_hold *out);

/* The store for itself alone; GBX_E_REFUSED where somebody works in it, or it is not the caller's own. */
int gbx_hold_alone(const struct gbx_store *s, struct gbx_hold *out, struct gbx_error *err) GBX_MUST_USE;

/* Whether a writer of a run's journals lives, where no record says which process it is: on a filesystem of this machine alone the locks
 * tell. GBX_PROCESS_UNKNOWN where they do not. */
enum gbx_process_state gbx_hold_look(const struct gbx_store *s, const char *run);

#endif
