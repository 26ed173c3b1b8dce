/* Where a snapshot's content is kept: the store's own bare repository, and the files whose bytes are not their git blob.
 *
 * A store inside the repository's folder borrows what HEAD reaches, through alternates, and a ref in the repository keeps that from
 * being collected. A store elsewhere, or beside a repository that cannot be written, gets a copy of everything. */
#ifndef GBX_CAPTURE_SNAPSTORE_H
#define GBX_CAPTURE_SNAPSTORE_H

#include "capture/code.h"
#include "capture/git.h"

struct gbx_snapstore {
	const struct gbx_code_options *options;
	struct gbx_git_objects *objects;
	char *repository; /* <store>/git */
	bool copy;        /* nothing is borrowed */
	bool blobs;       /* options->blobs is there */
};

/* Makes <store>/git where it is not there, decides what is borrowed, and writes the ref. */
int gbx_snapstore_open(struct gbx_snapstore *s, const struct gbx_code_options *o, const struct gbx_git *git,
		       const struct gbx_git_head *head, struct gbx_error *err) GBX_MUST_USE;
void gbx_snapstore_close(struct gbx_snapstore *s);

/* Keeps a blob or tree that the store does not have of its own. */
int gbx_snapstore_keep(struct gbx_snapstore *s, bool tree, const uint8_t *id, struct gbx_slice content,
		       struct gbx_error *err) GBX_MUST_USE;
/* Keeps bytes under their SHA-256. When it returns they survive a power cut. */
int gbx_snapstore_keep_bytes(struct gbx_snapstore *s, const uint8_t sha256[GBX_SHA256_LEN], struct gbx_slice content,
			     struct gbx_error *err) GBX_MUST_USE;
/* Syncs what was kept and names the snapshot's tree by a ref in <store>/git. */
int gbx_snapstore_finish(struct gbx_snapstore *s, const uint8_t *tree, size_t id_len, struct gbx_error *err) GBX_MUST_USE;

#endif
