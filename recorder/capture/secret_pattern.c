#include "capture/secret_pattern.h"

#include <stdlib.h>

#include "base/text.h"

static int unexpected(const char *text, const char *why, struct gbx_error *err)
{
	char shown[200];

	return gbx_fail(err, GBX_E_USAGE, "pattern '%s': %s", gbx_printable_in(gbx_slice_text(text), shown, sizeof shown), why);
}

static void add(struct gbx_pattern_item *item, unsigned from, unsigned to)
{
	for (unsigned c = from; c <= to; c++)
		item->member[c >> 6] |= 1ull << (c & 63);
}

/* What stands between the brackets. */
static const char *parse_class(const char *p, struct gbx_pattern_item *item)
{
	bool inverted = *p == '^';

	for (p += inverted; *p && *p != ']'; p++) {
		if (p[0] == '\\' && p[1] == 's') {
			add(item, ' ', ' ');
			add(item, '\t', '\r');
			p++;
			continue;
		}
		p += p[0] == '\\' && p[1];
		unsigned from = (uint8_t)*p, to = from;
		if (p[1] == '-' && p[2] && p[2] != ']') {
			to = (uint8_t)p[2];
			p += 2;
		}
		add(item, from, to);
	}
	for (size_t i = 0; inverted && i < 4; i++)
		item->member[i] = ~item->member[i];
	return *p ? p + 1 : NULL;
}

/* {n}, {n,} or {n,m}; nothing is one. */
static const char *parse_count(const char *p, struct gbx_pattern_item *item)
{
	char *end;

	item->least = item->most = 1;
	if (*p != '{')
		return p;
	item->least = item->most = strtoul(p + 1, &end, 10);
	if (end == p + 1)
		return NULL;
	if (*end == ',') {
		p = end + 1;
		item->most = strtoul(p, &end, 10);
	}
	bool sane = *end == '}' && (item->most == 0 || item->most >= item->least);
	return sane ? end + 1 : NULL;
}

static const char *parse_literal(const char *p, struct gbx_pattern_item *item)
{
	while (*p && *p != '[' && item->len < GBX_PATTERN_LITERAL) {
		p += p[0] == '\\' && p[1];
		item->literal[item->len++] = (uint8_t)*p++;
	}
	return p;
}

int gbx_pattern_parse(const char *text, struct gbx_pattern *out, struct gbx_error *err)
{
	struct gbx_pattern made = {.at_word = strncmp(text, "\\b", 2) == 0};
	const char *p = text + 2 * made.at_word;

	while (*p) {
		if (made.items == GBX_PATTERN_ITEMS)
			return unexpected(text, "more parts than 12", err);
		struct gbx_pattern_item *item = &made.item[made.items++];
		if (*p == '[') {
			p = parse_class(p + 1, item);
			if (!p)
				return unexpected(text, "a '[' without its ']'", err);
			p = parse_count(p, item);
			if (!p)
				return unexpected(text, "expected {n}, {n,} or {n,m} behind a class", err);
		} else {
			p = parse_literal(p, item);
		}
	}
	if (made.items == 0 || made.item[0].len < 3)
		return unexpected(text, "expected at least three plain bytes at its beginning, by which text is searched", err);
	*out = made;
	return 0;
}

static bool is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Where the run of a class that holds `at` ends. Each byte is walked over once for each item. */
static size_t run_end(const struct gbx_pattern_item *item, struct gbx_slice text, size_t at, size_t *from, size_t *to)
{
	if (at >= *from && at < *to)
		return *to;
	size_t end = at;
	while (end < text.len && gbx_pattern_has(item, text.data[end]))
		end++;
	*from = at;
	*to = end;
	return end;
}

bool gbx_pattern_match(const struct gbx_pattern *p, struct gbx_slice text, size_t at, struct gbx_pattern_runs *runs, size_t *to)
{
	if (p->at_word && at > 0 && is_word(text.data[at - 1]))
		return false;
	for (size_t i = 0; i < p->items; i++) {
		const struct gbx_pattern_item *item = &p->item[i];
		if (item->len) {
			if (text.len - at < item->len || memcmp(text.data + at, item->literal, item->len) != 0)
				return false;
			at += item->len;
			continue;
		}
		size_t end = run_end(item, text, at, &runs->run[i].from, &runs->run[i].to);
		if (end - at < item->least || (item->most && end - at > item->most))
			return false;
		at = end;
	}
	*to = at;
	return true;
}
