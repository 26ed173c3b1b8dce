/* Records that others name: a parameter's config, a gap's place, the dataset of data-files. Withheld or shown, each has to be there and of
 * that kind: the entry says so. Most stand before the record that names them and are found at once; the others are looked for when all
 * journals were read. */
#include "base/limits.h"
#include "base/mem.h"
#include "bundle/verify_parts.h"

/* NULL where the body names no record. A gap's `record` is one that is missing. */
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

int gbx_verify_take_wanted(struct gbx_verification *v, const struct gbx_record *r, const uint8_t stream[GBX_STREAM_LEN],
			   struct gbx_error *err)
{
	Glassbox__Kind kind;
	const Glassbox__Ref *ref = named_by(r->body, &kind);
	struct gbx_wanted wanted = {.by = r->kind, .seq = r->seq};

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

void gbx_verify_wanted(struct gbx_verification *v)
{
	char stream[2 * GBX_STREAM_LEN + 1];
	struct gbx_error err;

	for (size_t i = 0; i < v->wanteds && v->journals_whole; i++) {
		const struct gbx_wanted *w = &v->wanted[i];
		if (gbx_verify_find(v, &w->at, w->kind->kind))
			continue;
		gbx_hex(w->at.stream, GBX_STREAM_LEN, stream);
		if (gbx_fail(&err, GBX_E_BAD, "record %llu (%s) names record %llu of stream %s, which is no %s record of this run",
			     (unsigned long long)w->seq, w->by->name, (unsigned long long)w->at.seq, stream, w->kind->name))
			gbx_report_error_at(v->report, GBX_CHECK_RECORDS, &err, NULL, w->stream, w->seq);
	}
}
