#include "run/selector.h"

#include <fnmatch.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"

static bool has_names(Glassbox__Kind kind)
{
	return kind != GLASSBOX__KIND__SYSTEM && kind != GLASSBOX__KIND__USAGE && kind != GLASSBOX__KIND__LIMITS &&
	       kind != GLASSBOX__KIND__CONTAINER;
}

/* Kinds that selectors will have and no record has yet. */
static bool is_planned(struct gbx_slice kind)
{
	static const char *const planned[] = {"input", "order", "checkpoint"};

	for (size_t i = 0; i < sizeof planned / sizeof *planned; i++)
		if (gbx_slice_is(kind, planned[i]))
			return true;
	return false;
}

static int unknown(const char *said, struct gbx_slice kind, struct gbx_error *err)
{
	char name[40], shown[200], all[400] = "";
	size_t least = kind.len / 3 + 2;
	const char *best = NULL;

	gbx_printable_in(gbx_slice_text(said), shown, sizeof shown);
	if (is_planned(kind))
		return gbx_fail(err, GBX_E_USAGE, "selector '%s': this version makes no such records; 'glassbox records RUN' lists those that are there", shown);
	snprintf(name, sizeof name, "%.*s", (int)(kind.len < 39 ? kind.len : 39), (const char *)kind.data);
	for (const struct gbx_kind *k = gbx_kinds(); k->name; k++) {
		if (k->public_always)
			continue;
		snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", *all ? ", " : "", k->name);
		if (gbx_edit_distance(name, k->name) < least) {
			least = gbx_edit_distance(name, k->name);
			best = k->name;
		}
	}
	if (best)
		return gbx_fail(err, GBX_E_USAGE, "selector '%s': no such kind; did you mean '%s'?", shown, best);
	return gbx_fail(err, GBX_E_USAGE, "selector '%s': expected KIND or KIND:GLOB, KIND one of %s", shown, all);
}

int gbx_selector_parse(const char *said, struct gbx_selector *out, struct gbx_error *err)
{
	struct gbx_slice kind = gbx_slice(said, strcspn(said, ":"));
	struct gbx_selector s = {.kind = gbx_kind_named(kind), .glob = said[kind.len] ? said + kind.len + 1 : NULL};
	char shown[200];

	if (!s.kind)
		return unknown(said, kind, err);
	gbx_printable_in(gbx_slice_text(said), shown, sizeof shown);
	if (s.kind->public_always)
		return gbx_fail(err, GBX_E_USAGE, "selector '%s': records of the kind %s are never withheld; name another kind", shown, s.kind->name);
	if (s.glob && !has_names(s.kind->kind))
		return gbx_fail(err, GBX_E_USAGE, "selector '%s': records of the kind %s have no name; expected '%s' alone", shown, s.kind->name,
				s.kind->name);
	if (s.glob && !*s.glob)
		return gbx_fail(err, GBX_E_USAGE, "selector '%s': nothing behind the colon; expected '%s' or '%s:GLOB'", shown, s.kind->name,
				s.kind->name);
	*out = s;
	return 0;
}

static int place_names(const Glassbox__Place *p, gbx_record_name_fn fn, void *arg)
{
	int rc = 0;

	if (p->place_case == GLASSBOX__PLACE__PLACE_OPTION)
		return fn(arg, gbx_slice_text(p->option));
	if (p->place_case == GLASSBOX__PLACE__PLACE_ADDRESS)
		return fn(arg, gbx_slice_text(p->address));
	for (size_t i = 0; rc == 0 && p->place_case == GLASSBOX__PLACE__PLACE_PATHS && i < p->paths->n_path; i++)
		rc = fn(arg, gbx_pb_slice(p->paths->path[i]));
	return rc;
}

static int git_name(const Glassbox__Git *g, gbx_record_name_fn fn, void *arg)
{
	char name[300];

	if (g->fact_case != GLASSBOX__GIT__FACT_REMOTE)
		return fn(arg, gbx_slice_text("branch"));
	snprintf(name, sizeof name, "remote.%s", g->remote->name);
	return fn(arg, gbx_slice_text(name));
}

/* "gpu0", "numa1": one of several has its number. */
static int device_name(const Glassbox__Device *d, gbx_record_name_fn fn, void *arg)
{
	char name[32] = "";

	switch (d->device_case) {
	case GLASSBOX__DEVICE__DEVICE_CPU:
		return fn(arg, gbx_slice_text("cpu"));
	case GLASSBOX__DEVICE__DEVICE_GPU:
		snprintf(name, sizeof name, "gpu%u", d->gpu->index);
		break;
	case GLASSBOX__DEVICE__DEVICE_NUMA:
		snprintf(name, sizeof name, "numa%u", d->numa->node);
		break;
	case GLASSBOX__DEVICE__DEVICE_BUS:
		return fn(arg, gbx_slice_text("bus"));
	default:
		return fn(arg, gbx_slice_text("memory"));
	}
	return fn(arg, gbx_slice_text(name));
}

