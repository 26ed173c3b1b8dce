/* Merkle trees of RFC 6962 section 2.1 (RFC 9162 section 2.1): leaf = SHA-256(0x00 || data), node = SHA-256(0x01 || left || right),
 * split at the largest power of two below the size; the empty tree's root is SHA-256 of nothing. */
#ifndef GBX_DIGEST_MERKLE_H
#define GBX_DIGEST_MERKLE_H

#include "digest/hash.h"

/* A tree that grows: its roots of complete subtrees, largest first. At most 64 of them, whatever the size. */
struct gbx_tree {
	uint64_t size;
	unsigned count;
	uint8_t node[64][GBX_SHA256_LEN];
};

/* The leaf hash of data given in up to several parts. h is a SHA-256 context, used and left ready for the next. */
int gbx_leaf_hash(struct gbx_hash *h, const struct gbx_slice *part, size_t parts, uint8_t out[GBX_SHA256_LEN],
		  struct gbx_error *err) GBX_MUST_USE;
int gbx_node_hash(struct gbx_hash *h, const uint8_t left[GBX_SHA256_LEN], const uint8_t right[GBX_SHA256_LEN],
		  uint8_t out[GBX_SHA256_LEN], struct gbx_error *err) GBX_MUST_USE;

/* A tree of {0} is empty. */
int gbx_tree_append(struct gbx_tree *tree, struct gbx_hash *h, const uint8_t leaf[GBX_SHA256_LEN], struct gbx_error *err) GBX_MUST_USE;
/* The same where roots of complete subtrees that end with this leaf were computed before: node[k] is the one of 2^(k+1) leaves. */
int gbx_tree_append_with(struct gbx_tree *tree, struct gbx_hash *h, const uint8_t leaf[GBX_SHA256_LEN],
			 const uint8_t (*node)[GBX_SHA256_LEN], unsigned nodes, struct gbx_error *err) GBX_MUST_USE;
/* Appends many, with the nodes between them made many at once; leaf is used up. */
int gbx_tree_append_many(struct gbx_tree *tree, struct gbx_hash *h, uint8_t (*leaf)[GBX_SHA256_LEN], size_t count,
			 struct gbx_error *err) GBX_MUST_USE;
int gbx_tree_root(const struct gbx_tree *tree, struct gbx_hash *h, uint8_t root[GBX_SHA256_LEN], struct gbx_error *err) GBX_MUST_USE;

/* The inclusion proof of leaf `index` among `size` leaf hashes: RFC 6962 section 2.1.1, nearest sibling first.
 * *count is set to the number of hashes, at most 64. */
int gbx_inclusion_prove(const uint8_t (*leaf)[GBX_SHA256_LEN], uint64_t size, uint64_t index, struct gbx_hash *h,
			uint8_t proof[64][GBX_SHA256_LEN], size_t *count, struct gbx_error *err) GBX_MUST_USE;

/* Checks a proof (RFC 9162 section 2.1.3.2). 0 when it holds, GBX_E_BAD when it does not, GBX_E_MALFORMED where index and size
 * cannot be. */
int gbx_inclusion_verify(const uint8_t leaf[GBX_SHA256_LEN], uint64_t index, uint64_t size, const uint8_t (*proof)[GBX_SHA256_LEN],
			 size_t count, const uint8_t root[GBX_SHA256_LEN], struct gbx_hash *h, struct gbx_error *err) GBX_MUST_USE;

#endif
