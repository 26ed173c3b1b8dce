/* The files of a bundle in a folder; places_tar.c has those in a tar. Nothing here follows a link below the bundle's own path. */
#include "bundle/places.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

int gbx_report(const struct gbx_reporter *r, const char *check, const struct gbx_error *err)
{
	/* No memory is not a thing that is wrong with a bundle. */
	if (!r->problem || err->code == GBX_E_NOMEM || err->code == GBX_E_CRYPTO)
		return err->code;
	r->problem(r->arg, check, err);
	return 0;
}

void gbx_part_free(struct gbx_part *p)
{
	if (p->owned)
		gbx_close(&p->fd);
}

void gbx_places_free(struct gbx_places *f)
{
	gbx_close(&f->fd);
	gbx_close(&f->blobs);
	gbx_free(f->blob);
	*f = (struct gbx_places){.fd = -1, .blobs = -1};
}

/* shown is the name from the bundle's top, name the one in dirfd. */
static int check_type(int dirfd, const char *name, const char *shown, mode_t type, struct gbx_error *err)
{
	struct stat st;
	int rc = gbx_fstatat(dirfd, name, &st, err);

	if (rc == GBX_E_NOTFOUND)
		return gbx_fail(err, rc, "%s is missing", shown);
	if (rc || (st.st_mode & S_IFMT) == type)
		return rc;
	return gbx_fail(err, GBX_E_MALFORMED, "%s is a %s, expected a %s", shown,
			S_ISLNK(st.st_mode) ? "symbolic link" : S_ISDIR(st.st_mode) ? "folder" : S_ISREG(st.st_mode) ? "regular file"
												    : "special file",
			type == S_IFDIR ? "folder" : "regular file");
}

static int open_folder(int dirfd, const char *name, const char *shown, int *fd, struct gbx_error *err)
{
	int rc = check_type(dirfd, name, shown, S_IFDIR, err);

	return rc ? rc : gbx_open_dir(dirfd, name, true, fd, err);
}

static int open_file(int dirfd, const char *name, const char *shown, struct gbx_part *out, struct gbx_error *err)
{
	struct stat st;
	int fd = -1;
	int rc = check_type(dirfd, name, shown, S_IFREG, err);

	if (rc == 0)
		rc = gbx_open_regular(dirfd, name, &fd, err);
	if (rc == 0)
		rc = gbx_fstat(fd, &st, err);
	if (rc) {
		gbx_close(&fd);
		return rc;
	}
	*out = (struct gbx_part){fd, true, 0, (uint64_t)st.st_size};
	return 0;
}

static bool listed(const char *name, const char *const *known)
{
	while (*known && strcmp(*known, name) != 0)
		known++;
	return *known != NULL;
}

static int report_extra(const char *folder, const char *name, const struct gbx_reporter *r, struct gbx_error *err)
{
	char shown[256];

	gbx_fail(err, GBX_E_MALFORMED, "%s%s is not part of the bundle", folder,
		 gbx_printable_in(gbx_slice_text(name), shown, sizeof shown));
	return gbx_report(r, "layout", err);
}

/* A folder of names that are all known, whatever is missing. */
static int check_names(int dirfd, const char *folder, const char *const *known, const struct gbx_reporter *r, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	int rc = gbx_list_dir_bounded(dirfd, ".", GBX_LIMIT_LISTED, &names, err);

	if (rc)
		return gbx_report(r, "layout", err);
	for (size_t i = 0; rc == 0 && i < names.len; i++)
		if (!listed(names.name[i], known))
			rc = report_extra(folder, names.name[i], r, err);
	return rc;
}

static int open_blobs(struct gbx_places *f, const struct gbx_reporter *r, struct gbx_error *err)
{
	static const char *const known[] = {"sha256", NULL};
	GBX_AUTO_FD int blobs = -1;
	int rc = open_folder(f->fd, "blobs", "blobs", &blobs, err);

	if (rc == 0)
		rc = check_names(blobs, "blobs/", known, r, err);
	return rc ? rc : open_folder(blobs, "sha256", GBX_BLOB_FOLDER, &f->blobs, err);
}

static int open_as_folder(struct gbx_places *f, const struct gbx_reporter *r, struct gbx_error *err)
{
	static const char *const known[] = {"blobs", GBX_INDEX_FILE, GBX_LAYOUT_FILE, NULL};
	int rc = check_names(f->fd, "", known, r, err);

	return rc ? rc : open_blobs(f, r, err);
}

