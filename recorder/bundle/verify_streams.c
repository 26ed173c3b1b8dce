/* Streams of a run: what each comes to, against the Seal, the list that it names, and the lead streams that go on from it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "bundle/verify_walk.h"

void gbx_walk_error(struct gbx_walk *w, enum gbx_check check, const struct gbx_error *err, uint64_t seq)
{
	gbx_report_error_at(w->v->report, check, err, w->title, w->chain.stream, seq);
}

void gbx_walk_complain(struct gbx_walk *w, enum gbx_check check, int code, const char *why, uint64_t seq)
{
	struct gbx_error err;

	if (gbx_fail(&err, code, "%s: record %llu: %s", w->title ? w->title : "streams.tfrecord", (unsigned long long)seq, why))
		gbx_walk_error(w, check, &err, seq);
}

/* Something that is wrong with a stream as a whole. */
static void complain_of(struct gbx_walk *w, const uint8_t stream[GBX_STREAM_LEN], uint64_t seq, const char *why)
{
	char hex[2 * GBX_STREAM_LEN + 1];
	struct gbx_error err;

	gbx_hex(stream, GBX_STREAM_LEN, hex);
	if (gbx_fail(&err, GBX_E_BAD, "record %llu of stream %s: %s", (unsigned long long)seq, hex, why))
		gbx_report_error_at(w->v->report, GBX_CHECK_STREAMS, &err, NULL, stream, seq);
}

/* The next stream of the list; 1, 0 at its end, <0 where it cannot be read (said). */
static int next_listed(struct gbx_walk *w, struct gbx_stream_entry *e)
{
	struct gbx_slice data;
	struct gbx_error err;
	uint8_t leaf[GBX_SHA256_LEN];
	int rc = w->has_list ? gbx_tfrecord_next(&w->list, &data, &err) : 0;

	if (rc == 1)
		rc = gbx_stream_entry_read(data, e, &err) ? -1 : 1;
	if (rc == 1 && (gbx_stream_leaf(w->chain.hash, e, leaf, &err) || gbx_tree_append(&w->list_tree, w->chain.hash, leaf, &err)))
		rc = -1;
	if (rc < 0) {
		w->has_list = false;
		if (gbx_fail_context(&err, "streams.tfrecord"))
			gbx_report_error(w->v->report, GBX_CHECK_STREAMS, &err, "streams.tfrecord");
	}
	return rc;
}

/* The stream that just ended against its line in the list. */
static void compare_listed(struct gbx_walk *w, const struct gbx_head *head)
{
	struct gbx_stream_entry e;
	bool was = w->has_list;
	int rc = next_listed(w, &e);

	if (!was || rc < 0)
		return;
	if (rc == 0) {
		gbx_walk_complain(w, GBX_CHECK_STREAMS, GBX_E_BAD, "its stream is not in the sealed list of streams", head->size - 1);
	} else if (memcmp(e.head.stream, head->stream, GBX_STREAM_LEN) != 0) {
		gbx_walk_complain(w, GBX_CHECK_STREAMS, GBX_E_BAD, "its stream is not the one that the sealed list has next", head->size - 1);
		w->has_list = false; /* out of step: once is enough */
	} else if (e.head.size != head->size || memcmp(e.head.root, head->root, GBX_SHA256_LEN) != 0) {
		gbx_walk_complain(w, GBX_CHECK_STREAMS, GBX_E_BAD, "its stream has another size or root than the sealed list says",
			       head->size ? head->size - 1 : 0);
	} else if ((e.state == GBX_STREAM_ENDED) != w->ended) {
		w->states_differ = true;
	}
}

static void add_seen(struct gbx_walk *w, const struct gbx_head *head)
{
	struct gbx_stream_entry e = {.head = *head, .state = w->ended ? GBX_STREAM_ENDED : GBX_STREAM_OPEN};
	uint8_t leaf[GBX_SHA256_LEN];
	struct gbx_error err;

	if (gbx_stream_leaf(w->chain.hash, &e, leaf, &err) || gbx_tree_append(&w->seen, w->chain.hash, leaf, &err))
		gbx_walk_error(w, GBX_CHECK_STREAMS, &err, 0);
}

/* On a pipe the list cannot be read beside the journals, and it may be missing or malformed; that journals and Seal come to the same is
 * known all the same. Where there is no Seal, the list is held against the journals. */
