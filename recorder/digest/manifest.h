/* Manifests: a list of files, sorted by path bytes, under one Merkle root.
 *
 * The leaf of a file is "glassbox/file/v1" 0x00, type (1 byte), size (8, big-endian), SHA-256 (32), path bytes. Times and modes are
 * in the entry and not in the leaf, so that the same data has the same root everywhere. proto/FORMAT.md has the salted leaf and the
 * listing leaf, too. The page file holds one ManifestEntry per TFRecord. */
#ifndef GBX_DIGEST_MANIFEST_H
#define GBX_DIGEST_MANIFEST_H

#include "base/pb.h"
#include "base/tfrecord.h"
#include "digest/merkle.h"

enum gbx_file_type { GBX_FILE = 0, GBX_EXECUTABLE = 1, GBX_SYMLINK = 2, GBX_GITLINK = 3 };

/* What a manifest is of decides which members its entries have. */
enum gbx_manifest_kind {
	GBX_MANIFEST_FILES, /* a dataset or artifact: mode, mtime and salt; types file and symlink only */
	GBX_MANIFEST_CODE,  /* a snapshot: git_id where it differs; all types */
};

#define GBX_SALT_LEN 32

struct gbx_entry {
	struct gbx_slice path; /* relative, no ".", "..", empty component or NUL */
	enum gbx_file_type type;
	uint64_t size;
	uint8_t sha256[GBX_SHA256_LEN];
	uint32_t mode;
	uint64_t mtime_nanos;
	uint8_t salt[GBX_SALT_LEN];
	uint8_t git_id[GBX_SHA256_LEN];
	size_t git_id_len; /* 0, 20 or 32 */
};

/* What a manifest comes to. */
struct gbx_manifest_sum {
	uint64_t files;
	uint64_t bytes;
	uint8_t root[GBX_SHA256_LEN];
	uint8_t salted_root[GBX_SHA256_LEN]; /* GBX_MANIFEST_FILES only */
	uint8_t listing[GBX_SHA256_LEN];     /* GBX_MANIFEST_FILES, written: root over names, sizes and times; else zero */
};

struct gbx_manifest_batches;

/* Folds entries in order into the roots; both writer and reader use it. */
struct gbx_manifest_fold {
	enum gbx_manifest_kind kind;
	struct gbx_hash *hash;
	bool wants_listing;
	struct gbx_tree tree, salted, listing; /* of the entries that are hashed */
	struct gbx_manifest_batches *batches;  /* of those that are not yet */
	uint64_t files, bytes;
	struct gbx_bytes last; /* path */
};
int gbx_manifest_fold_init(struct gbx_manifest_fold *f, enum gbx_manifest_kind kind, bool wants_listing,
			   struct gbx_error *err) GBX_MUST_USE;
/* From here on another thread hashes, where threads is 2 or more and one can be had; the fold must not move in memory any more. */
void gbx_manifest_fold_help(struct gbx_manifest_fold *f, unsigned threads);
void gbx_manifest_fold_free(struct gbx_manifest_fold *f);
/* Refuses a path that is not a clean relative one or does not sort behind the one before. */
int gbx_manifest_fold_add(struct gbx_manifest_fold *f, const struct gbx_entry *e, struct gbx_error *err) GBX_MUST_USE;
int gbx_manifest_fold_sum(struct gbx_manifest_fold *f, struct gbx_manifest_sum *sum, struct gbx_error *err) GBX_MUST_USE;

/* True for a relative path of clean components within GBX_LIMIT_PATH. */
bool gbx_is_clean_path(struct gbx_slice path);

/* The listing root alone, for files that are not hashed yet: type, size, mtime and path in manifest order. */
int gbx_listing_add(struct gbx_tree *tree, struct gbx_hash *h, enum gbx_file_type type, uint64_t size, uint64_t mtime_nanos,
		    struct gbx_slice path, struct gbx_error *err) GBX_MUST_USE;

/* Writes entries, in order, to out (borrowed). */
struct gbx_manifest_writer {
	struct gbx_manifest_fold fold;
	struct gbx_output *out;
	struct gbx_hash *page;
	struct gbx_bytes message, frame;
};
int gbx_manifest_writer_init(struct gbx_manifest_writer *w, enum gbx_manifest_kind kind, struct gbx_output *out,
			     struct gbx_error *err) GBX_MUST_USE;
void gbx_manifest_writer_free(struct gbx_manifest_writer *w);
int gbx_manifest_writer_add(struct gbx_manifest_writer *w, const struct gbx_entry *e, struct gbx_error *err) GBX_MUST_USE;
/* Ends the list: the sum, and the SHA-256 of the page file. */
int gbx_manifest_writer_finish(struct gbx_manifest_writer *w, struct gbx_manifest_sum *sum, uint8_t page[GBX_SHA256_LEN],
			       struct gbx_error *err) GBX_MUST_USE;

/* Reads entries strictly, front to back; memory does not grow with their number. */
struct gbx_manifest_reader {
	struct gbx_manifest_fold fold;
	struct gbx_tfrecord_reader records;
	struct gbx_arena memory; /* of the decoded entry that path points into */
};
int gbx_manifest_reader_init(struct gbx_manifest_reader *r, enum gbx_manifest_kind kind, struct gbx_input *in,
			     struct gbx_error *err) GBX_MUST_USE;
void gbx_manifest_reader_free(struct gbx_manifest_reader *r);
/* 1 with the next entry (e->path is valid until the next call), 0 at the end, or an error that names entry and path. */
int gbx_manifest_next(struct gbx_manifest_reader *r, struct gbx_entry *e, struct gbx_error *err) GBX_MUST_USE;
/* After gbx_manifest_next has returned 0. */
int gbx_manifest_reader_sum(struct gbx_manifest_reader *r, struct gbx_manifest_sum *sum, struct gbx_error *err) GBX_MUST_USE;

#endif
