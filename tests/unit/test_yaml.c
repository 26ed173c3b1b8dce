/* YAML configs: what is read, what is refused, and that nothing makes the reader slow or big. Types are compared with PyYAML's in
 * cli/yaml_types.py. */
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "capture/config.h"
#include "capture/document.h"
#include "scratch.h"

static int read_bytes(const void *data, size_t len, struct gbx_config *c)
{
	struct gbx_error err;

	put_file("c.yaml", data, len);
	assert_int_equal(gbx_config_read("c.yaml", c, &err), 0);
	return c->reason;
}

static void expect(const char *text, const char *listed)
{
	static const char letter[] = "tnb0j";
	GBX_AUTO_CONFIG struct gbx_config c = {0};
	GBX_AUTO_BYTES struct gbx_bytes got = {0};

	assert_int_equal(read_bytes(text, strlen(text), &c), 0);
	assert_string_equal(c.format, "yaml");
	assert_int_equal(gbx_bytes_append(&got, "", 0, NULL), 0);
	for (size_t i = 0; i < c.parameters.len; i++) {
		const struct gbx_parameter *p = &c.parameters.parameter[i];
		assert_int_equal(gbx_bytes_printf(&got, NULL, "%s %c %s\n", p->name, letter[p->kind], p->text ? p->text : p->boolean ? "yes" : "no"), 0);
	}
	assert_string_equal((char *)got.data, listed);
}

static void expect_reason(const char *text, int reason, const char *why)
{
	GBX_AUTO_CONFIG struct gbx_config c = {0};

	assert_int_equal(read_bytes(text, strlen(text), &c), reason);
	assert_int_equal(c.parameters.len, 0);
	assert_true(c.read && c.content.len == strlen(text));
	if (!strstr(c.why, why))
		fail_msg("'%s' says '%s', expected '%s'", text, c.why, why);
}

static void maps_lists_and_scalars(void **state)
{
	(void)state;
	expect("", "");
	expect("---\n...\n", "");
	expect("# only a comment\n", "");
	expect("lr: 3e-4\nmodel:\n  width: 8\n  bias: no\n  init:\nlist: [1, two, ~]\n", "lr n 3e-4\nmodel.width n 8\nmodel.bias b no\nmodel.init 0 no\nlist j [1,\"two\",null]\n");
	expect("a.b: 1\na: {b: 2, '': 3}\n", "a\\.b n 1\na.b n 2\na.\\e n 3\n");
	expect("big: 123456789012345678901234567890.50\nhex: 0xff\n", "big n 123456789012345678901234567890.50\nhex n 255\n");
	expect("\xef\xbb\xbf" "bom: 1\n", "bom n 1\n");
	expect("{\"json\": \"too\", \"x\": [1]}", "json t too\nx j [1]\n");
	expect("s: \"\\x41\\u00e9\\n\"\n", "s t A\xc3\xa9\n\n");
}

static void utf16_is_read(void **state)
{
	static const uint8_t little[] = {0xff, 0xfe, 'a', 0, ':', 0, ' ', 0, 0xe9, 0, '\n', 0};
	GBX_AUTO_CONFIG struct gbx_config c = {0};

	(void)state;
	assert_int_equal(read_bytes(little, sizeof little, &c), 0);
	assert_int_equal(c.parameters.len, 1);
	assert_string_equal(c.parameters.parameter[0].text, "\xc3\xa9");
}

static void anchors_merges_and_repeated_keys(void **state)
{
	(void)state;
	expect("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n", "a.p n 1\na.q n 2\nb.p n 1\nb.q n 3\n");
	expect("a: &x {p: 1}\nb: &y {p: 2, r: 3}\nc: {<<: [*x, *y], s: 4}\n", "a.p n 1\nb.p n 2\nb.r n 3\nc.r n 3\nc.p n 1\nc.s n 4\n");
	expect("a: 1\na: 2\n", "a n 2\n");
	expect("a: {\"<<\": 1}\n", "a.<< n 1\n");
	expect("a: &x 5\nb: *x\n? *x\n: key\n", "a n 5\nb n 5\n5 t key\n");
	expect("a: &x 1\nb: &x 2\nc: *x\n", "a n 1\nb n 2\nc n 2\n");
	expect("a: {<<: {}}\nb: {<<: {}, c: 1}\n", "a j {}\nb.c n 1\n");
}

