#include "layers.h"

#include "matmul.h"
#include "vector.h"

/* ---- embedding ---- */

void embedding_forward(const struct embedding *layer, const struct batch *batch)
{
	const size_t width = layer->token->cols;
	for (size_t row = 0; row < batch->sequences * batch->length; row++) {
		real *out = layer->out + row * width;
		memcpy(out, layer->token->value + batch->inputs[row] * width, width * sizeof *out);
		vector_add(out, layer->position->value + row % batch->length * width, width);
	}
}

void embedding_backward(const struct embedding *layer, const real *d_out, const struct batch *batch)
{
	const size_t width = layer->token->cols;
	for (size_t row = 0; row < batch->sequences * batch->length; row++) {
		vector_add(layer->token->gradient + batch->inputs[row] * width, d_out + row * width,
				width);
		vector_add(layer->position->gradient + row % batch->length * width,
				d_out + row * width, width);
	}
}

/* ---- layer normalisation ---- */

static void norm_row(const struct norm *layer, size_t row)
{
	const size_t width = layer->weight->cols;
	const real *restrict in = layer->in + row * width;
	const real *restrict weight = layer->weight->value, *restrict bias = layer->bias->value;
	real *restrict normal = layer->normal + row * width;
	real *restrict out = layer->out + row * width;
	const real epsilon = (real)1e-5; /* a row of equal numbers must not divide by zero */

	const real mean = vector_sum(in, width) / (real)width;
	for (size_t i = 0; i < width; i++)
		normal[i] = in[i] - mean;
	const real rstd = 1 / real_sqrt(vector_dot(normal, normal, width) / (real)width + epsilon);
	for (size_t i = 0; i < width; i++) {
		normal[i] *= rstd;
		out[i] = normal[i] * weight[i] + bias[i];
	}
	layer->rstd[row] = rstd;
}

void norm_forward(const struct norm *layer, size_t rows)
{
	for (size_t row = 0; row < rows; row++)
		norm_row(layer, row);
}

static void norm_row_backward(const struct norm *layer, real *restrict d_in,
		const real *restrict d_out, size_t row)
{
	const size_t width = layer->weight->cols;
	const real *restrict normal = layer->normal + row * width;
	real *restrict d_normal = layer->row;
	real *restrict d_weight = layer->weight->gradient, *restrict d_bias = layer->bias->gradient;

	for (size_t i = 0; i < width; i++) {
		d_normal[i] = d_out[i] * layer->weight->value[i];
		d_weight[i] += d_out[i] * normal[i];
		d_bias[i] += d_out[i];
	}
	/* Moving a whole row, or stretching it, leaves its normal form as it is: so the gradient by
	 * the row has no part along (1, 1, ...) and none along the normal row. */
	const real along_ones = vector_sum(d_normal, width) / (real)width;
	const real along_normal = vector_dot(d_normal, normal, width) / (real)width;
	const real rstd = layer->rstd[row];
	for (size_t i = 0; i < width; i++)
		d_in[i] += rstd * (d_normal[i] - along_ones - normal[i] * along_normal);
}

void norm_backward(const struct norm *layer, real *d_in, const real *d_out, size_t rows)
{
	const size_t width = layer->weight->cols;
	for (size_t row = 0; row < rows; row++)
		norm_row_backward(layer, d_in + row * width, d_out + row * width, row);
}

/* ---- linear ---- */

/* The view of a matrix whose rows follow each other without a space. */
static struct matrix dense(const real *at, size_t rows, size_t cols)
{
	return matrix_view(at, rows, cols, cols);
}

static struct matrix value_of(const struct tensor *tensor)
{
	return dense(tensor->value, tensor->rows, tensor->cols);
}

void linear_forward(const struct linear *layer, size_t rows)
{
	const struct tensor *weight = layer->weight;
	for (size_t row = 0; row < rows; row++)
		memcpy(layer->out + row * weight->cols, layer->bias->value,
				weight->cols * sizeof(real));
	matmul_add(layer->out, weight->cols, dense(layer->in, rows, weight->rows),
			value_of(weight));
}

