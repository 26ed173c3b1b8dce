/* What changed from one snapshot to another, as `git diff --no-renames --full-index` prints it. libgit2 does so in a child process, as
 * in code.h. */
#ifndef GBX_CAPTURE_CODE_DIFF_H
#define GBX_CAPTURE_CODE_DIFF_H

#include "base/bytes.h"

struct gbx_code_diff_options {
	const char *store;     /* the store's folder; both snapshots are in its git/ */
	const uint8_t *before; /* the snapshots' tree ids */
	const uint8_t *after;
	size_t id_len;         /* of both */
	bool binary;           /* the patch holds what changed in binary files, so that git apply can make it */
	bool stat;             /* no patch */
};

enum gbx_code_change { GBX_CODE_ADDED, GBX_CODE_REMOVED, GBX_CODE_CHANGED };

struct gbx_code_difference {
	struct gbx_slice path;
	enum gbx_code_change change;
	bool binary;
	uint64_t added, removed; /* lines */
};

/* Each file in the order of its path, and then its part of the patch, piece by piece. What they return, unless 0, ends it. */
struct gbx_code_diff_takers {
	int (*file)(void *arg, const struct gbx_code_difference *d, struct gbx_error *err);
	int (*patch)(void *arg, struct gbx_slice text, struct gbx_error *err);
	void *arg;
};

/* GBX_E_NOTFOUND where an object is not in the store (any more), GBX_E_TIMEOUT after 30 s without a byte. What was told before an error
 * is not all. */
int gbx_code_diff(const struct gbx_code_diff_options *o, const struct gbx_code_diff_takers *t, struct gbx_error *err) GBX_MUST_USE;

#endif
