/* Which blobs a bundle has, each once. Declared in layout.h. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "bundle/layout.h"

/* SHA-256 of "{}". */
const struct gbx_descriptor gbx_empty_config = {
	2, {0x44, 0x13, 0x6f, 0xa3, 0x55, 0xb3, 0x67, 0x8a, 0x11, 0x46, 0xad, 0x16, 0xf7, 0xe8, 0x64, 0x9e,
	    0x94, 0xfb, 0x4f, 0xc2, 0x1f, 0xe7, 0x7e, 0x83, 0x10, 0xc0, 0x60, 0xf6, 0x1c, 0xaa, 0xff, 0x8a}};

void gbx_blob_name(const uint8_t sha256[GBX_SHA256_LEN], char out[GBX_BLOB_NAME_SIZE])
{
	memcpy(out, GBX_BLOB_FOLDER "/", sizeof GBX_BLOB_FOLDER);
	gbx_hex(sha256, GBX_SHA256_LEN, out + sizeof GBX_BLOB_FOLDER);
}

struct place {
	struct gbx_descriptor blob;
	size_t at;
};

static int by_digest(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = memcmp(x->blob.sha256, y->blob.sha256, GBX_SHA256_LEN);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static size_t drop_repeated(struct place *place, size_t len)
{
	size_t kept = 0;

	qsort(place, len, sizeof *place, by_digest);
	for (size_t i = 0; i < len; i++)
		if (kept == 0 || memcmp(place[kept - 1].blob.sha256, place[i].blob.sha256, GBX_SHA256_LEN) != 0)
			place[kept++] = place[i];
	qsort(place, kept, sizeof *place, by_place);
	return kept;
}

static void free_places(struct place **place)
{
	gbx_free(*place);
}

int gbx_blobs_list(const struct gbx_descriptor *manifest, const struct gbx_layers *layers, struct gbx_blobs *out,
		   struct gbx_error *err)
{
	size_t len = layers->len + 2;
	GBX_CLEANUP(free_places) struct place *place = gbx_calloc(len, sizeof *place);
	struct gbx_descriptor *blob = gbx_calloc(len, sizeof *blob);

	if (!place || !blob) {
		gbx_free(blob);
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a list of %zu blobs", len);
	}
	place[0].blob = *manifest;
	place[1].blob = gbx_empty_config;
	for (size_t i = 0; i < layers->len; i++) {
		place[i + 2].blob.size = layers->layer[i].size;
		memcpy(place[i + 2].blob.sha256, layers->layer[i].sha256, GBX_SHA256_LEN);
	}
	for (size_t i = 0; i < len; i++)
		place[i].at = i;
	out->len = drop_repeated(place, len);
	for (size_t i = 0; i < out->len; i++)
		blob[i] = place[i].blob;
	out->blob = blob;
	return 0;
}

void gbx_blobs_free(struct gbx_blobs *blobs)
{
	gbx_free(blobs->blob);
	*blobs = (struct gbx_blobs){0};
}
