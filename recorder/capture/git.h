/* Git repositories, through libgit2: git.c, gitdiff.c, gitfiles.c and gitobjects.c are its only callers.
 *
 * libgit2 never returns from some damaged objects and crashes at some failed allocations, so this runs in a child process with a
 * deadline and nowhere else (code.h, code_diff.h, export.h). The repository of the user is only read.
 *
 * Errors: GBX_E_NOTFOUND where there is no repository or object, GBX_E_REFUSED where git would say "dubious ownership",
 * GBX_E_VERSION for what libgit2 cannot do, GBX_E_MALFORMED for damage, GBX_E_IO (with sys) where the system refused. */
#ifndef GBX_CAPTURE_GIT_H
#define GBX_CAPTURE_GIT_H

#include "capture/code_diff.h"
#include "digest/gittree.h"

/* The longest object id. */
#define GBX_GIT_ID_MAX GBX_SHA256_LEN

/* A repository with a work tree. */
struct gbx_git;

#define GBX_AUTO_GIT GBX_CLEANUP(gbx_git_close)

/* Searches from the folder start upwards as git does: not across filesystems, and not above the folders of ceilings (absolute,
 * divided by ':'; NULL: none). */
int gbx_git_open(const char *start, const char *ceilings, struct gbx_git **out, struct gbx_error *err) GBX_MUST_USE;
void gbx_git_close(struct gbx_git **git);

enum gbx_git_format gbx_git_format(const struct gbx_git *git);
const char *gbx_git_root(const struct gbx_git *git);   /* of the work tree; absolute, with a slash at its end */
const char *gbx_git_common(const struct gbx_git *git); /* the folder that all its work trees share; absolute, with a slash, too */
bool gbx_git_ignores_case(const struct gbx_git *git);
bool gbx_git_trusts_modes(const struct gbx_git *git); /* core.fileMode */
bool gbx_git_trusts_links(const struct gbx_git *git); /* core.symlinks */
/* The file of ignore patterns of the user; NULL where there is none. */
const char *gbx_git_excludes(const struct gbx_git *git);

struct gbx_git_head {
	size_t id_len; /* of commit and tree; 0: no commit yet */
	uint8_t commit[GBX_GIT_ID_MAX];
	uint8_t tree[GBX_GIT_ID_MAX];
	char *branch; /* without "refs/heads/"; NULL: HEAD is detached. Freed by the caller */
};
int gbx_git_head(struct gbx_git *git, struct gbx_git_head *out, struct gbx_error *err) GBX_MUST_USE;

/* Calls each with the name and URL of every remote as its configuration has them, credentials and all. */
typedef int (*gbx_git_remote_fn)(void *arg, const char *name, const char *url, struct gbx_error *err);
int gbx_git_each_remote(struct gbx_git *git, gbx_git_remote_fn each, void *arg, struct gbx_error *err) GBX_MUST_USE;

/* One path of the index. A path in conflict is there once. */
struct gbx_git_file {
	struct gbx_slice path; /* with a NUL behind it */
	const uint8_t *id;     /* NULL: in conflict, or added without its content */
	enum gbx_file_type type;
	bool skip;             /* not in this sparse checkout */
	bool untracked;        /* not in the index at all (untracked.h) */
	/* What stat said when git last looked. */
	uint64_t mtime_nanos, ctime_nanos;
	uint32_t inode, size;
};

/* Every path of the index, sorted by bytes; valid until gbx_git_close. Read once. */
int gbx_git_index(struct gbx_git *git, const struct gbx_git_file **files, size_t *count, struct gbx_error *err) GBX_MUST_USE;

/* True where the file was not written since git last looked at it, as far as stat can tell. */
bool gbx_git_unchanged(const struct gbx_git *git, const struct gbx_git_file *file, const struct stat *st);

