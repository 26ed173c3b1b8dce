/* glassbox ls: the runs of a store, newest first. */
#include <stdio.h>

#include "base/mem.h"
#include "cli/cli.h"

static const struct gbx_option options[] = {
	{"json", 0, NULL, "print one JSON object"},
	{"store", 0, "DIR", "the store"},
	{"help", 'h', NULL, "print this"},
	{0},
};

static json_t *exit_json(const struct gbx_run_view *v)
{
	if (!v->has_end)
		return json_null();
	if (v->outcome == GLASSBOX__RUN_END__OUTCOME_EXIT)
		return json_integer(v->outcome_value);
	if (v->outcome == GLASSBOX__RUN_END__OUTCOME_SIGNAL)
		return json_integer(128 + (json_int_t)v->outcome_value);
	return json_null();
}

static json_t *run_json(const struct gbx_run_view *v)
{
	return json_pack("{s:s, s:o, s:s, s:o, s:b, s:o, s:I, s:I}", "run", v->run, "name",
			 v->name ? gbx_json_bytes(gbx_slice_text(v->name)) : json_null(), "state", gbx_run_state_name(v->state), "exit",
			 exit_json(v), "signed", v->is_signed, "started", gbx_json_time(v->started_nanos), "records",
			 (json_int_t)v->records, "gaps", (json_int_t)v->gaps);
}

static void print_run(const struct gbx_run_view *v)
{
	char started[32], exit[24] = "-", name[120] = "";

	gbx_time_text(v->started_nanos, started);
	if (v->has_end)
		snprintf(exit, sizeof exit, v->outcome == GLASSBOX__RUN_END__OUTCOME_SIGNAL ? "signal %u"
			 : v->outcome == GLASSBOX__RUN_END__OUTCOME_EXIT ? "%u" : "not started", v->outcome_value);
	if (!v->has_end && v->state == GBX_SEALED)
		snprintf(exit, sizeof exit, "no end");
	if (v->name)
		gbx_printable_in(gbx_slice_text(v->name), name, sizeof name);
	printf("%s  %.19sZ  %-11s  %-11s  %-8s  %s\n", v->run, started, gbx_run_state_name(v->state), exit,
	       v->is_signed ? "signed" : "unsigned", name);
}

static int list(const struct gbx_store *store, const struct gbx_names *runs, bool json)
{
	json_t *all = json_array();
	struct gbx_error err;
	int status = GBX_EXIT_OK;

	if (!json && runs->len)
		printf("%-26s  %-20s  %-11s  %-11s  %-8s  %s\n", "RUN", "STARTED", "STATE", "EXIT", "SIGNED", "NAME");
	for (size_t i = runs->len; i > 0; i--) {
		struct gbx_run_view v;
		if (gbx_run_scan(store, runs->name[i - 1], NULL, NULL, &v, &err)) {
			status = gbx_complain(&err);
			continue;
		}
		gbx_tell_trouble(&v);
		if (json)
			json_array_append_new(all, run_json(&v));
		else
			print_run(&v);
		gbx_run_view_free(&v);
	}
	if (json)
		return gbx_print_json(json_pack("{s:s, s:o}", "format", "glassbox.ls/1", "runs", all), status);
	json_decref(all);
	return fflush(stdout) || ferror(stdout) ? GBX_EXIT_UNSURE : status;
}

static int cmd_ls(const struct gbx_given *given)
{
	GBX_CLEANUP(gbx_store_free) struct gbx_store store = {0};
	GBX_CLEANUP(gbx_names_free) struct gbx_names runs = {0};
	struct gbx_error err;
	int rc = gbx_open_store(given, &store, &err);

	if (rc == 0)
		rc = gbx_run_names(&store, &runs, &err);
	return rc ? gbx_complain(&err) : list(&store, &runs, gbx_flag(given, "json"));
}

const struct gbx_command gbx_cmd_ls = {
	.name = "ls",
	.usage = "[--json]",
	.summary = "list the runs of the store",
	.options = options,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_ls,
};
