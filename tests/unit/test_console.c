/* What is recorded of a job's output: the same however it was cut into pieces, without what was gone back over, and without secrets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "capture/console.h"
#include "random.h"
#include "test.h"

#define TOKEN "hf" "_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh"
#define KEY "-----BEGIN " "PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----"

static struct gbx_scanner *scanner;

static int open_scanner(void **state)
{
	struct gbx_error err;

	(void)state;
	return gbx_scanner_new(gbx_secret_rules, &scanner, &err);
}

static int close_scanner(void **state)
{
	(void)state;
	gbx_scanner_release(&scanner);
	return 0;
}

/* Put in by pieces of at most `most` bytes. */
static struct gbx_console *taken(struct gbx_slice text, size_t most, struct gbx_console_text *out)
{
	struct gbx_console *c = NULL;
	struct gbx_error err;

	assert_int_equal(gbx_console_new(scanner, &c, &err), 0);
	while (text.len) {
		size_t n = 1 + (size_t)random_number(most);
		n = n < text.len ? n : text.len;
		assert_int_equal(gbx_console_put(c, gbx_slice(text.data, n), &err), 0);
		text = gbx_slice(text.data + n, text.len - n);
	}
	assert_int_equal(gbx_console_end(c, out, &err), 0);
	return c;
}

static void becomes(struct gbx_slice text, struct gbx_slice expected)
{
	static const size_t pieces[] = {1, 3, 100, 5000, 70000, 1u << 24};
	uint8_t sha256[GBX_SHA256_LEN];
	struct gbx_error err;

	assert_int_equal(gbx_sha256(expected, sha256, &err), 0);
	for (size_t i = text.len > 100000 ? 3 : 0; i < sizeof pieces / sizeof *pieces; i++) {
		struct gbx_console_text out;
		struct gbx_console *c = taken(text, pieces[i], &out);
		if (expected.len <= GBX_LIMIT_CONSOLE && !gbx_slice_equal(out.head, expected))
			fail_msg("pieces of %zu: got '%.*s', expected '%.*s'", pieces[i], (int)out.head.len, (const char *)out.head.data,
				 (int)expected.len, (const char *)expected.data);
		assert_int_equal(out.size, expected.len);
		assert_memory_equal(out.sha256, sha256, sizeof sha256);
		assert_true(out.head.len <= GBX_LIMIT_CONSOLE && out.tail.len <= GBX_LIMIT_CONSOLE && out.head.len + out.tail.len <= out.size);
		assert_memory_equal(out.head.data, expected.data, out.head.len);
		assert_memory_equal(out.tail.data, expected.data + expected.len - out.tail.len, out.tail.len);
		gbx_console_release(&c);
	}
}

static void text_becomes(const char *text, const char *expected)
{
	becomes(gbx_slice_text(text), gbx_slice_text(expected));
}

static void what_is_gone_back_over_is_not_there(void **state)
{
	(void)state;
	text_becomes("", "");
	text_becomes("a\nb", "a\nb");
	text_becomes("a\r\nb\r\n", "a\nb\n");
	text_becomes("\r  0%\r 50%\r100%\nloss 1\n", "100%\nloss 1\n");
	text_becomes("epoch 1:  0%\repoch 1: 99%\r\r\n", "epoch 1: 99%\n");
	text_becomes("half\r", "half");
	text_becomes("x\n\r 1%\r 2%", "x\n 2%");
	text_becomes("\n\n\r\r\n", "\n\n\n");
}

static void secrets_are_hidden(void **state)
{
	(void)state;
	text_becomes("a " TOKEN " b\n", "a {secret:hugging-face} b\n");
	text_becomes("token=\"x9Kq2mPz7LwT4vRb8N\"", "token=\"{secret:named}\"");
	text_becomes("1%\r" TOKEN "\rdone\n", "done\n");
	text_becomes("before\n" KEY "\nafter\n", "before\n{secret:private-key}\nafter\n");
	text_becomes("x" TOKEN, "x" TOKEN);
}

