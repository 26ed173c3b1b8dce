/* What lies in a work tree and is neither tracked nor ignored: the files that `git add -A` would add. */
#ifndef GBX_CAPTURE_UNTRACKED_H
#define GBX_CAPTURE_UNTRACKED_H

#include "base/arena.h"
#include "capture/gaps.h"
#include "capture/git.h"

/* {0} is an empty list. A repository within the work tree is one path, of type GBX_GITLINK, and not looked into. */
struct gbx_untracked {
	struct gbx_git_file *file; /* sorted by bytes; id NULL, untracked */
	size_t len, cap;
	struct gbx_arena names;
};

void gbx_untracked_free(struct gbx_untracked *u);

/* Finds every such path outside of the folder `store`. What cannot be looked into (a folder that cannot be read, a repository that cannot
 * be opened, files beyond GBX_LIMIT_UNTRACKED) is added to gaps. */
int gbx_untracked_find(struct gbx_git *git, const char *store, struct gbx_untracked *out, struct gbx_gaps *gaps,
		       struct gbx_error *err) GBX_MUST_USE;

#endif
