/* Journals: each record, its place in the chain, its body against its commitment, and the heads of all streams against the Seal. */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "bundle/verify_parts.h"
#include "journal/ahead.h"
#include "journal/clock.h"
#include "journal/streams.h"

/* A lead stream's head, for the lead streams that go on from it. */
struct lead {
	struct gbx_head head;
	struct gbx_head follows; /* size 0: none */
};

struct walk {
	struct gbx_verification *v;
	struct gbx_chain chain;
	struct gbx_ahead *records;
	struct gbx_clock clock;
	const char *title;        /* of the layer that is read */
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
	uint8_t sealed_root[GBX_SHA256_LEN];
	/* The list of streams, read in step with the journals: both are sorted by stream id. */
	struct gbx_blob *list_blob;
	struct gbx_tfrecord_reader list;
	bool has_list;
	struct gbx_tree list_tree;
	struct gbx_tree seen;     /* the list that the journals come to */
	uint8_t last_stream[GBX_STREAM_LEN];
	uint64_t streams;
	struct lead *lead;
	size_t leads, leads_cap;
	uint64_t withheld;        /* entry-only records that the statement names */
	/* The last place shown: a gap that names it comes next. */
	struct gbx_ref place;
	char where[512];
	bool stopped;
};

static void complain(struct walk *w, enum gbx_check check, const struct gbx_error *err, uint64_t seq)
{
	gbx_report_error_at(w->v->report, check, err, w->title, w->chain.stream, seq);
}

static void complain_about(struct walk *w, enum gbx_check check, int code, const char *why, uint64_t seq)
{
	struct gbx_error err;

	if (gbx_fail(&err, code, "%s: record %llu: %s", w->title ? w->title : "streams.tfrecord", (unsigned long long)seq, why))
		complain(w, check, &err, seq);
}

/* The next stream of the list; 1, 0 at its end, <0 where it cannot be read (said). */
static int next_listed(struct walk *w, struct gbx_stream_entry *e)
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
static void compare_listed(struct walk *w, const struct gbx_head *head)
{
	struct gbx_stream_entry e;
	bool was = w->has_list;
	int rc = next_listed(w, &e);

	if (!was || rc < 0)
		return;
	if (rc == 0) {
		complain_about(w, GBX_CHECK_STREAMS, GBX_E_BAD, "its stream is not in the sealed list of streams", head->size - 1);
	} else if (memcmp(e.head.stream, head->stream, GBX_STREAM_LEN) != 0) {
		complain_about(w, GBX_CHECK_STREAMS, GBX_E_BAD, "its stream is not the one that the sealed list has next", head->size - 1);
		w->has_list = false; /* out of step: once is enough */
	} else if (e.head.size != head->size || memcmp(e.head.root, head->root, GBX_SHA256_LEN) != 0) {
		complain_about(w, GBX_CHECK_STREAMS, GBX_E_BAD, "its stream has another size or root than the sealed list says",
			       head->size ? head->size - 1 : 0);
	} else if ((e.state == GBX_STREAM_ENDED) != w->ended) {
		w->states_differ = true;
	}
}

static void add_seen(struct walk *w, const struct gbx_head *head)
{
	struct gbx_stream_entry e = {.head = *head, .state = w->ended ? GBX_STREAM_ENDED : GBX_STREAM_OPEN};
	uint8_t leaf[GBX_SHA256_LEN];
	struct gbx_error err;

	if (gbx_stream_leaf(w->chain.hash, &e, leaf, &err) || gbx_tree_append(&w->seen, w->chain.hash, leaf, &err))
		complain(w, GBX_CHECK_STREAMS, &err, 0);
}

/* On a pipe the list cannot be read beside the journals; that they come to the same is known all the same. */
static void compare_seen(struct walk *w)
{
	uint8_t root[GBX_SHA256_LEN];
	struct gbx_error err;

	if (gbx_tree_root(&w->seen, w->chain.hash, root, &err))
		gbx_report_error(w->v->report, GBX_CHECK_STREAMS, &err, NULL);
	else if (w->seen.size != w->sealed_streams || memcmp(root, w->sealed_root, GBX_SHA256_LEN) != 0)
		complain_about(w, GBX_CHECK_STREAMS, GBX_E_BAD, "the seal lists other streams than the journals have, or other sizes or roots", 0);
}

