/* What the tests of trust/ share: a folder of their own, and keys of RFC 8032. */
#ifndef GBX_TEST_TRUST_H
#define GBX_TEST_TRUST_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "test.h"
#include "trust/key.h"

static char folder[64];

/* For cmocka_run_group_tests. */
static inline int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/glassbox-test-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **state)
{
	(void)state;
	return gbx_remove_tree(folder, NULL);
}

/* A path in the folder; valid until 32 more were asked for. */
static inline const char *in_folder(const char *name)
{
	static char path[32][256];
	static unsigned next;
	char *p = path[next++ % 32];

	snprintf(p, sizeof path[0], "%s/%s", folder, name);
	return p;
}

static inline void put_file(const char *path, struct gbx_slice data, mode_t mode)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data.data, 1, data.len, f), data.len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* PKCS#8 PEM of an Ed25519 seed, put together by RFC 8410 section 7. */
static inline void put_seed(const char *path, const char *seed_hex)
{
	static const uint8_t prefix[] = {0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20};
	GBX_AUTO_BYTES struct gbx_bytes pem = {0};
	uint8_t der[48];

	memcpy(der, prefix, sizeof prefix);
	assert_true(gbx_unhex(gbx_slice_text(seed_hex), der + 16, 32));
	assert_int_equal(gbx_bytes_printf(&pem, NULL, "-----BEGIN PRIVATE KEY-----\n"), 0);
	assert_int_equal(gbx_base64(der, sizeof der, &pem, NULL), 0);
	assert_int_equal(gbx_bytes_printf(&pem, NULL, "\n-----END PRIVATE KEY-----\n"), 0);
	put_file(path, gbx_slice_of(&pem), 0600);
}

#define SEED_1 "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define SEED_2 "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"

static inline struct gbx_key *key_of_seed(const char *seed_hex)
{
	const char *path = in_folder("seed.pem");
	struct gbx_key *key = NULL;

	put_seed(path, seed_hex);
	assert_int_equal(gbx_key_load(path, gbx_slice(NULL, 0), &key, NULL), 0);
	return key;
}

#endif
