/* The clock as the recorder reads it, set back or forth by JUMP_SECONDS after it was read JUMP_AFTER times. */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/io.h"

uint64_t __real_gbx_now_nanos(void);
uint64_t __wrap_gbx_now_nanos(void);

static long long number(const char *name)
{
	const char *text = getenv(name);

	return text ? atoll(text) : 0;
}

uint64_t __wrap_gbx_now_nanos(void)
{
	static atomic_long read;
	uint64_t now = __real_gbx_now_nanos();

	return atomic_fetch_add(&read, 1) < number("JUMP_AFTER") ? now : now + (uint64_t)(number("JUMP_SECONDS") * 1000000000);
}
