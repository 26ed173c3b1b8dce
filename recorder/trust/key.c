#include "trust/key.h"

#include <openssl/err.h>

#include "base/mem.h"
#include "trust/key_openssl.h"

void gbx_pkey_release(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
	*pkey = NULL;
}

static void ctx_release(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

int gbx_crypto_fail(const char *what, struct gbx_error *err)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return gbx_fail(err, GBX_E_CRYPTO, "OpenSSL cannot %s: %s", what, reason ? reason : "it gives no reason");
}

int gbx_key_adopt(EVP_PKEY **pkey, struct gbx_key **out, struct gbx_error *err)
{
	uint8_t public_key[GBX_PUBLIC_KEY_LEN];
	size_t len = sizeof public_key;

	if (EVP_PKEY_get_raw_public_key(*pkey, public_key, &len) != 1 || len != sizeof public_key)
		return gbx_crypto_fail("give the public half of a key", err);
	struct gbx_key *key = gbx_calloc(1, sizeof *key);
	if (!key)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a key");
	memcpy(key->public_key, public_key, sizeof public_key);
	key->pkey = *pkey;
	*pkey = NULL;
	*out = key;
	return 0;
}

int gbx_key_generate(struct gbx_key **out, struct gbx_error *err)
{
	GBX_AUTO_PKEY EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	return pkey ? gbx_key_adopt(&pkey, out, err) : gbx_crypto_fail("make an Ed25519 key", err);
}

/* OpenSSL keeps the private half in memory of its own and wipes that. */
void gbx_key_free(struct gbx_key *key)
{
	if (key)
		EVP_PKEY_free(key->pkey);
	gbx_free(key);
}

void gbx_key_release(struct gbx_key **key)
{
	gbx_key_free(*key);
	*key = NULL;
}

const uint8_t *gbx_key_public(const struct gbx_key *key)
{
	return key->public_key;
}

int gbx_key_sign(const struct gbx_key *key, struct gbx_slice data, uint8_t signature[GBX_SIGNATURE_LEN], struct gbx_error *err)
{
	GBX_CLEANUP(ctx_release) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t made[GBX_SIGNATURE_LEN];
	size_t len = sizeof made;

	if (!ctx)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to sign");
	if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) != 1 ||
	    EVP_DigestSign(ctx, made, &len, data.data, data.len) != 1 || len != sizeof made)
		return gbx_crypto_fail("sign", err);
	if (gbx_signature_verify(key->public_key, data, made, err))
		return gbx_fail(err, GBX_E_CRYPTO, "a signature that was just made does not verify; memory or processor may be faulty");
	memcpy(signature, made, sizeof made);
	return 0;
}

int gbx_pkey_public(const uint8_t public_key[GBX_PUBLIC_KEY_LEN], EVP_PKEY **out, struct gbx_error *err)
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, GBX_PUBLIC_KEY_LEN);

	if (!pkey)
		return gbx_crypto_fail("take an Ed25519 public key", err);
	*out = pkey;
	return 0;
}

int gbx_signature_verify(const uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_slice data,
			 const uint8_t signature[GBX_SIGNATURE_LEN], struct gbx_error *err)
{
	GBX_AUTO_PKEY EVP_PKEY *pkey = NULL;
	GBX_CLEANUP(ctx_release) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc = ctx ? gbx_pkey_public(public_key, &pkey, err) : gbx_fail(err, GBX_E_NOMEM, "no memory to verify a signature");

	if (rc)
		return rc;
	if (EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) != 1)
		return gbx_crypto_fail("verify an Ed25519 signature", err);
	int verified = EVP_DigestVerify(ctx, signature, GBX_SIGNATURE_LEN, data.data, data.len);
	if (verified == 1)
		return 0;
	/* Less than 0 is OpenSSL failing, not the signature: we could not tell. */
	if (verified < 0)
		return gbx_crypto_fail("verify an Ed25519 signature", err);
	ERR_clear_error();
	return gbx_fail(err, GBX_E_BAD, "the signature is not this key's over these bytes");
}
