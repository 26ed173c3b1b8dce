/* glassbox show: one run, by section. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/describe.h"
#include "cli/determinism.h"
#include "cli/show_parameters.h"
#include "journal/clock.h"
#include "run/sign.h"
#include "store/facts.h"

static const struct gbx_option options[] = {
	{"gaps", 0, NULL, "only what was not captured, and where"},
	{"determinism", 0, NULL, "what may keep the run from repeating bit for bit, and how to set it"},
	{"json", 0, NULL, "print one JSON object"},
	{"store", 0, "DIR", "the store"},
	{"help", 'h', NULL, "print this"},
	{0},
};

#define SECTION_KINDS 5

/* Sections in the order in which they are shown; kinds that are in none are shown by `records` alone. */
static const struct {
	const char *name; /* as a user says it */
	const char *title;
	Glassbox__Kind kinds[SECTION_KINDS];
} sections[] = {
	{"command", "command", {GLASSBOX__KIND__ARGUMENT}},
	{"parameters", "parameters", {GLASSBOX__KIND__PARAMETER, GLASSBOX__KIND__CONFIG}},
	{"code", "code", {GLASSBOX__KIND__CODE, GLASSBOX__KIND__GIT}},
	{"data", "data", {GLASSBOX__KIND__DATASET}},
	{"outputs", "outputs", {GLASSBOX__KIND__ARTIFACT}},
	{"metrics", "metrics", {GLASSBOX__KIND__METRIC}},
	{"machine", "machine", {GLASSBOX__KIND__HOST, GLASSBOX__KIND__SYSTEM, GLASSBOX__KIND__DEVICE, GLASSBOX__KIND__LIMITS,
				GLASSBOX__KIND__CONTAINER}},
	{"variables", "variables", {GLASSBOX__KIND__VARIABLE}},
	{"packages", "packages", {GLASSBOX__KIND__INTERPRETER, GLASSBOX__KIND__PACKAGE}},
	{"libraries", "programs and libraries", {GLASSBOX__KIND__LIBRARY}},
	{"console", "what it printed", {GLASSBOX__KIND__CONSOLE}},
	{"process", "process", {GLASSBOX__KIND__RUN_END, GLASSBOX__KIND__USAGE}},
	{"gaps", "not captured", {GLASSBOX__KIND__GAP, GLASSBOX__KIND__PLACE}},
};
#define SECTIONS (sizeof sections / sizeof *sections)

const char gbx_show_sections[] = "command|parameters|code|data|outputs|metrics|machine|variables|packages|libraries|console|process|gaps";

struct line {
	size_t section;
	char *text;
	const char *name; /* of a parameter; else NULL */
	uint32_t order; /* arguments by index, parameters by name, the rest as recorded */
};

struct page {
	struct line *line;
	size_t len, cap;
	json_t *json; /* or NULL: an object of sections */
	unsigned wanted; /* a bit for each section */
	struct gbx_run_facts metrics; /* their points are summed up */
	struct gbx_shown_parameters parameters; /* all sources of one name together */
	struct gbx_determinism *determinism;    /* asked for; or NULL */
};

static size_t section_of(Glassbox__Kind kind)
{
	for (size_t i = 0; i < SECTIONS; i++)
		for (size_t k = 0; k < SECTION_KINDS; k++)
			if (sections[i].kinds[k] == kind)
				return i;
	return SECTIONS;
}

/* Sections whose records stand in random order. Within them the first kind comes first, but for configs: those stand where their paths do. */
static bool is_sorted(size_t section)
{
	Glassbox__Kind first = sections[section].kinds[0];

	return first == GLASSBOX__KIND__PARAMETER || first == GLASSBOX__KIND__VARIABLE || first == GLASSBOX__KIND__INTERPRETER || first == GLASSBOX__KIND__LIBRARY;
}

