/* DSSE: the specification's example, our one form, and what others may send. */
#include "test_trust.h"
#include "trust/dsse.h"

#define TYPE "application/vnd.in-toto+json"

static void the_pae_of_the_specification(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes pae = {0};

	(void)state;
	assert_int_equal(gbx_dsse_pae(gbx_slice_text("http://example.com/HelloWorld"), gbx_slice_text("hello world"), &pae, NULL), 0);
	assert_string_equal((char *)pae.data, "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
	pae.len = 0;
	assert_int_equal(gbx_dsse_pae(gbx_slice("", 0), gbx_slice("", 0), &pae, NULL), 0);
	assert_string_equal((char *)pae.data, "DSSEv1 0  0 ");
}

/* Reads and verifies. */
static int check_text(struct gbx_slice text, bool strict, const struct gbx_key *key)
{
	GBX_AUTO_DSSE struct gbx_dsse e = {0};
	int rc = gbx_dsse_read(text, strict, &e, NULL);

	return rc ? rc : gbx_dsse_verify(&e, gbx_key_public(key), NULL);
}

static void an_envelope_comes_back(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1), *other = key_of_seed(SEED_2);
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	GBX_AUTO_DSSE struct gbx_dsse e = {0};

	(void)state;
	assert_int_equal(gbx_dsse_write(TYPE, gbx_slice_text("{\"a\":1}"), key, &text, NULL), 0);
	assert_true(gbx_slice_starts(gbx_slice_of(&text),
				     "{\"payload\":\"eyJhIjoxfQ==\",\"payloadType\":\"" TYPE "\",\"signatures\":[{\"keyid\":\""
				     "21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9\",\"sig\":\""));
	assert_int_equal(gbx_dsse_read(gbx_slice_of(&text), true, &e, NULL), 0);
	assert_true(gbx_slice_is(gbx_slice_of(&e.payload), "{\"a\":1}"));
	assert_string_equal(e.type, TYPE);
	assert_true(e.has_signature);
	assert_int_equal(gbx_dsse_verify(&e, gbx_key_public(key), NULL), 0);
	assert_int_equal(gbx_dsse_verify(&e, gbx_key_public(other), NULL), GBX_E_BAD);
	e.payload.data[0] ^= 1;
	assert_int_equal(gbx_dsse_verify(&e, gbx_key_public(key), NULL), GBX_E_BAD);
}

static void an_unsigned_envelope(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes text = {0};

	(void)state;
	assert_int_equal(gbx_dsse_write("x/y", gbx_slice_text(""), NULL, &text, NULL), 0);
	assert_string_equal((char *)text.data, "{\"payload\":\"\",\"payloadType\":\"x/y\",\"signatures\":[]}");
	assert_int_equal(check_text(gbx_slice_of(&text), true, key), GBX_E_NOTFOUND);
}

static void every_changed_bit_is_refused(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes text = {0};

	(void)state;
	assert_int_equal(gbx_dsse_write(TYPE, gbx_slice_text("{\"a\":[1,2,3]}"), key, &text, NULL), 0);
	for (size_t bit = 0; bit < text.len * 8; bit++) {
		text.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_true(check_text(gbx_slice_of(&text), true, key) < 0);
		text.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < text.len; len++)
		assert_true(check_text(gbx_slice(text.data, len), true, key) < 0);
	assert_int_equal(check_text(gbx_slice_of(&text), true, key), 0);
}

/* The same content as others may write it: fine for them, not in our own documents. */
static void other_forms_of_one_content(void **state)
{
	static const char *const form[] = {
		"{\"payloadType\":\"x/y\",\"payload\":\"-_8=\",\"signatures\":[{\"sig\":\"%s\"}]}",
		" {\"payload\":\"+/8=\",\"payloadType\":\"x/y\",\"signatures\":[{\"keyid\":null,\"sig\":\"%s\",\"more\":1}],\"extra\":{}}\n",
		"{\"payload\":\"\\u002b/8=\",\"payloadType\":\"x\\/y\",\"signatures\":[{\"keyid\":\"\",\"sig\":\"%s\"}]}",
	};
	static const uint8_t payload[] = {0xfb, 0xff};
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes pae = {0}, base64 = {0};
	uint8_t signature[64];

	(void)state;
	assert_int_equal(gbx_dsse_pae(gbx_slice_text("x/y"), gbx_slice(payload, 2), &pae, NULL), 0);
	assert_int_equal(gbx_key_sign(key, gbx_slice_of(&pae), signature, NULL), 0);
	assert_int_equal(gbx_base64(signature, 64, &base64, NULL), 0);
	for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
		char text[400];
		const char *at = strstr(form[i], "%s");
		snprintf(text, sizeof text, "%.*s%s%s", (int)(at - form[i]), form[i], (char *)base64.data, at + 2);
		assert_int_equal(check_text(gbx_slice_text(text), false, key), 0);
		assert_int_equal(check_text(gbx_slice_text(text), true, key), GBX_E_MALFORMED);
	}
}

