/* What a disk may hold after the power went.
 *
 * The filesystem is an ordered journaling one (ext4 with data=ordered and delayed allocation is the pattern), taken a little stricter
 * than it is, so that what survives here survives on others (XFS, Btrfs) too:
 *
 * - Names (what create, rename, link, unlink and mkdir did) come to the disk in the order in which they were made, up to some point,
 *   each whole. The point is nowhere before the last change in a folder that fsync was called on after it. Syncing a file does not
 *   bring its name; ext4 would do so.
 * - What was written to a file and synced (fsync, fdatasync, syncfs) is there. What was not synced is there up to some write, and of
 *   the next one half may be there; or the file is as long as it was and holds zeros there; or all of it is missing. That has nothing
 *   to do with the names: a file that was renamed into place and not synced may be there and empty.
 *
 * Writes to one file are taken to come in their order: journals are appended to and no record is read behind a torn one. */
#ifndef GBX_TEST_POWER_H
#define GBX_TEST_POWER_H

#include "base/bytes.h"
#include "seam.h"

/* What was there before, and what was done. */
struct power_log;

/* Takes over what the seam has recorded, and the files below these places (relative to the place, NULL-ended) as they were before:
 * call power_before, record, then power_after. */
struct power_log *power_before(const char *const *below);
void power_after(struct power_log *l);
void power_free(struct power_log *l);
size_t power_ops(const struct power_log *l);
const struct seam_entry *power_op(const struct power_log *l, size_t i);

/* The twins that must fail: without any sync; with each rename before the sync that it follows. */
void power_forget_syncs(struct power_log *l);
void power_swap_renames(struct power_log *l);

enum power_tail {
	POWER_NONE, /* nothing behind the whole writes */
	POWER_TORN, /* half of the next one */
	POWER_ZERO, /* zeros for all that is missing */
	POWER_TAILS,
};

/* One state. */
struct power_state {
	size_t cut;   /* the operations before it were done */
	size_t names; /* and of those that change names the ones before this came to the disk */
	/* How much of what was written and not synced is there, in 256ths of the writes, and what is behind; by file. */
	struct {
		unsigned char part;
		enum power_tail tail;
	} data[32];
};

/* The least `names` that this cut allows. */
size_t power_least_names(const struct power_log *l, size_t cut);

/* Hashes of a state, so that what was looked at is not looked at again: of the names that begin with `apart` and of all others. */
struct power_sums {
	uint64_t apart, rest;
};
struct power_sums power_hash(const struct power_log *l, const struct power_state *s, const char *apart);
/* The state itself, as files below the place. */
void power_make(const struct power_log *l, const struct power_state *s);

#endif
