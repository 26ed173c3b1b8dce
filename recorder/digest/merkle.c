#include "digest/merkle.h"

#include "digest/many.h"

#define FOLD_LEVELS 8u /* of a subtree that is folded at once: 256 leaves */

int gbx_leaf_hash(struct gbx_hash *h, const struct gbx_slice *part, size_t parts, uint8_t out[GBX_SHA256_LEN],
		  struct gbx_error *err)
{
	gbx_hash_start(h);
	gbx_hash_update(h, "\0", 1);
	for (size_t i = 0; i < parts; i++)
		gbx_hash_update(h, part[i].data, part[i].len);
	return gbx_hash_final(h, out, err);
}

int gbx_node_hash(struct gbx_hash *h, const uint8_t left[GBX_SHA256_LEN], const uint8_t right[GBX_SHA256_LEN],
		  uint8_t out[GBX_SHA256_LEN], struct gbx_error *err)
{
	gbx_hash_start(h);
	gbx_hash_update(h, "\1", 1);
	gbx_hash_update(h, left, GBX_SHA256_LEN);
	gbx_hash_update(h, right, GBX_SHA256_LEN);
	return gbx_hash_final(h, out, err);
}

int gbx_tree_append_with(struct gbx_tree *tree, struct gbx_hash *h, const uint8_t leaf[GBX_SHA256_LEN],
			 const uint8_t (*known)[GBX_SHA256_LEN], unsigned nodes, struct gbx_error *err)
{
	uint8_t node[GBX_SHA256_LEN];
	unsigned count = tree->count, level = 0;

	memcpy(node, leaf, sizeof node);
	/* Each set low bit of the size is a complete subtree that the new leaf completes into one twice as large. */
	for (uint64_t size = tree->size; size & 1; size >>= 1, level++) {
		count--;
		if (level < nodes) {
			memcpy(node, known[level], sizeof node);
			continue;
		}
		int rc = gbx_node_hash(h, tree->node[count], node, node, err);
		if (rc)
			return rc;
	}
	memcpy(tree->node[count], node, sizeof node);
	tree->count = count + 1;
	tree->size++;
	return 0;
}

int gbx_tree_append(struct gbx_tree *tree, struct gbx_hash *h, const uint8_t leaf[GBX_SHA256_LEN], struct gbx_error *err)
{
	return gbx_tree_append_with(tree, h, leaf, NULL, 0, err);
}

/* Puts the root of a complete subtree of 2^level leaves behind those before, whose number it divides. */
static int append_subtree(struct gbx_tree *tree, struct gbx_hash *h, const uint8_t root[GBX_SHA256_LEN], unsigned level,
			  struct gbx_error *err)
{
	uint8_t node[GBX_SHA256_LEN];
	unsigned count = tree->count;

	memcpy(node, root, sizeof node);
	for (uint64_t size = tree->size >> level; size & 1; size >>= 1) {
		int rc = gbx_node_hash(h, tree->node[--count], node, node, err);
		if (rc)
			return rc;
	}
	memcpy(tree->node[count], node, sizeof node);
	tree->count = count + 1;
	tree->size += (uint64_t)1 << level;
	return 0;
}

/* leaf[0] becomes the root of the first 2^level. */
static int fold_subtree(struct gbx_hash *h, uint8_t (*leaf)[GBX_SHA256_LEN], unsigned level, struct gbx_error *err)
{
	uint8_t pair[1 << (FOLD_LEVELS - 1)][1 + 2 * GBX_SHA256_LEN];
	struct gbx_message message[1 << (FOLD_LEVELS - 1)];
	int rc = 0;

	for (size_t n = (size_t)1 << level; rc == 0 && n > 1; n /= 2) {
		for (size_t i = 0; i < n / 2; i++) {
			pair[i][0] = 1;
			memcpy(pair[i] + 1, leaf[2 * i], GBX_SHA256_LEN);
			memcpy(pair[i] + 1 + GBX_SHA256_LEN, leaf[2 * i + 1], GBX_SHA256_LEN);
			message[i] = (struct gbx_message){pair[i], sizeof pair[i], leaf[i]};
		}
		rc = gbx_sha256_many(h, message, n / 2, err);
	}
	return rc;
}

int gbx_tree_append_many(struct gbx_tree *tree, struct gbx_hash *h, uint8_t (*leaf)[GBX_SHA256_LEN], size_t count,
			 struct gbx_error *err)
{
	int rc = 0;

