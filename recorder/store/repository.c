/* Finding a repository's common git folder, so that the store can lie in it: a few file reads, where starting libgit2 would cost
 * milliseconds before the job starts. Declared in store.h. gitrepository-layout(5). */
#include <errno.h>

#include "base/limits.h"
#include "base/mem.h"
#include "store/store.h"

/* Reads a one-line file such as ".git" ("gitdir: PATH") or "commondir"; a relative path counts from `from`. */
static int follow(const char *file, const char *prefix, const char *from, char **out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	int rc = gbx_load_file(file, GBX_LIMIT_PATH + 64, &text, err);

	if (rc)
		return rc;
	while (text.len && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
		text.data[--text.len] = 0;
	if (!gbx_slice_starts(gbx_slice_of(&text), prefix))
		return gbx_fail(err, GBX_E_MALFORMED, "'%s': expected '%s' and a path", file, prefix);
	const char *target = (const char *)text.data + strlen(prefix);
	GBX_AUTO_STRING char *path = *target == '/' ? gbx_strdup(target) : gbx_path_join(from, target);
	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	return gbx_realpath(path, out, err);
}

/* The git folder that `.git` in this folder is or points to. */
static int git_dir_at(const char *folder, char **out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *dot = gbx_path_join(folder, ".git");
	struct stat st;

	if (!dot)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	int rc = gbx_stat(dot, &st, err);
	if (rc)
		return rc;
	return S_ISDIR(st.st_mode) ? gbx_realpath(dot, out, err) : follow(dot, "gitdir: ", folder, out, err);
}

static int common_dir(char *git_dir, char **out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *file = gbx_path_join(git_dir, "commondir");

	if (!file) {
		gbx_free(git_dir);
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	}
	if (!gbx_exists(file)) {
		*out = git_dir;
		return 0;
	}
	int rc = follow(file, "", git_dir, out, err);
	gbx_free(git_dir);
	return rc;
}

/* It says nothing of what is there. What must not be looked into is no repository for us. */
static bool is_outage(const struct gbx_error *err)
{
	return gbx_is_outage(err->code) && err->sys != ENOTDIR && err->sys != EACCES && err->sys != EPERM && err->sys != ELOOP;
}

int gbx_git_find(const char *start, char **root, char **common, struct gbx_error *err)
{
	struct gbx_error why;
	char *at = gbx_strdup(start);

	err = err ? err : &why;
	for (;;) {
		char *git_dir = NULL, *found = NULL;
		if (!at)
			return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
		int rc = git_dir_at(*at ? at : "/", &git_dir, err);
		if (rc && is_outage(err)) {
			gbx_free(at);
			return rc;
		}
		if (rc == 0) {
			rc = common_dir(git_dir, &found, err);
			if (rc) {
				gbx_free(at);
				return rc;
			}
			*root = at;
			*common = found;
			return 0;
		}
		char *slash = strrchr(at, '/');
		if (!slash || !*at || (slash == at && !at[1])) {
			gbx_free(at);
			return gbx_fail(err, GBX_E_NOTFOUND, "'%s' is in no git repository", start);
		}
		*slash = 0;
	}
}
