#include "inject.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static struct inject_plan plan;
static atomic_bool armed;
static atomic_ulong count[INJECT_CALLS];
static atomic_long outstanding;

void inject_arm(const struct inject_plan *wanted)
{
	plan = *wanted;
	for (int i = 0; i < INJECT_CALLS; i++)
		atomic_store(&count[i], 0);
	atomic_store(&outstanding, 0);
	atomic_store(&armed, true);
}

void inject_disarm(void)
{
	atomic_store(&armed, false);
}

unsigned long inject_count(enum inject_call call)
{
	return atomic_load(&count[call]);
}

long inject_outstanding(void)
{
	return atomic_load(&outstanding);
}

/* Counts a call, and says how it is to go. */
static enum inject_fault next(enum inject_call call)
{
	if (!atomic_load(&armed))
		return INJECT_NONE;
	unsigned long n = atomic_fetch_add(&count[call], 1);
	if (plan.call != call || n < plan.at || (n > plan.at && !plan.for_ever))
		return INJECT_NONE;
	/* Nothing would ever end if every call were interrupted. */
	return plan.fault == INJECT_INTERRUPTED && (n - plan.at) % 2 ? INJECT_NONE : plan.fault;
}

static bool no_memory(enum inject_call call)
{
	if (next(call) != INJECT_FAIL)
		return false;
	errno = ENOMEM;
	return true;
}

static void *taken(void *p)
{
	if (p && atomic_load(&armed))
		atomic_fetch_add(&outstanding, 1);
	return p;
}

/* What the linker calls by these names is the C library's (or AddressSanitizer's). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
int __real_vasprintf(char **out, const char *fmt, va_list args);
char *__real_realpath(const char *path, char *out);
char *__real_getcwd(char *out, size_t size);
DIR *__real_fdopendir(int fd);
int __real_closedir(DIR *dir);
struct dirent *__real_readdir(DIR *dir);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg);
int __real_openat(int dirfd, const char *path, int flags, mode_t mode);
ssize_t __real_read(int fd, void *buf, size_t len);
ssize_t __real_pread(int fd, void *buf, size_t len, off_t offset);
ssize_t __real_readlinkat(int dirfd, const char *path, char *buf, size_t len);
int __real_stat(const char *path, struct stat *st);
int __real_lstat(const char *path, struct stat *st);
int __real_fstat(int fd, struct stat *st);
int __real_fstatat(int dirfd, const char *path, struct stat *st, int flags);

void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return no_memory(INJECT_MEMORY) ? NULL : taken(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return no_memory(INJECT_MEMORY) ? NULL : taken(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
	if (no_memory(INJECT_MEMORY))
		return NULL;
	bool fresh = p == NULL;
	void *out = __real_realloc(p, size);
	return fresh ? taken(out) : out;
}

void __wrap_free(void *p);
void __wrap_free(void *p)
{
	if (p && atomic_load(&armed))
		atomic_fetch_sub(&outstanding, 1);
	__real_free(p);
}

int __wrap_vasprintf(char **out, const char *fmt, va_list args);
__attribute__((format(printf, 2, 0))) int __wrap_vasprintf(char **out, const char *fmt, va_list args)
{
	if (no_memory(INJECT_MEMORY))
		return -1;
	int len = __real_vasprintf(out, fmt, args);
	if (len >= 0)
		taken(*out);
	return len;
}

char *__wrap_realpath(const char *path, char *out);
char *__wrap_realpath(const char *path, char *out)
{
	return no_memory(INJECT_MEMORY) ? NULL : taken(__real_realpath(path, out));
}

char *__wrap_getcwd(char *out, size_t size);
char *__wrap_getcwd(char *out, size_t size)
{
	return no_memory(INJECT_MEMORY) ? NULL : taken(__real_getcwd(out, size));
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
	return no_memory(INJECT_MEMORY) ? EAGAIN : __real_pthread_create(thread, attr, start, arg);
}

static bool cannot_look(void)
{
	if (next(INJECT_LOOK) != INJECT_FAIL)
		return false;
	errno = EIO;
	return true;
}

DIR *__wrap_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd)
{
	return no_memory(INJECT_MEMORY) || cannot_look() ? NULL : taken(__real_fdopendir(fd));
}

int __wrap_closedir(DIR *dir);
int __wrap_closedir(DIR *dir)
{
	if (atomic_load(&armed))
		atomic_fetch_sub(&outstanding, 1);
	return __real_closedir(dir);
}

struct dirent *__wrap_readdir(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir)
{
	return cannot_look() ? NULL : __real_readdir(dir);
}

static bool interrupted(void)
{
	if (next(INJECT_READ) != INJECT_INTERRUPTED)
		return false;
	errno = EINTR;
	return true;
}

int __wrap_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...)
{
	va_list args;

	if (cannot_look() || interrupted())
		return -1;
	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return __real_openat(dirfd, path, flags, mode);
}

/* False: the call fails. */
static bool may_read(size_t *len)
{
	if (cannot_look())
		return false;
	enum inject_fault fault = next(INJECT_READ);
	if (fault == INJECT_SHORT && *len)
		*len = 1;
	if (fault == INJECT_INTERRUPTED)
		errno = EINTR;
	return fault != INJECT_INTERRUPTED;
}

