#include "trust/note.h"

#include "base/limits.h"
#include "digest/hash.h"

#define ED25519_TYPE 0x01
#define DASH "\xe2\x80\x94 " /* U+2014 and a space */

/* The next code point of well-formed UTF-8. */
static uint32_t take_point(struct gbx_slice *in)
{
	uint8_t first = in->data[0];
	size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t point = len == 1 ? first : first & (0xffu >> (len + 1));

	for (size_t i = 1; i < len; i++)
		point = point << 6 | (in->data[i] & 63u);
	in->data += len;
	in->len -= len;
	return point;
}

/* White space by Unicode's White_Space, and the control characters (Cc). */
static bool is_space_or_control(uint32_t c)
{
	return c <= ' ' || (c >= 0x7f && c <= 0xa0) || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
	       c == 0x202f || c == 0x205f || c == 0x3000;
}

bool gbx_is_note_name(struct gbx_slice name)
{
	if (name.len == 0 || name.len > GBX_NAME_MAX || !gbx_is_utf8(name))
		return false;
	while (name.len) {
		uint32_t c = take_point(&name);
		if (c == '+' || is_space_or_control(c))
			return false;
	}
	return true;
}

int gbx_note_key_id(struct gbx_slice name, const uint8_t public_key[GBX_PUBLIC_KEY_LEN], uint8_t id[GBX_NOTE_KEY_ID_LEN],
		    struct gbx_error *err)
{
	static const uint8_t between[] = {'\n', ED25519_TYPE};
	GBX_AUTO_HASH struct gbx_hash *h = NULL;
	uint8_t digest[GBX_SHA256_LEN];
	int rc = gbx_hash_new(&h, GBX_SHA256, err);

	if (rc)
		return rc;
	gbx_hash_start(h);
	gbx_hash_update(h, name.data, name.len);
	gbx_hash_update(h, between, sizeof between);
	gbx_hash_update(h, public_key, GBX_PUBLIC_KEY_LEN);
	rc = gbx_hash_final(h, digest, err);
	if (rc == 0)
		memcpy(id, digest, GBX_NOTE_KEY_ID_LEN);
	return rc;
}

static int check_name(struct gbx_slice name, const char *what, struct gbx_error *err)
{
	char shown[80];

	if (gbx_is_note_name(name))
		return 0;
	return gbx_fail(err, GBX_E_MALFORMED, "%s '%s' is not a name; expected 1 to %d bytes of UTF-8 without white space and '+'", what,
			gbx_printable_in(name, shown, sizeof shown), GBX_NAME_MAX);
}

int gbx_vkey_format(const char *name, const uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes vkey = {0};
	uint8_t id[GBX_NOTE_KEY_ID_LEN], typed[1 + GBX_PUBLIC_KEY_LEN] = {ED25519_TYPE};
	char hex[2 * sizeof id + 1];
	int rc = check_name(gbx_slice_text(name), "key name", err);

	if (rc == 0)
		rc = gbx_note_key_id(gbx_slice_text(name), public_key, id, err);
	if (rc)
		return rc;
	gbx_hex(id, sizeof id, hex);
	memcpy(typed + 1, public_key, GBX_PUBLIC_KEY_LEN);
	rc = gbx_bytes_printf(&vkey, err, "%s+%s+", name, hex);
	if (rc == 0)
		rc = gbx_base64(typed, sizeof typed, &vkey, err);
	return rc ? rc : gbx_bytes_append(out, vkey.data, vkey.len, err);
}

/* Takes what stands before the separator, and the separator. False, and nothing taken, where there is none. */
static bool take_until(struct gbx_slice *in, char separator, struct gbx_slice *out)
{
	const uint8_t *at = in->len ? memchr(in->data, separator, in->len) : NULL;
	struct gbx_slice skipped;

	return at && gbx_take(in, (size_t)(at - in->data), out) && gbx_take(in, 1, &skipped);
}

static int vkey_malformed(struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_MALFORMED, "not a vkey; expected <name>+<8 hex digits>+<base64>");
}

/* The last part of a vkey: type and key. */
static int take_typed_key(struct gbx_slice base64, uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes typed = {0};
	int rc = gbx_unbase64(base64, &typed, err);

	if (rc)
		return rc == GBX_E_MALFORMED ? vkey_malformed(err) : rc;
	if (typed.len == 0)
		return vkey_malformed(err);
	if (typed.data[0] != ED25519_TYPE)
		return gbx_fail(err, GBX_E_VERSION, "a vkey of signature type 0x%02x; only 0x01, Ed25519, is known", typed.data[0]);
	if (typed.len != 1 + GBX_PUBLIC_KEY_LEN)
		return vkey_malformed(err);
	rc = gbx_public_key_check(typed.data + 1, err);
	if (rc == 0)
		memcpy(public_key, typed.data + 1, GBX_PUBLIC_KEY_LEN);
	return rc;
}

