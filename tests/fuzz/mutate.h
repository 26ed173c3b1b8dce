/* Mutators that know the formats: what they make has lengths, CRCs and hashes that fit, so that it reaches what is checked behind
 * them. */
#ifndef GBX_TESTS_FUZZ_MUTATE_H
#define GBX_TESTS_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* What the next changes follow from. */
void fuzz_seed(unsigned seed);
/* Less than n. */
size_t fuzz_below(size_t n);

/* Changes bytes where they stand and returns their new size, at most max. LLVMFuzzerMutate is one. */
typedef size_t fuzz_change(uint8_t *data, size_t size, size_t max);

/* A protobuf message, of whatever type: changes, drops, doubles or moves a field, down to those within fields; mends lengths. */
size_t fuzz_mutate_message(uint8_t *data, size_t size, size_t max);
/* A file of TFRecords: drops, doubles, swaps or changes records, and mends lengths and CRCs. One in eight is changed blindly. */
size_t fuzz_mutate_frames(uint8_t *data, size_t size, size_t max, fuzz_change *change);
/* A journal: seq, prev, kind and commitment of each record are made to fit, as by somebody who makes a journal up. */
size_t fuzz_chain_again(uint8_t *data, size_t size, size_t max);

#endif
