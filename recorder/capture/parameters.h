/* Parameters: what config files, options and arguments say, as names with typed values.
 *
 * Names. Nested names are joined with dots: {"model": {"width": 8}} is `model.width`. So that two different keys never get one name,
 * a dot within a key is written `\.`, a backslash `\\`, and an empty key `\e`. A list of scalars is one value; in a list that
 * holds an object or a list, each element is a parameter of its own, named by its index from 0: `layers.0.width`. Empty objects
 * and lists are values. A name given by --param is taken as it stands.
 *
 * Numbers are decimal text, as JSON writes it, with the digits that were typed: 3e-4 and 0.0003 are different texts of one value
 * (decimal.h). */
#ifndef GBX_CAPTURE_PARAMETERS_H
#define GBX_CAPTURE_PARAMETERS_H

#include "base/bytes.h"
#include "capture/secrets.h"
#include "record.pb-c.h"

enum gbx_parameter_kind { GBX_PARAMETER_TEXT, GBX_PARAMETER_NUMBER, GBX_PARAMETER_BOOLEAN, GBX_PARAMETER_NULL, GBX_PARAMETER_JSON };

/* The arguments of the job's command that say a parameter: `count` of them, from `first` on; 0 is the command. {0}: none does. */
struct gbx_words {
	uint32_t first, count;
};

struct gbx_parameter {
	char *name; /* at most GBX_LIMIT_PATH bytes of UTF-8 */
	enum gbx_parameter_kind kind;
	char *text;   /* TEXT, NUMBER, JSON */
	bool boolean; /* BOOLEAN */
	struct gbx_words words;
};

/* {0} is an empty list. */
struct gbx_parameters {
	struct gbx_parameter *parameter;
	size_t len, cap;
};

#define GBX_AUTO_PARAMETERS GBX_CLEANUP(gbx_parameters_free)

void gbx_parameters_free(struct gbx_parameters *list);

/* A value with its type; text is borrowed. */
struct gbx_typed {
	enum gbx_parameter_kind kind;
	struct gbx_slice text; /* TEXT, NUMBER, JSON */
	bool boolean;	       /* BOOLEAN */
};

/* Copies name and value. */
int gbx_parameters_add(struct gbx_parameters *list, struct gbx_slice name, const struct gbx_typed *value, struct gbx_error *err) GBX_MUST_USE;

/* Takes the last ones away, so that len are left. */
void gbx_parameters_cut(struct gbx_parameters *list, size_t len);

/* Adds what `--param option` says, "NAME=VALUE": VALUE is a JSON number, true, false, null or quoted string when it is exactly that,
 * else text. GBX_E_USAGE without '=', with an empty name, one that is too long, or bytes that are not UTF-8. */
int gbx_parameter_parse(const char *option, struct gbx_parameters *list, struct gbx_error *err) GBX_MUST_USE;

/* Replaces what is secret in the values (secrets.h), and leaves out a parameter whose name holds a secret; *hits grows by their number. */
int gbx_parameters_mask(struct gbx_parameters *list, const struct gbx_scanner *scanner, size_t *hits, struct gbx_error *err) GBX_MUST_USE;

/* Its value is over GBX_LIMIT_BODY / 2 and goes into a blob. */
bool gbx_parameter_is_large(const struct gbx_parameter *p);
/* The value as JSON, appended: what such a blob holds. */
int gbx_parameter_json(const struct gbx_parameter *p, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* Fills name and value of *m, which then points into p. Where the value is large, value_case is NOT_SET and the caller sets blob. */
void gbx_parameter_message(const struct gbx_parameter *p, Glassbox__Parameter *m);

#endif
