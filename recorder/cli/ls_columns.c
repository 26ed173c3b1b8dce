#include "cli/ls_columns.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"

/* Text for a person; empty where it is not known. With `number` it is sorted by that, and not known where that is INT64_MIN. */
struct gbx_ls_fixed {
	const char *name;
	int width; /* 0: as its longest text asks */
	void (*text)(const struct gbx_index_row *row, char out[GBX_CELL]);
	int64_t (*number)(const struct gbx_index_row *row);
};

static void show(const char *text, char out[GBX_CELL])
{
	gbx_printable_in(gbx_slice_text(text ? text : ""), out, GBX_CELL);
}

static void run_text(const struct gbx_index_row *row, char out[GBX_CELL])
{
	memcpy(out, row->view.run, sizeof row->view.run);
}

static void time_text(uint64_t nanos, char out[GBX_CELL])
{
	out[0] = 0;
	if (nanos == 0)
		return;
	gbx_time_text(nanos, out);
	memcpy(out + 19, "Z", 2);
}

static void started_text(const struct gbx_index_row *row, char out[GBX_CELL])
{
	time_text(row->view.started_nanos, out);
}

static int64_t started_number(const struct gbx_index_row *row)
{
	return (int64_t)row->view.started_nanos;
}

static void ended_text(const struct gbx_index_row *row, char out[GBX_CELL])
{
	time_text(row->view.job_ended_nanos, out);
}

static int64_t ended_number(const struct gbx_index_row *row)
{
	return row->view.job_ended_nanos ? (int64_t)row->view.job_ended_nanos : INT64_MIN;
}

static int64_t duration_number(const struct gbx_index_row *row)
{
	const struct gbx_run_view *v = &row->view;

	return v->has_end && v->job_ended_nanos >= v->job_started_nanos ? (int64_t)(v->job_ended_nanos - v->job_started_nanos) : INT64_MIN;
}

static void duration_text(const struct gbx_index_row *row, char out[GBX_CELL])
{
	int64_t nanos = duration_number(row);

	out[0] = 0;
	if (nanos >= 0)
		snprintf(out, GBX_CELL, "%lld.%03lld s", (long long)(nanos / 1000000000), (long long)(nanos / 1000000 % 1000));
}

static void state_text(const struct gbx_index_row *row, char out[GBX_CELL])
{
	gbx_run_state_text(&row->view, out);
}

static void exit_text(const struct gbx_index_row *row, char out[GBX_CELL])
{
	const struct gbx_run_view *v = &row->view;

	if (!v->has_end)
		snprintf(out, GBX_CELL, "%s", v->state == GBX_SEALED ? "no end" : "-");
	else if (v->outcome == GLASSBOX__RUN_END__OUTCOME_EXIT)
		snprintf(out, GBX_CELL, "%u", v->outcome_value);
	else if (v->outcome == GLASSBOX__RUN_END__OUTCOME_SIGNAL)
		snprintf(out, GBX_CELL, "signal %u", v->outcome_value);
	else
		snprintf(out, GBX_CELL, "not started");
}

/* As a shell has it: 128 and the signal. */
static int64_t exit_number(const struct gbx_index_row *row)
{
	const struct gbx_run_view *v = &row->view;

	if (!v->has_end || v->outcome == GLASSBOX__RUN_END__OUTCOME_NOT_STARTED)
		return INT64_MIN;
	return v->outcome_value + (v->outcome == GLASSBOX__RUN_END__OUTCOME_SIGNAL ? 128 : 0);
}

static void signed_text(const struct gbx_index_row *row, char out[GBX_CELL])
{
	snprintf(out, GBX_CELL, "%s", row->view.is_signed ? "signed" : "unsigned");
}

static void records_text(const struct gbx_index_row *row, char out[GBX_CELL])
{
	snprintf(out, GBX_CELL, "%llu", (unsigned long long)row->view.records);
}

