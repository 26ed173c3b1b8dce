/* Changes a bundle in a tar as an attacker would who has no key: something in a layer, and then everything that names it. */
#include "mutate_bundle.h"

#include "bundle/publication.h"
#include "bundle/tar.h"
#include "mutate.h"
#include "target.h"
#include "trust/dsse.h"

enum { LAYERS = 64 };

struct bundle {
	struct gbx_slice layout, index;
	struct gbx_layers layers;
	struct gbx_bytes content[LAYERS];
	/* As they stand in the tar. */
	struct gbx_slice file[LAYERS];
	uint8_t name[LAYERS][GBX_SHA256_LEN];
	size_t files;
};

static void put_bytes(struct gbx_bytes *out, struct gbx_slice bytes)
{
	FUZZ_HOLDS(gbx_bytes_append(out, bytes.data, bytes.len, NULL) == 0);
}

static void free_bundle(struct bundle *b)
{
	for (size_t i = 0; i < LAYERS; i++)
		gbx_bytes_free(&b->content[i]);
	gbx_layers_free(&b->layers);
}

static void take_file(struct bundle *b, const struct gbx_tar_entry *e, struct gbx_slice content)
{
	struct gbx_slice hex = e->path, folder;

	if (gbx_slice_is(e->path, GBX_LAYOUT_FILE))
		b->layout = content;
	else if (gbx_slice_is(e->path, GBX_INDEX_FILE))
		b->index = content;
	else if (b->files < LAYERS && gbx_take(&hex, sizeof GBX_BLOB_FOLDER, &folder) &&
		 gbx_unhex(hex, b->name[b->files], GBX_SHA256_LEN))
		b->file[b->files++] = content;
}

static void take_files(struct bundle *b, struct gbx_slice tar)
{
	GBX_AUTO_TAR struct gbx_tar_reader r = {0};
	struct gbx_memory_input in;
	struct gbx_tar_entry e;

	gbx_memory_input(&in, tar);
	gbx_tar_reader_init(&r, &in.in, false);
	while (gbx_tar_next(&r, &e, NULL) == 1) {
		uint64_t start = gbx_tar_content_start(&r);
		if (start <= tar.len && e.size <= tar.len - start)
			take_file(b, &e, gbx_slice(tar.data + start, (size_t)e.size));
	}
}

static struct gbx_slice find_file(const struct bundle *b, const uint8_t sha256[GBX_SHA256_LEN])
{
	for (size_t i = 0; i < b->files; i++)
		if (memcmp(b->name[i], sha256, GBX_SHA256_LEN) == 0)
			return b->file[i];
	return gbx_slice("", 0);
}

static bool load_bundle(struct bundle *b, struct gbx_slice tar)
{
	struct gbx_descriptor manifest;
	bool ours;

	take_files(b, tar);
	if (gbx_index_read(b->index, &manifest, &ours, NULL) ||
	    gbx_image_manifest_read(find_file(b, manifest.sha256), &b->layers, NULL) || b->layers.len > LAYERS)
		return false;
	for (size_t i = 0; i < b->layers.len; i++) {
		struct gbx_slice file = find_file(b, b->layers.layer[i].sha256);
		put_bytes(&b->content[i], file);
	}
	return true;
}

/* Makes the descriptor, and a title that is a digest, agree with the content. */
static void mend_layer(struct bundle *b, size_t i)
{
	struct gbx_layer *l = &b->layers.layer[i];

	FUZZ_HOLDS(gbx_sha256(gbx_slice_of(&b->content[i]), l->sha256, NULL) == 0);
	l->size = b->content[i].len;
	if (strncmp(l->title, "file/", 5) == 0)
		gbx_hex(l->sha256, GBX_SHA256_LEN, l->title + 5);
}

static bool is_a(const struct gbx_layer *l, const char *kind)
{
	return strncmp(l->title, kind, strlen(kind)) == 0;
}

/* A digest in a record becomes the layer's new one, and the chain fits again. */
static void rename_in_journals(struct bundle *b, const uint8_t old[GBX_SHA256_LEN], const uint8_t now[GBX_SHA256_LEN])
{
	for (size_t i = 0; i < b->layers.len; i++) {
		struct gbx_bytes *journal = &b->content[i];
		uint8_t *at = journal->data;
		if (!is_a(&b->layers.layer[i], "journal/"))
			continue;
		while (at && (at = memmem(at, (size_t)(journal->data + journal->len - at), old, GBX_SHA256_LEN))) {
			memcpy(at, now, GBX_SHA256_LEN);
			at += GBX_SHA256_LEN;
		}
		if (journal->len)
			journal->len = fuzz_chain_again(journal->data, journal->len, journal->cap);
		mend_layer(b, i);
	}
}

