#include "run/declared.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "capture/remote.h"

void gbx_declared_free(struct gbx_declared_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		gbx_free(list->item[i].name);
		gbx_free(list->item[i].path);
		gbx_free(list->item[i].uri);
		gbx_files_free(&list->item[i].files);
	}
	gbx_free(list->item);
	*list = (struct gbx_declared_list){0};
}

/* "NAME=..." where NAME is a plain word; a path that has '=' in it elsewhere stays a path. */
static size_t name_length(const char *said)
{
	size_t len = strspn(said, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return said[len] == '=' ? len : 0;
}

static bool is_uri(const char *s)
{
	size_t scheme = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");

	return scheme > 0 && strncmp(s + scheme, "://", 3) == 0;
}

/* Absolute; through the system where it exists, so that links and dots do not make two names of one folder. */
static int absolute(const char *path, const char *cwd, char **out, struct gbx_error *err)
{
	int rc = gbx_realpath(path, out, err);
	if (rc == 0 || rc == GBX_E_NOMEM)
		return rc;
	char *joined = *path == '/' ? gbx_strdup(path) : gbx_path_join(cwd, path);
	if (!joined)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	*out = joined;
	return 0;
}

/* A URI without user, password and query: it is recorded, and often published. */
static int clean_uri(const char *said, char **out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes clean = {0};
	bool credentials;
	char shown[300];

	if (!gbx_is_utf8(gbx_slice_text(said)))
		return gbx_fail(err, GBX_E_USAGE, "--data '%s': a URI that is not UTF-8; expected percent signs for such bytes", gbx_printable_in(gbx_slice_text(said), shown, sizeof shown));
	int rc = gbx_remote_clean(said, &clean, &credentials, err);
	if (rc)
		return rc;
	/* Signed addresses carry their tokens in the query, whatever the scheme. */
	*out = gbx_memdup(clean.data, strcspn((const char *)clean.data, "?#"));
	return *out ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a URI");
}

static char *default_name(const char *target)
{
	size_t len = strlen(target);

	while (len > 1 && target[len - 1] == '/')
		len--;
	size_t start = len;
	while (start > 0 && target[start - 1] != '/')
		start--;
	struct gbx_slice base = gbx_slice(target + start, len - start);
	if (base.len == 0 || gbx_slice_is(base, ".") || !gbx_is_utf8(base))
		return gbx_strdup("data");
	return gbx_memdup(base.data, base.len);
}

static bool is_taken(const struct gbx_declared_list *list, Glassbox__Declaration__Role role, const char *name)
{
	for (size_t i = 0; i < list->len; i++)
		if (list->item[i].role == role && strcmp(list->item[i].name, name) == 0)
			return true;
	return false;
}

int gbx_declared_add(struct gbx_declared_list *list, Glassbox__Declaration__Role role, const char *said, const char *cwd,
		     struct gbx_error *err)
{
	size_t named = name_length(said);
	const char *target = named ? said + named + 1 : said;
	struct gbx_declared d = {.role = role};
	const char *option = role == GLASSBOX__DECLARATION__ROLE__DATA ? "--data" : "--output";

	if (!*target)
		return gbx_fail(err, GBX_E_USAGE, "%s '%s': expected [NAME=]PATH", option, said);
	int rc = gbx_grow((void **)&list->item, &list->cap, list->len, sizeof *list->item, err);
	if (rc)
		return rc;
	if (is_uri(target))
		rc = clean_uri(target, &d.uri, err);
	else
		rc = absolute(target, cwd, &d.path, err);
	if (rc == 0)
		d.name = named ? gbx_memdup(said, named) : default_name(d.path ? d.path : d.uri);
	if (rc == 0 && (!d.name || (!d.uri && !d.path)))
		rc = gbx_fail(err, GBX_E_NOMEM, "no memory for %s", option);
	if (rc == 0 && is_taken(list, role, d.name))
		rc = gbx_fail(err, GBX_E_USAGE, "%s '%s': the name '%s' is there already; give it another: %s NAME=%s", option, said,
			      d.name, option, target);
	if (rc) {
		gbx_free(d.name);
		gbx_free(d.path);
		gbx_free(d.uri);
		return rc;
	}
	list->item[list->len++] = d;
	return 0;
}

static Glassbox__Gap__Kind gap_kind(const struct gbx_declared *d)
{
	return d->role == GLASSBOX__DECLARATION__ROLE__DATA ? GLASSBOX__GAP__KIND__DATA : GLASSBOX__GAP__KIND__OUTPUT;
}

static const char *role_name(const struct gbx_declared *d)
{
	return d->role == GLASSBOX__DECLARATION__ROLE__DATA ? "data" : "output";
}

/* Where a declared path is; without a place for it in the roots it gets one of its own. */
static bool locate(struct gbx_recorder *r, const struct gbx_declared *d, Glassbox__Path *path)
{
	char name[300];
	struct gbx_error err;

	snprintf(name, sizeof name, "%s/%s", role_name(d), d->name);
	return gbx_locate(r, d->path, name, path, &err) == 0;
}

/* files: how many of it, 0 where it is all of it. */
static void tell_gap(struct gbx_recorder *r, const struct gbx_declared *d, Glassbox__Gap__Reason reason, uint64_t files)
{
	char line[1024], shown[600];
	const char *words = gbx_gap_reason_words(reason);

	if (!r->say)
		return;
	gbx_printable_in(gbx_slice_text(d->path), shown, sizeof shown);
	if (files)
		snprintf(line, sizeof line, "%s '%s': %llu of its files: %s, which the record says as a gap", role_name(d), shown,
			 (unsigned long long)files, words);
	else
		snprintf(line, sizeof line, "%s '%s': %s, which the record says as a gap", role_name(d), shown, words);
	r->say(line);
}

static void put_gap(struct gbx_recorder *r, struct gbx_declared *d, Glassbox__Gap__Kind kind, Glassbox__Gap__Reason reason)
{
	Glassbox__Path path;

	tell_gap(r, d, reason, 0);
	if (!locate(r, d, &path)) {
		gbx_put_gap(r, kind, reason, 1, NULL);
		return;
	}
	struct gbx_slice at = gbx_pb_slice(path.path);
	struct gbx_place place = {.root = path.root, .path = &at, .paths = 1};
	gbx_put_gap(r, kind, reason, 1, &place);
}

/* Some files of a declared folder, by their paths below the place's root; the others are counted. */
#define LISTED 64
struct listed {
	char *path[LISTED];
	size_t paths;
	uint64_t count;
};

static void list_file(struct listed *l, const Glassbox__Path *base, const char *path)
{
	l->count++;
	if (l->paths == LISTED)
		return;
	bool joined = base->path.len && *path;
	char *full = gbx_asprintf("%.*s%s%s", (int)base->path.len, (const char *)base->path.data, joined ? "/" : "", path);
	if (full)
		l->path[l->paths++] = full;
}

static void put_listed(struct gbx_recorder *r, Glassbox__Gap__Kind kind, Glassbox__Gap__Reason reason, const Glassbox__Path *base,
		       struct listed *l)
{
	struct gbx_slice path[LISTED];
	struct gbx_place place = {.root = base->root, .path = path, .paths = l->paths, .more = l->count - l->paths};

	for (size_t i = 0; i < l->paths; i++)
		path[i] = gbx_slice_text(l->path[i]);
	if (l->count)
		gbx_put_gap(r, kind, reason, l->count, &place);
	for (size_t i = 0; i < l->paths; i++)
		gbx_free(l->path[i]);
}

/* One gap a reason, for the problems that were not told before. */
static void put_problems(struct gbx_recorder *r, struct gbx_declared *d)
{
	Glassbox__Path base;

	if (d->told == d->files.problems || !locate(r, d, &base))
		return;
	for (int reason = 1; reason <= GLASSBOX__GAP__REASON__SECRET; reason++) {
		struct listed l = {0};
		for (size_t i = d->told; i < d->files.problems; i++)
			if ((int)d->files.problem[i].reason == reason)
				list_file(&l, &base, d->files.problem[i].path);
		if (l.count)
			tell_gap(r, d, (Glassbox__Gap__Reason)reason, d->files.single ? 0 : l.count);
		put_listed(r, gap_kind(d), (Glassbox__Gap__Reason)reason, &base, &l);
	}
	d->told = d->files.problems;
}

static bool holds_secret(void *arg, const char *path)
{
	const struct gbx_recorder *r = arg;

	return gbx_scan_first(r->scanner, gbx_slice_text(path)) != NULL;
}

static bool walk(struct gbx_recorder *r, struct gbx_declared *d)
{
	struct gbx_error err;
	int rc = gbx_files_walk(d->path, &d->files, &err);

	if (rc == 0)
		rc = gbx_files_leave_out(&d->files, holds_secret, r, GLASSBOX__GAP__REASON__SECRET, &err);
	if (rc) {
		put_gap(r, d, gap_kind(d), gbx_gap_reason(&err));
		d->recorded = true;
		return false;
	}
	d->walked = true;
	return true;
}

/* A name or URI with a secret in it: what is left of it, and a number, so that no two names are one. */
static void hide(struct gbx_recorder *r, struct gbx_declared *d, char **text)
{
	char *clean = NULL;
	struct gbx_error err;

	if (!*text || gbx_hide(r, *text, &clean, &err) == 0)
		return;
	gbx_free(*text);
	*text = clean ? gbx_asprintf("%s-%u", clean, ++r->hidden) : NULL;
	gbx_free(clean);
	struct gbx_place place = {.option = d->role == GLASSBOX__DECLARATION__ROLE__DATA ? "--data" : "--output"};
	gbx_put_gap(r, gap_kind(d), *text ? GLASSBOX__GAP__REASON__SECRET : GLASSBOX__GAP__REASON__FAILED, 1, &place);
}

void gbx_declared_begin(struct gbx_recorder *r, struct gbx_declared *d)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Declaration m = GLASSBOX__DECLARATION__INIT;
	Glassbox__Path path;
	uint8_t listing[GBX_SHA256_LEN];
	struct gbx_error err;

	hide(r, d, &d->name);
	hide(r, d, &d->uri);
	if (!d->name || (!d->uri && !d->path)) {
		d->recorded = true;
		return;
	}
	m.role = d->role;
	m.name = d->name;
	if (d->uri)
		m.uri = d->uri;
	else if (locate(r, d, &path))
		m.path = &path;
	if (d->path && d->role == GLASSBOX__DECLARATION__ROLE__DATA && walk(r, d)) {
		m.files = d->files.len;
		m.bytes = d->files.bytes;
		if (gbx_files_listing(&d->files, listing, &err))
			put_gap(r, d, gap_kind(d), gbx_gap_reason(&err));
		else
			m.listing = gbx_pb_bytes(listing, sizeof listing);
	}
	body.body_case = GLASSBOX__BODY__BODY_DECLARATION;
	body.declaration = &m;
	if (m.path || d->uri)
		gbx_put(r, &body, NULL);
	else
		gbx_put_gap(r, gap_kind(d), GLASSBOX__GAP__REASON__FAILED, 1, NULL);
}

