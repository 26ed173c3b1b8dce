#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"

void gbx_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int open_retry(int dirfd, const char *path, int flags, mode_t mode)
{
	int fd;

	do
		fd = openat(dirfd, path, flags | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

void gbx_hold_standard_fds(void)
{
	int fd;

	do
		fd = open_retry(AT_FDCWD, "/dev/null", O_RDONLY, 0);
	while (fd >= 0 && fd <= STDERR_FILENO);
	gbx_close(&fd);
}

static int open_as(int dirfd, const char *path, int flags, mode_t mode, int *fd, struct gbx_error *err)
{
	int opened = open_retry(dirfd, path, flags, mode);

	if (opened < 0)
		return gbx_fail_errno(err, errno, "cannot open '%s'", path);
	*fd = opened;
	return 0;
}

int gbx_open_read(const char *path, int *fd, struct gbx_error *err)
{
	return open_as(AT_FDCWD, path, O_RDONLY, 0, fd, err);
}

int gbx_open_regular_stat(int dirfd, const char *path, int *fd, struct stat *st, struct gbx_error *err)
{
	GBX_AUTO_FD int opened = -1;
	struct stat seen;

	/* O_NONBLOCK: a FIFO without a writer would be waited for. It means nothing for a regular file. */
	int rc = open_as(dirfd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, &opened, err);
	if (rc == 0)
		rc = gbx_fstat(opened, &seen, err);
	if (rc)
		return rc;
	if (!S_ISREG(seen.st_mode))
		return gbx_fail(err, GBX_E_MALFORMED, "'%s' is not a regular file", path);
	*st = seen;
	*fd = opened;
	opened = -1;
	return 0;
}

int gbx_open_regular(int dirfd, const char *path, int *fd, struct gbx_error *err)
{
	struct stat st;

	return gbx_open_regular_stat(dirfd, path, fd, &st, err);
}

int gbx_open_dir(int dirfd, const char *path, bool nofollow, int *fd, struct gbx_error *err)
{
	return open_as(dirfd, path, O_RDONLY | O_DIRECTORY | (nofollow ? O_NOFOLLOW : 0), 0, fd, err);
}

int gbx_create_new(const char *path, mode_t mode, int *fd, struct gbx_error *err)
{
	int opened = open_retry(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_APPEND, mode);

	if (opened < 0)
		return gbx_fail_errno(err, errno, "cannot create '%s'", path);
	*fd = opened;
	return 0;
}

int gbx_open_append(const char *path, mode_t mode, int *fd, struct gbx_error *err)
{
	return open_as(AT_FDCWD, path, O_RDWR | O_CREAT | O_APPEND, mode, fd, err);
}

int gbx_read(int fd, void *buf, size_t len, size_t *got, struct gbx_error *err)
{
	ssize_t n;

	do
		n = read(fd, buf, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return gbx_fail_errno(err, errno, "cannot read");
	*got = (size_t)n;
	return 0;
}

size_t gbx_read_cached(int fd, void *buf, size_t len)
{
#ifdef RWF_NOWAIT
	struct iovec part = {buf, len};
	ssize_t n = preadv2(fd, &part, 1, -1, RWF_NOWAIT);
	return n > 0 ? (size_t)n : 0;
#else
	(void)fd, (void)buf, (void)len;
	return 0;
#endif
}

void gbx_drop_cached(int fd, uint64_t offset, uint64_t len)
{
	(void)posix_fadvise(fd, (off_t)offset, (off_t)len, POSIX_FADV_DONTNEED);
}

int gbx_position(int fd, uint64_t *position, struct gbx_error *err)
{
	off_t at = lseek(fd, 0, SEEK_CUR);

	if (at < 0)
		return gbx_fail_errno(err, errno, "cannot tell the position in an open file");
	*position = (uint64_t)at;
	return 0;
}

int gbx_pread(int fd, void *buf, size_t len, uint64_t offset, struct gbx_error *err)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t n = pread(fd, p, len, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return gbx_fail_errno(err, errno, "cannot read at byte %llu", (unsigned long long)offset);
		if (n == 0)
			return gbx_fail(err, GBX_E_MALFORMED, "the file ends at byte %llu, %zu bytes early",
					(unsigned long long)offset, len);
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

int gbx_write(int fd, const void *data, size_t len, struct gbx_error *err)
{
	const uint8_t *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return gbx_fail_errno(err, errno, "cannot write");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int gbx_write_once(int fd, const void *data, size_t len, struct gbx_error *err)
{
	ssize_t n;

	do
		n = write(fd, data, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return gbx_fail_errno(err, errno, "cannot write");
	if ((size_t)n != len)
		return gbx_fail_errno(err, ENOSPC, "wrote %zd of %zu bytes", n, len);
	return 0;
}

int gbx_sync(int fd, struct gbx_error *err)
{
	int rc;

	do
		rc = fdatasync(fd);
	while (rc && errno == EINTR);
	return rc ? gbx_fail_errno(err, errno, "cannot sync") : 0;
}

int gbx_sync_dir(const char *path, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	int rc = gbx_open_dir(AT_FDCWD, path, false, &fd, err);

	if (rc)
		return rc;
	/* Some network filesystems cannot sync a folder and say EINVAL; they write names through. */
	if (fsync(fd) && errno != EINVAL)
		return gbx_fail_errno(err, errno, "cannot sync folder '%s'", path);
	return 0;
}

int gbx_truncate(int fd, uint64_t len, struct gbx_error *err)
{
	int rc;

	do
		rc = ftruncate(fd, (off_t)len);
	while (rc && errno == EINTR);
	return rc ? gbx_fail_errno(err, errno, "cannot cut a file to %llu bytes", (unsigned long long)len) : 0;
}

int gbx_sync_filesystem(const char *path, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	int rc = gbx_open_dir(AT_FDCWD, path, false, &fd, err);

	if (rc)
		return rc;
	return syncfs(fd) ? gbx_fail_errno(err, errno, "cannot sync the filesystem of '%s'", path) : 0;
}

int gbx_lock_as(int fd, enum gbx_lock_kind kind, struct gbx_error *err)
{
	static const int how[] = {LOCK_EX, LOCK_SH, LOCK_EX | LOCK_NB, LOCK_SH | LOCK_NB};
	int rc;

	do
		rc = flock(fd, how[kind]);
	while (rc && errno == EINTR);
	if (rc && errno == EWOULDBLOCK)
		return gbx_fail(err, GBX_E_TIMEOUT, "somebody else holds the lock");
	return rc ? gbx_fail_errno(err, errno, "cannot lock") : 0;
}

int gbx_lock(int fd, struct gbx_error *err)
{
	return gbx_lock_as(fd, GBX_LOCK_ALONE, err);
}

int gbx_stat(const char *path, struct stat *st, struct gbx_error *err)
{
	return stat(path, st) ? gbx_fail_errno(err, errno, "cannot look at '%s'", path) : 0;
}

int gbx_lstat(const char *path, struct stat *st, struct gbx_error *err)
{
	return lstat(path, st) ? gbx_fail_errno(err, errno, "cannot look at '%s'", path) : 0;
}

int gbx_fstat(int fd, struct stat *st, struct gbx_error *err)
{
	return fstat(fd, st) ? gbx_fail_errno(err, errno, "cannot look at an open file") : 0;
}

int gbx_fstatat(int dirfd, const char *name, struct stat *st, struct gbx_error *err)
{
	if (fstatat(dirfd, name, st, AT_SYMLINK_NOFOLLOW))
		return gbx_fail_errno(err, errno, "cannot look at '%s'", name);
	return 0;
}

bool gbx_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

uint64_t gbx_mtime_nanos(const struct stat *st)
{
	return (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec;
}

uint64_t gbx_ctime_nanos(const struct stat *st)
{
	return (uint64_t)st->st_ctim.tv_sec * 1000000000u + (uint64_t)st->st_ctim.tv_nsec;
}

int gbx_readlinkat(int dirfd, const char *name, struct gbx_bytes *out, struct gbx_error *err)
{
	char target[GBX_LIMIT_PATH + 1];
	ssize_t len = readlinkat(dirfd, name, target, sizeof target);

	if (len < 0)
		return gbx_fail_errno(err, errno, "cannot read link '%s'", name);
	if (len == sizeof target)
		return gbx_fail(err, GBX_E_LIMIT, "the target of link '%s' is longer than %u bytes", name, GBX_LIMIT_PATH);
	return gbx_bytes_append(out, target, (size_t)len, err);
}

int gbx_realpath(const char *path, char **out, struct gbx_error *err)
{
	char *full = realpath(path, NULL);

	if (!full)
		return gbx_fail_errno(err, errno, "cannot find '%s'", path);
	*out = full;
	return 0;
}

int gbx_getcwd(char **out, struct gbx_error *err)
{
	char *cwd = getcwd(NULL, 0);

	if (!cwd)
		return gbx_fail_errno(err, errno, "cannot find the working folder");
	*out = cwd;
	return 0;
}

int gbx_pipe(int *from, int *to, struct gbx_error *err)
{
	int end[2];

	if (pipe2(end, O_CLOEXEC))
		return gbx_fail_errno(err, errno, "cannot make a pipe");
	*from = end[0];
	*to = end[1];
	return 0;
}

int gbx_rename(const char *from, const char *to, struct gbx_error *err)
{
	return rename(from, to) ? gbx_fail_errno(err, errno, "cannot rename '%s' to '%s'", from, to) : 0;
}

int gbx_rename_new(const char *from, const char *to, struct gbx_error *err)
{
#ifdef RENAME_NOREPLACE
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return gbx_fail_errno(err, errno, "cannot rename '%s' to '%s'", from, to);
#endif
	if (gbx_exists(to))
		return gbx_fail_errno(err, EEXIST, "cannot rename '%s' to '%s'", from, to);
	return gbx_rename(from, to, err);
}

int gbx_unlink(const char *path, struct gbx_error *err)
{
	return unlink(path) ? gbx_fail_errno(err, errno, "cannot remove '%s'", path) : 0;
}

int gbx_unlink_at(int dirfd, const char *name, struct gbx_error *err)
{
	return unlinkat(dirfd, name, 0) ? gbx_fail_errno(err, errno, "cannot remove '%s'", name) : 0;
}

int gbx_make_dir(const char *path, mode_t mode, struct gbx_error *err)
{
	return mkdir(path, mode) ? gbx_fail_errno(err, errno, "cannot make folder '%s'", path) : 0;
}

#define PIECE (64u * 1024)

int gbx_load_fd(int fd, size_t limit, struct gbx_bytes *out, struct gbx_error *err)
{
	size_t total = 0;

	for (;;) {
		size_t got = 0;
		size_t room = out->cap - out->len, piece = room > 1 ? room - 1 : PIECE;
		size_t ask = limit - total < piece ? limit - total + 1 : piece;
		int rc = gbx_bytes_reserve(out, ask + 1, err);
		if (rc == 0)
			rc = gbx_read(fd, out->data + out->len, ask, &got, err);
		if (rc)
			return rc;
		out->len += got;
		out->data[out->len] = 0;
		total += got;
		if (total > limit)
			return gbx_fail(err, GBX_E_LIMIT, "longer than %zu bytes", limit);
		if (got == 0)
			return 0;
	}
}

int gbx_load_file(const char *path, size_t limit, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	struct stat st;
	int rc = open_as(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd, err);

	if (rc == 0)
		rc = gbx_fstat(fd, &st, err);
	if (rc)
		return rc;
	if (!S_ISREG(st.st_mode))
		return gbx_fail(err, GBX_E_MALFORMED, "'%s' is not a regular file", path);
	/* As much as it says it has; it is read to its end whatever it says. */
	if ((uint64_t)st.st_size <= limit)
		rc = gbx_bytes_reserve(out, (size_t)st.st_size + 2, err);
	if (rc == 0)
		rc = gbx_load_fd(fd, limit, out, err);
	if (rc)
		gbx_fail_context(err, "'%s'", path);
	return rc;
}

static int write_and_sync(const char *path, struct gbx_slice data, mode_t mode, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	int rc = gbx_create_new(path, mode, &fd, err);

	if (rc == 0)
		rc = gbx_write(fd, data.data, data.len, err);
	if (rc == 0)
		rc = gbx_sync(fd, err);
	return rc;
}

int gbx_replace_file(const char *path, struct gbx_slice data, mode_t mode, struct gbx_error *err)
{
	uint64_t unique;
	int rc = gbx_random(&unique, sizeof unique, err);

	if (rc)
		return rc;
	GBX_AUTO_STRING char *temporary = gbx_asprintf("%s.%016llx.tmp", path, (unsigned long long)unique);
	const char *slash = strrchr(path, '/');
	GBX_AUTO_STRING char *dir = slash ? gbx_memdup(path, (size_t)(slash - path) + (slash == path)) : gbx_strdup(".");
	if (!temporary || !dir)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to write '%s'", path);
	rc = write_and_sync(temporary, data, mode, err);
	if (rc == 0)
		rc = gbx_rename(temporary, path, err);
	if (rc) {
		unlink(temporary);
		gbx_fail_context(err, "'%s'", path);
		return rc;
	}
	return gbx_sync_dir(dir, err);
}

char *gbx_path_join(const char *a, const char *b)
{
	size_t len = strlen(a);

	return gbx_asprintf("%s%s%s", a, len && a[len - 1] == '/' ? "" : "/", b);
}

const char *gbx_path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *gbx_path_under(const char *path, const char *root)
{
	size_t len = strlen(root);

	while (len && root[len - 1] == '/')
		len--;
	if (strncmp(path, root, len) != 0)
		return NULL;
	if (path[len] == 0)
		return path + len;
	return path[len] == '/' ? path + len + 1 : NULL;
}

int gbx_random(void *out, size_t len, struct gbx_error *err)
{
	uint8_t *p = out;

	while (len) {
		ssize_t n = getrandom(p, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return gbx_fail_errno(err, errno, "the kernel gives no random bytes");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static uint64_t clock_nanos(clockid_t clock)
{
	struct timespec t = {0};

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t gbx_now_nanos(void)
{
	return clock_nanos(CLOCK_REALTIME);
}

uint64_t gbx_monotonic_nanos(void)
{
	return clock_nanos(CLOCK_MONOTONIC);
}

static int file_input_read(struct gbx_input *in, void *buf, size_t len, size_t *got, struct gbx_error *err)
{
	return gbx_read(((struct gbx_file_input *)in)->fd, buf, len, got, err);
}

void gbx_file_input(struct gbx_file_input *f, int fd)
{
	*f = (struct gbx_file_input){{file_input_read}, fd};
}

static int range_input_read(struct gbx_input *in, void *buf, size_t len, size_t *got, struct gbx_error *err)
{
	struct gbx_range_input *r = (struct gbx_range_input *)in;

	if (len > r->end - r->offset)
		len = (size_t)(r->end - r->offset);
	int rc = gbx_pread(r->fd, buf, len, r->offset, err);
	if (rc)
		return rc;
	r->offset += len;
	*got = len;
	return 0;
}

void gbx_range_input(struct gbx_range_input *r, int fd, uint64_t offset, uint64_t end)
{
	*r = (struct gbx_range_input){{range_input_read}, fd, offset, end};
}

static int memory_input_read(struct gbx_input *in, void *buf, size_t len, size_t *got, struct gbx_error *err)
{
	struct gbx_memory_input *m = (struct gbx_memory_input *)in;
	struct gbx_slice part;

	(void)err;
	if (len > m->rest.len)
		len = m->rest.len;
	if (gbx_take(&m->rest, len, &part) && len)
		memcpy(buf, part.data, len);
	*got = len;
	return 0;
}

void gbx_memory_input(struct gbx_memory_input *m, struct gbx_slice data)
{
	*m = (struct gbx_memory_input){{memory_input_read}, data};
}

static int file_output_write(struct gbx_output *out, const void *data, size_t len, struct gbx_error *err)
{
	return gbx_write(((struct gbx_file_output *)out)->fd, data, len, err);
}

void gbx_file_output(struct gbx_file_output *f, int fd)
{
	*f = (struct gbx_file_output){{file_output_write}, fd};
}

int gbx_copy(struct gbx_input *in, struct gbx_output *out, struct gbx_error *err)
{
	uint8_t buf[65536];
	size_t got = 1;
	int rc = 0;

	while (rc == 0 && got) {
		rc = in->read(in, buf, sizeof buf, &got, err);
		if (rc == 0 && got)
			rc = out->write(out, buf, got, err);
	}
	return rc;
}

static int bytes_output_write(struct gbx_output *out, const void *data, size_t len, struct gbx_error *err)
{
	return gbx_bytes_append(((struct gbx_bytes_output *)out)->bytes, data, len, err);
}

void gbx_bytes_output(struct gbx_bytes_output *b, struct gbx_bytes *bytes)
{
	*b = (struct gbx_bytes_output){{bytes_output_write}, bytes};
}
