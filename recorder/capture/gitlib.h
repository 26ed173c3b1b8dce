/* What git.c, gitdiff.c, gitfiles.c and gitobjects.c share; nobody else includes libgit2. */
#ifndef GBX_CAPTURE_GITLIB_H
#define GBX_CAPTURE_GITLIB_H

#include <git2.h>
#include <git2/sys/repository.h>

#include "capture/git.h"

struct gbx_git {
	git_repository *repo;
	git_config *config;
	git_odb *odb;
	git_index *index;
	git_tree *head;
	struct gbx_git_file *file;
	size_t files;
	uint64_t index_mtime; /* of the index file before it was read; 0: it was not there */
	char *excludes;
	bool ignores_case, trusts_modes, trusts_links;
};

/* libgit2 1.1 (Ubuntu 22.04) to 1.9. */
#define GBX_LIBGIT2(major, minor) (LIBGIT2_VER_MAJOR > (major) || (LIBGIT2_VER_MAJOR == (major) && LIBGIT2_VER_MINOR >= (minor)))

#define GBX_AUTO_GIT_BUF GBX_CLEANUP(gbx_gitlib_free_buf)

void gbx_gitlib_free_buf(git_buf *buf);

/* Starts libgit2, once per process (3 to 4 ms). */
int gbx_gitlib_start(struct gbx_error *err) GBX_MUST_USE;

/* Turns what libgit2 returned and said into an error of ours; returns its code. */
int gbx_gitlib_fail(int rc, const char *what, struct gbx_error *err);

/* An id as libgit2 has it. */
void gbx_gitlib_oid(git_oid *oid, const uint8_t *id);

#endif