/* The manifest goes into a file of the run's own folder, first under a temporary name and then under its digest. */
static int write_manifest(struct gbx_recorder *r, struct gbx_declared *d, struct gbx_manifest_sum *sum,
			  uint8_t page[GBX_SHA256_LEN], struct gbx_error *err)
{
	GBX_AUTO_STRING char *temporary = gbx_run_path(r->store, r->run_text, "manifest/new.tmp");
	GBX_AUTO_FD int fd = -1;
	struct gbx_file_output out;
	char name[96] = "manifest/";
	struct gbx_error ignored;

	if (!temporary)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	if (gbx_exists(temporary) && gbx_unlink(temporary, err))
		return err->code;
	int rc = gbx_create_new(temporary, 0600, &fd, err);
	if (rc)
		return rc;
	gbx_file_output(&out, fd);
	rc = gbx_files_manifest(&d->files, &out.out, sum, page, err);
	if (rc == 0)
		rc = gbx_sync(fd, err);
	if (rc == 0) {
		gbx_hex(page, GBX_SHA256_LEN, name + strlen(name));
		strcat(name, ".tfrecord");
		GBX_AUTO_STRING char *path = gbx_run_path(r->store, r->run_text, name);
		rc = path ? gbx_rename(temporary, path, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
		/* The record that names it must not outlive it. */
		GBX_AUTO_STRING char *folder = rc ? NULL : gbx_run_path(r->store, r->run_text, "manifest");
		if (rc == 0)
			rc = folder ? gbx_sync_dir(folder, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	}
	if (rc && gbx_unlink(temporary, &ignored))
		return rc;
	return rc;
}

static void put_dataset(struct gbx_recorder *r, struct gbx_declared *d, Glassbox__Path *path, const struct gbx_manifest_sum *sum,
			const uint8_t page[GBX_SHA256_LEN])
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Dataset dataset = GLASSBOX__DATASET__INIT;
	Glassbox__DatasetFiles files = GLASSBOX__DATASET_FILES__INIT;
	Glassbox__Ref ref = GLASSBOX__REF__INIT;
	struct gbx_ref at;

	dataset.name = d->name;
	dataset.path = path;
	dataset.files = sum->files;
	dataset.bytes = sum->bytes;
	dataset.root = gbx_pb_bytes(sum->root, GBX_SHA256_LEN);
	dataset.salted_root = gbx_pb_bytes(sum->salted_root, GBX_SHA256_LEN);
	body.body_case = GLASSBOX__BODY__BODY_DATASET;
	body.dataset = &dataset;
	if (!gbx_put(r, &body, &at))
		return;
	ref.stream = gbx_pb_bytes(at.stream, GBX_STREAM_LEN);
	ref.seq = at.seq;
	files.dataset = &ref;
	files.manifest = gbx_pb_bytes(page, GBX_SHA256_LEN);
	body.body_case = GLASSBOX__BODY__BODY_DATASET_FILES;
	body.dataset_files = &files;
	gbx_put(r, &body, NULL);
}

static void put_artifact(struct gbx_recorder *r, struct gbx_declared *d, Glassbox__Path *path, const struct gbx_manifest_sum *sum,
			 const uint8_t page[GBX_SHA256_LEN])
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Artifact artifact = GLASSBOX__ARTIFACT__INIT;

	artifact.name = d->name;
	artifact.path = path;
	artifact.files = sum->files;
	artifact.bytes = sum->bytes;
	artifact.root = gbx_pb_bytes(sum->root, GBX_SHA256_LEN);
	artifact.salted_root = gbx_pb_bytes(sum->salted_root, GBX_SHA256_LEN);
	artifact.manifest = gbx_pb_bytes(page, GBX_SHA256_LEN);
	body.body_case = GLASSBOX__BODY__BODY_ARTIFACT;
	body.artifact = &artifact;
	gbx_put(r, &body, NULL);
}

