/* The scanner of secrets: hits lie within the text, and what is masked has none of what was found. */
#include "capture/console.h"
#include "target.h"

static struct gbx_scanner *scanner;

static void check_hits(struct gbx_slice text)
{
	static struct gbx_scan scan;
	struct gbx_secret_hit hit;
	size_t hits = 0;

	gbx_scan_begin(&scan, scanner, text);
	while (gbx_scan_next(&scan, &hit)) {
		FUZZ_HOLDS(hit.from < hit.to && hit.to <= text.len && hit.rule);
		/* Each place of a text begins at most one hit of each word that names a rule. */
		FUZZ_HOLDS(++hits <= text.len * 4);
	}
}

static void check_mask(struct gbx_slice text)
{
	static struct gbx_bytes out;
	struct gbx_error err;
	size_t hits = 0;

	out.len = 0;
	FUZZ_HOLDS(gbx_secrets_mask(scanner, text, &out, &hits, &err) == 0);
	FUZZ_HOLDS((hits > 0) == (gbx_scan_first(scanner, text) != NULL));
	FUZZ_HOLDS(hits || gbx_slice_equal(gbx_slice_of(&out), text));
}

static void check_argument(struct gbx_slice text)
{
	static struct gbx_bytes out;
	struct gbx_error err;
	size_t hits = 0, half = text.len / 2;

	out.len = 0;
	FUZZ_HOLDS(gbx_secrets_mask_argument(scanner, gbx_slice(text.data, half), gbx_slice(text.data + half, text.len - half), &out, &hits,
					     &err) == 0);
}

static void check_pattern(struct gbx_slice text)
{
	static struct gbx_pattern_runs runs;
	struct gbx_pattern p;
	struct gbx_error err;
	char pattern[64];
	size_t to, len = text.len < sizeof pattern - 1 ? text.len : sizeof pattern - 1;

	memcpy(pattern, text.data, len);
	pattern[len] = 0;
	runs = (struct gbx_pattern_runs){0};
	if (gbx_pattern_parse(pattern, &p, &err) == 0)
		for (size_t i = 0; i < text.len; i++)
			if (gbx_pattern_match(&p, text, i, &runs, &to))
				FUZZ_HOLDS(to > i && to <= text.len);
}

static struct gbx_console *printed(struct gbx_slice text, size_t step, struct gbx_console_text *out)
{
	struct gbx_console *c = NULL;
	struct gbx_error err;

	FUZZ_HOLDS(gbx_console_new(scanner, &c, &err) == 0);
	for (size_t at = 0; at < text.len; at += step)
		FUZZ_HOLDS(gbx_console_put(c, gbx_slice(text.data + at, text.len - at < step ? text.len - at : step), &err) == 0);
	FUZZ_HOLDS(gbx_console_end(c, out, &err) == 0);
	return c;
}

/* As something printed it is the same in pieces, and no longer than head and tail say. */
static void check_console(struct gbx_slice text)
{
	struct gbx_console_text whole, pieces;
	struct gbx_console *a = printed(text, text.len, &whole), *b = printed(text, 1 + text.data[0] % 16, &pieces);

	FUZZ_HOLDS(whole.size == pieces.size && memcmp(whole.sha256, pieces.sha256, sizeof whole.sha256) == 0);
	FUZZ_HOLDS(gbx_slice_equal(whole.head, pieces.head) && gbx_slice_equal(whole.tail, pieces.tail));
	FUZZ_HOLDS(whole.head.len + whole.tail.len <= whole.size && whole.secrets == pieces.secrets);
	gbx_console_release(&a);
	gbx_console_release(&b);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct gbx_error err;

	(void)argc;
	(void)argv;
	FUZZ_HOLDS(gbx_scanner_new(gbx_secret_rules, &scanner, &err) == 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gbx_slice text = gbx_slice(data, size);

	if (size == 0)
		return 0;
	check_hits(text);
	check_mask(text);
	check_argument(text);
	check_pattern(text);
	check_console(text);
	return 0;
}
