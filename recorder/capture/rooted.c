#include "capture/rooted.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/mem.h"

int gbx_rooted_open(int root, const char *path, int *fd, struct gbx_error *err)
{
	GBX_AUTO_FD int opened = -1;
	struct stat st;
	int rc = gbx_open_within(root, path, &opened, &st, err);

	if (rc)
		return rc;
	if (!S_ISREG(st.st_mode))
		return gbx_fail(err, GBX_E_MALFORMED, "'%s' is not a regular file", path);
	*fd = opened;
	opened = -1;
	return 0;
}

bool gbx_rooted_is_file(int root, const char *path)
{
	GBX_AUTO_FD int fd = -1;

	return gbx_rooted_open(root, path, &fd, NULL) == 0;
}

int gbx_rooted_start(int root, const char *path, size_t most, struct gbx_bytes *out, bool *whole, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	size_t got = 1, left = most;
	int rc = gbx_rooted_open(root, path, &fd, err);

	if (rc == 0)
		rc = gbx_bytes_reserve(out, most + 1, err);
	while (rc == 0 && got && left) {
		rc = gbx_read(fd, out->data + out->len, left, &got, err);
		if (rc)
			break;
		out->len += got;
		left -= got;
	}
	if (rc == 0) {
		out->data[out->len] = 0;
		if (whole)
			*whole = left > 0;
	}
	return rc;
}

/* A path without links, by the kernel's own word for an open file; NULL where there is none. */
static char *name_of(int fd)
{
	GBX_AUTO_BYTES struct gbx_bytes path = {0};
	char link[32];

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	return gbx_readlinkat(AT_FDCWD, link, &path, NULL) == 0 && path.len && path.data[0] == '/' ? gbx_strdup((char *)path.data) : NULL;
}

int gbx_rooted_folder(int root, const char *path, int *fd, char **real, struct gbx_error *err)
{
	GBX_AUTO_FD int opened = -1;
	struct stat st;
	int rc = gbx_open_within(root, path, &opened, &st, err);

	if (rc)
		return rc;
	if (!S_ISDIR(st.st_mode))
		return gbx_fail(err, GBX_E_MALFORMED, "'%s' is not a folder", path);
	GBX_AUTO_STRING char *name = name_of(opened);
	GBX_AUTO_STRING char *above = root < 0 ? NULL : name_of(root);
	const char *under = name && above ? gbx_path_under(name, above) : NULL;
	char *found = under ? gbx_asprintf("/%s", under) : gbx_strdup(name && root < 0 ? name : path);
	if (!found)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	*real = found;
	*fd = opened;
	opened = -1;
	return 0;
}
