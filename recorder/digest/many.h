/* SHA-256 of many short messages at once: sixteen lanes of AVX-512 or eight of AVX2 where the processor has them, else one after the other by OpenSSL.
 * Records and manifest entries come by the million, a few blocks each; a call for each costs more than its blocks. */
#ifndef GBX_DIGEST_MANY_H
#define GBX_DIGEST_MANY_H

#include "digest/hash.h"

struct gbx_message {
	const uint8_t *data;
	size_t len;
	uint8_t *digest; /* 32 bytes; may be those of another message's data only where that one is done before */
};

/* Digests of all, in any order, so none may need another's. h is used where there are no lanes. */
int gbx_sha256_many(struct gbx_hash *h, const struct gbx_message *message, size_t count, struct gbx_error *err) GBX_MUST_USE;

/* For tests and gbx_sha256_many: the widest lanes that this processor has, and digests by lanes that it has. */
enum gbx_lanes { GBX_NO_LANES = 0, GBX_EIGHT_LANES = 8, GBX_SIXTEEN_LANES = 16 };
enum gbx_lanes gbx_lanes_here(void);
void gbx_sha256_lanes(enum gbx_lanes lanes, const struct gbx_message *message, size_t count);

#endif
