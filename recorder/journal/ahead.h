/* Records read ahead of their turn: batches of frames whose bodies are decoded and whose hashes are computed many at once, by helper
 * threads where there are processors for them. The caller gets the records one after the other and checks each in its place; what was
 * computed ahead only saves it the work. Memory: up to 8 batches of
 * 0.7 MiB, and what the bodies of a batch decode to, at most about 4 MiB each, whatever the records are like. */
#ifndef GBX_JOURNAL_AHEAD_H
#define GBX_JOURNAL_AHEAD_H

#include "base/tfrecord.h"
#include "journal/record.h"

struct gbx_ahead;

#define GBX_AUTO_AHEAD GBX_CLEANUP(gbx_ahead_release)

/* threads: how many work, the caller's own among them; at least 1. Helpers that cannot be started are done without. Free *out with
 * gbx_ahead_free. */
int gbx_ahead_new(unsigned threads, struct gbx_ahead **out, struct gbx_error *err) GBX_MUST_USE;
void gbx_ahead_free(struct gbx_ahead *a);
void gbx_ahead_release(struct gbx_ahead **a);

/* Begins with the records of in, which is read by this thread only; forgets what was left of the input before. A stream may go on from
 * one input to the next. */
int gbx_ahead_start(struct gbx_ahead *a, struct gbx_input *in, struct gbx_error *err) GBX_MUST_USE;

/* 1 with the next record, body and leaf hash too (valid until the next call), 0 at the end, or an error: of the framing, which names the
 * byte itself, or of the record, and then *in_record is true. *offset is where the record's frame starts. */
int gbx_ahead_next(struct gbx_ahead *a, struct gbx_record *out, uint64_t *offset, bool *in_record, struct gbx_error *err) GBX_MUST_USE;

#endif
