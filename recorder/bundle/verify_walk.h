/* What is walked through the journals: between verify_journals.c, which takes record by record, and verify_streams.c, which holds streams against
 * the Seal and its list. */
#ifndef GBX_BUNDLE_VERIFY_WALK_H
#define GBX_BUNDLE_VERIFY_WALK_H

#include "bundle/verify_parts.h"
#include "journal/ahead.h"
#include "journal/clock.h"
#include "journal/streams.h"

/* A lead stream's head, for the lead streams that go on from it. */
struct gbx_lead {
	struct gbx_head head;
	struct gbx_head follows; /* size 0: none */
};

struct gbx_walk {
	struct gbx_verification *v;
	struct gbx_chain chain;
	struct gbx_ahead *records;
	struct gbx_clock clock;
	const char *title;        /* of the layer that is read */
	const char *last_title;   /* of the one that the last record was in */
	bool in_stream;
	Glassbox__StreamStart__Role role;
	struct gbx_head follows;
	/* The Seal, and the head of its stream before it. */
	uint64_t seals;
	bool seal_here;           /* the stream at hand has it */
	bool ended;               /* its last record so far ends it */
	bool states_differ;       /* the list says otherwise of some stream; means something once there is a seal */
	struct gbx_head before_seal;
	uint64_t sealed_streams;
	Glassbox__Seal__State sealed_state, end_state; /* what the Seal says of the job's end, and what its own record says: NO_END without one */
	uint32_t end_value;       /* exit status, signal or errno */
	uint8_t sealed_root[GBX_SHA256_LEN];
	/* The list of streams, read in step with the journals: both are sorted by stream id. */
	struct gbx_blob *list_blob;
	struct gbx_tfrecord_reader list;
	bool has_list;
	struct gbx_tree list_tree;
	struct gbx_tree seen;     /* the list that the journals come to */
	uint8_t last_stream[GBX_STREAM_LEN];
	uint64_t streams;
	struct gbx_lead *lead;
	size_t leads, leads_cap;
	uint64_t withheld;        /* entry-only records that the statement names */
	/* The last place shown: a gap that names it comes next. */
	struct gbx_ref place;
	char where[512];
	bool stopped;
};

/* Something that is wrong at a record of the stream at hand; the second says it in words, the title and record before them. */
void gbx_walk_error(struct gbx_walk *w, enum gbx_check check, const struct gbx_error *err, uint64_t seq);
void gbx_walk_complain(struct gbx_walk *w, enum gbx_check check, int code, const char *why, uint64_t seq);

/* The sealed list of streams: opened before the journals, or behind them on a pipe; held against them when they are read. */
void gbx_walk_open_list(struct gbx_walk *w);
void gbx_walk_finish_list(struct gbx_walk *w);

/* A StreamStart, which ends the stream before it; the end of the last one; the Seal. */
void gbx_walk_begin_stream(struct gbx_walk *w, const struct gbx_record *r);
void gbx_walk_end_stream(struct gbx_walk *w);
void gbx_walk_seal(struct gbx_walk *w, const struct gbx_record *r);
/* The record of the job's end. */
void gbx_walk_run_end(struct gbx_walk *w, const struct gbx_record *r);

/* When all were read: lead streams that go on from others name heads that are there, and the Seal says of the job's end what its record says. */
void gbx_walk_check_follows(struct gbx_walk *w);
void gbx_walk_check_end(struct gbx_walk *w);

#endif
