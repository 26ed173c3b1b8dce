/* Small files of /proc, /sys and /run, below a root folder. */
#ifndef GBX_CAPTURE_MACHINE_FILE_H
#define GBX_CAPTURE_MACHINE_FILE_H

#include "capture/rooted.h"

/* Where to look. */
struct gbx_place_of {
	int root;     /* descriptor of the root folder; -1: ours */
	uint64_t pid; /* of the process whose facts are wanted */
};

/* The beginning of a file, as printable UTF-8 without white space at its ends; false where it cannot be read. */
bool gbx_machine_text(int root, const char *path, char *out, size_t size);
/* A number in decimal, or in hex behind 0x. */
bool gbx_machine_number(int root, const char *path, uint64_t *out);
/* At most 64 KiB of a file, appended; false where it cannot be read. */
bool gbx_machine_load(int root, const char *path, struct gbx_bytes *out);
/* The names in a folder; none where it is not there. At most 4096. */
int gbx_machine_list(int root, const char *path, struct gbx_names *out, struct gbx_error *err) GBX_MUST_USE;

struct gbx_slice gbx_machine_trim(struct gbx_slice text);

#endif
