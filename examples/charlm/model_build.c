/* How a model is put together: its parameters, and the memory of its activations. */
#include "model.h"

#include <stdlib.h>

/* ---- parameters ---- */

enum {
	TENSORS_PER_BLOCK = 12,
	OTHER_TENSORS = 5,
	MLP_FACTOR = 4, /* the MLP inside a block is 4 times as wide as the model */
};

/* Names the next tensor; rows == 0 makes it a vector. Its place is known once all have a size. */
static struct tensor *add_tensor(struct model *model, size_t rows, size_t cols, const char *name)
{
	struct tensor *tensor = &model->tensors[model->tensor_count++];
	tensor->dimensions = rows == 0 ? 1 : 2;
	tensor->rows = rows == 0 ? 1 : rows;
	tensor->cols = cols;
	snprintf(tensor->name, sizeof tensor->name, "%s", name);
	model->parameters += tensor->rows * cols;
	return tensor;
}

static struct tensor *add_block_tensor(struct model *model, size_t rows, size_t cols, size_t block,
		const char *part)
{
	char name[sizeof model->tensors->name];
	snprintf(name, sizeof name, "h.%zu.%s", block, part);
	return add_tensor(model, rows, cols, name);
}

static void add_block_tensors(struct model *model, size_t i)
{
	struct block *block = &model->blocks[i];
	const size_t width = model->shape.width, wide = MLP_FACTOR * width;

	block->norm_1.weight = add_block_tensor(model, 0, width, i, "ln_1.weight");
	block->norm_1.bias = add_block_tensor(model, 0, width, i, "ln_1.bias");
	block->query_key_value.weight =
			add_block_tensor(model, width, 3 * width, i, "attn.c_attn.weight");
	block->query_key_value.bias = add_block_tensor(model, 0, 3 * width, i, "attn.c_attn.bias");
	block->projection.weight = add_block_tensor(model, width, width, i, "attn.c_proj.weight");
	block->projection.bias = add_block_tensor(model, 0, width, i, "attn.c_proj.bias");
	block->norm_2.weight = add_block_tensor(model, 0, width, i, "ln_2.weight");
	block->norm_2.bias = add_block_tensor(model, 0, width, i, "ln_2.bias");
	block->widen.weight = add_block_tensor(model, width, wide, i, "mlp.c_fc.weight");
	block->widen.bias = add_block_tensor(model, 0, wide, i, "mlp.c_fc.bias");
	block->narrow.weight = add_block_tensor(model, wide, width, i, "mlp.c_proj.weight");
	block->narrow.bias = add_block_tensor(model, 0, width, i, "mlp.c_proj.bias");
}

static void add_tensors(struct model *model)
{
	const struct shape *shape = &model->shape;
	model->embedding.token = add_tensor(model, shape->vocabulary, shape->width, "wte.weight");
	model->embedding.position = add_tensor(model, shape->context, shape->width, "wpe.weight");
	for (size_t i = 0; i < shape->layers; i++)
		add_block_tensors(model, i);
	model->last_norm.weight = add_tensor(model, 0, shape->width, "ln_f.weight");
	model->last_norm.bias = add_tensor(model, 0, shape->width, "ln_f.bias");
	model->output.weight = add_tensor(model, shape->vocabulary, shape->width, "lm_head.weight");
}

static void place_tensors(struct model *model)
{
	size_t at = 0;
	for (size_t i = 0; i < model->tensor_count; i++) {
		struct tensor *tensor = &model->tensors[i];
		tensor->value = model->values + at;
		tensor->gradient = model->gradients + at;
		at += tensor->rows * tensor->cols;
	}
}

static void fill_gaussian(struct tensor *tensor, double deviation, struct rng *rng)
{
	for (size_t i = 0; i < tensor->rows * tensor->cols; i++)
		tensor->value[i] = (real)(deviation * rng_gaussian(rng));
}

static void fill_ones(struct tensor *tensor)
{
	for (size_t i = 0; i < tensor->cols; i++)
		tensor->value[i] = 1;
}

/* Biases stay 0. All matrices get one deviation, found by trying; the narrower the model, the
 * larger it is, so that the numbers that pass through keep their size. What adds to the stream
 * starts smaller, the more there are of it. */
