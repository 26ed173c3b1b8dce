#include <pthread.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/processors.h"
#include "store/index_parts.h"

/* Runs that go in with one transaction; fewer where they have many parameters. */
#define BATCH 256u
#define BATCH_VALUES 100000u
/* For fewer runs no thread is started. */
#define WORTH_A_THREAD 16u

/* Journals are read by several threads at once; everything else happens under the lock. */
struct update {
	struct gbx_index *index;
	struct gbx_index_writer writer;
	struct gbx_names todo; /* runs to read; the names are another list's */
	size_t next;
	struct gbx_names gone;
	struct gbx_run_facts *batch;
	size_t batched, batch_cap, values;
	pthread_mutex_t lock;
	int rc;
	struct gbx_error why;
};

static void close_update(struct update *u)
{
	for (size_t i = 0; i < u->batched; i++)
		gbx_run_facts_free(&u->batch[i]);
	gbx_free(u->batch);
	gbx_free(u->todo.name);
	gbx_names_free(&u->gone);
	gbx_index_writer_close(&u->writer);
	pthread_mutex_destroy(&u->lock);
}

/* What was read, in one transaction. */
static int write_batch(struct update *u, struct gbx_error *err)
{
	int rc = u->batched ? gbx_db_run(u->index->db, "BEGIN IMMEDIATE", err) : 0;

	for (size_t i = 0; rc == 0 && i < u->batched; i++)
		rc = gbx_index_put(&u->writer, &u->batch[i], err);
	if (rc == 0 && u->batched)
		rc = gbx_db_run(u->index->db, "COMMIT", err);
	for (size_t i = 0; i < u->batched; i++)
		gbx_run_facts_free(&u->batch[i]);
	u->batched = u->values = 0;
	return rc;
}

/* A run that cannot be read has no row; one that is gone is none. */
static int take_failure(struct update *u, const char *run, const struct gbx_error *why, struct gbx_error *err)
{
	struct gbx_index *index = u->index;
	int rc = gbx_index_forget(&u->writer, run, err);

	if (rc || why->code == GBX_E_NOTFOUND)
		return rc;
	rc = gbx_grow((void **)&index->failure, &index->failures_cap, index->failures, sizeof *index->failure, err);
	if (rc)
		return rc;
	struct gbx_index_failure *f = &index->failure[index->failures++];
	snprintf(f->run, sizeof f->run, "%s", run);
	f->why = *why;
	return 0;
}

static int take_facts(struct update *u, struct gbx_run_facts *facts, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&u->batch, &u->batch_cap, u->batched, sizeof *u->batch, err);

	if (rc) {
		gbx_run_facts_free(facts);
		return rc;
	}
	u->batch[u->batched++] = *facts;
	u->values += facts->parameters;
	return u->batched >= BATCH || u->values >= BATCH_VALUES ? write_batch(u, err) : 0;
}

/* The next run to be read; NULL where there is none, or after a failure. */
static const char *next_run(struct update *u)
{
	pthread_mutex_lock(&u->lock);
	const char *run = u->rc == 0 && u->next < u->todo.len ? u->todo.name[u->next++] : NULL;
	pthread_mutex_unlock(&u->lock);
	return run;
}

static void *read_runs(void *arg)
{
	struct update *u = arg;
	struct gbx_run_facts facts;
	struct gbx_error why;

	for (const char *run; (run = next_run(u));) {
		int read = gbx_run_facts_read(u->index->store, run, &facts, &why);
		pthread_mutex_lock(&u->lock);
		if (read == GBX_E_NOMEM) {
			u->rc = read;
			u->why = why;
		} else {
			int rc = read ? take_failure(u, run, &why, &why) : take_facts(u, &facts, &why);
			if (rc && u->rc == 0) {
				u->rc = rc;
				u->why = why;
			}
		}
		pthread_mutex_unlock(&u->lock);
	}
	return NULL;
}

