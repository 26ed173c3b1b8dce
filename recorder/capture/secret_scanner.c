#include "capture/secret_scanner.h"

#include "base/mem.h"

/* Text is looked at two bytes at a time. A word by which a rule is found has at least three bytes, so one of two pairs in it, one byte
 * apart, is among those looked at. Which two is chosen by how rare their bytes are in text. Of a word of five bytes or more the pair
 * behind has to be one of such a word, too: that leaves few places to look at closely. */
struct word {
	uint8_t text[8], fold[8]; /* fold: 0x20 where both cases of a letter are meant */
	size_t len;
	size_t rule;              /* NAMES: the name of an assignment */
};

#define NAMES SIZE_MAX
#define LONG_WORD 5
#define JUDGED 256
#define WORDS (GBX_SECRET_RULES + 16)
#define PAIRS 65536u

struct link {
	uint16_t word;
	uint16_t offset; /* of the pair in the word */
	uint32_t next;   /* another of the same pair; 0: none */
};

struct gbx_scanner {
	const struct gbx_secret_rule *rule[GBX_SECRET_RULES];
	struct gbx_pattern pattern[GBX_SECRET_RULES];
	size_t rules;
	struct gbx_pattern allowed[GBX_SECRET_ALLOWED];
	size_t alloweds;
	struct word word[WORDS];
	size_t words;
	uint64_t first[PAIRS / 32];  /* two bits a pair: of a short word, of a long one */
	uint64_t second[PAIRS / 64]; /* pairs that stand behind one of a long word */
	uint32_t head[PAIRS];      /* index into link */
	struct link link[WORDS * 2 * 4 + 1];
	uint32_t links; /* the first is not used */
};

void gbx_scanner_release(struct gbx_scanner **s)
{
	gbx_free(*s);
	*s = NULL;
}

/* How common a byte is in source text: the order in 20 MB of Python and C headers. */
static unsigned commonness(uint8_t c)
{
	static const char order[] = "&QJZ$^@!;YX<K~?}W{V%HGzjB/+q|>7*U986MDF`45OLPRI3][CAN\\ST2Evk1#w-x=0ybg:)(h\".muf_pcd,'lonaisrte ";
	const char *found = c ? strchr(order, c) : NULL;

	return found ? (unsigned)(found - order) : 3;
}

/* How many bytes of it are looked for, from one of two places on. */
static size_t window(const struct word *w)
{
	return w->len >= LONG_WORD ? LONG_WORD : 3;
}

static size_t choose_window(const struct word *w)
{
	size_t best = 0;
	unsigned least = ~0u;

	for (size_t i = 0; i + window(w) <= w->len; i++) {
		unsigned sum = 0;
		for (size_t k = 0; k < window(w); k++)
			sum += commonness(w->text[i + k]);
		if (sum < least) {
			least = sum;
			best = i;
		}
	}
	return best;
}

/* A pair in each writing: where a letter's case is no matter, in both. How many; some may be equal. */
static size_t writings(const struct word *w, size_t offset, unsigned pair[4])
{
	size_t n = 0;

	for (unsigned way = 0; way < 4; way++) {
		uint8_t a = w->text[offset], b = w->text[offset + 1];
		if (((way & 1) && !w->fold[offset]) || ((way & 2) && !w->fold[offset + 1]))
			continue;
		a = (uint8_t)(way & 1 ? a ^ 0x20 : a);
		b = (uint8_t)(way & 2 ? b ^ 0x20 : b);
		pair[n++] = (unsigned)a | (unsigned)b << 8;
	}
	return n;
}

static void add_first(struct gbx_scanner *s, size_t word, size_t offset, unsigned pair)
{
	uint32_t at = ++s->links;
	uint64_t bit = window(&s->word[word]) == LONG_WORD ? 2 : 1;

	s->link[at] = (struct link){(uint16_t)word, (uint16_t)offset, s->head[pair]};
	s->head[pair] = at;
	s->first[pair >> 5] |= bit << (pair & 31) * 2;
}

static void add_place(struct gbx_scanner *s, size_t word, size_t offset)
{
	const struct word *w = &s->word[word];
	unsigned pair[4];
	size_t n = writings(w, offset, pair);

	for (size_t i = 0; i < n; i++)
		add_first(s, word, offset, pair[i]);
	n = window(w) == LONG_WORD ? writings(w, offset + 2, pair) : 0;
	for (size_t i = 0; i < n; i++)
		s->second[pair[i] >> 6] |= 1ull << (pair[i] & 63);
}

