#include "base/salt.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/io.h"

#define PAGE 4096
#define SALTS (PAGE / GBX_SALT_BYTES - 1)

/* Exactly one page, so that wiping on fork takes `left` with it: zero left is what makes the child fetch its own. */
struct gbx_salts {
	uint8_t salt[SALTS][GBX_SALT_BYTES];
	uint64_t left;
};

int gbx_salts_new(struct gbx_salts **out, struct gbx_error *err)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return gbx_fail_errno(err, errno, "no memory for salts");
#ifdef MADV_WIPEONFORK
	if (madvise(page, PAGE, MADV_WIPEONFORK)) {
		int sys = errno;
		munmap(page, PAGE);
		return gbx_fail_errno(err, sys, "cannot keep salts from a forked process");
	}
#endif
	*out = page;
	return 0;
}

void gbx_salts_free(struct gbx_salts *s)
{
	if (!s)
		return;
	explicit_bzero(s, PAGE);
	munmap(s, PAGE);
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
