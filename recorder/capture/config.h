/* Config files: their bytes, their digest, and the parameters that they say. */
#ifndef GBX_CAPTURE_CONFIG_H
#define GBX_CAPTURE_CONFIG_H

#include "capture/parameters.h"
#include "digest/hash.h"

/* A config file. Everything about it that is no use is a reason, not a failure: the job does not depend on our reading it. */
struct gbx_config {
	bool read;                    /* content and sha256 are known */
	uint8_t sha256[GBX_SHA256_LEN];
	struct gbx_bytes content;     /* at most GBX_LIMIT_CONFIG bytes */
	const char *format;           /* "json" or "yaml" where it was parsed, else "" */
	struct gbx_parameters parameters; /* in the file's order; empty where it was not parsed */
	uint64_t skipped;             /* parameters left out, since their names are over GBX_LIMIT_PATH */
	uint64_t strange;             /* values left out or taken for plain ones: their tags or keys mean something to the program only */
	/* 0 where it was parsed, else a Glassbox__Gap__Reason: NOT_FOUND, NO_PERMISSION, NOT_REGULAR, IO_ERROR, TOO_LARGE where it was
	 * not read; TOO_LARGE (depth or number of values or parameters), MALFORMED (named as JSON or YAML and not that), NOT_PARSED (in another
	 * format, or its top is no map) where it was read and not parsed. */
	int reason;
	char why[1024]; /* for a person, with line and column */
};

#define GBX_AUTO_CONFIG GBX_CLEANUP(gbx_config_free)

/* Reads and parses a config file. Fails only without memory or OpenSSL. */
int gbx_config_read(const char *path, struct gbx_config *out, struct gbx_error *err) GBX_MUST_USE;
void gbx_config_free(struct gbx_config *config);

/* Whether a secret is found in the bytes, or in them with \uNNNN, \xNN and the like read as the characters that they stand for. */
int gbx_config_scan(const struct gbx_config *config, const struct gbx_scanner *scanner, bool *secret, struct gbx_error *err) GBX_MUST_USE;

#endif
