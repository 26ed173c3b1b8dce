/* The owner log's leaf, and the proof that a log holds it: C2SP's tlog-proof (v1), one text file that is checked offline. */
#ifndef GBX_TRUST_PROOF_H
#define GBX_TRUST_PROOF_H

#include "base/limits.h"
#include "digest/merkle.h"
#include "trust/note.h"

#define GBX_STREAM_ID_LEN 16

enum gbx_leaf_event { GBX_LEAF_START, GBX_LEAF_SEAL, GBX_LEAF_REMOVED };

/* What the owner says of a run: its lead stream had this head when it started, was sealed or was removed. */
struct gbx_log_leaf {
	uint8_t run[GBX_ULID_LEN];
	enum gbx_leaf_event event;
	uint8_t stream[GBX_STREAM_ID_LEN];
	uint64_t size;    /* records, at most 2^63 - 1 */
	uint8_t root[32]; /* RFC 6962 */
};

/* The text whose RFC 6962 leaf hash is in the log, appended:
 * "glassbox/leaf/v1\n<run ULID>\n<start|seal|removed>\n<stream id in hex>\n<size>\n<base64 root>\n". */
int gbx_log_leaf_format(const struct gbx_log_leaf *leaf, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* Reads exactly that and nothing else. GBX_E_VERSION for another first line. */
int gbx_log_leaf_parse(struct gbx_slice text, struct gbx_log_leaf *out, struct gbx_error *err) GBX_MUST_USE;
/* The RFC 6962 hash of the leaf's text. h is a SHA-256 context. */
int gbx_log_leaf_hash(const struct gbx_log_leaf *leaf, struct gbx_hash *h, uint8_t hash[32], struct gbx_error *err) GBX_MUST_USE;

struct gbx_tlog_proof {
	struct gbx_log_leaf leaf; /* the "extra" line: not signed itself, but the proof fails for another leaf */
	uint64_t index;
	uint8_t hash[GBX_LIMIT_PROOF_HASHES][32]; /* nearest sibling first */
	size_t hashes;
	struct gbx_slice note; /* the whole head note, with whatever cosignatures; borrowed */
};

/* "c2sp.org/tlog-proof@v1\nextra <base64 of the leaf text>\nindex <n>\n<base64 hash>\n...\n\n<head note>", appended. */
int gbx_tlog_proof_format(const struct gbx_tlog_proof *proof, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* Reads exactly that (the extra line must be there), at most GBX_LIMIT_NOTE bytes; out->note points into text. Says nothing about
 * whether the proof holds, nor about the note's form. */
int gbx_tlog_proof_parse(struct gbx_slice text, struct gbx_tlog_proof *out, struct gbx_error *err) GBX_MUST_USE;

/* Checks the note's signature by public_key, and that the tree that the note speaks of holds the leaf at the index. GBX_E_BAD where
 * one of them does not hold. */
int gbx_tlog_proof_verify(const struct gbx_tlog_proof *proof, const uint8_t public_key[GBX_PUBLIC_KEY_LEN],
			  struct gbx_error *err) GBX_MUST_USE;

#endif
