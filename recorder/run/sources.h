/* What a record that is shown tells of one that is withheld: its source (the config file or argument that a parameter comes from, the
 * manifest of a dataset), or the same thing said again. docs/decisions/withholding.md has the whole list, and what is not on it.
 *
 * Three steps: gbx_sources_add takes what withheld records hold, gbx_sources_look compares each shown record with it, and
 * gbx_sources_tell names those that tell something. */
#ifndef GBX_RUN_SOURCES_H
#define GBX_RUN_SOURCES_H

#include "run/selection.h"

struct gbx_sources;

#define GBX_AUTO_SOURCES GBX_CLEANUP(gbx_sources_release)

int gbx_sources_new(struct gbx_sources **out, const struct gbx_selection *sel, struct gbx_error *err) GBX_MUST_USE;
void gbx_sources_release(struct gbx_sources **s);

/* A withheld record whose content must not be told by others. */
int gbx_sources_add(struct gbx_sources *s, const struct gbx_stream_view *stream, const struct gbx_record *r,
		    struct gbx_error *err) GBX_MUST_USE;

/* A gbx_record_fn with a struct gbx_sources, over all records, when the selection has decided about all. Looks at those that are
 * shown; of a disclosure, at those that were withheld before. */
int gbx_sources_look(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err);

/* GBX_E_REFUSED where something was found; say (may be NULL) gets a line for each record. */
int gbx_sources_tell(const struct gbx_sources *s, void (*say)(const char *line), struct gbx_error *err) GBX_MUST_USE;

#endif
