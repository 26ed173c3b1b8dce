#include "base/text.h"

#include <stdio.h>
#include <time.h>

void gbx_hex(const uint8_t *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[data[i] >> 4];
		out[2 * i + 1] = digits[data[i] & 15];
	}
	out[2 * len] = 0;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool gbx_unhex(struct gbx_slice text, uint8_t *out, size_t len)
{
	if (text.len != 2 * len)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (hex_digit(text.data[i]) < 0)
			return false;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(hex_digit(text.data[2 * i]) << 4 | hex_digit(text.data[2 * i + 1]));
	return true;
}

int gbx_base64(const void *data, size_t len, struct gbx_bytes *out, struct gbx_error *err)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = data;
	int rc = gbx_bytes_reserve(out, (len + 2) / 3 * 4 + 1, err);

	for (size_t i = 0; rc == 0 && i < len; i += 3) {
		uint32_t three = (uint32_t)p[i] << 16;
		three |= i + 1 < len ? (uint32_t)p[i + 1] << 8 : 0;
		three |= i + 2 < len ? p[i + 2] : 0;
		char four[4] = {digits[three >> 18], digits[three >> 12 & 63], digits[three >> 6 & 63], digits[three & 63]};
		if (i + 2 >= len)
			four[3] = '=';
		if (i + 1 >= len)
			four[2] = '=';
		rc = gbx_bytes_append(out, four, 4, err);
	}
	return rc;
}

static int base64_digit(uint8_t c, bool url)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (url ? '-' : '+'))
		return 62;
	if (c == (url ? '_' : '/'))
		return 63;
	return -1;
}

/* Four characters into one to three bytes; 0 when they are not base64. */
static size_t unbase64_four(const uint8_t *p, bool last, bool url, uint8_t out[3])
{
	size_t pad = last && p[3] == '=' ? (p[2] == '=' ? 2 : 1) : 0;
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		int v = i >= 4 - pad ? 0 : base64_digit(p[i], url);
		if (v < 0)
			return 0;
		bits = bits << 6 | (uint32_t)v;
	}
	if ((pad == 1 && (bits & 0xff)) || (pad == 2 && (bits & 0xffff)))
		return 0;
	out[0] = (uint8_t)(bits >> 16);
	out[1] = (uint8_t)(bits >> 8);
	out[2] = (uint8_t)bits;
	return 3 - pad;
}

static int unbase64(struct gbx_slice text, bool url, struct gbx_bytes *out, struct gbx_error *err)
{
	size_t was = out->len;

	if (text.len % 4)
		return gbx_fail(err, GBX_E_MALFORMED, "base64 of %zu characters, expected a multiple of 4", text.len);
	int rc = gbx_bytes_reserve(out, text.len / 4 * 3 + 1, err);
	for (size_t i = 0; rc == 0 && i < text.len; i += 4) {
		uint8_t three[3];
		size_t n = unbase64_four(text.data + i, i + 4 == text.len, url, three);
		rc = n ? gbx_bytes_append(out, three, n, err)
		       : gbx_fail(err, GBX_E_MALFORMED, "bad base64 at character %zu", i);
	}
	if (rc)
		out->len = was;
	return rc;
}

int gbx_unbase64(struct gbx_slice text, struct gbx_bytes *out, struct gbx_error *err)
{
	return unbase64(text, false, out, err);
}

int gbx_unbase64_any(struct gbx_slice text, struct gbx_bytes *out, struct gbx_error *err)
{
	bool url = text.len && (memchr(text.data, '-', text.len) || memchr(text.data, '_', text.len));

	return unbase64(text, url, out, err);
}

/* Length of the well-formed sequence at p (RFC 3629 section 4), its code point in *point; 0 where there is none. */
static size_t utf8_sequence(const uint8_t *p, size_t len, uint32_t *point)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;

	if (n == 0 || n > len)
		return 0;
	uint32_t v = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		v = v << 6 | (p[i] & 63u);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*point = v;
	return n;
}

bool gbx_is_utf8(struct gbx_slice text)
{
	uint32_t point;

	while (text.len) {
		size_t n = utf8_sequence(text.data, text.len, &point);
		if (n == 0 || point == 0)
			return false;
		text.data += n;
		text.len -= n;
	}
	return true;
}

/* Characters that move the cursor, change direction, cannot be seen, or look like a space and are none. */
static bool invisible(uint32_t c)
{
	static const uint32_t ranges[][2] = {
		{0, 0x1f}, {0x7f, 0x9f}, {0xa0, 0xa0}, {0xad, 0xad}, {0x34f, 0x34f}, {0x600, 0x605},
		{0x61c, 0x61c}, {0x6dd, 0x6dd}, {0x70f, 0x70f}, {0x890, 0x891}, {0x8e2, 0x8e2}, {0x115f, 0x1160}, {0x1680, 0x1680},
		{0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f}, {0x2800, 0x2800}, {0x3000, 0x3000},
		{0x3164, 0x3164}, {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x13455}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe000, 0xf8ff}, {0xfe00, 0xfe0f},
		{0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0x10ffff},
	};

	if (c >= ' ' && c < 0x7f)
		return false;
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	return false;
}

