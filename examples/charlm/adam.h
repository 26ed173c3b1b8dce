/* Adam (Kingma and Ba, 2015) with bias correction, and gradient clipping. */
#ifndef CHARLM_ADAM_H
#define CHARLM_ADAM_H

#include <stddef.h>

#include "error.h"
#include "real.h"

struct adam {
	size_t parameters;
	real *mean;   /* decaying mean of the gradients */
	real *square; /* decaying mean of their squares */
	double beta1, beta2;
	double beta1_power, beta2_power; /* beta to the number of steps so far */
};

/* To be freed with adam_free, also after -1. */
int adam_create(struct adam *adam, size_t parameters, double beta1, double beta2,
		struct error *error);
void adam_free(struct adam *adam);

/* One step: moves the values against their gradients. */
void adam_step(struct adam *adam, real *values, const real *gradients, double learning_rate);

/* Scales the gradients down so that their norm (the root of the sum of all squares) is at most
 * limit. Returns the norm before. */
double clip_gradients(real *gradients, size_t parameters, double limit);

#endif