static void add_word(struct gbx_scanner *s, struct gbx_slice text, bool fold, size_t rule)
{
	size_t at = s->words++;
	struct word *w = &s->word[at];

	w->len = text.len < sizeof w->text ? text.len : sizeof w->text;
	w->rule = rule;
	memcpy(w->text, text.data, w->len);
	for (size_t i = 0; fold && i < w->len; i++)
		w->fold[i] = w->text[i] >= 'a' && w->text[i] <= 'z' ? 0x20 : 0;
	size_t place = choose_window(w);
	add_place(s, at, place);
	add_place(s, at, place + 1);
}

static int add_rule(struct gbx_scanner *s, const struct gbx_secret_rule *rule, struct gbx_error *err)
{
	if (s->rules == GBX_SECRET_RULES)
		return gbx_fail(err, GBX_E_LIMIT, "rule '%s': more than %d rules of secrets", rule->name, GBX_SECRET_RULES);
	int rc = gbx_pattern_parse(rule->pattern, &s->pattern[s->rules], err);
	if (rc)
		return rc;
	const struct gbx_pattern_item *first = &s->pattern[s->rules].item[0];
	s->rule[s->rules] = rule;
	add_word(s, gbx_slice(first->literal, first->len), false, s->rules++);
	return 0;
}

