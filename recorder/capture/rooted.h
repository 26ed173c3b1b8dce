/* Files as a process sees them whose root folder may be another one than ours. */
#ifndef GBX_CAPTURE_ROOTED_H
#define GBX_CAPTURE_ROOTED_H

#include "base/io.h"

/* Where to look: root is the descriptor of a root folder, or -1 for ours; paths are absolute below it. */

/* Appends at most `most` bytes of the beginning of a regular file. *whole (may be NULL): that was all of it. GBX_E_MALFORMED, and
 * nothing waited for, where it is no regular file. */
int gbx_rooted_start(int root, const char *path, size_t most, struct gbx_bytes *out, bool *whole, struct gbx_error *err) GBX_MUST_USE;
/* Opens a regular file. */
int gbx_rooted_open(int root, const char *path, int *fd, struct gbx_error *err) GBX_MUST_USE;
bool gbx_rooted_is_file(int root, const char *path);
/* Opens a folder; *real is its path without links, freed by the caller. GBX_E_MALFORMED where it is no folder. */
int gbx_rooted_folder(int root, const char *path, int *fd, char **real, struct gbx_error *err) GBX_MUST_USE;

#endif
