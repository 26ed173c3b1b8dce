/* Names and types of what --config and --param say. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/pb.h"
#include "base/text.h"
#include "capture/config.h"
#include "capture/decimal.h"
#include "test.h"

static char dir[64];

static const char *file_of(const char *name, const char *text, size_t len)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
	return path;
}

/* One line a parameter: name, kind's letter, value. */
static char *listed(const struct gbx_parameters *list)
{
	static char text[4096];
	static const char letter[] = "tnb0j";
	size_t len = 0;

	*text = 0;
	for (size_t i = 0; i < list->len; i++) {
		const struct gbx_parameter *p = &list->parameter[i];
		len += (size_t)snprintf(text + len, sizeof text - len, "%s %c %s\n", p->name, letter[p->kind],
					p->text ? p->text : p->boolean ? "yes" : "no");
	}
	return text;
}

static void read_json(const char *text, struct gbx_config *c)
{
	struct gbx_error err;

	assert_int_equal(gbx_config_read(file_of("c.json", text, strlen(text)), c, &err), 0);
}

static void nested_values_get_dotted_names(void **state)
{
	GBX_AUTO_CONFIG struct gbx_config c = {0};

	(void)state;
	read_json("{\"lr\": 3e-4, \"model\": {\"width\": 8, \"name\": \"gpt\", \"bias\": false, \"init\": null, \"empty\": {}, \"none\": []},"
		  "\"betas\": [0.9, 0.95], \"layers\": [{\"width\": 1}, 7, [2, [3]]], \"big\": 9223372036854775807, \"one\": 1.0}", &c);
	assert_int_equal(c.reason, 0);
	assert_string_equal(c.format, "json");
	assert_string_equal(listed(&c.parameters), "lr n 3e-4\n"
						   "model.width n 8\n"
						   "model.name t gpt\n"
						   "model.bias b no\n"
						   "model.init 0 no\n"
						   "model.empty j {}\n"
						   "model.none j []\n"
						   "betas j [0.9,0.95]\n"
						   "layers.0.width n 1\n"
						   "layers.1 n 7\n"
						   "layers.2.0 n 2\n"
						   "layers.2.1 j [3]\n"
						   "big n 9223372036854775807\n"
						   "one n 1.0\n");
}

