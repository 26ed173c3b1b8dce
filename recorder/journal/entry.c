#include "journal/entry.h"

/* A field's tag: its number, and how its value is written. All numbers here are below 16, so a tag is one byte. */
enum { VARINT = 0, FIXED64 = 1, LENGTH = 2 };
#define TAG(number, wire) (uint8_t)((number) << 3 | (wire))

/* True, and the tag taken, where the next field is this one. Fields that have their default value are not written. */
static bool next_is(struct gbx_slice *in, uint8_t tag)
{
	struct gbx_slice taken;

	return in->len && in->data[0] == tag && gbx_take(in, 1, &taken);
}

/* A varint in as few bytes as it takes. */
static bool take_varint(struct gbx_slice *in, uint64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < in->len && i < 10; i++) {
		uint8_t byte = in->data[i];
		if (i == 9 && byte > 1)
			return false; /* more than 64 bits */
		value |= (uint64_t)(byte & 127) << (7 * i);
		if (byte & 128)
			continue;
		if (byte == 0 && i)
			return false; /* a shorter form says the same */
		*in = gbx_slice(in->data + i + 1, in->len - i - 1);
		*out = value;
		return true;
	}
	return false;
}

static bool read_number(struct gbx_slice *in, unsigned number, uint64_t *out)
{
	*out = 0;
	return !next_is(in, TAG(number, VARINT)) || (take_varint(in, out) && *out);
}

static bool read_fixed64(struct gbx_slice *in, unsigned number, uint64_t *out)
{
	struct gbx_slice value;

	*out = 0;
	if (!next_is(in, TAG(number, FIXED64)))
		return true;
	if (!gbx_take(in, 8, &value))
		return false;
	*out = gbx_get_le64(value.data);
	return *out != 0;
}

static bool read_bytes(struct gbx_slice *in, unsigned number, struct gbx_slice *out)
{
	uint64_t len;

	*out = (struct gbx_slice){0};
	if (!next_is(in, TAG(number, LENGTH)))
		return true;
	return take_varint(in, &len) && len && len <= in->len && gbx_take(in, (size_t)len, out);
}

bool gbx_frame_read(struct gbx_slice bytes, struct gbx_frame_fields *out)
{
	return read_bytes(&bytes, 1, &out->entry) && read_bytes(&bytes, 2, &out->salt) && read_bytes(&bytes, 3, &out->body) &&
	       bytes.len == 0;
}

bool gbx_entry_read(struct gbx_slice bytes, struct gbx_entry_fields *out)
{
	return read_number(&bytes, 1, &out->seq) && read_bytes(&bytes, 2, &out->prev) && read_fixed64(&bytes, 3, &out->time_nanos) &&
	       read_number(&bytes, 4, &out->kind) && read_bytes(&bytes, 5, &out->commitment) && bytes.len == 0;
}
