#include "adam.h"

#include <stdlib.h>

#include "vector.h"

int adam_create(struct adam *adam, size_t parameters, double beta1, double beta2,
		struct error *error)
{
	*adam = (struct adam){
		.parameters = parameters,
		.mean = calloc(parameters, sizeof(real)),
		.square = calloc(parameters, sizeof(real)),
		.beta1 = beta1,
		.beta2 = beta2,
		.beta1_power = 1,
		.beta2_power = 1,
	};
	if (!adam->mean || !adam->square)
		return fail(error, "not enough memory for Adam's state of %zu parameters; use a "
				"smaller width or fewer layers", parameters);
	return 0;
}

void adam_free(struct adam *adam)
{
	free(adam->mean);
	free(adam->square);
	*adam = (struct adam){0};
}

void adam_step(struct adam *adam, real *values, const real *gradients, double learning_rate)
{
	adam->beta1_power *= adam->beta1;
	adam->beta2_power *= adam->beta2;

	real *restrict value = values, *restrict mean = adam->mean, *restrict square = adam->square;
	const real *restrict gradient = gradients;
	const real beta1 = (real)adam->beta1, beta2 = (real)adam->beta2;
	const real epsilon = (real)1e-8; /* the paper's; keeps the quotient finite */
	/* Both means begin at 0 and so are too small at first, by 1 - beta^steps: undone here. */
	const real rate = (real)(learning_rate / (1 - adam->beta1_power));
	const real correct = (real)(1 / (1 - adam->beta2_power));

	for (size_t i = 0; i < adam->parameters; i++) {
		mean[i] = beta1 * mean[i] + (1 - beta1) * gradient[i];
		square[i] = beta2 * square[i] + (1 - beta2) * gradient[i] * gradient[i];
		value[i] -= rate * mean[i] / (real_sqrt(square[i] * correct) + epsilon);
	}
}

double clip_gradients(real *gradients, size_t parameters, double limit)
{
	double squares = 0;
	for (size_t i = 0; i < parameters; i++)
		squares += (double)gradients[i] * (double)gradients[i];
	const double norm = sqrt(squares);
	if (norm > limit)
		vector_scale(gradients, parameters, (real)(limit / norm));
	return norm;
}