static int64_t records_number(const struct gbx_index_row *row)
{
	return (int64_t)row->view.records;
}

static void gaps_text(const struct gbx_index_row *row, char out[GBX_CELL])
{
	snprintf(out, GBX_CELL, "%llu", (unsigned long long)row->view.gaps);
}

static int64_t gaps_number(const struct gbx_index_row *row)
{
	return (int64_t)row->view.gaps;
}

static void name_text(const struct gbx_index_row *row, char out[GBX_CELL])
{
	show(row->view.name, out);
}

static void repo_text(const struct gbx_index_row *row, char out[GBX_CELL])
{
	show(row->view.repo, out);
}

static void commit_text(const struct gbx_index_row *row, char out[GBX_CELL])
{
	snprintf(out, GBX_CELL, "%.12s", row->head ? row->head : "");
}

static void branch_text(const struct gbx_index_row *row, char out[GBX_CELL])
{
	show(row->branch, out);
}

static void host_text(const struct gbx_index_row *row, char out[GBX_CELL])
{
	show(row->host, out);
}

static void user_text(const struct gbx_index_row *row, char out[GBX_CELL])
{
	show(row->user, out);
}

static const struct gbx_ls_fixed fixed[] = {
	{"run", 26, run_text, NULL},
	{"started", 20, started_text, started_number},
	{"state", 11, state_text, NULL},
	{"exit", 11, exit_text, exit_number},
	{"signed", 8, signed_text, NULL},
	{"name", 0, name_text, NULL},
	{"ended", 20, ended_text, ended_number},
	{"duration", 0, duration_text, duration_number},
	{"repo", 0, repo_text, NULL},
	{"commit", 12, commit_text, NULL},
	{"branch", 0, branch_text, NULL},
	{"host", 0, host_text, NULL},
	{"user", 0, user_text, NULL},
	{"records", 7, records_text, records_number},
	{"gaps", 4, gaps_text, gaps_number},
};
#define FIXED (sizeof fixed / sizeof *fixed)

static const struct {
	const char *prefix;
	enum gbx_field_kind kind;
} prefixes[] = {{"param.", GBX_FIELD_PARAMETER}, {"data.", GBX_FIELD_DATA}, {"output.", GBX_FIELD_OUTPUT}, {"metric.", GBX_FIELD_METRIC}};
#define PREFIXES (sizeof prefixes / sizeof *prefixes)

static const char *fixed_name(size_t i)
{
	return fixed[i].name;
}

int gbx_ls_field(struct gbx_ls_fields *fields, enum gbx_field_kind kind, const char *name, size_t *place, struct gbx_error *err)
{
	for (size_t i = 0; i < fields->len; i++)
		if (fields->field[i].kind == kind && strcmp(fields->field[i].name, name) == 0) {
			*place = i;
			return 0;
		}
	int rc = gbx_grow((void **)&fields->field, &fields->cap, fields->len, sizeof *fields->field, err);
	if (rc)
		return rc;
	*place = fields->len;
	fields->field[fields->len++] = (struct gbx_field){kind, name};
	return 0;
}

int gbx_ls_column(const char *said, struct gbx_ls_fields *fields, struct gbx_ls_column *out, struct gbx_error *err)
{
	char shown[80];

	for (size_t i = 0; i < FIXED; i++)
		if (strcmp(fixed[i].name, said) == 0) {
			*out = (struct gbx_ls_column){&fixed[i], said, 0};
			return 0;
		}
	for (size_t i = 0; i < PREFIXES; i++) {
		size_t len = strlen(prefixes[i].prefix);
		if (strncmp(said, prefixes[i].prefix, len) == 0 && said[len]) {
			*out = (struct gbx_ls_column){NULL, said, 0};
			return gbx_ls_field(fields, prefixes[i].kind, said + len, &out->field, err);
		}
	}
	const char *near = gbx_nearest(said, fixed_name, FIXED);
	gbx_printable_in(gbx_slice_text(said), shown, sizeof shown);
	if (near)
		return gbx_fail(err, GBX_E_USAGE, "ls: no column '%s'; did you mean '%s'?", shown, near);
	return gbx_fail(err, GBX_E_USAGE, "ls: no column '%s'; expected run, started, state, exit, signed, name, ended, duration, repo, commit, "
			"branch, host, user, records, gaps, or param.NAME, data.NAME, output.NAME, metric.NAME", shown);
}