static int add_json(struct page *p, size_t section, const struct gbx_stream_view *stream, const struct gbx_record *r)
{
	json_t *list = json_object_get(p->json, sections[section].title);

	if (!list) {
		list = json_array();
		json_object_set_new(p->json, sections[section].title, list);
	}
	return json_array_append_new(list, json_pack("{s:o, s:I, s:s, s:o}", "stream", gbx_json_hex(stream->head.stream, GBX_STREAM_LEN),
						     "seq", (json_int_t)r->seq, "kind", r->kind->name, "body", gbx_body_json(r->body)));
}

static int take_record(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	struct page *p = arg;
	size_t section = section_of(r->kind->kind);
	char text[2048];

	if (p->determinism && r->body) {
		int rc = gbx_determinism_take(p->determinism, r, err);
		if (rc)
			return rc;
	}
	if (section == SECTIONS || !r->body || !(p->wanted & 1u << section))
		return 0;
	if (r->kind->kind == GLASSBOX__KIND__METRIC)
		return gbx_take_metric(&p->metrics, r->body->metric, err);
	bool parameter = r->kind->kind == GLASSBOX__KIND__PARAMETER;
	if (parameter || r->kind->kind == GLASSBOX__KIND__CONFIG) {
		int rc = gbx_shown_parameters_add(&p->parameters, stream, r, err);
		if (rc || (parameter && !p->json))
			return rc;
	}
	if (p->json)
		return add_json(p, section, stream, r) ? gbx_fail(err, GBX_E_NOMEM, "no memory for JSON") : 0;
	int rc = gbx_grow((void **)&p->line, &p->cap, p->len, sizeof *p->line, err);
	if (rc)
		return rc;
	gbx_describe(r->body, text, sizeof text);
	bool bare = r->kind->kind == GLASSBOX__KIND__VARIABLE && r->body->variable->content_case == GLASSBOX__VARIABLE__CONTENT__NOT_SET;
	uint32_t order = r->kind->kind == GLASSBOX__KIND__ARGUMENT ? r->body->argument->index
			 : bare ? 1 : is_sorted(section) ? r->kind->kind != sections[section].kinds[0] : (uint32_t)p->len;
	p->line[p->len++] = (struct line){.section = section, .text = gbx_strdup(text), .order = order};
	return 0;
}

static json_t *number_json(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *metric_json(const struct gbx_metric_fact *m)
{
	return json_pack("{s:o, s:I, s:I, s:I, s:o, s:o, s:o}", "name", gbx_json_bytes(gbx_slice_text(m->name)), "points",
			 (json_int_t)m->count, "first_step", (json_int_t)m->first_step, "last_step", (json_int_t)m->last_step, "last",
			 number_json(m->last), "min", number_json(m->min), "max", number_json(m->max));
}

/* Behind what was read: each metric in one line. */
static int add_metrics(struct page *p, struct gbx_error *err)
{
	json_t *list = p->json && p->metrics.metrics ? json_array() : NULL;
	size_t section = section_of(GLASSBOX__KIND__METRIC);
	char name[300];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->metrics.metrics; i++) {
		const struct gbx_metric_fact *m = &p->metrics.metric[i];
		if (list)
			gbx_json_push(&list, metric_json(m));
		else
			rc = gbx_grow((void **)&p->line, &p->cap, p->len, sizeof *p->line, err);
		if (list || rc)
			continue;
		char *text = gbx_asprintf("%s = %.9g at step %llu; least %.9g, greatest %.9g, %llu points",
					  gbx_printable_in(gbx_slice_text(m->name), name, sizeof name), m->last,
					  (unsigned long long)m->last_step, m->min, m->max, (unsigned long long)m->count);
		p->line[p->len++] = (struct line){.section = section, .text = text, .order = (uint32_t)i};
	}
	if (p->json && p->metrics.metrics && json_object_set_new(p->json, sections[section].title, list))
		return gbx_fail(err, GBX_E_NOMEM, "no memory for JSON");
	return rc;
}

