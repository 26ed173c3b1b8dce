/* What is taken for a secret, what is not, and that no text makes the search slow. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "capture/secrets.h"
#include "test.h"

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

static const char *found(const char *text)
{
	return gbx_scan_first(scanner, gbx_slice_text(text));
}

static void every_rule_finds_its_cases(void **state)
{
	(void)state;
	for (const struct gbx_secret_rule *r = gbx_secret_rules; r->name; r++) {
		assert_non_null(r->hit[0]);
		assert_non_null(r->harmless[0]);
		for (size_t i = 0; i < GBX_RULE_CASES && r->hit[i]; i++) {
			const char *rule = found(r->hit[i]);
			/* A name in front of it says as much. */
			if (!rule || (strcmp(rule, r->name) != 0 && strcmp(rule, "named") != 0))
				fail_msg("'%s': expected %s, found %s", r->hit[i], r->name, rule ? rule : "nothing");
		}
		for (size_t i = 0; i < GBX_RULE_CASES && r->harmless[i]; i++)
			if (found(r->harmless[i]))
				fail_msg("'%s': expected nothing, found %s", r->harmless[i], found(r->harmless[i]));
	}
}

/* Found wherever it stands, at even and odd places, at the end, between other bytes. */
static void place_is_no_matter(void **state)
{
	char text[512];

	(void)state;
	for (const struct gbx_secret_rule *r = gbx_secret_rules; r->name; r++)
		for (int before = 0; before < 9; before++)
			for (int after = 0; after < 3; after++) {
				int len = snprintf(text, sizeof text, "%.*s %s", before, "a b\n\xff\xfe\"{9", r->hit[0]);
				snprintf(text + len, sizeof text - (size_t)len, "%.*s", after, "\n;");
				if (!found(text))
					fail_msg("'%s': nothing found", text);
			}
}

static void says(const char *name, const char *value, bool secret)
{
	if (gbx_secret_value(gbx_slice_text(name), gbx_slice_text(value)) != secret)
		fail_msg("%s=%s: expected %s", name, value, secret ? "a secret" : "none");
}

static void names(void **state)
{
	(void)state;
	says("--hf-token", "abc", true);
	says("HF_TOKEN", "abcdef", true);
	says("--password", "123456", true);
	says("db.password", "hunter2", true);
	says("apiKey", "x1", true);
	says("WANDB_API_KEY", "0123456789abcdef0123456789abcdef01234567", true);
	says("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI", true);
	says("--tokenizer", "gpt2", false);
	says("--max-tokens", "2048", false);
	says("num_tokens", "300", false);
	says("--token-budget", "300", false);
	says("pad_token", "<|endoftext|>", false);
	says("eos_token_id", "2", false);
	says("tokens_per_batch", "4096", false);
	says("--token-file", "/run/secrets/token", false);
	says("--password", "", false);
	says("--password", "${PASSWORD}", false);
	says("--token", "none", false);
	says("--token", "1.5", false);
	says("learning_rate", "0.1", false);
	says("secret_sauce", "****", false);
}

