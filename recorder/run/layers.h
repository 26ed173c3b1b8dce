/* Layers that are made while they are written into a bundle: the journal with bodies left out, and the tar of a snapshot. */
#ifndef GBX_RUN_LAYERS_H
#define GBX_RUN_LAYERS_H

#include "bundle/publication.h"
#include "store/runs.h"

struct gbx_journal_layer {
	const struct gbx_store *store;
	const char *run;
	const struct gbx_run_view *view;
	const struct gbx_publication *publication; /* what is withheld */
};

/* A gbx_produce: the frames as stored, streams sorted by id, each as far as the seal covers it; withheld ones with their entry
 * only. arg is a struct gbx_journal_layer. */
int gbx_write_journal(void *arg, struct gbx_output *out, struct gbx_error *err);

struct gbx_code_tar {
	const struct gbx_store *store;
	const char *run;
	const uint8_t *manifest; /* SHA-256 of its page file */
	const uint8_t *tree;
	size_t tree_len;
};

/* A gbx_produce: the snapshot as a deterministic tar, in the manifest's order. arg is a struct gbx_code_tar. */
int gbx_write_code_tar(void *arg, struct gbx_output *out, struct gbx_error *err);

#endif
