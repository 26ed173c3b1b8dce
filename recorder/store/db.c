#include "store/db.h"

#include <sqlite3.h>

#include "base/mem.h"
#include "base/text.h"

#define BUSY_MS 10000

struct gbx_db {
	sqlite3 *handle;
};

struct gbx_statement {
	sqlite3_stmt *handle;
	int failed; /* what a bind returned */
};

static int code_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR:      /* of SQL that is known to be right: the schema is another */
	case SQLITE_MISMATCH:
	case SQLITE_CONSTRAINT:
	case SQLITE_SCHEMA:
		return GBX_E_MALFORMED;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return GBX_E_TIMEOUT;
	case SQLITE_NOMEM:
		return GBX_E_NOMEM;
	default:
		return GBX_E_IO;
	}
}

static int fail(sqlite3 *handle, int rc, struct gbx_error *err)
{
	char why[300];

	return gbx_fail(err, code_of(rc), "%s",
			gbx_printable_in(gbx_slice_text(handle ? sqlite3_errmsg(handle) : sqlite3_errstr(rc)), why, sizeof why));
}

void gbx_db_close(struct gbx_db **db)
{
	if (!*db)
		return;
	(void)sqlite3_close_v2((*db)->handle);
	gbx_free(*db);
	*db = NULL;
}

static int open_as(const char *name, int how, struct gbx_db **out, struct gbx_error *err)
{
	GBX_AUTO_DB struct gbx_db *db = gbx_calloc(1, sizeof *db);

	if (!db)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a database");
	int rc = sqlite3_open_v2(name, &db->handle, how, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_extended_result_codes(db->handle, 1);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(db->handle, BUSY_MS);
	/* A file that somebody else made must not run code of theirs. */
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
	if (rc != SQLITE_OK)
		return fail(db->handle, rc, err);
	*out = db;
	db = NULL;
	return 0;
}

int gbx_db_open(const char *path, struct gbx_db **out, struct gbx_error *err)
{
	int how = path ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY;

	return open_as(path ? path : ":memory:", how, out, err);
}

int gbx_db_open_frozen(const char *uri, struct gbx_db **out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *name = gbx_asprintf("%s?immutable=1", uri);

	if (!name)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a name");
	return open_as(name, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, out, err);
}

int gbx_db_run(struct gbx_db *db, const char *sql, struct gbx_error *err)
{
	int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : fail(db->handle, rc, err);
}

int gbx_db_number(struct gbx_db *db, const char *sql, int64_t *out, struct gbx_error *err)
{
	GBX_AUTO_STATEMENT struct gbx_statement *s = NULL;
	int rc = gbx_db_prepare(db, sql, &s, err);

	if (rc == 0)
		rc = gbx_statement_step(s, err);
	if (rc == 1)
		*out = gbx_column_number(s, 0);
	else if (rc == 0)
		rc = gbx_fail(err, GBX_E_MALFORMED, "the database does not answer '%s'", sql);
	return rc == 1 ? 0 : rc;
}

int gbx_db_prepare(struct gbx_db *db, const char *sql, struct gbx_statement **out, struct gbx_error *err)
{
	struct gbx_statement *s = gbx_calloc(1, sizeof *s);

	if (!s)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a statement");
	int rc = sqlite3_prepare_v2(db->handle, sql, -1, &s->handle, NULL);
	if (rc != SQLITE_OK) {
		gbx_free(s);
		return fail(db->handle, rc, err);
	}
	*out = s;
	return 0;
}

void gbx_statement_free(struct gbx_statement **s)
{
	if (!*s)
		return;
	(void)sqlite3_finalize((*s)->handle);
	gbx_free(*s);
	*s = NULL;
}

static void keep(struct gbx_statement *s, int rc)
{
	if (rc != SQLITE_OK)
		s->failed = rc;
}

void gbx_bind_number(struct gbx_statement *s, int place, int64_t value)
{
	keep(s, sqlite3_bind_int64(s->handle, place, value));
}

void gbx_bind_real(struct gbx_statement *s, int place, double value)
{
	keep(s, sqlite3_bind_double(s->handle, place, value));
}

void gbx_bind_text(struct gbx_statement *s, int place, const char *text)
{
	keep(s, sqlite3_bind_text(s->handle, place, text, -1, SQLITE_STATIC));
}

void gbx_bind_bytes(struct gbx_statement *s, int place, struct gbx_slice bytes)
{
	keep(s, sqlite3_bind_blob64(s->handle, place, bytes.data, bytes.len, SQLITE_STATIC));
}

int gbx_statement_step(struct gbx_statement *s, struct gbx_error *err)
{
	int rc = s->failed ? s->failed : sqlite3_step(s->handle);

	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return rc == SQLITE_ROW;
	return s->failed ? fail(NULL, rc, err) : fail(sqlite3_db_handle(s->handle), rc, err);
}

void gbx_statement_reset(struct gbx_statement *s)
{
	/* What the last step said is said again here. */
	(void)sqlite3_reset(s->handle);
	s->failed = 0;
}

int gbx_statement_done(struct gbx_statement *s, struct gbx_error *err)
{
	int rc = gbx_statement_step(s, err);

	gbx_statement_reset(s);
	return rc == 1 ? gbx_fail(err, GBX_E_MALFORMED, "the database answers a statement that asks nothing") : rc;
}

int64_t gbx_column_number(struct gbx_statement *s, int column)
{
	return sqlite3_column_int64(s->handle, column);
}

double gbx_column_real(struct gbx_statement *s, int column)
{
	return sqlite3_column_double(s->handle, column);
}

const char *gbx_column_text(struct gbx_statement *s, int column)
{
	return (const char *)sqlite3_column_text(s->handle, column);
}

struct gbx_slice gbx_column_bytes(struct gbx_statement *s, int column)
{
	const void *data = sqlite3_column_blob(s->handle, column);

	return gbx_slice(data, data ? (size_t)sqlite3_column_bytes(s->handle, column) : 0);
}

bool gbx_column_is_null(struct gbx_statement *s, int column)
{
	return sqlite3_column_type(s->handle, column) == SQLITE_NULL;
}
