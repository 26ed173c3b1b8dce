/* Ed25519 keys (RFC 8032), by OpenSSL: make, load, save, sign, verify.
 *
 * key.c and keyfile.c are the only callers of OpenSSL's key functions. Nothing here prompts, and nothing reads the environment. */
#ifndef GBX_TRUST_KEY_H
#define GBX_TRUST_KEY_H

#include "base/bytes.h"

#define GBX_PUBLIC_KEY_LEN 32
#define GBX_SIGNATURE_LEN 64

/* A private key; wiped when freed. */
struct gbx_key;

#define GBX_AUTO_KEY GBX_CLEANUP(gbx_key_release)

/* A new key from OpenSSL's generator. The caller frees *out. */
int gbx_key_generate(struct gbx_key **out, struct gbx_error *err) GBX_MUST_USE;

/* Loads a PKCS#8 PEM file (RFC 5958, RFC 8410), encrypted or not. The caller frees *out.
 *
 * passphrase is {NULL, 0} where there is none; it is not looked at where the file is not encrypted.
 * GBX_E_LOCKED: the file is encrypted and the passphrase is missing or wrong. GBX_E_REFUSED: a symbolic link, or group or others
 * may read or write it. GBX_E_LIMIT: over GBX_LIMIT_KEY_FILE. GBX_E_MALFORMED: not a regular file, not PEM, or another type of
 * key, which the error names. GBX_E_NOTFOUND: no such file. */
int gbx_key_load(const char *path, struct gbx_slice passphrase, struct gbx_key **out, struct gbx_error *err) GBX_MUST_USE;

/* Writes a new PKCS#8 PEM file, mode 0600. GBX_E_EXISTS where path exists: a key is never replaced.
 *
 * With a passphrase (not {NULL, 0}; 1 to GBX_LIMIT_PASSPHRASE bytes) encrypted by PBES2: scrypt with N = 2^14, r = 8, p = 5, and
 * AES-256-CBC; the openssl program opens it. When it returns 0 the file survives a power cut. */
int gbx_key_save(const struct gbx_key *key, const char *path, struct gbx_slice passphrase, struct gbx_error *err) GBX_MUST_USE;

/* key may be NULL. */
void gbx_key_free(struct gbx_key *key);
void gbx_key_release(struct gbx_key **key);

/* GBX_PUBLIC_KEY_LEN bytes, valid as long as the key. */
const uint8_t *gbx_key_public(const struct gbx_key *key);

/* Signs data (PureEdDSA, so the same key and data give the same signature), and verifies the signature before it is let out: a
 * fault while signing can give the private key away. */
int gbx_key_sign(const struct gbx_key *key, struct gbx_slice data, uint8_t signature[GBX_SIGNATURE_LEN],
		 struct gbx_error *err) GBX_MUST_USE;

/* GBX_E_BAD for a key of small order, which has signatures that nobody needs a secret for, and for one that is not in the one encoding of
 * RFC 8032. That it is a point at all is not checked: what is none verifies nothing. */
int gbx_public_key_check(const uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_error *err) GBX_MUST_USE;

/* 0, or GBX_E_BAD where the signature is not this key's over data, or gbx_public_key_check refuses the key. */
int gbx_signature_verify(const uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_slice data,
			 const uint8_t signature[GBX_SIGNATURE_LEN], struct gbx_error *err) GBX_MUST_USE;

/* PEM text of the SubjectPublicKeyInfo (RFC 8410), as OpenSSL writes it; appended. */
int gbx_public_pem(const uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;

/* Loads a public key for `verify --key`: a PEM SubjectPublicKeyInfo, a vkey line, or an unencrypted private key (whose mode does
 * not matter here). GBX_E_LOCKED for an encrypted private key, with the advice to give the .pub file; GBX_E_BAD for a key that
 * gbx_public_key_check refuses; GBX_E_MALFORMED for anything else, with what was expected. */
int gbx_public_load(const char *path, uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_error *err) GBX_MUST_USE;

#endif
