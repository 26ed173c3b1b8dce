/* A ring of points beside the journal, `<stream id>.ring`: what a call returned for before its block was in the journal.
 *
 * The file is mapped MAP_SHARED by the process that makes it, and by nobody else: what stands in it survives that process (kill -9),
 * and no power cut. It is never read while it is mapped by its owner's own code; recovery reads it as a file, and believes nothing in it.
 *
 *   64 bytes   "glassbox/ring/v1", stream (16), run (16), slots (4), bytes of names (4), CRC-32C of these 56 (4), 4 zeros
 *   names      one behind the other, each at a multiple of 8: length (4), CRC-32C of the name (4), the name; then zeros
 *   slots      48 bytes each: position + 1 (8), name (4: which of those, from 0), CRC-32C of the slot with zeros here (4), number (8),
 *              step (8), value (8), time (8)
 *
 * All numbers little-endian, CRCs masked. A point's position counts all points of the ring, its number those of its name; neither ever
 * goes back. It stands in slot position % slots. A slot that is not whole was never acknowledged. */
#ifndef GBX_JOURNAL_RING_H
#define GBX_JOURNAL_RING_H

#include "journal/record.h"

#define GBX_RING_SLOTS 16384u
#define GBX_RING_NAMES (256u * 1024 - 64) /* with the slots: 1 MiB */

struct gbx_point {
	uint64_t position;
	uint32_t name;
	uint64_t number;
	uint64_t step;
	double value;
	uint64_t time_nanos;
};

struct gbx_ring {
	uint8_t *map; /* NULL: none */
	size_t len;
	uint32_t slots;
	size_t names_len; /* bytes taken */
	uint32_t names;
	char *path;
};

/* Makes the file, which must not be there yet, with all its bytes taken from the disk. Not synced. */
int gbx_ring_create(const char *path, const uint8_t stream[GBX_STREAM_LEN], const uint8_t run[GBX_RUN_LEN], uint32_t slots,
		    struct gbx_ring *out, struct gbx_error *err) GBX_MUST_USE;
/* Gives a name its number in the ring; false where there is no room for it. */
bool gbx_ring_name(struct gbx_ring *r, struct gbx_slice name, uint32_t *out);
/* Writes a point into its slot. When it returns, the point survives kill -9. The caller takes care that what stood there is no longer
 * needed, and that one thread writes at a time. */
void gbx_ring_put(struct gbx_ring *r, const struct gbx_point *p);
/* A point that this process put and that was not overwritten. */
void gbx_ring_get(const struct gbx_ring *r, uint64_t position, struct gbx_point *out);
/* Ends the mapping; the file stays. */
void gbx_ring_close(struct gbx_ring *r);
/* Removes the file, too: all its points are in the journal. */
int gbx_ring_remove(struct gbx_ring *r, struct gbx_error *err) GBX_MUST_USE;

/* What was read of somebody's ring. */
struct gbx_ring_content {
	uint8_t stream[GBX_STREAM_LEN], run[GBX_RUN_LEN];
	char **name; /* UTF-8, not empty */
	size_t names, names_cap;
	struct gbx_point *point; /* whole ones, in the order in which they were put */
	size_t points;
	size_t bad; /* slots that are neither whole nor empty. One may be the point that was being written; more are damage */
};

#define GBX_AUTO_RING_CONTENT GBX_CLEANUP(gbx_ring_content_free)

/* Reads the file as it stands at the moment. GBX_E_NOTFOUND where nothing was put in it yet, not even its header; GBX_E_MALFORMED where it is no such file; GBX_E_LIMIT over GBX_LIMIT_RING bytes. */
int gbx_ring_read(const char *path, struct gbx_ring_content *out, struct gbx_error *err) GBX_MUST_USE;
/* The same from its bytes. */
int gbx_ring_parse(struct gbx_slice bytes, struct gbx_ring_content *out, struct gbx_error *err) GBX_MUST_USE;
void gbx_ring_content_free(struct gbx_ring_content *c);

#endif
