#include "base/processors.h"

#include <unistd.h>

#ifdef __linux__
#include <sched.h>
#endif

unsigned gbx_processors(void)
{
#ifdef __linux__
	cpu_set_t set;

	/* A scheduler that lends us two of 128 processors says so here and nowhere else. */
	if (sched_getaffinity(0, sizeof set, &set) == 0)
		return (unsigned)CPU_COUNT(&set);
#endif
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (unsigned)online : 1;
}
