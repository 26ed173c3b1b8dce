/* glassbox diff: what differs between two runs. */
#include <stdio.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/diff.h"

static const struct gbx_option options[] = {
	{"section", 0, "LIST", "only these, with commas: code, arguments, parameters, configs, data, environment, variables, packages, libraries, results"},
	{"patch", 0, NULL, "only the code's patch, for git apply"},
	{"stat", 0, NULL, "the code's files instead of its patch"},
	{"json", 0, NULL, "print one JSON object"},
	{"store", 0, "DIR", "the store"},
	{"help", 'h', NULL, "print this"},
	{0},
};

static const char *name_of(size_t i)
{
	return gbx_section_name((enum gbx_section)i);
}

static int read_sections(const struct gbx_given *given, unsigned *out, struct gbx_error *err)
{
	const char *said = gbx_value(given, "section");
	char word[32], shown[64];

	*out = gbx_flag(given, "patch") ? 1u << GBX_SECTION_CODE : said ? 0 : (1u << GBX_SECTIONS) - 1;
	for (const char *at = said; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		size_t i = 0;
		snprintf(word, sizeof word, "%.*s", (int)strcspn(at, ","), at);
		while (i < GBX_SECTIONS && strcmp(name_of(i), word) != 0)
			i++;
		if (i < GBX_SECTIONS) {
			*out |= 1u << i;
			continue;
		}
		const char *near = gbx_nearest(word, name_of, GBX_SECTIONS);
		gbx_printable_in(gbx_slice_text(word), shown, sizeof shown);
		if (near)
			return gbx_fail(err, GBX_E_USAGE, "diff: no section '%s'; did you mean '%s'?", shown, near);
		return gbx_fail(err, GBX_E_USAGE, "diff: no section '%s'; expected code, arguments, parameters, configs, data, environment, variables, packages, libraries or results",
				shown);
	}
	return 0;
}

/* 1 as soon as something differs, unless a part of it could not be told. */
static int status_of(const struct gbx_diff *d)
{
	return d->broken ? GBX_EXIT_UNSURE : d->differs ? GBX_EXIT_BAD : d->unknown ? GBX_EXIT_UNSURE : GBX_EXIT_OK;
}

static void print_stat(const struct gbx_diff *d)
{
	const json_t *files = json_object_get(json_object_get(d->document, "code"), "files");
	char shown[600];

	for (size_t i = 0; i < json_array_size(files); i++) {
		const json_t *f = json_array_get(files, i);
		gbx_printable_in(gbx_slice_text(json_string_value(json_object_get(f, "path"))), shown, sizeof shown);
		if (!json_object_get(f, "binary"))
			return; /* listed already, by its bytes */
		if (json_is_true(json_object_get(f, "binary")))
			printf("  %-8s %13s  %s\n", json_string_value(json_object_get(f, "change")), "binary", shown);
		else
			printf("  %-8s %+6lld %+6lld  %s\n", json_string_value(json_object_get(f, "change")),
			       json_integer_value(json_object_get(f, "added")), -json_integer_value(json_object_get(f, "removed")), shown);
	}
}

static int answer_json(struct gbx_diff *d, struct gbx_error *err)
{
	int rc = gbx_diff_code(d, false, err);

	if (rc)
		return gbx_complain(err);
	json_object_set_new(d->document, "same", d->differs ? json_false() : d->unknown || d->broken ? json_null() : json_true());
	int status = gbx_print_json(d->document, status_of(d));
	d->document = NULL;
	return status;
}

/* The document first, then the patch as it comes. */
static int answer_text(struct gbx_diff *d, bool patch_only, struct gbx_error *err)
{
	if (!patch_only)
		gbx_diff_print(d);
	if (!patch_only && d->trees_differ && !d->stat)
		printf("\n");
	fflush(stdout);
	int rc = gbx_diff_code(d, !d->stat, err);
	if (d->stat)
		print_stat(d);
	if (rc)
		return gbx_complain(err);
	return gbx_end_output(status_of(d));
}

static int compare(const struct gbx_given *given, struct gbx_diff *d, struct gbx_error *err)
{
	int rc = gbx_diff_gather(d, err);

	if (rc == 0 && d->sections & 1u << GBX_SECTION_CODE)
		rc = gbx_diff_snapshots(d, err);
	if (rc)
		return gbx_complain(err);
	return gbx_flag(given, "json") ? answer_json(d, err) : answer_text(d, gbx_flag(given, "patch"), err);
}

static int cmd_diff(const struct gbx_given *given)
{
	GBX_CLEANUP(gbx_store_free) struct gbx_store store = {0};
	GBX_CLEANUP(gbx_diff_free) struct gbx_diff d = {.store = &store, .binary = gbx_flag(given, "patch"), .stat = gbx_flag(given, "stat")};
	char run[2][GBX_ULID_TEXT + 1];
	struct gbx_error err;
	int rc = read_sections(given, &d.sections, &err);

	if (rc == 0)
		rc = gbx_open_runs(given, &store, run, &err);
	for (int i = 0; rc == 0 && i < 2; i++)
		rc = gbx_compared_read(&store, run[i], &d.run[i], &err);
	if (rc)
		return gbx_complain(&err);
	for (int i = 0; i < 2; i++)
		(void)gbx_tell_trouble(&d.run[i].facts.view);
	return compare(given, &d, &err);
}

const struct gbx_command gbx_cmd_diff = {
	.name = "diff",
	.usage = "RUN RUN [--section LIST] [--stat | --patch] [--json]",
	.summary = "what differs between two runs: code, parameters, data, environment, results",
	.options = options,
	.least = 2,
	.most = 2,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_diff,
};