static int remember_lead(struct walk *w, const struct gbx_head *head, struct gbx_error *err)
{
	if (w->leads == GBX_LIMIT_REFERENCES)
		return gbx_fail(err, GBX_E_LIMIT, "more than %u lead streams", GBX_LIMIT_REFERENCES);
	int rc = gbx_grow((void **)&w->lead, &w->leads_cap, w->leads, sizeof *w->lead, err);
	if (rc == 0)
		w->lead[w->leads++] = (struct lead){*head, w->follows};
	return rc;
}

static void end_stream(struct walk *w)
{
	struct gbx_head head;
	struct gbx_error err;

	if (!w->in_stream)
		return;
	w->in_stream = false;
	if (gbx_chain_head(&w->chain, &head, &err)) {
		complain(w, GBX_CHECK_STREAMS, &err, 0);
		return;
	}
	if (w->seal_here) {
		w->v->lead = head;
		w->v->sealed = w->seals == 1;
	}
	if (gbx_verify_take_size(w->v, &head, &err) ||
	    (w->role == GLASSBOX__STREAM_START__ROLE__LEAD && remember_lead(w, &head, &err)))
		complain(w, GBX_CHECK_STREAMS, &err, 0);
	add_seen(w, w->seal_here ? &w->before_seal : &head);
	if (!gbx_source_is_pipe(w->v->source))
		compare_listed(w, w->seal_here ? &w->before_seal : &head);
	w->seal_here = false;
}

static void begin_stream(struct walk *w, const struct gbx_record *r)
{
	const Glassbox__StreamStart *s = r->body->stream_start;
	bool first = w->streams == 0;

	end_stream(w);
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
		complain_about(w, GBX_CHECK_STREAMS, GBX_E_BAD, "its stream belongs to another run", 0);
	if (!first && memcmp(w->last_stream, s->stream.data, GBX_STREAM_LEN) >= 0)
		complain_about(w, GBX_CHECK_STREAMS, GBX_E_BAD, "its stream is there twice, or streams are not sorted by id", 0);
	memcpy(w->last_stream, s->stream.data, GBX_STREAM_LEN);
	w->streams++;
}

static void take_seal(struct walk *w, const struct gbx_record *r)
{
	struct gbx_error err;

	w->seals++;
	if (w->seals > 1) {
		complain_about(w, GBX_CHECK_STREAMS, GBX_E_BAD, "a second seal in one run", r->seq);
		return;
	}
	if (w->role != GLASSBOX__STREAM_START__ROLE__LEAD)
		complain_about(w, GBX_CHECK_STREAMS, GBX_E_BAD, "a seal in a stream that is not a lead stream", r->seq);
	if (gbx_chain_head(&w->chain, &w->before_seal, &err))
		complain(w, GBX_CHECK_STREAMS, &err, r->seq);
	w->seal_here = true;
	w->sealed_streams = r->body->seal->streams;
	memcpy(w->sealed_root, r->body->seal->root.data, GBX_SHA256_LEN);
}

/* An entry without a body: withheld where the owner's statement says so. */
static void take_withheld(struct walk *w, const struct gbx_record *r)
{
	struct gbx_verification *v = w->v;
	struct gbx_error err;
	const struct gbx_withheld *said = v->has_publication ? gbx_publication_find(&v->publication, w->chain.stream, r->seq) : NULL;

	if (gbx_verify_take_unshown(v, r, w->chain.stream, &err))
		complain(w, GBX_CHECK_RECORDS, &err, r->seq);
	if (!said) {
		complain_about(w, GBX_CHECK_PUBLICATION, GBX_E_NOTFOUND, "its body is absent (nobody says why)", r->seq);
		return;
	}
	if (said->kind != r->kind) {
		complain_about(w, GBX_CHECK_PUBLICATION, GBX_E_BAD, "the publication statement withholds another kind here", r->seq);
		return;
	}
	w->withheld++;
	v->code_withheld += r->kind->kind == GLASSBOX__KIND__CODE;
	v->files_withheld += r->kind->kind == GLASSBOX__KIND__DATASET_FILES || r->kind->kind == GLASSBOX__KIND__ARTIFACT;
	struct gbx_withheld_row row = {.seq = r->seq, .kind = r->kind, .reason = said->reason};
	memcpy(row.stream, w->chain.stream, GBX_STREAM_LEN);
	gbx_report_withheld(v->report, &row);
}

