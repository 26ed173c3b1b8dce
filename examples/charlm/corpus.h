/* The text to learn: the files of a folder, as tokens.
 *
 * A token is one byte of the text. The vocabulary is the set of bytes that occur, in ascending
 * order; a token is the place of its byte there. Files are read in the byte order of their names.
 * The last tenth of each file is held out: the model never learns from it, and the loss on it
 * tells what the model can do with text that it hasn't seen. */
#ifndef CHARLM_CORPUS_H
#define CHARLM_CORPUS_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct text {
	uint8_t *tokens;
	size_t length;
};

struct corpus {
	size_t files;
	uint8_t vocabulary[256]; /* the byte that each token stands for */
	size_t vocabulary_size;
	struct text train, held_out;
};

/* Reads the regular files of the folder, not of folders in it. Symbolic links are left out: in
 * /usr/share/common-licenses GPL is a link to GPL-3, and no text should come twice.
 * To be freed with corpus_free, also after -1. */
int corpus_read(struct corpus *corpus, const char *folder, struct error *error);
void corpus_free(struct corpus *corpus);

#endif
