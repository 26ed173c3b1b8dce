/* CRC-32C (Castagnoli, RFC 3720 appendix B.4) and TFRecord's masked form of it. */
#ifndef GBX_BASE_CRC32C_H
#define GBX_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* By the processor's instruction where it has one, else by tables. */
uint32_t gbx_crc32c(const void *data, size_t len);
uint32_t gbx_crc32c_by_table(const void *data, size_t len);

/* Rotated and offset, so that a CRC over data that holds CRCs stays useful (TensorFlow, lib/hash/crc32c.h). */
uint32_t gbx_crc32c_masked(const void *data, size_t len);

#endif