int gbx_vkey_parse(struct gbx_slice text, char name[GBX_NAME_MAX + 1], uint8_t public_key[GBX_PUBLIC_KEY_LEN],
		   struct gbx_error *err)
{
	struct gbx_slice who, hex;
	uint8_t said[GBX_NOTE_KEY_ID_LEN], id[GBX_NOTE_KEY_ID_LEN], key[GBX_PUBLIC_KEY_LEN];

	if (!take_until(&text, '+', &who) || !take_until(&text, '+', &hex) || !gbx_unhex(hex, said, sizeof said))
		return vkey_malformed(err);
	int rc = check_name(who, "key name", err);
	if (rc == 0)
		rc = take_typed_key(text, key, err);
	if (rc == 0)
		rc = gbx_note_key_id(who, key, id, err);
	if (rc)
		return rc;
	if (memcmp(said, id, sizeof id) != 0)
		return gbx_fail(err, GBX_E_BAD, "the vkey's id is not that of its name and key");
	memcpy(name, who.data, who.len);
	name[who.len] = 0;
	memcpy(public_key, key, sizeof key);
	return 0;
}

static int note_text(const struct gbx_head_note *note, struct gbx_bytes *out, struct gbx_error *err)
{
	int rc = check_name(gbx_slice_text(note->origin), "origin", err);

	if (rc == 0 && note->size > INT64_MAX)
		rc = gbx_fail(err, GBX_E_LIMIT, "a tree of %llu leaves", (unsigned long long)note->size);
	if (rc == 0)
		rc = gbx_bytes_printf(out, err, "%s\n%llu\n", note->origin, (unsigned long long)note->size);
	if (rc == 0)
		rc = gbx_base64(note->root, sizeof note->root, out, err);
	return rc ? rc : gbx_bytes_append(out, "\n", 1, err);
}

static int add_signature(const char *name, const struct gbx_key *key, struct gbx_bytes *note, struct gbx_error *err)
{
	uint8_t blob[GBX_NOTE_KEY_ID_LEN + GBX_SIGNATURE_LEN];
	int rc = gbx_note_key_id(gbx_slice_text(name), gbx_key_public(key), blob, err);

	if (rc == 0)
		rc = gbx_key_sign(key, gbx_slice_of(note), blob + GBX_NOTE_KEY_ID_LEN, err);
	if (rc == 0)
		rc = gbx_bytes_printf(note, err, "\n" DASH "%s ", name);
	if (rc == 0)
		rc = gbx_base64(blob, sizeof blob, note, err);
	return rc ? rc : gbx_bytes_append(note, "\n", 1, err);
}

int gbx_head_note_sign(const struct gbx_head_note *note, const struct gbx_key *key, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	int rc = note_text(note, &text, err);

	if (rc == 0)
		rc = add_signature(note->origin, key, &text, err);
	return rc ? rc : gbx_bytes_append(out, text.data, text.len, err);
}

static bool has_control(struct gbx_slice note)
{
	for (size_t i = 0; i < note.len; i++)
		if (note.data[i] < ' ' && note.data[i] != '\n')
			return true;
	return false;
}

/* Splits at the last blank line; text keeps its last newline, the blank line belongs to neither. */
static int split(struct gbx_slice note, struct gbx_slice *text, struct gbx_slice *signatures, struct gbx_error *err)
{
	if (note.len > GBX_LIMIT_NOTE)
		return gbx_fail(err, GBX_E_LIMIT, "a note of %zu bytes, at most %u are read", note.len, GBX_LIMIT_NOTE);
	if (!gbx_is_utf8(note) || has_control(note))
		return gbx_fail(err, GBX_E_MALFORMED, "the note is not UTF-8 text without control characters");
	for (size_t i = note.len; i >= 2; i--) {
		if (note.data[i - 1] != '\n' || note.data[i - 2] != '\n')
			continue;
		*text = gbx_slice(note.data, i - 1);
		*signatures = gbx_slice(note.data + i, note.len - i);
		return 0;
	}
	return gbx_fail(err, GBX_E_MALFORMED, "the note has no blank line between its text and its signatures");
}

static int root_malformed(struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_MALFORMED, "the head note's third line is not the base64 of 32 bytes");
}

static int take_root(struct gbx_slice *text, uint8_t root[32], struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes bytes = {0};
	struct gbx_slice line;

	if (!gbx_take_line(text, &line))
		return root_malformed(err);
	int rc = gbx_unbase64(line, &bytes, err);
	if (rc == GBX_E_MALFORMED || (rc == 0 && bytes.len != 32))
		return root_malformed(err);
	if (rc == 0)
		memcpy(root, bytes.data, 32);
	return rc;
}