/* What the attributes of a path say about its content. */
enum gbx_git_treatment {
	GBX_GIT_OWN,     /* as it is, or through filters that libgit2 has (line ends, ident) */
	GBX_GIT_LFS,     /* the object is a pointer; the content lies elsewhere */
	GBX_GIT_FOREIGN, /* through a program or an encoding that libgit2 does not run */
};
int gbx_git_treatment(struct gbx_git *git, const char *path, enum gbx_git_treatment *out, struct gbx_error *err) GBX_MUST_USE;

/* What `git add` would store of content: *filtered false where that is content itself, else out, replaced. */
int gbx_git_clean(struct gbx_git *git, const char *path, struct gbx_slice content, struct gbx_bytes *out, bool *filtered,
		  struct gbx_error *err) GBX_MUST_USE;

/* The commit that the repository in the folder path (relative to the root) has checked out; GBX_E_NOTFOUND where there is none. */
int gbx_git_submodule(struct gbx_git *git, const char *path, uint8_t *id, struct gbx_error *err) GBX_MUST_USE;

/* 0 where the folder path is a repository of its own; GBX_E_NOTFOUND where it is none, though it may look like one. */
int gbx_git_nested(struct gbx_git *git, const char *path, struct gbx_error *err) GBX_MUST_USE;

/* The content of a blob, replacing out. */
int gbx_git_read_blob(struct gbx_git *git, const uint8_t *id, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;

/* The entry at path in HEAD's tree; GBX_E_NOTFOUND where there is none. The empty path is the tree itself. */
int gbx_git_head_entry(struct gbx_git *git, const struct gbx_git_head *head, const char *path, uint8_t *id, bool *folder,
		       struct gbx_error *err) GBX_MUST_USE;

/* Calls each with the id of every blob in the index that is not at its path in HEAD's tree. */
typedef int (*gbx_git_blob_fn)(void *arg, const uint8_t *id, struct gbx_error *err);
int gbx_git_each_staged(struct gbx_git *git, const struct gbx_git_head *head, gbx_git_blob_fn each, void *arg,
			struct gbx_error *err) GBX_MUST_USE;

/* A database of objects, without a repository around it. */
struct gbx_git_objects;

#define GBX_AUTO_GIT_OBJECTS GBX_CLEANUP(gbx_git_objects_close)

/* Opens the folder `objects` for writing. What others hold that it names as alternates counts as missing: their files are neither
 * relied on nor touched. */
int gbx_git_objects_open(const char *objects, struct gbx_git_objects **out, struct gbx_error *err) GBX_MUST_USE;
void gbx_git_objects_close(struct gbx_git_objects **objects);
bool gbx_git_objects_have(struct gbx_git_objects *objects, const uint8_t *id);
/* Writes a blob or a tree that is not there yet; several processes may. After gbx_git_objects_sync it survives a power cut. */
int gbx_git_objects_write(struct gbx_git_objects *objects, bool tree, struct gbx_slice content, struct gbx_error *err) GBX_MUST_USE;
int gbx_git_objects_sync(struct gbx_git_objects *objects, struct gbx_error *err) GBX_MUST_USE;

/* Reads snapshots: a database of objects with its alternates. */
struct gbx_git_reader;

#define GBX_AUTO_GIT_READER GBX_CLEANUP(gbx_git_reader_close)

/* The snapshot whose tree has this id. */
int gbx_git_reader_open(const char *objects, const uint8_t *tree, size_t id_len, struct gbx_git_reader **out,
			struct gbx_error *err) GBX_MUST_USE;
void gbx_git_reader_close(struct gbx_git_reader **reader);
/* The content of the blob at path; *content is valid until the next call. */
int gbx_git_reader_blob(struct gbx_git_reader *reader, const char *path, struct gbx_slice *content, struct gbx_error *err) GBX_MUST_USE;

/* What gbx_code_diff tells, in this process. */
int gbx_git_diff(const struct gbx_code_diff_options *o, const struct gbx_code_diff_takers *t, struct gbx_error *err) GBX_MUST_USE;

#endif
