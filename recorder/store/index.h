/* The index of a store: a SQLite database that answers questions about its runs quickly. The journals are the truth; losing the index
 * loses nothing.
 *
 * Nobody but a reader writes it: `run` does not know of it. Who opens it brings it up to date first: runs that it lacks are read from
 * their journals, sealed ones once and for ever, others again when their journals have changed. Whether a run lives is judged afresh.
 *
 * It is <folder>/<generation>.sqlite, where folder is <store>/index, or a folder in a cache of this machine where the store's filesystem
 * is a shared one or cannot be written. One that is damaged or rebuilt is replaced by the next generation; names are not used again, so
 * nobody who has the old one open is harmed. Where there is no place for it, all is read into memory. */
#ifndef GBX_STORE_INDEX_H
#define GBX_STORE_INDEX_H

#include "store/runs.h"

struct gbx_index;

struct gbx_index_options {
	const char *const *cache;      /* folders for the index where it cannot lie in the store, ended by NULL; NULL: none */
	void (*say)(const char *line); /* that it was damaged or is newer; may be NULL */
};

#define GBX_AUTO_INDEX GBX_CLEANUP(gbx_index_close)

/* Opens the index and brings it up to date. What is wrong with it is said and mended; fails only where the store's runs cannot be
 * listed, or without memory. */
int gbx_index_open(const struct gbx_store *s, const struct gbx_index_options *o, struct gbx_index **out, struct gbx_error *err) GBX_MUST_USE;
void gbx_index_close(struct gbx_index **index);

struct gbx_index_built {
	uint64_t runs;
	uint64_t failed; /* runs that cannot be read; each is said */
};

/* Builds it anew from the journals alone, in place of the one that is there. GBX_E_REFUSED where that one was made by a newer version. */
int gbx_index_rebuild(const struct gbx_store *s, const struct gbx_index_options *o, struct gbx_index_built *built,
		      struct gbx_error *err) GBX_MUST_USE;

/* Runs that could not be read at all, and why. */
struct gbx_index_failure {
	char run[GBX_ULID_TEXT + 1];
	struct gbx_error why;
};
const struct gbx_index_failure *gbx_index_failures(const struct gbx_index *index, size_t *count);

/* What a column that a user names by two words has: a parameter, a dataset, a metric's last value. */
enum gbx_field_kind { GBX_FIELD_PARAMETER, GBX_FIELD_DATA, GBX_FIELD_OUTPUT, GBX_FIELD_METRIC };

struct gbx_field {
	enum gbx_field_kind kind;
	const char *name;
};

struct gbx_field_value {
	const char *type; /* text, number, boolean, null, json or blob; NULL: the run has none of this name */
	const char *text; /* NULL for a blob; "NaN" for what is not a number */
};

struct gbx_index_row {
	struct gbx_run_view view; /* without streams; its texts live as long as the list, and it is not freed by itself */
	const char *head, *branch, *host, *user; /* or NULL */
	const char *trouble;      /* lines, or NULL */
	bool signed_since;        /* signed after it went into the index */
	struct gbx_field_value *value; /* one for each field that was asked for */
};

struct gbx_index_query {
	const struct gbx_field *field;
	size_t fields;
	/* Which rows are wanted; NULL: all. Whether a run is signed is not known to it. */
	bool (*wanted)(void *arg, const struct gbx_index_row *row);
	void *arg;
	size_t most; /* 0: all */
};

struct gbx_index_list {
	struct gbx_index_row *row;
	size_t len, cap;
	struct gbx_arena memory;
};

/* The newest runs first. A parameter that was given several times has the value that usually counts (gbx_parameter_rank), and the last of these.
 * Free *out with gbx_index_list_free. */
int gbx_index_list(struct gbx_index *index, const struct gbx_index_query *q, struct gbx_index_list *out, struct gbx_error *err) GBX_MUST_USE;
void gbx_index_list_free(struct gbx_index_list *list);

/* The newest run of that name (NULL: of any), of the repository with this work tree's root or of none (NULL: of all). GBX_E_NOTFOUND. */
int gbx_index_newest(struct gbx_index *index, const char *name, const char *repo, char run[GBX_ULID_TEXT + 1],
		     struct gbx_error *err) GBX_MUST_USE;

/* Whether said is this id, or 6 or more characters of its beginning or end. */
bool gbx_run_is_said(const char *run, const char *said);

/* RUN as a person says it: an id, a unique prefix or suffix of 6 or more, "last" (newest of the repository with this work tree's root;
 * repo NULL: of all), or a name (newest). GBX_E_NOTFOUND, or GBX_E_USAGE with the candidates where several match. The index is opened
 * only where the id does not say it. */
int gbx_run_resolve(const struct gbx_store *s, const struct gbx_index_options *o, const char *said, const char *repo,
		    char run[GBX_ULID_TEXT + 1], struct gbx_error *err) GBX_MUST_USE;

#endif