void linear_backward(const struct linear *layer, real *d_in, const real *d_out, size_t rows)
{
	const struct tensor *weight = layer->weight;
	const struct matrix in = dense(layer->in, rows, weight->rows);
	const struct matrix d = dense(d_out, rows, weight->cols);

	for (size_t row = 0; row < rows; row++)
		vector_add(layer->bias->gradient, d_out + row * weight->cols, weight->cols);
	matmul_add(weight->gradient, weight->cols, matrix_transposed(in), d);
	vector_zero(d_in, rows * weight->rows);
	matmul_add(d_in, weight->rows, d, matrix_transposed(value_of(weight)));
}

/* ---- GELU ---- */

/* 0.5 (1 + tanh(u)) is the logistic function of 2 u, and 2 u = GELU_A (x + GELU_B x^3). */
#define GELU_A ((real)1.5957691216057308) /* 2 sqrt(2 / pi) */
#define GELU_B ((real)0.044715)

static real gelu_gate(real x)
{
	return 1 / (1 + real_exp(-GELU_A * (x + GELU_B * x * x * x)));
}

void gelu_forward(const struct gelu *layer, size_t rows)
{
	const size_t count = rows * layer->width;
	const real *restrict in = layer->in;
	real *restrict out = layer->out;
	for (size_t i = 0; i < count; i++)
		out[i] = in[i] * gelu_gate(in[i]);
}

void gelu_backward(const struct gelu *layer, real *d, size_t rows)
{
	const size_t count = rows * layer->width;
	const real *restrict in = layer->in;
	for (size_t i = 0; i < count; i++) {
		const real gate = gelu_gate(in[i]);
		const real d_gate = gate * (1 - gate) * GELU_A * (1 + 3 * GELU_B * in[i] * in[i]);
		d[i] *= gate + in[i] * d_gate;
	}
}

/* ---- attention ---- */

enum part { QUERY, KEY, VALUE };

/* One head of one sequence. */
struct head {
	size_t length;
	size_t size;   /* numbers per token in a head */
	size_t in;     /* where its queries begin in a matrix like layer->in */
	size_t out;    /* where it begins in a matrix like layer->out */
	real *weights; /* its length * length attention weights */
};

static struct head head_at(const struct attention *layer, size_t sequence, size_t which,
		size_t length)
{
	const size_t size = layer->width / layer->heads;
	return (struct head){
		.length = length,
		.size = size,
		.in = sequence * length * 3 * layer->width + which * size,
		.out = sequence * length * layer->width + which * size,
		.weights = layer->weights + (sequence * layer->heads + which) * length * length,
	};
}

/* The queries, keys or values of the head: a view into layer->in. */
static struct matrix part_of(const struct attention *layer, const struct head *head, enum part part)
{
	const real *at = layer->in + head->in + part * layer->width;
	return matrix_view(at, head->length, head->size, 3 * layer->width);
}

/* Scores to weights: row t becomes the softmax of its first t + 1 scores, and then zeros. */
static void causal_softmax(const struct head *head)
{
	const real root = real_sqrt((real)head->size);
	for (size_t t = 0; t < head->length; t++) {
		real *row = head->weights + t * head->length;
		vector_scale(row, t + 1, 1 / root);
		vector_exp(row, t + 1, vector_largest(row, t + 1));
		vector_scale(row, t + 1, 1 / vector_sum(row, t + 1));
		vector_zero(row + t + 1, head->length - t - 1);
	}
}

static void head_forward(const struct attention *layer, const struct head *head)
{
	const size_t length = head->length;
	const struct matrix keys = part_of(layer, head, KEY);
	vector_zero(head->weights, length * length);
	matmul_add(head->weights, length, part_of(layer, head, QUERY), matrix_transposed(keys));
	causal_softmax(head);
	matmul_add(layer->out + head->out, layer->width,
			dense(head->weights, length, length),
			part_of(layer, head, VALUE));
}

