/* One record: a chained entry, and a body that may be withheld. proto/FORMAT.md sections 2 and 3.
 *
 * Bytes are hashed and kept as they are stored; nothing is serialised again to be verified. */
#ifndef GBX_JOURNAL_RECORD_H
#define GBX_JOURNAL_RECORD_H

#include "base/pb.h"
#include "digest/merkle.h"
#include "record.pb-c.h"

#define GBX_FORMAT_VERSION 1u
#define GBX_STREAM_LEN 16
#define GBX_RUN_LEN 16
#define GBX_RECORD_SALT_LEN 32
#define GBX_MACHINE_LEN 16

struct gbx_head {
	uint8_t stream[GBX_STREAM_LEN];
	uint64_t size;
	uint8_t root[GBX_SHA256_LEN];
};

/* Where a record stands in its run. */
struct gbx_ref {
	uint8_t stream[GBX_STREAM_LEN];
	uint64_t seq;
};

struct gbx_kind {
	Glassbox__Kind kind;
	const char *name; /* in selectors, JSON and on the screen */
	bool public_always; /* never withheld */
};

/* NULL where the kind is not known. */
const struct gbx_kind *gbx_kind_find(Glassbox__Kind kind);
const struct gbx_kind *gbx_kind_named(struct gbx_slice name);
/* All kinds, ended by one without a name. */
const struct gbx_kind *gbx_kinds(void);

/* SHA-256("glassbox/body/v1" || 0x00 || stream || seq, big-endian || salt || body): a body belongs to its place and no other. */
int gbx_commitment(struct gbx_hash *h, const uint8_t stream[GBX_STREAM_LEN], uint64_t seq, const uint8_t salt[GBX_RECORD_SALT_LEN],
		   struct gbx_slice body, uint8_t out[GBX_SHA256_LEN], struct gbx_error *err) GBX_MUST_USE;

/* What was hashed before a record's turn came (ahead.h). It is used where it is about the record's true place, which its reader
 * checks; so it never decides. */
struct gbx_ahead_hashes {
	uint8_t stream[GBX_STREAM_LEN];     /* the commitment is in this one */
	uint8_t commitment[GBX_SHA256_LEN]; /* of salt and body; means nothing for a withheld record */
	const uint8_t (*node)[GBX_SHA256_LEN]; /* for gbx_tree_append_with */
	unsigned nodes;
};

/* A frame taken apart. Slices point into the bytes that it was decoded from, the body lives in the memory it was decoded into. */
struct gbx_record {
	uint64_t seq;
	bool has_seq; /* an entry could be read */
	struct gbx_slice prev; /* 32 bytes, or none at seq 0 */
	uint64_t time_nanos;
	const struct gbx_kind *kind;
	struct gbx_slice commitment;
	uint8_t leaf[GBX_SHA256_LEN];
	struct gbx_slice entry, salt, body_bytes;
	bool shown;           /* there is a body */
	Glassbox__Body *body; /* once it was read */
	const struct gbx_ahead_hashes *ahead; /* or NULL */
};

/* Reads frame and entry strictly; neither the body nor any hash. */
int gbx_record_read(struct gbx_slice frame, struct gbx_record *out, struct gbx_error *err) GBX_MUST_USE;
/* Reads the body of a record that shows one. */
int gbx_record_read_body(struct gbx_arena *memory, struct gbx_record *r, struct gbx_error *err) GBX_MUST_USE;
/* All of it: reads one frame strictly, with its leaf hash; says nothing yet about its place in a chain. */
int gbx_record_decode(struct gbx_hash *h, struct gbx_slice frame, struct gbx_arena *memory, struct gbx_record *out,
		      struct gbx_error *err) GBX_MUST_USE;

/* Checks a body's own rules: lengths of digests and ids, members that must be there. */
int gbx_body_check(const Glassbox__Body *body, struct gbx_error *err) GBX_MUST_USE;

/* The state of one stream while its records are checked one after the other. */
struct gbx_chain {
	struct gbx_hash *hash;
	uint8_t stream[GBX_STREAM_LEN];
	uint8_t run[GBX_RUN_LEN];
	uint8_t last[GBX_SHA256_LEN]; /* leaf of the record before */
	struct gbx_tree tree;
};

int gbx_chain_init(struct gbx_chain *c, struct gbx_error *err) GBX_MUST_USE;
void gbx_chain_free(struct gbx_chain *c);
/* Forgets the stream: the next record begins another. */
void gbx_chain_reset(struct gbx_chain *c);
/* Adds a record behind those before: its seq and prev are checked, and that a stream begins with stream-start. */
int gbx_chain_place(struct gbx_chain *c, const struct gbx_record *r, struct gbx_error *err) GBX_MUST_USE;
/* Checks the body of a shown record of this stream against its commitment. */
int gbx_chain_commitment(const struct gbx_chain *c, const struct gbx_record *r, struct gbx_error *err) GBX_MUST_USE;
/* Both: what a reader that trusts nothing does with each record. */
int gbx_chain_add(struct gbx_chain *c, const struct gbx_record *r, struct gbx_error *err) GBX_MUST_USE;
int gbx_chain_head(const struct gbx_chain *c, struct gbx_head *out, struct gbx_error *err) GBX_MUST_USE;

#endif
