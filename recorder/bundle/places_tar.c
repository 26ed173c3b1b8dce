/* The files of a bundle in a tar. One pass over the headers notes where each is; contents are read by position later. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "bundle/places.h"
#include "bundle/tar.h"

/* Ours is a tar whose first header is what gbx_bundle_finish writes for oci-layout: then everything must be. */
static int is_ours(int fd, uint64_t size, bool *ours, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0}, header = {0};
	uint8_t first[GBX_TAR_BLOCK];
	int rc = gbx_layout_write(&text, err);
	struct gbx_tar_entry e = {.path = gbx_slice_text(GBX_LAYOUT_FILE), .type = GBX_FILE, .size = text.len};

	if (rc == 0)
		rc = gbx_tar_header(&e, &header, err);
	if (rc == 0 && size >= sizeof first)
		rc = gbx_pread(fd, first, sizeof first, 0, err);
	if (rc == 0)
		*ours = size >= sizeof first && header.len == sizeof first && memcmp(first, header.data, sizeof first) == 0;
	return rc;
}

static int extra(const struct gbx_tar_entry *e, const char *why, const struct gbx_reporter *r, struct gbx_error *err)
{
	char shown[256];

	gbx_fail(err, GBX_E_MALFORMED, "%s %s", gbx_printable_in(e->path, shown, sizeof shown), why);
	return gbx_report(r, "layout", err);
}

static int add_place(struct gbx_tar_place *to, const struct gbx_tar_place *place, const struct gbx_tar_entry *e,
		     const struct gbx_reporter *r, struct gbx_error *err)
{
	if (to->there)
		return extra(e, "is in the tar twice", r, err);
	*to = *place;
	return 0;
}

static bool parse_blob_name(struct gbx_slice path, uint8_t sha256[GBX_SHA256_LEN])
{
	struct gbx_slice folder;

	return gbx_slice_starts(path, GBX_BLOB_FOLDER "/") && gbx_take(&path, sizeof GBX_BLOB_FOLDER, &folder) &&
	       gbx_unhex(path, sha256, GBX_SHA256_LEN);
}

static int add_blob(struct gbx_places *f, const struct gbx_tar_place *place, struct gbx_error *err)
{
	/* Two documents' worth of slack; a bundle has one image manifest and one config beside its layers. */
	if (f->len >= GBX_LIMIT_LAYERS + 2)
		return gbx_fail(err, GBX_E_LIMIT, "more than %u blobs in the tar", GBX_LIMIT_LAYERS + 2);
	int rc = gbx_grow((void **)&f->blob, &f->cap, f->len, sizeof *f->blob, err);
	if (rc == 0)
		f->blob[f->len++] = *place;
	return rc;
}

static bool is_bundle_folder(struct gbx_slice path)
{
	return path.len == 0 || gbx_slice_is(path, "blobs") || gbx_slice_is(path, GBX_BLOB_FOLDER);
}

static int add_entry(struct gbx_places *f, const struct gbx_tar_entry *e, uint64_t start, size_t at, const struct gbx_reporter *r,
		     struct gbx_error *err)
{
	struct gbx_tar_place place = {.there = true, .at = at, .start = start, .size = e->size};

	if (e->folder)
		return is_bundle_folder(e->path) ? 0 : extra(e, "is not part of the bundle", r, err);
	if (gbx_slice_is(e->path, GBX_LAYOUT_FILE))
		return add_place(&f->layout, &place, e, r, err);
	if (gbx_slice_is(e->path, GBX_INDEX_FILE))
		return add_place(&f->index, &place, e, r, err);
	if (parse_blob_name(e->path, place.sha256))
		return add_blob(f, &place, err);
	return extra(e, "is not part of the bundle", r, err);
}

