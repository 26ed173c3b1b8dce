/* A ring of points that another process left: what is read of it was put, in order, and under names that are there. */
#include "base/text.h"
#include "journal/ring_parts.h"
#include "mutate.h"
#include "target.h"

/* Changed blindly; then, mostly, its sums are made right again, so that what is behind them is reached. */
static void mend(uint8_t *data, size_t size)
{
	if (size < RING_HEADER)
		return;
	memcpy(data, RING_MAGIC, 16);
	size_t names = gbx_get_le32(data + 52), slots = names < size - RING_HEADER ? (size - RING_HEADER - names) / RING_SLOT : 0;
	if (names > size - RING_HEADER)
		return;
	gbx_put_le32(data + 48, (uint32_t)slots);
	gbx_put_le32(data + RING_HEADER_SUMMED, gbx_crc32c_masked(data, RING_HEADER_SUMMED));
	uint8_t *name = data + RING_HEADER, *end = name + names;
	while (end - name >= RING_NAME_HEAD && gbx_get_le32(name) && gbx_get_le32(name) <= (size_t)(end - name) - RING_NAME_HEAD) {
		size_t len = gbx_get_le32(name);
		gbx_put_le32(name + 4, gbx_crc32c_masked(name + RING_NAME_HEAD, len));
		if (gbx_ring_name_room(len) >= (size_t)(end - name))
			break;
		name += gbx_ring_name_room(len);
	}
	for (size_t i = 0; i < slots; i++)
		if (fuzz_below(8))
			gbx_put_le32(end + i * RING_SLOT + 12, gbx_ring_slot_crc(end + i * RING_SLOT));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	fuzz_seed(seed);
	size = LLVMFuzzerMutate(data, size, max);
	if (fuzz_below(8))
		mend(data, size);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gbx_ring_content c = {0};
	struct gbx_error err;

	if (gbx_ring_parse(gbx_slice(data, size), &c, &err))
		return 0;
	size_t slots = gbx_get_le32(data + 48);
	FUZZ_HOLDS(c.points + c.bad <= slots && memcmp(c.stream, data + 16, GBX_STREAM_LEN) == 0);
	for (size_t i = 0; i < c.names; i++)
		FUZZ_HOLDS(c.name[i][0] && gbx_is_utf8(gbx_slice_text(c.name[i])));
	for (size_t i = 0; i < c.points; i++) {
		const struct gbx_point *p = &c.point[i];
		FUZZ_HOLDS(p->name < c.names && (i == 0 || p->position > c.point[i - 1].position));
		FUZZ_HOLDS(c.point[c.points - 1].position - p->position < slots);
	}
	gbx_ring_content_free(&c);
	return 0;
}
