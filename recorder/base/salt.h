/* Salts: 32 random bytes each, fetched from the kernel many at a time, kept in memory that a forked child sees as zeros, and wiped
 * when taken. So no two processes ever use the same salt. */
#ifndef GBX_BASE_SALT_H
#define GBX_BASE_SALT_H

#include "base/error.h"

#define GBX_SALT_BYTES 32

struct gbx_salts;

int gbx_salts_new(struct gbx_salts **out, struct gbx_error *err) GBX_MUST_USE;
void gbx_salts_free(struct gbx_salts *s);
int gbx_salts_take(struct gbx_salts *s, uint8_t out[GBX_SALT_BYTES], struct gbx_error *err) GBX_MUST_USE;

#endif
