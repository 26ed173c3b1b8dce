#include "capture/lines.h"

#include "base/limits.h"

int gbx_lines_begin(struct gbx_lines *l, int fd, uint64_t limit, struct gbx_bytes *buffer, struct gbx_error *err)
{
	*l = (struct gbx_lines){.fd = fd, .buffer = buffer, .left = limit};
	buffer->len = 0;
	return gbx_bytes_reserve(buffer, GBX_LIMIT_RECORD, err);
}

/* Reads more behind what is left of the buffer. */
static int fill(struct gbx_lines *l, struct gbx_error *err)
{
	struct gbx_bytes *b = l->buffer;
	size_t got;

	memmove(b->data, b->data + l->from, b->len - l->from);
	b->len -= l->from;
	l->from = 0;
	int rc = gbx_read(l->fd, b->data + b->len, GBX_LIMIT_RECORD - b->len, &got, err);
	if (rc)
		return rc;
	if (got > l->left)
		return gbx_fail(err, GBX_E_LIMIT, "a list of more bytes than are read");
	if (l->hash)
		gbx_hash_update(l->hash, b->data + b->len, got);
	l->left -= got;
	l->ended = got == 0;
	b->len += got;
	return 0;
}

int gbx_lines_next(struct gbx_lines *l, struct gbx_slice *line, struct gbx_error *err)
{
	for (;;) {
		const uint8_t *start = l->buffer->data + l->from;
		size_t have = l->buffer->len - l->from;
		const uint8_t *end = have ? memchr(start, '\n', have) : NULL;
		bool skipped = l->skipping, full = have == GBX_LIMIT_RECORD;
		if (!end && !full && !l->ended) {
			int rc = fill(l, err);
			if (rc)
				return rc;
			continue;
		}
		if (!end && have == 0)
			return 0;
		*line = gbx_slice(start, end ? (size_t)(end - start) : have);
		l->from += line->len + !!end;
		l->skipping = !end && full;
		if (!skipped)
			return 1;
	}
}
