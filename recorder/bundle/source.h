/* Reading a bundle, folder or tar file, from a stranger: sizes are bounded before they are believed, links are never followed,
 * and memory does not grow with it but for the list of layers (GBX_LIMIT_LAYERS).
 *
 * A tar whose first header is byte for byte one of ours is read strictly to its end, order included; any other is taken for
 * another tool's copy (tar.h). A changed bit in a first header of ours contradicts its checksum, so it never passes as one. */
#ifndef GBX_BUNDLE_SOURCE_H
#define GBX_BUNDLE_SOURCE_H

#include "base/io.h"
#include "bundle/layout.h"

struct gbx_source;

#define GBX_AUTO_SOURCE GBX_CLEANUP(gbx_source_release)

/* Is told each thing that is wrong with a bundle. check is "digests" where a blob contradicts its descriptor, else "layout".
 * err is valid during the call. */
typedef void gbx_problem(void *arg, const char *check, const struct gbx_error *err);

/* Opens a bundle (a folder, a tar, or a tar on a pipe: "-" for standard input, or /dev/fd/N), checks oci-layout, index.json, image manifest and config, lists the layers, and checks that every file that
 * they name is there (GBX_E_NOTFOUND) and no other (GBX_E_MALFORMED), naming each. Layers are not read.
 *
 * With a problem function everything wrong goes to it, and 0 is returned as long as the list of layers could be read; where it
 * could not, the reason goes there too and is returned. Without one (NULL) the first thing wrong is returned. Free *out with
 * gbx_source_free. */
int gbx_source_open(const char *path, gbx_problem *problem, void *arg, struct gbx_source **out, struct gbx_error *err) GBX_MUST_USE;
void gbx_source_free(struct gbx_source *s);
void gbx_source_release(struct gbx_source **s);

/* True for a pipe: its layers come once, in their order, one open at a time. Those that are needed again are kept: statement, head
 * note, proofs, key, and manifests of snapshots. */
bool gbx_source_is_pipe(const struct gbx_source *s);
/* When all layers were read: what is wrong with the end of a pipe. Of files and folders it was said when they were opened. */
int gbx_source_end(const struct gbx_source *s, struct gbx_error *err) GBX_MUST_USE;

/* As listed in the image manifest; valid as long as the source. */
const struct gbx_layers *gbx_source_layers(const struct gbx_source *s);
/* SHA-256 and size of the image manifest. */
const struct gbx_descriptor *gbx_source_manifest(const struct gbx_source *s);

/* A layer's content, opened for one pass, hashed while it is read. Several may be open at once. */
struct gbx_blob;

#define GBX_AUTO_BLOB GBX_CLEANUP(gbx_blob_release)

/* Opens a layer of this source, which must outlive the blob. GBX_E_NOTFOUND where its blob is missing; a link or folder in its
 * place is GBX_E_MALFORMED or GBX_E_IO. Free *out with gbx_blob_free. */
int gbx_source_blob(const struct gbx_source *s, const struct gbx_layer *layer, struct gbx_blob **out,
		    struct gbx_error *err) GBX_MUST_USE;
/* Gives what is there, never more than the size that the layer should have. What it gives is not to be believed before
 * gbx_blob_finish has returned 0. */
struct gbx_input *gbx_blob_input(struct gbx_blob *b);
/* Reads what is left and compares size and SHA-256 with the layer's descriptor: GBX_E_BAD, naming the layer, where they differ. */
int gbx_blob_finish(struct gbx_blob *b, struct gbx_error *err) GBX_MUST_USE;
void gbx_blob_free(struct gbx_blob *b);
void gbx_blob_release(struct gbx_blob **b);

/* A whole layer of at most limit bytes (else GBX_E_LIMIT), checked; appended to *out. */
int gbx_source_load(const struct gbx_source *s, const struct gbx_layer *layer, size_t limit, struct gbx_bytes *out,
		    struct gbx_error *err) GBX_MUST_USE;

#endif
