#include "capture/software_report.h"

#include "base/limits.h"
#include "base/mem.h"

struct parts {
	Glassbox__CodeGap *gap, **gaps;
	ProtobufCBinaryData *path;
};

static void free_parts(struct parts *p)
{
	gbx_free(p->gap);
	gbx_free(p->gaps);
	gbx_free(p->path);
}

static int fill_gaps(const struct gbx_gaps *gaps, struct parts *p, Glassbox__SoftwareReport *m, struct gbx_error *err)
{
	p->gap = gbx_calloc(gaps->len + 1, sizeof *p->gap);
	p->gaps = gbx_calloc(gaps->len + 1, sizeof *p->gaps);
	p->path = gbx_calloc(gaps->len * GBX_GAP_PATHS + 1, sizeof *p->path);
	if (!p->gap || !p->gaps || !p->path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a report of software");
	for (size_t i = 0; i < gaps->len; i++) {
		const struct gbx_gap *gap = &gaps->gap[i];
		ProtobufCBinaryData *path = p->path + i * GBX_GAP_PATHS;
		glassbox__code_gap__init(&p->gap[i]);
		p->gap[i].kind = gap->kind;
		p->gap[i].reason = gap->reason;
		p->gap[i].count = gap->count;
		for (size_t k = 0; k < gap->paths; k++)
			path[k] = gbx_pb_bytes(gap->path[k].data, gap->path[k].len);
		p->gap[i].paths = path;
		p->gap[i].n_paths = gap->paths;
		p->gaps[i] = &p->gap[i];
	}
	m->gaps = p->gaps;
	m->n_gaps = gaps->len;
	return 0;
}

int gbx_software_pack(const struct gbx_software *s, bool last, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_CLEANUP(free_parts) struct parts p = {0};
	Glassbox__SoftwareReport m;

	glassbox__software_report__init(&m);
	m.interpreters = s->interpreter;
	m.n_interpreters = s->interpreters;
	m.packages = s->package;
	m.n_packages = s->packages;
	m.libraries = s->library;
	m.n_libraries = s->libraries;
	m.last = last;
	int rc = fill_gaps(&s->gaps, &p, &m, err);
	return rc ? rc : gbx_pb_pack(&m.base, out, err);
}

static bool is_absolute(const Glassbox__Path *p, bool needed)
{
	return p ? p->path.len && p->path.data[0] == '/' && !memchr(p->path.data, 0, p->path.len) : !needed;
}

int gbx_software_parse(struct gbx_arena *memory, struct gbx_slice message, const Glassbox__SoftwareReport **out, struct gbx_error *err)
{
	ProtobufCMessage *parsed;
	int rc = gbx_pb_parse(memory, &glassbox__software_report__descriptor, message, GBX_LIMIT_SOFTWARE_REPORT, &parsed, err);

	if (rc)
		return rc;
	const Glassbox__SoftwareReport *m = (const Glassbox__SoftwareReport *)parsed;
	bool good = true;
	for (size_t i = 0; i < m->n_interpreters; i++)
		good = good && is_absolute(m->interpreters[i]->path, true) && is_absolute(m->interpreters[i]->prefix, false) &&
		       is_absolute(m->interpreters[i]->base_prefix, false);
	for (size_t i = 0; i < m->n_packages; i++)
		good = good && is_absolute(m->packages[i]->path, true) && is_absolute(m->packages[i]->source, false);
	for (size_t i = 0; i < m->n_libraries; i++)
		good = good && is_absolute(m->libraries[i]->path, true);
	if (!good)
		return gbx_fail(err, GBX_E_MALFORMED, "the report of a job's software: a path that is not absolute");
	*out = m;
	return 0;
}
