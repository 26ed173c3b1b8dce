/* Writes one stream of a run: an append-only file that no other process ever writes to.
 *
 * Each record is one write(2), and is read back from the file and checked strictly before it counts. What gbx_writer_put returned
 * for survives kill -9; what gbx_writer_sync returned for survives a power cut on a local filesystem. After a short or failed write
 * the file is left as it is, and a new stream that names the old head goes on. Safe from several threads. */
#ifndef GBX_JOURNAL_WRITER_H
#define GBX_JOURNAL_WRITER_H

#include "journal/record.h"

struct gbx_writer;

struct gbx_writer_options {
	const char *dir; /* where the stream's file <id>.tfrecord is made */
	uint8_t run[GBX_RUN_LEN];
	Glassbox__StreamStart__Writer writer;
	Glassbox__StreamStart__Role role;
	const struct gbx_head *follows; /* or NULL */
};

#define GBX_AUTO_WRITER GBX_CLEANUP(gbx_writer_release)

/* Makes the file with a stream-start in it. Not synced yet. */
int gbx_writer_open(const struct gbx_writer_options *options, struct gbx_writer **out, struct gbx_error *err) GBX_MUST_USE;
/* Appends a record; *ref (may be NULL) says where it stands. */
int gbx_writer_put(struct gbx_writer *w, const Glassbox__Body *body, struct gbx_ref *ref, struct gbx_error *err) GBX_MUST_USE;
int gbx_writer_sync(struct gbx_writer *w, struct gbx_error *err) GBX_MUST_USE;
int gbx_writer_head(struct gbx_writer *w, struct gbx_head *out, struct gbx_error *err) GBX_MUST_USE;
/* Closes the file; writes nothing. */
void gbx_writer_free(struct gbx_writer *w);
void gbx_writer_release(struct gbx_writer **w);

#endif
