/* The files of a work tree as they lie on the disk, never through a symbolic link: git takes "a/b" for missing where "a" is a link. */
#ifndef GBX_CAPTURE_WORKTREE_H
#define GBX_CAPTURE_WORKTREE_H

#include "base/io.h"
#include "record.pb-c.h"

/* Folders that are open, each within the one before. */
struct gbx_worktree {
	struct gbx_worktree_folder *folder;
	size_t depth, cap;
	struct gbx_bytes path; /* of the innermost one, with a slash at its end; empty for the root */
};

int gbx_worktree_open(struct gbx_worktree *w, const char *root, struct gbx_error *err) GBX_MUST_USE;
void gbx_worktree_close(struct gbx_worktree *w);

enum gbx_worktree_state {
	GBX_WORKTREE_MISSING,
	GBX_WORKTREE_FILE,   /* content has been read whole */
	GBX_WORKTREE_LINK,   /* content is its target */
	GBX_WORKTREE_FOLDER,
	GBX_WORKTREE_LEFT,   /* something that cannot be read; why says the reason */
};

struct gbx_worktree_file {
	enum gbx_worktree_state state;
	struct stat st;
	struct gbx_bytes content; /* reused from call to call; free with gbx_bytes_free */
	Glassbox__Gap__Reason why;
};

/* Looks at path and reads it, of at most limit bytes. A file that changes while it is read is read once more, and then left.
 * Fails only without memory. Quick where paths come sorted. */
int gbx_worktree_read(struct gbx_worktree *w, struct gbx_slice path, uint64_t limit, struct gbx_worktree_file *out,
		      struct gbx_error *err) GBX_MUST_USE;

/* The same without reading: state is FILE for all that is there and no folder. */
int gbx_worktree_stat(struct gbx_worktree *w, struct gbx_slice path, struct gbx_worktree_file *out, struct gbx_error *err) GBX_MUST_USE;

/* The reason that stands for an error of base/io.h. */
Glassbox__Gap__Reason gbx_git_gap_reason(const struct gbx_error *err);

#endif
