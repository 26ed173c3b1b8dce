/* Text without its secrets: what is recorded of arguments, variables, parameters and addresses. A value that was found becomes
 * `{secret:<rule>}`, and nothing that depends on it is left, not even its length. */
#ifndef GBX_CAPTURE_SECRETS_H
#define GBX_CAPTURE_SECRETS_H

#include "capture/secret_scanner.h"

/* Appends text with each secret in it replaced; words are replaced whole. *hits grows by the number of secrets. */
int gbx_secrets_mask(const struct gbx_scanner *s, struct gbx_slice text, struct gbx_bytes *out, size_t *hits,
		     struct gbx_error *err) GBX_MUST_USE;

/* Makes a hit that of the whole words that it lies in, so that none is left in half; nothing before `least` is taken in. */
void gbx_secrets_widen(struct gbx_slice text, size_t least, struct gbx_secret_hit *hit);

/* The same for the value of something that has a name: an option, a variable, an entry of a config. */
int gbx_secrets_mask_value(const struct gbx_scanner *s, struct gbx_slice name, struct gbx_slice value, struct gbx_bytes *out,
			   size_t *hits, struct gbx_error *err) GBX_MUST_USE;

/* The same for one argument of a command: `--token=x`, and `x` behind `--token`. before: the argument before it, or empty. */
int gbx_secrets_mask_argument(const struct gbx_scanner *s, struct gbx_slice before, struct gbx_slice argument, struct gbx_bytes *out,
			      size_t *hits, struct gbx_error *err) GBX_MUST_USE;

/* The rule by which something in the content of a file is a secret, or NULL: as gbx_scan_first, and in text of two or four bytes a
 * letter, too. */
const char *gbx_secrets_first(const struct gbx_scanner *s, struct gbx_slice content);

#endif
