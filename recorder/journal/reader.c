#include "journal/reader.h"

#include "base/limits.h"

int gbx_reader_init(struct gbx_reader *r, struct gbx_input *in, struct gbx_error *err)
{
	struct gbx_reader made = {0};
	int rc = gbx_chain_init(&made.chain, err);

	if (rc == 0)
		rc = gbx_tfrecord_reader_init(&made.records, in, GBX_LIMIT_RECORD, err);
	if (rc) {
		gbx_chain_free(&made.chain);
		return rc;
	}
	*r = made;
	return 0;
}

void gbx_reader_free(struct gbx_reader *r)
{
	gbx_arena_free(&r->memory);
	gbx_chain_free(&r->chain);
	gbx_tfrecord_reader_free(&r->records);
	*r = (struct gbx_reader){0};
}

/* Says which record it was, and where it starts. */
static int in_place(struct gbx_reader *r, int rc, struct gbx_error *err)
{
	uint64_t seq = r->chain.tree.size;

	if (!err)
		return rc;
	gbx_fail_context(err, "record %llu (byte %llu of the file)", (unsigned long long)seq, (unsigned long long)r->offset);
	err->seq = seq;
	err->has_seq = true;
	return rc;
}

int gbx_reader_next(struct gbx_reader *r, struct gbx_error *err)
{
	struct gbx_slice frame;

	gbx_arena_reset(&r->memory);
	r->offset = r->records.offset;
	int rc = gbx_tfrecord_next(&r->records, &frame, err);
	if (rc <= 0)
		return rc ? in_place(r, rc, err) : 0;
	rc = gbx_record_decode(r->chain.hash, frame, &r->memory, &r->record, err);
	if (rc)
		return in_place(r, rc, err);
	if (r->record.kind->kind == GLASSBOX__KIND__STREAM_START && r->record.seq == 0)
		gbx_chain_reset(&r->chain);
	rc = gbx_chain_add(&r->chain, &r->record, err);
	if (rc)
		return in_place(r, rc, err);
	r->offset = r->records.offset;
	return 1;
}
