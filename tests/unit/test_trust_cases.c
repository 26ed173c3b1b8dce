/* The signatures that verifiers get wrong: tests/vectors/ed25519.txt, alone and in the place of a note's and an envelope's. */
#include <openssl/err.h>

#include "base/json.h"
#include "test_trust.h"
#include "trust/dsse.h"
#include "trust/note.h"

#define TYPE "application/vnd.in-toto+json"

struct one_case {
	bool good;
	char name[64];
	uint8_t public_key[32], message[1024], signature[128];
	size_t message_len, signature_len;
};

static bool take_field(struct gbx_slice *line, struct gbx_slice *field)
{
	size_t len = 0;
	struct gbx_slice skipped;

	while (len < line->len && line->data[len] != ' ')
		len++;
	return gbx_take(line, len, field) && (line->len == 0 || gbx_take(line, 1, &skipped));
}

static size_t take_hex(struct gbx_slice *line, uint8_t *out, size_t most)
{
	struct gbx_slice field;

	assert_true(take_field(line, &field));
	if (gbx_slice_is(field, "-"))
		return 0;
	assert_true(field.len / 2 <= most && gbx_unhex(field, out, field.len / 2));
	return field.len / 2;
}

static void read_case(struct gbx_slice line, struct one_case *c)
{
	struct gbx_slice field;

	assert_true(take_field(&line, &field));
	c->good = gbx_slice_is(field, "good");
	assert_true(c->good || gbx_slice_is(field, "bad"));
	assert_true(take_field(&line, &field));
	snprintf(c->name, sizeof c->name, "%.*s", (int)field.len, (const char *)field.data);
	assert_int_equal(take_hex(&line, c->public_key, sizeof c->public_key), 32);
	c->message_len = take_hex(&line, c->message, sizeof c->message);
	c->signature_len = take_hex(&line, c->signature, sizeof c->signature);
	assert_int_equal(line.len, 0);
}

static void each_case(void (*check)(const struct one_case *c))
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct one_case c;
	struct gbx_slice rest, line;
	size_t count = 0;

	assert_int_equal(gbx_load_file(GBX_SOURCE_DIR "/tests/vectors/ed25519.txt", 1u << 20, &text, NULL), 0);
	rest = gbx_slice_of(&text);
	while (gbx_take_line(&rest, &line)) {
		if (gbx_slice_starts(line, "#"))
			continue;
		read_case(line, &c);
		check(&c);
		count++;
	}
	assert_int_equal(rest.len, 0);
	assert_true(count > 100);
}

static void check_alone(const struct one_case *c)
{
	struct gbx_error err;

	if (c->signature_len != GBX_SIGNATURE_LEN)
		return; /* its length is refused before it is a signature: see below */
	int rc = gbx_signature_verify(c->public_key, gbx_slice(c->message, c->message_len), c->signature, &err);
	if (rc != (c->good ? 0 : GBX_E_BAD))
		fail_msg("%s: %d %s", c->name, rc, rc ? err.line : "");
	if (ERR_peek_error())
		fail_msg("%s leaves an error in OpenSSL's queue", c->name);
}

static void each_case_alone(void **state)
{
	(void)state;
	each_case(check_alone);
}

static bool is_weak(const struct one_case *c)
{
	return strncmp(c->name, "key-small-order-", 16) == 0 || strncmp(c->name, "key-not-reduced-", 16) == 0 ||
	       strcmp(c->name, "key-all-ones") == 0;
}

/* As a key that somebody trusts: in PEM and as a vkey. */
static void check_key_file(const struct one_case *c)
{
	GBX_AUTO_BYTES struct gbx_bytes pem = {0}, vkey = {0};
	const char *path = in_folder("case.pub");
	uint8_t key[32];
	char name[GBX_NAME_MAX + 1];
	struct gbx_error err;
	int want = is_weak(c) ? GBX_E_BAD : 0;

	assert_int_equal(gbx_public_key_check(c->public_key, &err), want);
	assert_int_equal(gbx_public_pem(c->public_key, &pem, &err), 0);
	put_file(path, gbx_slice_of(&pem), 0644);
	if (gbx_public_load(path, key, &err) != want || (want && !strstr(err.line, path)))
		fail_msg("%s: %s", c->name, err.line);
	assert_int_equal(gbx_vkey_format("ada", c->public_key, &vkey, &err), 0);
	assert_int_equal(gbx_vkey_parse(gbx_slice_of(&vkey), name, key, &err), want);
	put_file(path, gbx_slice_of(&vkey), 0644);
	if (gbx_public_load(path, key, &err) != want || (want && !strstr(err.line, path)))
		fail_msg("%s: %s", c->name, err.line);
	assert_int_equal(unlink(path), 0);
}

static void each_key_as_a_file(void **state)
{
	(void)state;
	each_case(check_key_file);
}

