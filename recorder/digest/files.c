#include "digest/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"

#define SALTS 64 /* random salts asked for at once */

void gbx_files_free(struct gbx_files *files)
{
	for (size_t i = 0; i < files->len; i++)
		gbx_free(files->file[i].path);
	for (size_t i = 0; i < files->problems; i++) {
		gbx_free(files->problem[i].path);
		gbx_free(files->problem[i].text);
	}
	gbx_free(files->file);
	gbx_free(files->problem);
	*files = (struct gbx_files){0};
}

Glassbox__Gap__Reason gbx_gap_reason(const struct gbx_error *err)
{
	switch (err->code) {
	case GBX_E_NOTFOUND:
		return GLASSBOX__GAP__REASON__NOT_FOUND;
	case GBX_E_LIMIT:
		return GLASSBOX__GAP__REASON__TOO_LARGE;
	case GBX_E_MALFORMED:
		return GLASSBOX__GAP__REASON__MALFORMED;
	case GBX_E_TIMEOUT:
		return GLASSBOX__GAP__REASON__TIMED_OUT;
	default:
		break;
	}
	switch (err->sys) {
	case 0:
		return GLASSBOX__GAP__REASON__FAILED;
	case EACCES:
	case EPERM:
		return GLASSBOX__GAP__REASON__NO_PERMISSION;
	case ENOSPC:
	case EDQUOT:
		return GLASSBOX__GAP__REASON__NO_SPACE;
	case ELOOP:
		return GLASSBOX__GAP__REASON__CHANGED; /* a link where a file or folder was */
	default:
		return GLASSBOX__GAP__REASON__IO_ERROR;
	}
}

int gbx_files_add_problem(struct gbx_files *files, const char *path, Glassbox__Gap__Reason reason, int code, const char *text,
			  struct gbx_error *err)
{
	int rc = gbx_grow((void **)&files->problem, &files->problem_cap, files->problems, sizeof *files->problem, err);
	GBX_AUTO_STRING char *where = gbx_strdup(path);
	GBX_AUTO_STRING char *why = gbx_strdup(text);

	if (rc)
		return rc;
	if (!where || !why)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the problem with '%s'", path);
	files->problem[files->problems++] = (struct gbx_problem){where, reason, code, why};
	where = why = NULL;
	return 0;
}

static int problem_order(const void *a, const void *b)
{
	return strcmp(((const struct gbx_problem *)a)->path, ((const struct gbx_problem *)b)->path);
}

void gbx_files_sort_problems(struct gbx_files *files)
{
	if (files->problems)
		qsort(files->problem, files->problems, sizeof *files->problem, problem_order);
}

int gbx_files_leave_out(struct gbx_files *files, bool (*holds)(void *arg, const char *path), void *arg, Glassbox__Gap__Reason reason,
			struct gbx_error *err)
{
	size_t kept = 0;
	int rc = 0;

	for (size_t i = 0; i < files->len; i++) {
		struct gbx_found f = files->file[i];
		if (rc || !holds(arg, f.path)) {
			files->file[kept++] = f;
			continue;
		}
		rc = gbx_files_add_problem(files, f.path, reason, GBX_E_REFUSED, "left out", err);
		files->bytes -= f.size;
		gbx_free(f.path);
	}
	files->len = kept;
	gbx_files_sort_problems(files);
	return rc;
}

int gbx_files_locate(const char *root, const struct gbx_files *files, struct gbx_files_place *place, struct gbx_error *err)
{
	struct gbx_files_place found = {AT_FDCWD, NULL};
	int rc = files->single ? gbx_realpath(root, &found.single, err) : gbx_open_dir(AT_FDCWD, root, false, &found.dirfd, err);

	if (rc == 0)
		*place = found;
	return rc;
}

void gbx_files_leave(struct gbx_files_place *place)
{
	gbx_free(place->single);
	gbx_close(&place->dirfd);
	place->single = NULL;
}

const char *gbx_files_name(const struct gbx_files_place *place, const struct gbx_found *f)
{
	return place->single ? place->single : f->path;
}

bool gbx_files_differ(const struct gbx_found *f, const struct stat *st)
{
	/* Some file systems give links a size that is not that of their text. */
	bool link = f->type == GBX_SYMLINK;

	return link != !!S_ISLNK(st->st_mode) || f->ino != st->st_ino || (!link && f->size != (uint64_t)st->st_size) ||
	       f->mtime_nanos != gbx_mtime_nanos(st) || f->ctime_nanos != gbx_ctime_nanos(st);
}

