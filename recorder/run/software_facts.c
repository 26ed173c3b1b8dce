#include "run/software.h"

#include "base/mem.h"

static void put_gap(struct gbx_recorder *r, Glassbox__Gap__Kind kind, Glassbox__Gap__Reason reason)
{
	gbx_put_gap(r, kind, reason, 1, NULL);
}

/* A path in its root; false, and a gap, where it holds a secret or no root can be recorded. Members of *path point into itself. */
static bool place_path(struct gbx_recorder *r, Glassbox__Gap__Kind kind, Glassbox__Path *path, const char *base, const char *root)
{
	GBX_AUTO_STRING char *text = gbx_memdup(path->path.data, path->path.len);
	Glassbox__Path found;
	struct gbx_error err;

	if (!text || gbx_scan_first(r->scanner, gbx_pb_slice(path->path))) {
		put_gap(r, kind, text ? GLASSBOX__GAP__REASON__SECRET : GLASSBOX__GAP__REASON__FAILED);
		return false;
	}
	if (gbx_locate_software(r, text, base ? base : text, root, &found, &err)) {
		put_gap(r, kind, gbx_gap_reason(&err));
		return false;
	}
	/* What is left of it is at its end, where nothing was hidden in it. */
	path->root = found.root;
	size_t cut = path->path.len >= found.path.len ? path->path.len - found.path.len : 0;
	if (found.path.len && (path->path.len < found.path.len || memcmp(path->path.data + cut, found.path.data, found.path.len) != 0)) {
		put_gap(r, kind, GLASSBOX__GAP__REASON__SECRET);
		return false;
	}
	path->path.data += cut;
	path->path.len = found.path.len;
	return true;
}

/* The folder of a path. */
static char *folder_of(const Glassbox__Path *p)
{
	size_t len = p->path.len;

	while (len && p->path.data[len - 1] != '/')
		len--;
	return len > 1 ? gbx_memdup(p->path.data, len - 1) : gbx_strdup("/");
}

/* A text in which a secret was found is not there any more; true where none was. */
static bool clean(const struct gbx_recorder *r, char **text)
{
	if (!**text || !gbx_scan_first(r->scanner, gbx_slice_text(*text)))
		return true;
	*text = (char *)(uintptr_t) "";
	return false;
}

static void put_interpreter(struct gbx_recorder *r, Glassbox__Interpreter *m)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	GBX_AUTO_STRING char *folder = folder_of(m->path);
	Glassbox__Path *const prefixes[] = {m->prefix, m->base_prefix};

	/* Their prefixes first: what lies below is then named by them. */
	for (size_t i = 0; i < 2; i++)
		if (prefixes[i] && !place_path(r, GLASSBOX__GAP__KIND__PACKAGE, prefixes[i], NULL, "python"))
			return;
	if (!place_path(r, GLASSBOX__GAP__KIND__PACKAGE, m->path, folder, "program"))
		return;
	body.body_case = GLASSBOX__BODY__BODY_INTERPRETER;
	body.interpreter = m;
	gbx_put(r, &body, NULL);
}

static void put_package(struct gbx_recorder *r, Glassbox__Package *m)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	GBX_AUTO_STRING char *folder = folder_of(m->path);
	char **const texts[] = {&m->version, &m->installer, &m->build, &m->url};
	size_t hits = 0;

	if (!place_path(r, GLASSBOX__GAP__KIND__PACKAGE, m->path, folder, "packages") ||
	    (m->source && !place_path(r, GLASSBOX__GAP__KIND__PACKAGE, m->source, NULL, "source")))
		return;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		hits += !clean(r, texts[i]);
	if (gbx_scan_first(r->scanner, gbx_slice_text(m->name)))
		hits++;
	if (hits)
		put_gap(r, GLASSBOX__GAP__KIND__PACKAGE, GLASSBOX__GAP__REASON__SECRET);
	if (!clean(r, &m->name))
		return;
	body.body_case = GLASSBOX__BODY__BODY_PACKAGE;
	body.package = m;
	gbx_put(r, &body, NULL);
}

static void put_library(struct gbx_recorder *r, Glassbox__Library *m)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	GBX_AUTO_STRING char *folder = folder_of(m->path);

	if (!place_path(r, GLASSBOX__GAP__KIND__LIBRARY, m->path, folder, "library"))
		return;
	bool hit = !clean(r, &m->soname);
	if (m->owner && (!clean(r, &m->owner->name) || !clean(r, &m->owner->version))) {
		hit = true;
		m->owner = NULL;
	}
	if (!clean(r, &m->version)) {
		hit = true;
		m->version_from = GLASSBOX__LIBRARY__VERSION_FROM__VERSION_FROM_UNSPECIFIED;
	}
	if (hit)
		put_gap(r, GLASSBOX__GAP__KIND__LIBRARY, GLASSBOX__GAP__REASON__SECRET);
	body.body_case = GLASSBOX__BODY__BODY_LIBRARY;
	body.library = m;
	gbx_put(r, &body, NULL);
}

/* One record for each path, since each may have another root; those without a path together. */
static void put_told_gap(struct gbx_recorder *r, const Glassbox__CodeGap *gap)
{
	uint64_t left = gap->count;

	for (size_t i = 0; i < gap->n_paths && left; i++, left--) {
		Glassbox__Path path = GLASSBOX__PATH__INIT;
		path.path = gap->paths[i];
		GBX_AUTO_STRING char *folder = folder_of(&path);
		if (!place_path(r, gap->kind, &path, folder, gap->kind == GLASSBOX__GAP__KIND__PACKAGE ? "packages" : "library"))
			continue;
		struct gbx_slice under = gbx_pb_slice(path.path);
		gbx_put_gap(r, gap->kind, gap->reason, 1, &(struct gbx_place){.root = path.root, .path = &under, .paths = 1});
	}
	if (left)
		gbx_put_gap(r, gap->kind, gap->reason, left, NULL);
}

/* In random order; in the plain one without memory or randomness for another. */
static size_t *order_of(size_t n)
{
	size_t *order = gbx_calloc(n + 1, sizeof *order);
	struct gbx_error ignored;

	if (order && gbx_shuffle(order, n, &ignored))
		for (size_t i = 0; i < n; i++)
			order[i] = i;
	return order;
}

void gbx_put_software(struct gbx_recorder *r, const Glassbox__SoftwareReport *report)
{
	size_t *packages = order_of(report->n_packages), *libraries = order_of(report->n_libraries);

	for (size_t i = 0; i < report->n_interpreters; i++)
		put_interpreter(r, report->interpreters[i]);
	for (size_t i = 0; i < report->n_packages; i++)
		put_package(r, report->packages[packages ? packages[i] : i]);
	for (size_t i = 0; i < report->n_libraries; i++)
		put_library(r, report->libraries[libraries ? libraries[i] : i]);
	for (size_t i = 0; i < report->n_gaps; i++)
		put_told_gap(r, report->gaps[i]);
	gbx_free(packages);
	gbx_free(libraries);
}
