/* Writing a bundle: a folder, or one tar file of it. The same layers in the same order give the same bytes.
 *
 * Everything is written under a temporary name beside the path and moved there, synced, at the end: what appears under the path
 * is a whole bundle that survives a power cut, or nothing. A bundle is public: files 0644, folders 0755, less the umask. */
#ifndef GBX_BUNDLE_WRITE_H
#define GBX_BUNDLE_WRITE_H

#include "base/io.h"
#include "bundle/layout.h"

struct gbx_bundle_writer;

#define GBX_AUTO_BUNDLE_WRITER GBX_CLEANUP(gbx_bundle_release)

/* Begins a bundle at path; free *out with gbx_bundle_abandon, also after gbx_bundle_finish.
 * GBX_E_EXISTS where something is there. */
int gbx_bundle_create(const char *path, bool tar, struct gbx_bundle_writer **out, struct gbx_error *err) GBX_MUST_USE;

/* Copies content to its end into a layer; content is borrowed. Equal content under several titles is stored once. GBX_E_EXISTS
 * for a title that is there already; titles and media types as in gbx_layers_add. publication.json is not added here.
 * After a failure the bundle can only be abandoned. */
int gbx_bundle_add(struct gbx_bundle_writer *w, const char *title, const char *media_type, struct gbx_input *content,
		   struct gbx_error *err) GBX_MUST_USE;

/* The same for content that is made while it is written: produce writes all of it to out. */
typedef int gbx_produce(void *arg, struct gbx_output *out, struct gbx_error *err);
int gbx_bundle_add_produced(struct gbx_bundle_writer *w, const char *title, const char *media_type, gbx_produce *produce,
			    void *arg, struct gbx_error *err) GBX_MUST_USE;

/* The layers so far, with sizes and digests, for the publication statement; valid until the next add or finish. */
const struct gbx_layers *gbx_bundle_layers(const struct gbx_bundle_writer *w);

/* Adds publication.json as the first layer, writes the documents and moves the bundle into place, synced. On failure nothing is
 * under the path and nothing temporary is left. Nothing may be added after it. */
int gbx_bundle_finish(struct gbx_bundle_writer *w, struct gbx_slice publication, struct gbx_error *err) GBX_MUST_USE;

/* Removes what is temporary, where there is any, and frees. */
void gbx_bundle_abandon(struct gbx_bundle_writer *w);
void gbx_bundle_release(struct gbx_bundle_writer **w);

#endif
