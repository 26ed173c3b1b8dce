/* Finds secrets in text: by the rules (secret_rules.h), and values that a text assigns to a name that says so (secret_names.h).
 *
 * Time grows with the length of the text and with nothing else. Text is any bytes. What is found is a place; nothing of the value is
 * kept. */
#ifndef GBX_CAPTURE_SECRET_SCANNER_H
#define GBX_CAPTURE_SECRET_SCANNER_H

#include "capture/secret_names.h"
#include "capture/secret_pattern.h"
#include "capture/secret_rules.h"

#define GBX_SECRET_RULES 128
#define GBX_SECRET_ALLOWED 64

struct gbx_scanner;

#define GBX_AUTO_SCANNER GBX_CLEANUP(gbx_scanner_release)

/* Compiles rules (ended by one without a name, at most GBX_SECRET_RULES, borrowed). GBX_E_USAGE names the pattern that is none. */
int gbx_scanner_new(const struct gbx_secret_rule *rules, struct gbx_scanner **out, struct gbx_error *err) GBX_MUST_USE;
/* All rules of ours and the user's (may be NULL; borrowed, like all texts in it). GBX_E_USAGE and GBX_E_LIMIT name what is wrong with the user's. */
int gbx_scanner_for(const struct gbx_secret_user *user, struct gbx_scanner **out, struct gbx_error *err) GBX_MUST_USE;
/* Whether the user says that this value, as a whole, is no secret. */
bool gbx_scanner_allows(const struct gbx_scanner *s, struct gbx_slice value);
void gbx_scanner_release(struct gbx_scanner **s);

/* What is found; from < to, or both where nothing lies behind the name. */
struct gbx_secret_hit {
	size_t from, to;
	const char *rule;
};

/* A walk over one text. */
struct gbx_scan {
	const struct gbx_scanner *scanner;
	struct gbx_slice text;
	size_t at;     /* what is looked at next */
	uint32_t next; /* and by which of the words that may begin there */
	struct gbx_secret_assignment assignment;
	uint64_t met[GBX_SECRET_RULES / 64]; /* rules whose word was met; of the others nothing below is set */
	struct gbx_pattern_runs runs[GBX_SECRET_RULES];
	size_t refused[GBX_SECRET_RULES]; /* where the last match of a rule ended that was not mixed enough */
};

void gbx_scan_begin(struct gbx_scan *scan, const struct gbx_scanner *scanner, struct gbx_slice text);
/* The next hit; false at the end. Hits may lie within each other, and come in about the order of the text. */
bool gbx_scan_next(struct gbx_scan *scan, struct gbx_secret_hit *hit);

/* The rule of a hit, or NULL where there is none. */
const char *gbx_scan_first(const struct gbx_scanner *scanner, struct gbx_slice text);

#endif
