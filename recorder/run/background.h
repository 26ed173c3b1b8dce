/* What is recorded beside the running job, in one thread at low priority: syncing, the list of declared data, the signature at the
 * start, hashing; and after the job's end the outputs. */
#ifndef GBX_RUN_BACKGROUND_H
#define GBX_RUN_BACKGROUND_H

#include <pthread.h>

#include "run/code.h"
#include "run/declared.h"
#include "run/identity.h"

struct gbx_background {
	struct gbx_recorder *recorder;
	struct gbx_declared_list *declared;
	const struct gbx_identity *identity; /* or NULL */
	Glassbox__Gap__Reason no_identity;
	struct gbx_run_code *code; /* its manifest is synced with the start; set before the start */
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* over the members below */
	pthread_cond_t changed;
	bool job_ended, done;
	bool whole;                /* everything declared was hashed */
	atomic_bool cancel;
};

/* Starts the thread. Where none can be made the work is done in gbx_background_finish. */
void gbx_background_start(struct gbx_background *b, struct gbx_recorder *r, struct gbx_declared_list *declared,
			  const struct gbx_identity *id, Glassbox__Gap__Reason no_identity);

/* The job has ended: lets the thread finish for linger_ms, or until hurried() says that somebody waits; then stops it. True when
 * everything declared was hashed; what was not has a gap. Nothing else records any more when it returns. */
bool gbx_background_finish(struct gbx_background *b, unsigned linger_ms, bool (*hurried)(void));

#endif