static void two_keys_never_share_a_name(void **state)
{
	GBX_AUTO_CONFIG struct gbx_config c = {0};

	(void)state;
	read_json("{\"a.b\": 1, \"a\": {\"b\": 2, \"\": 3}, \"a\\\\.b\": 4, \"\": {\"\": 5}, \"\\\\e\": 6, \"a\\\\\": {\"b\": 7}}", &c);
	assert_string_equal(listed(&c.parameters), "a\\.b n 1\n"
						   "a.b n 2\n"
						   "a.\\e n 3\n"
						   "a\\\\\\.b n 4\n"
						   "\\e.\\e n 5\n"
						   "\\\\e n 6\n"
						   "a\\\\.b n 7\n");
	for (size_t i = 0; i < c.parameters.len; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(c.parameters.parameter[i].name, c.parameters.parameter[j].name);
}

static void a_config_keeps_its_bytes(void **state)
{
	static const char text[] = "{}\n";
	GBX_AUTO_CONFIG struct gbx_config c = {0};
	uint8_t expected[32];

	(void)state;
	read_json(text, &c);
	assert_true(c.read && c.content.len == 3 && c.parameters.len == 0 && c.reason == 0);
	assert_true(gbx_slice_is(gbx_slice_of(&c.content), text));
	assert_true(gbx_unhex(gbx_slice_text("ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"), expected, 32));
	assert_memory_equal(c.sha256, expected, 32);
}

static void expect_reason(const char *path, int reason, bool read)
{
	GBX_AUTO_CONFIG struct gbx_config c = {0};
	struct gbx_error err;

	assert_int_equal(gbx_config_read(path, &c, &err), 0);
	assert_int_equal(c.reason, reason);
	assert_int_equal(c.read, read);
	assert_int_equal(c.parameters.len, 0);
	assert_string_equal(c.format, "");
	assert_true(*c.why);
}

static void what_cannot_be_parsed_is_a_reason(void **state)
{
	static const char *const bad[] = {"", "{", "{\"a\": NaN}", "{\"a\":1,\"a\":2}",
					  "{} {}", "{\"a\": \"\xff\"}"};
	static const char *const no_object[] = {"[1]"};
	char deep[400], fifo[128];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_reason(file_of("c.JSON", bad[i], strlen(bad[i])), GLASSBOX__GAP__REASON__MALFORMED, true);
	expect_reason(file_of("c.toml", "a = 1\n", 6), GLASSBOX__GAP__REASON__NOT_PARSED, true);
	expect_reason(file_of("c", "a: 1\n", 5), GLASSBOX__GAP__REASON__NOT_PARSED, true);
	expect_reason(file_of("c.json", no_object[0], 3), GLASSBOX__GAP__REASON__NOT_PARSED, true);
	memset(deep, '[', 200);
	memset(deep + 200, ']', 200);
	expect_reason(file_of("c.json", deep, 400), GLASSBOX__GAP__REASON__TOO_LARGE, true);
	expect_reason("/nowhere/c.json", GLASSBOX__GAP__REASON__NOT_FOUND, false);
	expect_reason(dir, GLASSBOX__GAP__REASON__NOT_REGULAR, false);
	snprintf(fifo, sizeof fifo, "%s/fifo", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	expect_reason(fifo, GLASSBOX__GAP__REASON__NOT_REGULAR, false);
	if (getuid()) {
		const char *secret = file_of("secret.json", "{}", 2);
		chmod(secret, 0);
		expect_reason(secret, GLASSBOX__GAP__REASON__NO_PERMISSION, false);
	}
}

static void what_is_too_large_is_not_read(void **state)
{
	GBX_AUTO_CONFIG struct gbx_config c = {0};
	const char *path = file_of("big.json", "{", 1);

	(void)state;
	/* A gigabyte that takes no room on the disk. */
	assert_int_equal(truncate(path, 1 << 30), 0);
	assert_int_equal(gbx_config_read(path, &c, NULL), 0);
	assert_int_equal(c.reason, GLASSBOX__GAP__REASON__TOO_LARGE);
	assert_true(!c.read && c.content.len == 0);
}

static void too_many_or_too_long_are_bounded(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	GBX_AUTO_CONFIG struct gbx_config many = {0}, longer = {0};

	(void)state;
	assert_int_equal(gbx_bytes_append(&text, "{\"a\":[[", 7, NULL), 0);
	for (unsigned i = 0; i <= GBX_LIMIT_PARAMETERS; i++)
		assert_int_equal(gbx_bytes_append(&text, "1,", 2, NULL), 0);
	assert_int_equal(gbx_bytes_append(&text, "[]]]}", 5, NULL), 0);
	assert_int_equal(gbx_config_read(file_of("many.json", (char *)text.data, text.len), &many, NULL), 0);
	assert_int_equal(many.reason, GLASSBOX__GAP__REASON__TOO_LARGE);
	assert_int_equal(many.parameters.len, 0);
	text.len = 0;
	assert_int_equal(gbx_bytes_printf(&text, NULL, "{\"%0*d\": {\"x\": 1}, \"%0*d\": {\"\": 2}, \"b\": 3}", GBX_LIMIT_PATH - 1, 0,
					  GBX_LIMIT_PATH - 2, 0), 0);
	assert_int_equal(gbx_config_read(file_of("long.json", (char *)text.data, text.len), &longer, NULL), 0);
	assert_int_equal(longer.reason, 0);
	assert_int_equal(longer.skipped, 2);
	assert_int_equal(longer.parameters.len, 1);
	assert_string_equal(longer.parameters.parameter[0].name, "b");
}

static void options_are_typed_when_they_are_exactly_a_scalar(void **state)
{
	static const char *const options[] = {
		"a=3", "a=3e-4", "a=-0", "a=1.50", "a=123456789012345678901234567890", "a=true", "a=false", "a=null",
		"a=\"q \\u00e9 \\\" x\"", "a=", "a=+1", "a=01", "a=.5", "a=1.", "a=1e", "a=0x1", "a=nan", "a= 1", "a=True", "a=\"x",
		"a=\"x\",\"y\"", "a=\"x\" ", "a=[1]", "a={}", "a.b=c=d", "a=\"", "a=-",
	};
	GBX_AUTO_PARAMETERS struct gbx_parameters list = {0};

	(void)state;
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		assert_int_equal(gbx_parameter_parse(options[i], &list, NULL), 0);
	assert_string_equal(listed(&list), "a n 3\na n 3e-4\na n -0\na n 1.50\na n 123456789012345678901234567890\na b yes\na b no\n"
					   "a 0 no\na t q \xc3\xa9 \" x\na t \na t +1\na t 01\na t .5\na t 1.\na t 1e\na t 0x1\na t nan\n"
					   "a t  1\na t True\na t \"x\na t \"x\",\"y\"\na t \"x\" \na t [1]\na t {}\na.b t c=d\na t \"\na t -\n");
}

static void wrong_options_say_what_was_expected(void **state)
{
	static const char *const bad[] = {"lr", "=3", "a=\xff", "\xff=1", ""};
	GBX_AUTO_PARAMETERS struct gbx_parameters list = {0};
	struct gbx_error err;
	char *text = gbx_asprintf("%0*d=1", GBX_LIMIT_PATH + 1, 0);

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(gbx_parameter_parse(bad[i], &list, &err), GBX_E_USAGE);
		assert_non_null(strstr(err.line, "--param '"));
		assert_true(gbx_is_utf8(gbx_slice_text(err.line)));
	}
	assert_int_equal(gbx_parameter_parse(text, &list, &err), GBX_E_USAGE);
	gbx_free(text);
	assert_int_equal(list.len, 0);
}

static void messages_read_back_strictly(void **state)
{
	static const char *const options[] = {"a=3", "b=true", "c=false", "d=null", "e=text", "f="};
	GBX_AUTO_PARAMETERS struct gbx_parameters list = {0};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		GBX_AUTO_BYTES struct gbx_bytes packed = {0};
		GBX_AUTO_ARENA struct gbx_arena memory = {0};
		ProtobufCMessage *back = NULL;
		Glassbox__Parameter m = GLASSBOX__PARAMETER__INIT;
		assert_int_equal(gbx_parameter_parse(options[i], &list, NULL), 0);
		gbx_parameter_message(&list.parameter[i], &m);
		assert_int_equal(gbx_pb_pack(&m.base, &packed, NULL), 0);
		assert_int_equal(gbx_pb_parse(&memory, &glassbox__parameter__descriptor, gbx_slice_of(&packed), 1000, &back, NULL), 0);
		assert_int_equal(((Glassbox__Parameter *)back)->value_case, m.value_case);
		assert_true(m.value_case != GLASSBOX__PARAMETER__VALUE__NOT_SET);
	}
}

