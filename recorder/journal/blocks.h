/* A block: many points of one metric in one record. And the numbers of names, for whoever holds many. */
#ifndef GBX_JOURNAL_BLOCKS_H
#define GBX_JOURNAL_BLOCKS_H

#include "journal/ring.h"
#include "journal/writer.h"

struct gbx_block {
	Glassbox__Metric metric; /* points into the members below; the name is borrowed */
	uint8_t ring[GBX_STREAM_LEN];
	size_t points, bytes, room;
	uint64_t *step, *time;
	double *value;
};

/* Takes the memory for one; it is used again and again. */
int gbx_block_init(struct gbx_block *b, struct gbx_error *err) GBX_MUST_USE;
void gbx_block_free(struct gbx_block *b);

/* Empties it. first: the number of its first point. */
void gbx_block_begin(struct gbx_block *b, const char *name, const uint8_t ring[GBX_STREAM_LEN], uint64_t first);
/* False where it is full. */
bool gbx_block_add(struct gbx_block *b, const struct gbx_point *p);
/* Bytes that a point takes, and that a block of this name has for them. */
size_t gbx_block_point_bytes(const struct gbx_point *p);
size_t gbx_block_room(const char *name);
/* Writes it as a record. */
int gbx_block_put(struct gbx_block *b, struct gbx_writer *w, struct gbx_error *err) GBX_MUST_USE;

/* Numbers by text; the texts are borrowed. {0} is an empty one. */
struct gbx_names_table {
	struct gbx_named {
		const char *text; /* NULL: free */
		size_t number;
	} *at;
	size_t size, used;
};

void gbx_names_table_free(struct gbx_names_table *t);
bool gbx_names_table_find(const struct gbx_names_table *t, const char *text, size_t *number);
/* text is not in it yet. */
int gbx_names_table_add(struct gbx_names_table *t, const char *text, size_t number, struct gbx_error *err) GBX_MUST_USE;

#endif
