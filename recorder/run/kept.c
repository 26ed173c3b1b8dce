#include "run/kept.h"

#include <fcntl.h>

#include "base/mem.h"

char *gbx_kept_path(const struct gbx_store *s, const char *run, const char *folder, const uint8_t sha256[GBX_SHA256_LEN])
{
	char hex[2 * GBX_SHA256_LEN + 1];

	gbx_hex(sha256, GBX_SHA256_LEN, hex);
	return gbx_asprintf("%s/runs/%s/%s/%s%s", s->path, run, folder, hex, strcmp(folder, "manifest") == 0 ? ".tfrecord" : "");
}

static int hash_file(int fd, uint8_t sha256[GBX_SHA256_LEN], struct gbx_error *err)
{
	GBX_AUTO_HASH struct gbx_hash *h = NULL;
	uint8_t buffer[65536];
	size_t got = 1;
	int rc = gbx_hash_new(&h, GBX_SHA256, err);

	if (rc == 0)
		gbx_hash_start(h);
	while (rc == 0 && got) {
		rc = gbx_read(fd, buffer, sizeof buffer, &got, err);
		if (rc == 0)
			gbx_hash_update(h, buffer, got);
	}
	return rc ? rc : gbx_hash_final(h, sha256, err);
}

int gbx_kept_is_lost(const struct gbx_store *s, const char *run, const char *folder, const uint8_t sha256[GBX_SHA256_LEN], bool *lost,
		     struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_kept_path(s, run, folder, sha256);
	GBX_AUTO_FD int fd = -1;
	uint8_t there[GBX_SHA256_LEN];

	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	int rc = gbx_open_regular(AT_FDCWD, path, &fd, err);
	if (rc == GBX_E_NOTFOUND || rc == GBX_E_MALFORMED) {
		*lost = true;
		return 0;
	}
	if (rc == 0)
		rc = hash_file(fd, there, err);
	if (rc)
		return gbx_fail_context(err, "'%s'", path);
	*lost = memcmp(there, sha256, sizeof there) != 0;
	return 0;
}
