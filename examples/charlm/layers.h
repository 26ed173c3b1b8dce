/* The layers of a GPT: each knows its parameters, where its input lies and where its output goes.
 *
 * The forward function fills out from in. The backward function gets d_out, the gradient of the
 * loss by each number of out, adds to the gradients of the layer's parameters, and passes on d_in,
 * the gradient by each number of in. It uses what the forward call before it has left.
 *
 * Activations are matrices with one row for each token, sequence after sequence.
 */
#ifndef CHARLM_LAYERS_H
#define CHARLM_LAYERS_H

#include <stddef.h>
#include <stdint.h>

#include "real.h"

/* One parameter, as it is named in a checkpoint: a matrix, or (dimensions == 1) a vector with
 * rows == 1. The gradient has the same layout as the value. */
struct tensor {
	char name[64];
	int dimensions;
	size_t rows, cols;
	real *value, *gradient;
};

/* What the model reads and what it should predict: for each token the one that follows. */
struct batch {
	const uint8_t *inputs, *targets; /* sequences * length tokens each */
	size_t sequences, length;
};

/* out = token[input] + position[place in the sequence]. */
struct embedding {
	struct tensor *token, *position;
	real *out;
};

void embedding_forward(const struct embedding *layer, const struct batch *batch);
void embedding_backward(const struct embedding *layer, const real *d_out,
		const struct batch *batch);

/* Layer normalisation: each row to mean 0 and variance 1, then out = row * weight + bias. */
struct norm {
	struct tensor *weight, *bias;
	const real *in;
	real *normal; /* the rows with mean 0 and variance 1 */
	real *rstd;   /* 1 / standard deviation of each row */
	real *row;    /* scratch */
	real *out;
};

void norm_forward(const struct norm *layer, size_t rows);
/* Adds to d_in, where the gradient that went around the layer already stands. */
void norm_backward(const struct norm *layer, real *d_in, const real *d_out, size_t rows);

/* out = in weight + bias. */
struct linear {
	struct tensor *weight, *bias;
	const real *in;
	real *out;
};

void linear_forward(const struct linear *layer, size_t rows);
void linear_backward(const struct linear *layer, real *d_in, const real *d_out, size_t rows);

/* GELU in the form with tanh that GPT-2 uses. */
struct gelu {
	size_t width;
	const real *in;
	real *out;
};

void gelu_forward(const struct gelu *layer, size_t rows);
/* In place: d is d_out and becomes d_in. */
void gelu_backward(const struct gelu *layer, real *d, size_t rows);

/* Causal self-attention: each token looks at itself and at those before it in its sequence.
 * A row of in is query, key and value, width numbers each; a head uses its share of each. */
struct attention {
	size_t heads, width;
	const real *in;
	real *weights;   /* length * length for each head: how much row looks at column */
	real *d_weights; /* scratch, length * length */
	real *out;
};

void attention_forward(const struct attention *layer, size_t sequences, size_t length);
void attention_backward(const struct attention *layer, real *d_in, const real *d_out,
		size_t sequences, size_t length);

/* The output head: out = in weight^T, one number (logit) for each token of the vocabulary. */
struct output {
	struct tensor *weight;
	const real *in;
	real *out;
};

void output_forward(const struct output *layer, size_t rows);
void output_backward(const struct output *layer, real *d_in, const real *d_out, size_t rows);

/* The mean cross-entropy of the targets, in nats. Turns the logits into probabilities. */
double loss_forward(real *logits, const uint8_t *targets, size_t rows, size_t vocabulary);
/* Turns those probabilities into the gradient of the loss by the logits. */
void loss_backward(real *probabilities, const uint8_t *targets, size_t rows, size_t vocabulary);

#endif
