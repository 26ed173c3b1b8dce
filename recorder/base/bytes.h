/* Bytes: a slice that is read, a cursor over it, and a buffer that grows. */
#ifndef GBX_BASE_BYTES_H
#define GBX_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

/* Somebody else's bytes. */
struct gbx_slice {
	const uint8_t *data;
	size_t len;
};

static inline struct gbx_slice gbx_slice(const void *data, size_t len)
{
	return (struct gbx_slice){data, len};
}

static inline struct gbx_slice gbx_slice_text(const char *s)
{
	return (struct gbx_slice){(const uint8_t *)s, strlen(s)};
}

bool gbx_slice_equal(struct gbx_slice a, struct gbx_slice b);
/* Order by unsigned bytes, a prefix first: what memcmp and then length say. <0, 0, >0. */
int gbx_slice_compare(struct gbx_slice a, struct gbx_slice b);
bool gbx_slice_is(struct gbx_slice a, const char *text);
bool gbx_slice_starts(struct gbx_slice a, const char *prefix);

/* Takes len bytes off the front of *in; false, and nothing taken, when there are fewer. */
static inline bool gbx_take(struct gbx_slice *in, size_t len, struct gbx_slice *out)
{
	if (in->len < len)
		return false;
	*out = (struct gbx_slice){in->data, len};
	/* What is empty may have no data to move in. */
	if (len)
		*in = (struct gbx_slice){in->data + len, in->len - len};
	return true;
}

/* Takes text up to and including the next newline; *line is without it. False when there is no newline left. */
bool gbx_take_line(struct gbx_slice *in, struct gbx_slice *line);

static inline uint16_t gbx_get_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t gbx_get_le32(const uint8_t *p)
{
	return (uint32_t)gbx_get_le16(p) | (uint32_t)gbx_get_le16(p + 2) << 16;
}

static inline uint64_t gbx_get_le64(const uint8_t *p)
{
	return (uint64_t)gbx_get_le32(p) | (uint64_t)gbx_get_le32(p + 4) << 32;
}

void gbx_put_le32(uint8_t *p, uint32_t v);
void gbx_put_le64(uint8_t *p, uint64_t v);

static inline void gbx_put_be32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline uint64_t gbx_get_be64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static inline void gbx_put_be64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (56 - 8 * i));
}

/* A buffer that grows; its owner frees it. {0} is an empty one. */
struct gbx_bytes {
	uint8_t *data;
	size_t len;
	size_t cap;
};

#define GBX_AUTO_BYTES GBX_CLEANUP(gbx_bytes_free)

void gbx_bytes_free(struct gbx_bytes *b);
/* Wipes before freeing: for salts, keys and passphrases. */
void gbx_bytes_wipe(struct gbx_bytes *b);
/* Makes room for more bytes behind len. */
int gbx_bytes_reserve(struct gbx_bytes *b, size_t more, struct gbx_error *err) GBX_MUST_USE;
/* data[len] is always a NUL after an append, so that text can be printed. */
int gbx_bytes_append(struct gbx_bytes *b, const void *data, size_t len, struct gbx_error *err) GBX_MUST_USE;
int gbx_bytes_printf(struct gbx_bytes *b, struct gbx_error *err, const char *fmt, ...) GBX_PRINTF(3, 4) GBX_MUST_USE;

static inline struct gbx_slice gbx_slice_of(const struct gbx_bytes *b)
{
	return (struct gbx_slice){b->data, b->len};
}

#endif
