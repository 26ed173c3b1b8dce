#include "digest/many.h"

int gbx_sha256_many(struct gbx_hash *h, const struct gbx_message *message, size_t count, struct gbx_error *err)
{
	enum gbx_lanes lanes = count >= 4 ? gbx_lanes_here() : GBX_NO_LANES; /* fewer leave most lanes empty */
	int rc = 0;

	if (lanes != GBX_NO_LANES) {
		gbx_sha256_lanes(lanes, message, count);
		return 0;
	}
	for (size_t i = 0; rc == 0 && i < count; i++) {
		gbx_hash_start(h);
		gbx_hash_update(h, message[i].data, message[i].len);
		rc = gbx_hash_final(h, message[i].digest, err);
	}
	return rc;
}
