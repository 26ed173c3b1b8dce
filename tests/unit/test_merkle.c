/* Merkle trees against RFC 6962's definition, written down once more here, known roots, and the vectors of transparency-dev/merkle. */
#include "base/io.h"
#include "base/limits.h"
#include "base/text.h"
#include "digest/merkle.h"
#include "test.h"

enum { LEAVES = 70 };

struct trees {
	struct gbx_hash *h;
	uint8_t leaf[LEAVES][32];
};

static int set_up(void **state)
{
	static struct trees t;
	int rc = gbx_hash_new(&t.h, GBX_SHA256, NULL);

	for (uint8_t i = 0; rc == 0 && i < LEAVES; i++) {
		struct gbx_slice part = gbx_slice(&i, 1);
		rc = gbx_leaf_hash(t.h, &part, 1, t.leaf[i], NULL);
	}
	*state = &t;
	return rc;
}

static int tear_down(void **state)
{
	gbx_hash_release(&((struct trees *)*state)->h);
	return 0;
}

/* RFC 6962 section 2.1 as it is written: MTH(D[n]) = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n])). */
static void naive_root(const uint8_t (*leaf)[32], size_t n, uint8_t out[32])
{
	uint8_t both[65] = {1};
	size_t k = 1;

	if (n == 0) {
		assert_int_equal(gbx_sha256(gbx_slice("", 0), out, NULL), 0);
		return;
	}
	if (n == 1) {
		memcpy(out, leaf[0], 32);
		return;
	}
	while (k * 2 < n)
		k *= 2;
	naive_root(leaf, k, both + 1);
	naive_root(leaf + k, n - k, both + 33);
	assert_int_equal(gbx_sha256(gbx_slice(both, sizeof both), out, NULL), 0);
}

/* RFC 6962 section 2.1.1 as it is written. */
static size_t naive_path(size_t m, const uint8_t (*leaf)[32], size_t n, uint8_t (*out)[32])
{
	size_t k = 1, len;

	if (n == 1)
		return 0;
	while (k * 2 < n)
		k *= 2;
	if (m < k) {
		len = naive_path(m, leaf, k, out);
		naive_root(leaf + k, n - k, out[len]);
	} else {
		len = naive_path(m - k, leaf + k, n - k, out);
		naive_root(leaf, k, out[len]);
	}
	return len + 1;
}

static void tree_root(struct trees *t, size_t n, uint8_t root[32])
{
	struct gbx_tree tree = {0};

	for (size_t i = 0; i < n; i++)
		assert_int_equal(gbx_tree_append(&tree, t->h, t->leaf[i], NULL), 0);
	assert_int_equal(tree.size, n);
	assert_int_equal(gbx_tree_root(&tree, t->h, root, NULL), 0);
}