int gbx_scanner_new(const struct gbx_secret_rule *rules, struct gbx_scanner **out, struct gbx_error *err)
{
	/* One of them stands in every name that gbx_secret_name takes for a secret's. */
	static const char *const names[] = {"token", "secret", "passw", "passphra", "api_key", "api-key", "apikey", "access_k", "access-k",
					    "accesske", "private_", "private-", "privatek", "credenti", "auth_key", "authkey"};
	GBX_AUTO_SCANNER struct gbx_scanner *s = gbx_calloc(1, sizeof *s);
	int rc = 0;

	if (!s)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the rules of secrets");
	for (; rc == 0 && rules->name; rules++)
		rc = add_rule(s, rules, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		add_word(s, gbx_slice_text(names[i]), true, NAMES);
	*out = s;
	s = NULL;
	return 0;
}

int gbx_scanner_for(const struct gbx_secret_user *user, struct gbx_scanner **out, struct gbx_error *err)
{
	GBX_AUTO_SCANNER struct gbx_scanner *s = NULL;
	int rc = gbx_scanner_new(gbx_secret_rules, &s, err);

	for (const struct gbx_secret_rule *rule = user ? user->rules : NULL; rc == 0 && rule && rule->name; rule++)
		rc = add_rule(s, rule, err);
	for (const char *const *text = user ? user->allowed : NULL; rc == 0 && text && *text; text++) {
		if (s->alloweds == GBX_SECRET_ALLOWED)
			return gbx_fail(err, GBX_E_LIMIT, "more than %d exceptions of secrets", GBX_SECRET_ALLOWED);
		rc = gbx_pattern_parse(*text, &s->allowed[s->alloweds++], err);
	}
	if (rc)
		return rc;
	*out = s;
	s = NULL;
	return 0;
}

/* A longer value is never allowed: many may begin within one. */
#define ALLOWED 4096

bool gbx_scanner_allows(const struct gbx_scanner *s, struct gbx_slice value)
{
	size_t to;

	for (size_t i = 0; value.len <= ALLOWED && i < s->alloweds; i++) {
		struct gbx_pattern_runs runs = {0};
		if (value.len && gbx_pattern_match(&s->allowed[i], value, 0, &runs, &to) && to == value.len)
			return true;
	}
	return false;
}

void gbx_scan_begin(struct gbx_scan *scan, const struct gbx_scanner *scanner, struct gbx_slice text)
{
	scan->scanner = scanner;
	scan->text = text;
	scan->at = 0;
	scan->next = 0;
	scan->assignment = (struct gbx_secret_assignment){.text = text};
	memset(scan->met, 0, sizeof scan->met);
}

static bool is_word(const struct word *w, struct gbx_slice text, size_t at)
{
	if (text.len - at < w->len)
		return false;
	for (size_t i = 0; i < w->len; i++)
		if ((text.data[at + i] | w->fold[i]) != w->text[i])
			return false;
	return true;
}

/* Most texts are short and meet none: what is kept of each rule is cleared when the first is met. */
static void begin_rule(struct gbx_scan *scan, size_t rule)
{
	uint64_t bit = 1ull << (rule & 63);

	if (scan->met[rule >> 6] & bit)
		return;
	scan->met[rule >> 6] |= bit;
	scan->runs[rule] = (struct gbx_pattern_runs){0};
	scan->refused[rule] = 0;
}

/* Of a long match the beginning and the end are judged: many may begin within one. */
static bool is_mixed(const struct gbx_secret_rule *rule, struct gbx_slice value)
{
	struct gbx_slice begin = gbx_slice(value.data, value.len < JUDGED ? value.len : JUDGED);

	return gbx_secret_variety(value) >= rule->variety && (rule->solid == 0 || gbx_secret_solid(begin) >= rule->solid);
}

static bool look(struct gbx_scan *scan, const struct word *w, size_t at, struct gbx_secret_hit *hit)
{
	size_t from = at, to;

	if (w->rule == NAMES) {
		if (!gbx_secret_assigned(&scan->assignment, at, &from, &to) ||
		    gbx_scanner_allows(scan->scanner, gbx_slice(scan->text.data + from, to - from)))
			return false;
		*hit = (struct gbx_secret_hit){from, to, "named"};
		return true;
	}
	const struct gbx_secret_rule *rule = scan->scanner->rule[w->rule];
	begin_rule(scan, w->rule);
	if (!gbx_pattern_match(&scan->scanner->pattern[w->rule], scan->text, at, &scan->runs[w->rule], &to))
		return false;
	/* What begins within such a match ends where it ends, and is looked at once. */
	if (to == scan->refused[w->rule])
		return false;
	struct gbx_slice value = gbx_slice(scan->text.data + from, to - from);
	if (!is_mixed(rule, value) || gbx_scanner_allows(scan->scanner, value)) {
		scan->refused[w->rule] = to;
		return false;
	}
	*hit = (struct gbx_secret_hit){from, rule->to_end ? scan->text.len : to, rule->name};
	return true;
}

/* Words that may stand around the pair at `at`, from scan->next on. */
static bool look_around(struct gbx_scan *scan, size_t at, struct gbx_secret_hit *hit)
{
	const struct gbx_scanner *s = scan->scanner;

	while (scan->next) {
		const struct link *l = &s->link[scan->next];
		const struct word *w = &s->word[l->word];
		scan->next = l->next;
		if (at >= l->offset && is_word(w, scan->text, at - l->offset) && look(scan, w, at - l->offset, hit))
			return true;
	}
	return false;
}

/* Whether a word may stand around this pair, with that one behind it. */
static bool may_be(const struct gbx_scanner *s, unsigned pair, unsigned behind)
{
	uint64_t word = s->first[pair >> 5] >> (pair & 31) * 2;

	return (word | (word >> 1 & s->second[behind >> 6] >> (behind & 63))) & 1;
}

/* The next place, from `at` on, whose pair may be of a word; len where there is none. */
static size_t next_place(const struct gbx_scanner *s, const uint8_t *text, size_t at, size_t len)
{
	unsigned pair, behind;

	if (at + 1 >= len)
		return len;
	behind = gbx_get_le16(text + at);
	for (; at + 3 < len; at += 2) {
		pair = behind;
		behind = gbx_get_le16(text + at + 2);
		if (may_be(s, pair, behind))
			return at;
	}
	return may_be(s, behind, 0) ? at : len;
}

bool gbx_scan_next(struct gbx_scan *scan, struct gbx_secret_hit *hit)
{
	size_t len = scan->text.len;

	for (;;) {
		if (scan->next && look_around(scan, scan->at - 2, hit))
			return true;
		size_t at = next_place(scan->scanner, scan->text.data, scan->at, len);
		scan->at = at + 2;
		if (at == len) {
			scan->at = len;
			return false;
		}
		scan->next = scan->scanner->head[gbx_get_le16(scan->text.data + at)];
	}
}

const char *gbx_scan_first(const struct gbx_scanner *scanner, struct gbx_slice text)
{
	struct gbx_scan scan;
	struct gbx_secret_hit hit;

	gbx_scan_begin(&scan, scanner, text);
	return gbx_scan_next(&scan, &hit) ? hit.rule : NULL;
}
