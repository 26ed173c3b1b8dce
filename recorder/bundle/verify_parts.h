/* The parts of verification, and what they hand to each other. Only bundle/verify*.c includes this. */
#ifndef GBX_BUNDLE_VERIFY_PARTS_H
#define GBX_BUNDLE_VERIFY_PARTS_H

#include "bundle/publication.h"
#include "bundle/source.h"
#include "bundle/verify.h"
#include "trust/proof.h"

/* What a record's digest is of. */
enum gbx_named {
	GBX_NAMED_NOTHING,
	GBX_NAMED_CODE,  /* the manifest of a snapshot */
	GBX_NAMED_FILES, /* the manifest of a dataset or artifact */
	GBX_NAMED_FILE,  /* a file of its own */
};

/* A record that names other layers, has a root to compare with, or is of a kind that others name. */
struct gbx_reference {
	const struct gbx_kind *kind;
	uint8_t stream[GBX_STREAM_LEN];
	uint64_t seq;
	char *name;                       /* of a dataset or artifact */
	enum gbx_named names;
	uint8_t digest[GBX_SHA256_LEN];   /* of the manifest's page file, or of the file */
	struct gbx_ref dataset;           /* data-files: the dataset's record */
	bool hashed;                      /* root, salted_root, files and bytes count */
	uint8_t root[GBX_SHA256_LEN], salted_root[GBX_SHA256_LEN];
	uint64_t files, bytes;
	uint8_t tree[GBX_SHA256_LEN];     /* code: git id of the snapshot */
	size_t tree_len;
	bool shown;                       /* else its body is withheld or absent, and only its place is known */
	bool found;                       /* the layer is in the bundle */
	bool compared;                    /* with a folder, and equal */
};

/* A record that another one names and that was not seen before it. */
struct gbx_wanted {
	struct gbx_ref at;
	const struct gbx_kind *kind;
	const struct gbx_kind *by;        /* the kind of the one that names it */
	uint8_t stream[GBX_STREAM_LEN];
	uint64_t seq;
};

/* A fact that a run has once. */
struct gbx_once {
	const struct gbx_kind *kind;
	uint8_t name[GBX_SHA256_LEN]; /* SHA-256 of what tells it from others of its kind */
	uint8_t body[GBX_SHA256_LEN]; /* and of its body */
	uint8_t stream[GBX_STREAM_LEN];
	uint64_t seq;
};

/* A record that a gap says is missing. */
struct gbx_missing {
	struct gbx_ref at;
	uint8_t stream[GBX_STREAM_LEN]; /* the gap's own place */
	uint64_t seq;
};

struct gbx_against;

struct gbx_verification {
	const struct gbx_verify_options *options;
	struct gbx_against *against; /* the bundle that this one is held against, or NULL */
	struct gbx_report *report;
	struct gbx_source *source;
	bool has_publication;
	struct gbx_publication publication;
	char key_name[GBX_NAME_MAX + 1];  /* of the bundle's key: its log's origin */
	/* What the start leaf says its stream's head was; compared while the journals are read. */
	bool has_start, start_matches;
	bool start_unread; /* it could not be read when it was looked for first, which was said */
	struct gbx_log_leaf start;
	/* What the journals came to. */
	bool journals_whole;              /* read to their ends without an error */
	bool sealed;
	uint8_t run[GBX_RUN_LEN];
	struct gbx_head lead;             /* with the Seal */
	struct gbx_reference *reference;
	size_t references, references_cap, names_len;
	size_t places;                    /* of the references, those that name nothing and have no root */
	struct gbx_wanted *wanted;
	size_t wanteds, wanteds_cap;
	struct gbx_once *once;
	size_t onces, onces_cap;
	struct gbx_missing *missing;
	size_t missings, missings_cap;
	struct gbx_ref *ended;            /* every stream with its size, in the journals' order */
	size_t ends, ends_cap;
	struct gbx_reference **by_digest; /* those that name a layer, sorted */
	size_t named;
	size_t code_withheld, files_withheld; /* records, by the owner's word */
};

/* publication.json, head note, proofs and keys. Runs first, so that withheld records are known; what depends on the journals is
 * checked by gbx_verify_heads after them. */
