#include "capture/report.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/pb.h"
#include "capture.pb-c.h"

void gbx_code_result_free(struct gbx_code_result *r)
{
	for (size_t i = 0; i < r->remotes; i++) {
		gbx_free(r->remote[i].name);
		gbx_free(r->remote[i].url);
	}
	gbx_free(r->remote);
	gbx_free(r->repo);
	gbx_free(r->branch);
	gbx_free(r->answer);
	gbx_free(r->why);
	gbx_gaps_free(&r->gaps);
	*r = (struct gbx_code_result){0};
}

/* What a message's repeated members point to while it is packed. */
struct parts {
	Glassbox__Remote *remote, **remotes;
	Glassbox__CodeGap *gap, **gaps;
	Glassbox__CodeAnswer *answer, **answers;
	ProtobufCBinaryData *path;
};

static void free_parts(struct parts *p)
{
	gbx_free(p->remote);
	gbx_free(p->remotes);
	gbx_free(p->gap);
	gbx_free(p->gaps);
	gbx_free(p->answer);
	gbx_free(p->answers);
	gbx_free(p->path);
}

static int make_parts(const struct gbx_code_result *r, struct parts *p, struct gbx_error *err)
{
	p->remote = gbx_calloc(r->remotes, sizeof *p->remote);
	p->remotes = gbx_calloc(r->remotes, sizeof *p->remotes);
	p->gap = gbx_calloc(r->gaps.len, sizeof *p->gap);
	p->gaps = gbx_calloc(r->gaps.len, sizeof *p->gaps);
	p->answer = gbx_calloc(r->answers, sizeof *p->answer);
	p->answers = gbx_calloc(r->answers, sizeof *p->answers);
	p->path = gbx_calloc(r->gaps.len * GBX_GAP_PATHS, sizeof *p->path);
	if (!p->remote || !p->remotes || !p->gap || !p->gaps || !p->answer || !p->answers || !p->path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the report of a capture");
	return 0;
}

static void fill_remotes(const struct gbx_code_result *r, struct parts *p, Glassbox__CodeReport *m)
{
	for (size_t i = 0; i < r->remotes; i++) {
		glassbox__remote__init(p->remote + i);
		p->remote[i].name = r->remote[i].name;
		p->remote[i].url = r->remote[i].url;
		p->remote[i].credentials = r->remote[i].credentials;
		p->remotes[i] = p->remote + i;
	}
	m->remotes = p->remotes;
	m->n_remotes = r->remotes;
}

static void fill_gaps(const struct gbx_code_result *r, struct parts *p, Glassbox__CodeReport *m)
{
	for (size_t i = 0; i < r->gaps.len; i++) {
		const struct gbx_gap *gap = r->gaps.gap + i;
		ProtobufCBinaryData *path = p->path + i * GBX_GAP_PATHS;
		glassbox__code_gap__init(p->gap + i);
		p->gap[i].kind = gap->kind;
		p->gap[i].reason = gap->reason;
		p->gap[i].count = gap->count;
		for (size_t k = 0; k < gap->paths; k++)
			path[k] = gbx_pb_bytes(gap->path[k].data, gap->path[k].len);
		p->gap[i].paths = path;
		p->gap[i].n_paths = gap->paths;
		p->gaps[i] = p->gap + i;
	}
	m->gaps = p->gaps;
	m->n_gaps = r->gaps.len;
}

static void fill_answers(const struct gbx_code_result *r, struct parts *p, Glassbox__CodeReport *m)
{
	for (size_t i = 0; i < r->answers; i++) {
		glassbox__code_answer__init(p->answer + i);
		p->answer[i].in_head = r->answer[i].in_head;
		p->answer[i].sha256 = gbx_pb_bytes(r->answer[i].sha256, r->answer[i].compared ? GBX_SHA256_LEN : 0);
		p->answers[i] = p->answer + i;
	}
	m->answers = p->answers;
	m->n_answers = r->answers;
}

static void fill_snapshot(const struct gbx_code_result *r, Glassbox__CodeReport *m)
{
	m->captured = true;
	m->repo = gbx_pb_bytes(r->repo, strlen(r->repo));
	m->head_commit = gbx_pb_bytes(r->head_commit, r->head_len);
	m->head_tree = gbx_pb_bytes(r->head_tree, r->head_len);
	m->tree = gbx_pb_bytes(r->tree, r->id_len);
	m->root = gbx_pb_bytes(r->sum.root, GBX_SHA256_LEN);
	m->files = r->sum.files;
	m->bytes = r->sum.bytes;
	m->manifest = gbx_pb_bytes(r->manifest, GBX_SHA256_LEN);
	m->complete = r->complete;
	m->sparse = r->sparse;
	if (r->branch)
		m->branch = gbx_pb_bytes(r->branch, strlen(r->branch));
}

int gbx_report_pack(const struct gbx_code_result *r, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_CLEANUP(free_parts) struct parts p = {0};
	Glassbox__CodeReport m;
	int rc = make_parts(r, &p, err);

	if (rc)
		return rc;
	glassbox__code_report__init(&m);
	fill_gaps(r, &p, &m);
	fill_answers(r, &p, &m);
	if (r->captured) {
		fill_snapshot(r, &m);
		fill_remotes(r, &p, &m);
	}
	if (r->why)
		m.why = r->why;
	return gbx_pb_pack(&m.base, out, err);
}

static int bad_report(const char *why, struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_MALFORMED, "the report of a capture: %s", why);
}

