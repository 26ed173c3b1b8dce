#include "bundle/source.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "bundle/pipe.h"
#include "bundle/places.h"

struct gbx_source {
	struct gbx_places places;
	struct gbx_pipe *pipe; /* instead of places, or NULL */
	struct gbx_descriptor manifest;
	struct gbx_layers layers;
};

struct gbx_blob {
	struct gbx_input in; /* first, so that it leads back here */
	struct gbx_part part;
	struct gbx_range_input range;
	struct gbx_memory_input memory;
	struct gbx_input *from; /* one of them, or what comes on a pipe */
	uint64_t size;          /* of what is there */
	struct gbx_hash *hash;
	struct gbx_descriptor want;
	char name[GBX_LIMIT_TITLE + GBX_BLOB_NAME_SIZE + 8]; /* for errors */
};

void gbx_source_free(struct gbx_source *s)
{
	if (!s)
		return;
	gbx_places_free(&s->places);
	gbx_pipe_free(s->pipe);
	gbx_layers_free(&s->layers);
	gbx_free(s);
}

void gbx_source_release(struct gbx_source **s)
{
	gbx_source_free(*s);
	*s = NULL;
}

const struct gbx_layers *gbx_source_layers(const struct gbx_source *s)
{
	return &s->layers;
}

const struct gbx_descriptor *gbx_source_manifest(const struct gbx_source *s)
{
	return &s->manifest;
}

void gbx_blob_free(struct gbx_blob *b)
{
	if (!b)
		return;
	gbx_part_free(&b->part);
	gbx_hash_free(b->hash);
	gbx_free(b);
}

void gbx_blob_release(struct gbx_blob **b)
{
	gbx_blob_free(*b);
	*b = NULL;
}

static int wrong_size(const struct gbx_blob *b, const struct gbx_descriptor *want, struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_BAD, "%s is %llu bytes long, its descriptor says %llu", b->name, (unsigned long long)b->size,
			(unsigned long long)want->size);
}

static int blob_read(struct gbx_input *in, void *buf, size_t len, size_t *got, struct gbx_error *err)
{
	struct gbx_blob *b = (struct gbx_blob *)in;
	size_t n;
	int rc = b->from->read(b->from, buf, len, &n, err);

	if (rc) {
		gbx_fail_context(err, "%s", b->name);
		return rc;
	}
	gbx_hash_update(b->hash, buf, n);
	*got = n;
	return 0;
}

static int open_at_place(const struct gbx_source *s, const struct gbx_descriptor *want, struct gbx_blob *b, struct gbx_error *err)
{
	int rc = gbx_places_blob(&s->places, want->sha256, &b->part, err);

	if (rc)
		return rc;
	b->size = b->part.size;
	gbx_range_input(&b->range, b->part.fd, b->part.start, b->part.start + (b->size < want->size ? b->size : want->size));
	b->from = &b->range.in;
	return 0;
}

static int open_on_pipe(const struct gbx_source *s, const struct gbx_descriptor *want, struct gbx_blob *b, struct gbx_error *err)
{
	int rc = gbx_pipe_blob(s->pipe, want->sha256, &b->memory, &b->from, &b->size, err);

	/* Never more is given than the descriptor says. */
	return rc || b->size <= want->size ? rc : wrong_size(b, want, err);
}

/* title is NULL for the image manifest and the config. */
static int open_blob(const struct gbx_source *s, const struct gbx_descriptor *want, const char *title, struct gbx_blob **out,
		     struct gbx_error *err)
{
	GBX_AUTO_BLOB struct gbx_blob *b = gbx_calloc(1, sizeof *b);
	char name[GBX_BLOB_NAME_SIZE];

