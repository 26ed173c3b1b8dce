/* What the index keeps of a run, gathered from its journals. */
#ifndef GBX_STORE_FACTS_H
#define GBX_STORE_FACTS_H

#include "store/runs.h"

struct gbx_parameter_fact {
	const char *name;
	Glassbox__Parameter__Source source;
	const char *type;  /* text, number, boolean, null, json or blob */
	const char *value; /* NULL: it lies in a file of its own */
};

/* A dataset or an artifact. */
struct gbx_files_fact {
	Glassbox__Declaration__Role role;
	const char *name;
	uint64_t files, bytes;
	const char *root; /* hex, or NULL: not hashed */
	const char *uri;  /* or NULL */
};

/* The points of one metric, of all processes together. The last is the one of the greatest step, and of these the latest. min and max
 * leave out what is not a number, and are NaN where nothing is one. */
struct gbx_metric_fact {
	const char *name;
	uint64_t count;
	uint64_t first_step, last_step;
	uint64_t last_nanos;
	double last, min, max;
	size_t points; /* which were counted: 1 + the place of the first of a chain of struct gbx_points; 0: none */
};

struct gbx_run_facts {
	struct gbx_run_view view;
	bool has_stamp;
	uint8_t stamp[GBX_SHA256_LEN]; /* of the journals, taken before they were read */
	const char *head;              /* commit in hex; this and what follows is NULL where it is not known */
	const char *branch, *host, *user;
	struct gbx_parameter_fact *parameter;
	size_t parameters, parameters_cap;
	struct gbx_files_fact *files;
	size_t files_len, files_cap;
	struct gbx_metric_fact *metric;
	size_t metrics, metrics_cap;
	size_t metric_before; /* the one that the record before was of */
	struct gbx_points *points; /* while they are gathered */
	size_t points_len, points_cap;
	struct gbx_arena memory; /* of all texts */
};

/* Which of several sources of one parameter usually counts: the least. --param is the user's word; what the job wrote is what it says it
 * used; the command line goes before config files. */
int gbx_parameter_rank(Glassbox__Parameter__Source source);

/* A parameter's value as text, its own or a constant; NULL for a blob. *type: text, number, boolean, null, json or blob. */
const char *gbx_parameter_text(const Glassbox__Parameter *p, const char **type);

/* Reads the journals of a run; GBX_E_NOTFOUND where it is gone. Free *out with gbx_run_facts_free. */
int gbx_run_facts_read(const struct gbx_store *s, const char *run, struct gbx_run_facts *out, struct gbx_error *err) GBX_MUST_USE;
void gbx_run_facts_free(struct gbx_run_facts *f);

/* What the journals of a run are at the moment: a digest of their names, sizes and times, which changes whenever something is appended.
 * GBX_E_NOTFOUND where the run is gone. */
int gbx_run_stamp(const struct gbx_store *s, const char *run, uint8_t stamp[GBX_SHA256_LEN], struct gbx_error *err) GBX_MUST_USE;

/* Counts the points of one record; of points that were counted before, by ring, name and number, none. */
int gbx_take_metric(struct gbx_run_facts *f, const Glassbox__Metric *m, struct gbx_error *err) GBX_MUST_USE;

#endif
