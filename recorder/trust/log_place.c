/* Which machine this is, and the lock of its log. Declared in log_file.h. */
#include <errno.h>
#include <stdio.h>

#include "base/machine.h"
#include "base/mem.h"
#include "digest/hash.h"
#include "trust/log_file.h"

enum { LOCK_NAME_LEN = 8 };

void gbx_log_place(struct gbx_log_place *place, const char *dir, const uint8_t public_key[GBX_PUBLIC_KEY_LEN])
{
	char boot[GBX_LIMIT_MACHINE_ID + 1];

	*place = (struct gbx_log_place){.dir = dir, .public_key = public_key};
	gbx_machine_name(place->machine);
	if (place->machine[0])
		return;
	gbx_boot_id(boot);
	if (boot[0])
		snprintf(place->machine, sizeof place->machine, "boot:%s", boot);
}

/* The name holds key and machine: keys in one folder do not wait for each other, and no lock is shared between machines. */
static int lock_path(const struct gbx_log_place *place, char **out, struct gbx_error *err)
{
	GBX_AUTO_HASH struct gbx_hash *h = NULL;
	uint8_t digest[GBX_SHA256_LEN];
	char hex[2 * LOCK_NAME_LEN + 1];
	int rc = gbx_hash_new(&h, GBX_SHA256, err);

	if (rc)
		return rc;
	gbx_hash_start(h);
	gbx_hash_update(h, place->public_key, GBX_PUBLIC_KEY_LEN);
	gbx_hash_update(h, place->machine, strlen(place->machine));
	rc = gbx_hash_final(h, digest, err);
	if (rc)
		return rc;
	gbx_hex(digest, LOCK_NAME_LEN, hex);
	*out = gbx_asprintf("%s/%s.lock", place->dir, hex);
	return *out ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory to lock the owner log");
}

int gbx_log_lock(const struct gbx_log_place *place, int *fd, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = NULL;
	GBX_AUTO_FD int opened = -1;
	struct gbx_error why = {0};
	int rc = lock_path(place, &path, err);

	if (rc == 0)
		rc = gbx_open_append(path, 0600, &opened, err);
	if (rc)
		return rc;
	rc = gbx_lock(opened, &why);
	if (rc && (why.sys == ENOLCK || why.sys == ENOSYS || why.sys == EOPNOTSUPP))
		return 1;
	if (rc)
		return gbx_fail(err, rc, "owner log '%s': %s", path, why.line);
	*fd = opened;
	opened = -1;
	return 0;
}
