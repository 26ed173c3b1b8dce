#include "seam.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LOG_BYTES = 32 << 20, PATH_BYTES = 4096, PRETENDED = 16 };

/* Seen by all processes. */
struct shared {
	atomic_bool armed;
	struct seam_plan plan;
	atomic_ulong count[SEAM_LANES][SEAM_CALLS];
	atomic_bool happened, full;
	atomic_uint interrupted;
	atomic_uint_fast64_t written;
	atomic_int job, witness;
	pthread_mutex_t lock; /* over the log */
	size_t log_len;
	_Alignas(16) unsigned char log[LOG_BYTES];
};
static struct shared *slots, *shared; /* all, and the one in use */
static char under[PATH_BYTES];
static enum seam_lane process_lane;
static _Thread_local bool is_thread;
static unsigned forks;
static atomic_long outstanding;
static struct {
	uint64_t now, then;
} pretended[PRETENDED];
static unsigned pretending;

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
pid_t __real_fork(void);
int __real_pipe2(int end[2], int flags);
void *__real_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset);
int __real_stat(const char *path, struct stat *st);
int __real_lstat(const char *path, struct stat *st);
int __real_fstat(int fd, struct stat *st);
int __real_fstatat(int dirfd, const char *path, struct stat *st, int flags);

void seam_init(const char *folder)
{
	pthread_mutexattr_t a;

	slots = mmap(NULL, SEAM_SLOTS * sizeof *slots, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (slots == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	for (int i = 0; i < SEAM_SLOTS; i++)
		pthread_mutex_init(&slots[i].lock, &a);
	shared = slots;
	if (folder)
		snprintf(under, sizeof under, "%s", folder);
}

void seam_use(unsigned slot)
{
	shared = slots + slot;
}

void seam_forget(void)
{
	shared->log_len = 0;
	atomic_store(&shared->job, 0);
}

void seam_arm(const struct seam_plan *plan)
{
	shared->plan = *plan;
	for (int l = 0; l < SEAM_LANES; l++)
		for (int c = 0; c < SEAM_CALLS; c++)
			atomic_store(&shared->count[l][c], 0);
	atomic_store(&shared->happened, false);
	atomic_store(&shared->full, false);
	atomic_store(&shared->written, 0);
	atomic_store(&shared->interrupted, 0);
	atomic_store(&shared->job, 0);
	atomic_store(&shared->witness, 0);
	atomic_store(&outstanding, 0);
	if (!plan->go_on)
		shared->log_len = 0;
	process_lane = SEAM_MAIN;
	forks = 0;
	atomic_store(&shared->armed, true);
}

void seam_disarm(void)
{
	atomic_store(&shared->armed, false);
}

unsigned long seam_count(enum seam_lane lane, enum seam_call call)
{
	return atomic_load(&shared->count[lane][call]);
}

bool seam_happened(void)
{
	return atomic_load(&shared->happened);
}

uint64_t seam_written(void)
{
	return atomic_load(&shared->written);
}

long seam_outstanding(void)
{
	return atomic_load(&outstanding);
}

static bool is_armed(void)
{
	return shared && atomic_load(&shared->armed) && process_lane != SEAM_JOB;
}

static enum seam_lane lane(void)
{
	return process_lane == SEAM_MAIN && is_thread ? SEAM_THREAD : process_lane;
}

/* Counts a call. True where it is the planned one, or one after it where that is for ever. */
static bool is_planned(enum seam_call call)
{
	const struct seam_plan *p = &shared->plan;
	unsigned long n = atomic_fetch_add(&shared->count[lane()][call], 1);

	if (p->call != call)
		return false;
	if (lane() == p->lane && n == p->at) {
		atomic_store(&shared->happened, true);
		return true;
	}
	return p->for_ever && atomic_load(&shared->happened);
}

static void kill_whom(unsigned whom)
{
	pid_t job = atomic_load(&shared->job), witness = atomic_load(&shared->witness);

	if ((whom & SEAM_KILL_JOB) && job > 0)
		kill(job, SIGKILL);
	if ((whom & SEAM_KILL_WITNESS) && witness > 0)
		kill(witness, SIGKILL);
	if (whom & SEAM_KILL_SELF)
		kill(getpid(), SIGKILL);
}

/* Whether a call is let through; of a shortened one *len becomes half. */
static bool may(enum seam_call call, size_t *len)
{
	if (!is_armed() || !is_planned(call))
		return true;
	const struct seam_plan *p = &shared->plan;
	if (p->act == SEAM_SHORT && len && *len > 1)
		*len /= 2;
	if (p->act != SEAM_FAIL)
		return true;
	/* Nothing would ever end if every call were interrupted. */
	if (p->sys == EINTR && p->for_ever && atomic_fetch_add(&shared->interrupted, 1) % 2)
		return true;
	errno = p->sys;
	return false;
}

static bool fails(enum seam_call call)
{
	return !may(call, NULL);
}

/* Around what changes something: a step. */
static bool begin_step(void)
{
	if (!is_armed() || !is_planned(SEAM_STEP) || shared->plan.act != SEAM_KILL)
		return false;
	if (shared->plan.when == SEAM_BEFORE)
		kill_whom(shared->plan.whom);
	return true;
}

static void end_step(bool planned)
{
	int sys = errno;

	if (planned)
		kill_whom(shared->plan.whom);
	errno = sys;
}

static bool recording(void)
{
	return is_armed() && shared->plan.act == SEAM_RECORD;
}

static void lock_log(void)
{
	if (pthread_mutex_lock(&shared->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&shared->lock);
}

static void unlock_log(void)
{
	pthread_mutex_unlock(&shared->lock);
}

static uint32_t put_text(struct seam_entry *e, const void *text, size_t len)
{
	uint32_t at = e->size;

	memcpy((char *)e + at, text, len);
	((char *)e)[at + len] = 0;
	e->size += (uint32_t)len + 1;
	return at;
}

/* With the log locked. */
static void keep(struct seam_entry head, const char *path, const char *to, const void *data, size_t len)
{
	size_t most = sizeof head + (path ? strlen(path) + 1 : 0) + (to ? strlen(to) + 1 : 0) + len + 1 + 16;
	struct seam_entry *e = (struct seam_entry *)(shared->log + shared->log_len);

	if (shared->log_len + most > LOG_BYTES) {
		fprintf(stderr, "seam: the log is full\n");
		abort();
	}
	*e = head;
	e->size = sizeof *e;
	e->path = path ? put_text(e, path, strlen(path)) : 0;
	e->to = to ? put_text(e, to, strlen(to)) : 0;
	e->data_len = (uint32_t)len;
	e->data = data ? put_text(e, data, len) : 0;
	e->size = (e->size + 15u) & ~15u;
	shared->log_len += e->size;
}

const struct seam_entry *seam_log(const struct seam_entry *after)
{
	size_t at = after ? (size_t)((const unsigned char *)after - shared->log) + after->size : 0;

	return at < shared->log_len ? (const struct seam_entry *)(shared->log + at) : NULL;
}

const char *seam_text(const struct seam_entry *e, uint32_t at)
{
	return at ? (const char *)e + at : NULL;
}

void seam_ack(uint32_t number, const char *path, const void *data, size_t len)
{
	if (!is_armed() || (shared->plan.act != SEAM_RECORD && shared->plan.act != SEAM_KILL && shared->plan.act != SEAM_PASS))
		return;
	lock_log();
	keep((struct seam_entry){.op = SEAM_OP_ACK, .number = number}, path, NULL, data, len);
	unlock_log();
}

/* Takes out "." and "..", as far as a text can tell. */
static void clean(char *path)
{
	char *out = path;

	for (const char *p = path; *p;) {
		size_t len = strcspn(p + 1, "/");
		if (len == 0 || (len == 1 && p[1] == '.')) {
			p += len + 1;
		} else if (len == 2 && p[1] == '.' && p[2] == '.') {
			while (out > path && *--out != '/')
				;
			p += 3;
		} else {
			memmove(out, p, len + 1);
			out += len + 1;
			p += len + 1;
		}
	}
	*out = 0;
}

/* The absolute path; false for what is not recorded. */
static bool place_of(int dirfd, const char *path, char out[PATH_BYTES])
{
	char link[64];
	ssize_t len = 0;

	if (*path != '/') {
		snprintf(link, sizeof link, dirfd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", dirfd);
		len = syscall(SYS_readlinkat, AT_FDCWD, link, out, PATH_BYTES / 2);
		if (len <= 0)
			return false;
		out[len++] = '/';
	}
	snprintf(out + len, PATH_BYTES - (size_t)len, "%s", path);
	clean(out);
	return *under && strncmp(out, under, strlen(under)) == 0 && out[strlen(under)] == '/';
}

static void keep_names(enum seam_op op, int dirfd, const char *path, const char *to)
{
	char from[PATH_BYTES], target[PATH_BYTES];

	if (!place_of(dirfd, path, from) || (to && !place_of(dirfd, to, target)))
		return;
	keep((struct seam_entry){.op = op}, from, to ? target : NULL, NULL, 0);
}

/* The inode of a regular file; 0 for anything else. */
static uint64_t file_of(int fd)
{
	struct stat st;

	return __real_fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? st.st_ino : 0;
}

/* Memory. */

static void *taken(void *p)
{
	if (p && is_armed())
		atomic_fetch_add(&outstanding, 1);
	return p;
}

void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return fails(SEAM_MEMORY) ? NULL : taken(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return fails(SEAM_MEMORY) ? NULL : taken(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
	if (fails(SEAM_MEMORY))
		return NULL;
	bool fresh = p == NULL;
	void *out = __real_realloc(p, size);
	return fresh ? taken(out) : out;
}

void __wrap_free(void *p);
void __wrap_free(void *p)
{
	if (p && is_armed())
		atomic_fetch_sub(&outstanding, 1);
	__real_free(p);
}

int __wrap_vasprintf(char **out, const char *fmt, va_list args);
__attribute__((format(printf, 2, 0))) int __wrap_vasprintf(char **out, const char *fmt, va_list args)
{
	if (fails(SEAM_MEMORY))
		return -1;
	int len = __real_vasprintf(out, fmt, args);
	if (len >= 0)
		taken(*out);
	return len;
}

int __wrap___vasprintf_chk(char **out, int flag, const char *fmt, va_list args);
__attribute__((format(printf, 3, 0))) int __wrap___vasprintf_chk(char **out, int flag, const char *fmt, va_list args)
{
	(void)flag;
	return __wrap_vasprintf(out, fmt, args);
}

char *__wrap_realpath(const char *path, char *out);
char *__wrap_realpath(const char *path, char *out)
{
	return fails(SEAM_MEMORY) ? NULL : taken(__real_realpath(path, out));
}

char *__wrap_getcwd(char *out, size_t size);
char *__wrap_getcwd(char *out, size_t size)
{
	return fails(SEAM_MEMORY) ? NULL : taken(__real_getcwd(out, size));
}

DIR *__wrap_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd)
{
	return fails(SEAM_MEMORY) ? NULL : taken(__real_fdopendir(fd));
}

int __wrap_closedir(DIR *dir);
int __wrap_closedir(DIR *dir)
{
	if (is_armed())
		atomic_fetch_sub(&outstanding, 1);
	return __real_closedir(dir);
}

void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	return fails(SEAM_MAP) ? MAP_FAILED : __real_mmap(at, len, prot, flags, fd, offset);
}

/* Processes and threads. */

/* The main thread's first fork is for the code, the second for the witness, the third for the job: run/run.c. */
pid_t __wrap_fork(void);
pid_t __wrap_fork(void)
{
	if (!is_armed())
		return __real_fork();
	if (fails(SEAM_PROCESS))
		return -1;
	enum seam_lane next = forks == 0 ? SEAM_CAPTURE : forks == 1 ? SEAM_WITNESS : SEAM_JOB;
	forks++;
	if (next == SEAM_JOB)
		seam_ack(0, NULL, NULL, 0);
	pid_t pid = __real_fork();
	if (pid == 0)
		process_lane = next;
	else if (next == SEAM_WITNESS)
		atomic_store(&shared->witness, pid);
	else if (next == SEAM_JOB)
		atomic_store(&shared->job, pid);
	return pid;
}

int __wrap_pipe2(int end[2], int flags);
int __wrap_pipe2(int end[2], int flags)
{
	return fails(SEAM_PROCESS) ? -1 : __real_pipe2(end, flags);
}

struct start {
	void *(*run)(void *);
	void *arg;
};

static void *in_lane(void *arg)
{
	struct start s = *(struct start *)arg;

	__real_free(arg);
	is_thread = true;
	return s.run(s.arg);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
	if (fails(SEAM_PROCESS))
		return errno;
	struct start *s = __real_malloc(sizeof *s);
	*s = (struct start){start, arg};
	int rc = __real_pthread_create(thread, attr, in_lane, s);
	if (rc)
		__real_free(s);
	return rc;
}

/* Reading. */

void seam_pretend(uint64_t now, uint64_t then)
{
	if (now == 0)
		pretending = 0;
	else if (pretending < PRETENDED) {
		pretended[pretending].now = now;
		pretended[pretending++].then = then;
	}
}

static int seen(int rc, struct stat *st)
{
	for (unsigned i = 0; rc == 0 && i < pretending; i++)
		if (pretended[i].now == st->st_ino) {
			st->st_ino = pretended[i].then;
			break;
		}
	return rc;
}

int __wrap_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st)
{
	return fails(SEAM_LOOK) ? -1 : seen(__real_stat(path, st), st);
}

int __wrap_lstat(const char *path, struct stat *st);
int __wrap_lstat(const char *path, struct stat *st)
{
	return fails(SEAM_LOOK) ? -1 : seen(__real_lstat(path, st), st);
}

int __wrap_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st)
{
	return fails(SEAM_LOOK) ? -1 : seen(__real_fstat(fd, st), st);
}

int __wrap_fstatat(int dirfd, const char *path, struct stat *st, int flags);
int __wrap_fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
	return fails(SEAM_LOOK) ? -1 : seen(__real_fstatat(dirfd, path, st, flags), st);
}

