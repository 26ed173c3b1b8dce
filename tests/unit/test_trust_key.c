/* Keys: RFC 8032's vectors, files and what is refused. */
#include <openssl/err.h>
#include <openssl/pem.h>

#include "test_trust.h"
#include "trust/note.h"

static const struct gbx_slice none = {NULL, 0};

static void ed25519_of_rfc_8032(void **state)
{
	static const struct {
		const char *seed, *public_key, *message, *signature;
	} v[] = {
		{SEED_1, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
		{SEED_2, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
		{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		 "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		GBX_AUTO_KEY struct gbx_key *key = key_of_seed(v[i].seed);
		uint8_t public_key[32], message[2], want[64], got[64];
		size_t len = strlen(v[i].message) / 2;
		assert_true(gbx_unhex(gbx_slice_text(v[i].public_key), public_key, 32));
		assert_true(gbx_unhex(gbx_slice_text(v[i].message), message, len));
		assert_true(gbx_unhex(gbx_slice_text(v[i].signature), want, 64));
		assert_memory_equal(gbx_key_public(key), public_key, 32);
		assert_int_equal(gbx_key_sign(key, gbx_slice(message, len), got, NULL), 0);
		assert_memory_equal(got, want, 64);
		assert_int_equal(gbx_signature_verify(public_key, gbx_slice(message, len), want, NULL), 0);
	}
}

static void every_changed_bit_fails(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_2);
	uint8_t message[3] = {1, 2, 3}, signature[64], public_key[32];
	struct gbx_slice data = gbx_slice(message, sizeof message);
	struct gbx_error err;

	(void)state;
	memcpy(public_key, gbx_key_public(key), 32);
	assert_int_equal(gbx_key_sign(key, data, signature, NULL), 0);
	for (size_t bit = 0; bit < 64 * 8; bit++) {
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(gbx_signature_verify(public_key, data, signature, &err), GBX_E_BAD);
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 32 * 8; bit++) {
		public_key[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(gbx_signature_verify(public_key, data, signature, &err), GBX_E_BAD);
		public_key[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(gbx_signature_verify(public_key, gbx_slice(message, 2), signature, &err), GBX_E_BAD);
	assert_int_equal(gbx_signature_verify(public_key, data, signature, NULL), 0);
	assert_int_equal(ERR_peek_error(), 0);
}

/* RFC 8032 section 5.1.7: S must be below the group's order, or each signature had a twin. */
static void a_malleated_signature_fails(void **state)
{
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
					  0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10};
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	uint8_t signature[64];
	unsigned carry = 0;

	(void)state;
	assert_int_equal(gbx_key_sign(key, gbx_slice("x", 1), signature, NULL), 0);
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned)signature[32 + i] + order[i];
		signature[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(gbx_signature_verify(gbx_key_public(key), gbx_slice("x", 1), signature, NULL), GBX_E_BAD);
}

static void a_saved_key_comes_back(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = NULL, *back = NULL, *locked = NULL;
	const char *path = in_folder("plain.pem");
	struct gbx_error err;
	struct stat st;

	(void)state;
	assert_int_equal(gbx_key_generate(&key, &err), 0);
	assert_int_equal(gbx_key_save(key, path, none, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(gbx_key_load(path, none, &back, &err), 0);
	assert_memory_equal(gbx_key_public(back), gbx_key_public(key), 32);
	/* A passphrase that is not needed does no harm. */
	assert_int_equal(gbx_key_load(path, gbx_slice_text("x"), &locked, &err), 0);
	assert_int_equal(gbx_key_save(key, path, none, &err), GBX_E_EXISTS);
	assert_non_null(strstr(err.line, "plain.pem"));
}

static void a_passphrase_locks(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = NULL, *back = NULL;
	const char *path = in_folder("locked.pem");
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	uint8_t public_key[32];
	struct gbx_error err;

	(void)state;
	assert_int_equal(gbx_key_generate(&key, &err), 0);
	assert_int_equal(gbx_key_save(key, path, gbx_slice("", 0), &err), GBX_E_USAGE);
	assert_int_equal(gbx_key_save(key, path, gbx_slice_text("correct horse"), &err), 0);
	assert_int_equal(gbx_load_file(path, 10000, &text, &err), 0);
	assert_true(gbx_slice_starts(gbx_slice_of(&text), "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
	assert_int_equal(gbx_key_load(path, none, &back, &err), GBX_E_LOCKED);
	assert_non_null(strstr(err.line, "passphrase"));
	assert_int_equal(gbx_key_load(path, gbx_slice_text("correct horsE"), &back, &err), GBX_E_LOCKED);
	assert_int_equal(gbx_key_load(path, gbx_slice("", 0), &back, &err), GBX_E_LOCKED);
	assert_null(back);
	assert_int_equal(gbx_key_load(path, gbx_slice_text("correct horse"), &back, &err), 0);
	assert_memory_equal(gbx_key_public(back), gbx_key_public(key), 32);
	assert_int_equal(gbx_public_load(path, public_key, &err), GBX_E_LOCKED);
	assert_non_null(strstr(err.line, ".pub"));
}

static void refuse(const char *path, int code, const char *says)
{
	struct gbx_key *key = NULL;
	struct gbx_error err;
	int rc = gbx_key_load(path, none, &key, &err);

	assert_null(key);
	if (rc != code || !strstr(err.line, says) || !strstr(err.line, path))
		fail_msg("%s: %d, expected %d: '%s' does not say '%s'", path, rc, code, err.line, says);
}

static void key_files_that_are_refused(void **state)
{
	const char *key = in_folder("a.pem"), *bad = in_folder("b.pem");
	static uint8_t big[65537];

	(void)state;
	put_seed(key, SEED_1);
	refuse(in_folder("missing.pem"), GBX_E_NOTFOUND, "No such file");
	assert_int_equal(symlink(key, bad), 0);
	refuse(bad, GBX_E_REFUSED, "symbolic link");
	assert_int_equal(unlink(bad), 0);
	refuse(folder, GBX_E_MALFORMED, "not a regular file");
	for (mode_t bit = 1; bit < 0100; bit <<= 1) {
		assert_int_equal(chmod(key, 0600 | bit), 0);
		refuse(key, GBX_E_REFUSED, "chmod 600");
	}
	put_file(bad, gbx_slice(big, sizeof big), 0600);
	refuse(bad, GBX_E_LIMIT, "65537 bytes");
	put_file(bad, gbx_slice_text("hello\n"), 0600);
	refuse(bad, GBX_E_MALFORMED, "not PEM text");
	put_file(bad, gbx_slice_text(""), 0600);
	refuse(bad, GBX_E_MALFORMED, "not PEM text");
	put_file(bad, gbx_slice_text("-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----\n"), 0600);
	refuse(bad, GBX_E_MALFORMED, "damaged");
	put_file(bad, gbx_slice_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"), 0600);
	refuse(bad, GBX_E_LOCKED, "needs its passphrase");
	put_file(bad, gbx_slice_text("-----BEGIN PUBLIC KEY-----\nMAAA\n-----END PUBLIC KEY-----\n"), 0600);
	refuse(bad, GBX_E_MALFORMED, "'PUBLIC KEY'");
}

static void put_other_key(const char *path, EVP_PKEY *pkey)
{
	FILE *f = fopen(path, "w");

	assert_non_null(pkey);
	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, pkey, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(fclose(f), 0);
	EVP_PKEY_free(pkey);
	assert_int_equal(chmod(path, 0600), 0);
}

static void another_type_is_named(void **state)
{
	const char *path = in_folder("other.pem");
	uint8_t public_key[32];
	struct gbx_error err;

	(void)state;
	put_other_key(path, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"));
	refuse(path, GBX_E_MALFORMED, "type EC, expected ED25519");
	put_other_key(path, EVP_PKEY_Q_keygen(NULL, NULL, "ED448"));
	refuse(path, GBX_E_MALFORMED, "type ED448, expected ED25519");
	assert_int_equal(gbx_public_load(path, public_key, &err), GBX_E_MALFORMED);
	assert_non_null(strstr(err.line, "ED448"));
}

static void public_keys_in_each_form(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes pem = {0}, vkey = {0};
	const char *path = in_folder("key.pub");
	uint8_t got[32];
	struct gbx_error err;

	(void)state;
	assert_int_equal(gbx_public_pem(gbx_key_public(key), &pem, &err), 0);
	assert_string_equal((char *)pem.data, "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
					      "-----END PUBLIC KEY-----\n");
	put_file(path, gbx_slice_of(&pem), 0644);
	assert_int_equal(gbx_public_load(path, got, &err), 0);
	assert_memory_equal(got, gbx_key_public(key), 32);
	assert_int_equal(gbx_vkey_format("ada", gbx_key_public(key), &vkey, &err), 0);
	assert_int_equal(gbx_bytes_append(&vkey, "\n", 1, &err), 0);
	put_file(path, gbx_slice_of(&vkey), 0644);
	memset(got, 0, 32);
	assert_int_equal(gbx_public_load(path, got, &err), 0);
	assert_memory_equal(got, gbx_key_public(key), 32);
	put_seed(path, SEED_1);
	assert_int_equal(chmod(path, 0644), 0);
	memset(got, 0, 32);
	assert_int_equal(gbx_public_load(path, got, &err), 0);
	assert_memory_equal(got, gbx_key_public(key), 32);
	put_file(path, gbx_slice_text("ssh-ed25519 AAAA"), 0644);
	assert_int_equal(gbx_public_load(path, got, &err), GBX_E_MALFORMED);
	assert_non_null(strstr(err.line, "vkey line"));
	assert_int_equal(gbx_public_load(in_folder("missing"), got, NULL), GBX_E_NOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ed25519_of_rfc_8032),
		cmocka_unit_test(every_changed_bit_fails),
		cmocka_unit_test(a_malleated_signature_fails),
		cmocka_unit_test(a_saved_key_comes_back),
		cmocka_unit_test(a_passphrase_locks),
		cmocka_unit_test(key_files_that_are_refused),
		cmocka_unit_test(another_type_is_named),
		cmocka_unit_test(public_keys_in_each_form),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
