#include "train.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "adam.h"
#include "checkpoint.h"
#include "model.h"
#include "outdir.h"
#include "sample.h"

/* Everything that a run has at hand. */
struct run {
	const struct config *config;
	const struct corpus *corpus;
	const char *out;
	struct rng rng;
	struct model model;
	struct adam adam;
	uint8_t *inputs, *targets; /* of one batch */
	char *log;                 /* log.csv so far */
	size_t log_length;
	double loss_sum; /* of the batches since the last line of the log */
	int64_t loss_count;
};

/* ---- batches ---- */

/* Sequence i of a batch begins at that place of the text. */
static void copy_sequence(struct run *run, size_t i, const struct text *text, size_t at)
{
	const size_t length = run->model.shape.context;
	memcpy(run->inputs + i * length, text->tokens + at, length);
	memcpy(run->targets + i * length, text->tokens + at + 1, length);
}

static struct batch batch_of(const struct run *run, size_t sequences)
{
	return (struct batch){run->inputs, run->targets, sequences, run->model.shape.context};
}

/* Sequences from random places of the training text. */
static struct batch draw_batch(struct run *run)
{
	const struct text *text = &run->corpus->train;
	const struct shape *shape = &run->model.shape;
	for (size_t i = 0; i < shape->sequences; i++)
		copy_sequence(run, i, text, rng_below(&run->rng, text->length - shape->context));
	return batch_of(run, shape->sequences);
}

/* The mean loss on all of the held-out text, cut into sequences that follow each other. */
static double validate(struct run *run)
{
	const struct text *text = &run->corpus->held_out;
	const size_t length = run->model.shape.context, most = run->model.shape.sequences;
	const size_t sequences = (text->length - 1) / length;
	double total = 0;

	for (size_t first = 0; first < sequences; first += most) {
		const size_t count = sequences - first < most ? sequences - first : most;
		for (size_t i = 0; i < count; i++)
			copy_sequence(run, i, text, (first + i) * length);
		const struct batch batch = batch_of(run, count);
		total += model_loss(&run->model, &batch) * (double)count;
	}
	return total / (double)sequences;
}

/* ---- what is written ---- */

static int add_log_line(struct run *run, const char *line)
{
	const size_t length = strlen(line);
	char *log = realloc(run->log, run->log_length + length);
	if (!log)
		return -1;
	memcpy(log + run->log_length, line, length);
	run->log = log;
	run->log_length += length;
	return 0;
}

/* One line of progress, and one of the log. The log is written anew each time, so that a run
 * that is stopped leaves a whole one. */
static int report(struct run *run, int64_t step, double learning_rate, struct error *error)
{
	const double train_loss = run->loss_sum / (double)run->loss_count;
	const double held_out_loss = validate(run);
	char line[160];

	printf("step %" PRId64 "/%" PRId64 "  loss %.4f  validation loss %.4f\n", step,
			run->config->steps, train_loss, held_out_loss);
	snprintf(line, sizeof line, "%" PRId64 ",%.6f,%.6f,%.9g\n", step, train_loss, held_out_loss,
			learning_rate);
	if (add_log_line(run, line) < 0)
		return fail(error, "log.csv: not enough memory; use a larger eval_every");
	run->loss_sum = 0;
	run->loss_count = 0;
	return outdir_write(run->out, "log.csv", run->log, run->log_length, error);
}

static int write_checkpoint(struct run *run, int64_t step, struct error *error)
{
	char name[40];
	snprintf(name, sizeof name, "step-%06" PRId64 ".safetensors", step);
	return checkpoint_write(&run->model, run->corpus, step, run->out, name, error);
}

static int write_sample(struct run *run, struct error *error)
{
	const size_t length = (size_t)run->config->sample_length;
	uint8_t *text = malloc(length + 2);
	if (!text)
		return fail(error, "sample.txt: not enough memory; use a smaller sample_length");
	sample_text(&run->model, run->corpus, run->config->sample_temperature, text, length);
	text[length + 1] = '\n';
	const int result = outdir_write(run->out, "sample.txt", text + 1, length + 1, error);
	free(text);
	return result;
}

