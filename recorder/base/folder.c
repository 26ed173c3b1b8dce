/* Folders: listing, making, removing. Declared in io.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"

void gbx_names_free(struct gbx_names *names)
{
	for (size_t i = 0; i < names->len; i++)
		gbx_free(names->name[i]);
	gbx_free(names->name);
	*names = (struct gbx_names){0};
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static int add_name(struct gbx_names *out, const char *name, struct gbx_error *err)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	int rc = gbx_grow((void **)&out->name, &out->cap, out->len, sizeof *out->name, err);
	if (rc)
		return rc;
	char *copy = gbx_strdup(name);
	if (!copy)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the name '%s'", name);
	out->name[out->len++] = copy;
	return 0;
}

int gbx_list_dir(int dirfd, const char *path, struct gbx_names *out, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	struct gbx_names names = {0};
	int rc = gbx_open_dir(dirfd, path, false, &fd, err);

	if (rc)
		return rc;
	GBX_CLEANUP(close_dir) DIR *dir = fdopendir(fd);
	if (!dir)
		return gbx_fail_errno(err, errno, "cannot read folder '%s'", path);
	fd = -1; /* closed by closedir */
	for (;;) {
		errno = 0;
		struct dirent *entry = readdir(dir);
		if (!entry)
			break;
		rc = add_name(&names, entry->d_name, err);
		if (rc) {
			gbx_names_free(&names);
			return rc;
		}
	}
	if (errno) {
		gbx_names_free(&names);
		return gbx_fail_errno(err, errno, "cannot read folder '%s'", path);
	}
	if (names.len)
		qsort(names.name, names.len, sizeof *names.name, by_bytes);
	*out = names;
	return 0;
}

int gbx_make_dirs(const char *path, mode_t mode, struct gbx_error *err)
{
	GBX_AUTO_STRING char *copy = gbx_strdup(path);
	struct stat st;

	if (!copy)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to make folder '%s'", path);
	for (char *p = copy + (*copy == '/'); ; p++) {
		if (*p && *p != '/')
			continue;
		char was = *p;
		*p = 0;
		if (*copy && mkdir(copy, mode) && errno != EEXIST && !(stat(copy, &st) == 0 && S_ISDIR(st.st_mode)))
			return gbx_fail_errno(err, errno, "cannot make folder '%s'", copy);
		*p = was;
		if (!was)
			break;
	}
	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return gbx_fail_errno(err, ENOTDIR, "cannot make folder '%s'", path);
	return 0;
}

static int remove_at(int dirfd, const char *name, unsigned depth, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (depth == GBX_LIMIT_DEPTH)
		return gbx_fail(err, GBX_E_LIMIT, "'%s' is more than %u folders deep", name, GBX_LIMIT_DEPTH);
	int rc = gbx_open_dir(dirfd, name, true, &fd, err);
	if (rc == 0)
		rc = gbx_list_dir(fd, ".", &names, err);
	for (size_t i = 0; rc == 0 && i < names.len; i++)
		rc = remove_at(fd, names.name[i], depth + 1, err);
	if (rc == 0 && unlinkat(dirfd, name, AT_REMOVEDIR) && errno != ENOENT)
		rc = gbx_fail_errno(err, errno, "cannot remove folder '%s'", name);
	return rc;
}

int gbx_remove_tree(const char *path, struct gbx_error *err)
{
	return remove_at(AT_FDCWD, path, 0, err);
}
