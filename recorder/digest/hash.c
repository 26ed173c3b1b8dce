#include "digest/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>

#include "base/mem.h"

struct gbx_hash {
	EVP_MD_CTX *ctx;
	const EVP_MD *md;
	bool failed;
};

/* What fails here fails again where OpenSSL is used, and is told there. */
void gbx_crypto_without_config(void)
{
	(void)!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

static EVP_MD *fetched[2];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	fetched[GBX_SHA256] = EVP_MD_fetch(NULL, "SHA256", NULL);
	fetched[GBX_SHA1] = EVP_MD_fetch(NULL, "SHA1", NULL);
}

int gbx_hash_new(struct gbx_hash **out, enum gbx_hash_algorithm algorithm, struct gbx_error *err)
{
	pthread_once(&once, fetch);
	if (!fetched[algorithm])
		return gbx_fail(err, GBX_E_CRYPTO, "this OpenSSL has no %s", algorithm == GBX_SHA1 ? "SHA-1" : "SHA-256");
	struct gbx_hash *h = gbx_calloc(1, sizeof *h);
	EVP_MD_CTX *ctx = h ? EVP_MD_CTX_new() : NULL;
	if (!ctx) {
		gbx_free(h);
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a digest");
	}
	h->ctx = ctx;
	h->md = fetched[algorithm];
	*out = h;
	return 0;
}

void gbx_hash_free(struct gbx_hash *h)
{
	if (h)
		EVP_MD_CTX_free(h->ctx);
	gbx_free(h);
}

void gbx_hash_release(struct gbx_hash **h)
{
	gbx_hash_free(*h);
	*h = NULL;
}

void gbx_hash_start(struct gbx_hash *h)
{
	h->failed = EVP_DigestInit_ex2(h->ctx, h->md, NULL) != 1;
}

void gbx_hash_update(struct gbx_hash *h, const void *data, size_t len)
{
	if (len && !h->failed)
		h->failed = EVP_DigestUpdate(h->ctx, data, len) != 1;
}

int gbx_hash_final(struct gbx_hash *h, uint8_t *out, struct gbx_error *err)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (h->failed || EVP_DigestFinal_ex(h->ctx, digest, &len) != 1)
		return gbx_fail(err, GBX_E_CRYPTO, "OpenSSL failed to compute a digest");
	memcpy(out, digest, len);
	return 0;
}

int gbx_sha256(struct gbx_slice data, uint8_t out[GBX_SHA256_LEN], struct gbx_error *err)
{
	GBX_AUTO_HASH struct gbx_hash *h = NULL;
	int rc = gbx_hash_new(&h, GBX_SHA256, err);

	if (rc)
		return rc;
	gbx_hash_start(h);
	gbx_hash_update(h, data.data, data.len);
	return gbx_hash_final(h, out, err);
}
