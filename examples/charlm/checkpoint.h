/* Weights as a safetensors file, which the field's tools read: the length of a JSON header (8
 * bytes, little-endian), the header (for each tensor its type, shape and place), the numbers.
 *
 * Names and layouts are GPT-2's. Its linear layers keep their weight as (inputs, outputs); only
 * lm_head.weight is (vocabulary, width). The header's __metadata__ holds what is needed to use
 * the weights without the run: the shape, the step, and the vocabulary as hexadecimal bytes. */
#ifndef CHARLM_CHECKPOINT_H
#define CHARLM_CHECKPOINT_H

#include <stdint.h>

#include "corpus.h"
#include "error.h"
#include "model.h"

/* Writes folder/name with the weights as they are after that step. */
int checkpoint_write(const struct model *model, const struct corpus *corpus, int64_t step,
		const char *folder, const char *name, struct error *error);

#endif
