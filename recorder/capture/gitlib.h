/* What git.c and gitobjects.c share; nobody else includes libgit2. */
#ifndef GBX_CAPTURE_GITLIB_H
#define GBX_CAPTURE_GITLIB_H

#include <git2.h>
#include <git2/sys/repository.h>

#include "base/error.h"

/* libgit2 1.1 (Ubuntu 22.04) to 1.9. */
#define GBX_LIBGIT2(major, minor) (LIBGIT2_VER_MAJOR > (major) || (LIBGIT2_VER_MAJOR == (major) && LIBGIT2_VER_MINOR >= (minor)))

/* Starts libgit2, once per process (3 to 4 ms). */
int gbx_gitlib_start(struct gbx_error *err) GBX_MUST_USE;

/* Turns what libgit2 returned and said into an error of ours; returns its code. */
int gbx_gitlib_fail(int rc, const char *what, struct gbx_error *err);

/* An id as libgit2 has it. */
void gbx_gitlib_oid(git_oid *oid, const uint8_t *id);

#endif
