/* Reading a ring that another process made, and may have left in any state. Declared in ring.h. */
#include <stdlib.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "journal/ring_parts.h"

void gbx_ring_content_free(struct gbx_ring_content *c)
{
	for (size_t i = 0; i < c->names; i++)
		gbx_free(c->name[i]);
	gbx_free(c->name);
	gbx_free(c->point);
	*c = (struct gbx_ring_content){0};
}

static int malformed(const char *why, struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_MALFORMED, "not a ring of points: %s", why);
}

/* Takes the header, and what the rest is divided into. */
static int parse_header(struct gbx_slice in, struct gbx_ring_content *c, struct gbx_slice *names, struct gbx_slice *slots,
			struct gbx_error *err)
{
	struct gbx_slice header;

	if (!gbx_take(&in, RING_HEADER, &header) || memcmp(header.data, RING_MAGIC, 16) != 0)
		return malformed("another beginning", err);
	if (gbx_get_le32(header.data + RING_HEADER_SUMMED) != gbx_crc32c_masked(header.data, RING_HEADER_SUMMED))
		return malformed("the CRC of its header differs", err);
	uint64_t count = gbx_get_le32(header.data + 48), names_len = gbx_get_le32(header.data + 52);
	if (count == 0 || names_len > in.len || in.len - names_len != count * RING_SLOT)
		return malformed("it has another size than its header says", err);
	memcpy(c->stream, header.data + 16, GBX_STREAM_LEN);
	memcpy(c->run, header.data + 32, GBX_RUN_LEN);
	*names = gbx_slice(in.data, (size_t)names_len);
	*slots = gbx_slice(in.data + names_len, in.len - (size_t)names_len);
	return 0;
}

static int parse_names(struct gbx_slice in, struct gbx_ring_content *c, struct gbx_error *err)
{
	while (in.len >= RING_NAME_HEAD && gbx_get_le32(in.data)) {
		size_t len = gbx_get_le32(in.data);
		struct gbx_slice room, name = gbx_slice(in.data + RING_NAME_HEAD, len);
		if (len > GBX_LIMIT_METRIC_NAME || !gbx_take(&in, gbx_ring_name_room(len), &room) ||
		    gbx_get_le32(room.data + 4) != gbx_crc32c_masked(name.data, len) || !gbx_is_utf8(name))
			return malformed("a name that is not whole", err);
		int rc = gbx_grow((void **)&c->name, &c->names_cap, c->names, sizeof *c->name, err);
		if (rc)
			return rc;
		c->name[c->names] = gbx_memdup(name.data, len);
		if (!c->name[c->names])
			return gbx_fail(err, GBX_E_NOMEM, "no memory for a name");
		c->names++;
	}
	return 0;
}

static bool is_empty(const uint8_t slot[RING_SLOT])
{
	for (size_t i = 0; i < RING_SLOT; i++)
		if (slot[i])
			return false;
	return true;
}

static bool is_whole(const uint8_t slot[RING_SLOT], size_t index, size_t slots, size_t names)
{
	struct gbx_point p;

	gbx_ring_slot_read(slot, &p);
	return gbx_get_le32(slot + 12) == gbx_ring_slot_crc(slot) && p.position <= INT64_MAX && p.position % slots == index &&
	       p.name < names && p.number <= p.position;
}

static int by_position(const void *a, const void *b)
{
	const struct gbx_point *x = a, *y = b;

	return (x->position > y->position) - (x->position < y->position);
}

/* A point that is older than what the ring can hold beside the newest was left there by something else. */
static void drop_stale(struct gbx_ring_content *c, size_t slots)
{
	size_t first = 0;

	while (c->points && c->point[first].position + slots <= c->point[c->points - 1].position)
		first++;
	if (first == 0)
		return;
	memmove(c->point, c->point + first, (c->points - first) * sizeof *c->point);
	c->points -= first;
	c->bad += first;
}

static int parse_slots(struct gbx_slice in, struct gbx_ring_content *c, struct gbx_error *err)
{
	size_t slots = in.len / RING_SLOT;

	c->point = gbx_calloc(slots, sizeof *c->point);
	if (!c->point)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for %zu points", slots);
	for (size_t i = 0; i < slots; i++) {
		const uint8_t *slot = in.data + i * RING_SLOT;
		if (is_whole(slot, i, slots, c->names))
			gbx_ring_slot_read(slot, &c->point[c->points++]);
		else
			c->bad += !is_empty(slot);
	}
	if (c->points)
		qsort(c->point, c->points, sizeof *c->point, by_position);
	drop_stale(c, slots);
	return 0;
}

/* Its maker died before it was a ring: nothing was acknowledged in it. */
static bool is_unused(struct gbx_slice in)
{
	for (size_t i = 0; i < in.len; i++)
		if (in.data[i])
			return false;
	return true;
}

int gbx_ring_parse(struct gbx_slice bytes, struct gbx_ring_content *out, struct gbx_error *err)
{
	struct gbx_ring_content c = {0};
	struct gbx_slice names = {0}, slots = {0};
	if (is_unused(bytes))
		return gbx_fail(err, GBX_E_NOTFOUND, "a ring that was not begun yet");
	int rc = parse_header(bytes, &c, &names, &slots, err);

	if (rc == 0)
		rc = parse_names(names, &c, err);
	if (rc == 0)
		rc = parse_slots(slots, &c, err);
	if (rc)
		gbx_ring_content_free(&c);
	else
		*out = c;
	return rc;
}

int gbx_ring_read(const char *path, struct gbx_ring_content *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes bytes = {0};
	int rc = gbx_load_file(path, GBX_LIMIT_RING, &bytes, err);

	return rc ? rc : gbx_ring_parse(gbx_slice_of(&bytes), out, err);
}