static int read_todo(struct update *u, struct gbx_error *err)
{
	pthread_t helper[GBX_LIMIT_INDEX_THREADS];
	unsigned wanted = u->todo.len < WORTH_A_THREAD ? 0 : gbx_processors() - 1, helpers = 0;

	while (helpers < wanted && helpers < GBX_LIMIT_INDEX_THREADS && pthread_create(&helper[helpers], NULL, read_runs, u) == 0)
		helpers++;
	read_runs(u);
	for (unsigned i = 0; i < helpers; i++)
		pthread_join(helper[i], NULL);
	if (u->rc) {
		if (err)
			*err = u->why;
		return u->rc;
	}
	return write_batch(u, err);
}

static int add(struct gbx_names *list, const char *name, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&list->name, &list->cap, list->len, sizeof *list->name, err);

	if (rc)
		return rc;
	list->name[list->len] = gbx_strdup(name);
	return list->name[list->len++] ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for the name of a run");
}

/* Whether a row still says what its run's journals do: one without a stamp always does. */
static bool is_fresh(const struct update *u, struct gbx_statement *row, const char *run)
{
	struct gbx_slice stamp = gbx_column_bytes(row, 1);
	uint8_t now[GBX_SHA256_LEN];

	return stamp.len == 0 ||
	       (gbx_run_stamp(u->index->store, run, now, NULL) == 0 && gbx_slice_equal(stamp, gbx_slice(now, sizeof now)));
}

static int want(struct update *u, char *run, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&u->todo.name, &u->todo.cap, u->todo.len, sizeof *u->todo.name, err);

	if (rc == 0)
		u->todo.name[u->todo.len++] = run;
	return rc;
}

/* Both lists are sorted by id: runs that are there, and rows. */
static int compare(struct update *u, const struct gbx_names *there, struct gbx_error *err)
{
	GBX_AUTO_STATEMENT struct gbx_statement *row = NULL;
	size_t i = 0;
	int rc = gbx_db_prepare(u->index->db, "SELECT id, stamp FROM run ORDER BY id", &row, err);

	while (rc == 0 && (rc = gbx_statement_step(row, err)) == 1) {
		const char *id = gbx_column_text(row, 0);
		if (!id)
			return gbx_fail(err, GBX_E_MALFORMED, "a row has no id");
		rc = 0;
		while (rc == 0 && i < there->len && strcmp(there->name[i], id) < 0)
			rc = want(u, there->name[i++], err);
		if (rc == 0 && (i == there->len || strcmp(there->name[i], id) != 0)) {
			rc = add(&u->gone, id, err);
		} else if (rc == 0) {
			if (!is_fresh(u, row, id))
				rc = want(u, there->name[i], err);
			i++;
		}
	}
	while (rc == 0 && i < there->len)
		rc = want(u, there->name[i++], err);
	return rc;
}

static int forget_gone(struct update *u, struct gbx_error *err)
{
	int rc = u->gone.len ? gbx_db_run(u->index->db, "BEGIN IMMEDIATE", err) : 0;

	for (size_t i = 0; rc == 0 && i < u->gone.len; i++)
		rc = gbx_index_forget(&u->writer, u->gone.name[i], err);
	return rc || !u->gone.len ? rc : gbx_db_run(u->index->db, "COMMIT", err);
}

int gbx_index_update(struct gbx_index *index, struct gbx_error *err)
{
	GBX_CLEANUP(close_update) struct update u = {.index = index};
	GBX_CLEANUP(gbx_names_free) struct gbx_names there = {0};

	pthread_mutex_init(&u.lock, NULL);
	index->failures = 0;
	int rc = gbx_run_names(index->store, &there, err);
	if (rc == 0)
		rc = gbx_index_writer_open(&u.writer, index->db, err);
	if (rc == 0)
		rc = compare(&u, &there, err);
	if (rc == 0)
		rc = forget_gone(&u, err);
	return rc ? rc : read_todo(&u, err);
}
