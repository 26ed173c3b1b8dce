/* Key files: PEM and vkey, private and public. What opens as a private key gives its own public key. Nothing is decrypted. */
#include <fcntl.h>
#include <unistd.h>

#include "target.h"
#include "trust/key.h"

/* A file of this process; key.h reads files only. */
static char path[64];
static int fd = -1;

static void remove_file(void)
{
	unlink(path);
}

static void put(const uint8_t *data, size_t size)
{
	if (fd < 0) {
		snprintf(path, sizeof path, "%s/glassbox-fuzz-key.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		fd = mkstemp(path);
		atexit(remove_file);
	}
	FUZZ_HOLDS(ftruncate(fd, (off_t)size) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GBX_AUTO_KEY struct gbx_key *key = NULL;
	uint8_t public_key[GBX_PUBLIC_KEY_LEN];
	struct gbx_error err;

	put(data, size);
	int is_public = gbx_public_load(path, public_key, &err);
	/* OpenSSL takes its time, and what names no private key is none. */
	if (memmem(data, size, "PRIVATE", 7) && gbx_key_load(path, gbx_slice(NULL, 0), &key, &err) == 0)
		FUZZ_HOLDS(is_public == 0 && memcmp(public_key, gbx_key_public(key), sizeof public_key) == 0);
	return 0;
}
