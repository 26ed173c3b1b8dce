/* Inclusion proofs of the owner log: one text, and no proof holds under the key of no one. */
#include "target.h"
#include "trust/proof.h"

static void check(const struct gbx_tlog_proof *proof, struct gbx_slice text)
{
	static const uint8_t nobody[GBX_PUBLIC_KEY_LEN] = {1, 2, 3};
	static struct gbx_bytes again;
	static struct gbx_hash *h;
	struct gbx_head_note head;
	uint8_t leaf[GBX_SHA256_LEN];
	struct gbx_error err;

	again.len = 0;
	FUZZ_HOLDS(gbx_tlog_proof_format(proof, &again, &err) == 0 && gbx_slice_equal(gbx_slice_of(&again), text));
	FUZZ_HOLDS(gbx_tlog_proof_verify(proof, nobody, &err) != 0);
	if (gbx_head_note_parse(proof->note, &head, &err))
		return;
	if (!h)
		FUZZ_HOLDS(gbx_hash_new(&h, GBX_SHA256, &err) == 0);
	FUZZ_HOLDS(gbx_log_leaf_hash(&proof->leaf, h, leaf, &err) == 0);
	int rc = gbx_inclusion_verify(leaf, proof->index, head.size, proof->hash, proof->hashes, head.root, h, &err);
	FUZZ_HOLDS(rc == 0 || rc == GBX_E_BAD || rc == GBX_E_MALFORMED || rc == GBX_E_LIMIT);
	FUZZ_HOLDS(rc || proof->index < head.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gbx_tlog_proof proof;
	struct gbx_error err;

	if (gbx_tlog_proof_parse(gbx_slice(data, size), &proof, &err) == 0)
		check(&proof, gbx_slice(data, size));
	return 0;
}
