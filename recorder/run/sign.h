/* Signing a run: its start and its seal are leaves of the owner log, whose head note is signed. */
#ifndef GBX_RUN_SIGN_H
#define GBX_RUN_SIGN_H

#include "journal/record.h"
#include "run/identity.h"
#include "store/store.h"

/* Appends the start leaf for a lead stream's head and signs the log's head: the run is committed to before it has results. */
int gbx_sign_start(const struct gbx_store *s, const char *run, const struct gbx_head *head, const struct gbx_identity *id,
		   struct gbx_error *err) GBX_MUST_USE;

/* Signs a sealed run: writes head.note, start.proof, seal.proof and key.vkey into its signature folder, seal.proof last, each
 * replaced in one step and synced. GBX_E_REFUSED where it is not sealed. A run that this key has signed is left alone. */
int gbx_sign_run(const struct gbx_store *s, const char *run, const struct gbx_identity *id, struct gbx_error *err) GBX_MUST_USE;

/* The public key that a run is signed with; GBX_E_NOTFOUND where it is not signed. */
int gbx_signed_by(const struct gbx_store *s, const char *run, char name[GBX_NAME_MAX + 1], uint8_t key[GBX_PUBLIC_KEY_LEN],
		  struct gbx_error *err) GBX_MUST_USE;

/* Whether an owner log holds a leaf of this run: it is signed, or its start was. */
int gbx_sign_known(const struct gbx_store *s, const char *run, bool *known, struct gbx_error *err) GBX_MUST_USE;

/* Appends the leaf `removed`, with the head of the run's last leaf, signs the log's head, and appends the tlog-proof of it to *proof. The
 * key must be the one that the seal was signed with (else GBX_E_REFUSED); its log on another machine is another log, with an origin of its
 * own, and a leaf there says the same by the same key. When it returns 0 the leaf survives a power cut. */
int gbx_sign_removed(const struct gbx_store *s, const char *run, const struct gbx_identity *id, struct gbx_bytes *proof,
		     struct gbx_error *err) GBX_MUST_USE;

/* Whether head note and proofs in the run's signature folder are by that key; no more of them than publish needs. GBX_E_BAD where one is
 * not, with its name. */
int gbx_signature_check(const struct gbx_store *s, const char *run, const uint8_t key[GBX_PUBLIC_KEY_LEN],
			struct gbx_error *err) GBX_MUST_USE;

#endif
