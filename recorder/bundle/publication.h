/* The publication statement: an in-toto Statement v1 in which the owner says, at each publish, which layers belong to the bundle and
 * which records are withheld, with reasons. proto/FORMAT.md section 8.
 *
 * Head note, proofs, attestations and timestamps are never named by it, so that cosignatures can be added later. */
#ifndef GBX_BUNDLE_PUBLICATION_H
#define GBX_BUNDLE_PUBLICATION_H

#include "base/text.h"
#include "bundle/layout.h"
#include "journal/record.h"

#define GBX_STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define GBX_PUBLICATION_TYPE "urn:glassbox:publication:v1"

/* Records first to last of one stream, all of one kind, withheld for one reason. */
struct gbx_withheld {
	uint8_t stream[GBX_STREAM_LEN];
	uint64_t first, last;
	const struct gbx_kind *kind;
	char *reason;
};

struct gbx_publication {
	uint8_t run[GBX_RUN_LEN];
	struct gbx_head head;
	uint64_t sequence; /* 1 for the run's first publication */
	bool has_previous;
	uint8_t previous[GBX_SHA256_LEN]; /* SHA-256 of the statement before */
	struct gbx_layers layers;         /* those that the statement names */
	struct gbx_withheld *withheld;    /* sorted by stream and first, without overlap */
	size_t len, cap;
};

#define GBX_AUTO_PUBLICATION GBX_CLEANUP(gbx_publication_free)

void gbx_publication_free(struct gbx_publication *p);
/* True for the titles that a statement names. */
bool gbx_publication_names(const char *title);
/* Adds a record behind those before; extends the last range where it can. */
int gbx_publication_withhold(struct gbx_publication *p, const uint8_t stream[GBX_STREAM_LEN], uint64_t seq,
			     const struct gbx_kind *kind, const char *reason, struct gbx_error *err) GBX_MUST_USE;
/* The range that holds a record, or NULL. */
const struct gbx_withheld *gbx_publication_find(const struct gbx_publication *p, const uint8_t stream[GBX_STREAM_LEN], uint64_t seq);

/* The statement's one text, appended. */
int gbx_publication_write(const struct gbx_publication *p, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* Reads what gbx_publication_write wrote, and nothing else. */
int gbx_publication_read(struct gbx_slice text, struct gbx_publication *out, struct gbx_error *err) GBX_MUST_USE;

#endif
