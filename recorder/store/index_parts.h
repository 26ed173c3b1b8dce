/* What the parts of the index share. */
#ifndef GBX_STORE_INDEX_PARTS_H
#define GBX_STORE_INDEX_PARTS_H

#include "store/db.h"
#include "store/facts.h"
#include "store/index.h"

struct gbx_index {
	const struct gbx_store *store;
	void (*say)(const char *line);
	char *folder; /* NULL: it is in memory */
	uint64_t generation;
	bool replaced; /* a damaged one was, once */
	struct gbx_db *db;
	struct gbx_index_failure *failure;
	size_t failures, failures_cap;
};

/* index_file.c: where the index lies, and its generations. */

/* The folder for a store's index, made where it is not there; *out is NULL where there is none. */
int gbx_index_place(const struct gbx_store *s, const char *const *cache, char **out, struct gbx_error *err) GBX_MUST_USE;
/* Opens the newest generation in the folder, making the first; or one in memory. GBX_E_VERSION where it is a newer program's. */
int gbx_index_file_open(struct gbx_index *index, struct gbx_error *err) GBX_MUST_USE;
/* Makes the generation behind the one that is open, empty, and removes those before it. Another process may have done so. */
int gbx_index_file_replace(struct gbx_index *index, struct gbx_error *err) GBX_MUST_USE;
/* Opens a file for the next generation under another name; *path is the caller's to free. */
int gbx_index_file_begin(struct gbx_index *index, char **path, struct gbx_error *err) GBX_MUST_USE;
/* Closes it and makes it the newest generation. */
int gbx_index_file_commit(struct gbx_index *index, const char *path, struct gbx_error *err) GBX_MUST_USE;

/* index_update.c: brings what is open up to date. */
int gbx_index_update(struct gbx_index *index, struct gbx_error *err) GBX_MUST_USE;

/* index_rows.c: statements that write a run's rows. */
struct gbx_index_writer {
	struct gbx_db *db; /* borrowed */
	struct gbx_statement *forget, *run, *parameter, *files, *metric;
};
int gbx_index_writer_open(struct gbx_index_writer *w, struct gbx_db *db, struct gbx_error *err) GBX_MUST_USE;
void gbx_index_writer_close(struct gbx_index_writer *w);
int gbx_index_forget(struct gbx_index_writer *w, const char *run, struct gbx_error *err) GBX_MUST_USE;
/* In place of what is there of this run. */
int gbx_index_put(struct gbx_index_writer *w, const struct gbx_run_facts *f, struct gbx_error *err) GBX_MUST_USE;

/* index_read.c */
int gbx_index_read_list(const struct gbx_index *index, const struct gbx_index_query *q, struct gbx_index_list *out, struct gbx_error *err) GBX_MUST_USE;
int gbx_index_read_newest(struct gbx_db *db, const char *name, const char *repo, char run[GBX_ULID_TEXT + 1],
			  struct gbx_error *err) GBX_MUST_USE;

/* index_signed.c: looks at the runs of a list that were not signed when they were read, and notes those that are. */
int gbx_index_look_signed(struct gbx_index *index, struct gbx_index_list *list, struct gbx_error *err) GBX_MUST_USE;

/* The columns of a run's row, in the order in which they are written and read. */
#define GBX_INDEX_COLUMNS                                                                                                              \
	"id, name, repo, head, branch, host, user, sealed, ended, seal, outcome, outcome_value, started, last, job_started, "          \
	"job_ended, records, gaps, signed, boot, pid_namespace, machine, pid, start_ticks, job_pid, job_start_ticks, trouble"
#define GBX_INDEX_PLACES "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"

#endif
