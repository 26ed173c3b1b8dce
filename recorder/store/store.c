#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/filesystem.h"
#include "store/removed.h"

void gbx_store_free(struct gbx_store *s)
{
	gbx_free(s->path);
	gbx_free(s->why);
	*s = (struct gbx_store){0};
}

/* What a candidate must be. */
enum need {
	MADE,     /* ours and writable; made where it is not there */
	WRITABLE, /* there, ours and writable */
	THERE,    /* a folder */
};

static int check_writers(const char *path, const struct stat *st, struct gbx_error *err)
{
	if (st->st_mode & 022)
		return gbx_fail(err, GBX_E_REFUSED, "others may write to '%s', and a store is never shared: chmod go-w, or name another with --store",
				path);
	return 0;
}

/* Who else can write to a store can change what was recorded. */
static int check_own(const char *path, const struct stat *st, struct gbx_error *err)
{
	if (st->st_uid != geteuid())
		return gbx_fail(err, GBX_E_REFUSED, "'%s' belongs to user %u, not to you, and a store is never shared: name another with --store",
				path, (unsigned)st->st_uid);
	return check_writers(path, st, err);
}

int gbx_store_own(const struct gbx_store *s, struct gbx_error *err)
{
	struct stat st;
	int rc = gbx_stat(s->path, &st, err);

	return rc ? rc : check_own(s->path, &st, err);
}

static int try_folder(const char *path, enum need need, bool named, struct gbx_error *err)
{
	struct stat st;
	int rc = need == MADE ? gbx_make_dirs(path, 0700, err) : 0;

	if (rc == 0)
		rc = named ? gbx_stat(path, &st, err) : gbx_lstat(path, &st, err);
	if (rc == 0 && !S_ISDIR(st.st_mode))
		return gbx_fail(err, GBX_E_REFUSED, "'%s' is none: expected a folder of its own", path);
	/* Not even read where nobody named it: others could put anything there. */
	if (rc == 0 && !named && need == THERE)
		rc = check_writers(path, &st, err);
	if (rc || need == THERE)
		return rc;
	rc = check_own(path, &st, err);
	if (rc)
		return rc;
	if (access(path, W_OK | X_OK))
		return gbx_fail(err, GBX_E_IO, "'%s' cannot be written to; expected a folder that you may write to", path);
	return 0;
}

int gbx_own_folder(const char *path, struct gbx_error *err)
{
	return try_folder(path, MADE, false, err);
}

static int take(char *path, const char *why, bool in_repo, struct gbx_store *out, struct gbx_error *err)
{
	char *reason = why && *why ? gbx_strdup(why) : NULL;
	char *full = NULL;
	int rc = gbx_realpath(path, &full, err);

	gbx_free(path);
	if (rc) {
		gbx_free(reason);
		return rc;
	}
	struct gbx_filesystem on = gbx_filesystem_of(full);
	*out = (struct gbx_store){full, reason, on.fleeting ? on.name : NULL, in_repo};
	return 0;
}

/* One candidate; 1 where it cannot be used and the next is to be tried. */
static int try_candidate(char *path, enum need need, bool in_repo, char *why, size_t size,
			 struct gbx_store *out, struct gbx_error *err)
{
	struct gbx_error local;

	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	if (try_folder(path, need, false, &local)) {
		if (need == MADE && !*why)
			gbx_printable_in(gbx_slice_text(local.line), why, size);
		gbx_free(path);
		return 1;
	}
	return take(path, why, in_repo, out, err);
}

static bool is_path(const char *s)
{
	return s && *s;
}

/* The first of the default places that is what it needs to be; 1 where none is. */
static int find_default(const struct gbx_store_choice *c, enum need need, char *why, size_t size, struct gbx_store *out,
			struct gbx_error *err)
{
	int rc = 1;

	if (is_path(c->git_dir))
		rc = try_candidate(gbx_path_join(c->git_dir, "glassbox"), need, true, why, size, out, err);
	if (rc == 1 && c->state_home && *c->state_home == '/')
		rc = try_candidate(gbx_path_join(c->state_home, "glassbox"), need, false, why, size, out, err);
	if (rc == 1 && is_path(c->home))
		rc = try_candidate(gbx_path_join(c->home, ".local/state/glassbox"), need, false, why, size, out, err);
	if (rc == 1)
		rc = try_candidate(gbx_asprintf("/var/tmp/glassbox-%u", (unsigned)geteuid()), need, false, why, size, out, err);
	return rc;
}

