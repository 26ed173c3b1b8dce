/* The mutator of whole bundles: digests, sizes, names, CRCs and the chain fit again, signatures are nobody's or a stranger's. */
#ifndef GBX_TESTS_FUZZ_MUTATE_BUNDLE_H
#define GBX_TESTS_FUZZ_MUTATE_BUNDLE_H

#include <stddef.h>
#include <stdint.h>

/* One in eight is changed blindly. fuzz_seed says how. */
size_t fuzz_mutate_bundle(uint8_t *tar, size_t size, size_t max);

#endif
