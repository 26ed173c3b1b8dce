/* What a fuzz target is: one reader, called with any bytes. libFuzzer makes them up (preset `fuzz`); replay.c takes them from files,
 * so that every target is a test, too. What has to hold whatever the bytes are is said with FUZZ_HOLDS. */
#ifndef GBX_TESTS_FUZZ_TARGET_H
#define GBX_TESTS_FUZZ_TARGET_H

#include <stdio.h>
#include <stdlib.h>

#include "base/tfrecord.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Those that a target may have. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
/* libFuzzer's, or replay.c's: changes data where it stands and returns its new size, at most max. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

#define FUZZ_HOLDS(x) \
	do { \
		if (!(x)) { \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #x); \
			abort(); \
		} \
	} while (0)

/* Gives its bytes in pieces of at most `step`, as a pipe may. */
struct fuzz_input {
	struct gbx_input in;
	struct gbx_slice rest;
	size_t step;
};

static inline int fuzz_input_read(struct gbx_input *in, void *buf, size_t len, size_t *got, struct gbx_error *err)
{
	struct fuzz_input *f = (struct fuzz_input *)in;
	struct gbx_slice piece = {0};

	(void)err;
	*got = len < f->rest.len ? len : f->rest.len;
	if (*got > f->step)
		*got = f->step;
	if (*got && gbx_take(&f->rest, *got, &piece))
		memcpy(buf, piece.data, *got);
	return 0;
}

/* A reader of records as it is after gbx_tfrecord_reader_init, with the buffer that it has: making one takes longer than most
 * inputs. */
static inline void fuzz_rewind(struct gbx_tfrecord_reader *r, struct gbx_input *in)
{
	*r = (struct gbx_tfrecord_reader){.in = in, .limit = r->limit, .buffer = r->buffer, .cap = r->cap};
}

/* Inputs of odd size come in small pieces. */
static inline void fuzz_input(struct fuzz_input *f, struct gbx_slice bytes)
{
	*f = (struct fuzz_input){{fuzz_input_read}, bytes, bytes.len % 2 ? 1 + bytes.len % 97 : SIZE_MAX};
}

#endif
