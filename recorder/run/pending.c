#include "run/pending.h"

#include "base/mem.h"

void gbx_pending_free(struct gbx_pending *p)
{
	gbx_declared_free(&p->list);
	for (size_t i = 0; i < p->roots; i++) {
		gbx_free(p->root[i].name);
		gbx_free(p->root[i].path);
	}
	gbx_free(p->root);
	*p = (struct gbx_pending){0};
}

static int take_root(struct gbx_pending *p, const Glassbox__Root *m, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&p->root, &p->roots_cap, p->roots, sizeof *p->root, err);

	if (rc)
		return rc;
	struct gbx_root root = {.name = gbx_strdup(m->name), .path = gbx_memdup(m->path.data, m->path.len)};
	p->root[p->roots++] = root;
	return root.name && root.path ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a root");
}

static char *absolute(const struct gbx_pending *p, const Glassbox__Path *path)
{
	for (size_t i = 0; i < p->roots; i++) {
		if (strcmp(p->root[i].name, path->root) != 0)
			continue;
		if (path->path.len == 0)
			return gbx_strdup(p->root[i].path);
		return gbx_asprintf("%s/%.*s", p->root[i].path, (int)path->path.len, (const char *)path->path.data);
	}
	return NULL;
}

static int take_declaration(struct gbx_pending *p, const Glassbox__Declaration *m, struct gbx_error *err)
{
	struct gbx_declared d = {.role = m->role, .name = gbx_strdup(m->name)};
	int rc = gbx_grow((void **)&p->list.item, &p->list.cap, p->list.len, sizeof *p->list.item, err);

	if (rc) {
		gbx_free(d.name);
		return rc;
	}
	d.has_listing = m->listing.len == GBX_SHA256_LEN;
	if (d.has_listing)
		memcpy(d.listing, m->listing.data, GBX_SHA256_LEN);
	if (m->path)
		d.path = absolute(p, m->path);
	else
		d.uri = gbx_strdup(m->uri);
	p->list.item[p->list.len++] = d;
	if (!d.name || (!d.path && !d.uri))
		return gbx_fail(err, GBX_E_MALFORMED, "the declaration of '%s' names no root that was recorded", m->name);
	return 0;
}

static void take_done(struct gbx_pending *p, Glassbox__Declaration__Role role, const char *name)
{
	for (size_t i = 0; i < p->list.len; i++)
		if (p->list.item[i].role == role && strcmp(p->list.item[i].name, name) == 0)
			p->list.item[i].recorded = true;
}

int gbx_pending_take(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *record, struct gbx_error *err)
{
	struct gbx_pending *p = arg;
	const Glassbox__Body *b = record->body;

	(void)stream;
	if (!b)
		return 0;
	switch (b->body_case) {
	case GLASSBOX__BODY__BODY_ROOT:
		return take_root(p, b->root, err);
	case GLASSBOX__BODY__BODY_DECLARATION:
		return take_declaration(p, b->declaration, err);
	case GLASSBOX__BODY__BODY_DATASET:
		take_done(p, GLASSBOX__DECLARATION__ROLE__DATA, b->dataset->name);
		return 0;
	case GLASSBOX__BODY__BODY_ARTIFACT:
		take_done(p, GLASSBOX__DECLARATION__ROLE__OUTPUT, b->artifact->name);
		return 0;
	default:
		return 0;
	}
}

int gbx_pending_finish(struct gbx_pending *p, struct gbx_recorder *r, struct gbx_error *err)
{
	struct gbx_hash_options o = {0};
	bool finished;

	for (size_t i = 0; i < p->roots; i++) {
		int rc = gbx_add_root(r, p->root[i].name, p->root[i].path, err);
		if (rc)
			return rc;
		r->root[r->roots - 1].recorded = true; /* in the stream before */
	}
	for (size_t i = 0; i < p->list.len; i++)
		gbx_declared_finish(r, &p->list.item[i], &o, &finished);
	return 0;
}
