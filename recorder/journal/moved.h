/* Records that were written again in another stream, because a failed sync left open whether the disk has them; and references to
 * them. For writer.c. */
#ifndef GBX_JOURNAL_MOVED_H
#define GBX_JOURNAL_MOVED_H

#include "journal/record.h"

/* The records of stream `from` with seq and above stand in stream `to`, from `at` on, in the same order. */
struct gbx_moved {
	uint8_t from[GBX_STREAM_LEN], to[GBX_STREAM_LEN];
	uint64_t seq, at;
};

struct gbx_moved_list {
	struct gbx_moved *moved; /* oldest first */
	size_t len, cap;
};

void gbx_moved_free(struct gbx_moved_list *list);
int gbx_moved_add(struct gbx_moved_list *list, const struct gbx_moved *moved, struct gbx_error *err) GBX_MUST_USE;

/* Leads every reference in an encoded body to where its record stands now. */
int gbx_moved_follow(const struct gbx_moved_list *list, struct gbx_bytes *body, struct gbx_error *err) GBX_MUST_USE;

#endif