static int read_entries(struct gbx_places *f, struct gbx_tar_reader *tar, const struct gbx_reporter *r, struct gbx_error *err)
{
	struct gbx_tar_entry e;
	int rc = 1;

	for (size_t at = 0; rc == 1; at++) {
		rc = gbx_tar_next(tar, &e, err);
		if (rc != 1)
			break;
		int bad = add_entry(f, &e, gbx_tar_content_start(tar), at, r, err);
		if (bad)
			return bad;
		/* Folders and names that no bundle has take no memory, and no end of time either. */
		if (at + 1 - f->len > GBX_LIMIT_LISTED)
			return gbx_fail(err, GBX_E_LIMIT, "more than %u entries in the tar that no bundle has", GBX_LIMIT_LISTED);
	}
	return rc;
}

static int by_digest(const void *a, const void *b)
{
	const struct gbx_tar_place *x = a, *y = b;
	int order = memcmp(x->sha256, y->sha256, GBX_SHA256_LEN);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int check_repeated(const struct gbx_places *f, const struct gbx_reporter *r, struct gbx_error *err)
{
	char name[GBX_BLOB_NAME_SIZE];
	int rc = 0;

	for (size_t i = 1; rc == 0 && i < f->len; i++) {
		if (memcmp(f->blob[i - 1].sha256, f->blob[i].sha256, GBX_SHA256_LEN) != 0)
			continue;
		gbx_blob_name(f->blob[i].sha256, name);
		gbx_fail(err, GBX_E_MALFORMED, "%s is in the tar twice", name);
		rc = gbx_report(r, "layout", err);
	}
	return rc;
}

int gbx_places_open_tar(struct gbx_places *f, const struct gbx_reporter *r, struct gbx_error *err)
{
	GBX_AUTO_TAR struct gbx_tar_reader tar = {0};
	struct gbx_range_input in;
	struct stat st;
	int rc = gbx_fstat(f->fd, &st, err);

	if (rc == 0)
		rc = is_ours(f->fd, (uint64_t)st.st_size, &f->strict, err);
	if (rc)
		return rc;
	f->size = (uint64_t)st.st_size;
	gbx_range_input(&in, f->fd, 0, f->size);
	gbx_tar_reader_init_range(&tar, &in, f->strict);
	rc = read_entries(f, &tar, r, err);
	if (f->len)
		qsort(f->blob, f->len, sizeof *f->blob, by_digest);
	f->broken = rc != 0;
	/* Without index.json there is nothing to go on with. */
	if (rc && !f->index.there)
		return rc;
	if (rc)
		rc = gbx_report(r, "layout", err);
	return rc ? rc : check_repeated(f, r, err);
}

/* Behind oci-layout and index.json, the blobs in the order of the list. */
static int check_order(const struct gbx_places *f, const struct gbx_blobs *expected, struct gbx_error *err)
{
	char name[GBX_BLOB_NAME_SIZE];

	for (size_t i = 0; i < f->len; i++) {
		const struct gbx_tar_place *b = &f->blob[i];
		if (b->at >= 2 && b->at - 2 < expected->len &&
		    memcmp(expected->blob[b->at - 2].sha256, b->sha256, GBX_SHA256_LEN) == 0)
			continue;
		gbx_blob_name(b->sha256, name);
		return gbx_fail(err, GBX_E_MALFORMED, "%s is file %zu of the tar, which is not the image manifest's order", name,
				b->at + 1);
	}
	return 0;
}

int gbx_places_check_tar(const struct gbx_places *f, const struct gbx_blobs *expected, const struct gbx_blobs *known,
			const struct gbx_reporter *r, struct gbx_error *err)
{
	char name[GBX_BLOB_NAME_SIZE];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < f->len; i++) {
		if (gbx_blobs_has(known, f->blob[i].sha256))
			continue;
		gbx_blob_name(f->blob[i].sha256, name);
		gbx_fail(err, GBX_E_MALFORMED, "%s is not part of the bundle", name);
		rc = gbx_report(r, "layout", err);
	}
	if (rc == 0 && f->strict && check_order(f, expected, err))
		rc = gbx_report(r, "layout", err);
	return rc;
}
