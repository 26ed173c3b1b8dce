/* Patterns of secrets: a small language that matches in linear time, whatever the pattern and the text are.
 *
 *   \b        only at the beginning: the byte before is neither letter nor digit
 *   abc       these bytes; `\` takes the next byte as it stands
 *   [a-z_]    one byte of a class; [^...] one that is not in it; \s in a class stands for white space
 *   {8} {8,} {8,64}   behind a class: how many
 *
 * A class takes all the bytes that it can, and only then their number is looked at: `[A-Z0-9]{16}` is sixteen of them and no
 * seventeenth. So there is one way to match, and nothing to go back to. A pattern begins with at least three literal bytes, by which
 * text is searched. */
#ifndef GBX_CAPTURE_SECRET_PATTERN_H
#define GBX_CAPTURE_SECRET_PATTERN_H

#include "base/bytes.h"

#define GBX_PATTERN_ITEMS 12
#define GBX_PATTERN_LITERAL 40

/* One literal, or one class and how often. */
struct gbx_pattern_item {
	uint8_t literal[GBX_PATTERN_LITERAL];
	size_t len;          /* of the literal; 0: a class */
	uint64_t member[4];  /* a bit for each byte of the class */
	size_t least, most;  /* most 0: any number */
};

struct gbx_pattern {
	bool at_word; /* \b */
	struct gbx_pattern_item item[GBX_PATTERN_ITEMS];
	size_t items;
};

/* GBX_E_USAGE says what in the pattern was not expected. */
int gbx_pattern_parse(const char *text, struct gbx_pattern *out, struct gbx_error *err) GBX_MUST_USE;

static inline bool gbx_pattern_has(const struct gbx_pattern_item *item, uint8_t byte)
{
	return item->member[byte >> 6] >> (byte & 63) & 1;
}

/* For each item the last run of its class that was walked over: from any place within it, it ends where it ended. */
struct gbx_pattern_runs {
	struct {
		size_t from, to;
	} run[GBX_PATTERN_ITEMS];
};

/* Whether the pattern matches text at `at`; *to is behind the match. runs is {0} for a new text, and
 * the same for each call over that text. */
bool gbx_pattern_match(const struct gbx_pattern *p, struct gbx_slice text, size_t at, struct gbx_pattern_runs *runs, size_t *to);

#endif
