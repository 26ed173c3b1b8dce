/* Signed notes, verifier keys and tree heads, by C2SP's signed-note and tlog-checkpoint (v1), with Ed25519 only (type 0x01).
 *
 * A checkpoint is called head note here, since a checkpoint of a training run is something else. Read strictly: one value has one
 * text, so that a changed byte anywhere in what a signature covers, or in that signature's line, is found. */
#ifndef GBX_TRUST_NOTE_H
#define GBX_TRUST_NOTE_H

#include "base/limits.h"
#include "base/text.h"
#include "trust/key.h"

#define GBX_NOTE_KEY_ID_LEN 4

/* A key name or origin: 1 to GBX_NAME_MAX bytes of UTF-8 without white space (Unicode's), control characters and '+'. */
bool gbx_is_note_name(struct gbx_slice name);

/* SHA-256(name || 0x0A || 0x01 || public key), its first four bytes. A hint to find a key by, never a proof. */
int gbx_note_key_id(struct gbx_slice name, const uint8_t public_key[GBX_PUBLIC_KEY_LEN], uint8_t id[GBX_NOTE_KEY_ID_LEN],
		    struct gbx_error *err) GBX_MUST_USE;

/* "<name>+<hex of the id>+<base64 of 0x01 || public key>", without newline; appended. */
int gbx_vkey_format(const char *name, const uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_bytes *out,
		    struct gbx_error *err) GBX_MUST_USE;
/* Reads exactly that (no newline behind it). GBX_E_BAD where the id is not that of name and key or gbx_public_key_check refuses the
 * key, GBX_E_VERSION where the key is of another type than Ed25519. */
int gbx_vkey_parse(struct gbx_slice text, char name[GBX_NAME_MAX + 1], uint8_t public_key[GBX_PUBLIC_KEY_LEN],
		   struct gbx_error *err) GBX_MUST_USE;

/* What a log's head note says. */
struct gbx_head_note {
	char origin[GBX_NAME_MAX + 1]; /* names one append-only log */
	uint64_t size;                 /* leaves */
	uint8_t root[32];              /* RFC 6962 */
};

/* Text and signature line, "<origin>\n<size>\n<base64 root>\n\n— <origin> <base64 of id || signature>\n", appended. */
int gbx_head_note_sign(const struct gbx_head_note *note, const struct gbx_key *key, struct gbx_bytes *out,
		       struct gbx_error *err) GBX_MUST_USE;

/* Reads a whole note of at most GBX_LIMIT_NOTE bytes and verifies public_key's signature under the name that is the origin.
 *
 * GBX_E_BAD: no signature line by this key, or one that fails. Lines by other keys (cosignatures) are looked at for their form only,
 * up to GBX_LIMIT_NOTE_SIGNATURES lines. Extension lines behind the root are allowed: they are signed, and not given out. */
int gbx_head_note_verify(struct gbx_slice note, const uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_head_note *out,
			 struct gbx_error *err) GBX_MUST_USE;
/* The same without any trust: to learn the origin, to choose a key by. */
int gbx_head_note_parse(struct gbx_slice note, struct gbx_head_note *out, struct gbx_error *err) GBX_MUST_USE;

#endif
