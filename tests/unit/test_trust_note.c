/* Notes, verifier keys, leaves and proofs: C2SP's own example, form, and every changed bit. */
#include "test_trust.h"
#include "trust/proof.h"

#define DASH "\xe2\x80\x94 "

/* The example of C2SP's signed-note: its key, and a note that is not a tree's head. */
static void the_example_of_c2sp(void **state)
{
	static const char vkey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
	static const char blob[] = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=";
	GBX_AUTO_BYTES struct gbx_bytes signature = {0}, again = {0};
	char name[GBX_NAME_MAX + 1];
	uint8_t key[32], id[4];

	(void)state;
	assert_int_equal(gbx_vkey_parse(gbx_slice_text(vkey), name, key, NULL), 0);
	assert_string_equal(name, "example.com/foo");
	assert_int_equal(gbx_vkey_format(name, key, &again, NULL), 0);
	assert_string_equal((char *)again.data, vkey);
	assert_int_equal(gbx_unbase64(gbx_slice_text(blob), &signature, NULL), 0);
	assert_int_equal(signature.len, 68);
	assert_int_equal(gbx_note_key_id(gbx_slice_text(name), key, id, NULL), 0);
	assert_memory_equal(signature.data, id, 4);
	assert_int_equal(gbx_signature_verify(key, gbx_slice_text("This is an example message.\n"), signature.data + 4, NULL), 0);
}

