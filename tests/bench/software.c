/* What it costs to capture the software of a running process: processor time and memory of one look and one read.
 * usage: bench_software PID */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/io.h"
#include "capture/watch.h"

static double cpu_ms(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1e3 + (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e3;
}

int main(int argc, char **argv)
{
	GBX_AUTO_WATCH struct gbx_watch w = {0};
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	struct rusage start, looked, again, end;
	struct gbx_error err;
	bool found, ended;

	if (argc != 2)
		return 2;
	w.pid = strtoull(argv[1], NULL, 10);
	getrusage(RUSAGE_SELF, &start);
	if (gbx_watch_look(&w, &found, &ended, &err))
		return 1;
	getrusage(RUSAGE_SELF, &looked);
	if (gbx_watch_look(&w, &found, &ended, &err))
		return 1;
	getrusage(RUSAGE_SELF, &again);
	if (gbx_watch_read(&w, &s, &err))
		return 1;
	getrusage(RUSAGE_SELF, &end);
	printf("%zu libraries, %zu interpreters, %zu packages, %zu kinds of gaps\n", s.libraries, s.interpreters, s.packages, s.gaps.len);
	printf("look %.2f ms, again %.2f ms, read %.2f ms; peak memory %ld KiB, of it before %ld KiB\n", cpu_ms(&looked) - cpu_ms(&start),
	       cpu_ms(&again) - cpu_ms(&looked), cpu_ms(&end) - cpu_ms(&again), end.ru_maxrss, start.ru_maxrss);
	return 0;
}