int gbx_places_open(struct gbx_places *f, const char *path, const struct gbx_reporter *r, struct gbx_error *err)
{
	struct stat st;

	*f = (struct gbx_places){.fd = -1, .blobs = -1};
	int rc = gbx_stat(path, &st, err);
	if (rc)
		return rc;
	if (S_ISDIR(st.st_mode)) {
		rc = gbx_open_dir(AT_FDCWD, path, false, &f->fd, err);
		return rc ? rc : open_as_folder(f, r, err);
	}
	if (!S_ISREG(st.st_mode))
		return gbx_fail(err, GBX_E_USAGE, "'%s' is neither a folder nor a regular file", path);
	f->tar = true;
	rc = gbx_open_read(path, &f->fd, err);
	return rc ? rc : gbx_places_open_tar(f, r, err);
}

static int tar_part(const struct gbx_places *f, const struct gbx_tar_place *place, const char *name, struct gbx_part *out,
		    struct gbx_error *err)
{
	if (!place || !place->there)
		return gbx_fail(err, GBX_E_NOTFOUND, "%s is missing%s", name, f->broken ? " or behind the damage of the tar" : "");
	/* A header's word is not believed before the bytes are there. */
	if (place->start > f->size || place->size > f->size - place->start)
		return gbx_fail(err, GBX_E_MALFORMED, "%s has %llu bytes by its header, and the tar ends within it", name,
				(unsigned long long)place->size);
	*out = (struct gbx_part){f->fd, false, place->start, place->size};
	return 0;
}

int gbx_places_document(const struct gbx_places *f, const char *name, struct gbx_part *out, struct gbx_error *err)
{
	if (f->tar)
		return tar_part(f, strcmp(name, GBX_INDEX_FILE) == 0 ? &f->index : &f->layout, name, out, err);
	return open_file(f->fd, name, name, out, err);
}

static int against_digest(const void *key, const void *place)
{
	return memcmp(key, ((const struct gbx_tar_place *)place)->sha256, GBX_SHA256_LEN);
}

int gbx_places_blob(const struct gbx_places *f, const uint8_t sha256[GBX_SHA256_LEN], struct gbx_part *out, struct gbx_error *err)
{
	char name[GBX_BLOB_NAME_SIZE];

	gbx_blob_name(sha256, name);
	if (!f->tar)
		return open_file(f->blobs, name + sizeof GBX_BLOB_FOLDER, name, out, err);
	return tar_part(f, f->len ? bsearch(sha256, f->blob, f->len, sizeof *f->blob, against_digest) : NULL, name, out, err);
}

static int by_digest(const void *a, const void *b)
{
	return memcmp(((const struct gbx_descriptor *)a)->sha256, ((const struct gbx_descriptor *)b)->sha256, GBX_SHA256_LEN);
}

bool gbx_blobs_has(const struct gbx_blobs *sorted, const uint8_t sha256[GBX_SHA256_LEN])
{
	struct gbx_descriptor key;

	memcpy(key.sha256, sha256, GBX_SHA256_LEN);
	return bsearch(&key, sorted->blob, sorted->len, sizeof key, by_digest) != NULL;
}

static int check_folder(const struct gbx_places *f, const struct gbx_blobs *known, const struct gbx_reporter *r,
			struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	uint8_t sha256[GBX_SHA256_LEN];
	int rc = gbx_list_dir_bounded(f->blobs, ".", known->len + GBX_LIMIT_LISTED, &names, err);

	if (rc) {
		gbx_fail_context(err, GBX_BLOB_FOLDER);
		return gbx_report(r, "layout", err);
	}
	for (size_t i = 0; rc == 0 && i < names.len; i++)
		if (!gbx_unhex(gbx_slice_text(names.name[i]), sha256, sizeof sha256) || !gbx_blobs_has(known, sha256))
			rc = report_extra(GBX_BLOB_FOLDER "/", names.name[i], r, err);
	return rc;
}

int gbx_places_check(const struct gbx_places *f, const struct gbx_blobs *expected, const struct gbx_reporter *r,
		    struct gbx_error *err)
{
	GBX_CLEANUP(gbx_blobs_free) struct gbx_blobs known = {NULL, expected->len};

	known.blob = gbx_memdup(expected->blob, expected->len * sizeof *expected->blob);
	if (!known.blob)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a list of %zu blobs", expected->len);
	qsort(known.blob, known.len, sizeof *known.blob, by_digest);
	return f->tar ? gbx_places_check_tar(f, expected, &known, r, err) : check_folder(f, &known, r, err);
}
