/* A small GPT: what GPT-2 is, with its names and layouts, only smaller and over characters.
 *
 *   token + position embedding
 *   for each block:  x = x + attention(norm(x))
 *                    x = x + mlp(norm(x))           mlp: linear, GELU, linear
 *   norm, output head: one logit for each token of the vocabulary
 */
#ifndef CHARLM_MODEL_H
#define CHARLM_MODEL_H

#include "error.h"
#include "layers.h"
#include "rng.h"

struct shape {
	size_t vocabulary, context, layers, heads, width;
	size_t sequences; /* the largest number of sequences in a batch */
};

struct block {
	struct norm norm_1;
	struct linear query_key_value;
	struct attention attention;
	struct linear projection;
	real *middle; /* the input plus what attention adds to it */
	struct norm norm_2;
	struct linear widen;
	struct gelu gelu;
	struct linear narrow;
	real *out; /* middle plus what the MLP adds to it */
};

struct model {
	struct shape shape;

	/* All parameters, all gradients: one array each, which the tensors divide among them. */
	size_t parameters;
	real *values, *gradients;
	struct tensor *tensors;
	size_t tensor_count;

	struct embedding embedding;
	struct block *blocks;
	struct norm last_norm;
	struct output output;

	/* Activations, kept from forward to backward, and the gradients that backward passes on. */
	real *activations;
	size_t activation_count;
	real *d_stream; /* by the sum that runs through all blocks */
	real *d_width;  /* by a matrix of width columns */
	real *d_wide;   /* by a matrix of up to 4 width columns */
};

/* A model with random weights, drawn from rng. To be freed with model_free, also after -1. */
int model_create(struct model *model, const struct shape *shape, struct rng *rng,
		struct error *error);
void model_free(struct model *model);

/* Fills model->output.out with one row of logits per token. A batch has at most shape.sequences
 * sequences of at most shape.context tokens. */
void model_forward(struct model *model, const struct batch *batch);

/* model_forward, and the mean cross-entropy of the targets in nats. */
double model_loss(struct model *model, const struct batch *batch);

/* Sets the gradients of the loss that model_loss gave just before for the same batch. */
void model_backward(struct model *model, const struct batch *batch);

#endif
