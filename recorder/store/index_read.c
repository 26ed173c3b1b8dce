#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/index_parts.h"

void gbx_index_list_free(struct gbx_index_list *list)
{
	gbx_free(list->row);
	gbx_arena_free(&list->memory);
	*list = (struct gbx_index_list){0};
}

/* What answers a field, for the run whose number is ?1 and the name ?2: type and text. */
static const char *const field_sql[] = {
	[GBX_FIELD_PARAMETER] = "SELECT type, value FROM parameter WHERE run = ?1 AND name = ?2 ORDER BY source, place DESC LIMIT 1",
	[GBX_FIELD_DATA] = "SELECT 'text', coalesce(root, uri) FROM files WHERE run = ?1 AND role = 1 AND name = ?2 ORDER BY place DESC LIMIT 1",
	[GBX_FIELD_METRIC] = "SELECT 'number', last FROM metric WHERE run = ?1 AND name = ?2",
	[GBX_FIELD_OUTPUT] = "SELECT 'text', root FROM files WHERE run = ?1 AND role = 2 AND name = ?2 ORDER BY place DESC LIMIT 1",
};

struct reader {
	const struct gbx_store *store;
	const struct gbx_index_query *q;
	struct gbx_statement *runs;
	struct gbx_statement **field; /* one for each of the query's */
	struct gbx_field_value *value;
	char (*number)[32]; /* texts of metrics */
	struct gbx_index_list *list;
};

static void close_reader(struct reader *r)
{
	gbx_statement_free(&r->runs);
	for (size_t i = 0; r->field && i < r->q->fields; i++)
		gbx_statement_free(&r->field[i]);
	gbx_free(r->field);
	gbx_free(r->value);
	gbx_free(r->number);
}

static int open_reader(struct reader *r, struct gbx_db *db, struct gbx_error *err)
{
	int rc = gbx_db_prepare(db, "SELECT n, " GBX_INDEX_COLUMNS " FROM run ORDER BY id DESC", &r->runs, err);

	r->field = gbx_calloc(r->q->fields, sizeof *r->field);
	r->value = gbx_calloc(r->q->fields, sizeof *r->value);
	r->number = gbx_calloc(r->q->fields, sizeof *r->number);
	if (rc == 0 && (!r->field || !r->value || !r->number))
		rc = gbx_fail(err, GBX_E_NOMEM, "no memory for columns");
	for (size_t i = 0; rc == 0 && i < r->q->fields; i++)
		rc = gbx_db_prepare(db, field_sql[r->q->field[i].kind], &r->field[i], err);
	return rc;
}

static void read_view(struct gbx_statement *s, int c, struct gbx_run_view *v)
{
	v->sealed = gbx_column_number(s, c++) != 0;
	v->ended = gbx_column_number(s, c++) != 0;
	v->seal = (Glassbox__Seal__State)gbx_column_number(s, c++);
	v->outcome = (Glassbox__RunEnd__OutcomeCase)gbx_column_number(s, c++);
	v->has_end = v->outcome != GLASSBOX__RUN_END__OUTCOME__NOT_SET;
	v->outcome_value = (uint32_t)gbx_column_number(s, c++);
	v->started_nanos = (uint64_t)gbx_column_number(s, c++);
	v->last_nanos = (uint64_t)gbx_column_number(s, c++);
	v->job_started_nanos = (uint64_t)gbx_column_number(s, c++);
	v->job_ended_nanos = (uint64_t)gbx_column_number(s, c++);
	v->records = (uint64_t)gbx_column_number(s, c++);
	v->gaps = (uint64_t)gbx_column_number(s, c++);
	v->is_signed = gbx_column_number(s, c++) != 0;
	const char *boot = gbx_column_text(s, c++);
	if (boot)
		memcpy(v->host.boot_id, boot, strnlen(boot, sizeof v->host.boot_id - 1));
	v->host.pid_namespace = (uint64_t)gbx_column_number(s, c++);
	struct gbx_slice machine = gbx_column_bytes(s, c++);
	v->host.has_machine = machine.len == GBX_MACHINE_LEN;
	if (v->host.has_machine)
		memcpy(v->host.machine, machine.data, GBX_MACHINE_LEN);
	v->pid = (uint64_t)gbx_column_number(s, c++);
	v->start_ticks = (uint64_t)gbx_column_number(s, c++);
	v->job_pid = (uint64_t)gbx_column_number(s, c++);
	v->job_start_ticks = (uint64_t)gbx_column_number(s, c++);
}

/* The row of a run that does not say who its recorder is has not all that its state hangs on; there is hardly ever one. */
static enum gbx_run_state state_of(const struct gbx_store *store, const struct gbx_run_view *row)
{
	GBX_CLEANUP(gbx_run_view_free) struct gbx_run_view v = {0};
	enum gbx_run_state state = gbx_run_state_now(store, row);

	if (state == GBX_SILENT && !gbx_run_says_who(row) && gbx_run_scan(store, row->run, NULL, NULL, &v, NULL) == 0)
		return v.state;
	return state;
}

