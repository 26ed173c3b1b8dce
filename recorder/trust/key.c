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

bool gbx_crypto_starved(void)
{
	unsigned long code = ERR_get_error();
	bool starved = code == 0;

	for (; code; code = ERR_get_error())
		starved = starved || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
	return starved;
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

/* 2^255 - 19, little-endian. */
static const uint8_t prime[GBX_PUBLIC_KEY_LEN] = {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
						  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
						  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};

/* Not below the prime: the same point has another encoding. */
static bool is_unreduced(const uint8_t y[GBX_PUBLIC_KEY_LEN])
{
	for (size_t i = GBX_PUBLIC_KEY_LEN; i > 0; i--)
		if (y[i - 1] != prime[i - 1])
			return y[i - 1] > prime[i - 1];
	return true;
}

/* The eight points of small order have five y: 0, 1, -1, and two of order eight. */
static bool is_of_small_order(const uint8_t y[GBX_PUBLIC_KEY_LEN])
{
	static const uint8_t eight[2][GBX_PUBLIC_KEY_LEN] = {
		{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
		{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
	};
	static const uint8_t zero[GBX_PUBLIC_KEY_LEN];
	uint8_t one_less[GBX_PUBLIC_KEY_LEN];

	memcpy(one_less, prime, sizeof one_less);
	one_less[0]--;
	return (y[0] <= 1 && memcmp(y + 1, zero, sizeof zero - 1) == 0) || memcmp(y, one_less, sizeof one_less) == 0 ||
	       memcmp(y, eight[0], sizeof eight[0]) == 0 || memcmp(y, eight[1], sizeof eight[1]) == 0;
}

int gbx_public_key_check(const uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_error *err)
{
	uint8_t y[GBX_PUBLIC_KEY_LEN];

	memcpy(y, public_key, sizeof y);
	y[sizeof y - 1] &= 127; /* the rest is the sign of x */
	if (is_unreduced(y))
		return gbx_fail(err, GBX_E_BAD, "a public key that is not in its one encoding");
	if (is_of_small_order(y))
		return gbx_fail(err, GBX_E_BAD, "a public key of small order: anybody can sign for it");
	return 0;
}

static int verify(const uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_slice data,
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

/* The first test of RFC 8032 section 7.1, of an empty message. */
static int verify_known(struct gbx_error *err)
{
	static const uint8_t public_key[] = {
		0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
		0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
	static const uint8_t signature[] = {
		0xe5, 0x56, 0x43, 0x00, 0xc3, 0x60, 0xac, 0x72, 0x90, 0x86, 0xe2, 0xcc, 0x80, 0x6e, 0x82, 0x8a,
		0x84, 0x87, 0x7f, 0x1e, 0xb8, 0xe5, 0xd9, 0x74, 0xd8, 0x73, 0xe0, 0x65, 0x22, 0x49, 0x01, 0x55,
		0x5f, 0xb8, 0x82, 0x15, 0x90, 0xa3, 0x3b, 0xac, 0xc6, 0x1e, 0x39, 0x70, 0x1c, 0xf9, 0xb4, 0x6b,
		0xd2, 0x5b, 0xf5, 0xf0, 0x59, 0x5b, 0xbe, 0x24, 0x65, 0x51, 0x41, 0x43, 0x8e, 0x7a, 0x10, 0x0b};

	return verify(public_key, gbx_slice("", 0), signature, err);
}

/* OpenSSL's Ed25519 says the same of a signature that is bad and of one that it could not check: for want of memory, which may come back,
 * or because something that it sets up once failed, and then for good. So a bad signature has to be bad again, by an OpenSSL that knows
 * a good one. */
int gbx_signature_verify(const uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_slice data,
			 const uint8_t signature[GBX_SIGNATURE_LEN], struct gbx_error *err)
{
	int rc = gbx_public_key_check(public_key, err);

	if (rc)
		return rc;
	rc = verify(public_key, data, signature, err);
	if (rc != GBX_E_BAD)
		return rc;
	if (verify_known(err))
		return gbx_fail(err, GBX_E_CRYPTO, "OpenSSL cannot verify Ed25519 signatures: it refuses that of RFC 8032's own test");
	return verify(public_key, data, signature, err);
}