static void initialise(struct model *model, struct rng *rng)
{
	const struct shape *shape = &model->shape;
	const double deviation = 0.7 / sqrt((double)shape->width);
	const double on_stream = deviation / sqrt(2 * (double)shape->layers);

	fill_gaussian(model->embedding.token, deviation, rng);
	fill_gaussian(model->embedding.position, deviation, rng);
	for (size_t i = 0; i < shape->layers; i++) {
		struct block *block = &model->blocks[i];
		fill_ones(block->norm_1.weight);
		fill_gaussian(block->query_key_value.weight, deviation, rng);
		fill_gaussian(block->projection.weight, on_stream, rng);
		fill_ones(block->norm_2.weight);
		fill_gaussian(block->widen.weight, deviation, rng);
		fill_gaussian(block->narrow.weight, on_stream, rng);
	}
	fill_ones(model->last_norm.weight);
	fill_gaussian(model->output.weight, deviation, rng);
}

/* ---- activations ---- */

/* The next count numbers of model->activations. As long as that isn't allocated, only counts. */
static real *take(struct model *model, size_t count)
{
	real *at = model->activations ? model->activations + model->activation_count : NULL;
	model->activation_count += count;
	return at;
}

static void lay_out_norm(struct model *model, struct norm *norm, const real *in, size_t rows)
{
	const size_t width = model->shape.width;
	norm->in = in;
	norm->normal = take(model, rows * width);
	norm->rstd = take(model, rows);
	norm->row = take(model, width);
	norm->out = take(model, rows * width);
}

static void lay_out_linear(struct model *model, struct linear *linear, const real *in, size_t rows)
{
	linear->in = in;
	linear->out = take(model, rows * linear->weight->cols);
}

static void lay_out_attention(struct model *model, struct attention *attention, const real *in,
		size_t rows)
{
	const struct shape *shape = &model->shape;
	attention->heads = shape->heads;
	attention->width = shape->width;
	attention->in = in;
	attention->weights = take(model, rows * shape->heads * shape->context);
	attention->d_weights = take(model, shape->context * shape->context);
	attention->out = take(model, rows * shape->width);
}

static void lay_out_block(struct model *model, struct block *block, const real *in, size_t rows)
{
	const size_t width = model->shape.width;
	lay_out_norm(model, &block->norm_1, in, rows);
	lay_out_linear(model, &block->query_key_value, block->norm_1.out, rows);
	lay_out_attention(model, &block->attention, block->query_key_value.out, rows);
	lay_out_linear(model, &block->projection, block->attention.out, rows);
	block->middle = take(model, rows * width);
	lay_out_norm(model, &block->norm_2, block->middle, rows);
	lay_out_linear(model, &block->widen, block->norm_2.out, rows);
	block->gelu.width = MLP_FACTOR * width;
	block->gelu.in = block->widen.out;
	block->gelu.out = take(model, rows * MLP_FACTOR * width);
	lay_out_linear(model, &block->narrow, block->gelu.out, rows);
	block->out = take(model, rows * width);
}

/* Joins each layer's input to the output of the one before. */
static void lay_out(struct model *model)
{
	const struct shape *shape = &model->shape;
	const size_t rows = shape->sequences * shape->context;

	model->activation_count = 0;
	const real *stream = model->embedding.out = take(model, rows * shape->width);
	for (size_t i = 0; i < shape->layers; i++) {
		lay_out_block(model, &model->blocks[i], stream, rows);
		stream = model->blocks[i].out;
	}
	lay_out_norm(model, &model->last_norm, stream, rows);
	model->output.in = model->last_norm.out;
	model->output.out = take(model, rows * shape->vocabulary);

	model->d_stream = take(model, rows * shape->width);
	model->d_width = take(model, rows * shape->width);
	model->d_wide = take(model, rows * MLP_FACTOR * shape->width);
}

/* ---- life ---- */

static int allocate(struct model *model)
{
	const size_t tensors = OTHER_TENSORS + TENSORS_PER_BLOCK * model->shape.layers;
	model->blocks = calloc(model->shape.layers, sizeof *model->blocks);
	model->tensors = calloc(tensors, sizeof *model->tensors);
	if (!model->blocks || !model->tensors)
		return -1;
	add_tensors(model);
	model->values = calloc(model->parameters, sizeof(real));
	model->gradients = calloc(model->parameters, sizeof(real));
	lay_out(model);
	model->activations = calloc(model->activation_count, sizeof(real));
	return model->values && model->gradients && model->activations ? 0 : -1;
}

int model_create(struct model *model, const struct shape *shape, struct rng *rng,
		struct error *error)
{
	*model = (struct model){.shape = *shape};
	if (allocate(model) < 0)
		return fail(error, "not enough memory for a model of %zu parameters and %zu "
				"activations; use a smaller width, context or batch_size",
				model->parameters, model->activation_count);
	place_tensors(model);
	lay_out(model);
	initialise(model, rng);
	return 0;
}

void model_free(struct model *model)
{
	free(model->activations);
	free(model->gradients);
	free(model->values);
	free(model->tensors);
	free(model->blocks);
	*model = (struct model){0};
}
