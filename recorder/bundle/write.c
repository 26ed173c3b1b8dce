#include "bundle/write.h"

#include "base/limits.h"
#include "base/mem.h"
#include "bundle/pack.h"

struct gbx_bundle_writer {
	char *path;
	char *folder; /* the temporary one: in it the layout as it will be */
	char *file;   /* the temporary tar */
	bool tar;
	bool closed; /* finished, or failed: nothing may be added */
	struct gbx_layers layers;
};

/* Nobody could do anything about what cannot be removed; its name ends in .tmp. */
static void drop_temporary(const struct gbx_bundle_writer *w)
{
	if (w->folder && gbx_exists(w->folder) && gbx_remove_tree(w->folder, NULL))
		return;
	if (w->file && gbx_exists(w->file) && gbx_unlink(w->file, NULL))
		return;
}

void gbx_bundle_abandon(struct gbx_bundle_writer *w)
{
	if (!w)
		return;
	drop_temporary(w);
	gbx_layers_free(&w->layers);
	gbx_free(w->path);
	gbx_free(w->folder);
	gbx_free(w->file);
	gbx_free(w);
}

void gbx_bundle_release(struct gbx_bundle_writer **w)
{
	gbx_bundle_abandon(*w);
	*w = NULL;
}

/* Without slashes at its end, so that the temporary name is beside it and not in it. */
static char *plain_path(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return gbx_memdup(path, len);
}

static int make_folders(struct gbx_bundle_writer *w, struct gbx_error *err)
{
	GBX_AUTO_STRING char *blobs = gbx_path_join(w->folder, GBX_BLOB_FOLDER);

	if (!blobs)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to write '%s'", w->path);
	int rc = gbx_make_dir(w->folder, 0755, err);
	return rc ? rc : gbx_make_dirs(blobs, 0755, err);
}

