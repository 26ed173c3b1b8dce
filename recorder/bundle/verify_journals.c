/* Journals: each record, its place in the chain, its body against its commitment, and the heads of all streams against the Seal. */
#include <stdio.h>

#include "base/mem.h"
#include "bundle/verify_walk.h"

/* An entry without a body: withheld where the owner's statement says so. */
static void take_withheld(struct gbx_walk *w, const struct gbx_record *r)
{
	struct gbx_verification *v = w->v;
	struct gbx_error err;
	const struct gbx_withheld *said = v->has_publication ? gbx_publication_find(&v->publication, w->chain.stream, r->seq) : NULL;

	if (gbx_verify_take_unshown(v, r, w->chain.stream, &err))
		gbx_walk_error(w, GBX_CHECK_RECORDS, &err, r->seq);
	if (!said) {
		gbx_walk_complain(w, GBX_CHECK_PUBLICATION, GBX_E_NOTFOUND, "its body is absent (nobody says why)", r->seq);
		return;
	}
	if (said->kind != r->kind) {
		gbx_walk_complain(w, GBX_CHECK_PUBLICATION, GBX_E_BAD, "the publication statement withholds another kind here", r->seq);
		return;
	}
	w->withheld++;
	v->code_withheld += r->kind->kind == GLASSBOX__KIND__CODE;
	v->files_withheld += r->kind->kind == GLASSBOX__KIND__DATASET_FILES || r->kind->kind == GLASSBOX__KIND__ARTIFACT;
	struct gbx_withheld_row row = {.seq = r->seq, .kind = r->kind, .reason = said->reason};
	memcpy(row.stream, w->chain.stream, GBX_STREAM_LEN);
	gbx_report_withheld(v->report, &row);
}

static void take_place(struct gbx_walk *w, const struct gbx_record *r)
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
	/* A NUL would end what is shown. */
	for (size_t i = 0; i < len; i++)
		w->where[i] = text.data[i] ? (char)text.data[i] : '?';
	w->where[len] = 0;
	uint64_t more;
	if (p->place_case != GLASSBOX__PLACE__PLACE_PATHS)
		return;
	if (__builtin_add_overflow(p->paths->n_path, p->paths->more, &more))
		more = UINT64_MAX;
	if (more > 1)
		snprintf(w->where + len, sizeof w->where - len, " and %llu more", (unsigned long long)(more - 1));
}

static void take_gap(struct gbx_walk *w, const struct gbx_record *r)
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
}

static void take_shown(struct gbx_walk *w, const struct gbx_record *r)
{
	struct gbx_error err;

	if (gbx_chain_commitment(&w->chain, r, &err)) {
		if (gbx_fail_context(&err, "%s: record %llu", w->title, (unsigned long long)r->seq))
			gbx_walk_error(w, GBX_CHECK_COMMITMENTS, &err, r->seq);
		return;
	}
	w->v->report->shown++;
	take_headline(w->v->report, r->body);
	if (r->kind->kind == GLASSBOX__KIND__PLACE)
		take_place(w, r);
	if (r->kind->kind == GLASSBOX__KIND__GAP)
		take_gap(w, r);
	if (r->kind->kind == GLASSBOX__KIND__RUN_END)
		gbx_walk_run_end(w, r);
	if (gbx_verify_take_reference(w->v, r, w->chain.stream, &err) || gbx_verify_take_wanted(w->v, r, w->chain.stream, &err) ||
	    gbx_verify_take_once(w->v, r, w->chain.stream, w->chain.hash, &err))
		gbx_walk_error(w, GBX_CHECK_RECORDS, &err, r->seq);
}

static void compare_start(struct gbx_walk *w)
{
	const struct gbx_log_leaf *start = &w->v->start;
	struct gbx_head head;
	struct gbx_error err;

	if (!w->v->has_start || start->size != w->chain.tree.size || memcmp(start->stream, w->chain.stream, GBX_STREAM_LEN) != 0)
		return;
	if (gbx_chain_head(&w->chain, &head, &err))
		gbx_walk_error(w, GBX_CHECK_STREAMS, &err, w->chain.tree.size);
	else
		w->v->start_matches = memcmp(head.root, start->root, GBX_SHA256_LEN) == 0;
}

