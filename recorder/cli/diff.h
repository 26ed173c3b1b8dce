/* What `glassbox diff` says, as one JSON document; the text for a person is made from it. */
#ifndef GBX_CLI_DIFF_H
#define GBX_CLI_DIFF_H

#include <jansson.h>

#include "cli/options.h"
#include "run/compare.h"

struct gbx_diff {
	const struct gbx_store *store;
	struct gbx_compared run[2]; /* before, after */
	unsigned sections;          /* a bit for each that is wanted */
	bool binary;                /* the patch holds binary files' changes */
	bool stat;                  /* no patch */
	json_t *document;           /* glassbox.diff/1 */
	bool trees_differ;
	bool differs;
	bool unknown;               /* something was not looked at when it ran */
	bool broken;                /* something that should be there cannot be read; it was said */
};

/* Compares everything but the code's text. */
int gbx_diff_gather(struct gbx_diff *d, struct gbx_error *err) GBX_MUST_USE;
/* Which snapshots there are, and whether they differ. */
int gbx_diff_snapshots(struct gbx_diff *d, struct gbx_error *err) GBX_MUST_USE;
/* The code's files and, unless `stat`, its patch, which is put into the document, or printed as it comes where `print`. */
int gbx_diff_code(struct gbx_diff *d, bool print, struct gbx_error *err) GBX_MUST_USE;
void gbx_diff_free(struct gbx_diff *d);

/* Everything that is in the document but the patch, on standard output. */
void gbx_diff_print(const struct gbx_diff *d);

#endif