static void a_long_value_is_for_a_blob(void **state)
{
	GBX_AUTO_PARAMETERS struct gbx_parameters list = {0};
	GBX_AUTO_BYTES struct gbx_bytes option = {0}, json = {0};
	Glassbox__Parameter m = GLASSBOX__PARAMETER__INIT;

	(void)state;
	assert_int_equal(gbx_bytes_printf(&option, NULL, "a=x%0*d", (int)GBX_LIMIT_BODY / 2 - 1, 0), 0);
	assert_int_equal(gbx_parameter_parse((char *)option.data, &list, NULL), 0);
	assert_false(gbx_parameter_is_large(&list.parameter[0]));
	assert_int_equal(gbx_bytes_append(&option, "\n", 1, NULL), 0);
	assert_int_equal(gbx_parameter_parse((char *)option.data, &list, NULL), 0);
	assert_true(gbx_parameter_is_large(&list.parameter[1]));
	gbx_parameter_message(&list.parameter[1], &m);
	assert_int_equal(m.value_case, GLASSBOX__PARAMETER__VALUE__NOT_SET);
	assert_string_equal(m.name, "a");
	assert_int_equal(gbx_parameter_json(&list.parameter[1], &json, NULL), 0);
	assert_int_equal(json.len, GBX_LIMIT_BODY / 2 + 4);
	assert_true(json.data[0] == '"' && gbx_slice_is(gbx_slice(json.data + json.len - 4, 4), "0\\n\""));
}

static void numbers_are_compared_by_value(void **state)
{
	static const char *const same[][2] = {{"1", "1.0"}, {"3e-4", "0.0003"}, {"0.00030", "30E-5"}, {"-0", "0.0"}, {"0e9", "0"}, {"100", "1e2"}, {"1e+2", "100.000"},
					      {"12345678901234567890123", "1.2345678901234567890123e22"}, {"-1.5", "-15e-1"}, {"1e999999", "10e999998"}};
	static const char *const differ[][2] = {{"1", "-1"}, {"1", "10"}, {"0.1", "0.10000000000000000001"}, {"1e5", "1e6"}, {"12", "21"}, {"1", "0"}, {"1e-1", "1"},
						{"1e9999999999999999", "1e99999999999999999"}, {"123", "12"}};

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		for (size_t k = 0; k < 2; k++)
			if (!gbx_decimal_same(gbx_slice_text(same[i][k]), gbx_slice_text(same[i][1 - k])))
				fail_msg("%s and %s", same[i][0], same[i][1]);
	for (size_t i = 0; i < sizeof differ / sizeof *differ; i++)
		for (size_t k = 0; k < 2; k++)
			if (gbx_decimal_same(gbx_slice_text(differ[i][k]), gbx_slice_text(differ[i][1 - k])))
				fail_msg("%s and %s", differ[i][0], differ[i][1]);
}

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/gbx-parameters-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return gbx_remove_tree(dir, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nested_values_get_dotted_names),
		cmocka_unit_test(two_keys_never_share_a_name),
		cmocka_unit_test(a_config_keeps_its_bytes),
		cmocka_unit_test(what_cannot_be_parsed_is_a_reason),
		cmocka_unit_test(what_is_too_large_is_not_read),
		cmocka_unit_test(too_many_or_too_long_are_bounded),
		cmocka_unit_test(options_are_typed_when_they_are_exactly_a_scalar),
		cmocka_unit_test(wrong_options_say_what_was_expected),
		cmocka_unit_test(messages_read_back_strictly),
		cmocka_unit_test(a_long_value_is_for_a_blob),
		cmocka_unit_test(numbers_are_compared_by_value),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
