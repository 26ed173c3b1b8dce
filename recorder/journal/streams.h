/* The seal's list of streams: one StreamEntry per TFRecord, sorted by stream id, under an RFC 6962 root over leaves of
 * "glassbox/stream/v1" 0x00, stream id (16), size (8, big-endian), root (32), state (1 byte: 1 ended, 2 open). */
#ifndef GBX_JOURNAL_STREAMS_H
#define GBX_JOURNAL_STREAMS_H

#include "base/tfrecord.h"
#include "journal/record.h"

enum gbx_stream_state { GBX_STREAM_ENDED = 1, GBX_STREAM_OPEN = 2 };

struct gbx_stream_entry {
	struct gbx_head head;
	enum gbx_stream_state state;
};

int gbx_stream_leaf(struct gbx_hash *h, const struct gbx_stream_entry *e, uint8_t leaf[GBX_SHA256_LEN], struct gbx_error *err) GBX_MUST_USE;

/* Appends the framed entry, as it stands in streams.tfrecord. */
int gbx_stream_entry_write(const struct gbx_stream_entry *e, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* Reads the data of one TFRecord strictly. */
int gbx_stream_entry_read(struct gbx_slice data, struct gbx_stream_entry *out, struct gbx_error *err) GBX_MUST_USE;

#endif