/* The reference tree of the certificate transparency projects, sizes 0 to 8. */
static void roots_are_the_known_ones(void **state)
{
	static const char *const data[] = {"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
	static const char *const root[] = {
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	};
	struct trees *t = *state;
	struct gbx_tree tree = {0};

	for (size_t n = 0; n <= 8; n++) {
		uint8_t bytes[16], hash[32];
		char hex[65];
		assert_int_equal(gbx_tree_root(&tree, t->h, hash, NULL), 0);
		gbx_hex(hash, 32, hex);
		assert_string_equal(hex, root[n]);
		if (n == 8)
			break;
		size_t len = strlen(data[n]) / 2;
		assert_true(gbx_unhex(gbx_slice_text(data[n]), bytes, len));
		struct gbx_slice part[2] = {gbx_slice(bytes, len / 2), gbx_slice(bytes + len / 2, len - len / 2)};
		assert_int_equal(gbx_leaf_hash(t->h, part, 2, hash, NULL), 0);
		assert_int_equal(gbx_tree_append(&tree, t->h, hash, NULL), 0);
	}
}

static void roots_are_the_definitions(void **state)
{
	struct trees *t = *state;

	for (size_t n = 0; n <= LEAVES; n++) {
		uint8_t root[32], naive[32];
		tree_root(t, n, root);
		naive_root((const uint8_t(*)[32])t->leaf, n, naive);
		assert_memory_equal(root, naive, 32);
	}
}

/* Leaves appended in pieces of any length are leaves appended one by one. */
static void many_are_one_by_one(void **state)
{
	static uint8_t leaf[3000][32], piece[3000][32];
	struct trees *t = *state;
	unsigned seed = 1;

	for (int round = 0; round < 60; round++) {
		struct gbx_tree one = {0}, many = {0};
		while (one.size < 3000) {
			seed = seed * 1103515245u + 12345u;
			size_t n = seed >> 8 & (round % 3 == 0 ? 1023 : 31), at = one.size;
			n = n < 3000 - at ? n : 3000 - at;
			for (size_t i = 0; i < n; i++) {
				memset(leaf[at + i], 0, 32);
				gbx_put_be64(leaf[at + i], (at + i) * 77 + (uint64_t)round);
				assert_int_equal(gbx_tree_append(&one, t->h, leaf[at + i], NULL), 0);
			}
			memcpy(piece, leaf[at], n * 32);
			assert_int_equal(gbx_tree_append_many(&many, t->h, piece, n, NULL), 0);
			assert_int_equal(one.size, many.size);
			assert_int_equal(one.count, many.count);
			assert_memory_equal(one.node, many.node, one.count * 32);
		}
	}
}

static void check_proof(struct trees *t, size_t n, size_t m)
{
	uint8_t proof[64][32], naive[64][32], root[32];
	const uint8_t(*leaf)[32] = (const uint8_t(*)[32])t->leaf;
	const uint8_t(*p)[32] = (const uint8_t(*)[32])proof;
	size_t count;

	tree_root(t, n, root);
	assert_int_equal(gbx_inclusion_prove(leaf, n, m, t->h, proof, &count, NULL), 0);
	assert_int_equal(count, naive_path(m, leaf, n, naive));
	assert_memory_equal(proof, naive, count * 32);
	assert_int_equal(gbx_inclusion_verify(leaf[m], m, n, p, count, root, t->h, NULL), 0);
	for (size_t i = 0; i < n; i++)
		if (i != m) {
			assert_int_equal(gbx_inclusion_verify(leaf[m], i, n, p, count, root, t->h, NULL), GBX_E_BAD);
			assert_int_equal(gbx_inclusion_verify(leaf[i], m, n, p, count, root, t->h, NULL), GBX_E_BAD);
		}
	if (count)
		assert_int_equal(gbx_inclusion_verify(leaf[m], m, n, p, count - 1, root, t->h, NULL), GBX_E_BAD);
	memcpy(proof[count], root, 32);
	assert_int_equal(gbx_inclusion_verify(leaf[m], m, n, p, count + 1, root, t->h, NULL), GBX_E_BAD);
	for (size_t i = 0; i < count; i++) {
		proof[i][31] ^= 1;
		assert_int_equal(gbx_inclusion_verify(leaf[m], m, n, p, count, root, t->h, NULL), GBX_E_BAD);
		proof[i][31] ^= 1;
	}
	root[0] ^= 1;
	assert_int_equal(gbx_inclusion_verify(leaf[m], m, n, p, count, root, t->h, NULL), GBX_E_BAD);
}

static void proofs_are_the_definitions(void **state)
{
	for (size_t n = 1; n <= 18; n++)
		for (size_t m = 0; m < n; m++)
			check_proof(*state, n, m);
	check_proof(*state, LEAVES, 0);
	check_proof(*state, LEAVES, 64);
	check_proof(*state, LEAVES, LEAVES - 1);
}

static void an_index_behind_the_end_has_no_proof(void **state)
{
	struct trees *t = *state;
	uint8_t proof[64][32], root[32] = {0};
	size_t count;

	assert_int_equal(gbx_inclusion_prove((const uint8_t(*)[32])t->leaf, 3, 3, t->h, proof, &count, NULL), GBX_E_MALFORMED);
	assert_int_equal(gbx_inclusion_prove((const uint8_t(*)[32])t->leaf, 0, 0, t->h, proof, &count, NULL), GBX_E_MALFORMED);
	assert_int_equal(gbx_inclusion_verify(root, 3, 3, NULL, 0, root, t->h, NULL), GBX_E_MALFORMED);
	assert_int_equal(gbx_inclusion_verify(root, 0, 0, NULL, 0, root, t->h, NULL), GBX_E_MALFORMED);
	assert_int_equal(gbx_inclusion_verify(root, UINT64_MAX, 0, NULL, 0, root, t->h, NULL), GBX_E_MALFORMED);
}

/* One of tests/vectors/merkle-inclusion.txt. */
struct vector {
	bool good, well_formed;
	char name[80];
	uint64_t index, size;
	uint8_t root[32], leaf[32], proof[GBX_LIMIT_PROOF_HASHES][32];
	size_t hashes;
};

static struct gbx_slice take_field(struct gbx_slice *line, char end)
{
	size_t len = 0;
	struct gbx_slice field, skipped;

	while (len < line->len && line->data[len] != end)
		len++;
	assert_true(gbx_take(line, len, &field) && (line->len == 0 || gbx_take(line, 1, &skipped)));
	return field;
}

/* False for a hash that has not 32 bytes: readers refuse that before any tree is involved. */
static bool take_hash(struct gbx_slice base64, uint8_t out[32])
{
	GBX_AUTO_BYTES struct gbx_bytes bytes = {0};

	if (gbx_unbase64(base64, &bytes, NULL) || bytes.len != 32)
		return false;
	memcpy(out, bytes.data, 32);
	return true;
}

static void read_vector(struct gbx_slice line, struct vector *v)
{
	*v = (struct vector){.good = gbx_slice_is(take_field(&line, ' '), "good")};
	gbx_printable_in(take_field(&line, ' '), v->name, sizeof v->name);
	/* One index is 2^64 - 1, which readers refuse. */
	v->well_formed = gbx_parse_u63(take_field(&line, ' '), &v->index);
	v->well_formed &= gbx_parse_u63(take_field(&line, ' '), &v->size);
	v->well_formed &= take_hash(take_field(&line, ' '), v->root);
	v->well_formed &= take_hash(take_field(&line, ' '), v->leaf);
	if (gbx_slice_is(line, "-"))
		return;
	while (line.len) {
		assert_true(v->hashes < GBX_LIMIT_PROOF_HASHES);
		v->well_formed &= take_hash(take_field(&line, ','), v->proof[v->hashes++]);
	}
}

static void public_vectors(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct trees *t = *state;
	struct gbx_slice rest, line;
	struct vector v;
	size_t good = 0, bad = 0;

	assert_int_equal(gbx_load_file(GBX_SOURCE_DIR "/tests/vectors/merkle-inclusion.txt", 1u << 20, &text, NULL), 0);
	rest = gbx_slice_of(&text);
	while (gbx_take_line(&rest, &line)) {
		if (gbx_slice_starts(line, "#"))
			continue;
		read_vector(line, &v);
		bool holds = v.well_formed && gbx_inclusion_verify(v.leaf, v.index, v.size, (const uint8_t(*)[32])v.proof, v.hashes,
								   v.root, t->h, NULL) == 0;
		if (holds != v.good)
			fail_msg("%s should %s", v.name, v.good ? "hold" : "fail");
		v.good ? good++ : bad++;
	}
	assert_int_equal(good, 6);
	assert_int_equal(bad, 92);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_are_the_known_ones),
		cmocka_unit_test(roots_are_the_definitions),
		cmocka_unit_test(many_are_one_by_one),
		cmocka_unit_test(proofs_are_the_definitions),
		cmocka_unit_test(an_index_behind_the_end_has_no_proof),
		cmocka_unit_test(public_vectors),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
