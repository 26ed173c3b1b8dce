#include "vector.h"

enum { LANES = 8 };

static real sum_lanes(const real lane[LANES])
{
	return ((lane[0] + lane[4]) + (lane[1] + lane[5])) +
	       ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

real vector_sum(const real *x, size_t n)
{
	real lane[LANES] = {0};
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		for (size_t j = 0; j < LANES; j++)
			lane[j] += x[i + j];
	for (; i < n; i++)
		lane[i % LANES] += x[i];
	return sum_lanes(lane);
}

real vector_dot(const real *x, const real *y, size_t n)
{
	real lane[LANES] = {0};
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		for (size_t j = 0; j < LANES; j++)
			lane[j] += x[i + j] * y[i + j];
	for (; i < n; i++)
		lane[i % LANES] += x[i] * y[i];
	return sum_lanes(lane);
}

real vector_largest(const real *x, size_t n)
{
	real result = x[0];
	for (size_t i = 1; i < n; i++)
		result = x[i] > result ? x[i] : result;
	return result;
}

void vector_add(real *restrict out, const real *restrict x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] += x[i];
}

void vector_scale(real *x, size_t n, real factor)
{
	for (size_t i = 0; i < n; i++)
		x[i] *= factor;
}

void vector_zero(real *x, size_t n)
{
	memset(x, 0, n * sizeof *x); /* all bits zero is 0.0 */
}

void vector_exp(real *x, size_t n, real shift)
{
	for (size_t i = 0; i < n; i++)
		x[i] = real_exp(x[i] - shift);
}
