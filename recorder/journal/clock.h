/* The clock by which a stream's times were taken. It may be set back while a job runs: that is told, and nothing is checked against it. */
#ifndef GBX_JOURNAL_CLOCK_H
#define GBX_JOURNAL_CLOCK_H

#include <stdint.h>

/* Smaller steps are what keeping a clock right takes. */
#define GBX_CLOCK_STEP_NANOS 1000000000u

struct gbx_clock {
	uint64_t last; /* time of the record before */
	uint64_t back; /* the largest step back that was met, in nanoseconds; 0: none of GBX_CLOCK_STEP_NANOS or more */
};

/* Takes the next record of a stream; seq 0 begins one. */
static inline void gbx_clock_take(struct gbx_clock *c, uint64_t seq, uint64_t nanos)
{
	uint64_t back = seq && nanos < c->last ? c->last - nanos : 0;

	if (back >= GBX_CLOCK_STEP_NANOS && back > c->back)
		c->back = back;
	c->last = nanos;
}

/* What of it is told, in seconds. */
static inline uint64_t gbx_clock_seconds(uint64_t back)
{
	return back / 1000000000u;
}

#endif