struct dirent *__wrap_readdir(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir)
{
	return fails(SEAM_READ) ? NULL : __real_readdir(dir);
}

ssize_t read(int fd, void *buf, size_t len)
{
	return may(SEAM_READ, &len) ? syscall(SYS_read, fd, buf, len) : -1;
}

ssize_t pread(int fd, void *buf, size_t len, off_t offset)
{
	return may(SEAM_READ, &len) ? syscall(SYS_pread64, fd, buf, len, offset) : -1;
}

/* What a compiler that is told to check lengths calls instead (-D_FORTIFY_SOURCE, the default of some distributions). */
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room)
{
	return len <= room ? read(fd, buf, len) : (abort(), -1);
}

ssize_t __pread_chk(int fd, void *buf, size_t len, off_t offset, size_t room);
ssize_t __pread_chk(int fd, void *buf, size_t len, off_t offset, size_t room)
{
	return len <= room ? pread(fd, buf, len, offset) : (abort(), -1);
}

ssize_t readlinkat(int dirfd, const char *path, char *buf, size_t len)
{
	return fails(SEAM_READ) ? -1 : syscall(SYS_readlinkat, dirfd, path, buf, len);
}

ssize_t readlink(const char *path, char *buf, size_t len)
{
	return readlinkat(AT_FDCWD, path, buf, len);
}

