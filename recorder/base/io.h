/* Files: the only callers of the system's file calls, so that one place retries EINTR and one place can inject faults.
 *
 * Durability is said at each function. Paths are NUL-terminated bytes. Descriptors are close-on-exec. */
#ifndef GBX_BASE_IO_H
#define GBX_BASE_IO_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/bytes.h"

#define GBX_AUTO_FD GBX_CLEANUP(gbx_close)

/* Closes *fd where it is not negative, and makes it -1. */
void gbx_close(int *fd);

int gbx_open_read(const char *path, int *fd, struct gbx_error *err) GBX_MUST_USE;
/* Like gbx_open_read, but a symbolic link, FIFO, socket or device is refused (never waits for one to open): regular files only. */
int gbx_open_regular(int dirfd, const char *path, int *fd, struct gbx_error *err) GBX_MUST_USE;
/* The same, and what fstat says of the opened file. */
int gbx_open_regular_stat(int dirfd, const char *path, int *fd, struct stat *st, struct gbx_error *err) GBX_MUST_USE;
/* Opens a folder for use as dirfd. With nofollow a symbolic link is refused. */
int gbx_open_dir(int dirfd, const char *path, bool nofollow, int *fd, struct gbx_error *err) GBX_MUST_USE;
/* Opens a file or folder for reading by its absolute path, as a process does whose root folder is root: links lead nowhere else.
 * root -1: this process's own. Never waits for a FIFO to open. GBX_E_VERSION where the kernel (before 5.6) cannot do that. */
int gbx_open_within(int root, const char *path, int *fd, struct stat *st, struct gbx_error *err) GBX_MUST_USE;
/* Creates a file that must not exist yet, for appending. */
int gbx_create_new(const char *path, mode_t mode, int *fd, struct gbx_error *err) GBX_MUST_USE;
/* Opens for reading and appending, creating it where it is not there. */
int gbx_open_append(const char *path, mode_t mode, int *fd, struct gbx_error *err) GBX_MUST_USE;

/* Reads up to len bytes; *got is 0 at the end of the file only. */
int gbx_read(int fd, void *buf, size_t len, size_t *got, struct gbx_error *err) GBX_MUST_USE;
/* As many bytes, up to len, as can be had without asking the disk: 0 where nothing is in the page cache, at the end of the file,
 * and where the system cannot say. Moves the file's position as gbx_read does. */
size_t gbx_read_cached(int fd, void *buf, size_t len);
/* Asks the system to drop these clean pages from the page cache; a hint that may do nothing. */
void gbx_drop_cached(int fd, uint64_t offset, uint64_t len);
/* Where the next byte of an open file would be read or written. */
int gbx_position(int fd, uint64_t *position, struct gbx_error *err) GBX_MUST_USE;
/* Reads exactly len bytes at offset; fewer is GBX_E_MALFORMED. */
int gbx_pread(int fd, void *buf, size_t len, uint64_t offset, struct gbx_error *err) GBX_MUST_USE;
/* Writes all of it, in as many calls as it takes. */
int gbx_write(int fd, const void *data, size_t len, struct gbx_error *err) GBX_MUST_USE;
/* One write(2) with everything; a short write is an error, since what is there then is torn. */
int gbx_write_once(int fd, const void *data, size_t len, struct gbx_error *err) GBX_MUST_USE;
/* fdatasync: what was written before survives a power cut. */
int gbx_sync(int fd, struct gbx_error *err) GBX_MUST_USE;
/* fsync on the folder: names made or renamed in it before survive a power cut. */
int gbx_sync_dir(const char *path, struct gbx_error *err) GBX_MUST_USE;
/* Cuts off what lies behind len; not durable without gbx_sync. For an own file whose last write failed. */
int gbx_truncate(int fd, uint64_t len, struct gbx_error *err) GBX_MUST_USE;
/* syncfs: everything written before to the filesystem that path is on survives a power cut. For many files at once: it waits for
 * what others have written, too. */
int gbx_sync_filesystem(const char *path, struct gbx_error *err) GBX_MUST_USE;
/* Waits for an exclusive lock (flock), until the descriptor is closed. */
int gbx_lock(int fd, struct gbx_error *err) GBX_MUST_USE;
/* The same, shared or not. With NOW it is GBX_E_TIMEOUT where it would have to be waited for. */
enum gbx_lock_kind { GBX_LOCK_ALONE, GBX_LOCK_SHARED, GBX_LOCK_ALONE_NOW, GBX_LOCK_SHARED_NOW };
int gbx_lock_as(int fd, enum gbx_lock_kind kind, struct gbx_error *err) GBX_MUST_USE;

int gbx_stat(const char *path, struct stat *st, struct gbx_error *err) GBX_MUST_USE;
int gbx_lstat(const char *path, struct stat *st, struct gbx_error *err) GBX_MUST_USE;
int gbx_fstat(int fd, struct stat *st, struct gbx_error *err) GBX_MUST_USE;
int gbx_fstatat(int dirfd, const char *name, struct stat *st, struct gbx_error *err) GBX_MUST_USE; /* does not follow */
bool gbx_exists(const char *path);
uint64_t gbx_mtime_nanos(const struct stat *st);
uint64_t gbx_ctime_nanos(const struct stat *st);

