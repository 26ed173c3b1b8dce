/* Who signs: a private key, the owner's name, and the folder of the owner log beside the key. */
#ifndef GBX_RUN_IDENTITY_H
#define GBX_RUN_IDENTITY_H

#include "trust/log.h"

struct gbx_identity {
	struct gbx_key *key;
	char owner[GBX_NAME_MAX + 1]; /* from <key>.vkey beside the key; "owner" where there is none */
	char *log_dir;
};

/* Loads the key file. Errors as gbx_key_load. */
int gbx_identity_open(const char *key_path, struct gbx_slice passphrase, struct gbx_identity *out, struct gbx_error *err) GBX_MUST_USE;
void gbx_identity_free(struct gbx_identity *id);

/* A file beside the key: its path with ".pem" replaced by suffix. The caller frees; NULL without memory. */
char *gbx_key_sibling(const char *key_path, const char *suffix);

#endif
