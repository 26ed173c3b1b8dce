/* The code of a run: captured before the job starts, or on beside it where that takes too long, and looked at again at its end. */
#ifndef GBX_RUN_CODE_H
#define GBX_RUN_CODE_H

#include <stdatomic.h>

#include "capture/code.h"
#include "run/recorder.h"

struct gbx_run_code {
	struct gbx_recorder *recorder;
	struct gbx_code_capture capture;
	bool pending;            /* the job may start, and the capture goes on */
	char *temporary, *blobs; /* where the capture writes */
	char *manifest;          /* of the snapshot; NULL: there is none */
	char *repo;
	bool sparse;
	bool failed;             /* the capture was not even started; why says the reason */
	struct gbx_error why;
	char line[256];          /* for a person */
};

/* Starts the capture. asked: what it is to do but store, blobs, manifest_path, run and scanner. End with gbx_run_code_free. */
void gbx_run_code_start(struct gbx_run_code *c, struct gbx_recorder *r, const struct gbx_code_options *asked);
void gbx_run_code_free(struct gbx_run_code *c);

/* Waits until asked->start_ms are over. Fills *out, to be freed with gbx_code_result_free; without a snapshot and with c->pending where it
 * is not complete by then. */
void gbx_run_code_wait(struct gbx_run_code *c, struct gbx_code_result *out);

/* Records what the capture came to, where it is not pending. */
void gbx_run_code_put(struct gbx_run_code *c, const struct gbx_code_result *result);

/* Beside the job: waits for a capture that is pending and records it; once *cancel is set it is a gap. */
void gbx_run_code_late(struct gbx_run_code *c, const atomic_bool *cancel);

/* After the job: files that are not what the snapshot holds any more are told, and a gap. */
void gbx_run_code_recheck(struct gbx_run_code *c);

#endif
