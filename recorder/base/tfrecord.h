/* TFRecord framing: uint64 length, masked CRC-32C of the length, data, masked CRC-32C of the data; little-endian.
 * Journals, manifests, the list of streams and the owner log are files of such records. */
#ifndef GBX_BASE_TFRECORD_H
#define GBX_BASE_TFRECORD_H

#include "base/io.h"

#define GBX_TFRECORD_OVERHEAD 16u

/* Appends one framed record to *out. */
int gbx_tfrecord_frame(struct gbx_slice data, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;

struct gbx_tfrecord_reader {
	struct gbx_input *in;
	size_t limit;      /* longest record that is read */
	uint64_t offset;   /* where the next record starts */
	uint8_t *buffer;
	size_t start, end, cap;
	bool at_end;
};

#define GBX_AUTO_TFRECORD GBX_CLEANUP(gbx_tfrecord_reader_free)

/* Reads records of at most limit bytes from in, which is borrowed. Memory: 16 KiB, and for longer files up to limit + 256 KiB. */
int gbx_tfrecord_reader_init(struct gbx_tfrecord_reader *r, struct gbx_input *in, size_t limit, struct gbx_error *err) GBX_MUST_USE;
void gbx_tfrecord_reader_free(struct gbx_tfrecord_reader *r);

/* 1 with the next record in *data (valid until the next call), 0 at the end, or an error that names the byte offset:
 * GBX_E_MALFORMED where the file ends within a record, GBX_E_BAD where a CRC differs, GBX_E_LIMIT where one is too long. */
int gbx_tfrecord_next(struct gbx_tfrecord_reader *r, struct gbx_slice *data, struct gbx_error *err) GBX_MUST_USE;

#endif
