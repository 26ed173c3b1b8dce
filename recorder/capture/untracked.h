/* What lies in a work tree and is neither tracked nor ignored, as `git status` shows it: a folder without tracked files is one path,
 * with a slash at its end, and is looked into only until something is found in it. */
#ifndef GBX_CAPTURE_UNTRACKED_H
#define GBX_CAPTURE_UNTRACKED_H

#include "capture/gaps.h"
#include "capture/git.h"

/* Adds every such path to gaps. What cannot be read counts as not there, as for git. */
int gbx_untracked_find(struct gbx_git *git, struct gbx_gaps *gaps, struct gbx_error *err) GBX_MUST_USE;

#endif