/* An envelope whose pre-authentication encoding no case has as its message: none of the signatures is good for it. */
static void check_in_envelope(const struct one_case *c)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	GBX_AUTO_DSSE struct gbx_dsse envelope = {0};
	struct gbx_error err;

	assert_int_equal(gbx_bytes_printf(&text, &err, "{\"payload\":\"e30=\",\"payloadType\":\"" TYPE "\",\"signatures\":[{\"keyid\":\"\",\"sig\":\""), 0);
	assert_int_equal(gbx_base64(c->signature, c->signature_len, &text, &err), 0);
	assert_int_equal(gbx_bytes_printf(&text, &err, "\"}]}"), 0);
	int rc = gbx_dsse_read(gbx_slice_of(&text), true, &envelope, &err);
	if (c->signature_len != GBX_SIGNATURE_LEN) {
		assert_int_equal(rc, GBX_E_MALFORMED);
		return;
	}
	assert_int_equal(rc, 0);
	assert_int_equal(gbx_dsse_verify(&envelope, c->public_key, &err), GBX_E_BAD);
}

static void each_case_in_an_envelope(void **state)
{
	(void)state;
	each_case(check_in_envelope);
}

static void put_note(const uint8_t *public_key, const uint8_t *signature, size_t len, struct gbx_bytes *out)
{
	uint8_t blob[GBX_NOTE_KEY_ID_LEN + 128];

	assert_int_equal(gbx_note_key_id(gbx_slice_text("ada"), public_key, blob, NULL), 0);
	memcpy(blob + GBX_NOTE_KEY_ID_LEN, signature, len);
	assert_int_equal(gbx_bytes_printf(out, NULL, "ada\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\xe2\x80\x94 ada "), 0);
	assert_int_equal(gbx_base64(blob, GBX_NOTE_KEY_ID_LEN + len, out, NULL), 0);
	assert_int_equal(gbx_bytes_append(out, "\n", 1, NULL), 0);
}

static void check_in_note(const struct one_case *c)
{
	GBX_AUTO_BYTES struct gbx_bytes note = {0};
	struct gbx_head_note head;
	struct gbx_error err;

	put_note(c->public_key, c->signature, c->signature_len, &note);
	int rc = gbx_head_note_verify(gbx_slice_of(&note), c->public_key, &head, &err);
	/* Without a byte behind the key's id there is no signature at all. */
	if (rc != (c->signature_len ? GBX_E_BAD : GBX_E_MALFORMED))
		fail_msg("%s: %d %s", c->name, rc, rc ? err.line : "");
}

static void each_case_in_a_note(void **state)
{
	(void)state;
	each_case(check_in_note);
}

/* The same mistakes made with a signature of this very text. */
static size_t spoil(unsigned how, uint8_t s[128])
{
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
					  0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
	uint8_t half[32];
	unsigned carry = 0;

	switch (how) {
	case 0: /* S + L */
		for (size_t i = 0; i < 32; i++) {
			carry += (unsigned)s[32 + i] + order[i];
			s[32 + i] = (uint8_t)carry;
			carry >>= 8;
		}
		return 64;
	case 1:
		memcpy(half, s, 32);
		memcpy(s, s + 32, 32);
		memcpy(s + 32, half, 32);
		return 64;
	case 2:
		memset(s, 0, 64);
		return 64;
	case 3:
		return 63;
	case 4:
		return 65;
	case 5:
		s[63] ^= 0x80;
		return 64;
	case 6:
		s[0] ^= 1;
		return 64;
	default:
		return 0;
	}
}

static void a_spoiled_signature_of_a_note(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	static const char text[] = "ada\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
	uint8_t good[128] = {0}, bad[128];
	struct gbx_head_note head;
	size_t len;

	(void)state;
	assert_int_equal(gbx_key_sign(key, gbx_slice_text(text), good, NULL), 0);
	memcpy(bad, good, sizeof bad);
	for (unsigned how = 0; (len = spoil(how, bad)) != 0; how++) {
		GBX_AUTO_BYTES struct gbx_bytes note = {0};
		put_note(gbx_key_public(key), bad, len, &note);
		assert_int_equal(gbx_head_note_verify(gbx_slice_of(&note), gbx_key_public(key), &head, NULL), GBX_E_BAD);
		memcpy(bad, good, sizeof bad);
	}
	GBX_AUTO_BYTES struct gbx_bytes note = {0};
	put_note(gbx_key_public(key), good, 64, &note);
	assert_int_equal(gbx_head_note_verify(gbx_slice_of(&note), gbx_key_public(key), &head, NULL), 0);
}

static void a_spoiled_signature_of_an_envelope(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	GBX_AUTO_DSSE struct gbx_dsse envelope = {0};
	uint8_t bad[128] = {0};
	size_t len;

	(void)state;
	assert_int_equal(gbx_dsse_write(TYPE, gbx_slice_text("{}"), key, &text, NULL), 0);
	assert_int_equal(gbx_dsse_read(gbx_slice_of(&text), true, &envelope, NULL), 0);
	assert_int_equal(gbx_dsse_verify(&envelope, gbx_key_public(key), NULL), 0);
	struct gbx_dsse changed = envelope;
	memcpy(bad, envelope.signature, 64);
	for (unsigned how = 0; (len = spoil(how, bad)) != 0; how++) {
		memcpy(changed.signature, bad, 64);
		if (len == 64)
			assert_int_equal(gbx_dsse_verify(&changed, gbx_key_public(key), NULL), GBX_E_BAD);
		memcpy(bad, envelope.signature, 64);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_alone),
		cmocka_unit_test(each_key_as_a_file),
		cmocka_unit_test(each_case_in_an_envelope),
		cmocka_unit_test(each_case_in_a_note),
		cmocka_unit_test(a_spoiled_signature_of_a_note),
		cmocka_unit_test(a_spoiled_signature_of_an_envelope),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
