/* A manifest's page file, as one of files and as one of code: entries written again are the same page file. */
#include "digest/manifest.h"
#include "mutate.h"
#include "target.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	fuzz_seed(seed);
	return fuzz_mutate_frames(data, size, max, fuzz_mutate_message);
}

static void write_again(struct gbx_manifest_writer *w, const struct gbx_entry *e, struct gbx_bytes *last)
{
	struct gbx_error err;

	FUZZ_HOLDS(e->path.len && gbx_slice_compare(gbx_slice_of(last), e->path) < 0);
	last->len = 0;
	FUZZ_HOLDS(gbx_bytes_append(last, e->path.data, e->path.len, &err) == 0);
	FUZZ_HOLDS(gbx_manifest_writer_add(w, e, &err) == 0);
}

static void begin(struct gbx_manifest_reader *r, enum gbx_manifest_kind kind, struct gbx_input *in)
{
	if (!r->records.buffer)
		FUZZ_HOLDS(gbx_manifest_reader_init(r, kind, in, NULL) == 0);
	gbx_manifest_fold_free(&r->fold);
	FUZZ_HOLDS(gbx_manifest_fold_init(&r->fold, kind, false, NULL) == 0);
	fuzz_rewind(&r->records, in);
}

static void read_as(enum gbx_manifest_kind kind, struct gbx_slice page)
{
	static struct gbx_bytes again, last;
	static struct gbx_manifest_reader reader[2];
	struct gbx_manifest_reader *r = &reader[kind];
	GBX_CLEANUP(gbx_manifest_writer_free) struct gbx_manifest_writer w = {0};
	struct gbx_manifest_sum sum, written;
	uint8_t digest[GBX_SHA256_LEN];
	struct gbx_bytes_output out;
	struct gbx_memory_input in;
	struct gbx_entry e;
	struct gbx_error err;
	int rc;

	again.len = last.len = 0;
	gbx_memory_input(&in, page);
	gbx_bytes_output(&out, &again);
	begin(r, kind, &in.in);
	FUZZ_HOLDS(gbx_manifest_writer_init(&w, kind, &out.out, &err) == 0);
	while ((rc = gbx_manifest_next(r, &e, &err)) == 1)
		write_again(&w, &e, &last);
	if (rc)
		return;
	FUZZ_HOLDS(gbx_slice_equal(gbx_slice_of(&again), page));
	FUZZ_HOLDS(gbx_manifest_reader_sum(r, &sum, &err) == 0);
	FUZZ_HOLDS(gbx_manifest_writer_finish(&w, &written, digest, &err) == 0);
	FUZZ_HOLDS(memcmp(sum.root, written.root, sizeof sum.root) == 0 && sum.files == written.files && sum.bytes == written.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_as(GBX_MANIFEST_FILES, gbx_slice(data, size));
	read_as(GBX_MANIFEST_CODE, gbx_slice(data, size));
	return 0;
}
