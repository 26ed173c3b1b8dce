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

static enum gbx_name_type type_of_mode(mode_t mode)
{
	return S_ISREG(mode)	 ? GBX_NAME_FILE
		: S_ISDIR(mode) ? GBX_NAME_DIR
		: S_ISLNK(mode) ? GBX_NAME_LINK
				: GBX_NAME_OTHER;
}

static enum gbx_name_type type_of(int fd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return type_of_mode((mode_t)DTTOIF(entry->d_type));
	return fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ? GBX_NAME_OTHER : type_of_mode(st.st_mode);
}

int gbx_each_name(int dirfd, gbx_name_fn each, void *arg, struct gbx_error *err)
{
	/* A descriptor of its own: closedir closes it, and its position is not shared. */
	GBX_AUTO_FD int fd = -1;
	int rc = gbx_open_dir(dirfd, ".", false, &fd, err);

	if (rc)
		return rc;
	GBX_CLEANUP(close_dir) DIR *dir = fdopendir(fd);
	if (!dir)
		return gbx_fail_errno(err, errno, "cannot read a folder");
	int own = fd;
	fd = -1;
	for (;;) {
		errno = 0;
		struct dirent *entry = readdir(dir);
		if (!entry)
			return errno ? gbx_fail_errno(err, errno, "cannot read a folder") : 0;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		rc = each(arg, entry->d_name, type_of(own, entry), err);
		if (rc)
			return rc;
	}
}

int gbx_names_add(struct gbx_names *names, const char *name, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&names->name, &names->cap, names->len, sizeof *names->name, err);

	if (rc)
		return rc;
	char *copy = gbx_strdup(name);
	if (!copy)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the name '%s'", name);
	names->name[names->len++] = copy;
	return 0;
}

struct bounded {
	struct gbx_names names;
	size_t most;
};

static int add_name(void *arg, const char *name, enum gbx_name_type type, struct gbx_error *err)
{
	struct bounded *b = arg;

	(void)type;
	if (b->names.len == b->most)
		return gbx_fail(err, GBX_E_LIMIT, "more than %zu names", b->most);
	return gbx_names_add(&b->names, name, err);
}

int gbx_list_dir_bounded(int dirfd, const char *path, size_t most, struct gbx_names *out, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	struct bounded all = {.most = most};
	int rc = gbx_open_dir(dirfd, path, false, &fd, err);

	if (rc)
		return rc;
	rc = gbx_each_name(fd, add_name, &all, err);
	if (rc) {
		gbx_names_free(&all.names);
		gbx_fail_context(err, "folder '%s'", path);
		return rc;
	}
	if (all.names.len)
		qsort(all.names.name, all.names.len, sizeof *all.names.name, by_bytes);
	*out = all.names;
	return 0;
}

int gbx_list_dir(int dirfd, const char *path, struct gbx_names *out, struct gbx_error *err)
{
	return gbx_list_dir_bounded(dirfd, path, SIZE_MAX, out, err);
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
		int sys = *copy && mkdir(copy, mode) ? errno : 0;
		if (sys && sys != EEXIST && !(stat(copy, &st) == 0 && S_ISDIR(st.st_mode)))
			return gbx_fail_errno(err, sys, "cannot make folder '%s'", copy);
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

int gbx_remove_dir(const char *path, struct gbx_error *err)
{
	return rmdir(path) ? gbx_fail_errno(err, errno, "cannot remove folder '%s'", path) : 0;
}

int gbx_remove_tree(const char *path, struct gbx_error *err)
{
	return remove_at(AT_FDCWD, path, 0, err);
}
