/* Lets a model write text. */
#ifndef CHARLM_SAMPLE_H
#define CHARLM_SAMPLE_H

#include "corpus.h"
#include "model.h"

/* Writes length characters, one after the other, each drawn from what the model expects after
 * those before it. text has length + 1 places: the first gets the line end that the model starts
 * from. The seed is fixed, so the same weights write the same text. A temperature below 1 makes
 * likely characters likelier. */
void sample_text(struct model *model, const struct corpus *corpus, double temperature,
		uint8_t *text, size_t length);

#endif