#define SIG "{\"sig\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\"}"

static void envelopes_that_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "[]", "{}", "{\"payload\":\"\",\"payloadType\":\"x\"}", "{\"payload\":\"\",\"signatures\":[]}",
		"{\"payloadType\":\"x\",\"signatures\":[]}", "{\"payload\":1,\"payloadType\":\"x\",\"signatures\":[]}",
		"{\"payload\":\"A\",\"payloadType\":\"x\",\"signatures\":[]}", "{\"payload\":\"\",\"payloadType\":\"\",\"signatures\":[]}",
		"{\"payload\":\"\",\"payloadType\":\"a b\",\"signatures\":[]}", "{\"payload\":\"\",\"payloadType\":\"\\u00e9\",\"signatures\":[]}",
		"{\"payload\":\"\",\"payloadType\":\"x\",\"signatures\":[{}]}", "{\"payload\":\"\",\"payloadType\":\"x\",\"signatures\":[1]}",
		"{\"payload\":\"\",\"payloadType\":\"x\",\"signatures\":[{\"sig\":\"AAAA\"}]}",
		"{\"payload\":\"\",\"payloadType\":\"x\",\"signatures\":[" SIG "," SIG "]}",
		"{\"payload\":\"\",\"payload\":\"\",\"payloadType\":\"x\",\"signatures\":[]}",
	};
	GBX_AUTO_DSSE struct gbx_dsse e = {0};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (gbx_dsse_read(gbx_slice_text(bad[i]), false, &e, NULL) != GBX_E_MALFORMED)
			fail_msg("was taken: %s", bad[i]);
	assert_null(e.payload.data);
	assert_int_equal(gbx_dsse_read(gbx_slice_text("{\"payload\":\"\",\"payloadType\":\"x\",\"signatures\":[" SIG "]}"), false, &e, NULL), 0);
}

static void limits(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes payload = {0}, text = {0};
	char type[GBX_DSSE_TYPE_MAX + 2];

	(void)state;
	memset(type, 'x', sizeof type);
	type[GBX_DSSE_TYPE_MAX + 1] = 0;
	assert_int_equal(gbx_dsse_write(type, gbx_slice_text("a"), key, &text, NULL), GBX_E_USAGE);
	type[GBX_DSSE_TYPE_MAX] = 0;
	assert_int_equal(gbx_bytes_reserve(&payload, GBX_LIMIT_JSON + 1, NULL), 0);
	memset(payload.data, 'y', GBX_LIMIT_JSON + 1);
	payload.len = GBX_LIMIT_JSON + 1;
	assert_int_equal(gbx_dsse_write(type, gbx_slice_of(&payload), key, &text, NULL), GBX_E_LIMIT);
	payload.len--;
	assert_int_equal(gbx_dsse_write(type, gbx_slice_of(&payload), key, &text, NULL), 0);
	assert_true(text.len <= GBX_LIMIT_DSSE);
	assert_int_equal(check_text(gbx_slice_of(&text), true, key), 0);
	GBX_AUTO_BYTES struct gbx_bytes longer = {0};
	assert_int_equal(gbx_bytes_reserve(&longer, GBX_LIMIT_DSSE + 1, NULL), 0);
	memset(longer.data, ' ', GBX_LIMIT_DSSE + 1);
	assert_int_equal(check_text(gbx_slice(longer.data, GBX_LIMIT_DSSE + 1), false, key), GBX_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pae_of_the_specification),
		cmocka_unit_test(an_envelope_comes_back),
		cmocka_unit_test(an_unsigned_envelope),
		cmocka_unit_test(every_changed_bit_is_refused),
		cmocka_unit_test(other_forms_of_one_content),
		cmocka_unit_test(envelopes_that_are_refused),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
