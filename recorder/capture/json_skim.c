#include "capture/json_skim.h"

#include "base/limits.h"
#include "base/mem.h"

struct text {
	size_t len;
	bool usable;
	uint8_t data[GBX_LIMIT_PATH];
};

struct skim {
	gbx_skim_fn each;
	void *arg;
	unsigned depth;
	char bracket[GBX_LIMIT_JSON_DEPTH + 1]; /* of each depth */
	bool in_text, wanted, is_key;
	unsigned escape; /* 1: behind a backslash; 2 to 5: hex digits that are still to come, and one */
	uint32_t unit;
	bool began;
	struct text key, value;
};

static int bad(const char *why, struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_MALFORMED, "the JSON document: %s", why);
}

static void put(struct text *t, uint8_t c)
{
	if (t->len == sizeof t->data)
		t->usable = false;
	else
		t->data[t->len++] = c;
}

static struct text *current(struct skim *s)
{
	return s->is_key ? &s->key : &s->value;
}

static void put_unit(struct text *t, uint32_t c)
{
	if (c == 0 || (c >= 0xd800 && c < 0xe000)) {
		t->usable = false;
	} else if (c < 0x80) {
		put(t, (uint8_t)c);
	} else {
		if (c < 0x800) {
			put(t, (uint8_t)(0xc0 | c >> 6));
		} else {
			put(t, (uint8_t)(0xe0 | c >> 12));
			put(t, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
		}
		put(t, (uint8_t)(0x80 | (c & 0x3f)));
	}
}

static int take_escape(struct skim *s, uint8_t c, struct gbx_error *err)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = c ? strchr(from, c) : NULL;
	unsigned digit = c >= '0' && c <= '9' ? c - 48u : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 87u : 16;

	if (s->escape == 1 && c == 'u') {
		s->escape = 5;
		s->unit = 0;
		return 0;
	}
	if (s->escape == 1) {
		s->escape = 0;
		if (!at)
			return bad("an escape that is none", err);
		if (s->wanted)
			put(current(s), (uint8_t)to[at - from]);
		return 0;
	}
	if (digit > 15)
		return bad("an escape that is none", err);
	s->unit = s->unit << 4 | digit;
	if (--s->escape == 1) {
		s->escape = 0;
		if (s->wanted)
			put_unit(current(s), s->unit);
	}
	return 0;
}

static int end_text(struct skim *s, struct gbx_error *err)
{
	s->in_text = false;
	if (s->is_key || !s->wanted || !s->key.usable || !s->value.usable)
		return 0;
	return s->each(s->arg, gbx_slice(s->key.data, s->key.len), gbx_slice(s->value.data, s->value.len), s->depth == 2, err);
}

static void begin_text(struct skim *s)
{
	s->in_text = true;
	s->wanted = s->depth == 1 || (s->depth == 2 && s->bracket[2] == '[');
	if (!s->wanted)
		return;
	current(s)->len = 0;
	current(s)->usable = true;
}

static int open_bracket(struct skim *s, char c, struct gbx_error *err)
{
	if (s->depth == GBX_LIMIT_JSON_DEPTH)
		return gbx_fail(err, GBX_E_LIMIT, "the JSON document: more than %u levels", GBX_LIMIT_JSON_DEPTH);
	if (s->depth == 0 && (c != '{' || s->began))
		return bad("expected one object", err);
	s->began = true;
	s->bracket[++s->depth] = c;
	s->is_key = s->depth == 1;
	return 0;
}

static int take_structure(struct skim *s, uint8_t c, struct gbx_error *err)
{
	switch (c) {
	case '"':
		if (s->depth == 0)
			return bad("expected one object", err);
		begin_text(s);
		return 0;
	case '{':
	case '[':
		return open_bracket(s, (char)c, err);
	case '}':
	case ']':
		if (s->depth == 0 || s->bracket[s->depth] != (c == '}' ? '{' : '['))
			return bad("a bracket that closes nothing", err);
		s->depth--;
		return 0;
	case ':':
		s->is_key = false;
		return 0;
	case ',':
		s->is_key = s->depth == 1;
		return 0;
	default:
		return 0;
	}
}

static int take_byte(struct skim *s, uint8_t c, struct gbx_error *err)
{
	if (!s->in_text)
		return take_structure(s, c, err);
	if (s->escape)
		return take_escape(s, c, err);
	if (c == '\\')
		s->escape = 1;
	else if (c == '"')
		return end_text(s, err);
	else if (s->wanted)
		put(current(s), c);
	return 0;
}

int gbx_json_skim(struct gbx_input *in, gbx_skim_fn each, void *arg, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes buffer = {0};
	GBX_AUTO_STRING char *memory = gbx_calloc(1, sizeof(struct skim));
	struct skim *s = (void *)memory;
	size_t got = 1;
	int rc = s ? gbx_bytes_reserve(&buffer, GBX_LIMIT_RECORD, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a JSON document");

	if (rc)
		return rc;
	s->each = each;
	s->arg = arg;
	while (got) {
		rc = in->read(in, buffer.data, GBX_LIMIT_RECORD, &got, err);
		for (size_t i = 0; rc == 0 && i < got; i++)
			rc = take_byte(s, buffer.data[i], err);
		if (rc)
			return rc;
	}
	return s->began && s->depth == 0 ? 0 : bad("it ends too early", err);
}