static void compare_seen(struct gbx_walk *w)
{
	uint8_t root[GBX_SHA256_LEN], listed[GBX_SHA256_LEN];
	struct gbx_error err;

	if (gbx_tree_root(&w->seen, w->chain.hash, root, &err) || gbx_tree_root(&w->list_tree, w->chain.hash, listed, &err))
		gbx_report_error(w->v->report, GBX_CHECK_STREAMS, &err, NULL);
	else if (!w->seals && w->has_list && (w->seen.size != w->list_tree.size || memcmp(root, listed, GBX_SHA256_LEN) != 0))
		gbx_walk_complain(w, GBX_CHECK_STREAMS, GBX_E_BAD, "the list has other streams than the journals, or other sizes or roots", 0);
	else if (!w->seals)
		return;
	else if (w->seen.size != w->sealed_streams || memcmp(root, w->sealed_root, GBX_SHA256_LEN) != 0)
		gbx_walk_complain(w, GBX_CHECK_STREAMS, GBX_E_BAD, "the seal lists other streams than the journals have, or other sizes or roots", 0);
}

static int remember_lead(struct gbx_walk *w, const struct gbx_head *head, struct gbx_error *err)
{
	if (w->leads == GBX_LIMIT_REFERENCES)
		return gbx_fail(err, GBX_E_LIMIT, "more than %u lead streams", GBX_LIMIT_REFERENCES);
	int rc = gbx_grow((void **)&w->lead, &w->leads_cap, w->leads, sizeof *w->lead, err);
	if (rc == 0)
		w->lead[w->leads++] = (struct gbx_lead){*head, w->follows};
	return rc;
}

void gbx_walk_end_stream(struct gbx_walk *w)
{
	const char *title = w->title;
	struct gbx_head head;
	struct gbx_error err;

	if (!w->in_stream)
		return;
	w->in_stream = false;
	w->title = w->last_title;
	if (gbx_chain_head(&w->chain, &head, &err)) {
		gbx_walk_error(w, GBX_CHECK_STREAMS, &err, 0);
		w->title = title;
		return;
	}
	if (w->seal_here) {
		w->v->lead = head;
		w->v->sealed = w->seals == 1;
	}
	if (gbx_verify_take_size(w->v, &head, &err) ||
	    (w->role == GLASSBOX__STREAM_START__ROLE__LEAD && remember_lead(w, &head, &err)))
		gbx_walk_error(w, GBX_CHECK_STREAMS, &err, 0);
	add_seen(w, w->seal_here ? &w->before_seal : &head);
	if (!gbx_source_is_pipe(w->v->source))
		compare_listed(w, w->seal_here ? &w->before_seal : &head);
	w->seal_here = false;
	w->title = title;
}

void gbx_walk_begin_stream(struct gbx_walk *w, const struct gbx_record *r)
{
	const Glassbox__StreamStart *s = r->body->stream_start;
	bool first = w->streams == 0;

	gbx_walk_end_stream(w);
	gbx_chain_reset(&w->chain);
	w->in_stream = true;
	w->role = s->role;
	w->follows = (struct gbx_head){0};
	if (s->follows) {
		w->follows.size = s->follows->size;
		memcpy(w->follows.stream, s->follows->stream.data, GBX_STREAM_LEN);
		memcpy(w->follows.root, s->follows->root.data, GBX_SHA256_LEN);
	}
	if (first)
		memcpy(w->v->run, s->run.data, GBX_RUN_LEN);
	else if (memcmp(w->v->run, s->run.data, GBX_RUN_LEN) != 0)
		complain_of(w, s->stream.data, 0, "the stream belongs to another run");
	if (!first && memcmp(w->last_stream, s->stream.data, GBX_STREAM_LEN) >= 0)
		complain_of(w, s->stream.data, 0, "the stream is there twice, or streams are not sorted by id");
	memcpy(w->last_stream, s->stream.data, GBX_STREAM_LEN);
	w->streams++;
}

void gbx_walk_seal(struct gbx_walk *w, const struct gbx_record *r)
{
	struct gbx_error err;

	w->seals++;
	if (w->seals > 1) {
		gbx_walk_complain(w, GBX_CHECK_STREAMS, GBX_E_BAD, "a second seal in one run", r->seq);
		return;
	}
	if (w->role != GLASSBOX__STREAM_START__ROLE__LEAD)
		gbx_walk_complain(w, GBX_CHECK_STREAMS, GBX_E_BAD, "a seal in a stream that is not a lead stream", r->seq);
	if (gbx_chain_head(&w->chain, &w->before_seal, &err))
		gbx_walk_error(w, GBX_CHECK_STREAMS, &err, r->seq);
	w->seal_here = true;
	w->sealed_state = r->body->seal->state;
	w->sealed_streams = r->body->seal->streams;
	memcpy(w->sealed_root, r->body->seal->root.data, GBX_SHA256_LEN);
}

