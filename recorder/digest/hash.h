/* SHA-256 and SHA-1 by OpenSSL: the only callers of EVP_Digest. The algorithm is fetched once per process and the context is
 * reused, since fetching for each digest costs three times the digest of a small record. */
#ifndef GBX_DIGEST_HASH_H
#define GBX_DIGEST_HASH_H

#include "base/bytes.h"

#define GBX_SHA256_LEN 32
#define GBX_SHA1_LEN 20

enum gbx_hash_algorithm { GBX_SHA256, GBX_SHA1 };

/* One digest at a time; for one thread. */
struct gbx_hash;

#define GBX_AUTO_HASH GBX_CLEANUP(gbx_hash_release)

/* For a program, before anything else of OpenSSL: no openssl.cnf, which may take algorithms away or load others' code, says what it does.
 * Nothing happens where OpenSSL was used before. */
void gbx_crypto_without_config(void);

int gbx_hash_new(struct gbx_hash **out, enum gbx_hash_algorithm algorithm, struct gbx_error *err) GBX_MUST_USE;
void gbx_hash_free(struct gbx_hash *h);
void gbx_hash_release(struct gbx_hash **h);

/* Start, any number of updates, final; a failure in between is kept and told by final. */
void gbx_hash_start(struct gbx_hash *h);
void gbx_hash_update(struct gbx_hash *h, const void *data, size_t len);
int gbx_hash_final(struct gbx_hash *h, uint8_t *out, struct gbx_error *err) GBX_MUST_USE;

/* The SHA-256 of one piece of bytes, without a context at hand. */
int gbx_sha256(struct gbx_slice data, uint8_t out[GBX_SHA256_LEN], struct gbx_error *err) GBX_MUST_USE;

#endif
