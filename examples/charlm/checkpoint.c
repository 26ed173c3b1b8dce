#include "checkpoint.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "outdir.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors are little-endian, and this file writes numbers as they lie in memory"
#endif

static int set_number(json_t *object, const char *key, uint64_t number)
{
	char text[24]; /* the format allows only strings in __metadata__ */
	snprintf(text, sizeof text, "%" PRIu64, number);
	return json_object_set_new(object, key, json_string(text));
}

static int set_vocabulary(json_t *object, const struct corpus *corpus)
{
	char text[2 * 256 + 1] = "";
	for (size_t i = 0; i < corpus->vocabulary_size; i++)
		snprintf(text + 2 * i, 3, "%02x", corpus->vocabulary[i]);
	return json_object_set_new(object, "vocabulary", json_string(text));
}

/* NULL: no memory. */
static json_t *make_metadata(const struct model *model, const struct corpus *corpus, int64_t step)
{
	const struct shape *shape = &model->shape;
	json_auto_t *object = json_object();
	/* "pt": laid out as PyTorch does. Some loaders ask for it. */
	int failed = json_object_set_new(object, "format", json_string("pt"));
	failed |= set_number(object, "step", (uint64_t)step);
	failed |= set_number(object, "context", shape->context);
	failed |= set_number(object, "layers", shape->layers);
	failed |= set_number(object, "heads", shape->heads);
	failed |= set_number(object, "width", shape->width);
	failed |= set_vocabulary(object, corpus);
	return failed ? NULL : json_incref(object);
}

static json_t *describe_tensor(const struct tensor *tensor, size_t offset)
{
	const size_t size = tensor->rows * tensor->cols * sizeof(float);
	const json_int_t rows = (json_int_t)tensor->rows, cols = (json_int_t)tensor->cols;
	json_t *shape = tensor->dimensions == 1 ? json_pack("[I]", cols)
						: json_pack("[I, I]", rows, cols);
	return json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape, "data_offsets",
			(json_int_t)offset, (json_int_t)(offset + size));
}

/* The header as text, NULL: no memory. To be freed. */
static char *make_header(const struct model *model, const struct corpus *corpus, int64_t step)
{
	json_auto_t *header = json_object();
	size_t offset = 0;
	int failed = json_object_set_new(header, "__metadata__",
			make_metadata(model, corpus, step));
	for (size_t i = 0; i < model->tensor_count; i++) {
		const struct tensor *tensor = &model->tensors[i];
		failed |= json_object_set_new(header, tensor->name,
				describe_tensor(tensor, offset));
		offset += tensor->rows * tensor->cols * sizeof(float);
	}
	return failed ? NULL : json_dumps(header, JSON_COMPACT);
}

/* The whole file in memory, NULL: no memory. To be freed. */
static char *make_file(const struct model *model, const char *header, size_t *size)
{
	const size_t header_length = strlen(header);
	/* Spaces after the header bring the numbers to a multiple of 8, to be mapped and used. */
	const uint64_t padded = (header_length + 7) / 8 * 8;
	const size_t numbers = model->parameters * sizeof(float);

	*size = sizeof padded + padded + numbers;
	char *file = malloc(*size);
	if (!file)
		return NULL;
	memcpy(file, &padded, sizeof padded);
	memset(file + sizeof padded, ' ', padded);
	memcpy(file + sizeof padded, header, header_length);
	memcpy(file + sizeof padded + padded, model->values, numbers);
	return file;
}

int checkpoint_write(const struct model *model, const struct corpus *corpus, int64_t step,
		const char *folder, const char *name, struct error *error)
{
	size_t size = 0;
	char *header = make_header(model, corpus, step);
	char *file = header ? make_file(model, header, &size) : NULL;
	const int result = file ? outdir_write(folder, name, file, size, error)
				: fail(error, "%s: not enough memory to write it", name);
	free(file);
	free(header);
	return result;
}
