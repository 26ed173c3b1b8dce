/* What `glassbox ls` shows of a run, column by column. */
#ifndef GBX_CLI_LS_COLUMNS_H
#define GBX_CLI_LS_COLUMNS_H

#include <jansson.h>

#include "store/index.h"

#define GBX_CELL 400

/* A column of every run, or a field that the user names: param.lr, metric.loss, data.train. */
struct gbx_ls_column {
	const struct gbx_ls_fixed *fixed; /* NULL: a field */
	const char *said;                 /* as the user named it */
	size_t field;                     /* its place in the query */
};

/* The fields that columns and filters ask for, each once. */
struct gbx_ls_fields {
	struct gbx_field *field;
	size_t len, cap;
};

struct gbx_ls_columns {
	struct gbx_ls_column *column;
	size_t len, cap;
};

/* The place of a field; it is added where it is not there. name is borrowed. */
int gbx_ls_field(struct gbx_ls_fields *fields, enum gbx_field_kind kind, const char *name, size_t *place, struct gbx_error *err) GBX_MUST_USE;

/* A column by its name, which is borrowed. GBX_E_USAGE with the nearest for one that there is not. */
int gbx_ls_column(const char *said, struct gbx_ls_fields *fields, struct gbx_ls_column *out, struct gbx_error *err) GBX_MUST_USE;
/* Several, divided by commas; list is changed and borrowed. */
int gbx_ls_columns(char *list, struct gbx_ls_fields *fields, struct gbx_ls_columns *out, struct gbx_error *err) GBX_MUST_USE;

/* Sorts by a column, numbers by value; what is not known comes last, equal ones newest first. */
int gbx_ls_sort(struct gbx_index_list *list, const struct gbx_ls_column *by, bool descending, struct gbx_error *err) GBX_MUST_USE;

/* A table with a line of titles, on standard output. */
void gbx_ls_print(const struct gbx_index_list *list, const struct gbx_ls_columns *columns);
/* One run as JSON: what is always there, and these columns. NULL without memory. */
json_t *gbx_ls_json(const struct gbx_index_row *row, const struct gbx_ls_columns *columns);

#endif