static int recheck_one(const struct gbx_files_place *place, struct gbx_files *files, struct gbx_found *f, uint64_t *count,
		       struct gbx_error *err)
{
	struct gbx_error why;
	struct stat st;
	int rc = gbx_fstatat(place->dirfd, gbx_files_name(place, f), &st, &why);

	if (rc == 0 && !gbx_files_differ(f, &st))
		return 0;
	(*count)++;
	if (f->changed || f->failure)
		return 0;
	f->changed = true;
	return gbx_files_add_problem(files, f->path, GLASSBOX__GAP__REASON__CHANGED, rc ? rc : GBX_E_BAD,
				     rc ? "gone, or out of reach now" : "changed since it was listed", err);
}

int gbx_files_recheck(const char *root, struct gbx_files *files, uint64_t *count, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_files_leave) struct gbx_files_place place = {AT_FDCWD, NULL};
	uint64_t differ = 0;
	struct gbx_error why;
	int rc = gbx_files_locate(root, files, &place, &why);

	/* A root that is gone takes all its files with it: each lookup fails then. */
	if (rc)
		place = (struct gbx_files_place){AT_FDCWD, gbx_strdup("")};
	rc = place.dirfd < 0 && !place.single ? gbx_fail(err, GBX_E_NOMEM, "no memory to look at '%s' again", root) : 0;
	for (size_t i = 0; rc == 0 && i < files->len; i++)
		rc = recheck_one(&place, files, &files->file[i], &differ, err);
	gbx_files_sort_problems(files);
	if (rc == 0)
		*count = differ;
	return rc;
}

static struct gbx_entry entry_of(const struct gbx_found *f)
{
	struct gbx_entry e = {.path = gbx_slice_text(f->path),
			      .type = f->type,
			      .size = f->size,
			      .mode = f->mode,
			      .mtime_nanos = f->mtime_nanos};

	memcpy(e.sha256, f->sha256, sizeof e.sha256);
	return e;
}

struct salts {
	uint8_t salt[SALTS][GBX_SALT_LEN];
	size_t used; /* SALTS: none left */
};

static void wipe_salts(struct salts *s)
{
	explicit_bzero(s->salt, sizeof s->salt);
}

/* One system call for many salts. */
static int take_salt(struct salts *s, uint8_t out[GBX_SALT_LEN], struct gbx_error *err)
{
	if (s->used == SALTS) {
		int rc = gbx_random(s->salt, sizeof s->salt, err);
		if (rc)
			return rc;
		s->used = 0;
	}
	memcpy(out, s->salt[s->used], GBX_SALT_LEN);
	explicit_bzero(s->salt[s->used++], GBX_SALT_LEN);
	return 0;
}

static int write_entries(const struct gbx_files *files, struct gbx_manifest_writer *w, struct gbx_error *err)
{
	GBX_CLEANUP(wipe_salts) struct salts salts = {.used = SALTS};

	for (size_t i = 0; i < files->len; i++) {
		if (!files->file[i].hashed)
			continue;
		struct gbx_entry e = entry_of(&files->file[i]);
		int rc = take_salt(&salts, e.salt, err);
		if (rc == 0)
			rc = gbx_manifest_writer_add(w, &e, err);
		explicit_bzero(e.salt, sizeof e.salt);
		if (rc)
			return rc;
	}
	return 0;
}

int gbx_files_manifest(const struct gbx_files *files, struct gbx_output *out, struct gbx_manifest_sum *sum,
		       uint8_t page[GBX_SHA256_LEN], struct gbx_error *err)
{
	GBX_CLEANUP(gbx_manifest_writer_free) struct gbx_manifest_writer w = {0};
	int rc = gbx_manifest_writer_init(&w, GBX_MANIFEST_FILES, out, err);

	if (rc == 0)
		rc = write_entries(files, &w, err);
	return rc ? rc : gbx_manifest_writer_finish(&w, sum, page, err);
}

int gbx_files_listing(const struct gbx_files *files, uint8_t listing[GBX_SHA256_LEN], struct gbx_error *err)
{
	GBX_AUTO_HASH struct gbx_hash *h = NULL;
	struct gbx_tree tree = {0};
	int rc = gbx_hash_new(&h, GBX_SHA256, err);

	for (size_t i = 0; rc == 0 && i < files->len; i++) {
		const struct gbx_found *f = &files->file[i];
		rc = gbx_listing_add(&tree, h, f->type, f->size, f->mtime_nanos, gbx_slice_text(f->path), err);
	}
	return rc ? rc : gbx_tree_root(&tree, h, listing, err);
}
