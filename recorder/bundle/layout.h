/* The documents of an OCI image layout (image-spec v1.1: image-layout.md, image-index.md, manifest.md, descriptor.md) as a
 * bundle has them: `oci-layout`, `index.json`, one image manifest whose config is the empty descriptor, and its layers. */
#ifndef GBX_BUNDLE_LAYOUT_H
#define GBX_BUNDLE_LAYOUT_H

#include "base/bytes.h"
#include "digest/hash.h"

#define GBX_MEDIA_INDEX "application/vnd.oci.image.index.v1+json"
#define GBX_MEDIA_IMAGE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define GBX_MEDIA_EMPTY "application/vnd.oci.empty.v1+json"
#define GBX_MEDIA_BUNDLE "application/vnd.glassbox.bundle.v1"
#define GBX_MEDIA_JOURNAL "application/vnd.glassbox.journal.v1"
#define GBX_MEDIA_MANIFEST "application/vnd.glassbox.manifest.v1"
#define GBX_MEDIA_CODE "application/vnd.glassbox.code.v1.tar"
#define GBX_MEDIA_HEAD "application/vnd.glassbox.head.v1"
#define GBX_MEDIA_IN_TOTO "application/vnd.in-toto+json"
#define GBX_MEDIA_TIMESTAMP "application/timestamp-reply"
#define GBX_MEDIA_BYTES "application/octet-stream"
#define GBX_MEDIA_JSON "application/json"
#define GBX_MEDIA_YAML "application/yaml"
#define GBX_MEDIA_TEXT "text/plain"

#define GBX_LAYOUT_FILE "oci-layout"
#define GBX_INDEX_FILE "index.json"
#define GBX_BLOB_FOLDER "blobs/sha256"
#define GBX_PUBLICATION_TITLE "publication.json"
/* A blob's name in a bundle, "blobs/sha256/<64 hex>", with its NUL. */
#define GBX_BLOB_NAME_SIZE (sizeof GBX_BLOB_FOLDER + 1 + 2 * (size_t)GBX_SHA256_LEN)
void gbx_blob_name(const uint8_t sha256[GBX_SHA256_LEN], char out[GBX_BLOB_NAME_SIZE]);

struct gbx_layer {
	char *title;            /* printable ASCII; owned by the list */
	const char *media_type; /* static */
	uint64_t size;          /* bytes */
	uint8_t sha256[GBX_SHA256_LEN];
};

/* At most GBX_LIMIT_LAYERS; {0} is an empty one. */
struct gbx_layers {
	struct gbx_layer *layer;
	size_t len;
	size_t cap;
	size_t *by_title; /* their numbers in the order of titles, once gbx_layers_check_unique has sorted them */
	size_t sorted;    /* how many those are; a layer that is added later is looked for one by one */
};

#define GBX_AUTO_LAYERS GBX_CLEANUP(gbx_layers_free)

void gbx_layers_free(struct gbx_layers *layers);
/* Adds a layer whose title is one that a bundle may have, with a media type that goes with it (the table in layers.c), and, for
 * `file/<sha256>`, with the digest that it names: else GBX_E_MALFORMED, or GBX_E_BAD for that digest. A title that is there
 * already is not looked for. */
int gbx_layers_add(struct gbx_layers *layers, struct gbx_slice title, struct gbx_slice media_type, uint64_t size,
		   const uint8_t sha256[GBX_SHA256_LEN], struct gbx_error *err) GBX_MUST_USE;
/* NULL where there is none. */
const struct gbx_layer *gbx_layers_find(const struct gbx_layers *layers, const char *title);
/* Sorts the titles, so that they are found quickly from then on, and refuses a list with one title twice. */
int gbx_layers_check_unique(struct gbx_layers *layers, struct gbx_error *err) GBX_MUST_USE;

struct gbx_descriptor {
	uint64_t size; /* bytes */
	uint8_t sha256[GBX_SHA256_LEN];
};

/* The config of every bundle: the two bytes `{}`. */
extern const struct gbx_descriptor gbx_empty_config;

/* The blobs of a bundle, each once, in the order of the tar: image manifest, config, layers as listed. */
struct gbx_blobs {
	struct gbx_descriptor *blob;
	size_t len;
};
int gbx_blobs_list(const struct gbx_descriptor *manifest, const struct gbx_layers *layers, struct gbx_blobs *out,
		   struct gbx_error *err) GBX_MUST_USE;
void gbx_blobs_free(struct gbx_blobs *blobs);

/* Writers append; there is one text for a value: no white space, no annotations in index.json, no newline at the end. */
int gbx_layout_write(struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
int gbx_index_write(const struct gbx_descriptor *manifest, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* The first layer is publication.json. */
int gbx_image_manifest_write(const struct gbx_layers *layers, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;

/* Reads index.json, which tools that copy an image write again: one manifest, no unknown members, annotations ignored.
 * *ours is true where every byte is what gbx_index_write writes. GBX_E_VERSION for another schemaVersion or artifactType. */
int gbx_index_read(struct gbx_slice text, struct gbx_descriptor *manifest, bool *ours, struct gbx_error *err) GBX_MUST_USE;
/* Reads oci-layout. Beside an index.json of ours it must be ours to the byte; other tools' spellings are taken beside others'. */
int gbx_layout_read(struct gbx_slice text, bool ours, struct gbx_error *err) GBX_MUST_USE;
/* Reads an image manifest, whose bytes a digest binds and no tool changes: it must be what gbx_image_manifest_write writes.
 * Errors name the byte and what was expected there. *out is an empty list before. */
int gbx_image_manifest_read(struct gbx_slice text, struct gbx_layers *out, struct gbx_error *err) GBX_MUST_USE;

#endif
