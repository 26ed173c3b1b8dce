/* SELECTOR: which records somebody means. `kind` is all of a kind, `kind:glob` those whose name (an argument's value, a config's
 * path, ...) the glob matches as a whole: `*` any bytes, `/` too, `?` one byte, `[...]` one of several. */
#ifndef GBX_RUN_SELECTOR_H
#define GBX_RUN_SELECTOR_H

#include "journal/record.h"

struct gbx_selector {
	const struct gbx_kind *kind;
	const char *glob; /* NULL: all; points into what was said */
};

/* GBX_E_USAGE, with the nearest kind, for one that there is not, for a kind that is never withheld, and for a glob where records have
 * no name. */
int gbx_selector_parse(const char *said, struct gbx_selector *out, struct gbx_error *err) GBX_MUST_USE;

/* A record's names, one call each; what it returns, unless 0, ends them and is returned. elsewhere: what stands in another record or
 * file, where it does: for data-files the name of the dataset, for a config that is a root of its own that root's last part, for an
 * argument that is a blob the blob; else empty. */
typedef int (*gbx_record_name_fn)(void *arg, struct gbx_slice name);
int gbx_record_names(const Glassbox__Body *body, struct gbx_slice elsewhere, gbx_record_name_fn fn, void *arg);

/* 1 where it means the record, 0 where not, or an error: what could not be compared is not passed over. */
int gbx_selector_matches(const struct gbx_selector *s, const struct gbx_kind *kind, const Glassbox__Body *body,
			 struct gbx_slice elsewhere, struct gbx_error *err) GBX_MUST_USE;

#endif