ssize_t __wrap_read(int fd, void *buf, size_t len);
ssize_t __wrap_read(int fd, void *buf, size_t len)
{
	return may_read(&len) ? __real_read(fd, buf, len) : -1;
}

ssize_t __wrap_pread(int fd, void *buf, size_t len, off_t offset);
ssize_t __wrap_pread(int fd, void *buf, size_t len, off_t offset)
{
	return may_read(&len) ? __real_pread(fd, buf, len, offset) : -1;
}

/* What a compiler that is told to check lengths calls instead (-D_FORTIFY_SOURCE, the default of some distributions). */
ssize_t __wrap___read_chk(int fd, void *buf, size_t len, size_t room);
ssize_t __wrap___read_chk(int fd, void *buf, size_t len, size_t room)
{
	return len <= room ? __wrap_read(fd, buf, len) : (abort(), -1);
}

ssize_t __wrap___pread_chk(int fd, void *buf, size_t len, off_t offset, size_t room);
ssize_t __wrap___pread_chk(int fd, void *buf, size_t len, off_t offset, size_t room)
{
	return len <= room ? __wrap_pread(fd, buf, len, offset) : (abort(), -1);
}

int __wrap___vasprintf_chk(char **out, int flag, const char *fmt, va_list args);
__attribute__((format(printf, 3, 0))) int __wrap___vasprintf_chk(char **out, int flag, const char *fmt, va_list args)
{
	(void)flag;
	return __wrap_vasprintf(out, fmt, args);
}

ssize_t __wrap_readlinkat(int dirfd, const char *path, char *buf, size_t len);
ssize_t __wrap_readlinkat(int dirfd, const char *path, char *buf, size_t len)
{
	return cannot_look() ? -1 : __real_readlinkat(dirfd, path, buf, len);
}

int __wrap_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st)
{
	return cannot_look() ? -1 : __real_stat(path, st);
}

int __wrap_lstat(const char *path, struct stat *st);
int __wrap_lstat(const char *path, struct stat *st)
{
	return cannot_look() ? -1 : __real_lstat(path, st);
}

int __wrap_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st)
{
	return cannot_look() ? -1 : __real_fstat(fd, st);
}

int __wrap_fstatat(int dirfd, const char *path, struct stat *st, int flags);
int __wrap_fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
	return cannot_look() ? -1 : __real_fstatat(dirfd, path, st, flags);
}

/* OpenSSL keeps what it has fetched, so what it holds at the end is no leak. */
static void *crypto_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return no_memory(INJECT_CRYPTO) ? NULL : __real_malloc(size);
}

static void *crypto_realloc(void *p, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return no_memory(INJECT_CRYPTO) ? NULL : __real_realloc(p, size);
}

static void crypto_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	__real_free(p);
}

void inject_init(void)
{
	if (CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) != 1) {
		fprintf(stderr, "OpenSSL has taken memory before inject_init\n");
		exit(1);
	}
#if OPENSSL_VERSION_NUMBER >= 0x30200000L
	/* These tell of a failed allocation by starting OpenSSL, and where it is that start that fails, by waiting for it for ever
	 * (pthread_once within itself). Nobody who calls OpenSSL can help it, so it starts undisturbed: with its list of errors. */
	ERR_clear_error();
#endif
}
