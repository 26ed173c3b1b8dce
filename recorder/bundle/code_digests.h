/* SHA-256 and git blob id of the files of a snapshot, computed beside the thread that reads them.
 *
 * Each byte of a code tar is hashed three times: for the layer, for its file's SHA-256 and for its file's git id. The reader does
 * the first, a thread each does the others, over batches of files that are passed on in order. */
#ifndef GBX_BUNDLE_CODE_DIGESTS_H
#define GBX_BUNDLE_CODE_DIGESTS_H

#include "digest/gittree.h"

struct gbx_code_digests;

/* Is given every entry, in the order in which they were added, with what its content comes to: git_id has the format's length. Of a
 * submodule, which has no content, both are zero. All is valid during the call. What it returns, unless 0, ends the work. */
typedef int gbx_code_digested(void *arg, const struct gbx_entry *e, const uint8_t sha256[GBX_SHA256_LEN], const uint8_t *git_id,
			      struct gbx_error *err);

struct gbx_code_listener {
	gbx_code_digested *digested; /* called in the caller's own thread, within add and finish */
	void *arg;
};

#define GBX_AUTO_CODE_DIGESTS GBX_CLEANUP(gbx_code_digests_release)

/* With threads below 2, or where none can be had, the caller's thread does everything. About 6 MiB, or 2 MiB then. */
int gbx_code_digests_new(struct gbx_code_digests **out, enum gbx_git_format format, unsigned threads, struct gbx_code_listener listener,
			 struct gbx_error *err) GBX_MUST_USE;
void gbx_code_digests_free(struct gbx_code_digests *d);
void gbx_code_digests_release(struct gbx_code_digests **d);

/* Reads the content to its end; NULL for a submodule. Fails as the content does, or as the listener did for an entry before; what was
 * added before is still told by gbx_code_digests_finish. */
int gbx_code_digests_add(struct gbx_code_digests *d, const struct gbx_entry *e, struct gbx_input *content,
			 struct gbx_error *err) GBX_MUST_USE;

/* Tells the listener of everything that was added whole. Returns what the listener said first, now or earlier. */
int gbx_code_digests_finish(struct gbx_code_digests *d, struct gbx_error *err) GBX_MUST_USE;

#endif
