/* Which runs `glassbox ls` lists. */
#ifndef GBX_CLI_LS_FILTER_H
#define GBX_CLI_LS_FILTER_H

#include "cli/ls_columns.h"
#include "cli/options.h"

enum gbx_ls_relation { GBX_LS_HAS, GBX_LS_EQUAL, GBX_LS_UNEQUAL, GBX_LS_LESS, GBX_LS_AT_MOST, GBX_LS_MORE, GBX_LS_AT_LEAST };

/* "lr", "lr=0.1", "lr!=0.1", "lr<0.1", "lr<=0.1", "lr>0.1" or "lr>=0.1". */
struct gbx_ls_condition {
	size_t field; /* its place in the query */
	enum gbx_ls_relation relation;
	const char *value; /* NULL with GBX_LS_HAS */
};

struct gbx_ls_filter {
	const char *name; /* a glob, or NULL */
	char *repo;       /* a work tree's root, or NULL */
	unsigned states;  /* a bit for each enum gbx_run_state */
	uint64_t since, until; /* nanoseconds since 1970; 0: no bound */
	struct gbx_ls_condition *condition;
	size_t conditions, cap;
	struct gbx_names words; /* names of fields */
};

/* From the options; what they name is added to fields. GBX_E_USAGE says which option, and what was expected. */
int gbx_ls_filter_read(const struct gbx_given *given, struct gbx_ls_fields *fields, struct gbx_ls_filter *out,
		       struct gbx_error *err) GBX_MUST_USE;
void gbx_ls_filter_free(struct gbx_ls_filter *f);
/* For gbx_index_query; arg is a filter. */
bool gbx_ls_filter_wants(void *arg, const struct gbx_index_row *row);

/* "2026-11-22", "2026-11-22T17:53:00Z" (UTC), or "90s", "30m", "12h", "7d" before now; false for anything else. */
bool gbx_ls_time(const char *said, uint64_t now, uint64_t *out);

#endif
