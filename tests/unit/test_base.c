/* Rules of base/ that have an answer from outside: RFC test vectors and known texts. */
#include "base/crc32c.h"
#include "base/json.h"
#include "base/tfrecord.h"
#include "base/text.h"
#include "random.h"
#include "test.h"

static void crc32c_of_rfc_3720(void **state)
{
	uint8_t bytes[32], many[80];

	(void)state;
	memset(bytes, 0, sizeof bytes);
	assert_int_equal(gbx_crc32c(bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, sizeof bytes);
	assert_int_equal(gbx_crc32c(bytes, 32), 0x62a8ab43);
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = i;
	assert_int_equal(gbx_crc32c(bytes, 32), 0x46dd794e);
	assert_int_equal(gbx_crc32c("123456789", 9), 0xe3069283);
	assert_int_equal(gbx_crc32c_by_table("123456789", 9), 0xe3069283);
	for (size_t i = 0; i < sizeof many; i++)
		many[i] = (uint8_t)(i * i + i / 7);
	for (size_t from = 0; from < 9; from++)
		for (size_t len = 0; len <= 70; len++)
			assert_int_equal(gbx_crc32c(many + from, len), gbx_crc32c_by_table(many + from, len));
}

static void base64_of_rfc_4648(void **state)
{
	static const char *const pair[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
					      {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

	(void)state;
	for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
		GBX_AUTO_BYTES struct gbx_bytes text = {0}, back = {0};
		assert_int_equal(gbx_base64(pair[i][0], strlen(pair[i][0]), &text, NULL), 0);
		assert_true(gbx_slice_is(gbx_slice_of(&text), pair[i][1]));
		assert_int_equal(gbx_unbase64(gbx_slice_text(pair[i][1]), &back, NULL), 0);
		assert_true(gbx_slice_is(gbx_slice_of(&back), pair[i][0]));
	}
}

static void base64_has_one_text_a_value(void **state)
{
	static const char *const bad[] = {"Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Z===", "====", "Zm 9", "Zm9v\n", "Zm9_"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		GBX_AUTO_BYTES struct gbx_bytes out = {0};
		assert_int_equal(gbx_unbase64(gbx_slice_text(bad[i]), &out, NULL), GBX_E_MALFORMED);
		assert_int_equal(out.len, 0);
	}
}

static void utf8_is_strict(void **state)
{
	static const char *const good[] = {"", "a", "\xc3\xa9", "\xe2\x80\x94", "\xf0\x9f\x8e\x81", "\xed\x9f\xbf"};
	static const char *const bad[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
					  "\xf8\x88\x80\x80\x80", "\xc3", "\xe2\x80", "\xff"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(gbx_is_utf8(gbx_slice_text(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(gbx_is_utf8(gbx_slice_text(bad[i])));
	assert_false(gbx_is_utf8(gbx_slice("a\0b", 3)));
}

static void what_is_printed_cannot_steer_a_terminal(void **state)
{
	char out[64];

	(void)state;
	assert_string_equal(gbx_printable_in(gbx_slice_text("a\x1b[31m\n\\"), out, sizeof out), "a\\x1b[31m\\x0a\\\\");
	assert_string_equal(gbx_printable_in(gbx_slice_text("x\xe2\x80\xaey"), out, sizeof out), "x\\u{202e}y");
	assert_string_equal(gbx_printable_in(gbx_slice_text("\xff\xc3\xa9"), out, sizeof out), "\\xff\xc3\xa9");
	assert_string_equal(gbx_printable_in(gbx_slice_text("abcdefgh"), out, 8), "abcd...");
}

static void ulid_and_hex_round_trip(void **state)
{
	uint8_t ulid[GBX_ULID_LEN], back[GBX_ULID_LEN];
	char text[GBX_ULID_TEXT + 1];

	(void)state;
	/* ulid/spec's largest one, and one worked by hand. */
	memset(ulid, 0xff, sizeof ulid);
	gbx_ulid_text(ulid, text);
	assert_string_equal(text, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
	assert_true(gbx_ulid_parse(gbx_slice_text("01ARZ3NDEKTSV4RRFFQ69G5FAV"), back));
	gbx_ulid_text(back, text);
	assert_string_equal(text, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
	assert_false(gbx_ulid_parse(gbx_slice_text("81ARZ3NDEKTSV4RRFFQ69G5FAV"), back));
	assert_false(gbx_ulid_parse(gbx_slice_text("01ARZ3NDEKTSV4RRFFQ69G5FAU"), back));
	assert_false(gbx_unhex(gbx_slice_text("AB"), back, 1));
	assert_true(gbx_unhex(gbx_slice_text("ab"), back, 1));
	assert_int_equal(back[0], 0xab);
}

static void json_is_strict(void **state)
{
	static const char *const bad[] = {"", "{", "{\"a\":1,\"a\":2}", "{} x", "[1,]", "{\"a\":\"\\u0000\"}", "\"\xff\""};
	struct gbx_error err;
	json_t *json;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(gbx_json_parse(gbx_slice_text(bad[i]), 1000, "x", &json, &err), GBX_E_MALFORMED);
	char deep[400];
	memset(deep, '[', 200);
	memset(deep + 200, ']', 200);
	assert_int_equal(gbx_json_parse(gbx_slice(deep, 400), 1000, "x", &json, &err), GBX_E_LIMIT);
	assert_int_equal(gbx_json_parse(gbx_slice_text("{}"), 1, "x", &json, &err), GBX_E_LIMIT);
}

static void json_reals_are_short(void **state)
{
	static const char text[] = "{\"lr\":0.0003,\"n\":-7,\"big\":1e+300,\"one\":1.0,\"s\":\"\\u001b\",\"l\":[true,null]}";
	GBX_AUTO_BYTES struct gbx_bytes out = {0};
	GBX_AUTO_JSON json_t *json = NULL;

	(void)state;
	assert_int_equal(gbx_json_parse(gbx_slice_text(text), 1000, "x", &json, NULL), 0);
	assert_int_equal(gbx_json_write(json, &out, NULL), 0);
	assert_string_equal((char *)out.data, "{\"lr\":0.0003,\"n\":-7,\"big\":1e+300,\"one\":1.0,\"s\":\"\\u001B\",\"l\":[true,null]}");
}

/* A character's UTF-8, of at most three bytes. */
static size_t put_utf8(uint32_t c, char *out)
{
	if (c < 0x80)
		return (size_t)snprintf(out, 4, "%c", c);
	if (c < 0x800)
		return (size_t)snprintf(out, 4, "%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
	return (size_t)snprintf(out, 4, "%c%c%c", 0xe0 | c >> 12, 0x80 | (c >> 6 & 0x3f), 0x80 | (c & 0x3f));
}

/* Against jansson's own writer: each character among others, as a name and as a value. */
static void json_texts_are_jansson_s(void **state)
{
	char text[32];

	(void)state;
	for (uint32_t c = 1; c < 0xd800; c += c < 0x900 ? 1 : 61) {
		size_t len = 0;
		for (uint64_t before = random_number(4); before; before--)
			len += put_utf8(1 + (uint32_t)random_number(0x7f), text + len);
		len += put_utf8(c, text + len);
		put_utf8(1 + (uint32_t)random_number(0x7f), text + len);
		GBX_AUTO_BYTES struct gbx_bytes ours = {0};
		GBX_AUTO_JSON json_t *json = json_pack("{s:[s,s]}", text, text, "");
		char *theirs = json_dumps(json, JSON_COMPACT);
		assert_non_null(theirs);
		assert_int_equal(gbx_json_write(json, &ours, NULL), 0);
		assert_string_equal((char *)ours.data, theirs);
		free(theirs);
	}
}

/* Gives so many bytes at a time. */
struct slow {
	struct gbx_input in;
	struct gbx_slice rest;
	size_t step;
};

static int slow_read(struct gbx_input *in, void *buf, size_t len, size_t *got, struct gbx_error *err)
{
	struct slow *s = (struct slow *)in;
	struct gbx_slice piece;

	(void)err;
	*got = len < s->step ? len : s->step;
	if (*got > s->rest.len)
		*got = s->rest.len;
	if (gbx_take(&s->rest, *got, &piece) && *got)
		memcpy(buf, piece.data, *got);
	return 0;
}

/* Files longer than the first buffer, records up to the limit, however few bytes come at a time. */
static void tfrecord_reads_what_was_written(void **state)
{
	static const size_t lens[] = {0, 1, 16356, 16357, 16384, 100, 32768, 65535, 65536, 3, 65536, 40000, 65536, 65536, 65536, 9};
	enum { RECORDS = sizeof lens / sizeof *lens, LIMIT = 65536 };
	static uint8_t bytes[LIMIT + RECORDS];
	GBX_AUTO_BYTES struct gbx_bytes file = {0};
	struct gbx_slice data;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)random_number(256);
	for (size_t i = 0; i < RECORDS; i++)
		assert_int_equal(gbx_tfrecord_frame(gbx_slice(bytes + i, lens[i]), &file, NULL), 0);
	for (size_t step = 1; step < 2 * file.len; step = step * 7 + 3) {
		GBX_AUTO_TFRECORD struct gbx_tfrecord_reader r = {0};
		struct slow in = {{slow_read}, gbx_slice_of(&file), step};
		assert_int_equal(gbx_tfrecord_reader_init(&r, &in.in, LIMIT, NULL), 0);
		for (size_t i = 0; i < RECORDS; i++) {
			assert_int_equal(gbx_tfrecord_next(&r, &data, NULL), 1);
			assert_true(gbx_slice_equal(data, gbx_slice(bytes + i, lens[i])));
		}
		assert_int_equal(gbx_tfrecord_next(&r, &data, NULL), 0);
		assert_true(r.cap <= LIMIT + GBX_TFRECORD_OVERHEAD + 256 * 1024);
	}
}

static void tfrecord_finds_every_changed_bit(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes file = {0};
	struct gbx_memory_input in;
	struct gbx_slice data;

	(void)state;
	assert_int_equal(gbx_tfrecord_frame(gbx_slice_text("hello"), &file, NULL), 0);
	assert_int_equal(gbx_tfrecord_frame(gbx_slice_text(""), &file, NULL), 0);
	for (size_t bit = 0; bit <= file.len * 8; bit++) {
		GBX_AUTO_TFRECORD struct gbx_tfrecord_reader r = {0};
		if (bit < file.len * 8)
			file.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		gbx_memory_input(&in, gbx_slice_of(&file));
		assert_int_equal(gbx_tfrecord_reader_init(&r, &in.in, 100, NULL), 0);
		int first = gbx_tfrecord_next(&r, &data, NULL);
		int second = first == 1 ? gbx_tfrecord_next(&r, &data, NULL) : first;
		if (bit < file.len * 8) {
			assert_true(first < 0 || second < 0);
			file.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		} else {
			assert_true(first == 1 && second == 1 && gbx_tfrecord_next(&r, &data, NULL) == 0);
		}
	}
}

static void tfrecord_finds_every_cut(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes file = {0};
	struct gbx_memory_input in;
	struct gbx_slice data;

	(void)state;
	assert_int_equal(gbx_tfrecord_frame(gbx_slice_text("hello"), &file, NULL), 0);
	for (size_t len = 1; len < file.len; len++) {
		GBX_AUTO_TFRECORD struct gbx_tfrecord_reader r = {0};
		gbx_memory_input(&in, gbx_slice(file.data, len));
		assert_int_equal(gbx_tfrecord_reader_init(&r, &in.in, 100, NULL), 0);
		assert_int_equal(gbx_tfrecord_next(&r, &data, NULL), GBX_E_MALFORMED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc32c_of_rfc_3720),
		cmocka_unit_test(base64_of_rfc_4648),
		cmocka_unit_test(base64_has_one_text_a_value),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(what_is_printed_cannot_steer_a_terminal),
		cmocka_unit_test(ulid_and_hex_round_trip),
		cmocka_unit_test(json_is_strict),
		cmocka_unit_test(json_reals_are_short),
		cmocka_unit_test(json_texts_are_jansson_s),
		cmocka_unit_test(tfrecord_reads_what_was_written),
		cmocka_unit_test(tfrecord_finds_every_changed_bit),
		cmocka_unit_test(tfrecord_finds_every_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