static char *text_of(ProtobufCBinaryData data)
{
	return gbx_memdup(data.data, data.len);
}

static int take_gaps(const Glassbox__CodeReport *m, struct gbx_code_result *r, struct gbx_error *err)
{
	struct gbx_gap *gap;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < m->n_gaps; i++) {
		const Glassbox__CodeGap *from = m->gaps[i];
		if (from->n_paths > GBX_GAP_PATHS || from->n_paths > from->count)
			return bad_report("a gap with more paths than there can be", err);
		for (size_t k = 0; rc == 0 && k < from->n_paths; k++)
			rc = gbx_gaps_add(&r->gaps, from->kind, from->reason, gbx_pb_slice(from->paths[k]), err);
		if (rc == 0)
			rc = gbx_gaps_of(&r->gaps, from->kind, from->reason, &gap, err);
		if (rc == 0)
			gap->count = from->count;
	}
	return rc;
}

static int take_answers(const Glassbox__CodeReport *m, size_t answers, struct gbx_code_result *r, struct gbx_error *err)
{
	if (m->n_answers != answers)
		return bad_report("not one answer for each question", err);
	r->answer = gbx_calloc(answers, sizeof *r->answer);
	if (!r->answer)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the report of a capture");
	r->answers = answers;
	for (size_t i = 0; i < answers; i++) {
		ProtobufCBinaryData sha256 = m->answers[i]->sha256;
		if (sha256.len && sha256.len != GBX_SHA256_LEN)
			return bad_report("a digest of the wrong length", err);
		r->answer[i].in_head = m->answers[i]->in_head;
		r->answer[i].compared = sha256.len != 0;
		if (sha256.len)
			memcpy(r->answer[i].sha256, sha256.data, sha256.len);
	}
	return 0;
}

static int take_remotes(const Glassbox__CodeReport *m, struct gbx_code_result *r, struct gbx_error *err)
{
	r->remote = gbx_calloc(m->n_remotes, sizeof *r->remote);
	if (!r->remote)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the report of a capture");
	for (size_t i = 0; i < m->n_remotes; i++) {
		struct gbx_code_remote *to = r->remote + r->remotes++;
		to->name = gbx_strdup(m->remotes[i]->name);
		to->url = gbx_strdup(m->remotes[i]->url);
		to->credentials = m->remotes[i]->credentials;
		if (!to->name || !to->url)
			return gbx_fail(err, GBX_E_NOMEM, "no memory for the report of a capture");
	}
	return 0;
}

static int take_snapshot(const Glassbox__CodeReport *m, struct gbx_code_result *r, struct gbx_error *err)
{
	if ((m->tree.len != GBX_GIT_SHA1 && m->tree.len != GBX_GIT_SHA256) || m->root.len != GBX_SHA256_LEN ||
	    m->manifest.len != GBX_SHA256_LEN || m->head_commit.len != m->head_tree.len ||
	    (m->head_commit.len && m->head_commit.len != m->tree.len) || !m->repo.len)
		return bad_report("an id of the wrong length", err);
	r->captured = true;
	r->id_len = m->tree.len;
	r->head_len = m->head_commit.len;
	memcpy(r->tree, m->tree.data, m->tree.len);
	if (r->head_len) {
		memcpy(r->head_commit, m->head_commit.data, r->head_len);
		memcpy(r->head_tree, m->head_tree.data, r->head_len);
	}
	memcpy(r->sum.root, m->root.data, GBX_SHA256_LEN);
	memcpy(r->manifest, m->manifest.data, GBX_SHA256_LEN);
	r->sum.files = m->files;
	r->sum.bytes = m->bytes;
	r->complete = m->complete;
	r->sparse = m->sparse;
	r->repo = text_of(m->repo);
	r->branch = m->branch.len ? text_of(m->branch) : NULL;
	if (!r->repo || (m->branch.len && !r->branch))
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the report of a capture");
	return take_remotes(m, r, err);
}

int gbx_report_parse(struct gbx_slice message, size_t answers, struct gbx_code_result *out, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
	GBX_AUTO_ARENA struct gbx_arena memory = {0};
	ProtobufCMessage *parsed;
	int rc = gbx_pb_parse(&memory, &glassbox__code_report__descriptor, message, GBX_LIMIT_CODE_REPORT, &parsed, err);

	if (rc)
		return rc;
	const Glassbox__CodeReport *m = (const Glassbox__CodeReport *)parsed;
	rc = take_gaps(m, &r, err);
	if (rc == 0)
		rc = take_answers(m, answers, &r, err);
	if (rc == 0 && m->captured)
		rc = take_snapshot(m, &r, err);
	if (rc == 0 && *m->why) {
		r.why = gbx_strdup(m->why);
		rc = r.why ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for the report of a capture");
	}
	if (rc)
		return rc;
	*out = r;
	r = (struct gbx_code_result){0};
	return 0;
}
