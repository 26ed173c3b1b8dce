/* Keys in files. Declared in key.h. */
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "base/io.h"
#include "base/limits.h"
#include "trust/key_openssl.h"
#include "trust/note.h"

#define AUTO_WIPED GBX_CLEANUP(gbx_bytes_wipe)

/* OWASP's scrypt parameters that fit into the 32 MiB that OpenSSL allows when it reads such a file. */
enum { SCRYPT_N = 1 << 14, SCRYPT_R = 8, SCRYPT_P = 5, SCRYPT_SALT = 16 };

static void bio_release(BIO **bio)
{
	BIO_free(*bio);
}

static void info_release(PKCS8_PRIV_KEY_INFO **info)
{
	PKCS8_PRIV_KEY_INFO_free(*info); /* wipes the key in it */
}

static void sig_release(X509_SIG **sig)
{
	X509_SIG_free(*sig);
}

/* One decoded PEM block. */
struct pem {
	char *name;
	char *header;
	unsigned char *data;
	long len;
};

static void pem_release(struct pem *pem)
{
	OPENSSL_free(pem->name);
	OPENSSL_free(pem->header);
	OPENSSL_clear_free(pem->data, (size_t)pem->len);
}

static int check_mode(const char *path, const struct stat *st, struct gbx_error *err)
{
	if (S_ISLNK(st->st_mode))
		return gbx_fail(err, GBX_E_REFUSED, "key '%s' is a symbolic link; give the path of the key file itself", path);
	if (!S_ISREG(st->st_mode))
		return gbx_fail(err, GBX_E_MALFORMED, "key '%s' is not a regular file", path);
	if (st->st_mode & 077)
		return gbx_fail(err, GBX_E_REFUSED, "key '%s' has mode %03o, so others may use it; run: chmod 600 '%s'", path,
				(unsigned)st->st_mode & 0777, path);
	if (st->st_size > (off_t)GBX_LIMIT_KEY_FILE)
		return gbx_fail(err, GBX_E_LIMIT, "key '%s' has %lld bytes, at most %u are read; is it a key?", path,
				(long long)st->st_size, GBX_LIMIT_KEY_FILE);
	return 0;
}

/* Looks before opening for the sake of the message, and again at what was opened, since the name may mean another file by then. */
static int read_private(const char *path, struct gbx_bytes *text, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	struct stat st;
	int rc = gbx_lstat(path, &st, err);

	if (rc == 0)
		rc = check_mode(path, &st, err);
	if (rc == 0)
		rc = gbx_open_regular(AT_FDCWD, path, &fd, err);
	if (rc == 0)
		rc = gbx_fstat(fd, &st, err);
	if (rc == 0)
		rc = check_mode(path, &st, err);
	if (rc == 0)
		rc = gbx_bytes_reserve(text, (size_t)st.st_size + 1, err);
	if (rc == 0)
		rc = gbx_pread(fd, text->data, (size_t)st.st_size, 0, err);
	if (rc == 0)
		text->len = (size_t)st.st_size;
	return rc;
}

static int starved(const char *path, struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_NOMEM, "OpenSSL has no memory to read key '%s'", path);
}

/* Of several blocks only the first would be looked at, and the others silently not be trusted or used. */
static bool has_several(struct gbx_slice text)
{
	static const char begin[] = "-----BEGIN ";
	const uint8_t *first = text.len ? memmem(text.data, text.len, begin, sizeof begin - 1) : NULL;

	return first && memmem(first + 1, text.len - (size_t)(first + 1 - text.data), begin, sizeof begin - 1);
}

static int read_pem(struct gbx_slice text, const char *path, struct pem *pem, struct gbx_error *err)
{
	if (has_several(text))
		return gbx_fail(err, GBX_E_MALFORMED, "key '%s' holds several PEM blocks; expected one key in a file", path);
	GBX_CLEANUP(bio_release) BIO *bio = BIO_new_mem_buf(text.len ? (const void *)text.data : "", (int)text.len);

	if (!bio)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to read key '%s'", path);
	if (PEM_read_bio(bio, &pem->name, &pem->header, &pem->data, &pem->len) == 1)
		return 0;
	if (gbx_crypto_starved())
		return starved(path, err);
	return gbx_fail(err, GBX_E_MALFORMED,
			"key '%s' is not PEM text; expected an Ed25519 private key that begins with '-----BEGIN PRIVATE KEY-----'; "
			"`glassbox key new` makes one", path);
}

static int decrypt(const struct pem *pem, const char *path, struct gbx_slice passphrase, PKCS8_PRIV_KEY_INFO **out,
		   struct gbx_error *err)
{
	const unsigned char *p = pem->data;