/* A key that nobody trusts. */
static const struct gbx_key *attacker(void)
{
	static struct gbx_key *key;

	if (!key)
		FUZZ_HOLDS(gbx_key_generate(&key, NULL) == 0);
	return key;
}

/* The payload under the signature that was there. */
static void keep_signature(struct bundle *b, struct gbx_slice payload)
{
	static const char payload_end[] = "\",\"payloadType\"";
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	const struct gbx_bytes *old = &b->content[0];
	const uint8_t *rest = memmem(old->data, old->len, payload_end, sizeof payload_end - 1);

	FUZZ_HOLDS(rest && gbx_bytes_printf(&text, NULL, "{\"payload\":\"") == 0);
	FUZZ_HOLDS(gbx_base64(payload.data, payload.len, &text, NULL) == 0);
	put_bytes(&text, gbx_slice(rest, (size_t)(old->data + old->len - rest)));
	b->content[0].len = 0;
	put_bytes(&b->content[0], gbx_slice_of(&text));
}

static void put_envelope(struct bundle *b, struct gbx_slice payload)
{
	if (fuzz_below(3) == 0) {
		keep_signature(b, payload);
		mend_layer(b, 0);
		return;
	}
	b->content[0].len = 0;
	FUZZ_HOLDS(gbx_dsse_write(GBX_MEDIA_IN_TOTO, payload, fuzz_below(2) ? attacker() : NULL, &b->content[0], NULL) == 0);
	mend_layer(b, 0);
}

/* Another statement, signed by another. */
static void change_statement(struct bundle *b)
{
	GBX_AUTO_DSSE struct gbx_dsse envelope = {0};

	if (gbx_dsse_read(gbx_slice_of(&b->content[0]), true, &envelope, NULL))
		return;
	size_t room = envelope.payload.len + 64;
	FUZZ_HOLDS(gbx_bytes_reserve(&envelope.payload, room, NULL) == 0);
	envelope.payload.len = LLVMFuzzerMutate(envelope.payload.data, envelope.payload.len, room);
	put_envelope(b, gbx_slice_of(&envelope.payload));
}

/* The statement that names the layers as they are now, signed by another. */
static void state_again(struct bundle *b)
{
	GBX_AUTO_PUBLICATION struct gbx_publication p = {0};
	GBX_AUTO_DSSE struct gbx_dsse envelope = {0};
	GBX_AUTO_BYTES struct gbx_bytes payload = {0};

	if (gbx_dsse_read(gbx_slice_of(&b->content[0]), true, &envelope, NULL) ||
	    gbx_publication_read(gbx_slice_of(&envelope.payload), &p, NULL))
		return;
	gbx_layers_free(&p.layers);
	for (size_t i = 0; i < b->layers.len; i++) {
		const struct gbx_layer *l = &b->layers.layer[i];
		struct gbx_slice title = gbx_slice_text(l->title), type = gbx_slice_text(l->media_type);
		if (gbx_publication_names(l->title) && gbx_layers_add(&p.layers, title, type, l->size, l->sha256, NULL))
			return;
	}
	if (gbx_publication_write(&p, &payload, NULL) == 0)
		put_envelope(b, gbx_slice_of(&payload));
}

static void change_content(struct bundle *b, size_t i)
{
	struct gbx_layer *l = &b->layers.layer[i];
	struct gbx_bytes *content = &b->content[i];
	size_t room = content->len + 256;

	FUZZ_HOLDS(gbx_bytes_reserve(content, room, NULL) == 0);
	if (is_a(l, "journal/")) {
		content->len = fuzz_mutate_frames(content->data, content->len, room, fuzz_mutate_message);
		if (fuzz_below(4))
			content->len = fuzz_chain_again(content->data, content->len, room);
	} else if (is_a(l, "manifest/") || is_a(l, "streams.")) {
		content->len = fuzz_mutate_frames(content->data, content->len, room, fuzz_mutate_message);
	} else {
		content->len = LLVMFuzzerMutate(content->data, content->len, room);
	}
}

