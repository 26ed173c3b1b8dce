#include "journal/ring.h"

#include <stdatomic.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "journal/ring_parts.h"

static void write_header(uint8_t *at, const uint8_t stream[GBX_STREAM_LEN], const uint8_t run[GBX_RUN_LEN], uint32_t slots)
{
	memcpy(at, RING_MAGIC, 16);
	memcpy(at + 16, stream, GBX_STREAM_LEN);
	memcpy(at + 32, run, GBX_RUN_LEN);
	gbx_put_le32(at + 48, slots);
	gbx_put_le32(at + 52, GBX_RING_NAMES);
	gbx_put_le32(at + RING_HEADER_SUMMED, gbx_crc32c_masked(at, RING_HEADER_SUMMED));
}

static int make(const char *path, size_t len, void **map, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	struct gbx_error ignored;
	int rc = gbx_create_new(path, 0600, &fd, err);

	if (rc)
		return rc;
	rc = gbx_allocate(fd, len, err);
	if (rc == 0)
		rc = gbx_map_shared(fd, len, map, err);
	return rc && gbx_unlink(path, &ignored) ? rc : rc;
}

int gbx_ring_create(const char *path, const uint8_t stream[GBX_STREAM_LEN], const uint8_t run[GBX_RUN_LEN], uint32_t slots,
		    struct gbx_ring *out, struct gbx_error *err)
{
	struct gbx_ring r = {.slots = slots, .len = RING_HEADER + GBX_RING_NAMES + (size_t)slots * RING_SLOT, .path = gbx_strdup(path)};
	void *map;
	int rc = r.path ? make(path, r.len, &map, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a ring");

	if (rc) {
		gbx_free(r.path);
		return rc;
	}
	r.map = map;
	write_header(r.map, stream, run, slots);
	*out = r;
	return 0;
}

bool gbx_ring_name(struct gbx_ring *r, struct gbx_slice name, uint32_t *out)
{
	uint8_t *at = r->map + RING_HEADER + r->names_len;
	size_t room = gbx_ring_name_room(name.len);

	if (room > GBX_RING_NAMES - r->names_len)
		return false;
	/* The length comes last: a name that is not whole is not there. */
	memcpy(at + RING_NAME_HEAD, name.data, name.len);
	gbx_put_le32(at + 4, gbx_crc32c_masked(name.data, name.len));
	atomic_signal_fence(memory_order_release);
	gbx_put_le32(at, (uint32_t)name.len);
	r->names_len += room;
	*out = r->names++;
	return true;
}

static uint8_t *slot_of(const struct gbx_ring *r, uint64_t position)
{
	return r->map + RING_HEADER + GBX_RING_NAMES + (size_t)(position % r->slots) * RING_SLOT;
}

void gbx_ring_put(struct gbx_ring *r, const struct gbx_point *p)
{
	uint8_t slot[RING_SLOT] = {0};
	uint64_t bits;

	memcpy(&bits, &p->value, sizeof bits);
	gbx_put_le64(slot, p->position + 1);
	gbx_put_le32(slot + 8, p->name);
	gbx_put_le64(slot + 16, p->number);
	gbx_put_le64(slot + 24, p->step);
	gbx_put_le64(slot + 32, bits);
	gbx_put_le64(slot + 40, p->time_nanos);
	gbx_put_le32(slot + 12, gbx_ring_slot_crc(slot));
	memcpy(slot_of(r, p->position), slot, sizeof slot);
	/* A kill comes between two instructions: what stands before it in the program is there. */
	atomic_signal_fence(memory_order_seq_cst);
}

void gbx_ring_get(const struct gbx_ring *r, uint64_t position, struct gbx_point *out)
{
	gbx_ring_slot_read(slot_of(r, position), out);
}

void gbx_ring_close(struct gbx_ring *r)
{
	gbx_unmap(r->map, r->len);
	gbx_free(r->path);
	*r = (struct gbx_ring){0};
}

int gbx_ring_remove(struct gbx_ring *r, struct gbx_error *err)
{
	int rc = r->map ? gbx_unlink(r->path, err) : 0;

	gbx_ring_close(r);
	return rc;
}
