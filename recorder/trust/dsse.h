/* DSSE 1.0 envelopes as JSON, with Ed25519 and one signature: what publication statements and attestations come in. */
#ifndef GBX_TRUST_DSSE_H
#define GBX_TRUST_DSSE_H

#include "base/limits.h"
#include "trust/key.h"

/* The bytes that are signed, "DSSEv1 <length> <type> <length> <payload>"; appended. */
int gbx_dsse_pae(struct gbx_slice type, struct gbx_slice payload, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;

/* Signs and appends
 * {"payload":"<base64>","payloadType":"<type>","signatures":[{"keyid":"<hex>","sig":"<base64>"}]}
 * without white space and last newline; without a key "signatures" is []. type is 1 to GBX_DSSE_TYPE_MAX printable ASCII
 * characters without space, '"' and '\'. keyid is the lower-case hex SHA-256 of the 32 bytes of the public key. payload is at most
 * GBX_LIMIT_JSON bytes. */
int gbx_dsse_write(const char *type, struct gbx_slice payload, const struct gbx_key *key, struct gbx_bytes *out,
		   struct gbx_error *err) GBX_MUST_USE;

struct gbx_dsse {
	struct gbx_bytes payload;
	char type[GBX_DSSE_TYPE_MAX + 1];
	bool has_signature;
	bool strict; /* how it was read */
	uint8_t signature[GBX_SIGNATURE_LEN];
	char keyid[65]; /* "" where there is none, or one longer than 64 bytes: it is a hint only */
};

#define GBX_AUTO_DSSE GBX_CLEANUP(gbx_dsse_free)

/* Reads an envelope with no signature or one; the caller frees *out.
 *
 * Standard and URL-safe base64 are accepted, and unknown members ignored; strict, the text must be byte for byte what gbx_dsse_write
 * writes for that content. GBX_E_MALFORMED also for several signatures and for one that has not the length of Ed25519's. */
int gbx_dsse_read(struct gbx_slice text, bool strict, struct gbx_dsse *out, struct gbx_error *err) GBX_MUST_USE;

/* 0 where the signature is public_key's; GBX_E_BAD where it is not, and, read strictly, where keyid is not that of the key (it is
 * not signed, and no byte of our own documents may change unseen); GBX_E_NOTFOUND where there is none. Looks at the type that the
 * envelope declares: whether that is the type that the caller wants is the caller's to check. */
int gbx_dsse_verify(const struct gbx_dsse *envelope, const uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_error *err) GBX_MUST_USE;

void gbx_dsse_free(struct gbx_dsse *envelope);

#endif