static void tags_and_keys_that_only_the_program_knows_are_counted(void **state)
{
	GBX_AUTO_CONFIG struct gbx_config c = {0};
	static const char text[] = "a: !!python/object:os.system {x: 1}\nb: !include other.yaml\n? [1, 2]\n: dropped\nc: !!str 5\nd: !!float 5\ne: ! 5\nf: !!int \"5\"\n";

	(void)state;
	assert_int_equal(read_bytes(text, strlen(text), &c), 0);
	assert_int_equal(c.strange, 3);
	expect(text, "a.x n 1\nb t other.yaml\nc t 5\nd n 5\ne t 5\nf n 5\n");
}

static void what_is_no_yaml_or_no_map_is_a_reason(void **state)
{
	static const struct {
		const char *text;
		int reason;
		const char *why;
	} cases[] = {
		{"a: 1\n---\nb: 2\n", GLASSBOX__GAP__REASON__MALFORMED, "line 2, column 1: a second document"},
		{"a:\n\t- 1\n", GLASSBOX__GAP__REASON__MALFORMED, "line 2"},
		{"a: [1\n", GLASSBOX__GAP__REASON__MALFORMED, "line 2"},
		{"a: *b\n", GLASSBOX__GAP__REASON__MALFORMED, "not there before"},
		{"a: &x [*x]\n", GLASSBOX__GAP__REASON__MALFORMED, "it lies in"},
		{"a: &x\n  b: {c: [*x]}\n", GLASSBOX__GAP__REASON__MALFORMED, "it lies in"},
		{"a: {<<: 3}\n", GLASSBOX__GAP__REASON__MALFORMED, "behind '<<:'"},
		{"a: {<<: [3]}\n", GLASSBOX__GAP__REASON__MALFORMED, "behind '<<:'"},
		{"a: \"\\0\"\n", GLASSBOX__GAP__REASON__MALFORMED, "a NUL"},
		{"a: \xff\n", GLASSBOX__GAP__REASON__MALFORMED, "byte 3"},
		{"a: \x01\n", GLASSBOX__GAP__REASON__MALFORMED, "control"},
		{"- 1\n- 2\n", GLASSBOX__GAP__REASON__NOT_PARSED, "no names"},
		{"just words\n", GLASSBOX__GAP__REASON__NOT_PARSED, "no names"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_reason(cases[i].text, cases[i].reason, cases[i].why);
}

static void depth_is_bounded(void **state)
{
	char text[2 * 200 + 8];

	(void)state;
	for (unsigned depth = GBX_LIMIT_JSON_DEPTH - 1; depth <= 200; depth += 200 - GBX_LIMIT_JSON_DEPTH + 1) {
		memcpy(text, "a: ", 3);
		memset(text + 3, '[', depth);
		memset(text + 3 + depth, ']', depth);
		text[3 + 2 * depth] = 0;
		if (depth == 200)
			expect_reason(text, GLASSBOX__GAP__REASON__TOO_LARGE, "nested deeper");
		else
			expect(text, "a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
				     " j []\n");
	}
}

/* Each list holds the one before ten times. */
static void bomb(struct gbx_bytes *out, const char *leaf, const char *open, const char *close)
{
	out->len = 0;
	assert_int_equal(gbx_bytes_printf(out, NULL, "a0: &a0 %s\n", leaf), 0);
	for (unsigned i = 1; i < 12; i++) {
		assert_int_equal(gbx_bytes_printf(out, NULL, "a%u: &a%u %s", i, i, open), 0);
		for (unsigned k = 0; k < 10; k++)
			assert_int_equal(gbx_bytes_printf(out, NULL, "%s%s%u%s *a%u", k ? ", " : "", *open == '{' ? "k" : "", k, *open == '{' ? ":" : "", i - 1), 0);
		assert_int_equal(gbx_bytes_printf(out, NULL, "%s\n", close), 0);
	}
}

static void bombs_of_aliases_are_bounded(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};

	(void)state;
	bomb(&text, "lol", "{", "}");
	expect_reason((char *)text.data, GLASSBOX__GAP__REASON__TOO_LARGE, "more than");
	bomb(&text, "[[], {}]", "{", "}");
	expect_reason((char *)text.data, GLASSBOX__GAP__REASON__TOO_LARGE, "more than");
	/* Merges copy what they merge. */
	text.len = 0;
	assert_int_equal(gbx_bytes_printf(&text, NULL, "a: &a {"), 0);
	for (unsigned i = 0; i < 2000; i++)
		assert_int_equal(gbx_bytes_printf(&text, NULL, "k%u: 1, ", i), 0);
	assert_int_equal(gbx_bytes_printf(&text, NULL, "}\n"), 0);
	for (unsigned i = 0; i < 2000; i++)
		assert_int_equal(gbx_bytes_printf(&text, NULL, "b%u: {<<: *a}\n", i), 0);
	expect_reason((char *)text.data, GLASSBOX__GAP__REASON__TOO_LARGE, "more than");
	/* Many anchors, and as many looks at all of them. */
	text.len = 0;
	for (unsigned i = 0; i < 12000; i++)
		assert_int_equal(gbx_bytes_printf(&text, NULL, "a%u: &a%u 1\nb%u: *a0\n", i, i, i), 0);
	expect_reason((char *)text.data, GLASSBOX__GAP__REASON__TOO_LARGE, "anchors");
}

static void values_are_bounded(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	GBX_AUTO_CONFIG struct gbx_config c = {0};

	(void)state;
	assert_int_equal(gbx_bytes_printf(&text, NULL, "{\"a\": [1"), 0);
	for (unsigned i = 0; i < GBX_LIMIT_CONFIG_VALUES; i++)
		assert_int_equal(gbx_bytes_append(&text, ",1", 2, NULL), 0);
	assert_int_equal(gbx_bytes_printf(&text, NULL, "]}"), 0);
	put_file("c.json", text.data, text.len);
	assert_int_equal(gbx_config_read("c.json", &c, NULL), 0);
	assert_int_equal(c.reason, GLASSBOX__GAP__REASON__TOO_LARGE);
}

static void json_is_strict_and_keeps_its_digits(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{"{}", true}, {" { } ", true}, {"{\"a\":18446744073709551616,\"b\":1e400,\"c\":-0.0}", true}, {"{\"a\":\"\\ud83d\\ude00\\/\"}", true},
		{"", false}, {"{", false}, {"{}x", false}, {"{\"a\":1,}", false}, {"{\"a\" 1}", false}, {"{a:1}", false}, {"{'a':1}", false},
		{"{\"a\":01}", false}, {"{\"a\":+1}", false}, {"{\"a\":.5}", false}, {"{\"a\":1.}", false}, {"{\"a\":NaN}", false}, {"{\"a\":tru}", false},
		{"{\"a\":\"\\ud83d\"}", false}, {"{\"a\":\"\\ude00\"}", false}, {"{\"a\":\"\\u0000\"}", false}, {"{\"a\":\"\\x41\"}", false},
		{"{\"a\":\"\n\"}", false}, {"{\"a\":1,\"a\":2}", false}, {"{\"a\":1,\"\\u0061\":2}", false}, {"\xef\xbb\xbf{}", false}, {"[1 2]", false},
		{"{\"a\":\"\\u12\"}", false}, {"{\"a\":\"", false}, {"{\"a\":[1,2}", false}, {"{\"a\":/*x*/1}", false},
	};
	struct gbx_error err;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		GBX_AUTO_DOCUMENT struct gbx_document d = {0};
		int rc = gbx_document_json(gbx_slice_text(cases[i].text), "x", &d, &err);
		if (rc != (cases[i].good ? 0 : GBX_E_MALFORMED))
			fail_msg("%s: %d", cases[i].text, rc);
	}
	GBX_AUTO_DOCUMENT struct gbx_document d = {0};
	GBX_AUTO_BYTES struct gbx_bytes again = {0};
	GBX_AUTO_DOCUMENT struct gbx_document pair = {0};
	assert_int_equal(gbx_document_json(gbx_slice_text("[\"\\ud83d\\ude00\\u00e9\\u20ac\\u0041\"]"), "x", &pair, &err), 0);
	assert_true(gbx_slice_is(pair.top->first->text, "\xf0\x9f\x98\x80\xc3\xa9\xe2\x82\xac" "A"));
	static const char text[] = "{\"a\":[18446744073709551616,1e400,0.10,-0,\"\xc3\xa9\\n\",true,null,{}]}";
	assert_int_equal(gbx_document_json(gbx_slice_text(text), "x", &d, &err), 0);
	assert_int_equal(gbx_value_json(d.top, 1000, &again, &err), 0);
	assert_true(gbx_slice_is(gbx_slice_of(&again), text));
	assert_int_equal(gbx_document_json(gbx_slice_text("{\n  \"a\": 1,\n  b}"), "c.json", &d, &err), GBX_E_MALFORMED);
	assert_string_equal(err.line, "c.json: line 3, column 3: a name in quotes was expected");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_lists_and_scalars),
		cmocka_unit_test(utf16_is_read),
		cmocka_unit_test(anchors_merges_and_repeated_keys),
		cmocka_unit_test(tags_and_keys_that_only_the_program_knows_are_counted),
		cmocka_unit_test(what_is_no_yaml_or_no_map_is_a_reason),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(bombs_of_aliases_are_bounded),
		cmocka_unit_test(values_are_bounded),
		cmocka_unit_test(json_is_strict_and_keeps_its_digits),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
