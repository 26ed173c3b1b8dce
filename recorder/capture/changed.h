/* Which files of a snapshot are not in the work tree any more as it holds them. */
#ifndef GBX_CAPTURE_CHANGED_H
#define GBX_CAPTURE_CHANGED_H

#include "capture/gaps.h"

/* A file of which the inode was changed less than this before a moment may have been changed after it: the kernel's clock for files
 * ticks, every 10 ms at most. */
#define GBX_CLOCK_TICK_NANOS 10000000u

struct gbx_changed_options {
	const char *manifest; /* the snapshot's page file */
	const char *repo;     /* the root of the work tree */
	uint64_t since;       /* nanoseconds since 1970, before the snapshot was taken: what was not changed after it is not read */
	bool sparse;          /* files of the snapshot were not in the work tree: a missing one says nothing */
};

/* Adds every path that is gone or has other bytes to gaps, as CODE_FILE and CHANGED. The time by which it is judged is that of the
 * inode, which nobody can set. */
int gbx_code_changed(const struct gbx_changed_options *o, struct gbx_gaps *gaps, struct gbx_error *err) GBX_MUST_USE;

#endif
