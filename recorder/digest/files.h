/* Files: a folder, or one file, as a list with what stat says; then hashed by a pool of threads, and looked at again.
 *
 * What could not be read is never left out in silence: it is a problem, with its path and reason, and the caller decides whether a
 * list with problems is good enough. Links inside the folder are entries of their own and never followed; FIFOs, sockets and
 * devices are problems and never opened for reading. Names are any bytes. Nothing here reads the environment or prints. */
#ifndef GBX_DIGEST_FILES_H
#define GBX_DIGEST_FILES_H

#include <stdatomic.h>

#include "digest/manifest.h"
#include "record.pb-c.h"

/* One file or symbolic link. */
struct gbx_found {
	char *path;              /* relative to the root; of a single file its base name */
	enum gbx_file_type type; /* GBX_FILE or GBX_SYMLINK */
	uint32_t mode;           /* permission bits */
	uint64_t size;           /* bytes; of a link its target's text */
	uint64_t mtime_nanos, ctime_nanos;
	uint64_t dev, ino;
	uint8_t sha256[GBX_SHA256_LEN]; /* where hashed */
	bool hashed;
	bool changed; /* differed from the walk when it was hashed or rechecked; told as a problem */
	int failure;  /* 0, or the gbx_code for which it was not hashed; told as a problem */
};

/* What could not be walked, read or trusted. */
struct gbx_problem {
	char *path; /* relative to the root; empty for the root */
	Glassbox__Gap__Reason reason;
	int code;   /* gbx_code */
	char *text; /* why, for a person, without the path */
};

/* Sorted by path, by bytes of the whole relative path ("a-b" before "a/x"). {0} is empty; free with gbx_files_free. */
struct gbx_files {
	struct gbx_found *file;
	size_t len, cap;
	uint64_t bytes; /* all sizes together */
	struct gbx_problem *problem;
	size_t problems, problem_cap;
	bool single; /* the root is a file, not a folder */
};

#define GBX_AUTO_FILES GBX_CLEANUP(gbx_files_free)

void gbx_files_free(struct gbx_files *files);

/* Lists root: a folder, or one file; root itself may be a symbolic link to one and is followed. Reads no file's content. Fails only
 * where root itself cannot be found or opened (GBX_E_MALFORMED: neither folder nor file) and without memory; everything below it
 * that cannot be listed is a problem. At most GBX_LIMIT_DEPTH folders deep. */
int gbx_files_walk(const char *root, struct gbx_files *out, struct gbx_error *err) GBX_MUST_USE;

/* Takes the files whose path `holds` is true for out of a list that was walked, each as a problem with this reason. */
int gbx_files_leave_out(struct gbx_files *files, bool (*holds)(void *arg, const char *path), void *arg, Glassbox__Gap__Reason reason,
			struct gbx_error *err) GBX_MUST_USE;

struct gbx_hash_options {
	unsigned threads; /* 0: one for each processor that this process may use */
	/* Beside a job: the threads run at the lowest CPU and I/O priority, and pages of a file that was not in the page cache before
	 * are dropped behind; a file that was is left there, since then the job is likely to use it. Linux only. */
	bool background;
	const atomic_bool *cancel; /* may be NULL; looked at every 256 KiB */
};

/* Hashes every file that is not hashed yet, in threads that it starts and joins. A file whose stat differs from the walk's is
 * hashed as it is now, its entry updated and told as CHANGED; one that changes while it is read, or is another file now, is not
 * hashed (failure). *finished is false when *cancel became true first; another call goes on from there.
 * Fails only without memory, threads or OpenSSL, or where root is gone. Memory: 256 KiB a thread and 16 bytes a file. */
int gbx_files_hash(const char *root, struct gbx_files *files, const struct gbx_hash_options *o, bool *finished,
		   struct gbx_error *err) GBX_MUST_USE;

/* Looks at every file again, without reading: sets changed on those that are gone or whose size, mtime, ctime or inode is another
 * than the entry's, and adds a problem for each that was not told before. *count: how many differ now. */
int gbx_files_recheck(const char *root, struct gbx_files *files, uint64_t *count, struct gbx_error *err) GBX_MUST_USE;

/* Writes the manifest (GBX_MANIFEST_FILES, a random salt an entry) of what was hashed to out, which is borrowed; `page` is the
 * SHA-256 of what was written. Not durable by itself. */
int gbx_files_manifest(const struct gbx_files *files, struct gbx_output *out, struct gbx_manifest_sum *sum,
		       uint8_t page[GBX_SHA256_LEN], struct gbx_error *err) GBX_MUST_USE;

/* The root over names, sizes and times, before anything is hashed. */
int gbx_files_listing(const struct gbx_files *files, uint8_t listing[GBX_SHA256_LEN], struct gbx_error *err) GBX_MUST_USE;

/* The Gap reason that an error of base/ comes to. */
Glassbox__Gap__Reason gbx_gap_reason(const struct gbx_error *err);

/* Within digest/: adds a problem; path is copied. Sorting is the caller's. */
int gbx_files_add_problem(struct gbx_files *files, const char *path, Glassbox__Gap__Reason reason, int code, const char *text,
			  struct gbx_error *err) GBX_MUST_USE;
void gbx_files_sort_problems(struct gbx_files *files);

/* Within digest/: where the files of a root are found: a folder's descriptor, or for a single file its real path. */
struct gbx_files_place {
	int dirfd;
	char *single;
};
int gbx_files_locate(const char *root, const struct gbx_files *files, struct gbx_files_place *place, struct gbx_error *err) GBX_MUST_USE;
void gbx_files_leave(struct gbx_files_place *place);
/* The name to use with place->dirfd. */
const char *gbx_files_name(const struct gbx_files_place *place, const struct gbx_found *f);
bool gbx_files_differ(const struct gbx_found *f, const struct stat *st);

#endif
