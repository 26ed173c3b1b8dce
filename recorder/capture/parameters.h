/* Parameters: what --config files and --param options say, as names with typed values.
 *
 * Names. Nested names are joined with dots: {"model": {"width": 8}} is `model.width`. So that two different keys never get one name,
 * a dot within a key is written `\.`, a backslash `\\`, and an empty key `\e`. A list of scalars is one value; in a list that
 * holds an object or a list, each element is a parameter of its own, named by its index from 0: `layers.0.width`. Empty objects
 * and lists are values. A name given by --param is taken as it stands.
 *
 * Numbers are decimal text, as JSON writes it: from a config in the fewest digits that read back as the same double (integers
 * exactly), from --param as they were typed. */
#ifndef GBX_CAPTURE_PARAMETERS_H
#define GBX_CAPTURE_PARAMETERS_H

#include "base/bytes.h"
#include "capture/secrets.h"
#include "digest/hash.h"
#include "record.pb-c.h"

enum gbx_parameter_kind { GBX_PARAMETER_TEXT, GBX_PARAMETER_NUMBER, GBX_PARAMETER_BOOLEAN, GBX_PARAMETER_NULL, GBX_PARAMETER_JSON };

struct gbx_parameter {
	char *name; /* at most GBX_LIMIT_PATH bytes of UTF-8 */
	enum gbx_parameter_kind kind;
	char *text;   /* TEXT, NUMBER, JSON */
	bool boolean; /* BOOLEAN */
};

/* {0} is an empty list. */
struct gbx_parameters {
	struct gbx_parameter *parameter;
	size_t len, cap;
};

#define GBX_AUTO_PARAMETERS GBX_CLEANUP(gbx_parameters_free)

void gbx_parameters_free(struct gbx_parameters *list);

/* Adds what `--param option` says, "NAME=VALUE": VALUE is a JSON number, true, false, null or quoted string when it is exactly that,
 * else text. GBX_E_USAGE without '=', with an empty name, one that is too long, or bytes that are not UTF-8. */
int gbx_parameter_parse(const char *option, struct gbx_parameters *list, struct gbx_error *err) GBX_MUST_USE;

/* Replaces what is secret in the values (secrets.h), and leaves out a parameter whose name holds a secret; *hits grows by their number. */
int gbx_parameters_mask(struct gbx_parameters *list, const struct gbx_scanner *scanner, size_t *hits, struct gbx_error *err) GBX_MUST_USE;

/* A config file. Everything about it that is no use is a reason, not a failure: the job does not depend on our reading it. */
struct gbx_config {
	bool read;                    /* size and sha256 are known */
	uint64_t size;
	uint8_t sha256[GBX_SHA256_LEN];
	struct gbx_bytes content;     /* those bytes, where there are at most GBX_LIMIT_CONFIG */
	const char *format;           /* "json" where it was parsed, else "" */
	struct gbx_parameters parameters; /* in the file's order; empty where it was not parsed */
	uint64_t skipped;             /* parameters left out, since their names are over GBX_LIMIT_PATH */
	/* 0 where it was parsed, else a Glassbox__Gap__Reason: NOT_FOUND, NO_PERMISSION, NOT_REGULAR, IO_ERROR where it was not read;
	 * TOO_LARGE (file, depth or number of parameters), MALFORMED (not strict JSON, or a number that does not fit), NOT_SUPPORTED
	 * (not JSON and not named .json, or its top is no object) where it was read and not parsed. */
	int reason;
	char why[1024]; /* for a person, with line and column */
};

#define GBX_AUTO_CONFIG GBX_CLEANUP(gbx_config_free)

/* Reads and parses a config file. Fails only without memory or OpenSSL. */
int gbx_config_read(const char *path, struct gbx_config *out, struct gbx_error *err) GBX_MUST_USE;
void gbx_config_free(struct gbx_config *config);

/* Its value is over GBX_LIMIT_BODY / 2 and goes into a blob. */
bool gbx_parameter_is_large(const struct gbx_parameter *p);
/* The value as JSON, appended: what such a blob holds. */
int gbx_parameter_json(const struct gbx_parameter *p, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* Fills name and value of *m, which then points into p. Where the value is large, value_case is NOT_SET and the caller sets blob. */
void gbx_parameter_message(const struct gbx_parameter *p, Glassbox__Parameter *m);

#endif
