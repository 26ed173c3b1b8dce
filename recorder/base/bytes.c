#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

bool gbx_slice_equal(struct gbx_slice a, struct gbx_slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int gbx_slice_compare(struct gbx_slice a, struct gbx_slice b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.data, b.data, len) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool gbx_slice_is(struct gbx_slice a, const char *text)
{
	return gbx_slice_equal(a, gbx_slice_text(text));
}

bool gbx_slice_starts(struct gbx_slice a, const char *prefix)
{
	size_t len = strlen(prefix);

	return a.len >= len && memcmp(a.data, prefix, len) == 0;
}

bool gbx_take_line(struct gbx_slice *in, struct gbx_slice *line)
{
	const uint8_t *end = in->len ? memchr(in->data, '\n', in->len) : NULL;

	if (!end)
		return false;
	size_t len = (size_t)(end - in->data);
	*line = gbx_slice(in->data, len);
	in->data += len + 1;
	in->len -= len + 1;
	return true;
}

void gbx_put_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

void gbx_put_le64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

void gbx_bytes_free(struct gbx_bytes *b)
{
	gbx_free(b->data);
	*b = (struct gbx_bytes){0};
}

void gbx_bytes_wipe(struct gbx_bytes *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	gbx_bytes_free(b);
}

int gbx_bytes_reserve(struct gbx_bytes *b, size_t more, struct gbx_error *err)
{
	size_t want;

	if (__builtin_add_overflow(b->len, more, &want) || want > SIZE_MAX / 4)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for %zu bytes more", more);
	if (want <= b->cap)
		return 0;
	size_t cap = b->cap ? b->cap : 64;
	while (cap < want)
		cap *= 2;
	uint8_t *data = gbx_realloc(b->data, cap, 1);
	if (!data)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for %zu bytes", cap);
	b->data = data;
	b->cap = cap;
	return 0;
}

int gbx_bytes_append(struct gbx_bytes *b, const void *data, size_t len, struct gbx_error *err)
{
	int rc = gbx_bytes_reserve(b, len + 1, err);

	if (rc)
		return rc;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = 0;
	return 0;
}

int gbx_bytes_printf(struct gbx_bytes *b, struct gbx_error *err, const char *fmt, ...)
{
	va_list args, again;

	va_start(args, fmt);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	int rc = len < 0 ? gbx_fail(err, GBX_E_NOMEM, "cannot format text") : gbx_bytes_reserve(b, (size_t)len + 1, err);
	if (rc == 0) {
		vsnprintf((char *)b->data + b->len, (size_t)len + 1, fmt, again);
		b->len += (size_t)len;
	}
	va_end(again);
	return rc;
}