	while (rc == 0 && count) {
		unsigned level = 0;
		while (level < FOLD_LEVELS && (size_t)2 << level <= count && tree->size % ((uint64_t)2 << level) == 0)
			level++;
		rc = fold_subtree(h, leaf, level, err);
		if (rc == 0)
			rc = append_subtree(tree, h, leaf[0], level, err);
		leaf += (size_t)1 << level;
		count -= (size_t)1 << level;
	}
	return rc;
}

int gbx_tree_root(const struct gbx_tree *tree, struct gbx_hash *h, uint8_t root[GBX_SHA256_LEN], struct gbx_error *err)
{
	if (tree->count == 0)
		return gbx_sha256(gbx_slice("", 0), root, err);
	uint8_t node[GBX_SHA256_LEN];
	memcpy(node, tree->node[tree->count - 1], sizeof node);
	for (unsigned i = tree->count - 1; i > 0; i--) {
		int rc = gbx_node_hash(h, tree->node[i - 1], node, node, err);
		if (rc)
			return rc;
	}
	memcpy(root, node, sizeof node);
	return 0;
}

static int root_of(const uint8_t (*leaf)[GBX_SHA256_LEN], uint64_t size, struct gbx_hash *h, uint8_t root[GBX_SHA256_LEN],
		   struct gbx_error *err)
{
	struct gbx_tree tree = {0};
	int rc = 0;

	for (uint64_t i = 0; rc == 0 && i < size; i++)
		rc = gbx_tree_append(&tree, h, leaf[i], err);
	return rc ? rc : gbx_tree_root(&tree, h, root, err);
}

static uint64_t split(uint64_t size)
{
	uint64_t k = 1;

	while (k < size - k)
		k *= 2;
	return k;
}

int gbx_inclusion_prove(const uint8_t (*leaf)[GBX_SHA256_LEN], uint64_t size, uint64_t index, struct gbx_hash *h,
			uint8_t proof[64][GBX_SHA256_LEN], size_t *count, struct gbx_error *err)
{
	uint8_t from_top[64][GBX_SHA256_LEN];
	size_t n = 0;

	if (index >= size)
		return gbx_fail(err, GBX_E_MALFORMED, "no leaf %llu in a tree of %llu", (unsigned long long)index,
				(unsigned long long)size);
	while (size > 1) {
		uint64_t k = split(size);
		bool right = index >= k;
		int rc = right ? root_of(leaf, k, h, from_top[n], err) : root_of(leaf + k, size - k, h, from_top[n], err);
		if (rc)
			return rc;
		n++;
		leaf += right ? k : 0;
		index -= right ? k : 0;
		size = right ? size - k : k;
	}
	for (size_t i = 0; i < n; i++)
		memcpy(proof[i], from_top[n - 1 - i], GBX_SHA256_LEN);
	*count = n;
	return 0;
}

int gbx_inclusion_verify(const uint8_t leaf[GBX_SHA256_LEN], uint64_t index, uint64_t size, const uint8_t (*proof)[GBX_SHA256_LEN],
			 size_t count, const uint8_t root[GBX_SHA256_LEN], struct gbx_hash *h, struct gbx_error *err)
{
	uint8_t node[GBX_SHA256_LEN];
	uint64_t fn = index, sn = size - 1;

	if (index >= size)
		return gbx_fail(err, GBX_E_MALFORMED, "no leaf %llu in a tree of %llu", (unsigned long long)index,
				(unsigned long long)size);
	memcpy(node, leaf, sizeof node);
	for (size_t i = 0; i < count; i++) {
		if (sn == 0)
			return gbx_fail(err, GBX_E_BAD, "the inclusion proof has %zu hashes too many", count - i);
		bool from_right = (fn & 1) || fn == sn;
		int rc = from_right ? gbx_node_hash(h, proof[i], node, node, err) : gbx_node_hash(h, node, proof[i], node, err);
		if (rc)
			return rc;
		while (from_right && !(fn & 1) && fn) {
			fn >>= 1;
			sn >>= 1;
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0)
		return gbx_fail(err, GBX_E_BAD, "the inclusion proof is too short");
	if (memcmp(node, root, sizeof node) != 0)
		return gbx_fail(err, GBX_E_BAD, "the inclusion proof leads to another root");
	return 0;
}
