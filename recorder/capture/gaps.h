/* What a capture could not take, by kind and reason, with the first paths of each. */
#ifndef GBX_CAPTURE_GAPS_H
#define GBX_CAPTURE_GAPS_H

#include "base/bytes.h"
#include "record.pb-c.h"

#define GBX_GAP_PATHS 64u

struct gbx_gap {
	Glassbox__Gap__Kind kind;
	Glassbox__Gap__Reason reason;
	uint64_t count;                       /* of all, those without a path here too */
	struct gbx_bytes path[GBX_GAP_PATHS]; /* relative to the work tree; the first ones, sorted by bytes */
	size_t paths;
};

struct gbx_gaps {
	struct gbx_gap *gap;
	size_t len, cap;
};

void gbx_gaps_free(struct gbx_gaps *gaps);

/* One more thing that is missing; path is copied, and empty where it is not a file. */
int gbx_gaps_add(struct gbx_gaps *gaps, Glassbox__Gap__Kind kind, Glassbox__Gap__Reason reason, struct gbx_slice path,
		 struct gbx_error *err) GBX_MUST_USE;
/* The gap of this kind and reason, or a new one of count 0. */
int gbx_gaps_of(struct gbx_gaps *gaps, Glassbox__Gap__Kind kind, Glassbox__Gap__Reason reason, struct gbx_gap **out,
		struct gbx_error *err) GBX_MUST_USE;

#endif
