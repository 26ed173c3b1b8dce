/* glassbox ls: the runs of a store, newest first. */
#include <stdio.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/ls_columns.h"
#include "cli/ls_filter.h"
#include "cli/ls_removed.h"

static const struct gbx_option options[] = {
	{"name", 0, "GLOB", "runs whose name matches"},
	{"state", 0, "running|silent|interrupted|ended|sealed", "several with commas"},
	{"here", 0, NULL, "runs of this repository"},
	{"repo", 0, "PATH", "runs of the repository there"},
	{"param", 0, "NAME[=VALUE]", "runs with this parameter; also != < <= > >=, numbers by value"},
	{"metric", 0, "NAME[=VALUE]", "runs with this metric, by its last value"},
	{"data", 0, "NAME[=ROOT]", "runs with this dataset"},
	{"output", 0, "NAME[=ROOT]", "runs with this output"},
	{"since", 0, "TIME", "started at 2026-11-22, 2026-11-22T17:53:00Z or later, or 7d, 12h, 30m ago"},
	{"until", 0, "TIME", "started before"},
	{"sort", 0, "COLUMN", "sort by it; -COLUMN: the other way round"},
	{"columns", 0, "LIST", "run,started,state,exit,signed,name,ended,duration,repo,commit,branch,host,user,records,gaps,param.NAME,metric.NAME,..."},
	{"limit", 'n', "N", "at most so many"},
	{"removed", 0, NULL, "the runs that were removed, and when, in place of those that are there"},
	{"json", 0, NULL, "print one JSON object"},
	{"store", 0, "DIR", "the store"},
	{"help", 'h', NULL, "print this"},
	{0},
};

/* What the command line asks for. */
struct asked {
	char *list; /* of columns; they point into it */
	struct gbx_ls_fields fields;
	struct gbx_ls_columns columns;
	struct gbx_ls_filter filter;
	bool sorted, descending;
	struct gbx_ls_column sort;
	uint64_t limit; /* 0: none */
};

static void free_asked(struct asked *a)
{
	gbx_free(a->list);
	gbx_free(a->fields.field);
	gbx_free(a->columns.column);
	gbx_ls_filter_free(&a->filter);
}

static int read_limit(const struct gbx_given *given, uint64_t *limit, struct gbx_error *err)
{
	const char *said = gbx_value(given, "limit");
	char shown[64];

	if (!said || (gbx_parse_u63(gbx_slice_text(said), limit) && *limit > 0))
		return 0;
	return gbx_fail(err, GBX_E_USAGE, "ls: --limit '%s': expected a number of runs, 1 or more",
			gbx_printable_in(gbx_slice_text(said), shown, sizeof shown));
}

static int read_asked(const struct gbx_given *given, struct asked *a, struct gbx_error *err)
{
	const char *columns = gbx_value(given, "columns"), *sort = gbx_value(given, "sort");
	int rc = read_limit(given, &a->limit, err);

	a->list = gbx_strdup(columns ? columns : "run,started,state,exit,signed,name");
	if (rc == 0 && !a->list)
		rc = gbx_fail(err, GBX_E_NOMEM, "no memory for columns");
	if (rc == 0)
		rc = gbx_ls_filter_read(given, &a->fields, &a->filter, err);
	if (rc == 0)
		rc = gbx_ls_columns(a->list, &a->fields, &a->columns, err);
	if (rc == 0 && sort) {
		a->sorted = true;
		a->descending = *sort == '-';
		rc = gbx_ls_column(sort + a->descending, &a->fields, &a->sort, err);
	}
	return rc;
}

/* Runs that cannot be read, and journals that cannot be read to their end. A running run's last record may be on its way. */
static int tell_troubles(const struct gbx_index *index, const struct gbx_index_list *list)
{
	size_t failures;
	const struct gbx_index_failure *failure = gbx_index_failures(index, &failures);
	int status = GBX_EXIT_OK;

	for (size_t i = 0; i < failures; i++)
		status = gbx_complain(&failure[i].why);
	for (size_t i = 0; i < list->len; i++)
		if (list->row[i].trouble && list->row[i].view.state != GBX_RUNNING)
			gbx_say_lines(list->row[i].trouble);
	return status;
}

static int print(const struct gbx_given *given, const struct asked *a, const struct gbx_index_list *list, int status)
{
	json_t *all = json_array();

	if (!gbx_flag(given, "json")) {
		json_decref(all);
		gbx_ls_print(list, &a->columns);
		return gbx_end_output(status);
	}
	for (size_t i = 0; i < list->len; i++)
		gbx_json_push(&all, gbx_ls_json(&list->row[i], gbx_flag(given, "columns") ? &a->columns : &(struct gbx_ls_columns){0}));
	return gbx_print_json(json_pack("{s:s, s:o}", "format", "glassbox.ls/1", "runs", all), status);
}

static int list(const struct gbx_given *given, struct asked *a)
{
	GBX_CLEANUP(gbx_store_free) struct gbx_store store = {0};
	GBX_CLEANUP(gbx_index_list_free) struct gbx_index_list found = {0};
	GBX_AUTO_INDEX struct gbx_index *index = NULL;
	struct gbx_index_query query = {a->fields.field, a->fields.len, gbx_ls_filter_wants, &a->filter, a->sorted ? 0 : a->limit};
	struct gbx_error err;
	int rc = gbx_open_store(given, &store, &err);

	if (rc == 0)
		rc = gbx_open_index(&store, &index, &err);
	if (rc == 0)
		rc = gbx_index_list(index, &query, &found, &err);
	if (rc == 0 && a->sorted)
		rc = gbx_ls_sort(&found, &a->sort, a->descending, &err);
	if (rc)
		return gbx_complain(&err);
	if (a->limit && found.len > a->limit)
		found.len = a->limit;
	return print(given, a, &found, tell_troubles(index, &found));
}

static int cmd_ls(const struct gbx_given *given)
{
	GBX_CLEANUP(free_asked) struct asked a = {0};
	struct gbx_error err;

	if (gbx_flag(given, "removed"))
		return gbx_ls_removed(given);
	return read_asked(given, &a, &err) ? gbx_complain(&err) : list(given, &a);
}

const struct gbx_command gbx_cmd_ls = {
	.name = "ls",
	.usage = "[--name GLOB] [--state STATE] [--here] [--param NAME[=VALUE]]... [--sort COLUMN] [--columns LIST] [--limit N] [--json]",
	.summary = "list the runs of the store",
	.options = options,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_ls,
};