/* Opening. */

static int open_at(int dirfd, const char *path, int flags, mode_t mode)
{
	char place[PATH_BYTES];
	struct stat st;
	bool step = false;

	if (fails(SEAM_OPEN))
		return -1;
	if (!(flags & (O_CREAT | O_TRUNC)))
		return (int)syscall(SYS_openat, dirfd, path, flags, mode);
	step = begin_step();
	bool kept = recording() && place_of(dirfd, path, place);
	if (kept)
		lock_log();
	bool was = kept && __real_lstat(place, &st) == 0;
	int fd = (int)syscall(SYS_openat, dirfd, path, flags, mode);
	if (kept && fd >= 0 && !was)
		keep((struct seam_entry){.op = SEAM_OP_CREATE, .file = file_of(fd)}, place, NULL, NULL, 0);
	else if (kept && fd >= 0 && (flags & O_TRUNC))
		keep((struct seam_entry){.op = SEAM_OP_TRUNCATE, .file = file_of(fd)}, NULL, NULL, NULL, 0);
	if (kept)
		unlock_log();
	end_step(step);
	return fd;
}

int openat(int dirfd, const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return open_at(dirfd, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return open_at(AT_FDCWD, path, flags, mode);
}

/* Writing. */

/* Whether a write may be made, and of how much. The disk is that of regular files. */
static bool may_write(int fd, size_t *len)
{
	if (!may(SEAM_WRITE, len))
		return false;
	const struct seam_plan *p = shared ? &shared->plan : NULL;
	if (!is_armed() || p->act != SEAM_FILL || !file_of(fd))
		return true;
	uint64_t before = atomic_fetch_add(&shared->written, *len);
	if (before + *len <= p->room || (p->room_again && atomic_load(&shared->full)))
		return true;
	bool first = !atomic_exchange(&shared->full, true);
	atomic_store(&shared->happened, true);
	if (first && before < p->room) {
		*len = p->room - before;
		return true;
	}
	errno = ENOSPC;
	return false;
}

static ssize_t write_at(int fd, const void *data, size_t len, off_t offset)
{
	struct stat st;

	if (!may_write(fd, &len))
		return -1;
	bool step = begin_step();
	if (step && shared->plan.when == SEAM_TORN && len > 1)
		len /= 2;
	uint64_t file = recording() ? file_of(fd) : 0;
	if (file)
		lock_log();
	off_t at = offset;
	if (file && offset < 0) {
		int flags = fcntl(fd, F_GETFL);
		at = flags & O_APPEND && __real_fstat(fd, &st) == 0 ? st.st_size : lseek(fd, 0, SEEK_CUR);
	}
	ssize_t n = offset < 0 ? syscall(SYS_write, fd, data, len) : syscall(SYS_pwrite64, fd, data, len, offset);
	if (file && n > 0)
		keep((struct seam_entry){.op = SEAM_OP_WRITE, .file = file, .offset = (uint64_t)at}, NULL, NULL, data, (size_t)n);
	if (file)
		unlock_log();
	end_step(step);
	return n;
}

ssize_t write(int fd, const void *data, size_t len)
{
	return write_at(fd, data, len, -1);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
	return write_at(fd, data, len, offset);
}

static int sync_file(long number, int fd)
{
	char link[64], path[PATH_BYTES];
	struct stat st;

	if (fails(SEAM_SYNC))
		return -1;
	bool step = begin_step();
	bool kept = recording() && __real_fstat(fd, &st) == 0;
	if (kept)
		lock_log();
	int rc = (int)syscall(number, fd);
	if (kept && rc == 0 && number == SYS_syncfs)
		keep((struct seam_entry){.op = SEAM_OP_SYNC_ALL}, NULL, NULL, NULL, 0);
	else if (kept && rc == 0 && S_ISREG(st.st_mode))
		keep((struct seam_entry){.op = SEAM_OP_SYNC, .file = st.st_ino}, NULL, NULL, NULL, 0);
	else if (kept && rc == 0 && S_ISDIR(st.st_mode)) {
		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		ssize_t len = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
		path[len > 0 ? len : 0] = 0;
		keep((struct seam_entry){.op = SEAM_OP_SYNC_DIR}, path, NULL, NULL, 0);
	}
	if (kept)
		unlock_log();
	end_step(step);
	return rc;
}

int fsync(int fd)
{
	return sync_file(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return sync_file(SYS_fdatasync, fd);
}

int syncfs(int fd)
{
	return sync_file(SYS_syncfs, fd);
}

int ftruncate(int fd, off_t len)
{
	if (fails(SEAM_NAME))
		return -1;
	bool step = begin_step();
	uint64_t file = recording() ? file_of(fd) : 0;
	if (file)
		lock_log();
	int rc = (int)syscall(SYS_ftruncate, fd, len);
	if (file && rc == 0)
		keep((struct seam_entry){.op = SEAM_OP_TRUNCATE, .file = file, .offset = (uint64_t)len}, NULL, NULL, NULL, 0);
	if (file)
		unlock_log();
	end_step(step);
	return rc;
}

/* Names. */

enum name_call { RENAME, LINK, UNLINK, MKDIR };

static int name_call(enum name_call call, int dirfd, const char *path, const char *to, unsigned flags)
{
	static const enum seam_op op[] = {SEAM_OP_RENAME, SEAM_OP_LINK, SEAM_OP_UNLINK, SEAM_OP_MKDIR};
	int rc;

	if (fails(SEAM_NAME))
		return -1;
	bool step = begin_step(), kept = recording();
	if (kept)
		lock_log();
	if (call == RENAME)
		rc = (int)syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, to, flags);
	else if (call == LINK)
		rc = (int)syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, to, 0);
	else if (call == UNLINK)
		rc = (int)syscall(SYS_unlinkat, dirfd, path, flags);
	else
		rc = (int)syscall(SYS_mkdirat, dirfd, path, flags);
	int sys = errno;
	if (kept && rc == 0)
		keep_names(call == UNLINK && flags & AT_REMOVEDIR ? SEAM_OP_RMDIR : op[call], dirfd, path, to);
	if (kept)
		unlock_log();
	errno = sys;
	end_step(step);
	return rc;
}

int rename(const char *from, const char *to)
{
	return name_call(RENAME, AT_FDCWD, from, to, 0);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	(void)from_dir; /* AT_FDCWD in all of ours */
	(void)to_dir;
	return name_call(RENAME, AT_FDCWD, from, to, flags);
}

int link(const char *from, const char *to)
{
	return name_call(LINK, AT_FDCWD, from, to, 0);
}

int unlink(const char *path)
{
	return name_call(UNLINK, AT_FDCWD, path, NULL, 0);
}

int unlinkat(int dirfd, const char *path, int flags)
{
	return name_call(UNLINK, dirfd, path, NULL, (unsigned)flags);
}

int rmdir(const char *path)
{
	return name_call(UNLINK, AT_FDCWD, path, NULL, AT_REMOVEDIR);
}

int mkdir(const char *path, mode_t mode)
{
	return name_call(MKDIR, AT_FDCWD, path, NULL, mode);
}
