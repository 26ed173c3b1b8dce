/* The configuration: one JSON object in a file. Every key must be there, so that the file says
 * all that the run depends on besides the code and the data; there are no hidden defaults. */
#ifndef CHARLM_CONFIG_H
#define CHARLM_CONFIG_H

#include <stdint.h>

#include "error.h"

struct config {
	int64_t seed;             /* of the first weights and of the order of the training text */
	int64_t steps;            /* updates of the weights */
	int64_t batch_size;       /* sequences in a batch */
	int64_t context;          /* tokens in a sequence: as far back as the model can look */
	int64_t layers;           /* blocks of attention and MLP */
	int64_t heads;            /* attention heads in a block; a divisor of width */
	int64_t width;            /* numbers that stand for one token inside the model */
	double learning_rate;     /* at its highest */
	int64_t warmup_steps;     /* in which it rises to that, before it falls to 0 */
	double adam_beta1;        /* decay of the mean of the gradients */
	double adam_beta2;        /* decay of the mean of their squares */
	double grad_clip;         /* largest norm of all gradients together */
	int64_t checkpoint_every; /* steps; 0: only the final weights */
	int64_t eval_every;       /* steps from one validation and line of the log to the next */
	int64_t sample_length;    /* characters of the text that the final weights write */
	double sample_temperature;
};

/* Reads the file. Whatever is wrong with it is an error that names the file, the key and what
 * was expected. Call config_check when options have been put over it. */
int config_read(struct config *config, const char *path, struct error *error);

/* Sets one key that is a whole number from the text of an option. */
int config_set(struct config *config, const char *key, const char *text, struct error *error);

/* Checks what one key alone can't show. path names the file in the error. */
int config_check(const struct config *config, const char *path, struct error *error);

#endif
