/* What real git says of the repository repo_dir/repo, and a snapshot of it held against that. */
#ifndef GBX_TEST_AS_GIT_H
#define GBX_TEST_AS_GIT_H

#include "capture/code.h"

/* The tree that `git add -A` makes of the work tree, in hex, with an index and objects of its own; valid until the next call of
 * repo_line. */
const char *as_git_tree(void);

/* The manifest repo_dir/manifest has the SHA-256 of the work tree's bytes, and gives the result's tree. */
void as_git_check_manifest(const struct gbx_code_result *r, const char *store);
/* The store alone has every object of the snapshot. */
void as_git_check_store(const struct gbx_code_result *r, const char *store);

struct as_git_scene {
	const char *name;
	const char *script; /* run in repo_dir/repo, as repo_setup makes it */
};

/* Captures it and checks all of that. */
void as_git_check_scene(const struct as_git_scene *s, const char *store);

#endif