	if (!passphrase.data)
		return gbx_fail(err, GBX_E_LOCKED, "key '%s' is encrypted and needs its passphrase", path);
	if (passphrase.len > GBX_LIMIT_PASSPHRASE)
		return gbx_fail(err, GBX_E_LIMIT, "a passphrase of %zu bytes, at most %u are taken", passphrase.len, GBX_LIMIT_PASSPHRASE);
	GBX_CLEANUP(sig_release) X509_SIG *sig = d2i_X509_SIG(NULL, &p, pem->len);
	*out = sig ? PKCS8_decrypt(sig, (const char *)passphrase.data, (int)passphrase.len) : NULL;
	if (*out)
		return 0;
	if (gbx_crypto_starved())
		return starved(path, err);
	return sig ? gbx_fail(err, GBX_E_LOCKED, "the passphrase does not open key '%s'; give the one that it was made with", path)
		   : gbx_fail(err, GBX_E_MALFORMED, "key '%s' is damaged: its PEM text holds no PKCS#8 key; restore it from a copy", path);
}

static int open_pkcs8(const struct pem *pem, const char *path, struct gbx_slice passphrase, PKCS8_PRIV_KEY_INFO **out,
		      struct gbx_error *err)
{
	const unsigned char *p = pem->data;
	char shown[64];

	if (strcmp(pem->name, PEM_STRING_PKCS8) == 0)
		return decrypt(pem, path, passphrase, out, err);
	if (strcmp(pem->name, PEM_STRING_PKCS8INF) != 0)
		return gbx_fail(err, GBX_E_MALFORMED, "key '%s' holds '%s', expected an Ed25519 'PRIVATE KEY'; give the .pem file", path,
				gbx_printable_in(gbx_slice_text(pem->name), shown, sizeof shown));
	*out = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, pem->len);
	if (*out)
		return 0;
	if (gbx_crypto_starved())
		return starved(path, err);
	return gbx_fail(err, GBX_E_MALFORMED, "key '%s' is damaged: its PEM text holds no PKCS#8 key; restore it from a copy", path);
}

static int check_type(EVP_PKEY *pkey, const char *path, const char *advice, struct gbx_error *err)
{
	const char *name = pkey ? EVP_PKEY_get0_type_name(pkey) : NULL;

	if (pkey && EVP_PKEY_get_id(pkey) == EVP_PKEY_ED25519)
		return 0;
	if (gbx_crypto_starved() && !pkey)
		return starved(path, err);
	return gbx_fail(err, GBX_E_MALFORMED, "key '%s' is of type %s, expected ED25519; %s", path, name ? name : "unknown", advice);
}

static int take_private(const struct pem *pem, const char *path, struct gbx_slice passphrase, struct gbx_key **out,
			struct gbx_error *err)
{
	GBX_CLEANUP(info_release) PKCS8_PRIV_KEY_INFO *info = NULL;
	int rc = open_pkcs8(pem, path, passphrase, &info, err);

	if (rc)
		return rc;
	GBX_AUTO_PKEY EVP_PKEY *pkey = EVP_PKCS82PKEY(info);
	rc = check_type(pkey, path, "`glassbox key new` makes one", err);
	return rc ? rc : gbx_key_adopt(&pkey, out, err);
}

int gbx_key_load(const char *path, struct gbx_slice passphrase, struct gbx_key **out, struct gbx_error *err)
{
	AUTO_WIPED struct gbx_bytes text = {0};
	GBX_CLEANUP(pem_release) struct pem pem = {0};
	int rc = read_private(path, &text, err);

	if (rc == 0)
		rc = read_pem(gbx_slice_of(&text), path, &pem, err);
	return rc ? rc : take_private(&pem, path, passphrase, out, err);
}

static X509_SIG *encrypt(PKCS8_PRIV_KEY_INFO *info, struct gbx_slice passphrase)
{
	X509_ALGOR *how = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, SCRYPT_SALT, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
	X509_SIG *sig = how ? PKCS8_set0_pbe((const char *)passphrase.data, (int)passphrase.len, info, how) : NULL;

	if (!sig)
		X509_ALGOR_free(how);
	return sig;
}

static bool write_pem(BIO *bio, const struct gbx_key *key, struct gbx_slice passphrase)
{
	GBX_CLEANUP(info_release) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->pkey);

	if (!info)
		return false;
	if (!passphrase.data)
		return PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, info) == 1;
	GBX_CLEANUP(sig_release) X509_SIG *sig = encrypt(info, passphrase);
	return sig && PEM_write_bio_PKCS8(bio, sig) == 1;
}

static int private_pem(const struct gbx_key *key, struct gbx_slice passphrase, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_CLEANUP(bio_release) BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;

	if (!bio)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to write a key");
	if (!write_pem(bio, key, passphrase))
		return gbx_crypto_fail("write a key", err);
	long len = BIO_get_mem_data(bio, &text);
	int rc = gbx_bytes_append(out, text, (size_t)len, err);
	OPENSSL_cleanse(text, (size_t)len);
	return rc;
}

