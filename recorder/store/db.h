/* SQLite: db.c is its only caller.
 *
 * Errors: GBX_E_MALFORMED where the file is no database, is damaged or has not the tables that a statement names; GBX_E_TIMEOUT where
 * others held it locked for 10 seconds; GBX_E_NOMEM; GBX_E_IO for everything else. One connection is for one thread at a time. */
#ifndef GBX_STORE_DB_H
#define GBX_STORE_DB_H

#include "base/bytes.h"

struct gbx_db;
struct gbx_statement;

#define GBX_AUTO_DB GBX_CLEANUP(gbx_db_close)
#define GBX_AUTO_STATEMENT GBX_CLEANUP(gbx_statement_free)

/* Opens a file that is there; path NULL: a new database in memory. */
int gbx_db_open(const char *path, struct gbx_db **out, struct gbx_error *err) GBX_MUST_USE;
/* Opens somebody else's file for reading as it lies there: nothing is locked, written or made beside it, and what is in a log beside it is
 * not seen. uri: "file:" and an absolute path without "?", "#" and "%". */
int gbx_db_open_frozen(const char *uri, struct gbx_db **out, struct gbx_error *err) GBX_MUST_USE;
void gbx_db_close(struct gbx_db **db);

/* Runs one or more statements; what they answer is ignored. */
int gbx_db_run(struct gbx_db *db, const char *sql, struct gbx_error *err) GBX_MUST_USE;
/* The one number that a statement answers. */
int gbx_db_number(struct gbx_db *db, const char *sql, int64_t *out, struct gbx_error *err) GBX_MUST_USE;

/* Statements are freed before their database is closed. */
int gbx_db_prepare(struct gbx_db *db, const char *sql, struct gbx_statement **out, struct gbx_error *err) GBX_MUST_USE;
void gbx_statement_free(struct gbx_statement **s);

/* Values for the statement's places, counted from 1; a failure is kept and told by gbx_statement_step. Texts and bytes are borrowed until
 * the statement is reset; NULL is SQL's. */
void gbx_bind_number(struct gbx_statement *s, int place, int64_t value);
void gbx_bind_real(struct gbx_statement *s, int place, double value);
void gbx_bind_text(struct gbx_statement *s, int place, const char *text);
void gbx_bind_bytes(struct gbx_statement *s, int place, struct gbx_slice bytes);
/* 1 with a row, 0 at the end. */
int gbx_statement_step(struct gbx_statement *s, struct gbx_error *err) GBX_MUST_USE;
/* Makes it ready for other values. */
void gbx_statement_reset(struct gbx_statement *s);
/* Steps a statement that answers nothing, and resets it. */
int gbx_statement_done(struct gbx_statement *s, struct gbx_error *err) GBX_MUST_USE;

/* Columns of the row, counted from 0; texts and bytes are valid until the next step or reset. */
int64_t gbx_column_number(struct gbx_statement *s, int column);
double gbx_column_real(struct gbx_statement *s, int column);
const char *gbx_column_text(struct gbx_statement *s, int column); /* NULL where it is SQL's, and without memory */
struct gbx_slice gbx_column_bytes(struct gbx_statement *s, int column);
bool gbx_column_is_null(struct gbx_statement *s, int column);

#endif
