#include "run/pending.h"

#include "base/mem.h"

void gbx_pending_free(struct gbx_pending *p)
{
	gbx_declared_free(&p->list);
	for (size_t i = 0; i < p->roots; i++) {
		gbx_free(p->root[i].name);
		gbx_free(p->root[i].path);
	}
	for (size_t i = 0; i < p->places; i++) {
		gbx_free(p->place[i].root);
		gbx_free(p->place[i].under);
	}
	for (size_t i = 0; i < p->dones; i++)
		gbx_free(p->done[i].name);
	gbx_free(p->root);
	gbx_free(p->place);
	gbx_free(p->done);
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

static int take_declaration(struct gbx_pending *p, const Glassbox__Declaration *m, struct gbx_error *err)
{
	struct gbx_declared d = {.role = m->role};
	struct gbx_pending_place at = {0};
	int rc = gbx_grow((void **)&p->list.item, &p->list.cap, p->list.len, sizeof *p->list.item, err);

	if (rc == 0)
		rc = gbx_grow((void **)&p->place, &p->places_cap, p->places, sizeof *p->place, err);
	if (rc)
		return rc;
	d.name = gbx_strdup(m->name);
	d.has_listing = m->listing.len == GBX_SHA256_LEN;
	if (d.has_listing)
		memcpy(d.listing, m->listing.data, GBX_SHA256_LEN);
	if (m->path) {
		at.root = gbx_strdup(m->path->root);
		at.under = gbx_memdup(m->path->path.data, m->path->path.len);
	} else {
		d.uri = gbx_strdup(m->uri);
	}
	p->list.item[p->list.len++] = d;
	p->place[p->places++] = at;
	return d.name && (d.uri || (at.root && at.under)) ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for what was declared");
}

static int take_done(struct gbx_pending *p, Glassbox__Declaration__Role role, const char *name, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&p->done, &p->dones_cap, p->dones, sizeof *p->done, err);

	if (rc)
		return rc;
	struct gbx_pending_done done = {role, gbx_strdup(name)};
	p->done[p->dones++] = done;
	return done.name ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a name");
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
		return take_done(p, GLASSBOX__DECLARATION__ROLE__DATA, b->dataset->name, err);
	case GLASSBOX__BODY__BODY_ARTIFACT:
		return take_done(p, GLASSBOX__DECLARATION__ROLE__OUTPUT, b->artifact->name, err);
	default:
		return 0;
	}
}

static bool is_done(const struct gbx_pending *p, const struct gbx_declared *d)
{
	for (size_t i = 0; i < p->dones; i++)
		if (p->done[i].role == d->role && strcmp(p->done[i].name, d->name) == 0)
			return true;
	return false;
}

/* *out stays NULL where the root was not recorded, or is lost. */
static int find_path(const struct gbx_pending *p, const struct gbx_pending_place *at, char **out, struct gbx_error *err)
{
	for (size_t i = 0; i < p->roots; i++) {
		if (strcmp(p->root[i].name, at->root) != 0)
			continue;
		*out = *at->under ? gbx_path_join(p->root[i].path, at->under) : gbx_strdup(p->root[i].path);
		return *out ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	}
	return 0;
}

static int finish(const struct gbx_pending *p, size_t i, struct gbx_recorder *r, struct gbx_error *err)
{
	const struct gbx_hash_options o = {0};
	struct gbx_declared *d = &p->list.item[i];
	bool finished;
	int rc = d->uri || d->path ? 0 : find_path(p, &p->place[i], &d->path, err);

	d->recorded = is_done(p, d);
	if (rc || d->recorded)
		return rc;
	if (d->uri || d->path)
		gbx_declared_finish(r, d, &o, &finished);
	else
		gbx_put_gap(r, d->role == GLASSBOX__DECLARATION__ROLE__DATA ? GLASSBOX__GAP__KIND__DATA : GLASSBOX__GAP__KIND__OUTPUT,
			    GLASSBOX__GAP__REASON__NOT_FOUND, 1, NULL);
	return 0;
}

int gbx_pending_finish(struct gbx_pending *p, struct gbx_recorder *r, struct gbx_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < p->roots; i++) {
		rc = gbx_add_root(r, p->root[i].name, p->root[i].path, err);
		if (rc)
			return rc;
		r->root[r->roots - 1].recorded = true; /* in the stream before */
	}
	for (size_t i = 0; rc == 0 && i < p->list.len; i++)
		rc = finish(p, i, r, err);
	return rc;
}
