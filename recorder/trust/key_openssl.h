/* What key.c and keyfile.c share: OpenSSL's own types. */
#ifndef GBX_TRUST_KEY_OPENSSL_H
#define GBX_TRUST_KEY_OPENSSL_H

#include <openssl/evp.h>

#include "trust/key.h"

struct gbx_key {
	EVP_PKEY *pkey;
	uint8_t public_key[GBX_PUBLIC_KEY_LEN];
};

#define GBX_AUTO_PKEY GBX_CLEANUP(gbx_pkey_release)
void gbx_pkey_release(EVP_PKEY **pkey);

/* Fails with GBX_E_CRYPTO, "OpenSSL cannot <what>" and OpenSSL's own reason, and empties OpenSSL's error queue. */
int gbx_crypto_fail(const char *what, struct gbx_error *err);

/* For after a call that failed: true where it did for want of memory, which its result does not tell from a damaged key. OpenSSL's queue
 * says so, or is empty, since an error takes memory too. It is empty afterwards. */
bool gbx_crypto_starved(void);

/* A key around *pkey, an Ed25519 one, which is taken over (and made NULL) on success. */
int gbx_key_adopt(EVP_PKEY **pkey, struct gbx_key **out, struct gbx_error *err) GBX_MUST_USE;

/* The public half alone; the caller frees *out. */
int gbx_pkey_public(const uint8_t public_key[GBX_PUBLIC_KEY_LEN], EVP_PKEY **out, struct gbx_error *err) GBX_MUST_USE;

#endif
