#include "base/salt.h"

#include <string.h>

#include "base/io.h"
#include "base/map.h"

#define SALTS (GBX_WIPED_SIZE / GBX_SALT_BYTES - 1)

/* All of it in memory that is wiped on fork, `left` too: zero left is what makes the child fetch its own. */
struct gbx_salts {
	uint8_t salt[SALTS][GBX_SALT_BYTES];
	uint64_t left;
};

int gbx_salts_new(struct gbx_salts **out, struct gbx_error *err)
{
	void *page;
	int rc = gbx_map_wiped(&page, err);

	if (rc == 0)
		*out = page;
	return rc;
}

void gbx_salts_free(struct gbx_salts *s)
{
	if (!s)
		return;
	explicit_bzero(s, sizeof *s);
	gbx_unmap(s, GBX_WIPED_SIZE);
}

int gbx_salts_take(struct gbx_salts *s, uint8_t out[GBX_SALT_BYTES], struct gbx_error *err)
{
	if (s->left == 0) {
		int rc = gbx_random(s->salt, sizeof s->salt, err);
		if (rc)
			return rc;
		s->left = SALTS;
	}
	s->left--;
	memcpy(out, s->salt[s->left], GBX_SALT_BYTES);
	explicit_bzero(s->salt[s->left], GBX_SALT_BYTES);
	return 0;
}