static void names(void **state)
{
	static const char *const good[] = {"a", "example.com/log42", "Zo\xc3\xab", "ada-lovelace/0123456789abcdef", "\xe2\x80\x94"};
	static const char *const bad[] = {"", "a b", "a+b", "a\nb", "a\tb", "a\x7f", "\xff", "a\xc2\xa0z" /* no-break space */,
					  "\xc2\x85" /* NEL */, "a\xe2\x80\xa8" /* line separator */, "\xe3\x80\x80" /* ideographic */};
	char longest[GBX_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(gbx_is_note_name(gbx_slice_text(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(gbx_is_note_name(gbx_slice_text(bad[i])));
	memset(longest, 'a', sizeof longest);
	assert_true(gbx_is_note_name(gbx_slice(longest, GBX_NAME_MAX)));
	assert_false(gbx_is_note_name(gbx_slice(longest, GBX_NAME_MAX + 1)));
}

static void flip(uint8_t *data, size_t bit)
{
	data[bit / 8] ^= (uint8_t)(1 << bit % 8);
}

static void every_changed_bit_of_a_vkey_is_refused(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes vkey = {0};
	char name[GBX_NAME_MAX + 1];
	uint8_t got[32];

	(void)state;
	assert_int_equal(gbx_vkey_format("ada/1", gbx_key_public(key), &vkey, NULL), 0);
	for (size_t bit = 0; bit < vkey.len * 8; bit++) {
		flip(vkey.data, bit);
		assert_true(gbx_vkey_parse(gbx_slice_of(&vkey), name, got, NULL) < 0);
		flip(vkey.data, bit);
	}
	for (size_t len = 0; len < vkey.len; len++)
		assert_true(gbx_vkey_parse(gbx_slice(vkey.data, len), name, got, NULL) < 0);
	assert_int_equal(gbx_vkey_parse(gbx_slice_of(&vkey), name, got, NULL), 0);
	assert_int_equal(gbx_bytes_append(&vkey, "\n", 1, NULL), 0);
	assert_int_equal(gbx_vkey_parse(gbx_slice_of(&vkey), name, got, NULL), GBX_E_MALFORMED);
	assert_int_equal(gbx_vkey_format("a b", gbx_key_public(key), &vkey, NULL), GBX_E_MALFORMED);
	/* The type byte of a cosignature. */
	assert_int_equal(gbx_vkey_parse(gbx_slice_text("a+00000000+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"), name, got, NULL),
			 GBX_E_VERSION);
}

static void make_note(struct gbx_bytes *note, const struct gbx_key *key, uint64_t size)
{
	struct gbx_head_note head = {.origin = "ada/0123456789abcdef", .size = size};

	memset(head.root, 0x5a, sizeof head.root);
	assert_int_equal(gbx_head_note_sign(&head, key, note, NULL), 0);
}

static void a_signed_head_note(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1), *other = key_of_seed(SEED_2);
	GBX_AUTO_BYTES struct gbx_bytes note = {0};
	struct gbx_head_note head = {0};
	struct gbx_error err;

	(void)state;
	make_note(&note, key, 7);
	assert_true(gbx_slice_starts(gbx_slice_of(&note), "ada/0123456789abcdef\n7\nWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\n\n"
							  DASH "ada/0123456789abcdef "));
	assert_int_equal(note.data[note.len - 1], '\n');
	assert_int_equal(gbx_head_note_verify(gbx_slice_of(&note), gbx_key_public(key), &head, &err), 0);
	assert_string_equal(head.origin, "ada/0123456789abcdef");
	assert_int_equal(head.size, 7);
	assert_int_equal(head.root[31], 0x5a);
	head.size = 1;
	assert_int_equal(gbx_head_note_verify(gbx_slice_of(&note), gbx_key_public(other), &head, &err), GBX_E_BAD);
	assert_non_null(strstr(err.line, "no signature of the note is by this key"));
	assert_int_equal(head.size, 1); /* left alone */
	assert_int_equal(gbx_head_note_parse(gbx_slice_of(&note), &head, &err), 0);
	assert_int_equal(head.size, 7);
}

static void every_changed_bit_of_a_note_is_refused(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes note = {0};
	struct gbx_head_note head;

	(void)state;
	make_note(&note, key, 12345);
	for (size_t bit = 0; bit < note.len * 8; bit++) {
		flip(note.data, bit);
		assert_true(gbx_head_note_verify(gbx_slice_of(&note), gbx_key_public(key), &head, NULL) < 0);
		flip(note.data, bit);
	}
	for (size_t len = 0; len < note.len; len++)
		assert_true(gbx_head_note_verify(gbx_slice(note.data, len), gbx_key_public(key), &head, NULL) < 0);
	assert_int_equal(gbx_head_note_verify(gbx_slice_of(&note), gbx_key_public(key), &head, NULL), 0);
}

/* A signature line as anybody can write it. */
static void add_line(struct gbx_bytes *note, const char *name, const void *blob, size_t len)
{
	assert_int_equal(gbx_bytes_printf(note, NULL, DASH "%s ", name), 0);
	assert_int_equal(gbx_base64(blob, len, note, NULL), 0);
	assert_int_equal(gbx_bytes_append(note, "\n", 1, NULL), 0);
}

static void cosignatures_are_passed_over(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes note = {0};
	struct gbx_head_note head;
	uint8_t blob[2500] = {1, 2, 3, 4};
	uint8_t id[4];
	int code;

	(void)state;
	make_note(&note, key, 3);
	add_line(&note, "witness.example/w1", blob, 76);
	add_line(&note, "witness.example/w2", blob, sizeof blob); /* as long as ML-DSA's */
	add_line(&note, "ada/0123456789abcdef", blob, 68);        /* the same name and another id */
	assert_int_equal(gbx_note_key_id(gbx_slice_text("ada/0123456789abcdef"), gbx_key_public(key), id, NULL), 0);
	memcpy(blob, id, 4);
	add_line(&note, "other", blob, 68); /* the same id and another name */
	assert_int_equal(gbx_head_note_verify(gbx_slice_of(&note), gbx_key_public(key), &head, NULL), 0);
	for (size_t lines = 5; lines < GBX_LIMIT_NOTE_SIGNATURES; lines++)
		add_line(&note, "w", blob, 76);
	assert_int_equal(gbx_head_note_verify(gbx_slice_of(&note), gbx_key_public(key), &head, NULL), 0);
	size_t was = note.len;
	add_line(&note, "w", blob, 76);
	code = gbx_head_note_verify(gbx_slice_of(&note), gbx_key_public(key), &head, NULL);
	assert_int_equal(code, GBX_E_LIMIT);
	note.len = was;
	/* Too long as a whole, in few lines. */
	GBX_AUTO_BYTES struct gbx_bytes big = {0};
	make_note(&big, key, 3);
	while (big.len <= GBX_LIMIT_NOTE)
		add_line(&big, "w", blob, sizeof blob);
	assert_int_equal(gbx_head_note_verify(gbx_slice_of(&big), gbx_key_public(key), &head, NULL), GBX_E_LIMIT);
}

static void a_failing_line_of_the_key_rejects_the_note(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes note = {0}, odd = {0};
	struct gbx_head_note head;
	struct gbx_error err;
	uint8_t blob[80] = {0};

	(void)state;
	make_note(&note, key, 3);
	make_note(&odd, key, 3);
	assert_int_equal(gbx_note_key_id(gbx_slice_text("ada/0123456789abcdef"), gbx_key_public(key), blob, NULL), 0);
	add_line(&note, "ada/0123456789abcdef", blob, 68);
	assert_int_equal(gbx_head_note_verify(gbx_slice_of(&note), gbx_key_public(key), &head, &err), GBX_E_BAD);
	assert_non_null(strstr(err.line, "does not verify"));
	assert_int_equal(gbx_head_note_parse(gbx_slice_of(&note), &head, &err), 0);
	add_line(&odd, "ada/0123456789abcdef", blob, 67);
	assert_int_equal(gbx_head_note_verify(gbx_slice_of(&odd), gbx_key_public(key), &head, &err), GBX_E_BAD);
}

static void notes_of_another_form(void **state)
{
#define ROOT "WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo="
#define LINE DASH "o AAAAAAE=\n"
	static const char *const good[] = {"o\n0\n" ROOT "\n\n" LINE, "o\n9223372036854775807\n" ROOT "\n\n" LINE LINE,
					   "o\n1\n" ROOT "\nextension\nmore\n\n" LINE};
	static const char *const bad[] = {
		"", "\n", "\n\n", "o\n1\n" ROOT "\n", "o\n1\n" ROOT "\n" LINE, "o\n1\n" ROOT "\n\n", "o\n1\n\n" LINE, "o\n\n" LINE,
		"o\n01\n" ROOT "\n\n" LINE, "o\n-1\n" ROOT "\n\n" LINE, "o\n9223372036854775808\n" ROOT "\n\n" LINE, "o\n\n" ROOT "\n\n" LINE,
		"\n1\n" ROOT "\n\n" LINE, "a b\n1\n" ROOT "\n\n" LINE, "o\n1\nWlpa\n\n" LINE, "o\n1\n" ROOT " \n\n" LINE,
		"o\r\n1\n" ROOT "\n\n" LINE, "o\n1\n" ROOT "\n\n" LINE "\n", "o\n1\n" ROOT "\n\n" LINE "x", "o\n1\n" ROOT "\n\n\n" LINE,
		"o\n1\n" ROOT "\n\next\n\n" LINE, "o\n1\n" ROOT "\n\n- o AAAAAAE=\n", "o\n1\n" ROOT "\n\n" DASH "o\n",
		"o\n1\n" ROOT "\n\n" DASH "o AAAAAA==\n", "o\n1\n" ROOT "\n\n" DASH "o  AAAAAAE=\n", "o\n1\n" ROOT "\n\n" DASH "o AAAAAAE\n",
		"o\n1\n" ROOT "\n\n" DASH " AAAAAAE=\n", "o\n1\n" ROOT "\n\xff\n\n" LINE, "o\n1\n" ROOT "\n\n" DASH "o AAAAAAE= \n",
		"o\n1\n" ROOT "\na\tb\n\n" LINE,
	};
	struct gbx_head_note head;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_int_equal(gbx_head_note_parse(gbx_slice_text(good[i]), &head, NULL), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (gbx_head_note_parse(gbx_slice_text(bad[i]), &head, NULL) != GBX_E_MALFORMED)
			fail_msg("was taken: %s", bad[i]);
}

static void what_cannot_be_a_note_is_not_signed(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes note = {0};
	struct gbx_head_note head = {.origin = "a b"};

	(void)state;
	assert_int_equal(gbx_head_note_sign(&head, key, &note, NULL), GBX_E_MALFORMED);
	memcpy(head.origin, "ab", 3);
	head.size = (uint64_t)INT64_MAX + 1;
	assert_int_equal(gbx_head_note_sign(&head, key, &note, NULL), GBX_E_LIMIT);
	assert_int_equal(note.len, 0);
}

static struct gbx_log_leaf a_leaf(uint8_t n)
{
	struct gbx_log_leaf leaf = {.event = GBX_LEAF_SEAL, .size = 1000u + n};

	assert_true(gbx_ulid_parse(gbx_slice_text("01ARZ3NDEKTSV4RRFFQ69G5FAV"), leaf.run));
	memset(leaf.stream, n, sizeof leaf.stream);
	memset(leaf.root, 0x5a, sizeof leaf.root);
	return leaf;
}

static void the_text_of_a_leaf(void **state)
{
	static const char text[] = "glassbox/leaf/v1\n01ARZ3NDEKTSV4RRFFQ69G5FAV\nseal\n03030303030303030303030303030303\n1003\n" ROOT "\n";
	struct gbx_log_leaf leaf = a_leaf(3), back;
	GBX_AUTO_BYTES struct gbx_bytes out = {0};

	(void)state;
	assert_int_equal(gbx_log_leaf_format(&leaf, &out, NULL), 0);
	assert_string_equal((char *)out.data, text);
	assert_int_equal(gbx_log_leaf_parse(gbx_slice_of(&out), &back, NULL), 0);
	assert_memory_equal(&back, &leaf, sizeof leaf);
	for (size_t len = 0; len < out.len; len++)
		assert_true(gbx_log_leaf_parse(gbx_slice(out.data, len), &back, NULL) < 0);
	/* What is read writes back to the same bytes, whatever bit was changed. */
	for (size_t bit = 0; bit < out.len * 8; bit++) {
		GBX_AUTO_BYTES struct gbx_bytes again = {0};
		flip(out.data, bit);
		if (gbx_log_leaf_parse(gbx_slice_of(&out), &back, NULL) == 0) {
			assert_int_equal(gbx_log_leaf_format(&back, &again, NULL), 0);
			assert_true(gbx_slice_equal(gbx_slice_of(&again), gbx_slice_of(&out)));
		}
		flip(out.data, bit);
	}
	size_t was = out.len;
	assert_int_equal(gbx_bytes_append(&out, "\n", 1, NULL), 0);
	assert_int_equal(gbx_log_leaf_parse(gbx_slice_of(&out), &back, NULL), GBX_E_MALFORMED);
	out.len = was;
	assert_int_equal(gbx_log_leaf_parse(gbx_slice_text("glassbox/leaf/v2\n\n\n\n\n\n"), &back, NULL), GBX_E_VERSION);
	leaf.size = UINT64_MAX;
	assert_int_equal(gbx_log_leaf_format(&leaf, &out, NULL), GBX_E_LIMIT);
}

enum { LEAVES = 11, INDEX = 6 };

/* A proof of leaf INDEX of LEAVES. */
static void make_proof(struct gbx_bytes *text, struct gbx_bytes *note, const struct gbx_key *key)
{
	GBX_AUTO_HASH struct gbx_hash *h = NULL;
	struct gbx_tree tree = {0};
	uint8_t hash[LEAVES][32];
	struct gbx_head_note head = {.origin = "ada/x", .size = LEAVES};
	struct gbx_tlog_proof proof = {.leaf = a_leaf(INDEX), .index = INDEX};

	assert_int_equal(gbx_hash_new(&h, GBX_SHA256, NULL), 0);
	for (uint8_t i = 0; i < LEAVES; i++) {
		struct gbx_log_leaf leaf = a_leaf(i);
		assert_int_equal(gbx_log_leaf_hash(&leaf, h, hash[i], NULL), 0);
		assert_int_equal(gbx_tree_append(&tree, h, hash[i], NULL), 0);
	}
	assert_int_equal(gbx_tree_root(&tree, h, head.root, NULL), 0);
	assert_int_equal(gbx_head_note_sign(&head, key, note, NULL), 0);
	assert_int_equal(gbx_inclusion_prove((const uint8_t(*)[32])hash, LEAVES, INDEX, h, proof.hash, &proof.hashes, NULL), 0);
	proof.note = gbx_slice_of(note);
	assert_int_equal(gbx_tlog_proof_format(&proof, text, NULL), 0);
}

/* Reads and verifies, as a bundle's reader does. */
static int check_text(struct gbx_slice text, const struct gbx_key *key)
{
	struct gbx_tlog_proof proof;
	int rc = gbx_tlog_proof_parse(text, &proof, NULL);

	return rc ? rc : gbx_tlog_proof_verify(&proof, gbx_key_public(key), NULL);
}

static void every_changed_bit_of_a_proof_is_refused(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes text = {0}, note = {0};

	(void)state;
	make_proof(&text, &note, key);
	assert_int_equal(check_text(gbx_slice_of(&text), key), 0);
	for (size_t bit = 0; bit < text.len * 8; bit++) {
		flip(text.data, bit);
		assert_true(check_text(gbx_slice_of(&text), key) < 0);
		flip(text.data, bit);
	}
	for (size_t len = 0; len < text.len; len++)
		assert_true(check_text(gbx_slice(text.data, len), key) < 0);
	assert_int_equal(check_text(gbx_slice_of(&text), key), 0);
}

static void a_proof_holds_for_its_leaf_index_and_key_only(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1), *other = key_of_seed(SEED_2);
	GBX_AUTO_BYTES struct gbx_bytes text = {0}, note = {0};
	struct gbx_tlog_proof proof;

	(void)state;
	make_proof(&text, &note, key);
	assert_int_equal(gbx_tlog_proof_parse(gbx_slice_of(&text), &proof, NULL), 0);
	assert_true(gbx_slice_equal(proof.note, gbx_slice_of(&note)));
	assert_int_equal(gbx_tlog_proof_verify(&proof, gbx_key_public(key), NULL), 0);
	assert_int_equal(gbx_tlog_proof_verify(&proof, gbx_key_public(other), NULL), GBX_E_BAD);
	for (uint64_t i = 0; i < 2 * LEAVES; i++) {
		proof.index = i;
		assert_int_equal(gbx_tlog_proof_verify(&proof, gbx_key_public(key), NULL), i == INDEX ? 0 : GBX_E_BAD);
	}
	proof.index = INDEX;
	proof.leaf.event = GBX_LEAF_START;
	assert_int_equal(gbx_tlog_proof_verify(&proof, gbx_key_public(key), NULL), GBX_E_BAD);
}

static void proofs_of_another_form(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes text = {0}, note = {0}, many = {0};
	struct gbx_tlog_proof proof = {.leaf = a_leaf(1), .hashes = GBX_LIMIT_PROOF_HASHES, .note = gbx_slice_text("x\n")}, back;

	(void)state;
	assert_int_equal(gbx_tlog_proof_parse(gbx_slice_text("c2sp.org/tlog-proof@v2\n"), &back, NULL), GBX_E_VERSION);
	assert_int_equal(gbx_tlog_proof_parse(gbx_slice_text("c2sp.org/tlog-proof@v1\nindex 0\n\nx\n"), &back, NULL), GBX_E_MALFORMED);
	assert_int_equal(gbx_tlog_proof_format(&proof, &many, NULL), 0);
	assert_int_equal(gbx_tlog_proof_parse(gbx_slice_of(&many), &back, NULL), 0);
	assert_int_equal(back.hashes, GBX_LIMIT_PROOF_HASHES);
	/* One more hash, in front of the blank line and the two bytes of note. */
	many.len -= 3;
	assert_int_equal(gbx_bytes_printf(&many, NULL, ROOT "\n\nx\n"), 0);
	assert_int_equal(gbx_tlog_proof_parse(gbx_slice_of(&many), &back, NULL), GBX_E_LIMIT);
	make_proof(&text, &note, key);
	assert_int_equal(gbx_bytes_append(&text, "\n", 1, NULL), 0);
	assert_int_equal(check_text(gbx_slice_of(&text), key), GBX_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_c2sp),
		cmocka_unit_test(names),
		cmocka_unit_test(every_changed_bit_of_a_vkey_is_refused),
		cmocka_unit_test(a_signed_head_note),
		cmocka_unit_test(every_changed_bit_of_a_note_is_refused),
		cmocka_unit_test(cosignatures_are_passed_over),
		cmocka_unit_test(a_failing_line_of_the_key_rejects_the_note),
		cmocka_unit_test(notes_of_another_form),
		cmocka_unit_test(what_cannot_be_a_note_is_not_signed),
		cmocka_unit_test(the_text_of_a_leaf),
		cmocka_unit_test(every_changed_bit_of_a_proof_is_refused),
		cmocka_unit_test(a_proof_holds_for_its_leaf_index_and_key_only),
		cmocka_unit_test(proofs_of_another_form),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
