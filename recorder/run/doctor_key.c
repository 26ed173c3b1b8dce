/* The user's key and its owner log, without a passphrase. */
#include <stdio.h>

#include "base/mem.h"
#include "run/doctor_checks.h"
#include "run/identity.h"

static const char make_one[] = "glassbox key new --name YOU";

/* The log beside a key whose public half can be read. */
static void look_at_log(const char *path, bool encrypted, struct gbx_finding *f)
{
	GBX_AUTO_STRING char *pub = gbx_key_sibling(path, ".pub");
	GBX_AUTO_STRING char *dir = gbx_key_sibling(path, ".log");
	uint8_t key[GBX_PUBLIC_KEY_LEN];
	char origin[GBX_NAME_MAX + 1];
	struct gbx_error err;
	const char *how = encrypted ? "; it asks for a passphrase, which no job waits for: sign with 'glassbox sign RUN'" : "";

	if (!pub || !dir || gbx_public_load(pub, key, &err)) {
		gbx_find(f, GBX_HEALTH_GAP, "glassbox key export writes it again", "'%s' is an Ed25519 key, and its public half cannot be read beside it%s",
			 path, how);
		return;
	}
	int rc = gbx_exists(dir) ? gbx_owner_log_find(dir, key, origin, &err) : GBX_E_NOTFOUND;
	if (rc == GBX_E_NOTFOUND)
		gbx_find(f, GBX_HEALTH_OK, NULL, "'%s' is an Ed25519 key; its owner log on this machine begins with the next signature%s", path, how);
	else if (rc)
		gbx_find(f, GBX_HEALTH_GAP, "runs are sealed unsigned until the log can be opened; bring it back, or move it away to begin another", "%s",
			 err.line);
	else
		gbx_find(f, GBX_HEALTH_OK, NULL, "'%s' is an Ed25519 key, and its owner log is %s%s", path, origin, how);
}

void gbx_doctor_key(struct gbx_patient *p, struct gbx_finding *f)
{
	const char *path = p->o->key;
	struct gbx_key *key = NULL;
	struct gbx_error err;
	int rc = path ? gbx_key_load(path, (struct gbx_slice){0}, &key, &err) : GBX_E_NOTFOUND;

	gbx_key_free(key);
	if (rc == 0 || rc == GBX_E_LOCKED)
		look_at_log(path, rc == GBX_E_LOCKED, f);
	else if (rc == GBX_E_NOTFOUND)
		gbx_find(f, GBX_HEALTH_GAP, make_one, "there is no key%s%s%s: runs are sealed unsigned, and can be signed later", path ? " at '" : "",
			 path ? path : "", path ? "'" : "");
	else
		gbx_find(f, GBX_HEALTH_GAP, rc == GBX_E_REFUSED ? "make it a file of your own that nobody else can read (chmod 600)" : make_one, "%s",
			 err.line);
}
