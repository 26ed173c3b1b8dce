/* glassbox records: every record of a run, in order. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/describe.h"

static const struct gbx_option options[] = {
	{"json", 0, NULL, "print one JSON object"},
	{"store", 0, "DIR", "the store"},
	{"help", 'h', NULL, "print this"},
	{0},
};

struct printer {
	json_t *list; /* NULL: for a person */
};

static int add_json(json_t *list, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	json_t *o = json_pack("{s:o, s:I, s:o, s:s, s:o, s:o}", "stream", gbx_json_hex(stream->head.stream, GBX_STREAM_LEN), "seq",
			      (json_int_t)r->seq, "time", gbx_json_time(r->time_nanos), "kind", r->kind->name, "leaf",
			      gbx_json_hex(r->leaf, GBX_SHA256_LEN), "body", gbx_body_json(r->body));

	return json_array_append_new(list, o) ? gbx_fail(err, GBX_E_NOMEM, "no memory for JSON") : 0;
}

static int print_record(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	struct printer *p = arg;
	char line[2048], time[32], hex[9];

	if (!r->body)
		return gbx_fail_no_body(stream, r, err);
	if (p->list)
		return add_json(p->list, stream, r, err);
	gbx_describe(r->body, line, sizeof line);
	gbx_time_text(r->time_nanos, time);
	gbx_hex(stream->head.stream, 4, hex);
	printf("%s %5llu  %s  %-12s  %s\n", hex, (unsigned long long)r->seq, time, r->kind->name, line);
	return 0;
}

static int cmd_records(const struct gbx_given *given)
{
	GBX_CLEANUP(gbx_store_free) struct gbx_store store = {0};
	GBX_CLEANUP(gbx_run_view_free) struct gbx_run_view view = {0};
	struct printer p = {gbx_flag(given, "json") ? json_array() : NULL};
	char run[GBX_ULID_TEXT + 1];
	struct gbx_error err;
	int rc = gbx_open_run(given, &store, run, &err);

	if (rc == 0)
		rc = gbx_run_scan(&store, run, print_record, &p, &view, &err);
	if (rc) {
		json_decref(p.list);
		return gbx_complain(&err);
	}
	int status = GBX_EXIT_OK;
	if (gbx_tell_trouble(&view))
		status = GBX_EXIT_UNSURE;
	if (p.list)
		return gbx_print_json(json_pack("{s:s, s:s, s:o}", "format", "glassbox.records/1", "run", run, "records", p.list), status);
	return gbx_end_output(status);
}

const struct gbx_command gbx_cmd_records = {
	.name = "records",
	.usage = "RUN [--json]",
	.summary = "list every record of a run",
	.options = options,
	.least = 1,
	.most = 1,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_records,
};
