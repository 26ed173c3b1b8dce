/* The training run. */
#ifndef CHARLM_TRAIN_H
#define CHARLM_TRAIN_H

#include "config.h"
#include "corpus.h"
#include "error.h"

/* Trains a model as the configuration says, with progress on standard output, and writes to the
 * output folder: checkpoints, log.csv, final.safetensors and sample.txt. */
int train(const struct config *config, const struct corpus *corpus, const char *out,
		struct error *error);

#endif