static void change_layer(struct bundle *b, size_t i)
{
	uint8_t old[GBX_SHA256_LEN];

	/* Not covered up. */
	if (fuzz_below(4) == 0) {
		change_content(b, i);
		return;
	}
	memcpy(old, b->layers.layer[i].sha256, sizeof old);
	if (i == 0 && fuzz_below(4))
		change_statement(b);
	else
		change_content(b, i);
	mend_layer(b, i);
	if (fuzz_below(2) && !is_a(&b->layers.layer[i], "journal/"))
		rename_in_journals(b, old, b->layers.layer[i].sha256);
	if (fuzz_below(4) == 0)
		state_again(b);
}

/* Whole layers: dropped, swapped, under another's title. */
static void move_layers(struct bundle *b)
{
	size_t i = 1 + fuzz_below(b->layers.len - 1), j = 1 + fuzz_below(b->layers.len - 1), how = fuzz_below(3);
	struct gbx_layer *l = b->layers.layer, taken = l[i];
	struct gbx_bytes content = b->content[i];

	if (how == 0) {
		size_t last = --b->layers.len;
		free(taken.title);
		l[i] = l[last];
		b->content[i] = b->content[last];
		b->content[last] = content;
	} else if (how == 1) {
		l[i] = l[j];
		b->content[i] = b->content[j];
		l[j] = taken;
		b->content[j] = content;
	} else if (l[i].media_type == l[j].media_type && !is_a(&l[i], "file/")) {
		l[i].title = l[j].title;
		l[j].title = taken.title;
	}
	if (fuzz_below(2))
		state_again(b);
}

static void put_file(const char *name, struct gbx_slice content, struct gbx_bytes *tar)
{
	struct gbx_tar_entry e = {.path = gbx_slice_text(name), .type = GBX_FILE, .size = content.len};

	FUZZ_HOLDS(gbx_tar_header(&e, tar, NULL) == 0);
	put_bytes(tar, content);
	FUZZ_HOLDS(gbx_tar_padding(content.len, tar, NULL) == 0);
}

static struct gbx_slice content_of(const struct bundle *b, const struct gbx_bytes *manifest, size_t blob,
				   const struct gbx_descriptor *d)
{
	if (blob == 0)
		return gbx_slice_of(manifest);
	for (size_t i = 0; i < b->layers.len; i++)
		if (memcmp(b->layers.layer[i].sha256, d->sha256, GBX_SHA256_LEN) == 0)
			return gbx_slice_of(&b->content[i]);
	return gbx_slice_text("{}");
}

/* False where the layers are no bundle's. */
static bool write_bundle(const struct bundle *b, struct gbx_bytes *tar)
{
	GBX_CLEANUP(gbx_blobs_free) struct gbx_blobs blobs = {0};
	GBX_AUTO_BYTES struct gbx_bytes manifest = {0}, index = {0};
	char name[GBX_BLOB_NAME_SIZE];
	struct gbx_descriptor d;

	if (gbx_image_manifest_write(&b->layers, &manifest, NULL) || gbx_sha256(gbx_slice_of(&manifest), d.sha256, NULL))
		return false;
	d.size = manifest.len;
	if (gbx_index_write(&d, &index, NULL) || gbx_blobs_list(&d, &b->layers, &blobs, NULL))
		return false;
	put_file(GBX_LAYOUT_FILE, b->layout, tar);
	put_file(GBX_INDEX_FILE, gbx_slice_of(&index), tar);
	for (size_t i = 0; i < blobs.len; i++) {
		gbx_blob_name(blobs.blob[i].sha256, name);
		put_file(name, content_of(b, &manifest, i, &blobs.blob[i]), tar);
	}
	return gbx_tar_end(tar, NULL) == 0;
}

size_t fuzz_mutate_bundle(uint8_t *data, size_t size, size_t max)
{
	GBX_CLEANUP(free_bundle) struct bundle b = {0};
	GBX_AUTO_BYTES struct gbx_bytes tar = {0};

	if (fuzz_below(8) == 0 || !load_bundle(&b, gbx_slice(data, size)) || b.layers.len < 2)
		return LLVMFuzzerMutate(data, size, max);
	if (fuzz_below(8) == 0)
		move_layers(&b);
	else
		change_layer(&b, fuzz_below(b.layers.len));
	if (!write_bundle(&b, &tar) || tar.len > max)
		return LLVMFuzzerMutate(data, size, max);
	memcpy(data, tar.data, tar.len);
	return tar.len;
}
