/* What the capturing child does: reads the repository and the work tree, writes manifest and objects, and reports. */
#ifndef GBX_CAPTURE_SNAPSHOT_H
#define GBX_CAPTURE_SNAPSHOT_H

#include "capture/snapstore.h"
#include "capture/staged.h"
#include "capture/untracked.h"
#include "capture/worktree.h"

/* libgit2 hangs on some damage. A step that takes longer than so many seconds is taken for that: to open the
 * repository; or a file, which may be large, the walk over untracked files, and the writing. */
#define GBX_SNAPSHOT_OPENS 5u
#define GBX_SNAPSHOT_STEP 30u

/* A snapshot being taken. */
struct gbx_snapshot {
	const struct gbx_code_capture *capture;
	const struct gbx_code_options *options; /* of the capture */
	struct gbx_code_result *result;
	struct gbx_git *git;
	struct gbx_git_head head;
	struct gbx_untracked untracked;
	uint64_t alive;           /* when the alarm was set for files, by gbx_monotonic_nanos */
	uint64_t untracked_bytes; /* of those taken so far */
	struct gbx_staged staged; /* what the index has and HEAD has not */
	struct gbx_snapstore store;
	struct gbx_worktree worktree;
	struct gbx_worktree_file seen;  /* the file at hand */
	struct gbx_bytes cleaned;       /* its content after git's filters */
	struct gbx_hash *sha256, *blob; /* blob: of git's own algorithm */
	struct gbx_manifest_writer manifest;
	struct gbx_bytes_output page_output;
	struct gbx_bytes page; /* of the manifest's file, not yet written */
	int page_fd;
	struct gbx_git_tree *tree;
	struct gbx_bytes folders; /* the tree objects that are complete */
};

/* Takes one path of the index or of the untracked ones into the snapshot, or leaves it out with a gap. */
int gbx_snapshot_take(struct gbx_snapshot *s, const struct gbx_git_file *f, struct gbx_error *err) GBX_MUST_USE;

/* The whole capture; the child's function for gbx_child_start, with a gbx_code_capture as its argument. */
int gbx_snapshot_child(void *capture, int out);

#endif
