#include "capture/secret_names.h"

#include <stdlib.h>

#define NAME_LOOKED 128 /* of a name, what is looked at */
#define VALUE_LOOKED 4096
#define JUDGED 256

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

/* Small letters, and one separator for all: "--HF-Token" is "__hf_token". */
static size_t plain_name(struct gbx_slice name, char out[NAME_LOOKED + 1])
{
	size_t len = name.len < NAME_LOOKED ? name.len : NAME_LOOKED;
	/* What tells is at the end: "trainer.callbacks.hub.token". */
	const uint8_t *from = name.data + (name.len - len);

	for (size_t i = 0; i < len; i++)
		out[i] = (char)(is_digit(from[i]) || is_letter(from[i]) ? lower(from[i]) : '_');
	out[len] = 0;
	return len;
}

static bool ends_with_one_of(const char *name, size_t len, const char *const *word)
{
	for (; *word; word++) {
		size_t n = strlen(*word);
		if (len >= n && strcmp(name + len - n, *word) == 0)
			return true;
	}
	return false;
}

static bool holds_one_of(const char *name, const char *const *word)
{
	for (; *word; word++)
		if (strstr(name, *word))
			return true;
	return false;
}

enum gbx_secret_name gbx_secret_name(struct gbx_slice name)
{
	static const char *const secret[] = {"password", "passwd", "passphrase", "secret", "api_key", "apikey", "access_key", "accesskey",
					     "private_key", "privatekey", "credential", "auth_key", "authkey", NULL};
	/* Where a thing is, how many of it there are, and of what kind it is. */
	static const char *const about[] = {"file", "path", "dir", "_len", "length", "_size", "count", "_name", "_type", "_format", "_env",
					    "_var", "_id", "_ids", "_url", "_policy", "_limit", NULL};
	/* Tokens of a language model. */
	static const char *const language[] = {"tokeniz", "tokenis", "pad_tok", "eos_tok", "bos_tok", "unk_tok", "mask_tok", "cls_tok",
					       "sep_tok", "image_tok", "special_tok", "start_tok", "end_tok", "stop_tok", "next_tok",
					       "prefix_tok", "suffix_tok", "max_tok", "min_tok", "num_tok", "per_tok", "token_id",
					       "tokens_", "token_type", "token_emb", NULL};
	char plain[NAME_LOOKED + 1];
	size_t len = plain_name(name, plain);

	if (ends_with_one_of(plain, len, about))
		return GBX_NAME_PLAIN;
	if (holds_one_of(plain, secret))
		return GBX_NAME_SECRET;
	if (!strstr(plain, "token") || holds_one_of(plain, language))
		return GBX_NAME_PLAIN;
	static const char *const token[] = {"token", NULL};
	return ends_with_one_of(plain, len, token) ? GBX_NAME_SECRET : GBX_NAME_TOKEN;
}

static bool is_one_of(struct gbx_slice value, const char *const *word)
{
	for (; *word; word++) {
		bool same = value.len == strlen(*word);
		for (size_t i = 0; same && i < value.len; i++)
			same = lower(value.data[i]) == (uint8_t)(*word)[i];
		if (same)
			return true;
	}
	return false;
}

/* Short enough not to be a password of digits. */
static bool is_number(struct gbx_slice value)
{
	char text[32], *end;

	if (value.len == 0 || value.len >= sizeof text || (!is_digit(value.data[0]) && !strchr("+-.", value.data[0])))
		return false;
	memcpy(text, value.data, value.len);
	text[value.len] = 0;
	strtod(text, &end);
	return *end == 0;
}

static bool is_mask(struct gbx_slice value)
{
	for (size_t i = 1; i < value.len; i++)
		if (value.data[i] != value.data[0])
			return false;
	return true;
}

bool gbx_secret_is_placeholder(struct gbx_slice value)
{
	static const char *const nothing[] = {"true", "false", "null", "none", "nil", "yes", "no", "str", "string", "bool", "int", "optional",
					      "redacted", "{secret", NULL};

	if (is_mask(value) || is_one_of(value, nothing))
		return true;
	uint8_t first = value.data[0], last = value.data[value.len - 1];
	return first == '$' || first == '{' || (first == '<' && last == '>') || (first == '%' && last == '%') ||
	       (first == '[' && last == ']');
}

unsigned gbx_secret_variety(struct gbx_slice value)
{
	unsigned count[256] = {0}, squares = 0;
	unsigned n = (unsigned)(value.len < JUDGED ? value.len : JUDGED);

	for (unsigned i = 0; i < n; i++)
		count[value.data[value.len - n + i]]++;
	for (unsigned c = 0; c < 256; c++)
		squares += count[c] * count[c];
	return squares ? n * n / squares : 0;
}

size_t gbx_secret_solid(struct gbx_slice value)
{
	size_t best = 0, from = 0;
	bool letter = false, digit = false;

	for (size_t i = 0; i <= value.len; i++) {
		uint8_t c = i < value.len ? value.data[i] : ' ';
		if (is_letter(c) || is_digit(c)) {
			letter = letter || is_letter(c);
			digit = digit || is_digit(c);
			continue;
		}
		if (letter && digit && i - from > best)
			best = i - from;
		from = i + 1;
		letter = digit = false;
	}
	return best;
}

