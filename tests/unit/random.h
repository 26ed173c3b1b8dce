/* Numbers that are the same in every run of a test: xorshift64 (Marsaglia, 2003). */
#ifndef GBX_TEST_RANDOM_H
#define GBX_TEST_RANDOM_H

#include <stdint.h>

static uint64_t random_state = 88172645463325252u;

static inline uint64_t random_number(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % below;
}

#endif