/* Behind what was read: a line a source of each parameter. */
static int add_parameters(struct page *p, struct gbx_error *err)
{
	size_t section = section_of(GLASSBOX__KIND__PARAMETER);
	int rc = 0;

	gbx_shown_parameters_compare(&p->parameters);
	for (size_t i = 0; rc == 0 && !p->json && i < p->parameters.len; i++) {
		const struct gbx_shown_parameter *s = &p->parameters.parameter[i];
		rc = gbx_grow((void **)&p->line, &p->cap, p->len, sizeof *p->line, err);
		if (rc)
			break;
		char *text = s->rival ? gbx_asprintf("%s; %s says otherwise, and usually counts", s->said, s->rival) : gbx_strdup(s->said);
		p->line[p->len++] = (struct line){section, text, s->name, (uint32_t)i};
	}
	return rc;
}

static int by_order(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	if (x->name && y->name)
		return (x->order > y->order) - (x->order < y->order);
	bool by_text = is_sorted(x->section) && x->text && y->text;
	if (by_text && (x->order == y->order || sections[x->section].kinds[0] == GLASSBOX__KIND__PARAMETER))
		return strcmp(x->name ? x->name : x->text, y->name ? y->name : y->text);
	return (x->order > y->order) - (x->order < y->order);
}

static void print_page(struct page *p)
{
	size_t at = SECTIONS;

	if (p->len)
		qsort(p->line, p->len, sizeof *p->line, by_order);
	for (size_t i = 0; i < p->len; i++) {
		if (p->line[i].section != at)
			printf("\n%s\n", sections[p->line[i].section].title);
		at = p->line[i].section;
		printf("  %s\n", p->line[i].text ? p->line[i].text : "(no memory)");
	}
}

static void print_head(const struct gbx_run_view *v, const char *signer)
{
	char started[32], state[48], shown[400];

	gbx_time_text(v->started_nanos, started);
	gbx_run_state_text(v, state);
	printf("run %s", v->run);
	if (v->name)
		printf("  %s", gbx_printable_in(gbx_slice_text(v->name), shown, sizeof shown));
	printf("\nstarted %s, %s, %s%s, %llu records, %llu gap%s\n", started, state,
	       signer ? "signed by " : "not signed", signer ? signer : "", (unsigned long long)v->records, (unsigned long long)v->gaps,
	       v->gaps == 1 ? "" : "s");
	if (v->clock_back)
		printf("note: the clock was set back by %llu s meanwhile; times are those of that clock\n",
		       (unsigned long long)gbx_clock_seconds(v->clock_back));
	if (v->state == GBX_SILENT || v->state == GBX_INTERRUPTED) {
		gbx_time_text(v->last_nanos, started);
		printf("no record after %s was found\n", started);
	}
	if (v->state == GBX_SEALED && v->seal == GLASSBOX__SEAL__STATE__NO_END)
		printf("sealed without the job's end: its recorder was gone; outputs are as they were at the seal\n");
	if (v->state != GBX_SEALED && v->state != GBX_RUNNING)
		printf("not sealed; seal it with: glassbox seal %s\n", v->run);
	else if (v->state == GBX_SEALED && !signer)
		printf("sealed, not signed; sign it with: glassbox sign %s\n", v->run);
}

static int show(struct page *p, const struct gbx_run_view *v, const char *signer)
{
	if (p->json) {
		json_t *sections_json = p->json;
		p->json = NULL;
		if (p->determinism)
			gbx_json_set(&sections_json, "determinism", gbx_determinism_json(p->determinism));
		return gbx_print_json(json_pack("{s:s, s:s, s:o, s:s, s:b, s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "format", "glassbox.show/1", "run",
						v->run, "name", v->name ? gbx_json_bytes(gbx_slice_text(v->name)) : json_null(),
						"state", gbx_run_state_name(v->state), "signed", v->is_signed, "signer",
						signer ? json_string(signer) : json_null(), "started", gbx_json_time(v->started_nanos),
						"records", (json_int_t)v->records, "gaps", (json_int_t)v->gaps, "clock_set_back_seconds",
						(json_int_t)gbx_clock_seconds(v->clock_back), "sections", sections_json, "conflicts",
						gbx_shown_conflicts(&p->parameters)),
				      GBX_EXIT_OK);
	}
	print_head(v, signer);
	if (p->determinism)
		gbx_determinism_print(p->determinism);
	print_page(p);
	return gbx_end_output(GBX_EXIT_OK);
}

