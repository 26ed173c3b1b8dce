#include "store/index_parts.h"

void gbx_index_writer_close(struct gbx_index_writer *w)
{
	gbx_statement_free(&w->forget);
	gbx_statement_free(&w->run);
	gbx_statement_free(&w->parameter);
	gbx_statement_free(&w->files);
	gbx_statement_free(&w->metric);
}

int gbx_index_writer_open(struct gbx_index_writer *w, struct gbx_db *db, struct gbx_error *err)
{
	struct gbx_index_writer made = {.db = db};
	int rc = gbx_db_prepare(db, "DELETE FROM run WHERE id = ?", &made.forget, err);

	if (rc == 0)
		rc = gbx_db_prepare(db, "INSERT INTO run (" GBX_INDEX_COLUMNS ", stamp, n) VALUES (" GBX_INDEX_PLACES
				", ?, (SELECT coalesce(max(n), 0) + 1 FROM run)) RETURNING n",
				    &made.run, err);
	if (rc == 0)
		rc = gbx_db_prepare(db, "INSERT INTO parameter (run, place, name, source, type, value) VALUES (?, ?, ?, ?, ?, ?)",
				    &made.parameter, err);
	if (rc == 0)
		rc = gbx_db_prepare(db, "INSERT INTO files (run, place, role, name, files, bytes, root, uri) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
				    &made.files, err);
	if (rc == 0)
		rc = gbx_db_prepare(db, "INSERT INTO metric (run, name, count, first_step, last_step, last, min, max) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
				    &made.metric, err);
	if (rc)
		gbx_index_writer_close(&made);
	else
		*w = made;
	return rc;
}

int gbx_index_forget(struct gbx_index_writer *w, const char *run, struct gbx_error *err)
{
	gbx_bind_text(w->forget, 1, run);
	return gbx_statement_done(w->forget, err);
}

static int bind_view(struct gbx_statement *s, int p, const struct gbx_run_view *v)
{
	gbx_bind_number(s, p++, v->sealed);
	gbx_bind_number(s, p++, v->ended);
	gbx_bind_number(s, p++, v->seal);
	gbx_bind_number(s, p++, v->has_end ? v->outcome : 0);
	gbx_bind_number(s, p++, v->outcome_value);
	gbx_bind_number(s, p++, (int64_t)v->started_nanos);
	gbx_bind_number(s, p++, (int64_t)v->last_nanos);
	gbx_bind_number(s, p++, (int64_t)v->job_started_nanos);
	gbx_bind_number(s, p++, (int64_t)v->job_ended_nanos);
	gbx_bind_number(s, p++, (int64_t)v->records);
	gbx_bind_number(s, p++, (int64_t)v->gaps);
	gbx_bind_number(s, p++, v->is_signed);
	gbx_bind_text(s, p++, v->host.boot_id);
	gbx_bind_number(s, p++, (int64_t)v->host.pid_namespace);
	gbx_bind_bytes(s, p++, gbx_slice(v->host.has_machine ? v->host.machine : NULL, v->host.has_machine ? GBX_MACHINE_LEN : 0));
	gbx_bind_number(s, p++, (int64_t)v->pid);
	gbx_bind_number(s, p++, (int64_t)v->start_ticks);
	gbx_bind_number(s, p++, (int64_t)v->job_pid);
	gbx_bind_number(s, p++, (int64_t)v->job_start_ticks);
	return p;
}

/* *n is the number that the other tables know the run by. */
static int put_run(struct gbx_statement *s, const struct gbx_run_facts *f, int64_t *n, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes trouble = {0};
	const char *const text[] = {f->view.run, f->view.name, f->view.repo, f->head, f->branch, f->host, f->user};
	int p = 1, rc = gbx_run_trouble(&f->view, &trouble, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < sizeof text / sizeof *text; i++)
		gbx_bind_text(s, p++, text[i]);
	p = bind_view(s, p, &f->view);
	gbx_bind_text(s, p++, trouble.len ? (char *)trouble.data : NULL);
	gbx_bind_bytes(s, p, gbx_slice(f->has_stamp ? f->stamp : NULL, f->has_stamp ? sizeof f->stamp : 0));
	rc = gbx_statement_step(s, err);
	if (rc == 1)
		*n = gbx_column_number(s, 0);
	gbx_statement_reset(s);
	return rc == 0 ? gbx_fail(err, GBX_E_MALFORMED, "a row has no number") : rc < 0 ? rc : 0;
}

static int put_parameter(struct gbx_statement *s, int64_t n, size_t place, const struct gbx_parameter_fact *p, struct gbx_error *err)
{
	gbx_bind_number(s, 1, n);
	gbx_bind_number(s, 2, (int64_t)place);
	gbx_bind_text(s, 3, p->name);
	gbx_bind_number(s, 4, gbx_parameter_rank(p->source));
	gbx_bind_text(s, 5, p->type);
	gbx_bind_text(s, 6, p->value);
	return gbx_statement_done(s, err);
}

static int put_files(struct gbx_statement *s, int64_t n, size_t place, const struct gbx_files_fact *f, struct gbx_error *err)
{
	gbx_bind_number(s, 1, n);
	gbx_bind_number(s, 2, (int64_t)place);
	gbx_bind_number(s, 3, f->role);
	gbx_bind_text(s, 4, f->name);
	gbx_bind_number(s, 5, (int64_t)f->files);
	gbx_bind_number(s, 6, (int64_t)f->bytes);
	gbx_bind_text(s, 7, f->root);
	gbx_bind_text(s, 8, f->uri);
	return gbx_statement_done(s, err);
}

static int put_metric(struct gbx_statement *s, int64_t n, const struct gbx_metric_fact *m, struct gbx_error *err)
{
	gbx_bind_number(s, 1, n);
	gbx_bind_text(s, 2, m->name);
	gbx_bind_number(s, 3, (int64_t)m->count);
	gbx_bind_number(s, 4, (int64_t)m->first_step);
	gbx_bind_number(s, 5, (int64_t)m->last_step);
	gbx_bind_real(s, 6, m->last);
	gbx_bind_real(s, 7, m->min);
	gbx_bind_real(s, 8, m->max);
	return gbx_statement_done(s, err);
}

int gbx_index_put(struct gbx_index_writer *w, const struct gbx_run_facts *f, struct gbx_error *err)
{
	int64_t n = 0;
	int rc = gbx_index_forget(w, f->view.run, err);

	if (rc == 0)
		rc = put_run(w->run, f, &n, err);
	for (size_t i = 0; rc == 0 && i < f->parameters; i++)
		rc = put_parameter(w->parameter, n, i, &f->parameter[i], err);
	for (size_t i = 0; rc == 0 && i < f->files_len; i++)
		rc = put_files(w->files, n, i, &f->files[i], err);
	for (size_t i = 0; rc == 0 && i < f->metrics; i++)
		rc = put_metric(w->metric, n, &f->metric[i], err);
	return rc;
}
