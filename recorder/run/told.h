/* Whether one record tells what another holds, by their contents alone: for run/sources.c. */
#ifndef GBX_RUN_TOLD_H
#define GBX_RUN_TOLD_H

#include "journal/record.h"

/* What is compared of a withheld record; NULL or 0 where it has no such thing. */
struct gbx_secret {
	struct gbx_ref at;
	const struct gbx_kind *kind;
	char *label;  /* for a person */
	char *name;   /* of a parameter, dataset, declaration, artifact or package */
	char *text;   /* a value, absolute path, address or host */
	char *more;   /* a user */
	char *root, *path;
	uint32_t first, count; /* argument: its index, and 1; parameter of arguments: theirs */
	bool has_digest;
	uint8_t digest[GBX_SHA256_LEN]; /* the plain root over declared files */
	bool has_source;
	struct gbx_ref source; /* the config that a parameter comes from */
	bool has_file;
	uint8_t file[GBX_SHA256_LEN]; /* a config, or a value that is a blob */
};

/* A record that is shown. */
struct gbx_telling {
	struct gbx_ref at;
	const Glassbox__Body *body;
	struct gbx_slice said; /* all that it says, by run/said.h; empty: only names and references are compared */
	const char *option; /* argument: the one before it, where that looks like an option; else NULL */
};

int gbx_secret_take(const Glassbox__Body *body, struct gbx_secret *out, struct gbx_error *err) GBX_MUST_USE;
void gbx_secret_free(struct gbx_secret *s);

/* Whether thousands of machines have a name or folder so called: it tells of none. NULL: no. */
bool gbx_is_common(const char *name);
/* Whether a text has the path of a root in it, or the name of a host or its user. */
bool gbx_tells_identity(struct gbx_slice text, const struct gbx_secret *withheld);
bool gbx_tells(const struct gbx_telling *shown, const struct gbx_secret *withheld);

#endif