int gbx_ls_columns(char *list, struct gbx_ls_fields *fields, struct gbx_ls_columns *out, struct gbx_error *err)
{
	int rc = 0;

	for (char *word = list, *next; rc == 0 && word; word = next) {
		next = strchr(word, ',');
		if (next)
			*next++ = 0;
		rc = gbx_grow((void **)&out->column, &out->cap, out->len, sizeof *out->column, err);
		if (rc == 0)
			rc = gbx_ls_column(word, fields, &out->column[out->len], err);
		if (rc == 0)
			out->len++;
	}
	return rc;
}

static void cell(const struct gbx_index_row *row, const struct gbx_ls_column *c, char out[GBX_CELL])
{
	if (c->fixed)
		c->fixed->text(row, out);
	else if (row->value[c->field].type && !row->value[c->field].text)
		snprintf(out, GBX_CELL, "(a file of its own)");
	else
		show(row->value[c->field].text, out);
}

/* What a row is sorted by. */
struct key {
	struct gbx_index_row row;
	size_t place; /* in the list as it was: newest first */
	bool known, is_number, descending;
	double number;
	char *text;
};

static int by_key(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order = 0;

	if (x->known != y->known)
		return x->known ? -1 : 1;
	if (x->known && x->is_number != y->is_number)
		order = x->is_number ? -1 : 1;
	else if (x->known && x->is_number)
		order = (x->number > y->number) - (x->number < y->number);
	else if (x->known)
		order = strcmp(x->text, y->text);
	if (order)
		return x->descending ? -order : order;
	return (x->place > y->place) - (x->place < y->place);
}

static int make_key(struct key *k, const struct gbx_ls_column *by, struct gbx_error *err)
{
	char text[GBX_CELL];

	if (by->fixed && by->fixed->number) {
		int64_t n = by->fixed->number(&k->row);
		k->known = n != INT64_MIN;
		k->is_number = true;
		k->number = (double)n;
		return 0;
	}
	cell(&k->row, by, text);
	k->known = *text != 0;
	if (!by->fixed && k->known && strcmp(k->row.value[by->field].type, "number") == 0) {
		k->is_number = true;
		k->number = strtod(text, NULL);
		return 0;
	}
	k->text = gbx_strdup(text);
	return k->text ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory to sort runs");
}

int gbx_ls_sort(struct gbx_index_list *list, const struct gbx_ls_column *by, bool descending, struct gbx_error *err)
{
	struct key *key = gbx_calloc(list->len, sizeof *key);
	int rc = key ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory to sort runs");

	for (size_t i = 0; rc == 0 && i < list->len; i++) {
		key[i] = (struct key){.row = list->row[i], .place = i, .descending = descending};
		rc = make_key(&key[i], by, err);
	}
	if (rc == 0)
		qsort(key, list->len, sizeof *key, by_key);
	for (size_t i = 0; key && i < list->len; i++) {
		if (rc == 0)
			list->row[i] = key[i].row;
		gbx_free(key[i].text);
	}
	gbx_free(key);
	return rc;
}

static void upper(const char *name, char out[GBX_CELL])
{
	size_t i = 0;

	gbx_printable_in(gbx_slice_text(name), out, GBX_CELL);
	for (; out[i]; i++)
		if (out[i] >= 'a' && out[i] <= 'z')
			out[i] = (char)(out[i] - 'a' + 'A');
}

