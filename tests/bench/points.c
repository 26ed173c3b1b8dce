/* What a point of a metric costs: points [THREADS [POINTS [DIR]]], nanoseconds a point. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "journal/metrics.h"

static struct gbx_metrics *metrics;
static unsigned long points = 1000000;

static void *work(void *arg)
{
	char name[16];
	struct gbx_error err;

	snprintf(name, sizeof name, "m%d", (int)(intptr_t)arg);
	for (unsigned long i = 0; i < points; i++)
		if (gbx_metrics_put(metrics, name, i, (double)i, &err)) {
			fprintf(stderr, "%s\n", err.line);
			exit(1);
		}
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 1;
	pthread_t thread[64];
	struct gbx_metrics_options o = {.dir = argc > 3 ? argv[3] : "."};
	struct gbx_error err;

	if (argc > 2)
		points = strtoul(argv[2], NULL, 10);
	if (threads < 1 || threads > 64 || gbx_metrics_open(&o, &metrics, &err))
		return 2;
	uint64_t start = gbx_monotonic_nanos();
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, work, (void *)(intptr_t)i))
			return 1;
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	uint64_t took = gbx_monotonic_nanos() - start;
	printf("%d threads, %lu points each: %.0f ns a point\n", threads, points, (double)took / (double)points / threads);
	int rc = gbx_metrics_close(metrics, &err);
	gbx_metrics_free(metrics);
	return rc ? 1 : 0;
}