/* False where nothing behind this record can be judged. */
static bool take_record(struct gbx_walk *w, const struct gbx_record *r)
{
	struct gbx_error err;

	if (r->seq == 0 && r->kind->kind == GLASSBOX__KIND__STREAM_START)
		gbx_walk_begin_stream(w, r);
	else if (w->seal_here)
		gbx_walk_complain(w, GBX_CHECK_STREAMS, GBX_E_BAD, "a record behind the seal", r->seq);
	if (r->kind->kind == GLASSBOX__KIND__SEAL)
		gbx_walk_seal(w, r);
	w->ended = r->kind->kind == GLASSBOX__KIND__SEAL || r->kind->kind == GLASSBOX__KIND__STREAM_END;
	if (gbx_chain_place(&w->chain, r, &err)) {
		if (gbx_fail_context(&err, "%s: record %llu", w->title, (unsigned long long)r->seq))
			gbx_walk_error(w, GBX_CHECK_CHAIN, &err, r->seq);
		return false;
	}
	w->v->report->records++;
	w->last_title = w->title;
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
static int next_record(struct gbx_walk *w, struct gbx_record *record)
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
	gbx_walk_error(w, GBX_CHECK_RECORDS, &err, seq);
	return rc;
}

static bool read_records(struct gbx_walk *w)
{
	struct gbx_record record;
	int rc;

	while ((rc = next_record(w, &record)) == 1)
		if (!take_record(w, &record))
			return false;
	return rc == 0;
}

static bool read_journal(struct gbx_walk *w, const struct gbx_layer *layer)
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
		gbx_walk_error(w, GBX_CHECK_RECORDS, &err, 0);
	else
		whole = read_records(w);
	return gbx_verify_finish(w->v, layer, blob) && whole;
}

static uint64_t said_withheld(const struct gbx_verification *v)
{
	uint64_t count = 0;

	for (size_t i = 0; i < v->publication.len; i++)
		if (__builtin_add_overflow(count, v->publication.withheld[i].last - v->publication.withheld[i].first + 1, &count))
			return UINT64_MAX; /* more than there can be */
	return count;
}

static void check_ends(struct gbx_walk *w)
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
static void check_numbers(struct gbx_walk *w, size_t read)
{
	const struct gbx_layers *layers = gbx_source_layers(w->v->source);
	size_t there = 0;
	struct gbx_error err;

	for (size_t i = 0; i < layers->len; i++)
		there += strncmp(layers->layer[i].title, "journal/", 8) == 0;
	if (there != read && gbx_fail(&err, GBX_E_MALFORMED, "journal/%zu.tfrecord is missing, and journals of higher numbers are there", read))
		gbx_report_error(w->v->report, GBX_CHECK_LAYOUT, &err, NULL);
}

static void read_all(struct gbx_walk *w)
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
	gbx_walk_end_stream(w);
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
	struct gbx_walk w = {.v = v};
	struct gbx_error err;

	if (gbx_chain_init(&w.chain, &err) || gbx_ahead_new(gbx_verify_threads(v, journal_bytes(gbx_source_layers(v->source))), &w.records, &err)) {
		gbx_report_error(v->report, GBX_CHECK_RECORDS, &err, NULL);
		gbx_chain_free(&w.chain);
		return;
	}
	/* The list is read beside the journals, or behind them. */
	if (!gbx_source_is_pipe(v->source))
		gbx_walk_open_list(&w);
	read_all(&w);
	if (gbx_source_is_pipe(v->source))
		gbx_walk_open_list(&w);
	gbx_walk_finish_list(&w);
	gbx_walk_check_follows(&w);
	gbx_walk_check_end(&w);
	gbx_verify_once(v);
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
