/* Journals as the verifier reads them, ahead and hashed many at once, against the plain reader: the same records, the same chain,
 * the same end. */
#include "journal/ahead.h"
#include "journal/reader.h"
#include "mutate.h"
#include "target.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	fuzz_seed(seed);
	size = fuzz_mutate_frames(data, size, max, fuzz_mutate_message);
	return fuzz_below(2) ? fuzz_chain_again(data, size, max) : size;
}

/* Alone, and now and then with helpers. */
static struct gbx_ahead *ahead_for(size_t size)
{
	static struct gbx_ahead *made[2];
	size_t which = size % 32 == 0;

	if (!made[which])
		FUZZ_HOLDS(gbx_ahead_new(which ? 3 : 1, &made[which], NULL) == 0);
	return made[which];
}

static void begin(struct gbx_reader *r, struct gbx_input *in)
{
	if (!r->records.buffer)
		FUZZ_HOLDS(gbx_reader_init(r, in, NULL) == 0);
	fuzz_rewind(&r->records, in);
	gbx_chain_reset(&r->chain);
}

/* What gbx_reader_next does, with records that were read ahead. */
static int next(struct gbx_ahead *a, struct gbx_chain *chain, struct gbx_record *record, struct gbx_error *err)
{
	uint64_t offset;
	bool in_record;
	int rc = gbx_ahead_next(a, record, &offset, &in_record, err);

	if (rc != 1)
		return rc;
	if (record->kind->kind == GLASSBOX__KIND__STREAM_START && record->seq == 0)
		gbx_chain_reset(chain);
	rc = gbx_chain_add(chain, record, err);
	return rc ? rc : 1;
}

static void compare(const struct gbx_record *a, const struct gbx_record *b)
{
	FUZZ_HOLDS(a->seq == b->seq && a->kind == b->kind && a->time_nanos == b->time_nanos);
	FUZZ_HOLDS(a->shown == b->shown && !a->body == !b->body && gbx_slice_equal(a->body_bytes, b->body_bytes));
	FUZZ_HOLDS(gbx_slice_equal(a->entry, b->entry) && gbx_slice_equal(a->salt, b->salt));
	FUZZ_HOLDS(memcmp(a->leaf, b->leaf, sizeof a->leaf) == 0);
}

static void compare_heads(const struct gbx_chain *a, const struct gbx_chain *b)
{
	struct gbx_head one, other;

	FUZZ_HOLDS(gbx_chain_head(a, &one, NULL) == 0 && gbx_chain_head(b, &other, NULL) == 0);
	FUZZ_HOLDS(memcmp(&one, &other, sizeof one) == 0 && memcmp(a->run, b->run, sizeof a->run) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gbx_reader r;
	static struct gbx_chain chain;
	struct gbx_ahead *a = ahead_for(size);
	struct gbx_memory_input in, same;
	struct gbx_record record;
	struct gbx_error err, ahead_err;
	int rc;

	gbx_memory_input(&in, gbx_slice(data, size));
	gbx_memory_input(&same, gbx_slice(data, size));
	begin(&r, &in.in);
	if (!chain.hash)
		FUZZ_HOLDS(gbx_chain_init(&chain, NULL) == 0);
	gbx_chain_reset(&chain);
	FUZZ_HOLDS(gbx_ahead_start(a, &same.in, NULL) == 0);
	do {
		rc = gbx_reader_next(&r, &err);
		FUZZ_HOLDS(next(a, &chain, &record, &ahead_err) == rc);
		if (rc == 1)
			compare(&r.record, &record);
	} while (rc == 1);
	compare_heads(&r.chain, &chain);
	return 0;
}