/* The target of a symbolic link; appended, NUL-terminated behind len. */
int gbx_readlinkat(int dirfd, const char *name, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* Absolute, without links and dots; the path must exist. The caller frees *out. */
int gbx_realpath(const char *path, char **out, struct gbx_error *err) GBX_MUST_USE;
int gbx_getcwd(char **out, struct gbx_error *err) GBX_MUST_USE;

/* Names in a folder without "." and "..", sorted by bytes. Free with gbx_names_free. */
struct gbx_names {
	char **name;
	size_t len;
	size_t cap;
};
int gbx_list_dir(int dirfd, const char *path, struct gbx_names *out, struct gbx_error *err) GBX_MUST_USE;
/* The same for a folder from outside: more than most names are GBX_E_LIMIT. */
int gbx_list_dir_bounded(int dirfd, const char *path, size_t most, struct gbx_names *out, struct gbx_error *err) GBX_MUST_USE;
/* A copy of name behind the others. */
int gbx_names_add(struct gbx_names *names, const char *name, struct gbx_error *err) GBX_MUST_USE;
void gbx_names_free(struct gbx_names *names);

/* A pipe: what is written to *to is read from *from. */
int gbx_pipe(int *from, int *to, struct gbx_error *err) GBX_MUST_USE;

/* What a name in a folder is, as the folder itself says it where the filesystem can. */
enum gbx_name_type { GBX_NAME_FILE, GBX_NAME_DIR, GBX_NAME_LINK, GBX_NAME_OTHER };

/* Calls each with every name but "." and "..", unsorted; memory does not grow with their number. What it returns, unless 0, ends
 * the reading and is returned. */
typedef int (*gbx_name_fn)(void *arg, const char *name, enum gbx_name_type type, struct gbx_error *err);
int gbx_each_name(int dirfd, gbx_name_fn each, void *arg, struct gbx_error *err) GBX_MUST_USE;

/* Fills what is closed of descriptors 0 to 2 with /dev/null, so that no file of ours gets their numbers and what is said. It is open for
 * reading: what is printed on a closed output fails, as on a full one. A program that is executed finds them closed again. */
void gbx_hold_standard_fds(void);

/* Makes a folder and those above it that are missing; one that is there is fine. */
int gbx_make_dirs(const char *path, mode_t mode, struct gbx_error *err) GBX_MUST_USE;
/* Makes one folder that must not be there yet. */
int gbx_make_dir(const char *path, mode_t mode, struct gbx_error *err) GBX_MUST_USE;
int gbx_rename(const char *from, const char *to, struct gbx_error *err) GBX_MUST_USE;
/* The same where nothing may be at `to` yet: GBX_E_EXISTS, and nothing changed. On filesystems that cannot do it in one step
 * something made there at the same moment may be replaced. */
int gbx_rename_new(const char *from, const char *to, struct gbx_error *err) GBX_MUST_USE;
int gbx_unlink(const char *path, struct gbx_error *err) GBX_MUST_USE;
int gbx_unlink_at(int dirfd, const char *name, struct gbx_error *err) GBX_MUST_USE;
/* Removes an empty folder. */
int gbx_remove_dir(const char *path, struct gbx_error *err) GBX_MUST_USE;
/* Removes a folder and everything in it, never following a link. For folders that this program made. */
int gbx_remove_tree(const char *path, struct gbx_error *err) GBX_MUST_USE;

/* A whole file of at most limit bytes, appended to *out; a longer one is GBX_E_LIMIT. Regular files only. */
int gbx_load_file(const char *path, size_t limit, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* The rest of what is open as fd, in the same way. */
int gbx_load_fd(int fd, size_t limit, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* Replaces a file in one step: a reader sees the old or the new content, whole. When it returns 0 the new one survives a power cut. */
int gbx_replace_file(const char *path, struct gbx_slice data, mode_t mode, struct gbx_error *err) GBX_MUST_USE;

/* "a/b"; the caller frees it; NULL without memory. */
char *gbx_path_join(const char *a, const char *b);
/* The last component; never NULL. */
const char *gbx_path_base(const char *path);
/* What lies behind root in an absolute path: "" for the root itself, NULL where path is not under root. */
const char *gbx_path_under(const char *path, const char *root);

/* Random bytes from the kernel. */
int gbx_random(void *out, size_t len, struct gbx_error *err) GBX_MUST_USE;
uint64_t gbx_now_nanos(void);       /* since 1970, by the system's clock */
uint64_t gbx_monotonic_nanos(void); /* by a clock that never jumps */

/* Something that bytes are read from, front to back. */
struct gbx_input {
	/* Up to len bytes; *got is 0 at the end only. */
	int (*read)(struct gbx_input *in, void *buf, size_t len, size_t *got, struct gbx_error *err);
};

struct gbx_file_input {
	struct gbx_input in;
	int fd; /* borrowed */
};
void gbx_file_input(struct gbx_file_input *f, int fd);

/* A part of a file, read by position, so that several inputs can share a descriptor. */
struct gbx_range_input {
	struct gbx_input in;
	int fd; /* borrowed */
	uint64_t offset;
	uint64_t end; /* a file that ends before it is GBX_E_MALFORMED */
};
void gbx_range_input(struct gbx_range_input *r, int fd, uint64_t offset, uint64_t end);

struct gbx_memory_input {
	struct gbx_input in;
	struct gbx_slice rest; /* borrowed */
};
void gbx_memory_input(struct gbx_memory_input *m, struct gbx_slice data);

/* Something that bytes are written to. */
struct gbx_output {
	int (*write)(struct gbx_output *out, const void *data, size_t len, struct gbx_error *err);
};

struct gbx_file_output {
	struct gbx_output out;
	int fd; /* borrowed */
};
void gbx_file_output(struct gbx_file_output *f, int fd);

/* Everything that in has left, to out. */
int gbx_copy(struct gbx_input *in, struct gbx_output *out, struct gbx_error *err) GBX_MUST_USE;

struct gbx_bytes_output {
	struct gbx_output out;
	struct gbx_bytes *bytes; /* borrowed */
};
void gbx_bytes_output(struct gbx_bytes_output *b, struct gbx_bytes *bytes);

#endif
