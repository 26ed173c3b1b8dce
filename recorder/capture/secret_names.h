/* Names whose values are secret: of options, variables, config entries, and of what a text assigns. */
#ifndef GBX_CAPTURE_SECRET_NAMES_H
#define GBX_CAPTURE_SECRET_NAMES_H

#include "base/bytes.h"

enum gbx_secret_name {
	GBX_NAME_PLAIN,  /* says nothing of its value */
	GBX_NAME_SECRET, /* a password, key or the like: its value is secret unless it plainly is none */
	GBX_NAME_TOKEN,  /* may be of a tokenizer as well: its value is secret where it looks like one */
};

/* What a name says. "--hf-token", "HF_TOKEN", "hub.apiKey" and the like; names of files, counts and kinds are plain. */
enum gbx_secret_name gbx_secret_name(struct gbx_slice name);

/* A number, true, false, null, nothing, a mask (****), or what stands for a value: ${X}, $(X), {x}, {{x}}, <x>, %x%. */
bool gbx_secret_is_placeholder(struct gbx_slice value);
/* Long, of one word, mixed, and without the repetitions that text has. */
bool gbx_secret_is_random(struct gbx_slice value);
/* How many different bytes a value would have if each came equally often: n^2 over the sum of the squares of their numbers. It is the
 * entropy of order two, in whole numbers. Of a longer value the last 256 bytes count. */
unsigned gbx_secret_variety(struct gbx_slice value);
/* Length of the longest stretch of letters and digits that has both. */
size_t gbx_secret_solid(struct gbx_slice value);

/* Whether an option, variable or entry of this name has a secret for its value. */
bool gbx_secret_value(struct gbx_slice name, struct gbx_slice value);

/* A place in a text where a secret is assigned: `name = "value"`, `"name": "value"`, `name=value`, `--name value`. */
struct gbx_secret_assignment {
	struct gbx_slice text;
	size_t name_to;  /* names before this place were looked at */
	size_t value_to; /* and values */
};

/* Looks at the assignment whose name holds the byte at `at`; true where its value, from *from to *to, is secret. Calls go forward in
 * the text, and each byte of it is looked at a bounded number of times. */
bool gbx_secret_assigned(struct gbx_secret_assignment *a, size_t at, size_t *from, size_t *to);

#endif
