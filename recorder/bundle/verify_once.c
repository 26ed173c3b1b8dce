/* Facts that a run has once: its start, its name, the folder of each root. A writer that began a new stream after a failed sync may have
 * written one twice, the same each time; two that differ contradict each other. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "bundle/verify_parts.h"

/* What tells a fact from others of its kind; false for kinds of which a run has many. */
static bool name_of(const Glassbox__Body *b, struct gbx_slice *name)
{
	*name = gbx_slice("", 0);
	if (b->body_case == GLASSBOX__BODY__BODY_ROOT)
		*name = gbx_slice_text(b->root->name);
	return b->body_case == GLASSBOX__BODY__BODY_ROOT || b->body_case == GLASSBOX__BODY__BODY_NAME || b->body_case == GLASSBOX__BODY__BODY_RUN_START;
}

static int digest(struct gbx_hash *h, struct gbx_slice data, uint8_t out[GBX_SHA256_LEN], struct gbx_error *err)
{
	gbx_hash_start(h);
	gbx_hash_update(h, data.data, data.len);
	return gbx_hash_final(h, out, err);
}

int gbx_verify_take_once(struct gbx_verification *v, const struct gbx_record *r, const uint8_t stream[GBX_STREAM_LEN], struct gbx_hash *h,
			 struct gbx_error *err)
{
	struct gbx_once once = {.kind = r->kind, .seq = r->seq};
	struct gbx_slice name;

	if (!name_of(r->body, &name))
		return 0;
	if (v->onces == GBX_LIMIT_REFERENCES)
		return gbx_fail(err, GBX_E_LIMIT, "more than %u roots and names", GBX_LIMIT_REFERENCES);
	memcpy(once.stream, stream, GBX_STREAM_LEN);
	int rc = digest(h, name, once.name, err);
	if (rc == 0)
		rc = digest(h, r->body_bytes, once.body, err);
	if (rc == 0)
		rc = gbx_grow((void **)&v->once, &v->onces_cap, v->onces, sizeof *v->once, err);
	if (rc == 0)
		v->once[v->onces++] = once;
	return rc;
}

/* Facts of one kind and name side by side, in the order of their streams. */
static int by_name(const void *a, const void *b)
{
	const struct gbx_once *x = a, *y = b;
	int order = (x->kind->kind > y->kind->kind) - (x->kind->kind < y->kind->kind);

	if (order == 0)
		order = memcmp(x->name, y->name, sizeof x->name);
	if (order == 0)
		order = memcmp(x->stream, y->stream, sizeof x->stream);
	return order ? order : (x->seq > y->seq) - (x->seq < y->seq);
}

void gbx_verify_once(struct gbx_verification *v)
{
	char stream[2 * GBX_STREAM_LEN + 1];
	struct gbx_error err;

	if (v->onces)
		qsort(v->once, v->onces, sizeof *v->once, by_name);
	for (size_t i = 1; i < v->onces; i++) {
		const struct gbx_once *first = &v->once[i - 1], *second = &v->once[i];
		bool same_fact = first->kind == second->kind && memcmp(first->name, second->name, sizeof first->name) == 0;
		if (!same_fact || memcmp(first->body, second->body, sizeof first->body) == 0)
			continue;
		gbx_hex(first->stream, GBX_STREAM_LEN, stream);
		if (gbx_fail(&err, GBX_E_BAD, "record %llu (%s) says otherwise than record %llu of stream %s, and a run has one", (unsigned long long)second->seq,
			     second->kind->name, (unsigned long long)first->seq, stream))
			gbx_report_error_at(v->report, GBX_CHECK_RECORDS, &err, NULL, second->stream, second->seq);
	}
}
