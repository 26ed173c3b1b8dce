#include "base/tfrecord.h"

#include "base/crc32c.h"
#include "base/mem.h"

int gbx_tfrecord_frame(struct gbx_slice data, struct gbx_bytes *out, struct gbx_error *err)
{
	uint8_t head[12], tail[4];

	gbx_put_le64(head, data.len);
	gbx_put_le32(head + 8, gbx_crc32c_masked(head, 8));
	gbx_put_le32(tail, gbx_crc32c_masked(data.data, data.len));
	int rc = gbx_bytes_reserve(out, data.len + GBX_TFRECORD_OVERHEAD + 1, err);
	if (rc == 0)
		rc = gbx_bytes_append(out, head, sizeof head, err);
	if (rc == 0)
		rc = gbx_bytes_append(out, data.data, data.len, err);
	return rc ? rc : gbx_bytes_append(out, tail, sizeof tail, err);
}

#define FIRST_BUFFER (16u * 1024)
#define READ_AHEAD (256u * 1024)

int gbx_tfrecord_reader_init(struct gbx_tfrecord_reader *r, struct gbx_input *in, size_t limit, struct gbx_error *err)
{
	size_t cap = FIRST_BUFFER;
	uint8_t *buffer = gbx_realloc(NULL, cap, 1);

	if (!buffer)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a record of %zu bytes", limit);
	*r = (struct gbx_tfrecord_reader){.in = in, .limit = limit, .buffer = buffer, .cap = cap};
	return 0;
}

void gbx_tfrecord_reader_free(struct gbx_tfrecord_reader *r)
{
	gbx_free(r->buffer);
	*r = (struct gbx_tfrecord_reader){0};
}

/* Moves what is left to the front of a buffer that is twice as large, until it is as large as it gets: most files are short. */
static int make_room(struct gbx_tfrecord_reader *r, size_t want, struct gbx_error *err)
{
	size_t most = r->limit + GBX_TFRECORD_OVERHEAD + READ_AHEAD, cap = r->cap;

	memmove(r->buffer, r->buffer + r->start, r->end - r->start);
	r->end -= r->start;
	r->start = 0;
	do
		cap = cap < most / 2 ? cap * 2 : most;
	while (cap < want);
	if (cap == r->cap)
		return 0;
	uint8_t *buffer = gbx_realloc(r->buffer, cap, 1);
	if (!buffer)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a record of %zu bytes", want);
	r->buffer = buffer;
	r->cap = cap;
	return 0;
}

/* Makes at least want bytes available from start on, where the input has them. */
static int fill(struct gbx_tfrecord_reader *r, size_t want, struct gbx_error *err)
{
	if (r->end - r->start >= want)
		return 0;
	if (r->start + want > r->cap) {
		int rc = make_room(r, want, err);
		if (rc)
			return rc;
	}
	while (!r->at_end && r->end - r->start < want) {
		size_t got = 0;
		int rc = r->in->read(r->in, r->buffer + r->end, r->cap - r->end, &got, err);
		if (rc)
			return rc;
		r->end += got;
		r->at_end = got == 0;
	}
	return 0;
}

static int torn(struct gbx_tfrecord_reader *r, struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_MALFORMED, "at byte %llu: the file ends within a record, %zu bytes after its start",
			(unsigned long long)r->offset, r->end - r->start);
}

int gbx_tfrecord_next(struct gbx_tfrecord_reader *r, struct gbx_slice *data, struct gbx_error *err)
{
	int rc = fill(r, 12, err);

	if (rc)
		return rc;
	if (r->end == r->start)
		return 0;
	if (r->end - r->start < 12)
		return torn(r, err);
	const uint8_t *head = r->buffer + r->start;
	uint64_t len = gbx_get_le64(head);
	if (gbx_get_le32(head + 8) != gbx_crc32c_masked(head, 8))
		return gbx_fail(err, GBX_E_BAD, "at byte %llu: the CRC of a record's length differs",
				(unsigned long long)r->offset);
	if (len > r->limit)
		return gbx_fail(err, GBX_E_LIMIT, "at byte %llu: a record of %llu bytes, at most %zu are read",
				(unsigned long long)r->offset, (unsigned long long)len, r->limit);
	rc = fill(r, (size_t)len + GBX_TFRECORD_OVERHEAD, err);
	if (rc)
		return rc;
	if (r->end - r->start < len + GBX_TFRECORD_OVERHEAD)
		return torn(r, err);
	const uint8_t *body = r->buffer + r->start + 12;
	if (gbx_get_le32(body + len) != gbx_crc32c_masked(body, (size_t)len))
		return gbx_fail(err, GBX_E_BAD, "at byte %llu: the CRC of a record's data differs",
				(unsigned long long)r->offset);
	*data = gbx_slice(body, (size_t)len);
	r->start += (size_t)len + GBX_TFRECORD_OVERHEAD;
	r->offset += len + GBX_TFRECORD_OVERHEAD;
	return 1;
}
