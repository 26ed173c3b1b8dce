/* Loops over rows of numbers that the layers share.
 *
 * Sums run in eight lanes that are written out. A compiler may not reorder a plain sum of floats,
 * so it could not vectorise one; and the order has to be fixed for a run to be repeatable. */
#ifndef CHARLM_VECTOR_H
#define CHARLM_VECTOR_H

#include <stddef.h>

#include "real.h"

real vector_sum(const real *x, size_t n);

/* The sum of x[i] y[i]. */
real vector_dot(const real *x, const real *y, size_t n);

/* The largest of n numbers; n must not be 0. */
real vector_largest(const real *x, size_t n);

/* out += x. They must not overlap. */
void vector_add(real *restrict out, const real *restrict x, size_t n);

void vector_scale(real *x, size_t n, real factor);

void vector_zero(real *x, size_t n);

/* x = e^(x - shift). */
void vector_exp(real *x, size_t n, real shift);

#endif
