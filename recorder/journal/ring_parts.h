/* Where things stand in a ring's file; for ring.c and ring_read.c. */
#ifndef GBX_JOURNAL_RING_PARTS_H
#define GBX_JOURNAL_RING_PARTS_H

#include "base/crc32c.h"
#include "journal/ring.h"

enum { RING_HEADER = 64, RING_HEADER_SUMMED = 56, RING_SLOT = 48, RING_NAME_HEAD = 8 };
#define RING_MAGIC "glassbox/ring/v1" /* 16 bytes, no NUL */

/* What a name takes with its head, rounded up. */
static inline size_t gbx_ring_name_room(size_t len)
{
	return (RING_NAME_HEAD + len + 7) & ~(size_t)7;
}

/* The CRC of a slot, over its bytes with zeros where the CRC stands. */
static inline uint32_t gbx_ring_slot_crc(const uint8_t slot[RING_SLOT])
{
	uint8_t copy[RING_SLOT];

	memcpy(copy, slot, RING_SLOT);
	memset(copy + 12, 0, 4);
	return gbx_crc32c_masked(copy, RING_SLOT);
}

static inline void gbx_ring_slot_read(const uint8_t slot[RING_SLOT], struct gbx_point *out)
{
	uint64_t bits = gbx_get_le64(slot + 32);

	*out = (struct gbx_point){.position = gbx_get_le64(slot) - 1, .name = gbx_get_le32(slot + 8), .number = gbx_get_le64(slot + 16),
				  .step = gbx_get_le64(slot + 24), .time_nanos = gbx_get_le64(slot + 40)};
	memcpy(&out->value, &bits, sizeof bits);
}

#endif