void gbx_walk_open_list(struct gbx_walk *w)
{
	const struct gbx_layer *layer = gbx_layers_find(gbx_source_layers(w->v->source), "streams.tfrecord");
	struct gbx_error err;

	if (!layer) {
		if (gbx_fail(&err, GBX_E_NOTFOUND, "streams.tfrecord, the sealed list of streams, is not in the bundle"))
			gbx_report_error(w->v->report, GBX_CHECK_STREAMS, &err, "streams.tfrecord");
		return;
	}
	if (gbx_source_blob(w->v->source, layer, &w->list_blob, &err))
		gbx_verify_unread(w->v, GBX_CHECK_STREAMS, layer, &err);
	else if (gbx_tfrecord_reader_init(&w->list, gbx_blob_input(w->list_blob), GBX_LIMIT_RECORD, &err))
		gbx_report_error(w->v->report, GBX_CHECK_STREAMS, &err, "streams.tfrecord");
	else
		w->has_list = true;
}

void gbx_walk_finish_list(struct gbx_walk *w)
{
	struct gbx_stream_entry e;
	struct gbx_error err;
	uint8_t root[GBX_SHA256_LEN];

	bool pipe = gbx_source_is_pipe(w->v->source);

	w->title = NULL;
	while (!w->stopped && next_listed(w, &e) == 1)
		if (!pipe)
			gbx_walk_complain(w, GBX_CHECK_STREAMS, GBX_E_BAD, "a stream of the sealed list is not in the journals", 0);
	if (w->has_list && !w->stopped && w->seals) {
		if (gbx_tree_root(&w->list_tree, w->chain.hash, root, &err))
			gbx_report_error(w->v->report, GBX_CHECK_STREAMS, &err, "streams.tfrecord");
		else if (w->list_tree.size != w->sealed_streams || memcmp(root, w->sealed_root, GBX_SHA256_LEN) != 0)
			gbx_walk_complain(w, GBX_CHECK_STREAMS, GBX_E_BAD, "the list of streams is not the one that the seal names", 0);
		else if (w->states_differ)
			gbx_walk_complain(w, GBX_CHECK_STREAMS, GBX_E_BAD, "the list of streams says otherwise whether a stream had ended", 0);
	}
	if ((pipe || !w->has_list) && !w->stopped && !w->v->report->failed[GBX_CHECK_STREAMS])
		compare_seen(w);
	const struct gbx_layer *layer = gbx_layers_find(gbx_source_layers(w->v->source), "streams.tfrecord");
	if (w->list_blob)
		gbx_verify_finish(w->v, layer, w->list_blob);
}

static int by_head(const void *a, const void *b)
{
	return memcmp(&((const struct gbx_lead *)a)->head, &((const struct gbx_lead *)b)->head, sizeof(struct gbx_head));
}

/* A lead stream that goes on from another names the other's head: that much of it was there. */
void gbx_walk_check_follows(struct gbx_walk *w)
{
	if (w->leads)
		qsort(w->lead, w->leads, sizeof *w->lead, by_head);
	for (size_t i = 0; i < w->leads && !w->stopped; i++) {
		struct gbx_lead wanted = {.head = w->lead[i].follows};
		if (wanted.head.size && !bsearch(&wanted, w->lead, w->leads, sizeof *w->lead, by_head))
			complain_of(w, w->lead[i].head.stream, 0, "a lead stream goes on from a head that no stream of the bundle has");
	}
}

static Glassbox__Seal__State state_of(const Glassbox__RunEnd *e, uint32_t *value)
{
	switch (e->outcome_case) {
	case GLASSBOX__RUN_END__OUTCOME_EXIT:
		*value = e->exit;
		return GLASSBOX__SEAL__STATE__EXITED;
	case GLASSBOX__RUN_END__OUTCOME_SIGNAL:
		*value = e->signal;
		return GLASSBOX__SEAL__STATE__SIGNALED;
	default:
		*value = e->not_started;
		return GLASSBOX__SEAL__STATE__NOT_STARTED;
	}
}

/* A writer that began a new stream after a failed sync may have written it twice, the same each time. */
void gbx_walk_run_end(struct gbx_walk *w, const struct gbx_record *r)
{
	uint32_t value;
	Glassbox__Seal__State state = state_of(r->body->run_end, &value);

	if (w->role != GLASSBOX__STREAM_START__ROLE__LEAD) {
		complain_of(w, w->chain.stream, r->seq, "the end of the job, in a stream that is not a lead stream");
	} else if (w->end_state && (w->end_state != state || w->end_value != value)) {
		complain_of(w, w->chain.stream, r->seq, "the job ended in another way than an earlier record says");
	} else {
		w->end_state = state;
		w->end_value = value;
		w->v->report->has_exit = true;
		w->v->report->exit = value;
	}
}

void gbx_walk_check_end(struct gbx_walk *w)
{
	Glassbox__Seal__State end = w->end_state ? w->end_state : GLASSBOX__SEAL__STATE__NO_END;

	if (w->seals == 1 && !w->stopped && w->sealed_state != end)
		complain_of(w, w->v->lead.stream, w->v->lead.size - 1,
			    w->end_state ? "the seal says otherwise how the job ended than its own record"
					 : "the seal says how the job ended, and no record does");
}