static void assignments(void **state)
{
	static const char *const secret[] = {
		"api_key = \"x9Kq2mPz7LwT4vRb\"\n",
		"{\"hub\": {\"token\": \"x9Kq2mPz7LwT4vRb8N\"}}",
		"export DB_PASSWORD='hunter2hunter2'",
		"--auth-token x9Kq2mPz7LwT4vRb8N \\\n",
		"python train.py --password hunter22 --lr 1",
		"SECRET_KEY: x9Kq2mPz7LwT4vRb8N",
		"{\\\"apiKey\\\": \\\"x9Kq2mPz7LwT4vRb8N\\\"}",
		"my_access_key=x9Kq2mPz7LwT4vRb8N&other=1",
		"hub.Api-Key => 'x9Kq2mPz7LwT4vRb8N'",
	};
	static const char *const harmless[] = {
		"token = tokenizer.next_token(ids)",
		"private_key = ed25519.Ed25519PrivateKey.generate()",
		"def sign(private_key: ed25519.Ed25519PrivateKey) -> bytes:",
		"Token: '#d0d0d0'",
		"def login(password: str = None, token: Optional[str] = None):",
		"api_key = os.environ[\"WANDB_API_KEY\"]",
		"password = getpass(\"Password: \")",
		"secret: true",
		"the --token option takes a value",
		"tokens = \"the quick brown fox\"",
		"token_type_ids = batch[\"token_type_ids\"]",
		"pad_token=\"<pad>\"",
		"secretKeyRef:\n  name: glassbox",
		"password = \"${DB_PASSWORD}\"",
		"max_new_tokens=4096, tokenizer=\"meta-llama/Llama-3-8B\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
		if (!found(secret[i]))
			fail_msg("'%s': nothing found", secret[i]);
	for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
		if (found(harmless[i]))
			fail_msg("'%s': expected nothing, found %s", harmless[i], found(harmless[i]));
}

static void argument_becomes(const char *before, const char *argument, const char *expected)
{
	GBX_AUTO_BYTES struct gbx_bytes out = {0};
	struct gbx_error err;
	size_t hits = 0;

	assert_int_equal(gbx_secrets_mask_argument(scanner, gbx_slice_text(before), gbx_slice_text(argument), &out, &hits, &err), 0);
	assert_int_equal(gbx_bytes_append(&out, "", 1, &err), 0);
	assert_string_equal((char *)out.data, expected);
	assert_int_equal(hits > 0, strstr(expected, "{secret:") != NULL);
}

static void arguments(void **state)
{
	(void)state;
	argument_becomes("", "train.py", "train.py");
	argument_becomes("--lr", "0.1", "0.1");
	argument_becomes("", "--token=abc", "--token={secret:named}");
	argument_becomes("--token", "abc", "{secret:named}");
	argument_becomes("--password", "with a space", "{secret:named}");
	argument_becomes("--use-auth-token", "--lr", "--lr");
	argument_becomes("--tokenizer", "gpt2", "gpt2");
	argument_becomes("", "hub.token=abc", "hub.token={secret:named}");
	argument_becomes("", "https://me:pa" "ss@host/x", "{secret:url-password}");
	argument_becomes("", "https://me:p@" "ss@host/x y", "{secret:url-password} y");
	argument_becomes("-c", "HF_TOKEN=hf" "_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh python x.py", "HF_TOKEN={secret:named}");
	argument_becomes("-c", "run hf" "_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh x.py", "run {secret:hugging-face} x.py");
	argument_becomes("", "a -----BEGIN " "PRIVATE KEY-----\nMIIEvQIBAD\nxyz", "a {secret:private-key}");
	argument_becomes("--lr", "", "");
	argument_becomes("-u", "me:hunter2", "{secret:user-password}");
	argument_becomes("--user", "me:hunter2", "{secret:user-password}");
	argument_becomes("-u", "1000:1000", "1000:1000");
	argument_becomes("-u", "root:root", "root:root");
	argument_becomes("-u", "https://example.org/x", "https://example.org/x");
	argument_becomes("-u", "train.py", "train.py");
	argument_becomes("", "-umy:hunter2", "{secret:user-password}");
	argument_becomes("", "-px9Kq2mPz7LwT4vRb8N", "-p{secret:named}");
	argument_becomes("", "_auth=bWU6aHVudGVyMg==", "_auth={secret:npm}");
	argument_becomes("", "-p8080:80", "-p8080:80");
	argument_becomes("", "-passive-mode-of-ftp", "-passive-mode-of-ftp");
	argument_becomes("", "--user=me:hunter2", "--user={secret:user-password}");
	argument_becomes("", "Ab3dEf9hIj2lMn5pQr7tUv1x@git.example.org:org/x.git", "{secret:user-token}");
	argument_becomes("", "git@github.com:org/x.git", "git@github.com:org/x.git");
	argument_becomes("", "model-2024-05@host:checkpoints", "model-2024-05@host:checkpoints");
}

static void wide_holds(const char *text, size_t before, unsigned width, bool big, bool mark)
{
	GBX_AUTO_BYTES struct gbx_bytes wide = {0};
	struct gbx_error err;
	uint8_t letter[4] = {0};
	size_t len = strlen(text), at = big ? width - 1 : 0;

	if (mark)
		assert_int_equal(gbx_bytes_append(&wide, big ? "\xfe\xff" : "\xff\xfe", 2, &err), 0);
	for (size_t i = 0; i < before + len; i++) {
		letter[at] = i < before ? 'a' : (uint8_t)text[i - before];
		letter[width - 1 - at] = mark && i < before ? 0x4e : 0;
		assert_int_equal(gbx_bytes_append(&wide, letter, width, &err), 0);
	}
	if (!gbx_secrets_first(scanner, gbx_slice_of(&wide)))
		fail_msg("'%s': nothing found behind %zu letters of %u bytes", text, before, width);
}

/* Windows have it, and what other editors make of it; wherever in it a secret stands. */
static void wide_text(void **state)
{
	static const char token[] = " hf" "_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh ";

	(void)state;
	for (size_t before = 10; before < 200000; before = before * 2 + 1)
		for (unsigned way = 0; way < 6; way++)
			wide_holds(token, before, way < 4 ? 2 : 4, way & 1, way & 2);
	for (size_t before = 49140 - sizeof token; before < 49170; before++)
		wide_holds(token, before, 2, false, false);
	assert_null(gbx_secrets_first(scanner, gbx_slice("\xff\xfe" "a\0b\0c\0d\0", 10)));
}

static void masking_twice_is_once(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes once = {0}, twice = {0};
	struct gbx_error err;
	size_t hits = 0, more = 0;

	(void)state;
	for (const struct gbx_secret_rule *r = gbx_secret_rules; r->name; r++) {
		once.len = twice.len = 0;
		assert_int_equal(gbx_secrets_mask(scanner, gbx_slice_text(r->hit[0]), &once, &hits, &err), 0);
		assert_int_equal(gbx_secrets_mask(scanner, gbx_slice_of(&once), &twice, &more, &err), 0);
		assert_int_equal(more, 0);
		assert_true(gbx_slice_equal(gbx_slice_of(&once), gbx_slice_of(&twice)));
	}
	assert_true(hits > 20);
}

static void pattern_is_refused(const char *pattern, const char *why)
{
	struct gbx_pattern p;
	struct gbx_error err;

	assert_int_equal(gbx_pattern_parse(pattern, &p, &err), GBX_E_USAGE);
	if (!strstr(err.line, why))
		fail_msg("'%s': %s", pattern, err.line);
}

static void bad_patterns(void **state)
{
	(void)state;
	pattern_is_refused("", "three plain bytes");
	pattern_is_refused("ab", "three plain bytes");
	pattern_is_refused("[a]{3}", "three plain bytes");
	pattern_is_refused("abc[a-z", "without its ']'");
	pattern_is_refused("abc[a]{x}", "expected {n}");
	pattern_is_refused("abc[a]{5,2}", "expected {n}");
	pattern_is_refused("abc[a]b[a]b[a]b[a]b[a]b[a]b[a]b", "more parts");
}

static void search_repeated(const char *piece, size_t len, size_t size)
{
	GBX_AUTO_STRING char *text = gbx_calloc(1, size);
	struct gbx_scan scan;
	struct gbx_secret_hit hit;
	size_t last = 0;

	assert_non_null(text);
	for (size_t at = 0; at < size; at++)
		text[at] = piece[at % len];
	uint64_t began = gbx_monotonic_nanos();
	gbx_scan_begin(&scan, scanner, gbx_slice(text, size));
	while (gbx_scan_next(&scan, &hit))
		last = hit.to;
	if (getenv("GLASSBOX_SHOW"))
		printf("%-24.*s %8.1f MB/s, last hit at %zu\n", (int)len, piece, (double)size * 1e3 / (double)(gbx_monotonic_nanos() - began), last);
}

/* Whatever the text is, each byte of it costs a bounded number of steps: 6 MiB of the worst that could be thought of, and of each rule
 * what it begins with and what almost is a hit. A search that goes back would take hours. */
static void worst_texts(void **state)
{
	static const char *const piece[] = {
		"_eyJ", "eyJ", "://", "://a:", "token", "token=", "token=\"", "--token ", "password: '", "-sk-", "_hf_", "-----BEGIN A ", "xoxb-",
		"eyJaaaaaaaaa.", "glpat-", "a", "\"", "token:'token\"", "api_key\\\"", "SG.aaaaaaaaaaaaaaaa.", "=", "https://a:b",
		"machine a login ", "eyJhcGlfYWRkcmVzcyI6Imh0", "\"username\":\"", "curl -u a", ";Password=", "uthorization:",
	};

	(void)state;
	for (size_t i = 0; i < sizeof piece / sizeof *piece; i++)
		search_repeated(piece[i], strlen(piece[i]), 6u << 20);
	for (const struct gbx_secret_rule *r = gbx_secret_rules; r->name; r++)
		for (size_t part = 1; part <= 4; part++)
			search_repeated(r->hit[0], strlen(r->hit[0]) * part / 4, 128u << 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_finds_its_cases), cmocka_unit_test(place_is_no_matter), cmocka_unit_test(names),
		cmocka_unit_test(assignments), cmocka_unit_test(wide_text), cmocka_unit_test(arguments), cmocka_unit_test(masking_twice_is_once),
		cmocka_unit_test(bad_patterns), cmocka_unit_test(worst_texts),
	};

	return cmocka_run_group_tests(tests, open_scanner, close_scanner);
}
