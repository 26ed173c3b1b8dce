/* What things take on the disk, as the sizes of regular files. */
#ifndef GBX_STORE_USAGE_H
#define GBX_STORE_USAGE_H

#include "store/store.h"

struct gbx_usage {
	uint64_t count, bytes; /* files */
};

/* Adds the files below path to *use; a path that is not there adds nothing. Links are not followed. */
int gbx_usage_of(const char *path, struct gbx_usage *use, struct gbx_error *err) GBX_MUST_USE;

/* Adds the files below path that an interrupted write left (ours end in .tmp, git's begin with tmp_obj, refs end in .lock) and that were
 * last written before keep_from (nanoseconds since 1970); with `remove` they are deleted. */
int gbx_temporary_collect(const char *path, uint64_t keep_from, bool remove, struct gbx_usage *use, struct gbx_error *err) GBX_MUST_USE;

#endif