static void put_uri(struct gbx_recorder *r, const struct gbx_declared *d)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Dataset dataset = GLASSBOX__DATASET__INIT;

	dataset.name = d->name;
	dataset.uri = d->uri;
	body.body_case = GLASSBOX__BODY__BODY_DATASET;
	body.dataset = &dataset;
	if (d->role == GLASSBOX__DECLARATION__ROLE__DATA)
		gbx_put(r, &body, NULL);
}

/* Names, sizes or times differ from those that were declared when the run began. */
static void tell_changed(struct gbx_recorder *r, struct gbx_declared *d, const struct gbx_manifest_sum *sum)
{
	if (d->has_listing && memcmp(d->listing, sum->listing, GBX_SHA256_LEN) != 0)
		put_gap(r, d, gap_kind(d), GLASSBOX__GAP__REASON__CHANGED);
}

/* Files of an output that the job did not write: last changed before it started, by more than the grain of a file's time. */
static void tell_older(struct gbx_recorder *r, struct gbx_declared *d, const Glassbox__Path *base)
{
	struct listed l = {0};

	if (d->role != GLASSBOX__DECLARATION__ROLE__OUTPUT)
		return;
	for (size_t i = 0; i < d->files.len; i++)
		if (d->files.file[i].ctime_nanos + 20000000u < r->job_started_nanos)
			list_file(&l, base, d->files.file[i].path);
	put_listed(r, GLASSBOX__GAP__KIND__OUTPUT, GLASSBOX__GAP__REASON__NOT_WRITTEN, base, &l);
}

