/* What the two widths of lanes share. Only digest/sha256_*.c includes this, on x86-64. */
#ifndef GBX_DIGEST_SHA256_LANES_H
#define GBX_DIGEST_SHA256_LANES_H

#include <stdint.h>

#define GBX_SHA256_LANES 16
#define GBX_SHA256_BLOCK 64

extern const uint32_t gbx_sha256_constant[64];

/* The next block of each of the first eight lanes into its state; needs AVX2. */
void gbx_sha256_compress_eight(uint32_t state[8][GBX_SHA256_LANES], const uint8_t *const block[GBX_SHA256_LANES]);

#endif
