/* glassbox du: what the runs of a store take. */
#include <stdio.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "run/snapshots.h"
#include "store/usage.h"

#define GIT_DEADLINE_MS 600000u

static const struct gbx_option options[] = {
	{"json", 0, NULL, "print one JSON object"},
	{"store", 0, "DIR", "the store"},
	{"help", 'h', NULL, "print this"},
	{0},
};

/* What of a run is counted on its own; the rest of its folder is `other`. */
static const struct {
	const char *name, *folder;
} parts[] = {{"journal", "journal"}, {"manifests", "manifest"}, {"blobs", "blob"}, {"publications", "publication"}};
#define PARTS (sizeof parts / sizeof *parts)

struct run_use {
	uint64_t part[PARTS];
	uint64_t other;
	uint64_t total; /* without code */
};

struct table {
	struct gbx_store store;
	struct gbx_names runs;
	struct gbx_snapshots snapshots;
	struct run_use *use;
	uint64_t *code;         /* of each run: bytes of git objects that it reaches */
	struct run_use sum;
	struct gbx_code_use git;
	uint64_t all;           /* every file of the store */
};

static void free_table(struct table *t)
{
	gbx_names_free(&t->runs);
	gbx_snapshots_free(&t->snapshots);
	gbx_free(t->use);
	gbx_free(t->code);
	gbx_store_free(&t->store);
}

static int measure_path(char *path, uint64_t *bytes, struct gbx_error *err)
{
	struct gbx_usage use = {0, 0};
	int rc = path ? gbx_usage_of(path, &use, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	gbx_free(path);
	*bytes = use.bytes;
	return rc;
}

static int measure_run(struct table *t, size_t i, struct gbx_error *err)
{
	struct run_use *u = &t->use[i];
	int rc = measure_path(gbx_run_path(&t->store, t->runs.name[i], NULL), &u->total, err);

	u->other = u->total;
	for (size_t k = 0; rc == 0 && k < PARTS; k++) {
		rc = measure_path(gbx_run_path(&t->store, t->runs.name[i], parts[k].folder), &u->part[k], err);
		u->other -= u->part[k] < u->other ? u->part[k] : u->other;
		t->sum.part[k] += u->part[k];
	}
	t->sum.other += u->other;
	t->sum.total += u->total;
	return rc;
}

/* A run that cannot be read takes what its files take; of its code nothing is known. */
static void find_trees(struct table *t)
{
	for (size_t i = 0; i < t->runs.len; i++) {
		struct gbx_run_view v;
		struct gbx_error ignored;
		t->snapshots.run = i;
		if (gbx_run_scan(&t->store, t->runs.name[i], gbx_snapshots_take, &t->snapshots, &v, &ignored) == 0)
			gbx_run_view_free(&v);
	}
}

static int measure(struct table *t, struct gbx_error *err)
{
	int rc = gbx_run_names(&t->store, &t->runs, err);

	if (rc)
		return rc;
	t->use = gbx_calloc(t->runs.len + 1, sizeof *t->use);
	t->code = gbx_calloc(t->runs.len + 1, sizeof *t->code);
	if (!t->use || !t->code)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to count");
	for (size_t i = 0; rc == 0 && i < t->runs.len; i++)
		rc = measure_run(t, i, err);
	if (rc)
		return rc;
	find_trees(t);
	struct gbx_code_tidy o = {.store = t->store.path, .tree = t->snapshots.tree, .trees = t->snapshots.len, .runs = t->runs.len,
				  .deadline_ms = GIT_DEADLINE_MS};
	rc = gbx_code_tidy(&o, &t->git, t->code, err);
	return rc ? rc : measure_path(gbx_strdup(t->store.path), &t->all, err);
}

static json_t *use_json(const struct run_use *u, uint64_t code)
{
	json_t *one = json_object();

	for (size_t k = 0; k < PARTS; k++)
		json_object_set_new(one, parts[k].name, json_integer((json_int_t)u->part[k]));
	json_object_set_new(one, "other", json_integer((json_int_t)u->other));
	json_object_set_new(one, "code", json_integer((json_int_t)code));
	return one;
}

static int print_json(const struct table *t)
{
	json_t *runs = json_array(), *total = use_json(&t->sum, t->git.bytes);

	for (size_t i = t->runs.len; i > 0; i--) {
		json_t *one = use_json(&t->use[i - 1], t->code[i - 1]);
		json_object_set_new(one, "run", json_string(t->runs.name[i - 1]));
		json_array_append_new(runs, one);
	}
	json_object_set_new(total, "store", json_integer((json_int_t)t->all));
	return gbx_print_json(json_pack("{s:s, s:o, s:o}", "format", "glassbox.du/1", "runs", runs, "total", total), GBX_EXIT_OK);
}

static void print_line(const char *name, const struct run_use *u, uint64_t code)
{
	printf("%-26s", name);
	for (size_t k = 0; k < PARTS; k++)
		printf(" %12llu", (unsigned long long)u->part[k]);
	printf(" %12llu %12llu\n", (unsigned long long)u->other, (unsigned long long)code);
}

static int print(const struct table *t)
{
	printf("%-26s %12s %12s %12s %12s %12s %12s\n", "RUN", "JOURNAL", "MANIFESTS", "BLOBS", "PUBLICATIONS", "OTHER", "CODE");
	for (size_t i = t->runs.len; i > 0; i--)
		print_line(t->runs.name[i - 1], &t->use[i - 1], t->code[i - 1]);
	print_line("all runs", &t->sum, t->git.bytes);
	printf("the store: %llu bytes; what several runs share of the code counts for each, and once in the sum\n", (unsigned long long)t->all);
	return gbx_end_output(GBX_EXIT_OK);
}

static int cmd_du(const struct gbx_given *given)
{
	GBX_CLEANUP(free_table) struct table t = {0};
	struct gbx_error err;
	int rc = gbx_open_store(given, &t.store, &err);

	if (rc == 0)
		rc = measure(&t, &err);
	if (rc)
		return gbx_complain(&err);
	return gbx_flag(given, "json") ? print_json(&t) : print(&t);
}

const struct gbx_command gbx_cmd_du = {
	.name = "du",
	.usage = "[--json]",
	.summary = "what the runs take on the disk, in bytes",
	.options = options,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_du,
};
