/* Records that others name: a parameter's config, a gap's place, the dataset of data-files. Withheld or shown, each has to be there and of
 * that kind: the entry says so. Most stand before the record that names them and are found at once; the others are looked for when all
 * journals were read. The record that a gap says is missing must not be there. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "bundle/verify_parts.h"

/* NULL where the body names no record. */
static const Glassbox__Ref *named_by(const Glassbox__Body *b, Glassbox__Kind *kind)
{
	switch (b->body_case) {
	case GLASSBOX__BODY__BODY_PARAMETER:
		*kind = GLASSBOX__KIND__CONFIG;
		return b->parameter->config;
	case GLASSBOX__BODY__BODY_GAP:
		*kind = GLASSBOX__KIND__PLACE;
		return b->gap->place;
	case GLASSBOX__BODY__BODY_DATASET_FILES:
		*kind = GLASSBOX__KIND__DATASET;
		return b->dataset_files->dataset;
	default:
		return NULL;
	}
}

static int take_missing(struct gbx_verification *v, const Glassbox__Ref *ref, const uint8_t stream[GBX_STREAM_LEN], uint64_t seq,
			struct gbx_error *err)
{
	struct gbx_missing *m;

	if (v->missings == GBX_LIMIT_REFERENCES)
		return gbx_fail(err, GBX_E_LIMIT, "more than %u gaps name records that are missing", GBX_LIMIT_REFERENCES);
	int rc = gbx_grow((void **)&v->missing, &v->missings_cap, v->missings, sizeof *v->missing, err);
	if (rc)
		return rc;
	m = &v->missing[v->missings++];
	m->at.seq = ref->seq;
	memcpy(m->at.stream, ref->stream.data, GBX_STREAM_LEN);
	memcpy(m->stream, stream, GBX_STREAM_LEN);
	m->seq = seq;
	return 0;
}

int gbx_verify_take_wanted(struct gbx_verification *v, const struct gbx_record *r, const uint8_t stream[GBX_STREAM_LEN],
			   struct gbx_error *err)
{
	Glassbox__Kind kind;
	const Glassbox__Ref *ref = named_by(r->body, &kind);
	struct gbx_wanted wanted = {.by = r->kind, .seq = r->seq};

	if (r->body->body_case == GLASSBOX__BODY__BODY_GAP && r->body->gap->record) {
		int rc = take_missing(v, r->body->gap->record, stream, r->seq, err);
		if (rc)
			return rc;
	}
	if (!ref)
		return 0;
	wanted.at.seq = ref->seq;
	memcpy(wanted.at.stream, ref->stream.data, GBX_STREAM_LEN);
	/* Streams are sorted, so the references are, up to here; where they are not, it is looked for again at the end. */
	if (gbx_verify_find(v, &wanted.at, kind))
		return 0;
	wanted.kind = gbx_kind_find(kind);
	memcpy(wanted.stream, stream, GBX_STREAM_LEN);
	if (v->wanteds == GBX_LIMIT_REFERENCES)
		return gbx_fail(err, GBX_E_LIMIT, "more than %u records name records that were not before them", GBX_LIMIT_REFERENCES);
	int rc = gbx_grow((void **)&v->wanted, &v->wanteds_cap, v->wanteds, sizeof *v->wanted, err);
	if (rc == 0)
		v->wanted[v->wanteds++] = wanted;
	return rc;
}

int gbx_verify_take_size(struct gbx_verification *v, const struct gbx_head *head, struct gbx_error *err)
{
	if (v->ends == GBX_LIMIT_STREAMS)
		return gbx_fail(err, GBX_E_LIMIT, "more than %u streams", GBX_LIMIT_STREAMS);
	int rc = gbx_grow((void **)&v->ended, &v->ends_cap, v->ends, sizeof *v->ended, err);
	if (rc)
		return rc;
	v->ended[v->ends].seq = head->size;
	memcpy(v->ended[v->ends++].stream, head->stream, GBX_STREAM_LEN);
	return 0;
}

static int by_stream(const void *a, const void *b)
{
	return memcmp(((const struct gbx_ref *)a)->stream, ((const struct gbx_ref *)b)->stream, GBX_STREAM_LEN);
}

static void check_wanted(struct gbx_verification *v, const struct gbx_wanted *w)
{
	char stream[2 * GBX_STREAM_LEN + 1];
	struct gbx_error err;

	if (gbx_verify_find(v, &w->at, w->kind->kind))
		return;
	gbx_hex(w->at.stream, GBX_STREAM_LEN, stream);
	if (gbx_fail(&err, GBX_E_BAD, "record %llu (%s) names record %llu of stream %s, which is no %s record of this run",
		     (unsigned long long)w->seq, w->by->name, (unsigned long long)w->at.seq, stream, w->kind->name))
		gbx_report_error_at(v->report, GBX_CHECK_RECORDS, &err, NULL, w->stream, w->seq);
}

/* Streams are sorted; where they are not, that was said. */
static void check_missing(struct gbx_verification *v, const struct gbx_missing *m)
{
	const struct gbx_ref *end = bsearch(&m->at, v->ended, v->ends, sizeof *v->ended, by_stream);
	char stream[2 * GBX_STREAM_LEN + 1];
	struct gbx_error err;

	if (!end || m->at.seq >= end->seq)
		return;
	gbx_hex(m->at.stream, GBX_STREAM_LEN, stream);
	if (gbx_fail(&err, GBX_E_BAD, "record %llu (gap) says that record %llu of stream %s is missing, which is in the bundle",
		     (unsigned long long)m->seq, (unsigned long long)m->at.seq, stream))
		gbx_report_error_at(v->report, GBX_CHECK_RECORDS, &err, NULL, m->stream, m->seq);
}

void gbx_verify_wanted(struct gbx_verification *v)
{
	for (size_t i = 0; i < v->wanteds && v->journals_whole; i++)
		check_wanted(v, &v->wanted[i]);
	for (size_t i = 0; i < v->missings && v->ends; i++)
		check_missing(v, &v->missing[i]);
}
