/* Checks the hand-written gradients: what model_backward says of each parameter of a tiny model
 * is compared with the central finite difference (loss(v + h) - loss(v - h)) / 2h. The model's
 * files are compiled with CHARLM_DOUBLE for this: in float, rounding would hide an error.
 *
 * One test for each tensor, and one for matmul_add on matrices larger than the tiny model has.
 * Exit status: 0 all passed, 1 some failed. */
#include <stdbool.h>
#include <stdlib.h>

#include "matmul.h"
#include "model.h"

#ifndef CHARLM_DOUBLE
#error "the gradient check, and the model with it, must be compiled with -DCHARLM_DOUBLE"
#endif

/* Sizes that fill no tile of matmul.c and no eight lanes of vector.c, so that the edges count. */
enum { VOCABULARY = 11, CONTEXT = 7, LAYERS = 2, HEADS = 2, WIDTH = 10, SEQUENCES = 3 };

/* The difference is wrong by about h^2 because the loss is curved and by 1e-16 / h because of
 * rounding: 1e-10 or less both. A wrong term in a backward function gives an error of the size of
 * the gradient. That must not be tiny itself, or its test would show nothing. */
static const double h = 1e-5;
static const double tolerance = 1e-8;
static const double smallest_gradient = 1e-3;

/* Biases and norm weights begin as 0 and 1, which would hide an error in what multiplies them. */
static void disturb(struct model *model, struct rng *rng)
{
	for (size_t i = 0; i < model->parameters; i++)
		model->values[i] += 0.3 * rng_gaussian(rng);
}

static double difference(struct model *model, const struct batch *batch, real *value)
{
	const real before = *value;
	*value = before + h;
	const double above = model_loss(model, batch);
	*value = before - h;
	const double below = model_loss(model, batch);
	*value = before;
	return (above - below) / (2 * h);
}

/* The larger of both, and NaN once there was one, so that it fails every comparison. */
static double larger(double a, double b)
{
	return b <= a || isnan(a) ? a : b;
}

/* out = a b, in the way of the textbook. */
static double naive_product(struct matrix a, struct matrix b, size_t row, size_t col)
{
	double sum = 0;
	for (size_t k = 0; k < a.cols; k++)
		sum += a.at[row * a.row_step + k * a.col_step]
				* b.at[k * b.row_step + col * b.col_step];
	return sum;
}

/* More rows, columns and inner places than a block or tile, and a multiple of none of them; b is
 * a transposed view. */
static bool check_matmul(struct rng *rng)
{
	enum { ROWS = 9, INNER = 301, COLS = 147 };
	static real numbers_a[ROWS * INNER], numbers_b[INNER * COLS], out[ROWS * COLS];
	const struct matrix a = matrix_view(numbers_a, ROWS, INNER, INNER);
	const struct matrix b = matrix_transposed(matrix_view(numbers_b, COLS, INNER, INNER));
	double worst = 0;

	for (size_t i = 0; i < ROWS * INNER; i++)
		numbers_a[i] = rng_gaussian(rng);
	for (size_t i = 0; i < INNER * COLS; i++)
		numbers_b[i] = rng_gaussian(rng);
	matmul_add(out, COLS, a, b);
	for (size_t row = 0; row < ROWS; row++)
		for (size_t col = 0; col < COLS; col++)
			worst = larger(worst, fabs(out[row * COLS + col]
					- naive_product(a, b, row, col)));
	const bool passed = worst <= tolerance;
	printf("%s %-24s largest error %.1e\n", passed ? "ok  " : "FAIL", "matmul_add", worst);
	return passed;
}

static bool check_tensor(struct model *model, const struct batch *batch,
		const struct tensor *tensor)
{
	double worst = 0, gradient = 0;
	for (size_t i = 0; i < tensor->rows * tensor->cols; i++) {
		const double expected = difference(model, batch, &tensor->value[i]);
		worst = larger(worst, fabs(tensor->gradient[i] - expected));
		gradient = larger(gradient, fabs(expected));
	}
	const bool passed = worst <= tolerance && gradient >= smallest_gradient;
	printf("%s %-24s largest gradient %.1e, largest error %.1e\n", passed ? "ok  " : "FAIL",
			tensor->name, gradient, worst);
	return passed;
}

/* How many tensors failed. */
static size_t check_model(struct model *model, const struct batch *batch)
{
	size_t failed = 0;
	/* Twice, as in training: nothing of the first gradients may be left in the second. */
	for (int i = 0; i < 2; i++) {
		model_loss(model, batch);
		model_backward(model, batch);
	}
	for (size_t i = 0; i < model->tensor_count; i++)
		failed += !check_tensor(model, batch, &model->tensors[i]);
	return failed;
}

int main(void)
{
	const struct shape shape = {VOCABULARY, CONTEXT, LAYERS, HEADS, WIDTH, SEQUENCES};
	uint8_t inputs[SEQUENCES * CONTEXT], targets[SEQUENCES * CONTEXT];
	const struct batch batch = {inputs, targets, SEQUENCES, CONTEXT};
	struct model model;
	struct error error;
	struct rng rng;

	rng_seed(&rng, 1);
	if (model_create(&model, &shape, &rng, &error) < 0) {
		fprintf(stderr, "charlm_gradcheck: %s\n", error.text);
		return EXIT_FAILURE;
	}
	disturb(&model, &rng);
	for (size_t i = 0; i < SEQUENCES * CONTEXT; i++) {
		inputs[i] = (uint8_t)rng_below(&rng, VOCABULARY);
		targets[i] = (uint8_t)rng_below(&rng, VOCABULARY);
	}
	const size_t tests = model.tensor_count + 1;
	const size_t failed = check_model(&model, &batch) + !check_matmul(&rng);
	printf("%zu passed, %zu failed\n", tests - failed, failed);
	model_free(&model);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
