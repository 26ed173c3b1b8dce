#include "run/code.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "capture/changed.h"
#include "run/facts.h"

/* Of the changed files so many are named on standard error; the record has more. */
#define NAMED 4u
/* How often it is looked whether nobody waits any more. */
#define LOOK_MS 50u

static void warn(const struct gbx_run_code *c, const char *line)
{
	if (c->recorder->say)
		c->recorder->say(line);
}

void gbx_run_code_start(struct gbx_run_code *c, struct gbx_recorder *r, const struct gbx_code_options *asked)
{
	struct gbx_code_options o = *asked;

	c->recorder = r;
	c->temporary = gbx_run_path(r->store, r->run_text, "manifest/code.tmp");
	c->blobs = gbx_run_path(r->store, r->run_text, "blob");
	o.store = r->store->path;
	o.blobs = c->blobs;
	o.manifest_path = c->temporary;
	o.run = r->run_text;
	o.scanner = r->scanner;
	int rc = c->temporary && c->blobs ? gbx_code_start(&c->capture, &o, &c->why) : gbx_fail(&c->why, GBX_E_NOMEM, "no memory for a path");
	c->failed = rc != 0;
	c->pending = rc == 0;
}

void gbx_run_code_free(struct gbx_run_code *c)
{
	if (c->pending)
		gbx_code_cancel(&c->capture);
	gbx_free(c->temporary);
	gbx_free(c->blobs);
	gbx_free(c->manifest);
	gbx_free(c->repo);
	*c = (struct gbx_run_code){0};
}

static void describe(struct gbx_run_code *c, const struct gbx_code_result *r)
{
	char hex[2 * GBX_SHA256_LEN + 1];

	gbx_hex(r->head_commit, r->head_len, hex);
	if (!r->captured)
		snprintf(c->line, sizeof c->line, "no code (%s)",
			 r->gaps.len ? gbx_gap_reason_words(r->gaps.gap[0].reason) : "not captured");
	else if (r->head_len == 0)
		snprintf(c->line, sizeof c->line, "code without a commit yet, %llu files", (unsigned long long)r->sum.files);
	else
		snprintf(c->line, sizeof c->line, "code %.12s, %s, %llu files", hex,
			 r->complete && memcmp(r->tree, r->head_tree, r->id_len) == 0 ? "clean" : "changed",
			 (unsigned long long)r->sum.files);
}

/* Moves the manifest to the name that its digest gives it. */
static void keep_manifest(struct gbx_run_code *c, const struct gbx_code_result *r)
{
	char name[96] = "manifest/";
	struct gbx_error err;

	if (!r->captured)
		return;
	gbx_hex(r->manifest, GBX_SHA256_LEN, name + 9);
	strcat(name, ".tfrecord");
	c->manifest = gbx_run_path(c->recorder->store, c->recorder->run_text, name);
	c->repo = gbx_strdup(r->repo);
	c->sparse = r->sparse;
	if (!c->manifest || gbx_rename(c->temporary, c->manifest, &err))
		warn(c, c->manifest ? err.line : "no memory for a path");
}

/* The child has ended or must end now. */
static void take(struct gbx_run_code *c, struct gbx_code_result *out)
{
	int rc = gbx_code_wait(&c->capture, out, &c->why);

	c->pending = false;
	c->failed = rc != 0;
	if (rc)
		return;
	describe(c, out);
	keep_manifest(c, out);
}

void gbx_run_code_wait(struct gbx_run_code *c, struct gbx_code_result *out)
{
	if (!c->pending)
		return;
	if (gbx_code_ready(&c->capture, c->capture.late))
		take(c, out);
	else
		snprintf(c->line, sizeof c->line, "the code is still being read");
}

void gbx_run_code_put(struct gbx_run_code *c, const struct gbx_code_result *result)
{
	if (c->pending)
		return;
	if (!c->failed) {
		gbx_put_code(c->recorder, result);
		return;
	}
	warn(c, c->why.line);
	snprintf(c->line, sizeof c->line, "no code");
	gbx_put_gap(c->recorder, GLASSBOX__GAP__KIND__CODE, GLASSBOX__GAP__REASON__FAILED, 1, NULL);
}

void gbx_run_code_late(struct gbx_run_code *c, const atomic_bool *cancel)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result result = {0};

	if (!c->pending)
		return;
	while (!atomic_load(cancel) && gbx_monotonic_nanos() < c->capture.deadline)
		if (gbx_code_ready(&c->capture, gbx_monotonic_nanos() + LOOK_MS * 1000000u))
			break;
	if (gbx_code_ready(&c->capture, 0) || !atomic_load(cancel)) {
		take(c, &result);
		gbx_run_code_put(c, &result);
		return;
	}
	gbx_code_cancel(&c->capture);
	c->pending = false;
	gbx_put_gap(c->recorder, GLASSBOX__GAP__KIND__CODE, GLASSBOX__GAP__REASON__JOB_ENDED, 1, NULL);
}

static void tell_changed(struct gbx_run_code *c, const struct gbx_gap *g)
{
	GBX_AUTO_BYTES struct gbx_bytes line = {0};
	char shown[256];
	uint64_t named = 0;
	int rc = gbx_bytes_printf(&line, NULL, "changed since the start: ");

	for (size_t i = 0; rc == 0 && i < g->paths && named < NAMED; i++) {
		if (gbx_scan_first(c->recorder->scanner, gbx_slice_of(&g->path[i])))
			continue;
		rc = gbx_bytes_printf(&line, NULL, "%s%s", named ? ", " : "", gbx_printable_in(gbx_slice_of(&g->path[i]), shown, sizeof shown));
		named++;
	}
	if (rc == 0 && named < g->count)
		rc = gbx_bytes_printf(&line, NULL, "%s%llu %s", named ? " and " : "", (unsigned long long)(g->count - named), named ? "more" : "files");
	if (rc == 0)
		warn(c, (const char *)line.data);
}

void gbx_run_code_recheck(struct gbx_run_code *c)
{
	GBX_CLEANUP(gbx_gaps_free) struct gbx_gaps gaps = {0};
	struct gbx_changed_options o = {.manifest = c->manifest, .repo = c->repo, .since = c->capture.began, .sparse = c->sparse};
	struct gbx_error err;

	if (!c->manifest || !c->repo)
		return;
	if (gbx_code_changed(&o, &gaps, &err)) {
		warn(c, err.line);
		gbx_put_gap(c->recorder, GLASSBOX__GAP__KIND__CODE_FILE, gbx_gap_reason(&err), 1, NULL);
		return;
	}
	gbx_put_code_gaps(c->recorder, &gaps);
	if (gaps.len)
		tell_changed(c, gaps.gap);
}
