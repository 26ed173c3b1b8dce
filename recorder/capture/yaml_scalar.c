#include "capture/yaml_scalar.h"

#include "capture/decimal.h"

static bool is_one_of(struct gbx_slice s, const char *const *word)
{
	for (; *word; word++)
		if (gbx_slice_is(s, *word))
			return true;
	return false;
}

static int digit_of(uint8_t c)
{
	uint8_t low = (uint8_t)(c | 0x20);

	if (c >= '0' && c <= '9')
		return c - '0';
	return low >= 'a' && low <= 'f' ? low - 'a' + 10 : 99;
}

/* Digits of a base, underscores between them; false where there is another byte, none at all, or too many. */
static bool read_digits(struct gbx_slice s, unsigned base, uint64_t *out)
{
	bool some = false;

	*out = 0;
	for (size_t i = 0; i < s.len; i++) {
		int digit = digit_of(s.data[i]);
		if (s.data[i] == '_')
			continue;
		if (digit >= (int)base || *out > (UINT64_MAX - (uint64_t)digit) / base)
			return false;
		*out = *out * base + (uint64_t)digit;
		some = true;
	}
	return some;
}

/* "1:30" is 90: YAML 1.1 counts in sixties. */
static bool read_sixties(struct gbx_slice s, uint64_t *out)
{
	uint64_t part;
	const uint8_t *colon = memchr(s.data, ':', s.len);

	if (!colon || s.data[0] == '0' || s.data[0] == '_' || !read_digits(gbx_slice(s.data, (size_t)(colon - s.data)), 10, out))
		return false;
	while (colon) {
		s = gbx_slice(colon + 1, (size_t)(s.data + s.len - colon - 1));
		colon = s.len ? memchr(s.data, ':', s.len) : NULL;
		size_t len = colon ? (size_t)(colon - s.data) : s.len;
		if (len == 0 || len > 2 || memchr(s.data, '_', len) || !read_digits(gbx_slice(s.data, len), 10, &part) || part > 59 ||
		    *out > (UINT64_MAX - part) / 60)
			return false;
		*out = *out * 60 + part;
	}
	return true;
}

/* Whole numbers that JSON has not. */
static bool read_whole(struct gbx_slice s, uint64_t *out)
{
	bool zero = s.len > 1 && s.data[0] == '0';

	if (zero && (s.data[1] == 'b' || s.data[1] == 'x'))
		return read_digits(gbx_slice(s.data + 2, s.len - 2), s.data[1] == 'b' ? 2 : 16, out);
	if (zero)
		return read_digits(gbx_slice(s.data + 1, s.len - 1), 8, out);
	return read_sixties(s, out);
}

static int add_whole(bool negative, uint64_t n, struct gbx_bytes *out, struct gbx_error *err)
{
	return gbx_bytes_printf(out, err, "%s%llu", negative ? "-" : "", (unsigned long long)n);
}

int gbx_yaml_plain(struct gbx_slice s, struct gbx_bytes *number, struct gbx_value *value, struct gbx_error *err)
{
	static const char *const none[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const yes[] = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", NULL};
	static const char *const no[] = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", NULL};
	size_t from = number->len, sign = s.len && (s.data[0] == '-' || s.data[0] == '+');
	bool is_number = false;
	uint64_t n;

	value->kind = GBX_VALUE_TEXT;
	value->text = s;
	if (is_one_of(s, none))
		value->kind = GBX_VALUE_NULL;
	else if (is_one_of(s, yes) || is_one_of(s, no))
		value->kind = GBX_VALUE_BOOLEAN;
	value->boolean = is_one_of(s, yes);
	if (value->kind != GBX_VALUE_TEXT)
		return 0;
	int rc = gbx_decimal_from(s, number, &is_number, err);
	if (rc == 0 && !is_number && s.len > sign && read_whole(gbx_slice(s.data + sign, s.len - sign), &n)) {
		is_number = true;
		rc = add_whole(sign && s.data[0] == '-', n, number, err);
	}
	if (rc == 0 && is_number) {
		value->kind = GBX_VALUE_NUMBER;
		value->text = gbx_slice(number->data + from, number->len - from);
	}
	return rc;
}