static void take_place(struct walk *w, const struct gbx_record *r)
{
	const Glassbox__Place *p = r->body->place;
	struct gbx_slice text = {0};

	w->place.seq = r->seq;
	memcpy(w->place.stream, w->chain.stream, GBX_STREAM_LEN);
	if (p->place_case == GLASSBOX__PLACE__PLACE_OPTION)
		text = gbx_slice_text(p->option);
	else if (p->place_case == GLASSBOX__PLACE__PLACE_ADDRESS)
		text = gbx_slice_text(p->address);
	else if (p->place_case == GLASSBOX__PLACE__PLACE_PATHS && p->paths->n_path)
		text = gbx_pb_slice(p->paths->path[0]);
	size_t len = text.len < sizeof w->where - 64 ? text.len : sizeof w->where - 64;
	if (len)
		memcpy(w->where, text.data, len);
	w->where[len] = 0;
	if (p->place_case == GLASSBOX__PLACE__PLACE_PATHS && p->paths->n_path + p->paths->more > 1)
		snprintf(w->where + len, sizeof w->where - len, " and %llu more",
			 (unsigned long long)(p->paths->n_path + p->paths->more - 1));
}

static void take_gap(struct walk *w, const struct gbx_record *r)
{
	const Glassbox__Gap *g = r->body->gap;
	struct gbx_gap_row row = {.seq = r->seq, .kind = g->kind, .reason = g->reason, .count = g->count, .has_place = g->place};

	memcpy(row.stream, w->chain.stream, GBX_STREAM_LEN);
	if (g->place) {
		row.place.seq = g->place->seq;
		memcpy(row.place.stream, g->place->stream.data, GBX_STREAM_LEN);
		if (memcmp(&row.place, &w->place, sizeof row.place) == 0)
			row.where = w->where;
	}
	gbx_report_gap(w->v->report, &row);
}

/* What the first lines say of the run. */
static void take_headline(struct gbx_report *report, const Glassbox__Body *b)
{
	if (b->body_case == GLASSBOX__BODY__BODY_NAME)
		gbx_printable_in(gbx_slice_text(b->name->name), report->name, sizeof report->name);
	else if (b->body_case == GLASSBOX__BODY__BODY_CODE)
		gbx_hex(b->code->head_commit.data, b->code->head_commit.len, report->commit);
	else if (b->body_case == GLASSBOX__BODY__BODY_SEAL)
		report->end = b->seal->state;
	else if (b->body_case == GLASSBOX__BODY__BODY_RUN_END) {
		const Glassbox__RunEnd *e = b->run_end;
		report->has_exit = true;
		report->exit = e->outcome_case == GLASSBOX__RUN_END__OUTCOME_EXIT     ? e->exit
			       : e->outcome_case == GLASSBOX__RUN_END__OUTCOME_SIGNAL ? e->signal
										      : e->not_started;
	}
}

static void take_shown(struct walk *w, const struct gbx_record *r)
{
	struct gbx_error err;

	if (gbx_chain_commitment(&w->chain, r, &err)) {
		if (gbx_fail_context(&err, "%s: record %llu", w->title, (unsigned long long)r->seq))
			complain(w, GBX_CHECK_COMMITMENTS, &err, r->seq);
		return;
	}
	w->v->report->shown++;
	take_headline(w->v->report, r->body);
	if (r->kind->kind == GLASSBOX__KIND__PLACE)
		take_place(w, r);
	if (r->kind->kind == GLASSBOX__KIND__GAP)
		take_gap(w, r);
	if (gbx_verify_take_reference(w->v, r, w->chain.stream, &err) || gbx_verify_take_wanted(w->v, r, w->chain.stream, &err))
		complain(w, GBX_CHECK_RECORDS, &err, r->seq);
}

static void compare_start(struct walk *w)
{
	const struct gbx_log_leaf *start = &w->v->start;
	struct gbx_head head;
	struct gbx_error err;

	if (!w->v->has_start || start->size != w->chain.tree.size || memcmp(start->stream, w->chain.stream, GBX_STREAM_LEN) != 0)
		return;
	if (gbx_chain_head(&w->chain, &head, &err))
		complain(w, GBX_CHECK_STREAMS, &err, w->chain.tree.size);
	else
		w->v->start_matches = memcmp(head.root, start->root, GBX_SHA256_LEN) == 0;
}

