/* Reads the stream of one file from front to back, each record checked strictly and in its place in the chain. */
#ifndef GBX_JOURNAL_READER_H
#define GBX_JOURNAL_READER_H

#include "base/tfrecord.h"
#include "journal/record.h"

struct gbx_reader {
	struct gbx_tfrecord_reader records;
	struct gbx_chain chain;
	struct gbx_arena memory;
	struct gbx_record record; /* the one that gbx_reader_next gave */
	uint64_t offset;          /* bytes of the file that are intact records */
};

#define GBX_AUTO_READER GBX_CLEANUP(gbx_reader_free)

/* in is borrowed. With several streams in it, each begins at its stream-start. */
int gbx_reader_init(struct gbx_reader *r, struct gbx_input *in, struct gbx_error *err) GBX_MUST_USE;
void gbx_reader_free(struct gbx_reader *r);
/* 1 with r->record (valid until the next call), 0 at the end, or an error that names record or byte offset. */
int gbx_reader_next(struct gbx_reader *r, struct gbx_error *err) GBX_MUST_USE;

#endif
