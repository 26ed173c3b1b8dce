#include "capture/decimal.h"

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static size_t digits(struct gbx_slice s, size_t at)
{
	size_t n = 0;

	while (at + n < s.len && is_digit(s.data[at + n]))
		n++;
	return n;
}

static bool is_at(struct gbx_slice s, size_t at, const char *any)
{
	return at < s.len && s.data[at] && strchr(any, s.data[at]);
}

bool gbx_is_decimal(struct gbx_slice s)
{
	size_t at = is_at(s, 0, "-");
	size_t whole = digits(s, at);

	if (whole == 0 || (whole > 1 && s.data[at] == '0'))
		return false;
	at += whole;
	if (is_at(s, at, ".")) {
		size_t n = digits(s, ++at);
		if (n == 0)
			return false;
		at += n;
	}
	if (is_at(s, at, "eE")) {
		at++;
		at += is_at(s, at, "+-");
		size_t n = digits(s, at);
		if (n == 0)
			return false;
		at += n;
	}
	return at == s.len;
}

/* Sign, the digits from the first to the last that is not 0, and the power of ten of the first: one for each value. */
struct parts {
	bool negative;
	struct gbx_slice whole, fraction; /* without the zeros around them that say nothing */
	int64_t power;
};

static bool read_power(struct gbx_slice text, int64_t *out)
{
	bool negative = is_at(text, 0, "-");
	size_t at = is_at(text, 0, "+-");

	if (text.len - at > 15)
		return false;
	for (*out = 0; at < text.len; at++)
		*out = *out * 10 + (text.data[at] - '0');
	*out = negative ? -*out : *out;
	return true;
}

static bool take_apart(struct gbx_slice s, struct parts *p)
{
	size_t at = is_at(s, 0, "-"), n = digits(s, at);

	*p = (struct parts){.negative = at, .whole = gbx_slice(s.data + at, n)};
	at += n;
	if (is_at(s, at, ".")) {
		n = digits(s, ++at);
		p->fraction = gbx_slice(s.data + at, n);
		at += n;
	}
	if (at < s.len && !read_power(gbx_slice(s.data + at + 1, s.len - at - 1), &p->power))
		return false;
	return true;
}

static uint8_t digit_of(const struct parts *p, size_t i)
{
	return i < p->whole.len ? p->whole.data[i] : p->fraction.data[i - p->whole.len];
}

/* The first and one behind the last digit that is not 0; both 0 for the number 0. */
static void find_digits(const struct parts *p, size_t *from, size_t *to)
{
	size_t len = p->whole.len + p->fraction.len;

	for (*from = 0; *from < len && digit_of(p, *from) == '0';)
		++*from;
	for (*to = len; *to > *from && digit_of(p, *to - 1) == '0';)
		--*to;
	if (*from == *to)
		*from = *to = 0;
}

bool gbx_decimal_same(struct gbx_slice a, struct gbx_slice b)
{
	struct parts x, y;
	size_t x_from, x_to, y_from, y_to;

	if (gbx_slice_equal(a, b))
		return true;
	if (!take_apart(a, &x) || !take_apart(b, &y))
		return false;
	find_digits(&x, &x_from, &x_to);
	find_digits(&y, &y_from, &y_to);
	if (x_to == 0 || y_to == 0)
		return x_to == y_to;
	int64_t x_power = x.power + (int64_t)x.whole.len - (int64_t)x_from, y_power = y.power + (int64_t)y.whole.len - (int64_t)y_from;
	if (x.negative != y.negative || x_power != y_power || x_to - x_from != y_to - y_from)
		return false;
	for (size_t i = 0; i < x_to - x_from; i++)
		if (digit_of(&x, x_from + i) != digit_of(&y, y_from + i))
			return false;
	return true;
}

/* Digits with single underscores between them, as Python and YAML allow. Appended without; *n is their number. */
static int copy_digits(struct gbx_slice s, size_t *at, struct gbx_bytes *out, size_t *n, struct gbx_error *err)
{
	int rc = 0;

	for (*n = 0; rc == 0 && *at < s.len; ++*at) {
		uint8_t c = s.data[*at];
		if (is_digit(c)) {
			rc = gbx_bytes_append(out, &c, 1, err);
			++*n;
		} else if (c != '_' || *n == 0) {
			break;
		}
	}
	return rc;
}

static int copy_power(struct gbx_slice s, size_t *at, struct gbx_bytes *out, bool *is, struct gbx_error *err)
{
	size_t n = 0;

	if (!is_at(s, *at, "eE"))
		return 0;
	size_t sign = is_at(s, *at + 1, "+-");
	int rc = gbx_bytes_append(out, s.data + *at, 1 + sign, err);
	*at += 1 + sign;
	if (rc == 0)
		rc = copy_digits(s, at, out, &n, err);
	*is = *is && n > 0;
	return rc;
}

int gbx_decimal_from(struct gbx_slice s, struct gbx_bytes *out, bool *is, struct gbx_error *err)
{
	size_t was = out->len, at = is_at(s, 0, "+-"), whole = 0, fraction = 0;
	int rc = is_at(s, 0, "-") ? gbx_bytes_append(out, "-", 1, err) : 0;
	bool number = true;

	size_t start = out->len;
	if (rc == 0)
		rc = copy_digits(s, &at, out, &whole, err);
	if (rc == 0 && whole == 0)
		rc = gbx_bytes_append(out, "0", 1, err);
	/* "007" is 7 for one reader, 7 in base 8 for another, and an error for a third. */
	number = whole < 2 || out->data[start] != '0';
	if (rc == 0 && is_at(s, at, ".")) {
		at++;
		rc = gbx_bytes_append(out, ".", 1, err);
		if (rc == 0)
			rc = copy_digits(s, &at, out, &fraction, err);
		if (rc == 0 && fraction == 0)
			rc = gbx_bytes_append(out, "0", 1, err);
	}
	if (rc == 0)
		rc = copy_power(s, &at, out, &number, err);
	*is = number && rc == 0 && at == s.len && whole + fraction > 0;
	if (!*is)
		out->len = was;
	return rc;
}