/* False where nothing behind this record can be judged. */
static bool take_record(struct walk *w, const struct gbx_record *r)
{
	struct gbx_error err;

	if (r->seq == 0 && r->kind->kind == GLASSBOX__KIND__STREAM_START)
		begin_stream(w, r);
	else if (w->seal_here)
		complain_about(w, GBX_CHECK_STREAMS, GBX_E_BAD, "a record behind the seal", r->seq);
	if (r->kind->kind == GLASSBOX__KIND__SEAL)
		take_seal(w, r);
	w->ended = r->kind->kind == GLASSBOX__KIND__SEAL || r->kind->kind == GLASSBOX__KIND__STREAM_END;
	if (gbx_chain_place(&w->chain, r, &err)) {
		if (gbx_fail_context(&err, "%s: record %llu", w->title, (unsigned long long)r->seq))
			complain(w, GBX_CHECK_CHAIN, &err, r->seq);
		return false;
	}
	w->v->report->records++;
	gbx_clock_take(&w->clock, r->seq, r->time_nanos);
	w->v->report->clock_back = w->clock.back;
	compare_start(w);
	gbx_verify_against_record(w->v->against, w->chain.stream, r);
	if (r->body)
		take_shown(w, r);
	else
		take_withheld(w, r);
	return true;
}

/* The next record into *record; 1, 0 at the end, <0 where it cannot be read (said). */
static int next_record(struct walk *w, struct gbx_record *record)
{
	struct gbx_error err;
	uint64_t offset, seq = w->chain.tree.size;
	bool in_record;
	int rc = gbx_ahead_next(w->records, record, &offset, &in_record, &err);

	if (rc >= 0)
		return rc;
	/* An error of the framing names the byte itself. */
	if (in_record)
		gbx_fail_context(&err, "%s: record %llu at byte %llu", w->title, (unsigned long long)seq, (unsigned long long)offset);
	else
		gbx_fail_context(&err, "%s: record %llu", w->title, (unsigned long long)seq);
	complain(w, GBX_CHECK_RECORDS, &err, seq);
	return rc;
}

static bool read_records(struct walk *w)
{
	struct gbx_record record;
	int rc;

	while ((rc = next_record(w, &record)) == 1)
		if (!take_record(w, &record))
			return false;
	return rc == 0;
}

static bool read_journal(struct walk *w, const struct gbx_layer *layer)
{
	GBX_AUTO_BLOB struct gbx_blob *blob = NULL;
	struct gbx_error err;
	bool whole = false;

	w->title = layer->title;
	if (gbx_source_blob(w->v->source, layer, &blob, &err)) {
		gbx_verify_layer_error(w->v, layer, &err);
		return false;
	}
	if (gbx_ahead_start(w->records, gbx_blob_input(blob), &err))
		complain(w, GBX_CHECK_RECORDS, &err, 0);
	else
		whole = read_records(w);
	if (gbx_blob_finish(blob, &err)) {
		gbx_verify_layer_error(w->v, layer, &err);
		whole = false;
	}
	return whole;
}

static void open_list(struct walk *w)
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

static void finish_list(struct walk *w)
{
	struct gbx_stream_entry e;
	struct gbx_error err;
	uint8_t root[GBX_SHA256_LEN];

	bool pipe = gbx_source_is_pipe(w->v->source);

	w->title = NULL;
	if (pipe && w->seals && !w->stopped)
		compare_seen(w);
	while (!w->stopped && next_listed(w, &e) == 1)
		if (!pipe)
			complain_about(w, GBX_CHECK_STREAMS, GBX_E_BAD, "a stream of the sealed list is not in the journals", 0);
	if (w->has_list && !w->stopped && w->seals) {
		if (gbx_tree_root(&w->list_tree, w->chain.hash, root, &err))
			gbx_report_error(w->v->report, GBX_CHECK_STREAMS, &err, "streams.tfrecord");
		else if (w->list_tree.size != w->sealed_streams || memcmp(root, w->sealed_root, GBX_SHA256_LEN) != 0)
			complain_about(w, GBX_CHECK_STREAMS, GBX_E_BAD, "the list of streams is not the one that the seal names", 0);
		else if (w->states_differ)
			complain_about(w, GBX_CHECK_STREAMS, GBX_E_BAD, "the list of streams says otherwise whether a stream had ended", 0);
	}
	const struct gbx_layer *layer = gbx_layers_find(gbx_source_layers(w->v->source), "streams.tfrecord");
	if (w->list_blob && gbx_blob_finish(w->list_blob, &err))
		gbx_verify_layer_error(w->v, layer, &err);
}

static int by_head(const void *a, const void *b)
{
	return memcmp(&((const struct lead *)a)->head, &((const struct lead *)b)->head, sizeof(struct gbx_head));
}

