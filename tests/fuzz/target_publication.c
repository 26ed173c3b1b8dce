/* The publication statement: one text, ranges in order. */
#include "bundle/publication.h"
#include "target.h"

static void check_ranges(const struct gbx_publication *p)
{
	for (size_t i = 0; i < p->len; i++) {
		const struct gbx_withheld *w = &p->withheld[i];
		FUZZ_HOLDS(w->first <= w->last && !w->kind->public_always);
		FUZZ_HOLDS(gbx_publication_find(p, w->stream, w->first) == w && gbx_publication_find(p, w->stream, w->last) == w);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gbx_bytes again;
	GBX_AUTO_PUBLICATION struct gbx_publication p = {0};
	struct gbx_error err;

	if (gbx_publication_read(gbx_slice(data, size), &p, &err))
		return 0;
	again.len = 0;
	FUZZ_HOLDS(gbx_publication_write(&p, &again, &err) == 0);
	FUZZ_HOLDS(gbx_slice_equal(gbx_slice_of(&again), gbx_slice(data, size)));
	check_ranges(&p);
	return 0;
}
