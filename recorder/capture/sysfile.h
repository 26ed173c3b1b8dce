/* Small files of /proc and /sys below a root: "" for the real ones, or a folder made up by a test. */
#ifndef GBX_CAPTURE_SYSFILE_H
#define GBX_CAPTURE_SYSFILE_H

#include "base/io.h"

/* The text of <root><path> without white space around it, cut to the room there is, as well-formed UTF-8 without control characters; "" and
 * false where it cannot be read. */
bool gbx_sysfile_text(const char *root, const char *path, char *out, size_t size);

/* The number that it begins with, decimal or with 0x in hex; false where there is none. */
bool gbx_sysfile_number(const char *root, const char *path, uint64_t *out);

/* The whole of it, up to GBX_LIMIT_SYSTEM_FILE bytes, as it is. */
int gbx_sysfile_load(const char *root, const char *path, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;

/* The names in a folder; none where it cannot be read. */
void gbx_sysfile_names(const char *root, const char *path, struct gbx_names *out);

#endif