/* A secret, or what names one, on each side of every place at which the text is cut. */
static void wherever_it_stands(void **state)
{
	static const char *const planted[][2] = {
		{" " TOKEN " ", " {secret:hugging-face} "},
		{" password: 'x9Kq2mPz7LwT4vRb8N' ", " password: '{secret:named}' "},
		{"\n" KEY "\n", "\n{secret:private-key}\n"},
		{" https://me:pa" "ss@host/x ", " {secret:url-password} "},
	};
	static const size_t cuts[] = {256u * 1024 - 16u * 1024, 256u * 1024, 256u * 1024 - 17u * 1024, 2 * 240u * 1024};

	(void)state;
	for (size_t p = 0; p < sizeof planted / sizeof *planted; p++)
		for (size_t k = 0; k < sizeof cuts / sizeof *cuts; k++)
			for (size_t before = 0; before <= strlen(planted[p][0]); before += 1 + before / 3) {
				GBX_AUTO_BYTES struct gbx_bytes text = {0}, expected = {0};
				struct gbx_error err;
				for (size_t i = 0; i < cuts[k] - before; i++)
					assert_int_equal(gbx_bytes_append(&text, i % 64 == 63 ? "\n" : "e", 1, &err), 0);
				assert_int_equal(gbx_bytes_append(&expected, text.data, text.len, &err), 0);
				for (size_t i = 0; i < 2; i++)
					assert_int_equal(gbx_bytes_append(i ? &expected : &text, planted[p][i], strlen(planted[p][i]), &err), 0);
				for (size_t i = 0; i < 2; i++)
					for (size_t n = 0; n < 700; n++)
						assert_int_equal(gbx_bytes_append(i ? &expected : &text, "more words of the log behind it\n", 32, &err), 0);
				becomes(gbx_slice_of(&text), gbx_slice_of(&expected));
			}
}

/* Words that are longer than what is looked at twice. */
static void a_long_secret_is_hidden_whole(void **state)
{
	(void)state;
	for (size_t len = 15u * 1024; len < 600u * 1024; len = len * 3 + 11) {
		GBX_AUTO_BYTES struct gbx_bytes text = {0};
		struct gbx_error err;
		assert_int_equal(gbx_bytes_append(&text, "log\n" TOKEN, strlen("log\n" TOKEN), &err), 0);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(gbx_bytes_append(&text, &"aB3dEf9hI"[i % 9], 1, &err), 0);
		assert_int_equal(gbx_bytes_append(&text, " end\n", 5, &err), 0);
		becomes(gbx_slice_of(&text), gbx_slice_text("log\n{secret:hugging-face} end\n"));
	}
}

/* Head and tail are of whole lines, next to each other where all fits. */
static void head_and_tail(void **state)
{
	(void)state;
	for (size_t lines = 1; lines < 5000; lines = lines * 2 + 1) {
		GBX_AUTO_BYTES struct gbx_bytes text = {0};
		struct gbx_error err;
		for (size_t i = 0; i < lines; i++)
			assert_int_equal(gbx_bytes_printf(&text, &err, "step %zu of the log\n", i), 0);
		struct gbx_console_text out;
		struct gbx_console *c = taken(gbx_slice_of(&text), 4096, &out);
		assert_int_equal(out.head.data[out.head.len - 1], '\n');
		assert_memory_equal(out.head.data, text.data, out.head.len);
		if (text.len <= GBX_LIMIT_CONSOLE)
			assert_int_equal(out.tail.len, 0);
		else
			assert_true(gbx_slice_starts(out.tail, "step "));
		if (text.len <= 2 * GBX_LIMIT_CONSOLE - 64)
			assert_int_equal(out.head.len + out.tail.len, text.len);
		gbx_console_release(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_gone_back_over_is_not_there), cmocka_unit_test(secrets_are_hidden), cmocka_unit_test(wherever_it_stands),
		cmocka_unit_test(a_long_secret_is_hidden_whole), cmocka_unit_test(head_and_tail),
	};

	return cmocka_run_group_tests(tests, open_scanner, close_scanner);
}