static int width_of(const struct gbx_index_list *list, const struct gbx_ls_column *c)
{
	char text[GBX_CELL];
	size_t longest = strlen(c->said);

	if (c->fixed && c->fixed->width)
		return c->fixed->width;
	for (size_t i = 0; i < list->len; i++) {
		cell(&list->row[i], c, text);
		longest = strlen(text) > longest ? strlen(text) : longest;
	}
	return (int)longest;
}

/* No row: the titles. */
static void print_row(const struct gbx_index_row *row, const struct gbx_ls_columns *columns, const int *width)
{
	char text[GBX_CELL];

	for (size_t i = 0; i < columns->len; i++) {
		const struct gbx_ls_column *c = &columns->column[i];
		if (!row && c->fixed)
			upper(c->said, text);
		else if (!row)
			show(c->said, text);
		else
			cell(row, c, text);
		/* No white space at the end of a line. */
		printf("%-*s", i + 1 < columns->len ? width[i] + 2 : 0, text);
	}
	putchar('\n');
}

void gbx_ls_print(const struct gbx_index_list *list, const struct gbx_ls_columns *columns)
{
	int *width = gbx_calloc(columns->len, sizeof *width);

	for (size_t i = 0; width && i + 1 < columns->len; i++)
		width[i] = width_of(list, &columns->column[i]);
	if (width && list->len)
		print_row(NULL, columns, width);
	for (size_t i = 0; width && i < list->len; i++)
		print_row(&list->row[i], columns, width);
	gbx_free(width);
}

/* A number as one where JSON's readers have room for it, else as text. */
static json_t *value_json(const struct gbx_field_value *v)
{
	if (!v->type || !v->text || strcmp(v->type, "null") == 0)
		return json_null();
	if (strcmp(v->type, "text") == 0)
		return gbx_json_bytes(gbx_slice_text(v->text));
	json_t *value = json_loads(v->text, JSON_DECODE_ANY, NULL);
	return value ? value : gbx_json_bytes(gbx_slice_text(v->text));
}

static json_t *text_json(const char *text)
{
	return text && *text ? gbx_json_bytes(gbx_slice_text(text)) : json_null();
}

static json_t *cell_json(const struct gbx_index_row *row, const struct gbx_ls_column *c)
{
	char text[GBX_CELL];

	if (!c->fixed)
		return value_json(&row->value[c->field]);
	if (strcmp(c->said, "commit") == 0)
		return text_json(row->head);
	if (strcmp(c->said, "ended") == 0)
		return row->view.job_ended_nanos ? gbx_json_time(row->view.job_ended_nanos) : json_null();
	if (strcmp(c->said, "duration") == 0)
		return duration_number(row) < 0 ? json_null() : json_real((double)duration_number(row) / 1e9);
	cell(row, c, text);
	return text_json(text);
}

json_t *gbx_ls_json(const struct gbx_index_row *row, const struct gbx_ls_columns *columns)
{
	const struct gbx_run_view *v = &row->view;
	int64_t exit = exit_number(row);
	json_t *o = json_object();

	gbx_json_set(&o, "run", json_string(v->run));
	gbx_json_set(&o, "name", v->name ? gbx_json_bytes(gbx_slice_text(v->name)) : json_null());
	gbx_json_set(&o, "state", json_string(gbx_run_state_name(v->state)));
	gbx_json_set(&o, "exit", exit < 0 ? json_null() : json_integer(exit));
	gbx_json_set(&o, "signed", json_boolean(v->is_signed));
	gbx_json_set(&o, "started", gbx_json_time(v->started_nanos));
	gbx_json_set(&o, "records", json_integer((json_int_t)v->records));
	gbx_json_set(&o, "gaps", json_integer((json_int_t)v->gaps));
	for (size_t i = 0; i < columns->len; i++)
		if (!o || !json_object_get(o, columns->column[i].said))
			gbx_json_set(&o, columns->column[i].said, cell_json(row, &columns->column[i]));
	return o;
}
