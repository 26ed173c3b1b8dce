/* Matrix multiplication: where nearly all of the training time goes. */
#ifndef CHARLM_MATMUL_H
#define CHARLM_MATMUL_H

#include <stddef.h>

#include "real.h"

/* A view of numbers that lie elsewhere: element (r, c) is at[r * row_step + c * col_step].
 * With steps, a transposed matrix or one attention head is a view and needs no copy. */
struct matrix {
	const real *at;
	size_t rows, cols;
	size_t row_step, col_step;
};

/* The view of a matrix whose rows lie one after the other, row_step numbers apart. */
struct matrix matrix_view(const real *at, size_t rows, size_t cols, size_t row_step);

struct matrix matrix_transposed(struct matrix m);

/* out += a b, where out has a.rows rows of b.cols numbers, its rows out_step numbers apart.
 * a.cols must be b.rows. out must not overlap a or b. Each sum is taken in one fixed order. */
void matmul_add(real *out, size_t out_step, struct matrix a, struct matrix b);

#endif