/* A reader looks first where a writer would write now, then at what is there. */
static int find(const struct gbx_store_choice *c, struct gbx_store *out, struct gbx_error *err)
{
	char why[512] = "";
	int rc = find_default(c, c->create ? MADE : WRITABLE, why, sizeof why, out, err);

	if (rc == 1 && !c->create)
		rc = find_default(c, THERE, why, sizeof why, out, err);
	if (rc != 1)
		return rc;
	if (!c->create)
		return gbx_fail(err, GBX_E_NOTFOUND,
				"no store was found: record something with 'glassbox run -- COMMAND', or name one with --store");
	return gbx_fail(err, GBX_E_IO, "no store can be written (%s): name a folder with --store or GLASSBOX_STORE", why);
}

int gbx_store_find(const struct gbx_store_choice *c, struct gbx_store *out, struct gbx_error *err)
{
	const char *named = is_path(c->option) ? c->option : is_path(c->environment) ? c->environment : NULL;

	if (!named)
		return find(c, out, err);
	int rc = try_folder(named, c->create ? MADE : THERE, true, err);
	if (rc)
		return gbx_fail_context(err, "the store that %s names", named == c->option ? "--store" : "GLASSBOX_STORE");
	char *path = gbx_strdup(named);
	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	rc = take(path, NULL, false, out, err);
	if (rc == 0 && is_path(c->git_dir))
		out->in_repo = gbx_path_under(out->path, c->git_dir) != NULL;
	return rc;
}

char *gbx_run_path(const struct gbx_store *s, const char *run, const char *name)
{
	return name ? gbx_asprintf("%s/runs/%s/%s", s->path, run, name) : gbx_asprintf("%s/runs/%s", s->path, run);
}

/* ULID: 48 bits of milliseconds since 1970, big-endian, and 80 random bits. */
static int new_ulid(uint8_t run[GBX_ULID_LEN], struct gbx_error *err)
{
	uint8_t time[8];

	gbx_put_be64(time, gbx_now_nanos() / 1000000u);
	int rc = gbx_random(run + 6, GBX_ULID_LEN - 6, err);
	if (rc == 0)
		memcpy(run, time + 2, 6);
	return rc;
}

int gbx_run_create(const struct gbx_store *s, uint8_t run[GBX_ULID_LEN], struct gbx_error *err)
{
	static const uint8_t none[GBX_ULID_LEN];
	static const char *const folder[] = {"journal", "manifest", "blob"};
	char text[GBX_ULID_TEXT + 1];
	int rc = memcmp(run, none, sizeof none) == 0 ? new_ulid(run, err) : 0;

	gbx_ulid_text(run, text);
	if (rc == 0 && gbx_removed_when(s, text, NULL))
		return gbx_fail(err, GBX_E_REFUSED, "run %s was removed; its id is not used again", text);
	for (size_t i = 0; rc == 0 && i < sizeof folder / sizeof *folder; i++) {
		GBX_AUTO_STRING char *path = gbx_run_path(s, text, folder[i]);
		rc = path ? gbx_make_dirs(path, 0700, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	}
	return rc;
}

int gbx_ulid_names(const char *folder, struct gbx_names *out, struct gbx_error *err)
{
	struct gbx_names all = {0};
	uint8_t ulid[GBX_ULID_LEN];
	size_t kept = 0;

	/* A folder that cannot be looked at, or something else in its place, is not one that is not there. */
	struct gbx_error why;
	int rc = gbx_list_dir(AT_FDCWD, folder, &all, &why);
	if (rc && why.sys != ENOENT)
		return gbx_fail(err, rc, "%s", why.line);
	for (size_t i = 0; i < all.len; i++) {
		if (gbx_ulid_parse(gbx_slice_text(all.name[i]), ulid))
			all.name[kept++] = all.name[i];
		else
			gbx_free(all.name[i]);
	}
	all.len = kept;
	*out = all;
	return 0;
}

int gbx_run_names(const struct gbx_store *s, struct gbx_names *out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_path_join(s->path, "runs");

	return path ? gbx_ulid_names(path, out, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
}
