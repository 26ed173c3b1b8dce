/* The frame and the entry of a record, read from their one encoding: what protobuf's serializers write, fields in order, no default
 * values, varints as short as they can be. proto/FORMAT.md section 2.
 *
 * Every record of a bundle passes here, so nothing is allocated. What is refused here is read again with gbx_pb_parse, which says
 * what is wrong with it; a test holds the two against each other. */
#ifndef GBX_JOURNAL_ENTRY_H
#define GBX_JOURNAL_ENTRY_H

#include "base/bytes.h"

struct gbx_frame_fields {
	struct gbx_slice entry, salt, body; /* empty where they are not there */
};

struct gbx_entry_fields {
	uint64_t seq;
	struct gbx_slice prev;
	uint64_t time_nanos;
	uint64_t kind; /* not 0; whether it is a known one is for the caller to say */
	struct gbx_slice commitment;
};

/* False where the bytes are not such an encoding. Slices point into them. */
bool gbx_frame_read(struct gbx_slice bytes, struct gbx_frame_fields *out);
bool gbx_entry_read(struct gbx_slice bytes, struct gbx_entry_fields *out);

#endif