int gbx_bundle_create(const char *path, bool tar, struct gbx_bundle_writer **out, struct gbx_error *err)
{
	GBX_AUTO_BUNDLE_WRITER struct gbx_bundle_writer *w = gbx_calloc(1, sizeof *w);
	uint64_t unique;

	if (gbx_exists(path))
		return gbx_fail(err, GBX_E_EXISTS, "'%s' is there already; choose another name or remove it first", path);
	int rc = gbx_random(&unique, sizeof unique, err);
	if (rc)
		return rc;
	if (w)
		w->path = plain_path(path);
	if (!w || !w->path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to write '%s'", path);
	w->tar = tar;
	w->folder = gbx_asprintf("%s.%016llx.tmp", w->path, (unsigned long long)unique);
	w->file = gbx_asprintf("%s.%016llx.tar.tmp", w->path, (unsigned long long)unique);
	if (!w->folder || !w->file)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to write '%s'", path);
	rc = make_folders(w, err);
	if (rc)
		return rc;
	*out = w;
	w = NULL;
	return 0;
}

/* Counts and hashes what is written to a file. */
struct spool {
	struct gbx_output out;
	struct gbx_hash *hash;
	uint64_t size;
	int fd;
};

static int spool_write(struct gbx_output *out, const void *data, size_t len, struct gbx_error *err)
{
	struct spool *s = (struct spool *)out;
	int rc = gbx_write(s->fd, data, len, err);

	if (rc)
		return rc;
	gbx_hash_update(s->hash, data, len);
	s->size += len;
	return 0;
}

static int fill_spool(const char *path, gbx_produce *produce, void *arg, struct gbx_descriptor *blob, struct gbx_error *err)
{
	GBX_AUTO_HASH struct gbx_hash *hash = NULL;
	GBX_AUTO_FD int fd = -1;
	int rc = gbx_create_new(path, 0644, &fd, err);

	if (rc == 0)
		rc = gbx_hash_new(&hash, GBX_SHA256, err);
	if (rc)
		return rc;
	struct spool s = {{spool_write}, hash, 0, fd};
	gbx_hash_start(hash);
	rc = produce(arg, &s.out, err);
	if (rc == 0)
		rc = gbx_hash_final(hash, blob->sha256, err);
	if (rc == 0)
		rc = gbx_sync(fd, err);
	if (rc == 0)
		blob->size = s.size;
	return rc;
}

static char *blob_path(const struct gbx_bundle_writer *w, const uint8_t sha256[GBX_SHA256_LEN])
{
	char name[GBX_BLOB_NAME_SIZE];

	gbx_blob_name(sha256, name);
	return gbx_path_join(w->folder, name);
}

/* Writes a blob under a name of its own, since its digest is known at the end only. */
static int store_blob(struct gbx_bundle_writer *w, gbx_produce *produce, void *arg, struct gbx_descriptor *blob,
		      struct gbx_error *err)
{
	GBX_AUTO_STRING char *spool = gbx_path_join(w->folder, "spool");
	struct gbx_descriptor made = {0};

	if (!spool)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to write '%s'", w->path);
	int rc = fill_spool(spool, produce, arg, &made, err);
	GBX_AUTO_STRING char *path = rc ? NULL : blob_path(w, made.sha256);
	if (rc == 0 && !path)
		rc = gbx_fail(err, GBX_E_NOMEM, "no memory to write '%s'", w->path);
	if (rc == 0)
		rc = gbx_exists(path) ? gbx_unlink(spool, err) : gbx_rename(spool, path, err);
	if (rc == 0)
		*blob = made;
	else if (gbx_exists(spool) && gbx_unlink(spool, NULL))
		return rc;
	return rc;
}

static int add_layer(struct gbx_bundle_writer *w, const char *title, const char *media_type, gbx_produce *produce, void *arg,
		     struct gbx_error *err)
{
	struct gbx_descriptor blob;

	if (strcmp(title, GBX_PUBLICATION_TITLE) == 0)
		return gbx_fail(err, GBX_E_USAGE, GBX_PUBLICATION_TITLE " is added at the end");
	if (gbx_layers_find(&w->layers, title))
		return gbx_fail(err, GBX_E_EXISTS, "layer '%s' is in the bundle already", title);
	int rc = store_blob(w, produce, arg, &blob, err);
	if (rc) {
		gbx_fail_context(err, "%s", title);
		return rc;
	}
	return gbx_layers_add(&w->layers, gbx_slice_text(title), gbx_slice_text(media_type), blob.size, blob.sha256, err);
}

int gbx_bundle_add_produced(struct gbx_bundle_writer *w, const char *title, const char *media_type, gbx_produce *produce,
			    void *arg, struct gbx_error *err)
{
	if (w->closed)
		return gbx_fail(err, GBX_E_USAGE, "layer '%s': the bundle '%s' is finished already, or a layer failed", title, w->path);
	int rc = add_layer(w, title, media_type, produce, arg, err);
	/* A blob may be there that no layer names. */
	w->closed = rc != 0;
	return rc;
}

static int produce_copy(void *arg, struct gbx_output *out, struct gbx_error *err)
{
	return gbx_copy(arg, out, err);
}

int gbx_bundle_add(struct gbx_bundle_writer *w, const char *title, const char *media_type, struct gbx_input *content,
		   struct gbx_error *err)
{
	return gbx_bundle_add_produced(w, title, media_type, produce_copy, content, err);
}

const struct gbx_layers *gbx_bundle_layers(const struct gbx_bundle_writer *w)
{
	return &w->layers;
}

static int store_bytes(struct gbx_bundle_writer *w, struct gbx_slice data, struct gbx_descriptor *blob, struct gbx_error *err)
{
	struct gbx_memory_input in;

	gbx_memory_input(&in, data);
	return store_blob(w, produce_copy, &in.in, blob, err);
}

static int add_publication(struct gbx_bundle_writer *w, struct gbx_slice publication, struct gbx_error *err)
{
	GBX_AUTO_LAYERS struct gbx_layers all = {0};
	struct gbx_descriptor blob;
	int rc = store_bytes(w, publication, &blob, err);

	if (rc == 0)
		rc = gbx_layers_add(&all, gbx_slice_text(GBX_PUBLICATION_TITLE), gbx_slice_text(GBX_MEDIA_IN_TOTO), blob.size,
				    blob.sha256, err);
	for (size_t i = 0; rc == 0 && i < w->layers.len; i++) {
		const struct gbx_layer *l = &w->layers.layer[i];
		rc = gbx_layers_add(&all, gbx_slice_text(l->title), gbx_slice_text(l->media_type), l->size, l->sha256, err);
	}
	if (rc)
		return rc;
	struct gbx_layers without = w->layers;
	w->layers = all;
	all = without;
	return 0;
}

static int store_manifest(struct gbx_bundle_writer *w, struct gbx_descriptor *manifest, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_descriptor config;
	int rc = store_bytes(w, gbx_slice_text("{}"), &config, err);

	if (rc == 0)
		rc = gbx_image_manifest_write(&w->layers, &text, err);
	if (rc == 0 && text.len > GBX_LIMIT_JSON)
		rc = gbx_fail(err, GBX_E_LIMIT, "an image manifest of %zu bytes, at most %u are read", text.len, GBX_LIMIT_JSON);
	return rc ? rc : store_bytes(w, gbx_slice_of(&text), manifest, err);
}

static int write_document(const struct gbx_bundle_writer *w, const char *name, struct gbx_slice text, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_path_join(w->folder, name);

	return path ? gbx_replace_file(path, text, 0644, err) : gbx_fail(err, GBX_E_NOMEM, "no memory to write '%s'", w->path);
}

static int sync_folder(const struct gbx_bundle_writer *w, const char *name, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_path_join(w->folder, name);

	return path ? gbx_sync_dir(path, err) : gbx_fail(err, GBX_E_NOMEM, "no memory to write '%s'", w->path);
}

static int sync_folders(const struct gbx_bundle_writer *w, struct gbx_error *err)
{
	int rc = sync_folder(w, GBX_BLOB_FOLDER, err);

	if (rc == 0)
		rc = sync_folder(w, "blobs", err);
	return rc ? rc : sync_folder(w, ".", err);
}

static int write_documents(const struct gbx_bundle_writer *w, const struct gbx_descriptor *manifest, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes layout = {0}, index = {0};
	int rc = gbx_layout_write(&layout, err);

	if (rc == 0)
		rc = gbx_index_write(manifest, &index, err);
	if (rc == 0)
		rc = write_document(w, GBX_LAYOUT_FILE, gbx_slice_of(&layout), err);
	return rc ? rc : write_document(w, GBX_INDEX_FILE, gbx_slice_of(&index), err);
}

static int write_tar(const struct gbx_bundle_writer *w, const struct gbx_descriptor *manifest, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_blobs_free) struct gbx_blobs blobs = {0};
	GBX_AUTO_FD int fd = -1;
	struct gbx_file_output out;
	int rc = gbx_blobs_list(manifest, &w->layers, &blobs, err);

	if (rc == 0)
		rc = gbx_create_new(w->file, 0644, &fd, err);
	if (rc)
		return rc;
	gbx_file_output(&out, fd);
	rc = gbx_pack(w->folder, &blobs, &out.out, err);
	return rc ? rc : gbx_sync(fd, err);
}