/* The next character of *text as it is shown, at most 10 bytes; its length. */
static size_t take_printable(struct gbx_slice *text, char out[16])
{
	uint32_t c = 0;
	struct gbx_slice taken;
	size_t n = utf8_sequence(text->data, text->len, &c);

	if (!gbx_take(text, n ? n : 1, &taken))
		return 0;
	if (n == 0 || (c < 0x80 && invisible(c)))
		return (size_t)snprintf(out, 16, "\\x%02x", taken.data[0]);
	if (c == '\\')
		return (size_t)snprintf(out, 16, "\\\\");
	if (invisible(c))
		return (size_t)snprintf(out, 16, "\\u{%x}", c);
	memcpy(out, taken.data, n);
	return n;
}

int gbx_printable(struct gbx_slice text, struct gbx_bytes *out, struct gbx_error *err)
{
	char shown[16];
	int rc = gbx_bytes_append(out, "", 0, err);

	while (rc == 0 && text.len) {
		size_t len = take_printable(&text, shown);
		rc = gbx_bytes_append(out, shown, len, err);
	}
	return rc;
}

const char *gbx_printable_in(struct gbx_slice text, char *out, size_t size)
{
	size_t len = 0, cut = 0; /* cut: how much can stand before "..." */
	char shown[16];

	while (text.len) {
		size_t more = take_printable(&text, shown);
		if (len + more >= size) {
			snprintf(out + cut, size - cut, "...");
			return out;
		}
		memcpy(out + len, shown, more);
		len += more;
		if (len + 4 <= size)
			cut = len;
	}
	out[len] = 0;
	return out;
}

void gbx_make_plain(char *line)
{
	struct gbx_slice rest = gbx_slice_text(line);
	uint32_t c;

	while (rest.len) {
		size_t n = utf8_sequence(rest.data, rest.len, &c);
		if (n == 0 || invisible(c))
			memset(line, '?', n ? n : 1);
		line += n ? n : 1;
		rest.data += n ? n : 1;
		rest.len -= n ? n : 1;
	}
}

bool gbx_parse_u63(struct gbx_slice text, uint64_t *out)
{
	uint64_t v = 0;

	if (text.len == 0 || text.len > 19 || (text.len > 1 && text.data[0] == '0'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(text.data[i] - '0');
	}
	if (v > INT64_MAX)
		return false;
	*out = v;
	return true;
}

static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* The value of each character, and one. */
static const uint8_t crockford_value[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8,
	['8'] = 9, ['9'] = 10, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
	['G'] = 17, ['H'] = 18, ['J'] = 19, ['K'] = 20, ['M'] = 21, ['N'] = 22, ['P'] = 23, ['Q'] = 24,
	['R'] = 25, ['S'] = 26, ['T'] = 27, ['V'] = 28, ['W'] = 29, ['X'] = 30, ['Y'] = 31, ['Z'] = 32,
};

void gbx_ulid_text(const uint8_t ulid[GBX_ULID_LEN], char out[GBX_ULID_TEXT + 1])
{
	uint64_t high = gbx_get_be64(ulid), low = gbx_get_be64(ulid + 8);

	/* From the last character on; two bits are left for the first. */
	for (int c = GBX_ULID_TEXT; c > 0; c--) {
		out[c - 1] = crockford[low & 31];
		low = low >> 5 | high << 59;
		high >>= 5;
	}
	out[GBX_ULID_TEXT] = 0;
}

bool gbx_ulid_parse(struct gbx_slice text, uint8_t out[GBX_ULID_LEN])
{
	uint64_t high = 0, low = 0;

	if (text.len != GBX_ULID_TEXT || text.data[0] > '7')
		return false;
	for (int c = 0; c < GBX_ULID_TEXT; c++) {
		unsigned value = crockford_value[text.data[c]];
		if (value == 0)
			return false;
		high = high << 5 | low >> 59;
		low = low << 5 | (value - 1);
	}
	gbx_put_be64(out, high);
	gbx_put_be64(out + 8, low);
	return true;
}

void gbx_time_text(uint64_t unix_nanos, char out[32])
{
	time_t seconds = (time_t)(unix_nanos / 1000000000u);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm)) {
		snprintf(out, 32, "(time out of range)");
		return;
	}
	size_t len = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + len, 32 - len, ".%03uZ", (unsigned)(unix_nanos / 1000000u % 1000u));
}

size_t gbx_edit_distance(const char *a, const char *b)
{
	size_t row[64];
	size_t la = strlen(a), lb = strlen(b);

	if (la > 60 || lb > 60)
		return 1000;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t up = row[j];
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			best = up + 1 < best ? up + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			diagonal = up;
			row[j] = best;
		}
	}
	return row[lb];
}
