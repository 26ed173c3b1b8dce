/* The ids that git gives to files and folders, computed without git and without an object database.
 *
 * Git sorts the names of a folder as if each subfolder's name ended with '/'. So the order of full paths by their bytes, which is a
 * manifest's order, visits every folder as one run and its entries in git's own order, and a stack of open folders is enough.
 * Memory grows with the largest folder and the depth, never with the number of files. */
#ifndef GBX_DIGEST_GITTREE_H
#define GBX_DIGEST_GITTREE_H

#include "digest/manifest.h"

/* The value is the length of an object id in bytes. */
enum gbx_git_format { GBX_GIT_SHA1 = 20, GBX_GIT_SHA256 = 32 };

/* The digest that this format's ids are made with. */
enum gbx_hash_algorithm gbx_git_hash(enum gbx_git_format format);

/* Starts h, which is of the format's algorithm, on a blob of size bytes; then feed the bytes and take gbx_hash_final.
 * A symbolic link's blob is its target. */
void gbx_git_blob_start(struct gbx_hash *h, uint64_t size);

/* Builds the trees of one snapshot. */
struct gbx_git_tree;

#define GBX_AUTO_GIT_TREE GBX_CLEANUP(gbx_git_tree_release)

int gbx_git_tree_new(enum gbx_git_format format, struct gbx_git_tree **out, struct gbx_error *err) GBX_MUST_USE;
void gbx_git_tree_free(struct gbx_git_tree *t);
void gbx_git_tree_release(struct gbx_git_tree **t);

/* Calls `each` with every folder as soon as it is complete, those inside before the one that holds them: its path ("" for the root),
 * its id, and the content of its tree object without git's header. What the callback returns, unless 0, ends the building. */
typedef int (*gbx_git_tree_fn)(void *arg, struct gbx_slice path, const uint8_t *id, struct gbx_slice content, struct gbx_error *err);
void gbx_git_tree_each(struct gbx_git_tree *t, gbx_git_tree_fn each, void *arg);

/* True where a component of the path is .git, or what some file system takes for it: other letters, dots and spaces at its end,
 * git~1, a stream of it, code points that do not count; \ separates, too. Git keeps those out of its trees. */
bool gbx_has_dot_git(struct gbx_slice path);

/* One file, symbolic link or submodule; git_id has the format's length. Refuses a path that is not clean, that has .git in it, that
 * does not sort behind the one before, or that needs a folder where an entry before is a file: GBX_E_MALFORMED. */
int gbx_git_tree_add(struct gbx_git_tree *t, struct gbx_slice path, enum gbx_file_type type, const uint8_t *git_id,
		     struct gbx_error *err) GBX_MUST_USE;

/* Ends the building: the id of the root. Without entries it is git's well-known empty tree. */
int gbx_git_tree_finish(struct gbx_git_tree *t, uint8_t *id, struct gbx_error *err) GBX_MUST_USE;

#endif