int gbx_key_save(const struct gbx_key *key, const char *path, struct gbx_slice passphrase, struct gbx_error *err)
{
	AUTO_WIPED struct gbx_bytes text = {0};
	GBX_AUTO_FD int fd = -1;

	if (passphrase.data && (passphrase.len == 0 || passphrase.len > GBX_LIMIT_PASSPHRASE))
		return gbx_fail(err, GBX_E_USAGE, "a passphrase of %zu bytes, expected 1 to %u", passphrase.len, GBX_LIMIT_PASSPHRASE);
	int rc = private_pem(key, passphrase, &text, err);
	/* The empty new file claims the name; then the key takes its place in one step, so that no half of a key is ever there. */
	if (rc == 0)
		rc = gbx_create_new(path, 0600, &fd, err);
	if (rc)
		return rc;
	rc = gbx_replace_file(path, gbx_slice_of(&text), 0600, err);
	int gone = rc ? gbx_unlink(path, NULL) : 0; /* what failed first is told */
	(void)gone;
	return rc;
}

int gbx_public_pem(const uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_AUTO_PKEY EVP_PKEY *pkey = NULL;
	GBX_CLEANUP(bio_release) BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	int rc = bio ? gbx_pkey_public(public_key, &pkey, err) : gbx_fail(err, GBX_E_NOMEM, "no memory to write a public key");

	if (rc)
		return rc;
	if (PEM_write_bio_PUBKEY(bio, pkey) != 1)
		return gbx_crypto_fail("write a public key", err);
	long len = BIO_get_mem_data(bio, &text);
	return gbx_bytes_append(out, text, (size_t)len, err);
}

/* The DER of an Ed25519 key (RFC 8410) has one form: these bytes and the key. OpenSSL only says what another key is. */
static int public_of_pem(const struct pem *pem, const char *path, uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_error *err)
{
	static const uint8_t prefix[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
	const unsigned char *p = pem->data;

	if (pem->len == sizeof prefix + GBX_PUBLIC_KEY_LEN && memcmp(p, prefix, sizeof prefix) == 0) {
		if (gbx_public_key_check(p + sizeof prefix, err))
			return gbx_fail_context(err, "key '%s'", path);
		memcpy(public_key, p + sizeof prefix, GBX_PUBLIC_KEY_LEN);
		return 0;
	}
	GBX_AUTO_PKEY EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, pem->len);
	int rc = check_type(pkey, path, "give the public key of whoever signed", err);
	return rc ? rc : gbx_fail(err, GBX_E_MALFORMED, "key '%s' is not in the one form of an Ed25519 public key", path);
}

static int public_of_private(const struct pem *pem, const char *path, uint8_t public_key[GBX_PUBLIC_KEY_LEN],
			     struct gbx_error *err)
{
	GBX_AUTO_KEY struct gbx_key *key = NULL;
	int rc = take_private(pem, path, gbx_slice(NULL, 0), &key, err);

	if (rc == GBX_E_LOCKED)
		return gbx_fail(err, rc, "key '%s' is an encrypted private key; give its public key, the .pub file, instead", path);
	if (rc == 0)
		memcpy(public_key, gbx_key_public(key), GBX_PUBLIC_KEY_LEN);
	return rc;
}

static int public_of_vkey(struct gbx_slice text, const char *path, uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_error *err)
{
	char name[GBX_NAME_MAX + 1];
	struct gbx_error why = {0};

	while (text.len && strchr("\r\n", text.data[text.len - 1]))
		text.len--;
	int rc = gbx_vkey_parse(text, name, public_key, &why);
	if (rc == GBX_E_BAD)
		return gbx_fail(err, rc, "key '%s': %s", path, why.line);
	if (rc)
		return gbx_fail(err, rc, "key '%s' is neither a PEM public key, nor an unencrypted PEM private key, nor a vkey line (%s)",
				path, why.line);
	return 0;
}

int gbx_public_load(const char *path, uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_error *err)
{
	AUTO_WIPED struct gbx_bytes text = {0};
	GBX_CLEANUP(pem_release) struct pem pem = {0};
	char shown[64];
	int rc = gbx_load_file(path, GBX_LIMIT_KEY_FILE, &text, err);

	if (rc) {
		gbx_fail_context(err, "key");
		return rc;
	}
	if (!memmem(text.data, text.len, "-----BEGIN ", 11))
		return public_of_vkey(gbx_slice_of(&text), path, public_key, err);
	rc = read_pem(gbx_slice_of(&text), path, &pem, err);
	if (rc)
		return rc;
	if (strcmp(pem.name, PEM_STRING_PUBLIC) == 0)
		return public_of_pem(&pem, path, public_key, err);
	if (strcmp(pem.name, PEM_STRING_PKCS8) == 0 || strcmp(pem.name, PEM_STRING_PKCS8INF) == 0)
		return public_of_private(&pem, path, public_key, err);
	return gbx_fail(err, GBX_E_MALFORMED, "key '%s' holds '%s', expected an Ed25519 'PUBLIC KEY', the .pub file", path,
			gbx_printable_in(gbx_slice_text(pem.name), shown, sizeof shown));
}
