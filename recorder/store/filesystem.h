/* Kinds of filesystem, by what statfs says. */
#ifndef GBX_STORE_FILESYSTEM_H
#define GBX_STORE_FILESYSTEM_H

#include <stdbool.h>

struct gbx_filesystem {
	const char *name; /* NULL: not one of those that matter here */
	bool fleeting;    /* what it holds may be gone soon */
	bool shared;      /* other machines may write to it, or nobody knows who does (FUSE) */
};

/* The filesystem that path lies on; where that cannot be known, one without a name. */
struct gbx_filesystem gbx_filesystem_of(const char *path);
/* The one of this f_type, as linux/magic.h and the filesystems' own sources have them. */
struct gbx_filesystem gbx_filesystem_of_type(unsigned long type);

#endif