static int write_results(struct run *run, struct error *error)
{
	if (checkpoint_write(&run->model, run->corpus, run->config->steps, run->out,
			"final.safetensors", error) < 0)
		return -1;
	return write_sample(run, error);
}

/* ---- steps ---- */

/* Rises in a line from 0 to the highest rate, then falls in a line and would be 0 one step after
 * the last. */
static double learning_rate_at(const struct config *config, int64_t step)
{
	if (step <= config->warmup_steps)
		return config->learning_rate * (double)step / (double)config->warmup_steps;
	return config->learning_rate * (double)(config->steps - step + 1)
			/ (double)(config->steps - config->warmup_steps);
}

static int train_step(struct run *run, int64_t step, struct error *error)
{
	const struct config *config = run->config;
	const double learning_rate = learning_rate_at(config, step);
	const struct batch batch = draw_batch(run);
	const double loss = model_loss(&run->model, &batch);

	if (!isfinite(loss))
		return fail(error, "step %" PRId64 ": the loss is no longer a finite number; use a "
				"smaller learning_rate (now %g) or grad_clip (now %g)",
				step, config->learning_rate, config->grad_clip);
	run->loss_sum += loss;
	run->loss_count++;
	model_backward(&run->model, &batch);
	clip_gradients(run->model.gradients, run->model.parameters, config->grad_clip);
	adam_step(&run->adam, run->model.values, run->model.gradients, learning_rate);

	if ((step % config->eval_every == 0 || step == config->steps) &&
			report(run, step, learning_rate, error) < 0)
		return -1;
	if (config->checkpoint_every > 0 && step % config->checkpoint_every == 0)
		return write_checkpoint(run, step, error);
	return 0;
}

static int train_steps(struct run *run, struct error *error)
{
	printf("step 0/%" PRId64 "  validation loss %.4f\n", run->config->steps, validate(run));
	for (int64_t step = 1; step <= run->config->steps; step++)
		if (train_step(run, step, error) < 0)
			return -1;
	return 0;
}

/* ---- the run ---- */

static int check_text(const struct text *text, const char *what, size_t context,
		struct error *error)
{
	if (text->length > context)
		return 0;
	return fail(error, "the %s text has %zu characters; expected more than context (%zu): "
			"give more text with --data or lower context",
			what, text->length, context);
}

static int prepare(struct run *run, struct error *error)
{
	const struct config *config = run->config;
	const struct shape shape = {
		.vocabulary = run->corpus->vocabulary_size,
		.context = (size_t)config->context,
		.layers = (size_t)config->layers,
		.heads = (size_t)config->heads,
		.width = (size_t)config->width,
		.sequences = (size_t)config->batch_size,
	};
	if (check_text(&run->corpus->train, "training", shape.context, error) < 0 ||
			check_text(&run->corpus->held_out, "held-out", shape.context, error) < 0)
		return -1;

	rng_seed(&run->rng, (uint64_t)config->seed);
	if (model_create(&run->model, &shape, &run->rng, error) < 0 ||
			adam_create(&run->adam, run->model.parameters, config->adam_beta1,
					config->adam_beta2, error) < 0)
		return -1;
	run->inputs = malloc(shape.sequences * shape.context);
	run->targets = malloc(shape.sequences * shape.context);
	if (!run->inputs || !run->targets ||
			add_log_line(run, "step,train_loss,validation_loss,learning_rate\n") < 0)
		return fail(error, "not enough memory for a batch; use a smaller batch_size or "
				"context");
	return 0;
}

static void run_free(struct run *run)
{
	free(run->log);
	free(run->targets);
	free(run->inputs);
	adam_free(&run->adam);
	model_free(&run->model);
}

int train(const struct config *config, const struct corpus *corpus, const char *out,
		struct error *error)
{
	struct run run = {.config = config, .corpus = corpus, .out = out};
	int result = prepare(&run, error);
	if (result == 0) {
		printf("model: %zu parameters\n", run.model.parameters);
		result = train_steps(&run, error);
	}
	if (result == 0)
		result = write_results(&run, error);
	run_free(&run);
	return result;
}
