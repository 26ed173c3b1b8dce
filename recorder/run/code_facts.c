/* The code's facts: snapshot, branch, remotes and what was left out. Declared in facts.h. */
#include "run/facts.h"

static void put_snapshot(struct gbx_recorder *r, const struct gbx_code_result *c)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Code m = GLASSBOX__CODE__INIT;

	m.head_commit = gbx_pb_bytes(c->head_commit, c->head_len);
	m.head_tree = gbx_pb_bytes(c->head_tree, c->head_len);
	m.tree = gbx_pb_bytes(c->tree, c->id_len);
	m.root = gbx_pb_bytes(c->sum.root, GBX_SHA256_LEN);
	m.files = c->sum.files;
	m.bytes = c->sum.bytes;
	m.manifest = gbx_pb_bytes(c->manifest, GBX_SHA256_LEN);
	m.complete = c->complete;
	body.body_case = GLASSBOX__BODY__BODY_CODE;
	body.code = &m;
	gbx_put(r, &body, NULL);
}

static void put_git(struct gbx_recorder *r, Glassbox__Git *m)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;

	body.body_case = GLASSBOX__BODY__BODY_GIT;
	body.git = m;
	gbx_put(r, &body, NULL);
}

/* Text without its secrets, NUL-terminated in *out; false, and a gap, where there is no memory for it. */
static bool mask(struct gbx_recorder *r, const char *text, struct gbx_bytes *out, size_t *hits)
{
	struct gbx_error err;
	int rc = gbx_secrets_mask(r->scanner, gbx_slice_text(text), out, hits, &err);

	if (rc == 0)
		rc = gbx_bytes_append(out, "", 1, &err);
	if (rc)
		gbx_put_gap(r, GLASSBOX__GAP__KIND__CODE, gbx_gap_reason(&err), 1, NULL);
	return rc == 0;
}

static void put_secret_gap(struct gbx_recorder *r, size_t hits)
{
	if (hits)
		gbx_put_gap(r, GLASSBOX__GAP__KIND__CODE, GLASSBOX__GAP__REASON__SECRET, hits, NULL);
}

static void put_branch(struct gbx_recorder *r, const char *branch)
{
	GBX_AUTO_BYTES struct gbx_bytes clean = {0};
	Glassbox__Git m = GLASSBOX__GIT__INIT;
	size_t hits = 0;

	if (!mask(r, branch, &clean, &hits))
		return;
	m.fact_case = GLASSBOX__GIT__FACT_BRANCH;
	m.branch = (char *)clean.data;
	put_git(r, &m);
	put_secret_gap(r, hits);
}

static void put_remote(struct gbx_recorder *r, const struct gbx_code_remote *remote)
{
	Glassbox__Git m = GLASSBOX__GIT__INIT;
	Glassbox__Remote fact = GLASSBOX__REMOTE__INIT;
	GBX_AUTO_BYTES struct gbx_bytes name = {0}, url = {0};
	size_t hits = 0;

	if (!mask(r, remote->name, &name, &hits) || !mask(r, remote->url, &url, &hits))
		return;
	fact.name = (char *)name.data;
	fact.url = (char *)url.data;
	fact.credentials = remote->credentials;
	m.fact_case = GLASSBOX__GIT__FACT_REMOTE;
	m.remote = &fact;
	put_git(r, &m);
	put_secret_gap(r, hits);
}

void gbx_put_code(struct gbx_recorder *r, const struct gbx_code_result *code)
{
	if (code->captured) {
		put_snapshot(r, code);
		if (code->branch)
			put_branch(r, code->branch);
		for (size_t i = 0; i < code->remotes; i++)
			put_remote(r, &code->remote[i]);
	}
	gbx_put_code_gaps(r, &code->gaps);
}

void gbx_put_code_gaps(struct gbx_recorder *r, const struct gbx_gaps *gaps)
{
	for (size_t i = 0; i < gaps->len; i++) {
		const struct gbx_gap *g = &gaps->gap[i];
		struct gbx_slice path[GBX_GAP_PATHS];
		for (size_t j = 0; j < g->paths; j++)
			path[j] = gbx_slice_of(&g->path[j]);
		struct gbx_place place = {.root = "repo", .path = path, .paths = g->paths, .more = g->count - g->paths};
		gbx_put_gap(r, g->kind, g->reason, g->count, g->paths ? &place : NULL);
	}
}
