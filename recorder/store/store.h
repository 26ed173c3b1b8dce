/* Where things are. A store is a folder:
 *
 *   runs/<run ULID>/journal/<stream id>.tfrecord    one file a stream, the truth
 *   runs/<run ULID>/manifest/<sha256>.tfrecord      page files of manifests
 *   runs/<run ULID>/blob/<sha256>                   content too large for a record; configs; raw bytes of filtered source files
 *   runs/<run ULID>/journal/<stream id>.ring        points of metrics that are not in the journal yet
 *   runs/<run ULID>/streams/<root>.tfrecord         the seal's list of streams
 *   runs/<run ULID>/signature/                      head.note, start.proof, seal.proof, key.vkey
 *   runs/<run ULID>/publication/<n>.json            each publication statement, in its envelope
 *   runs/<run ULID>/lock                            held while the run is sealed, signed, published or removed
 *   runs/<run ULID>/publication/unwritten           there while the newest statement's bundle is not
 *   git/                                            the snapshots' git objects
 *   index/<n>.sqlite                                answers questions about runs; see index.h
 *   removed/<run ULID>/tombstone                    what is left of a removed run
 *   lock                                            held by who works in the store; alone by gc
 *
 * Folders 0700, files 0600. */
#ifndef GBX_STORE_STORE_H
#define GBX_STORE_STORE_H

#include "base/io.h"
#include "base/text.h"

struct gbx_store {
	char *path;      /* absolute */
	char *why;       /* one line where an earlier choice could not be used, else NULL */
	const char *fleeting; /* the filesystem's kind where what it holds may be gone soon (tmpfs, overlay), else NULL */
	bool in_repo;    /* below the git folder that git_dir names */
};

/* Values of the environment and options that decide; NULL where they are not set. The library reads no environment itself. */
struct gbx_store_choice {
	const char *option;      /* --store */
	const char *environment; /* GLASSBOX_STORE */
	const char *git_dir;     /* the repository's common git folder, absolute */
	const char *state_home;  /* XDG_STATE_HOME */
	const char *home;        /* HOME, or the passwd entry's */
	bool create;             /* make it where it is not there; else the first one that is there */
};

/* Finds, and with `create` makes and tries, the store of design section 3. A store that the user named is never replaced by another. */
int gbx_store_find(const struct gbx_store_choice *choice, struct gbx_store *out, struct gbx_error *err) GBX_MUST_USE;
void gbx_store_free(struct gbx_store *s);

/* GBX_E_REFUSED where a store is somebody else's, or others may write to it: it may be read then, and nothing else. A store is never
 * shared, whether the user named it or not. */
int gbx_store_own(const struct gbx_store *s, struct gbx_error *err) GBX_MUST_USE;

/* Makes a folder where it is not there; refuses one that is a link, belongs to somebody else, or that others may write to. */
int gbx_own_folder(const char *path, struct gbx_error *err) GBX_MUST_USE;

/* The repository that the absolute path start lies in, found without libgit2: the root of its work tree, and its common git folder
 * (absolute), both the caller's to free. GBX_E_NOTFOUND where there is none. */
int gbx_git_find(const char *start, char **root, char **common, struct gbx_error *err) GBX_MUST_USE;

/* Paths of one run; the caller frees. NULL without memory. `name` may be NULL. */
char *gbx_run_path(const struct gbx_store *s, const char *run, const char *name);

/* Makes a run's folders. A new ULID is made where run is empty. */
int gbx_run_create(const struct gbx_store *s, uint8_t run[GBX_ULID_LEN], struct gbx_error *err) GBX_MUST_USE;

/* The names in a folder that are ULIDs, oldest first; none where the folder is not there. */
int gbx_ulid_names(const char *folder, struct gbx_names *out, struct gbx_error *err) GBX_MUST_USE;
/* The runs in the store, as ULID texts, oldest first. */
int gbx_run_names(const struct gbx_store *s, struct gbx_names *out, struct gbx_error *err) GBX_MUST_USE;

#endif