void attention_forward(const struct attention *layer, size_t sequences, size_t length)
{
	vector_zero(layer->out, sequences * length * layer->width);
	for (size_t sequence = 0; sequence < sequences; sequence++)
		for (size_t which = 0; which < layer->heads; which++) {
			const struct head head = head_at(layer, sequence, which, length);
			head_forward(layer, &head);
		}
}

/* The gradient by the weights becomes, in place, the gradient by the scores. */
static void softmax_backward(const struct head *head, real *d_weights)
{
	const real root = real_sqrt((real)head->size);
	for (size_t t = 0; t < head->length; t++) {
		const real *restrict row = head->weights + t * head->length;
		real *restrict d_row = d_weights + t * head->length;
		const real mean = vector_dot(d_row, row, head->length);
		for (size_t i = 0; i < head->length; i++)
			d_row[i] = row[i] * (d_row[i] - mean) / root;
	}
}

static void head_backward(const struct attention *layer, const struct head *head, real *d_in,
		const real *d_out)
{
	const size_t length = head->length, step = 3 * layer->width;
	real *d_query = d_in + head->in;
	real *d_key = d_query + layer->width, *d_value = d_key + layer->width;
	const struct matrix d = matrix_view(d_out + head->out, length, head->size, layer->width);
	const struct matrix weights = dense(head->weights, length, length);
	const struct matrix d_scores = dense(layer->d_weights, length, length);

	matmul_add(d_value, step, matrix_transposed(weights), d);
	vector_zero(layer->d_weights, length * length);
	matmul_add(layer->d_weights, length, d, matrix_transposed(part_of(layer, head, VALUE)));
	softmax_backward(head, layer->d_weights);
	matmul_add(d_query, step, d_scores, part_of(layer, head, KEY));
	matmul_add(d_key, step, matrix_transposed(d_scores), part_of(layer, head, QUERY));
}

void attention_backward(const struct attention *layer, real *d_in, const real *d_out,
		size_t sequences, size_t length)
{
	vector_zero(d_in, sequences * length * 3 * layer->width);
	for (size_t sequence = 0; sequence < sequences; sequence++)
		for (size_t which = 0; which < layer->heads; which++) {
			const struct head head = head_at(layer, sequence, which, length);
			head_backward(layer, &head, d_in, d_out);
		}
}

/* ---- output head and loss ---- */

void output_forward(const struct output *layer, size_t rows)
{
	const struct tensor *weight = layer->weight;
	vector_zero(layer->out, rows * weight->rows);
	matmul_add(layer->out, weight->rows, dense(layer->in, rows, weight->cols),
			matrix_transposed(value_of(weight)));
}

void output_backward(const struct output *layer, real *d_in, const real *d_out, size_t rows)
{
	const struct tensor *weight = layer->weight;
	const struct matrix d = dense(d_out, rows, weight->rows);
	matmul_add(weight->gradient, weight->cols, matrix_transposed(d),
			dense(layer->in, rows, weight->cols));
	vector_zero(d_in, rows * weight->cols);
	matmul_add(d_in, weight->cols, d, value_of(weight));
}

double loss_forward(real *logits, const uint8_t *targets, size_t rows, size_t vocabulary)
{
	double total = 0;
	for (size_t row = 0; row < rows; row++) {
		real *x = logits + row * vocabulary;
		const real top = vector_largest(x, vocabulary);
		const real target = x[targets[row]];
		vector_exp(x, vocabulary, top);
		const real all = vector_sum(x, vocabulary);
		total += portable_log((double)all) - (double)(target - top);
		vector_scale(x, vocabulary, 1 / all);
	}
	return total / (double)rows;
}

void loss_backward(real *probabilities, const uint8_t *targets, size_t rows, size_t vocabulary)
{
	for (size_t row = 0; row < rows; row++)
		probabilities[row * vocabulary + targets[row]] -= 1;
	vector_scale(probabilities, rows * vocabulary, 1 / (real)rows);
}