bool gbx_secret_is_random(struct gbx_slice value)
{
	struct gbx_slice judged = gbx_slice(value.data, value.len < JUDGED ? value.len : JUDGED);

	for (size_t i = 0; i < judged.len; i++)
		if (!is_letter(judged.data[i]) && !is_digit(judged.data[i]) && !strchr("+/=_.~-", judged.data[i]))
			return false;
	return judged.len >= 16 && gbx_secret_solid(judged) >= 12 && gbx_secret_variety(judged) >= 7;
}

bool gbx_secret_value(struct gbx_slice name, struct gbx_slice value)
{
	enum gbx_secret_name kind = gbx_secret_name(name);

	if (kind == GBX_NAME_PLAIN || value.len == 0 || gbx_secret_is_placeholder(value))
		return false;
	if (kind == GBX_NAME_TOKEN)
		return gbx_secret_is_random(value);
	/* A token is no number; a password may be one. */
	char plain[NAME_LOOKED + 1];
	plain_name(name, plain);
	return !strstr(plain, "token") || !is_number(value);
}

static bool in_name(uint8_t c)
{
	return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
}

/* What a value without quotes ends at. What begins a call or an expression is no value. */
static bool ends_value(uint8_t c)
{
	return c <= ' ' || strchr("\"'`,;&|()[]{}<>", c);
}

static size_t skip_blanks(struct gbx_slice text, size_t at)
{
	size_t most = at + 16 < text.len ? at + 16 : text.len;

	while (at < most && (text.data[at] == ' ' || text.data[at] == '\t'))
		at++;
	return at;
}

static bool is_quote(struct gbx_slice text, size_t at)
{
	return at < text.len && (text.data[at] == '"' || text.data[at] == '\'' || text.data[at] == '`');
}

/* Behind what stands between a name and its value; 0 where nothing is assigned. */
static size_t find_value(struct gbx_slice text, size_t from, size_t to)
{
	bool option = to - from > 2 && text.data[from] == '-' && text.data[from + 1] == '-';
	size_t quote = is_quote(text, to) ? to + 1 : to;
	/* A quote that is escaped: JSON in a string. */
	if (quote == to && to + 1 < text.len && text.data[to] == '\\' && is_quote(text, to + 1))
		quote = to + 2;
	size_t at = skip_blanks(text, quote);

	if (at < text.len && (text.data[at] == '=' || text.data[at] == ':')) {
		at++;
		at += at < text.len && (text.data[at] == '=' || text.data[at] == '>');
		return skip_blanks(text, at);
	}
	return option && at > to ? at : 0;
}

struct value {
	size_t from, to;
	bool quoted;
};

static struct value take_value(struct gbx_slice text, size_t at)
{
	at += text.data[at] == '\\' && is_quote(text, at + 1);
	struct value v = {.from = at, .quoted = is_quote(text, at)};
	size_t most = at + VALUE_LOOKED < text.len ? at + VALUE_LOOKED : text.len;

	if (v.quoted) {
		v.from = v.to = at + 1;
		while (v.to < most && text.data[v.to] != text.data[at] && text.data[v.to] != '\n' && text.data[v.to] != '\\')
			v.to++;
		return v;
	}
	for (v.to = at; v.to < most && !ends_value(text.data[v.to]);)
		v.to++;
	return v;
}

/* `ed25519.PrivateKey`: names joined with dots, as code has them. */
static bool is_code(struct gbx_slice value)
{
	bool dotted = false, begins = true;

	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.data[i];
		if (c == '.' && !begins)
			dotted = begins = true;
		else if (is_letter(c) || c == '_' || (is_digit(c) && !begins))
			begins = false;
		else
			return false;
	}
	return dotted;
}

/* #d0d0d0, in a style sheet of tokens. */
static bool is_color(struct gbx_slice value)
{
	return value.len <= 9 && value.data[0] == '#';
}

/* In a text a word behind such a name need not be a value: `password = read_password`. */
static bool is_told(struct gbx_slice name, struct gbx_slice value, bool quoted, bool option)
{
	if (value.len == 0 || is_color(value) || (!quoted && is_code(value)))
		return false;
	/* The value first: it is looked at faster, and most are none. */
	bool mixed = (quoted || option) && value.len >= 6 && gbx_secret_solid(value) >= 4 && !memchr(value.data, ' ', value.len);

	return (mixed || gbx_secret_is_random(value)) && gbx_secret_value(name, value);
}

bool gbx_secret_assigned(struct gbx_secret_assignment *a, size_t at, size_t *from, size_t *to)
{
	struct gbx_slice text = a->text;
	size_t begin = at, end = at;

	if (at < a->name_to || at < a->value_to)
		return false;
	while (begin > a->name_to && at - begin < NAME_LOOKED && in_name(text.data[begin - 1]))
		begin--;
	while (end < text.len && end - at < NAME_LOOKED && in_name(text.data[end]))
		end++;
	a->name_to = end;
	size_t value = find_value(text, begin, end);
	if (value == 0 || value >= text.len)
		return false;
	struct value v = take_value(text, value);
	a->value_to = v.quoted ? a->value_to : v.to;
	if (!v.quoted && v.to < text.len && (text.data[v.to] == '(' || text.data[v.to] == '['))
		return false; /* a call */
	bool option = text.data[begin] == '-';
	if (!is_told(gbx_slice(text.data + begin, end - begin), gbx_slice(text.data + v.from, v.to - v.from), v.quoted, option))
		return false;
	*from = v.from;
	*to = v.to;
	return true;
}