	if (!b)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to open a blob");
	gbx_blob_name(want->sha256, name);
	snprintf(b->name, sizeof b->name, title ? "%s (%s)" : "%s%s", title ? title : name, title ? name : "");
	int rc = s->pipe ? open_on_pipe(s, want, b, err) : open_at_place(s, want, b, err);
	if (rc == 0)
		rc = gbx_hash_new(&b->hash, GBX_SHA256, err);
	if (rc) {
		if (title)
			gbx_fail_context(err, "%s", title);
		return rc;
	}
	gbx_hash_start(b->hash);
	b->in.read = blob_read;
	b->want = *want;
	*out = b;
	b = NULL;
	return 0;
}

/* The manifest of a snapshot is read for itself and beside the snapshot's tar. */
static bool is_read_twice(const struct gbx_source *s, const struct gbx_layer *layer)
{
	char title[GBX_LIMIT_TITLE + 8];

	if (strncmp(layer->title, "manifest/", 9) != 0)
		return false;
	snprintf(title, sizeof title, "code/%.*s.tar", (int)strcspn(layer->title + 9, "."), layer->title + 9);
	return gbx_layers_find(&s->layers, title) != NULL;
}

bool gbx_source_is_pipe(const struct gbx_source *s)
{
	return s->pipe != NULL;
}

int gbx_source_end(const struct gbx_source *s, struct gbx_error *err)
{
	return s->pipe ? gbx_pipe_finish(s->pipe, err) : 0;
}

int gbx_source_blob(const struct gbx_source *s, const struct gbx_layer *layer, struct gbx_blob **out, struct gbx_error *err)
{
	struct gbx_descriptor want = {.size = layer->size};

	if (s->pipe && is_read_twice(s, layer)) {
		int rc = gbx_pipe_keep(s->pipe, layer->sha256, err);
		if (rc)
			return gbx_fail_context(err, "%s", layer->title);
	}

	memcpy(want.sha256, layer->sha256, sizeof want.sha256);
	return open_blob(s, &want, layer->title, out, err);
}

struct gbx_input *gbx_blob_input(struct gbx_blob *b)
{
	return &b->in;
}

int gbx_blob_finish(struct gbx_blob *b, struct gbx_error *err)
{
	uint8_t buf[65536], found[GBX_SHA256_LEN];
	char hex[2 * GBX_SHA256_LEN + 1];
	size_t got = 1;
	int rc = 0;

	/* A size alone tells; a file of another size need not be read. */
	if (b->size != b->want.size)
		return wrong_size(b, &b->want, err);
	while (rc == 0 && got)
		rc = blob_read(&b->in, buf, sizeof buf, &got, err);
	if (rc == 0)
		rc = gbx_hash_final(b->hash, found, err);
	if (rc || memcmp(found, b->want.sha256, sizeof found) == 0)
		return rc;
	gbx_hex(found, sizeof found, hex);
	return gbx_fail(err, GBX_E_BAD, "%s has the SHA-256 %s: its bytes were changed", b->name, hex);
}

/* want->size has been held against a limit. */
static int load(struct gbx_blob *b, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes data = {0};
	size_t got = 1;
	int rc = gbx_bytes_reserve(&data, (size_t)(b->size < b->want.size ? b->size : b->want.size) + 1, err);

	while (rc == 0 && got) {
		rc = blob_read(&b->in, data.data + data.len, data.cap - data.len, &got, err);
		data.len += rc ? 0 : got;
	}
	if (rc == 0)
		rc = gbx_blob_finish(b, err);
	return rc ? rc : gbx_bytes_append(out, data.data, data.len, err);
}

int gbx_source_load(const struct gbx_source *s, const struct gbx_layer *layer, size_t limit, struct gbx_bytes *out,
		    struct gbx_error *err)
{
	GBX_AUTO_BLOB struct gbx_blob *b = NULL;

	if (layer->size > limit)
		return gbx_fail(err, GBX_E_LIMIT, "%s: %llu bytes, at most %zu are read", layer->title,
				(unsigned long long)layer->size, limit);
	int rc = gbx_source_blob(s, layer, &b, err);
	return rc ? rc : load(b, out, err);
}