void gbx_verify_publication(struct gbx_verification *v);
void gbx_verify_journals(struct gbx_verification *v);
void gbx_verify_heads(struct gbx_verification *v);
void gbx_verify_manifests(struct gbx_verification *v);
void gbx_verify_files(struct gbx_verification *v);
void gbx_verify_code(struct gbx_verification *v);
void gbx_verify_folders(struct gbx_verification *v);

/* The other bundle: opened first, read in step with the journals, judged and closed when everything else is known. Without
 * options->against they do nothing. */
void gbx_verify_against_open(struct gbx_verification *v);
void gbx_verify_against_record(struct gbx_against *a, const uint8_t stream[GBX_STREAM_LEN], const struct gbx_record *r);
void gbx_verify_against_finish(struct gbx_verification *v);

/* Remembers what a shown record names, and that it is there. */
int gbx_verify_take_reference(struct gbx_verification *v, const struct gbx_record *r, const uint8_t stream[GBX_STREAM_LEN],
			      struct gbx_error *err) GBX_MUST_USE;
/* Remembers that a record is there whose body is not. */
int gbx_verify_take_unshown(struct gbx_verification *v, const struct gbx_record *r, const uint8_t stream[GBX_STREAM_LEN],
			    struct gbx_error *err) GBX_MUST_USE;
/* Sorts the references when the last one was taken. */
int gbx_verify_sort_references(struct gbx_verification *v, struct gbx_error *err) GBX_MUST_USE;
/* The first reference that names such a layer with this digest, in the order of their places, or NULL; and the one behind it. */
struct gbx_reference **gbx_verify_first(const struct gbx_verification *v, enum gbx_named what, const uint8_t sha256[GBX_SHA256_LEN]);
struct gbx_reference **gbx_verify_next(const struct gbx_verification *v, struct gbx_reference **at);
/* The record of a kind that others name (place, config, data) at a place, shown or not; NULL where there is another record or none. */
const struct gbx_reference *gbx_verify_find(const struct gbx_verification *v, const struct gbx_ref *place, Glassbox__Kind kind);

/* Records that a shown one names: kept in mind where they are not there yet. */
int gbx_verify_take_wanted(struct gbx_verification *v, const struct gbx_record *r, const uint8_t stream[GBX_STREAM_LEN],
			   struct gbx_error *err) GBX_MUST_USE;
/* Remembers a shown record of which a run has one; h is used. When all journals were read: none says otherwise than another. */
int gbx_verify_take_once(struct gbx_verification *v, const struct gbx_record *r, const uint8_t stream[GBX_STREAM_LEN], struct gbx_hash *h,
			 struct gbx_error *err) GBX_MUST_USE;
void gbx_verify_once(struct gbx_verification *v);
/* Remembers how many records a stream has. */
int gbx_verify_take_size(struct gbx_verification *v, const struct gbx_head *head, struct gbx_error *err) GBX_MUST_USE;
/* When all journals were read and the references are sorted: each record that is named is there, and none that a gap says is missing, or
 * a row of records says so. */
void gbx_verify_wanted(struct gbx_verification *v);

/* How many threads read so many bytes of records: for a few more than one cost more than they save. */
unsigned gbx_verify_threads(const struct gbx_verification *v, uint64_t bytes);
/* True for a large layer that the statement does not name with this digest. That was said, and hashing it would say nothing more. */
bool gbx_verify_is_endless(const struct gbx_verification *v, const struct gbx_layer *layer);
/* "digests" for contradictions, "layout" for the rest of what can go wrong with a layer as a whole. */
void gbx_verify_layer_error(struct gbx_verification *v, const struct gbx_layer *l, const struct gbx_error *err);
/* Reads the rest of a layer and compares its digest, and reports where it differs; what is endless is reported and not read. True where it is
 * the layer that is named. */
bool gbx_verify_finish(struct gbx_verification *v, const struct gbx_layer *l, struct gbx_blob *blob);
/* "digests" for contradictions and "layout" for the rest, and the check that needs the layer could not be made. */
void gbx_verify_unread(struct gbx_verification *v, enum gbx_check check, const struct gbx_layer *l, const struct gbx_error *err);

#endif
