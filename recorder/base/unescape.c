#include "base/unescape.h"

#include <ctype.h>

static bool hex_at(struct gbx_slice in, size_t at, size_t digits, uint32_t *out)
{
	static const char digit[] = "0123456789abcdef";
	uint32_t value = 0;

	if (in.len < at + digits)
		return false;
	for (size_t i = at; i < at + digits; i++) {
		if (!isxdigit(in.data[i]))
			return false;
		value = value << 4 | (uint32_t)(strchr(digit, tolower(in.data[i])) - digit);
	}
	*out = value;
	return true;
}

static size_t put_point(uint32_t c, uint8_t *out)
{
	size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};

	out[0] = (uint8_t)(lead[more] | (c >> (6 * more)));
	for (size_t i = 1; i <= more; i++)
		out[i] = (uint8_t)(0x80 | (c >> (6 * (more - i)) & 0x3f));
	return more + 1;
}

/* \u and its kin at the front of in: how many bytes it has, and of its character; 0 where it is none. */
static size_t numbered(struct gbx_slice in, uint8_t *out, size_t *len)
{
	size_t digits = in.data[1] == 'x' ? 2 : in.data[1] == 'u' ? 4 : in.data[1] == 'U' ? 8 : 0;
	uint32_t c, low;

	if (digits == 0 || !hex_at(in, 2, digits, &c) || c > 0x10ffff)
		return 0;
	bool pair = digits == 4 && c >= 0xd800 && c < 0xdc00 && in.len >= 12 && in.data[6] == '\\' && in.data[7] == 'u' &&
		    hex_at(in, 8, 4, &low) && low >= 0xdc00 && low < 0xe000;
	*len = put_point(pair ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : c, out);
	return pair ? 12 : 2 + digits;
}

static size_t backslashed(struct gbx_slice in, uint8_t *out, size_t *len)
{
	static const char letters[] = "abefnrtv", meant[] = "\a\b\033\f\n\r\t\v";
	const char *letter;

	if (*in.data != '\\' || in.len < 2)
		return 0;
	letter = in.data[1] ? strchr(letters, in.data[1]) : NULL;
	*len = 1;
	*out = letter ? (uint8_t)meant[letter - letters] : in.data[1];
	return letter || !isalnum(in.data[1]) ? 2 : numbered(in, out, len);
}

static size_t percented(struct gbx_slice in, uint8_t *out, size_t *len)
{
	uint32_t c;

	if (*in.data != '%' || !hex_at(in, 1, 2, &c))
		return 0;
	*out = (uint8_t)c;
	*len = 1;
	return 3;
}

static int resolve(struct gbx_slice text, size_t (*escape)(struct gbx_slice, uint8_t *, size_t *), struct gbx_bytes *out,
		   struct gbx_error *err)
{
	int rc = gbx_bytes_reserve(out, text.len + 1, err);

	while (rc == 0 && text.len) {
		uint8_t made[4];
		size_t len, taken = escape(text, made, &len);
		if (taken == 0) {
			made[0] = *text.data;
			taken = len = 1;
		}
		memcpy(out->data + out->len, made, len);
		out->len += len;
		text = gbx_slice(text.data + taken, text.len - taken);
	}
	if (rc == 0)
		out->data[out->len] = 0;
	return rc;
}

int gbx_unescape(struct gbx_slice text, struct gbx_bytes *out, struct gbx_error *err)
{
	return resolve(text, backslashed, out, err);
}

int gbx_unpercent(struct gbx_slice text, struct gbx_bytes *out, struct gbx_error *err)
{
	return resolve(text, percented, out, err);
}
