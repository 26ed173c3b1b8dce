#include "run/orphans.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "digest/hash.h"
#include "store/runs.h"

struct candidate {
	uint8_t sha256[GBX_SHA256_LEN];
	bool blob, named;
};

struct candidates {
	struct candidate *item;
	size_t len, cap;
};

static void free_candidates(struct candidates *c)
{
	gbx_free(c->item);
}

static char *path_of(const struct gbx_orphans *o, const struct candidate *c)
{
	char name[2 * GBX_SHA256_LEN + 32], hex[2 * GBX_SHA256_LEN + 1];

	gbx_hex(c->sha256, GBX_SHA256_LEN, hex);
	snprintf(name, sizeof name, c->blob ? "blob/%s" : "manifest/%s.tfrecord", hex);
	return gbx_run_path(o->store, o->run, name);
}

static int gather(const struct gbx_orphans *o, const char *folder, struct candidates *all, struct gbx_error *err)
{
	GBX_AUTO_STRING char *dir = gbx_run_path(o->store, o->run, folder);
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	struct candidate c = {.blob = strcmp(folder, "blob") == 0};
	int rc = dir ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc == 0 && gbx_exists(dir))
		rc = gbx_list_dir(AT_FDCWD, dir, &names, err);
	for (size_t i = 0; rc == 0 && i < names.len; i++) {
		size_t len = strlen(names.name[i]);
		const char *end = len > 2 * GBX_SHA256_LEN ? names.name[i] + 2 * GBX_SHA256_LEN : "";
		if (len < 2 * GBX_SHA256_LEN || strcmp(end, c.blob ? "" : ".tfrecord") != 0 ||
		    !gbx_unhex(gbx_slice(names.name[i], 2 * GBX_SHA256_LEN), c.sha256, GBX_SHA256_LEN))
			continue;
		rc = gbx_grow((void **)&all->item, &all->cap, all->len, sizeof c, err);
		if (rc == 0)
			all->item[all->len++] = c;
	}
	return rc;
}

static int by_digest(const void *a, const void *b)
{
	return memcmp(a, b, GBX_SHA256_LEN);
}

static void look_in(struct candidates *all, struct gbx_slice bytes)
{
	for (size_t i = 0; all->len && i + GBX_SHA256_LEN <= bytes.len; i++) {
		struct candidate *c = bsearch(bytes.data + i, all->item, all->len, sizeof *c, by_digest);
		/* A blob and a manifest may have one digest: then they are the same bytes, and neighbours. */
		for (struct candidate *at = c; at && at < all->item + all->len && by_digest(at, c) == 0; at++)
			at->named = true;
		for (struct candidate *at = c; at && at >= all->item && by_digest(at, c) == 0; at--)
			at->named = true;
	}
}

static int take_record(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *record, struct gbx_error *err)
{
	(void)stream, (void)err;
	look_in(arg, record->body_bytes);
	return 0;
}

/* The files of a snapshot whose bytes are not git's are named by their manifest alone. */
static int look_in_manifest(const struct gbx_orphans *o, const struct candidate *manifest, struct candidates *all, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = path_of(o, manifest);
	GBX_AUTO_TFRECORD struct gbx_tfrecord_reader reader = {0};
	GBX_AUTO_FD int fd = -1;
	struct gbx_file_input in;
	struct gbx_slice data;
	int rc = path ? gbx_open_regular(AT_FDCWD, path, &fd, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc)
		return rc;
	gbx_file_input(&in, fd);
	rc = gbx_tfrecord_reader_init(&reader, &in.in, GBX_LIMIT_MANIFEST_ENTRY, err);
	while (rc == 0 && (rc = gbx_tfrecord_next(&reader, &data, err)) == 1) {
		look_in(all, data);
		rc = 0;
	}
	return rc ? gbx_fail_context(err, "'%s'", path) : 0;
}

static bool any_blob(const struct candidates *all)
{
	for (size_t i = 0; i < all->len; i++)
		if (all->item[i].blob && !all->item[i].named)
			return true;
	return false;
}

static int look(const struct gbx_orphans *o, struct candidates *all, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_run_view_free) struct gbx_run_view v = {0};
	/* What cannot be read now may name all that is here. */
	int rc = gbx_run_scan_whole(o->store, o->run, take_record, all, &v, err);

	/* Manifests are long, and rarely asked for a blob. */
	for (size_t i = 0; rc == 0 && any_blob(all) && i < all->len; i++)
		if (!all->item[i].blob && all->item[i].named)
			rc = look_in_manifest(o, &all->item[i], all, err);
	return rc;
}

static int collect(struct gbx_orphans *o, const struct candidate *c, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = path_of(o, c);
	struct stat st;

	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	int rc = gbx_lstat(path, &st, err);
	if (rc || gbx_mtime_nanos(&st) >= o->keep_from)
		return rc;
	o->count++;
	o->bytes += (uint64_t)st.st_size;
	return o->remove ? gbx_unlink(path, err) : 0;
}

int gbx_orphans_collect(struct gbx_orphans *o, struct gbx_error *err)
{
	GBX_CLEANUP(free_candidates) struct candidates all = {0};
	int rc = gather(o, "blob", &all, err);

	if (rc == 0)
		rc = gather(o, "manifest", &all, err);
	if (rc || all.len == 0)
		return rc;
	qsort(all.item, all.len, sizeof *all.item, by_digest);
	rc = look(o, &all, err);
	for (size_t i = 0; rc == 0 && i < all.len; i++)
		rc = all.item[i].named ? 0 : collect(o, &all.item[i], err);
	return rc;
}
