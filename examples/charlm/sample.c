#include "sample.h"

#include "vector.h"

enum { SAMPLE_SEED = 1 };

static uint8_t first_token(const struct corpus *corpus)
{
	for (size_t i = 0; i < corpus->vocabulary_size; i++)
		if (corpus->vocabulary[i] == '\n')
			return (uint8_t)i;
	return 0;
}

static uint8_t draw(real *logits, size_t vocabulary, double temperature, struct rng *rng)
{
	vector_scale(logits, vocabulary, (real)(1 / temperature));
	vector_exp(logits, vocabulary, vector_largest(logits, vocabulary));
	double left = rng_uniform(rng) * (double)vector_sum(logits, vocabulary);
	size_t token = 0;
	for (; token + 1 < vocabulary; token++) {
		left -= (double)logits[token];
		if (left < 0)
			break;
	}
	return (uint8_t)token;
}

void sample_text(struct model *model, const struct corpus *corpus, double temperature,
		uint8_t *text, size_t length)
{
	const size_t vocabulary = corpus->vocabulary_size, context = model->shape.context;
	struct rng rng;

	rng_seed(&rng, SAMPLE_SEED);
	text[0] = first_token(corpus);
	for (size_t i = 1; i <= length; i++) {
		const size_t seen = i < context ? i : context;
		const struct batch batch = {
				.inputs = text + i - seen, .sequences = 1, .length = seen};
		model_forward(model, &batch);
		text[i] = draw(model->output.out + (seen - 1) * vocabulary, vocabulary, temperature,
				&rng);
	}
	for (size_t i = 0; i <= length; i++)
		text[i] = corpus->vocabulary[text[i]];
}