/* A lead stream that goes on from another names the other's head: that much of it was there. */
static void check_follows(struct walk *w)
{
	if (w->leads)
		qsort(w->lead, w->leads, sizeof *w->lead, by_head);
	for (size_t i = 0; i < w->leads && !w->stopped; i++) {
		struct lead wanted = {.head = w->lead[i].follows};
		if (wanted.head.size && !bsearch(&wanted, w->lead, w->leads, sizeof *w->lead, by_head))
			complain_about(w, GBX_CHECK_STREAMS, GBX_E_BAD,
				       "a lead stream goes on from a head that no stream of the bundle has", 0);
	}
}

static uint64_t said_withheld(const struct gbx_verification *v)
{
	uint64_t count = 0;

	for (size_t i = 0; i < v->publication.len; i++)
		if (__builtin_add_overflow(count, v->publication.withheld[i].last - v->publication.withheld[i].first + 1, &count))
			return UINT64_MAX; /* more than there can be */
	return count;
}

static void check_ends(struct walk *w)
{
	struct gbx_verification *v = w->v;
	struct gbx_error err;

	if (w->stopped)
		return;
	if (w->streams == 0 && gbx_fail(&err, GBX_E_NOTFOUND, "the bundle has no records"))
		gbx_report_error(v->report, GBX_CHECK_RECORDS, &err, NULL);
	else if (w->seals == 0 && gbx_fail(&err, GBX_E_NOTFOUND, "no stream ends with a seal: records at the end may be missing"))
		gbx_report_error(v->report, GBX_CHECK_STREAMS, &err, NULL);
	if (v->has_publication && said_withheld(v) != w->withheld &&
	    gbx_fail(&err, GBX_E_BAD, "the publication statement withholds %llu records, %llu are withheld in the journals",
		     (unsigned long long)said_withheld(v), (unsigned long long)w->withheld))
		gbx_report_error(v->report, GBX_CHECK_PUBLICATION, &err, GBX_PUBLICATION_TITLE);
}

/* A journal behind a gap in the numbers is not read, so it must not be there. */
static void check_numbers(struct walk *w, size_t read)
{
	const struct gbx_layers *layers = gbx_source_layers(w->v->source);
	size_t there = 0;
	struct gbx_error err;

	for (size_t i = 0; i < layers->len; i++)
		there += strncmp(layers->layer[i].title, "journal/", 8) == 0;
	if (there != read && gbx_fail(&err, GBX_E_MALFORMED, "journal/%zu.tfrecord is missing, and journals of higher numbers are there", read))
		gbx_report_error(w->v->report, GBX_CHECK_LAYOUT, &err, NULL);
}

static void read_all(struct walk *w)
{
	const struct gbx_layers *layers = gbx_source_layers(w->v->source);
	char title[48];
	unsigned n;

	for (n = 0; !w->stopped; n++) {
		snprintf(title, sizeof title, "journal/%u.tfrecord", n);
		const struct gbx_layer *layer = gbx_layers_find(layers, title);
		if (!layer)
			break;
		w->stopped = !read_journal(w, layer);
	}
	if (w->stopped)
		return;
	end_stream(w);
	check_numbers(w, n);
}

static uint64_t journal_bytes(const struct gbx_layers *layers)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < layers->len; i++)
		if (strncmp(layers->layer[i].title, "journal/", 8) == 0 && __builtin_add_overflow(bytes, layers->layer[i].size, &bytes))
			return UINT64_MAX;
	return bytes;
}

void gbx_verify_journals(struct gbx_verification *v)
{
	struct walk w = {.v = v};
	struct gbx_error err;

	if (gbx_chain_init(&w.chain, &err) || gbx_ahead_new(gbx_verify_threads(v, journal_bytes(gbx_source_layers(v->source))), &w.records, &err)) {
		gbx_report_error(v->report, GBX_CHECK_RECORDS, &err, NULL);
		gbx_chain_free(&w.chain);
		return;
	}
	/* The list is read beside the journals, or behind them. */
	if (!gbx_source_is_pipe(v->source))
		open_list(&w);
	read_all(&w);
	if (gbx_source_is_pipe(v->source))
		open_list(&w);
	finish_list(&w);
	check_follows(&w);
	check_ends(&w);
	v->journals_whole = !w.stopped && w.streams > 0;
	if (gbx_verify_sort_references(v, &err))
		gbx_report_error(v->report, GBX_CHECK_MANIFESTS, &err, NULL);
	else
		gbx_verify_wanted(v);
	gbx_blob_free(w.list_blob);
	gbx_tfrecord_reader_free(&w.list);
	gbx_ahead_free(w.records);
	gbx_chain_free(&w.chain);
	gbx_free(w.lead);
}