static int put_in_place(const struct gbx_bundle_writer *w, const struct gbx_descriptor *manifest, struct gbx_error *err)
{
	int rc = write_documents(w, manifest, err);

	if (rc == 0)
		rc = w->tar ? write_tar(w, manifest, err) : sync_folders(w, err);
	return rc ? rc : gbx_rename_new(w->tar ? w->file : w->folder, w->path, err);
}

static int sync_parent(const struct gbx_bundle_writer *w, struct gbx_error *err)
{
	size_t len = (size_t)(gbx_path_base(w->path) - w->path);
	GBX_AUTO_STRING char *parent = len ? gbx_memdup(w->path, len) : gbx_strdup(".");

	return parent ? gbx_sync_dir(parent, err) : gbx_fail(err, GBX_E_NOMEM, "no memory to write '%s'", w->path);
}

int gbx_bundle_finish(struct gbx_bundle_writer *w, struct gbx_slice publication, struct gbx_error *err)
{
	struct gbx_descriptor manifest;

	if (w->closed)
		return gbx_fail(err, GBX_E_USAGE, "the bundle '%s' is finished already, or a layer failed", w->path);
	w->closed = true;
	int rc = add_publication(w, publication, err);
	if (rc == 0)
		rc = store_manifest(w, &manifest, err);
	if (rc == 0)
		rc = put_in_place(w, &manifest, err);
	if (rc == 0) {
		rc = sync_parent(w, err);
		/* What may not survive a power cut is not left as if it did. */
		if (rc && gbx_remove_tree(w->path, NULL))
			return rc;
	}
	drop_temporary(w);
	return rc;
}