static int code_name(const Glassbox__Code *c, gbx_record_name_fn fn, void *arg)
{
	char hex[2 * GBX_SHA256_LEN + 1];

	gbx_hex(c->head_commit.data, c->head_commit.len, hex);
	return fn(arg, gbx_slice_text(hex));
}

/* The last part of its path. */
static struct gbx_slice library_name(const Glassbox__Library *l)
{
	struct gbx_slice name = gbx_pb_slice(l->path->path);
	const uint8_t *slash;

	while (name.len && (slash = memchr(name.data, '/', name.len)))
		name = gbx_slice(slash + 1, name.len - (size_t)(slash + 1 - name.data));
	return name;
}

int gbx_record_names(const Glassbox__Body *b, struct gbx_slice elsewhere, gbx_record_name_fn fn, void *arg)
{
	switch (b->body_case) {
	case GLASSBOX__BODY__BODY_PLACE:
		return place_names(b->place, fn, arg);
	case GLASSBOX__BODY__BODY_ROOT:
		return fn(arg, gbx_slice_text(b->root->name));
	case GLASSBOX__BODY__BODY_NAME:
		return fn(arg, gbx_slice_text(b->name->name));
	case GLASSBOX__BODY__BODY_ARGUMENT:
		return fn(arg, b->argument->content_case == GLASSBOX__ARGUMENT__CONTENT_BLOB ? elsewhere : gbx_pb_slice(b->argument->value));
	case GLASSBOX__BODY__BODY_CONFIG:
		return fn(arg, b->config->path->path.len ? gbx_pb_slice(b->config->path->path) : elsewhere);
	case GLASSBOX__BODY__BODY_PARAMETER:
		return fn(arg, gbx_slice_text(b->parameter->name));
	case GLASSBOX__BODY__BODY_VARIABLE:
		return fn(arg, gbx_slice_text(b->variable->name));
	case GLASSBOX__BODY__BODY_CODE:
		return code_name(b->code, fn, arg);
	case GLASSBOX__BODY__BODY_GIT:
		return git_name(b->git, fn, arg);
	case GLASSBOX__BODY__BODY_DECLARATION:
		return fn(arg, gbx_slice_text(b->declaration->name));
	case GLASSBOX__BODY__BODY_DATASET:
		return fn(arg, gbx_slice_text(b->dataset->name));
	case GLASSBOX__BODY__BODY_DATASET_FILES:
		return fn(arg, elsewhere);
	case GLASSBOX__BODY__BODY_ARTIFACT:
		return fn(arg, gbx_slice_text(b->artifact->name));
	case GLASSBOX__BODY__BODY_HOST:
		return fn(arg, gbx_slice_text(b->host->hostname));
	case GLASSBOX__BODY__BODY_DEVICE:
		return device_name(b->device, fn, arg);
	case GLASSBOX__BODY__BODY_CONSOLE:
		return fn(arg, gbx_slice_text(b->console->stream == GLASSBOX__CONSOLE__STREAM__STDERR ? "stderr" : "stdout"));
	case GLASSBOX__BODY__BODY_PACKAGE:
		return fn(arg, gbx_slice_text(b->package->name));
	case GLASSBOX__BODY__BODY_LIBRARY:
		return fn(arg, library_name(b->library));
	case GLASSBOX__BODY__BODY_INTERPRETER:
		return fn(arg, gbx_slice_text(b->interpreter->implementation));
	case GLASSBOX__BODY__BODY_METRIC:
		return fn(arg, gbx_slice_text(b->metric->name));
	case GLASSBOX__BODY__BODY_PROCESS:
		return fn(arg, gbx_slice_text(b->process->role == GLASSBOX__PROCESS__ROLE__JOB ? "job" : "recorder"));
	default:
		return 0;
	}
}

struct match {
	const char *glob;
	struct gbx_error *err;
};

static int match_name(void *arg, struct gbx_slice name)
{
	const struct match *m = arg;
	GBX_AUTO_STRING char *text = gbx_memdup(name.data, name.len);

	if (!text)
		return gbx_fail(m->err, GBX_E_NOMEM, "no memory to compare a name");
	return fnmatch(m->glob, text, 0) == 0;
}

int gbx_selector_matches(const struct gbx_selector *s, const struct gbx_kind *kind, const Glassbox__Body *body,
			 struct gbx_slice elsewhere, struct gbx_error *err)
{
	struct match m = {s->glob, err};

	if (s->kind != kind)
		return 0;
	return s->glob ? gbx_record_names(body, elsewhere, match_name, &m) : 1;
}
