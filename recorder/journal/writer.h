/* Writes one stream of a run: an append-only file that no other process ever writes to.
 *
 * Each record is one write(2), and is read back from the file and checked strictly before it counts. What gbx_writer_put returned
 * for survives kill -9; what gbx_writer_sync returned for survives a power cut on a local filesystem.
 *
 * After a short or failed write the file is left as it is, and a new stream that names the old head goes on. A failed sync says more:
 * of what was written since the last good one nobody knows whether the disk has it, and a later sync may well succeed without it. So
 * the new stream names the head that was synced last, and the records since then are written again, in it; references to them are led
 * there. Where nothing was ever synced the new stream has everything, and the old file, which is the writer's own, is removed.
 *
 * Safe from several threads. In a forked child a writer may only be abandoned. */
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

/* Makes the file with a stream-start in it, and locks it for as long as it is open. Not synced yet. */
int gbx_writer_open(const struct gbx_writer_options *options, struct gbx_writer **out, struct gbx_error *err) GBX_MUST_USE;
/* Appends a record; *ref (may be NULL) says where it stands. Syncs when GBX_LIMIT_UNSYNCED bytes are not synced yet. */
int gbx_writer_put(struct gbx_writer *w, const Glassbox__Body *body, struct gbx_ref *ref, struct gbx_error *err) GBX_MUST_USE;
/* On failure the record goes on in a new stream, where one can be made, and the next call tries again. */
int gbx_writer_sync(struct gbx_writer *w, struct gbx_error *err) GBX_MUST_USE;
int gbx_writer_head(struct gbx_writer *w, struct gbx_head *out, struct gbx_error *err) GBX_MUST_USE;
/* Appends a Seal and syncs it. It says what stands before it, so it is written only behind *before, and never again in another
 * stream: on failure there may be a new one, with another head, for which a new list has to be made. */
int gbx_writer_seal(struct gbx_writer *w, const Glassbox__Body *seal, const struct gbx_head *before, struct gbx_error *err) GBX_MUST_USE;
/* Closes the file; writes nothing. */
void gbx_writer_free(struct gbx_writer *w);
void gbx_writer_release(struct gbx_writer **w);
/* For a forked child: closes its descriptor of the file and touches nothing else, since another thread of the parent may have been
 * at work. The memory stays. */
void gbx_writer_abandon(struct gbx_writer *w);

#endif