static int load_document(const struct gbx_source *s, const char *name, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_AUTO_PART struct gbx_part part = {.fd = -1};

	if (s->pipe) {
		struct gbx_slice text = gbx_pipe_document(s->pipe, name);
		return gbx_bytes_append(out, text.data, text.len, err);
	}
	int rc = gbx_places_document(&s->places, name, &part, err);
	if (rc)
		return rc;
	if (part.size > GBX_LIMIT_INDEX)
		return gbx_fail(err, GBX_E_LIMIT, "%s: %llu bytes, at most %u are read", name, (unsigned long long)part.size,
				GBX_LIMIT_INDEX);
	rc = gbx_bytes_reserve(out, (size_t)part.size + 1, err);
	if (rc == 0)
		rc = gbx_pread(part.fd, out->data, (size_t)part.size, part.start, err);
	if (rc == 0)
		out->len = (size_t)part.size;
	return rc;
}

static int read_layout(const struct gbx_source *s, bool ours, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	int rc = load_document(s, GBX_LAYOUT_FILE, &text, err);

	return rc ? rc : gbx_layout_read(gbx_slice_of(&text), ours, err);
}

static int read_index(struct gbx_source *s, bool *ours, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	int rc = load_document(s, GBX_INDEX_FILE, &text, err);

	return rc ? rc : gbx_index_read(gbx_slice_of(&text), &s->manifest, ours, err);
}

static int read_image_manifest(struct gbx_source *s, struct gbx_error *err)
{
	GBX_AUTO_BLOB struct gbx_blob *b = NULL;
	GBX_AUTO_BYTES struct gbx_bytes text = {0};

	if (s->manifest.size > GBX_LIMIT_JSON)
		return gbx_fail(err, GBX_E_LIMIT, "image manifest: %llu bytes, at most %u are read",
				(unsigned long long)s->manifest.size, GBX_LIMIT_JSON);
	int rc = open_blob(s, &s->manifest, "image manifest", &b, err);
	if (rc == 0)
		rc = load(b, &text, err);
	if (rc) {
		/* Either of the two may be the one that was changed. */
		gbx_fail_context(err, "what " GBX_INDEX_FILE " names");
		return rc;
	}
	return gbx_image_manifest_read(gbx_slice_of(&text), &s->layers, err);
}

/* One that is missing is told with the layers that are. */
static int check_config(const struct gbx_source *s, const struct gbx_reporter *r, struct gbx_error *err)
{
	GBX_AUTO_BLOB struct gbx_blob *b = NULL;
	int rc = open_blob(s, &gbx_empty_config, "config", &b, err);

	if (rc == 0)
		rc = gbx_blob_finish(b, err);
	return rc == 0 || rc == GBX_E_NOTFOUND ? 0 : gbx_report(r, rc == GBX_E_BAD ? "digests" : "layout", err);
}

static const char *title_of(const struct gbx_source *s, const uint8_t sha256[GBX_SHA256_LEN])
{
	for (size_t i = 0; i < s->layers.len; i++)
		if (memcmp(s->layers.layer[i].sha256, sha256, GBX_SHA256_LEN) == 0)
			return s->layers.layer[i].title;
	return "config";
}

static int check_there(const struct gbx_source *s, const struct gbx_blobs *blobs, const struct gbx_reporter *r,
		       struct gbx_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < blobs->len; i++) {
		GBX_AUTO_PART struct gbx_part part = {.fd = -1};
		if (gbx_places_blob(&s->places, blobs->blob[i].sha256, &part, err) == 0)
			continue;
		/* What lies behind a tar's damage was told with the damage. */
		if (s->places.broken && err->code == GBX_E_NOTFOUND)
			continue;
		gbx_fail_context(err, "%s", title_of(s, blobs->blob[i].sha256));
		rc = gbx_report(r, "layout", err);
	}
	return rc;
}

