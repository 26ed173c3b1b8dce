#include "bundle/tar_block.h"

#include <stdio.h>

#include "base/text.h"

void gbx_tar_checksum(const struct gbx_tar_block *h, char out[8])
{
	struct gbx_tar_block copy = *h;
	unsigned sum = 0;

	memset(copy.checksum, ' ', sizeof copy.checksum);
	for (size_t i = 0; i < sizeof copy; i++)
		sum += ((const uint8_t *)&copy)[i];
	snprintf(out, 8, "%06o", sum & 0777777);
	out[7] = ' ';
}

/* Base 256: GNU tar's form for sizes of 8 GiB and more, big-endian behind a byte 0x80. */
static bool parse_binary(const uint8_t field[12], uint64_t *out)
{
	uint64_t v = 0;

	if (field[0] != 0x80 || field[1] || field[2] || field[3] || field[4] > 0x7f)
		return false;
	for (int i = 4; i < 12; i++)
		v = v << 8 | field[i];
	*out = v;
	return true;
}

bool gbx_tar_parse_size(const char field[12], uint64_t *out)
{
	uint64_t v = 0;

	if ((uint8_t)field[0] >= 0x80)
		return parse_binary((const uint8_t *)field, out);
	for (size_t i = 0; i < 11; i++) {
		if (field[i] < '0' || field[i] > '7')
			return false;
		v = v << 3 | (uint64_t)(field[i] - '0');
	}
	*out = v;
	return field[11] == 0 || field[11] == ' ';
}

bool gbx_tar_take_pax(struct gbx_slice *rest, struct gbx_slice *key, struct gbx_slice *value)
{
	const uint8_t *space = memchr(rest->data, ' ', rest->len);
	struct gbx_slice digits = gbx_slice(rest->data, space ? (size_t)(space - rest->data) : 0);
	struct gbx_slice record, skipped;
	uint64_t len;

	if (!gbx_parse_u63(digits, &len) || len < digits.len + 3 || len > rest->len || !gbx_take(rest, (size_t)len, &record))
		return false;
	if (!gbx_take(&record, digits.len + 1, &skipped) || record.data[record.len - 1] != '\n')
		return false;
	const uint8_t *equals = memchr(record.data, '=', record.len);
	if (!equals || equals == record.data)
		return false;
	*key = gbx_slice(record.data, (size_t)(equals - record.data));
	*value = gbx_slice(equals + 1, record.len - key->len - 2);
	return true;
}
