/* glassbox records: every record of a run, in order. */
#include <stdio.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/describe.h"
#include "cli/output.h"

static const struct gbx_option options[] = {
	{"kind", 0, "KIND", "only records of this kind; may be given several times"},
	{"json", 0, NULL, "print one JSON object"},
	{"store", 0, "DIR", "the store"},
	{"help", 'h', NULL, "print this"},
	{0},
};

struct printer {
	const char **kind; /* names; none: all */
	size_t kinds;
	bool json;
	uint64_t printed;
};

/* As each comes, so that memory does not grow with their number. */
static int print_json(struct printer *p, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	json_t *o = json_pack("{s:o, s:I, s:o, s:s, s:o, s:o}", "stream", gbx_json_hex(stream->head.stream, GBX_STREAM_LEN), "seq",
			      (json_int_t)r->seq, "time", gbx_json_time(r->time_nanos), "kind", r->kind->name, "leaf",
			      gbx_json_hex(r->leaf, GBX_SHA256_LEN), "body", gbx_body_json(r->body));
	int rc = gbx_json_write(o, &text, err);

	json_decref(o);
	if (rc == 0)
		printf("%s%s", p->printed ? "," : "", (char *)text.data);
	return rc;
}

static void print_line(const struct gbx_stream_view *stream, const struct gbx_record *r)
{
	char line[2048], time[32], hex[9];

	gbx_describe(r->body, line, sizeof line);
	gbx_time_text(r->time_nanos, time);
	gbx_hex(stream->head.stream, 4, hex);
	printf("%s %5llu  %s  %-12s  %s\n", hex, (unsigned long long)r->seq, time, r->kind->name, line);
}

static bool is_wanted(const struct printer *p, const struct gbx_record *r)
{
	for (size_t i = 0; i < p->kinds; i++)
		if (strcmp(p->kind[i], r->kind->name) == 0)
			return true;
	return p->kinds == 0;
}

static int print_record(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	struct printer *p = arg;
	int rc = 0;

	if (!r->body)
		return gbx_fail_no_body(stream, r, err);
	if (!is_wanted(p, r))
		return 0;
	if (p->json)
		rc = print_json(p, stream, r, err);
	else
		print_line(stream, r);
	p->printed++;
	return rc == 0 && ferror(stdout) ? gbx_output_end(err) : rc;
}

static const char *kind_name(size_t i)
{
	return gbx_kinds()[i].name;
}

static int check_kinds(const struct printer *p, struct gbx_error *err)
{
	size_t known = 0;
	char shown[64];

	while (kind_name(known))
		known++;
	for (size_t i = 0; i < p->kinds; i++) {
		if (gbx_kind_named(gbx_slice_text(p->kind[i])))
			continue;
		const char *near = gbx_nearest(p->kind[i], kind_name, known);
		return gbx_fail(err, GBX_E_USAGE, "records: no kind '%s'%s%s%s", gbx_printable_in(gbx_slice_text(p->kind[i]), shown, sizeof shown),
				near ? "; did you mean '" : "; the fourth column of 'glassbox records RUN' has them", near ? near : "",
				near ? "'?" : "");
	}
	return 0;
}

static int print_all(const struct gbx_given *given, struct printer *p)
{
	GBX_CLEANUP(gbx_store_free) struct gbx_store store = {0};
	GBX_CLEANUP(gbx_run_view_free) struct gbx_run_view view = {0};
	char run[GBX_ULID_TEXT + 1];
	struct gbx_error err;
	int rc = check_kinds(p, &err);

	if (rc == 0)
		rc = gbx_open_run(given, &store, run, &err);
	if (rc == 0 && p->json)
		printf("{\"format\":\"glassbox.records/1\",\"run\":\"%s\",\"records\":[", run);
	if (rc == 0)
		rc = gbx_run_scan(&store, run, print_record, p, &view, &err);
	if (rc)
		return gbx_complain(&err);
	if (p->json)
		printf("]}\n");
	return gbx_end_output(gbx_tell_trouble(&view) ? GBX_EXIT_UNSURE : GBX_EXIT_OK);
}

static int cmd_records(const struct gbx_given *given)
{
	struct printer p = {.json = gbx_flag(given, "json")};

	p.kind = gbx_values(given, "kind", &p.kinds);
	int status = p.kind ? print_all(given, &p) : GBX_EXIT_UNSURE;
	gbx_free(p.kind);
	return status;
}

const struct gbx_command gbx_cmd_records = {
	.name = "records",
	.usage = "RUN [--kind KIND]... [--json]",
	.summary = "list every record of a run",
	.options = options,
	.least = 1,
	.most = 1,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_records,
};