static void record(struct gbx_recorder *r, struct gbx_declared *d)
{
	struct gbx_manifest_sum sum;
	uint8_t page[GBX_SHA256_LEN];
	Glassbox__Path path;
	struct gbx_error err;
	int rc = write_manifest(r, d, &sum, page, &err);

	d->recorded = true;
	if (rc || !locate(r, d, &path)) {
		/* What was not found is a folder of the store, not what was declared. */
		put_gap(r, d, gap_kind(d), rc && rc != GBX_E_NOTFOUND ? gbx_gap_reason(&err) : GLASSBOX__GAP__REASON__FAILED);
		return;
	}
	if (d->role == GLASSBOX__DECLARATION__ROLE__DATA)
		put_dataset(r, d, &path, &sum, page);
	else
		put_artifact(r, d, &path, &sum, page);
	tell_changed(r, d, &sum);
	tell_older(r, d, &path);
	put_problems(r, d);
}

void gbx_declared_finish(struct gbx_recorder *r, struct gbx_declared *d, const struct gbx_hash_options *o, bool *finished)
{
	struct gbx_error err;

	*finished = true;
	if (d->recorded)
		return;
	if (d->uri) {
		put_uri(r, d);
		d->recorded = true;
		return;
	}
	if (!d->walked && !walk(r, d))
		return;
	if (gbx_files_hash(d->path, &d->files, o, finished, &err)) {
		*finished = true;
		d->recorded = true;
		put_gap(r, d, gap_kind(d), gbx_gap_reason(&err));
	} else if (*finished) {
		record(r, d);
	}
}

void gbx_declared_recheck(struct gbx_recorder *r, struct gbx_declared *d)
{
	uint64_t changed = 0;
	struct gbx_error err;

	if (!d->recorded || !d->walked)
		return;
	if (gbx_files_recheck(d->path, &d->files, &changed, &err))
		put_gap(r, d, gap_kind(d), gbx_gap_reason(&err));
	else
		put_problems(r, d);
}

void gbx_declared_pending(struct gbx_recorder *r, struct gbx_declared *d)
{
	put_gap(r, d, GLASSBOX__GAP__KIND__HASH_PENDING, GLASSBOX__GAP__REASON__JOB_ENDED);
}
