/* Small files of /proc, /sys and /run, below a root folder. */
#ifndef GBX_CAPTURE_MACHINE_FILE_H
#define GBX_CAPTURE_MACHINE_FILE_H

#include "capture/machine.h"
#include "capture/rooted.h"

/* The beginning of a file, as printable UTF-8 without white space at its ends; false, and o->trouble told, where it cannot be read. */
bool gbx_machine_text(const struct gbx_machine_options *o, const char *path, char *out, size_t size);
/* The number that it begins with, decimal or with 0x in hex; false where there is none. */
bool gbx_machine_number(const struct gbx_machine_options *o, const char *path, uint64_t *out);
/* At most 64 KiB of a file, appended; the same. */
bool gbx_machine_load(const struct gbx_machine_options *o, const char *path, struct gbx_bytes *out);
/* Whether there is such a file; the same. */
bool gbx_machine_is_file(const struct gbx_machine_options *o, const char *path);
/* The names in a folder; none where it is not there. At most 4096. */
int gbx_machine_list(int root, const char *path, struct gbx_names *out, struct gbx_error *err) GBX_MUST_USE;

/* The descriptor of a root by its path, -1 for "", which is ours. The caller closes it. */
int gbx_machine_root(const char *path, int *fd, struct gbx_error *err) GBX_MUST_USE;

struct gbx_slice gbx_machine_trim(struct gbx_slice text);

#endif