static int take_head(struct gbx_slice text, struct gbx_head_note *out, struct gbx_error *err)
{
	struct gbx_slice origin, size, extension;

	if (!gbx_take_line(&text, &origin) || !gbx_take_line(&text, &size))
		return gbx_fail(err, GBX_E_MALFORMED, "the head note has less than three lines; expected origin, size and root");
	int rc = check_name(origin, "origin", err);
	if (rc)
		return rc;
	if (!gbx_parse_u63(size, &out->size))
		return gbx_fail(err, GBX_E_MALFORMED, "the head note's second line is not a tree size");
	memcpy(out->origin, origin.data, origin.len);
	out->origin[origin.len] = 0;
	rc = take_root(&text, out->root, err);
	while (rc == 0 && gbx_take_line(&text, &extension))
		if (extension.len == 0)
			rc = gbx_fail(err, GBX_E_MALFORMED, "the head note has an empty extension line");
	return rc;
}

static int line_malformed(size_t number, struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_MALFORMED, "signature line %zu of the note is not \"\xe2\x80\x94 <name> <base64>\"", number);
}

/* Name and blob (id and signature; to be freed by the caller) of the next signature line. */
static int take_signature(struct gbx_slice *in, size_t number, struct gbx_slice *name, struct gbx_bytes *blob,
			  struct gbx_error *err)
{
	struct gbx_slice line, dash;

	if (!gbx_take_line(in, &line) || !gbx_slice_starts(line, DASH) || !gbx_take(&line, strlen(DASH), &dash) ||
	    !take_until(&line, ' ', name) || !gbx_is_note_name(*name))
		return line_malformed(number, err);
	int rc = gbx_unbase64(line, blob, err);
	if (rc == GBX_E_MALFORMED || (rc == 0 && blob->len <= GBX_NOTE_KEY_ID_LEN))
		return line_malformed(number, err);
	return rc;
}

/* Whose signature is looked for, and how often it was found good. */
struct wanted {
	struct gbx_slice name, text;
	const uint8_t *public_key; /* NULL: nobody's */
	uint8_t id[GBX_NOTE_KEY_ID_LEN];
	size_t found;
};

static int check_signature(struct wanted *w, struct gbx_slice name, struct gbx_slice blob, struct gbx_error *err)
{
	if (!w->public_key || !gbx_slice_equal(name, w->name) || memcmp(blob.data, w->id, sizeof w->id) != 0)
		return 0;
	w->found++;
	if (blob.len != GBX_NOTE_KEY_ID_LEN + GBX_SIGNATURE_LEN)
		return gbx_fail(err, GBX_E_BAD, "the key's signature of the note has %zu bytes, expected %d",
				blob.len - GBX_NOTE_KEY_ID_LEN, GBX_SIGNATURE_LEN);
	int rc = gbx_signature_verify(w->public_key, w->text, blob.data + GBX_NOTE_KEY_ID_LEN, err);
	return rc == GBX_E_BAD ? gbx_fail(err, rc, "the key's signature of the note does not verify: the note was changed") : rc;
}

static int walk_signatures(struct gbx_slice lines, struct wanted *w, struct gbx_error *err)
{
	int rc = 0;
	size_t number = 0;

	do {
		GBX_AUTO_BYTES struct gbx_bytes blob = {0};
		struct gbx_slice name;
		if (++number > GBX_LIMIT_NOTE_SIGNATURES)
			return gbx_fail(err, GBX_E_LIMIT, "the note has more than %u signatures", GBX_LIMIT_NOTE_SIGNATURES);
		rc = take_signature(&lines, number, &name, &blob, err);
		if (rc == 0)
			rc = check_signature(w, name, gbx_slice_of(&blob), err);
	} while (rc == 0 && lines.len);
	return rc;
}

static int not_by_key(struct gbx_slice origin, struct gbx_error *err)
{
	char shown[300];

	return gbx_fail(err, GBX_E_BAD, "no signature of the note is by this key under the name '%s'",
			gbx_printable_in(origin, shown, sizeof shown));
}

static int read_note(struct gbx_slice note, const uint8_t *public_key, struct gbx_head_note *out, struct gbx_error *err)
{
	struct wanted w = {.public_key = public_key};
	struct gbx_head_note head = {0};
	struct gbx_slice signatures;
	int rc = split(note, &w.text, &signatures, err);

	if (rc == 0)
		rc = take_head(w.text, &head, err);
	w.name = gbx_slice_text(head.origin);
	if (rc == 0 && public_key)
		rc = gbx_note_key_id(w.name, public_key, w.id, err);
	if (rc == 0)
		rc = walk_signatures(signatures, &w, err);
	if (rc == 0 && public_key && w.found == 0)
		rc = not_by_key(w.name, err);
	if (rc == 0)
		*out = head;
	return rc;
}

int gbx_head_note_verify(struct gbx_slice note, const uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_head_note *out,
			 struct gbx_error *err)
{
	return read_note(note, public_key, out, err);
}

int gbx_head_note_parse(struct gbx_slice note, struct gbx_head_note *out, struct gbx_error *err)
{
	return read_note(note, NULL, out, err);
}
