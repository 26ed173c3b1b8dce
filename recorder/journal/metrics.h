/* Points of metrics, from many threads of a process and of the processes that it forks.
 *
 * A point that gbx_metrics_put returned for survives kill -9: it lies in a ring (ring.h) until a block of its name is written to the
 * journal. It survives a power cut once gbx_metrics_close has returned. A block is closed when it is full, when its oldest point is
 * 10 s old, and when the ring has no room left; so nothing is lost and nothing grows. Where the disk has no room for a ring, each point
 * is a record of its own.
 *
 * Each process has a stream and a ring of its own, begun with its first point: a forked child that puts none makes no file, and never
 * writes to its parent's. Safe from several threads; nothing here may be called from a signal handler. */
#ifndef GBX_JOURNAL_METRICS_H
#define GBX_JOURNAL_METRICS_H

#include "journal/writer.h"

struct gbx_metrics;

struct gbx_metrics_options {
	const char *dir; /* the run's journal folder */
	uint8_t run[GBX_RUN_LEN];
	uint32_t slots;  /* points that the ring holds; 0: GBX_RING_SLOTS */
	uint64_t (*monotonic)(void); /* nanoseconds; NULL: gbx_monotonic_nanos. By it blocks are closed */
};

#define GBX_AUTO_METRICS GBX_CLEANUP(gbx_metrics_release)

/* Makes no file yet. */
int gbx_metrics_open(const struct gbx_metrics_options *options, struct gbx_metrics **out, struct gbx_error *err) GBX_MUST_USE;

/* Takes one point. name: UTF-8, 1 to GBX_LIMIT_METRIC_NAME bytes. On failure the point was not taken: where the ring is full and the
 * journal cannot be written, GBX_E_IO, and a gap says how many there were as soon as something can be written again. */
int gbx_metrics_put(struct gbx_metrics *m, const char *name, uint64_t step, double value, struct gbx_error *err) GBX_MUST_USE;

/* Writes the blocks whose oldest point is 10 s old; gbx_metrics_put does it, too. For names of which no more points come. */
int gbx_metrics_tick(struct gbx_metrics *m, struct gbx_error *err) GBX_MUST_USE;
/* Writes all blocks of this process. */
int gbx_metrics_flush(struct gbx_metrics *m, struct gbx_error *err) GBX_MUST_USE;
/* Writes all blocks and the end of the stream, syncs, and removes the ring. Free it then all the same. */
int gbx_metrics_close(struct gbx_metrics *m, struct gbx_error *err) GBX_MUST_USE;

/* Frees what this process made of it, and writes nothing: ring and journal stay as they are. No other thread may be using it. */
void gbx_metrics_free(struct gbx_metrics *m);
void gbx_metrics_release(struct gbx_metrics **m);

#endif
