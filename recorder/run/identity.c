#include "run/identity.h"

#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"

char *gbx_key_sibling(const char *key_path, const char *suffix)
{
	size_t len = strlen(key_path);

	if (len > 4 && (strcmp(key_path + len - 4, ".pem") == 0 || strcmp(key_path + len - 4, ".pub") == 0))
		len -= 4;
	return gbx_asprintf("%.*s%s", (int)len, key_path, suffix);
}

/* The name that `key new --name` gave, where the file is there and of this key. */
static void read_owner(const char *key_path, struct gbx_identity *id)
{
	GBX_AUTO_STRING char *path = gbx_key_sibling(key_path, ".vkey");
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	uint8_t key[GBX_PUBLIC_KEY_LEN];
	char name[GBX_NAME_MAX + 1];
	struct gbx_error ignored;
	struct gbx_slice rest, line;

	memcpy(id->owner, "owner", sizeof "owner");
	if (!path || gbx_load_file(path, GBX_LIMIT_NOTE, &text, &ignored))
		return;
	rest = gbx_slice_of(&text);
	if (gbx_take_line(&rest, &line) && gbx_vkey_parse(line, name, key, &ignored) == 0 &&
	    memcmp(key, gbx_key_public(id->key), sizeof key) == 0)
		memcpy(id->owner, name, sizeof name);
}

int gbx_identity_open(const char *key_path, struct gbx_slice passphrase, struct gbx_identity *out, struct gbx_error *err)
{
	struct gbx_identity id = {0};
	int rc = gbx_key_load(key_path, passphrase, &id.key, err);

	if (rc)
		return rc;
	id.log_dir = gbx_key_sibling(key_path, ".log");
	if (!id.log_dir) {
		gbx_key_free(id.key);
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	}
	read_owner(key_path, &id);
	*out = id;
	return 0;
}

void gbx_identity_free(struct gbx_identity *id)
{
	gbx_key_free(id->key);
	gbx_free(id->log_dir);
	*id = (struct gbx_identity){0};
}
