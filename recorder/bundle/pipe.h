/* A bundle's tar on a pipe: its files come once, one after the other, in the order that publish writes (FORMAT.md section 6). What is
 * needed again is kept in memory, up to GBX_LIMIT_KEPT bytes together. */
#ifndef GBX_BUNDLE_PIPE_H
#define GBX_BUNDLE_PIPE_H

#include "base/io.h"
#include "bundle/layout.h"

struct gbx_pipe;

/* Reads oci-layout and index.json; fd is borrowed and stands at the tar's first byte. Fails for a tar that publish did not write. Free
 * *out with gbx_pipe_free. */
int gbx_pipe_open(int fd, struct gbx_pipe **out, struct gbx_error *err) GBX_MUST_USE;
void gbx_pipe_free(struct gbx_pipe *p);

/* The text of oci-layout or index.json. */
struct gbx_slice gbx_pipe_document(const struct gbx_pipe *p, const char *name);

/* What follows, once the image manifest has said it: takes the list over. */
void gbx_pipe_expect(struct gbx_pipe *p, struct gbx_blobs *blobs);

/* Goes on to a blob, leaving out those before it; *in gives its bytes until another is gone on to, *size is what the tar says. One that was
 * kept may be read any number of times, in *memory; one that has passed is GBX_E_MALFORMED. */
int gbx_pipe_blob(struct gbx_pipe *p, const uint8_t sha256[GBX_SHA256_LEN], struct gbx_memory_input *memory, struct gbx_input **in,
		  uint64_t *size, struct gbx_error *err) GBX_MUST_USE;
/* Reads a blob to be kept; what it holds has still to be held against its digest. */
int gbx_pipe_keep(struct gbx_pipe *p, const uint8_t sha256[GBX_SHA256_LEN], struct gbx_error *err) GBX_MUST_USE;

/* Reads to the end of the tar: GBX_E_MALFORMED where a blob was left out, is missing, or something follows. */
int gbx_pipe_finish(struct gbx_pipe *p, struct gbx_error *err) GBX_MUST_USE;

#endif
