#include "model.h"

#include "vector.h"

/* out = x + y. */
static void sum_of(real *restrict out, const real *restrict x, const real *restrict y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = x[i] + y[i];
}

static void block_forward(const struct block *block, const struct batch *batch)
{
	const size_t rows = batch->sequences * batch->length;
	const size_t count = rows * block->attention.width;

	norm_forward(&block->norm_1, rows);
	linear_forward(&block->query_key_value, rows);
	attention_forward(&block->attention, batch->sequences, batch->length);
	linear_forward(&block->projection, rows);
	sum_of(block->middle, block->norm_1.in, block->projection.out, count);

	norm_forward(&block->norm_2, rows);
	linear_forward(&block->widen, rows);
	gelu_forward(&block->gelu, rows);
	linear_forward(&block->narrow, rows);
	sum_of(block->out, block->middle, block->narrow.out, count);
}

/* block_forward read from the end. d_stream is the gradient by out; as out is a sum, it is also
 * the gradient by both terms, and what comes back through the layers is added to it. */
static void block_backward(
		const struct model *model, const struct block *block, const struct batch *batch)
{
	const size_t rows = batch->sequences * batch->length;
	real *d_stream = model->d_stream, *d_width = model->d_width, *d_wide = model->d_wide;

	linear_backward(&block->narrow, d_wide, d_stream, rows);
	gelu_backward(&block->gelu, d_wide, rows);
	linear_backward(&block->widen, d_width, d_wide, rows);
	norm_backward(&block->norm_2, d_stream, d_width, rows);

	linear_backward(&block->projection, d_width, d_stream, rows);
	attention_backward(&block->attention, d_wide, d_width, batch->sequences, batch->length);
	linear_backward(&block->query_key_value, d_width, d_wide, rows);
	norm_backward(&block->norm_1, d_stream, d_width, rows);
}

void model_forward(struct model *model, const struct batch *batch)
{
	const size_t rows = batch->sequences * batch->length;
	embedding_forward(&model->embedding, batch);
	for (size_t i = 0; i < model->shape.layers; i++)
		block_forward(&model->blocks[i], batch);
	norm_forward(&model->last_norm, rows);
	output_forward(&model->output, rows);
}

double model_loss(struct model *model, const struct batch *batch)
{
	model_forward(model, batch);
	return loss_forward(model->output.out, batch->targets, batch->sequences * batch->length,
			model->shape.vocabulary);
}

void model_backward(struct model *model, const struct batch *batch)
{
	const size_t rows = batch->sequences * batch->length;
	vector_zero(model->gradients, model->parameters);
	loss_backward(model->output.out, batch->targets, rows, model->shape.vocabulary);
	output_backward(&model->output, model->d_width, model->output.out, rows);
	vector_zero(model->d_stream, rows * model->shape.width);
	norm_backward(&model->last_norm, model->d_stream, model->d_width, rows);
	for (size_t i = model->shape.layers; i-- > 0;)
		block_backward(model, &model->blocks[i], batch);
	embedding_backward(&model->embedding, model->d_stream, batch);
}