/* Texts are SQLite's, until the next step. */
static int read_row(const struct gbx_store *store, struct gbx_statement *s, struct gbx_index_row *row, struct gbx_error *err)
{
	const char *id = gbx_column_text(s, 1);

	if (!id || !gbx_ulid_parse(gbx_slice_text(id), row->view.ulid))
		return gbx_fail(err, GBX_E_MALFORMED, "a row of the index is of no run");
	gbx_ulid_text(row->view.ulid, row->view.run);
	row->view.name = (char *)(uintptr_t)gbx_column_text(s, 2);
	row->view.repo = (char *)(uintptr_t)gbx_column_text(s, 3);
	row->head = gbx_column_text(s, 4);
	row->branch = gbx_column_text(s, 5);
	row->host = gbx_column_text(s, 6);
	row->user = gbx_column_text(s, 7);
	read_view(s, 8, &row->view);
	row->view.state = state_of(store, &row->view);
	row->trouble = gbx_column_text(s, 27);
	return 0;
}

/* In the fewest digits that read back the same; SQLite writes 15. */
static const char *real_text(struct gbx_statement *s, char out[32])
{
	double value = gbx_column_real(s, 1);

	if (gbx_column_is_null(s, 1))
		return "NaN";
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(out, 32, "%.*g", digits, value);
		if (strtod(out, NULL) == value)
			break;
	}
	return out;
}

static int read_fields(struct reader *r, struct gbx_error *err)
{
	int64_t n = gbx_column_number(r->runs, 0);

	for (size_t i = 0; i < r->q->fields; i++) {
		struct gbx_statement *s = r->field[i];
		gbx_statement_reset(s);
		gbx_bind_number(s, 1, n);
		gbx_bind_text(s, 2, r->q->field[i].name);
		int rc = gbx_statement_step(s, err);
		if (rc < 0)
			return rc;
		r->value[i].type = rc ? gbx_column_text(s, 0) : NULL;
		r->value[i].text = !rc					    ? NULL
				   : r->q->field[i].kind == GBX_FIELD_METRIC ? real_text(s, r->number[i])
									     : gbx_column_text(s, 1);
	}
	return 0;
}

static bool keep_text(struct gbx_arena *memory, const char **text)
{
	size_t size = *text ? strlen(*text) + 1 : 0;
	char *copy = size ? gbx_arena_alloc(memory, size) : NULL;

	if (!size)
		return true;
	if (copy)
		*text = memcpy(copy, *text, size);
	return copy != NULL;
}

/* Copies a row's texts into the list. */
static bool keep_row(struct gbx_arena *memory, struct gbx_index_row *row, size_t fields)
{
	struct gbx_field_value *value = fields ? gbx_arena_alloc(memory, fields * sizeof *value) : NULL;
	const char **const text[] = {(const char **)&row->view.name, (const char **)&row->view.repo, &row->head, &row->branch, &row->host,
				     &row->user, &row->trouble};
	bool kept = value || !fields;

	for (size_t i = 0; kept && i < sizeof text / sizeof *text; i++)
		kept = keep_text(memory, text[i]);
	if (!kept || !fields)
		return kept;
	memcpy(value, row->value, fields * sizeof *value);
	for (size_t i = 0; kept && i < fields; i++)
		kept = keep_text(memory, &value[i].type) && keep_text(memory, &value[i].text);
	row->value = value;
	return kept;
}

static int take_row(struct reader *r, struct gbx_error *err)
{
	struct gbx_index_row row = {.value = r->value};
	struct gbx_index_list *list = r->list;
	int rc = read_row(r->store, r->runs, &row, err);

	if (rc == 0)
		rc = read_fields(r, err);
	if (rc || (r->q->wanted && !r->q->wanted(r->q->arg, &row)))
		return rc;
	rc = gbx_grow((void **)&list->row, &list->cap, list->len, sizeof *list->row, err);
	if (rc)
		return rc;
	if (!keep_row(&list->memory, &row, r->q->fields))
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the list of runs");
	list->row[list->len++] = row;
	return 0;
}

int gbx_index_read_list(const struct gbx_index *index, const struct gbx_index_query *q, struct gbx_index_list *out, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_index_list_free) struct gbx_index_list list = {0};
	GBX_CLEANUP(close_reader) struct reader r = {.store = index->store, .q = q, .list = &list};
	int rc = open_reader(&r, index->db, err);

	while (rc == 0 && (q->most == 0 || list.len < q->most) && (rc = gbx_statement_step(r.runs, err)) == 1)
		rc = take_row(&r, err);
	if (rc)
		return rc;
	*out = list;
	list = (struct gbx_index_list){0};
	return 0;
}

int gbx_index_read_newest(struct gbx_db *db, const char *name, const char *repo, char run[GBX_ULID_TEXT + 1], struct gbx_error *err)
{
	GBX_AUTO_STATEMENT struct gbx_statement *s = NULL;
	uint8_t ulid[GBX_ULID_LEN];
	int rc = gbx_db_prepare(db, name ? "SELECT id FROM run WHERE name = ?1 AND (?2 IS NULL OR repo IS NULL OR repo = ?2) ORDER BY id DESC LIMIT 1"
					 : "SELECT id FROM run WHERE ?1 IS NULL AND (?2 IS NULL OR repo IS NULL OR repo = ?2) ORDER BY id DESC LIMIT 1",
				&s, err);

	if (rc)
		return rc;
	gbx_bind_text(s, 1, name);
	gbx_bind_text(s, 2, repo);
	rc = gbx_statement_step(s, err);
	if (rc == 0)
		return gbx_fail(err, GBX_E_NOTFOUND, "no such run");
	if (rc < 0)
		return rc;
	const char *id = gbx_column_text(s, 0);
	if (!id || !gbx_ulid_parse(gbx_slice_text(id), ulid))
		return gbx_fail(err, GBX_E_MALFORMED, "the newest row of the index is of no run");
	gbx_ulid_text(ulid, run);
	return 0;
}