static void free_page(struct page *p)
{
	for (size_t i = 0; i < p->len; i++)
		gbx_free(p->line[i].text);
	gbx_free(p->line);
	gbx_run_facts_free(&p->metrics);
	gbx_shown_parameters_free(&p->parameters);
	json_decref(p->json);
}

static const char *section_name(size_t i)
{
	return sections[i].name;
}

/* The sections that are named behind RUN; none, and no --gaps: all. */
static int read_sections(const struct gbx_given *given, unsigned *out, struct gbx_error *err)
{
	char shown[64];

	bool all = given->arguments == 1 && !gbx_flag(given, "determinism");

	*out = gbx_flag(given, "gaps") ? 1u << (SECTIONS - 1) : all ? (1u << SECTIONS) - 1 : 0;
	for (size_t k = 1; k < given->arguments; k++) {
		size_t i = 0;
		while (i < SECTIONS && strcmp(sections[i].name, given->argument[k]) != 0)
			i++;
		if (i < SECTIONS) {
			*out |= 1u << i;
			continue;
		}
		const char *near = gbx_nearest(given->argument[k], section_name, SECTIONS);
		gbx_printable_in(gbx_slice_text(given->argument[k]), shown, sizeof shown);
		if (near)
			return gbx_fail(err, GBX_E_USAGE, "show: no section '%s'; did you mean '%s'?", shown, near);
		return gbx_fail(err, GBX_E_USAGE, "show: no section '%s'; expected %s", shown, gbx_show_sections);
	}
	return 0;
}

static int cmd_show(const struct gbx_given *given)
{
	GBX_CLEANUP(gbx_store_free) struct gbx_store store = {0};
	GBX_CLEANUP(gbx_run_view_free) struct gbx_run_view view = {0};
	GBX_CLEANUP(free_page) struct page page = {.json = gbx_flag(given, "json") ? json_object() : NULL};
	GBX_CLEANUP(gbx_determinism_free) struct gbx_determinism determinism = {0};
	char run[GBX_ULID_TEXT + 1], signer[GBX_NAME_MAX + 1];
	uint8_t key[GBX_PUBLIC_KEY_LEN];
	struct gbx_error err, ignored;
	int rc = read_sections(given, &page.wanted, &err);

	page.determinism = gbx_flag(given, "determinism") ? &determinism : NULL;
	if (rc == 0)
		rc = gbx_open_run(given, &store, run, &err);
	if (rc == 0)
		rc = gbx_run_scan(&store, run, take_record, &page, &view, &err);
	if (rc == 0)
		rc = add_metrics(&page, &err);
	if (rc == 0)
		rc = add_parameters(&page, &err);
	if (rc)
		return gbx_complain(&err);
	/* What can be shown is shown; how far it goes is told. */
	(void)gbx_tell_trouble(&view);
	bool is_signed = gbx_signed_by(&store, run, signer, key, &ignored) == 0;
	return show(&page, &view, is_signed ? signer : NULL);
}

const struct gbx_command gbx_cmd_show = {
	.name = "show",
	.usage = "RUN [SECTION...] [--gaps] [--determinism] [--json]",
	.summary = "show a run: command, parameters, code, data, outputs, metrics, machine, variables, process, gaps",
	.options = options,
	.least = 1,
	.most = SIZE_MAX,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_show,
};
