#include "outdir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int outdir_make(const char *folder, struct error *error)
{
	struct stat status;
	if (mkdir(folder, 0777) == 0)
		return 0;
	const int reason = errno;
	if (stat(folder, &status) == 0 && S_ISDIR(status.st_mode))
		return 0;
	return fail(error, "%s: can't be made: %s; give a folder that can be written with --out",
			folder, strerror(reason));
}

static int write_all(int file, const char *bytes, size_t size)
{
	while (size > 0) {
		const ssize_t done = write(file, bytes, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		bytes += done;
		size -= (size_t)done;
	}
	return 0;
}

/* -1 with errno, and then maybe a file of that name with part of the bytes. */
static int write_file(const char *path, const void *bytes, size_t size)
{
	const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (file < 0)
		return -1;
	const int written = write_all(file, bytes, size) < 0 || fsync(file) < 0 ? -1 : 0;
	const int reason = errno;
	const int closed = close(file);
	if (written < 0)
		errno = reason;
	return written < 0 || closed < 0 ? -1 : 0;
}

int outdir_write(const char *folder, const char *name, const void *bytes, size_t size,
		struct error *error)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	const int length = snprintf(path, sizeof path, "%s/%s", folder, name);
	if (length < 0 || (size_t)length + sizeof ".tmp" > sizeof temporary)
		return fail(error, "%.60s...: the path is too long; give a shorter --out", folder);
	memcpy(temporary, path, (size_t)length);
	memcpy(temporary + length, ".tmp", sizeof ".tmp");

	if (write_file(temporary, bytes, size) == 0 && rename(temporary, path) == 0)
		return 0;
	const int reason = errno;
	unlink(temporary);
	return fail(error, "%s: can't be written: %s; check --out (%s), its rights and free space",
			path, strerror(reason), folder);
}
