#include "store/removed.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "store/index.h"

static const char first_line[] = "glassbox/removed/v1";

char *gbx_removed_path(const struct gbx_store *s, const char *run, const char *name)
{
	return name ? gbx_asprintf("%s/removed/%s/%s", s->path, run, name) : gbx_asprintf("%s/removed/%s", s->path, run);
}

bool gbx_removed_when(const struct gbx_store *s, const char *run, uint64_t *nanos)
{
	GBX_AUTO_STRING char *folder = gbx_removed_path(s, run, NULL);
	GBX_AUTO_STRING char *path = gbx_removed_path(s, run, "tombstone");
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_slice rest, line;
	uint64_t when;

	if (!folder || !path || !gbx_exists(folder))
		return false;
	if (nanos)
		*nanos = 0;
	if (!nanos || gbx_load_file(path, 2 * GBX_LIMIT_NOTE, &text, NULL))
		return true;
	rest = gbx_slice_of(&text);
	if (gbx_take_line(&rest, &line) && gbx_slice_is(line, first_line) && gbx_take_line(&rest, &line) && gbx_parse_u63(line, &when))
		*nanos = when;
	return true;
}

int gbx_removed_names(const struct gbx_store *s, struct gbx_names *out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_path_join(s->path, "removed");

	return path ? gbx_ulid_names(path, out, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
}

/* NULL where none or several match. */
static const char *find(const struct gbx_names *names, const char *said)
{
	const char *found = NULL;

	for (size_t i = 0; i < names->len; i++)
		if (gbx_run_is_said(names->name[i], said)) {
			if (found)
				return NULL;
			found = names->name[i];
		}
	return found;
}

int gbx_removed_tell(const struct gbx_store *s, const char *said, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	char when[32], shown[128];
	struct gbx_error ignored;
	uint64_t nanos = 0;
	const char *run = gbx_removed_names(s, &names, &ignored) ? NULL : find(&names, said);

	if (!run || !gbx_removed_when(s, run, &nanos))
		return gbx_fail(err, GBX_E_NOTFOUND, "no run '%s' in '%s': 'glassbox ls' lists them",
				gbx_printable_in(gbx_slice_text(said), shown, sizeof shown), s->path);
	gbx_time_text(nanos, when);
	return gbx_fail(err, GBX_E_NOTFOUND, "run %s was removed on %s; 'glassbox ls --removed' lists those", run, nanos ? when : "a day that its tombstone does not tell");
}

static int sync_parents(const struct gbx_store *s, struct gbx_error *err)
{
	GBX_AUTO_STRING char *runs = gbx_path_join(s->path, "runs");
	GBX_AUTO_STRING char *removed = gbx_path_join(s->path, "removed");
	int rc = runs && removed ? gbx_sync_dir(removed, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc == 0)
		rc = gbx_sync_dir(runs, err);
	return rc ? rc : gbx_sync_dir(s->path, err);
}

int gbx_removed_bury(const struct gbx_store *s, const char *run, struct gbx_slice proof, struct gbx_error *err)
{
	GBX_AUTO_STRING char *from = gbx_run_path(s, run, NULL);
	GBX_AUTO_STRING char *stone = gbx_run_path(s, run, "tombstone");
	GBX_AUTO_STRING char *to = gbx_removed_path(s, run, NULL);
	GBX_AUTO_STRING char *all = gbx_path_join(s->path, "removed");
	GBX_AUTO_BYTES struct gbx_bytes text = {0};

	if (!from || !stone || !to || !all)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	int rc = gbx_bytes_printf(&text, err, "%s\n%llu\n", first_line, (unsigned long long)gbx_now_nanos());
	if (rc == 0 && proof.len)
		rc = gbx_bytes_append(&text, proof.data, proof.len, err);
	if (rc == 0)
		rc = gbx_replace_file(stone, gbx_slice_of(&text), 0600, err);
	if (rc == 0)
		rc = gbx_make_dirs(all, 0700, err);
	if (rc == 0)
		rc = gbx_rename_new(from, to, err);
	return rc ? rc : sync_parents(s, err);
}

/* Names of what is left but the tombstone. */
static int left(const struct gbx_store *s, const char *run, struct gbx_names *out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *folder = gbx_removed_path(s, run, NULL);

	return folder ? gbx_list_dir(AT_FDCWD, folder, out, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
}

bool gbx_removed_unfinished(const struct gbx_store *s, const char *run)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	struct gbx_error ignored;

	if (left(s, run, &names, &ignored))
		return false;
	for (size_t i = 0; i < names.len; i++)
		if (strcmp(names.name[i], "tombstone") != 0)
			return true;
	return false;
}

int gbx_removed_finish(const struct gbx_store *s, const char *run, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	int rc = left(s, run, &names, err);

	for (size_t i = 0; rc == 0 && i < names.len; i++) {
		GBX_AUTO_STRING char *path = gbx_removed_path(s, run, names.name[i]);
		if (!path)
			return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
		if (strcmp(names.name[i], "tombstone") != 0)
			rc = gbx_remove_tree(path, err);
		/* Somebody else finishes it, too. */
		if (rc == GBX_E_NOTFOUND)
			rc = 0;
	}
	return rc;
}