/* On a pipe, what says how to read the rest comes first: statement, signature and key. */
static int keep_documents(const struct gbx_source *s, const struct gbx_reporter *r, struct gbx_error *err)
{
	for (size_t i = 0; i < s->layers.len; i++) {
		const struct gbx_layer *l = &s->layers.layer[i];
		bool statement = strcmp(l->title, GBX_PUBLICATION_TITLE) == 0;
		if (!statement && strcmp(l->media_type, GBX_MEDIA_HEAD) != 0)
			break;
		if (l->size <= GBX_LIMIT_KEPT && gbx_pipe_keep(s->pipe, l->sha256, err)) {
			gbx_fail_context(err, "%s", l->title);
			return gbx_report(r, "layout", err);
		}
	}
	return 0;
}

static int check_blobs(const struct gbx_source *s, const struct gbx_reporter *r, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_blobs_free) struct gbx_blobs blobs = {0};
	int rc = gbx_blobs_list(&s->manifest, &s->layers, &blobs, err);

	if (rc == 0 && s->pipe) {
		gbx_pipe_expect(s->pipe, &blobs);
		return keep_documents(s, r, err);
	}
	if (rc == 0)
		rc = check_there(s, &blobs, r, err);
	return rc ? rc : gbx_places_check(&s->places, &blobs, r, err);
}

/* What ends the reading is told like the rest, and returned. */
static int stop(const struct gbx_reporter *r, const char *check, struct gbx_error *err)
{
	int code = err->code;
	int told = gbx_report(r, check, err);

	return told ? told : code;
}

/* Descriptors that are open already: their pipe has, or had, a writer. A FIFO in a folder may be waited for without end. */
static bool is_open_already(const char *path)
{
	static const char *const folder[] = {"/dev/fd/", "/proc/self/fd/"};
	static const char digits[] = "0123456789";

	for (size_t i = 0; i < sizeof folder / sizeof *folder; i++) {
		size_t len = strlen(folder[i]);
		if (strncmp(path, folder[i], len) == 0 && path[len] && path[len + strspn(path + len, digits)] == 0)
			return true;
	}
	return strcmp(path, "/dev/stdin") == 0;
}

/* A path, or "-" for standard input. What can be read at any place is read as a file. */
static int open_any(struct gbx_source *s, const char *path, const struct gbx_reporter *r, struct gbx_error *err)
{
	const char *input = strcmp(path, "-") == 0 ? "/dev/stdin" : path;
	struct stat st;
	int rc = gbx_stat(input, &st, err);

	if (rc || !S_ISFIFO(st.st_mode))
		return rc ? rc : gbx_places_open(&s->places, input, r, err);
	if (!is_open_already(input))
		return gbx_fail(err, GBX_E_USAGE, "'%s' is a FIFO: give a bundle on a pipe as -, on standard input", path);
	rc = gbx_open_read(input, &s->places.fd, err);
	return rc ? rc : gbx_pipe_open(s->places.fd, &s->pipe, err);
}

static int read_all(struct gbx_source *s, const char *path, const struct gbx_reporter *r, struct gbx_error *err)
{
	bool ours = false;
	int rc = open_any(s, path, r, err);

	if (rc == 0)
		rc = read_index(s, &ours, err);
	if (rc)
		return stop(r, "layout", err);
	if (read_layout(s, ours, err))
		rc = gbx_report(r, "layout", err);
	if (rc)
		return rc;
	rc = read_image_manifest(s, err);
	if (rc)
		return stop(r, rc == GBX_E_BAD ? "digests" : "layout", err);
	rc = check_config(s, r, err);
	return rc ? rc : check_blobs(s, r, err);
}

int gbx_source_open(const char *path, gbx_problem *problem, void *arg, struct gbx_source **out, struct gbx_error *err)
{
	GBX_AUTO_SOURCE struct gbx_source *s = gbx_calloc(1, sizeof *s);
	struct gbx_reporter r = {problem, arg};
	struct gbx_error own = {0};

	if (!s)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to open '%s'", path);
	s->places = (struct gbx_places){.fd = -1, .blobs = -1};
	int rc = read_all(s, path, &r, err ? err : &own);
	if (rc)
		return rc;
	*out = s;
	s = NULL;
	return 0;
}
