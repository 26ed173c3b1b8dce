#include "capture/packages.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "capture/direct_url.h"
#include "capture/lines.h"
#include "capture/metadata.h"
#include "capture/rooted.h"

/* Most metadata has Name and Version in its first lines. */
#define FIRST_READ 2048u

static int gap(struct gbx_packages_read *r, const struct gbx_error *why, const char *path, struct gbx_error *err)
{
	return gbx_software_gap(r->out, GLASSBOX__GAP__KIND__PACKAGE, why, path, err);
}

static int read_headers(struct gbx_packages_read *r, const char *path, size_t most, struct gbx_metadata *out, bool *ended, struct gbx_error *err)
{
	bool whole;

	r->text.len = 0;
	int rc = gbx_rooted_start(r->root, path, most, &r->text, &whole, err);
	if (rc)
		return rc;
	/* A last line without its end is whole there. */
	rc = whole ? gbx_bytes_append(&r->text, "\n", 1, err) : 0;
	if (rc == 0)
		rc = gbx_metadata_parse(gbx_slice_of(&r->text), ended, out, err);
	*ended = rc == 0 && (*ended || whole || *out->version);
	return rc;
}

/* Starts a package by its metadata; *out is NULL, with a gap, where that cannot be read. */
static int begin_package(struct gbx_packages_read *r, Glassbox__Package__Form form, const char *at, const char *file, Glassbox__Package **out,
			 struct gbx_error *err)
{
	struct gbx_metadata m;
	struct gbx_error why = {0};
	bool ended = false;

	*out = NULL;
	if ((read_headers(r, file, FIRST_READ, &m, &ended, &why) || !ended) && why.code != GBX_E_NOTFOUND)
		(void)!read_headers(r, file, GBX_LIMIT_METADATA, &m, &ended, &why);
	if (!ended && !why.code)
		gbx_fail(&why, GBX_E_LIMIT, "the headers of '%s' are longer than they may be", file);
	if (!ended)
		return gap(r, &why, at, err);
	Glassbox__Package *p = gbx_software_package(r->out, err);
	Glassbox__Path *path = p ? gbx_software_path(r->out, gbx_slice_text(at), err) : NULL;
	char *name = path ? gbx_software_text(r->out, gbx_slice_text(m.name), err) : NULL;
	char *version = name ? gbx_software_text(r->out, gbx_slice_text(m.version), err) : NULL;
	if (!version)
		return GBX_E_NOMEM;
	p->name = name;
	p->version = version;
	p->form = form;
	p->path = path;
	*out = p;
	return 0;
}

static int take_installer(struct gbx_packages_read *r, const char *file, Glassbox__Package *p, struct gbx_error *err)
{
	struct gbx_slice line, text;

	r->text.len = 0;
	if (gbx_rooted_start(r->root, file, GBX_LIMIT_PACKAGE_NAME, &r->text, NULL, NULL))
		return 0;
	text = gbx_slice_of(&r->text);
	if (!gbx_take_line(&text, &line))
		line = text;
	if (!gbx_is_package_text(line))
		return 0;
	p->installer = gbx_software_text(r->out, line, err);
	return p->installer ? 0 : GBX_E_NOMEM;
}

static int take_direct_url(struct gbx_packages_read *r, const char *file, Glassbox__Package *p, struct gbx_error *err)
{
	struct gbx_error why = {0};
	bool whole = false;

	r->text.len = 0;
	int rc = gbx_rooted_start(r->root, file, GBX_LIMIT_METADATA, &r->text, &whole, &why);
	if (rc == GBX_E_NOTFOUND)
		return 0;
	if (rc == 0)
		rc = whole ? gbx_direct_url_read(r->out, gbx_slice_of(&r->text), p, &why)
			   : gbx_fail(&why, GBX_E_LIMIT, "'%s' is longer than it may be", file);
	return rc ? gap(r, &why, file, err) : 0;
}

/* A path of RECORD, relative to the folder of packages, that goes up from there: "../../../bin/x". */
static struct gbx_slice climb(struct gbx_slice *path, struct gbx_slice folder)
{
	while (gbx_slice_starts(*path, "../") && folder.len) {
		*path = gbx_slice(path->data + 3, path->len - 3);
		while (folder.len && folder.data[folder.len - 1] != '/')
			folder.len--;
		folder.len -= folder.len > 0;
	}
	return folder;
}

static int own_by(struct gbx_packages_read *r, const Glassbox__Package *p, Glassbox__Library *library, struct gbx_error *err)
{
	Glassbox__Owner owner = GLASSBOX__OWNER__INIT;

	owner.database = GLASSBOX__OWNER__DATABASE__WHEEL;
	owner.name = p->name;
	owner.version = p->version;
	return library->owner ? 0 : gbx_software_own(r->out, library, &owner, err);
}

/* The owner of a file that RECORD lists; folder is where its relative paths begin, with a slash at its end. */
static int take_listed(struct gbx_packages_read *r, const Glassbox__Package *p, struct gbx_slice folder, struct gbx_slice line, struct gbx_error *err)
{
	struct gbx_slice path;

	if (r->wanted->len == 0 || !gbx_record_take(&line, &path) || !path.len)
		return 0;
	struct gbx_slice before = gbx_slice_starts(path, "../") ? climb(&path, gbx_slice(folder.data, folder.len - 1)) : folder;
	/* After a climb `before` lost its slash. */
	if (before.len != folder.len)
		before.len++;
	if (path.data[0] == '/')
		before.len = 0;
	Glassbox__Library *library = gbx_wanted_find(r->wanted, before, path);
	return library ? own_by(r, p, library, err) : 0;
}

static int read_record(struct gbx_packages_read *r, int fd, Glassbox__Package *p, struct gbx_slice folder, struct gbx_error *err)
{
	struct gbx_lines lines;
	struct gbx_slice line;
	int rc = gbx_lines_begin(&lines, fd, GBX_LIMIT_PACKAGE_LIST, &r->buffer, err);

	if (rc)
		return rc;
	gbx_hash_start(r->hash);
	lines.hash = r->hash;
	uint64_t files = 0;
	while ((rc = gbx_lines_next(&lines, &line, err)) > 0) {
		files += line.len > 0;
		rc = take_listed(r, p, folder, line, err);
		if (rc)
			return rc;
	}
	uint8_t *digest = rc == 0 ? gbx_software_bytes(r->out, GBX_SHA256_LEN, err) : NULL;
	if (rc == 0)
		rc = digest ? gbx_hash_final(r->hash, digest, err) : GBX_E_NOMEM;
	if (rc)
		return rc;
	p->record = gbx_pb_bytes(digest, GBX_SHA256_LEN);
	p->files = files;
	return 0;
}

static int take_record(struct gbx_packages_read *r, const char *folder, const char *file, Glassbox__Package *p, struct gbx_error *err)
{
	GBX_AUTO_STRING char *before = gbx_asprintf("%s/", folder);
	struct gbx_error why = {0};
	GBX_AUTO_FD int fd = -1;

	if (!before)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	int rc = gbx_rooted_open(r->root, file, &fd, &why);
	/* Distributions take it away. */
	if (rc == GBX_E_NOTFOUND)
		return 0;
	if (rc == 0)
		rc = read_record(r, fd, p, gbx_slice_text(before), &why);
	return rc ? gap(r, &why, file, err) : 0;
}

static int take_wheel(struct gbx_packages_read *r, const char *folder, const char *at, struct gbx_error *err)
{
	GBX_AUTO_STRING char *metadata = gbx_path_join(at, "METADATA");
	GBX_AUTO_STRING char *installer = gbx_path_join(at, "INSTALLER");
	GBX_AUTO_STRING char *url = gbx_path_join(at, "direct_url.json");
	GBX_AUTO_STRING char *record = gbx_path_join(at, "RECORD");
	Glassbox__Package *p = NULL;

	if (!metadata || !installer || !url || !record)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	int rc = begin_package(r, GLASSBOX__PACKAGE__FORM__WHEEL, at, metadata, &p, err);
	if (rc || !p)
		return rc;
	rc = take_installer(r, installer, p, err);
	if (rc == 0)
		rc = take_direct_url(r, url, p, err);
	return rc ? rc : take_record(r, folder, record, p, err);
}

/* A folder with PKG-INFO in it, or that file itself. What a .pth file names is worked on where it lies. */
static int take_egg(struct gbx_packages_read *r, const struct gbx_python_folder *folder, const char *at, struct gbx_error *err)
{
	GBX_AUTO_STRING char *inside = gbx_path_join(at, "PKG-INFO");
	Glassbox__Package *p = NULL;

	if (!inside)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	int rc = begin_package(r, GLASSBOX__PACKAGE__FORM__EGG, at, gbx_rooted_is_file(r->root, at) ? at : inside, &p, err);
	size_t len = strlen(folder->path);
	if (rc || !p || !folder->linked || (len > 4 && strcmp(folder->path + len - 4, ".egg") == 0))
		return rc;
	p->editable = true;
	p->source = gbx_software_path(r->out, gbx_slice_text(folder->path), err);
	return p->source ? 0 : GBX_E_NOMEM;
}

static bool ends_with(const char *name, const char *end)
{
	size_t a = strlen(name), b = strlen(end);

	return a > b && strcmp(name + a - b, end) == 0;
}

static int take_name(struct gbx_packages_read *r, const struct gbx_python_folder *folder, const char *name, struct gbx_error *err)
{
	bool wheel = ends_with(name, ".dist-info");

	if (!wheel && !ends_with(name, ".egg-info") && strcmp(name, "EGG-INFO") != 0)
		return 0;
	GBX_AUTO_STRING char *at = gbx_path_join(folder->path, name);
	if (!at)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	return wheel ? take_wheel(r, folder->path, at, err) : take_egg(r, folder, at, err);
}

static int read_folder(struct gbx_packages_read *r, const struct gbx_python_folder *folder, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	GBX_AUTO_STRING char *real = NULL;
	GBX_AUTO_FD int fd = -1;
	struct gbx_error why = {0};
	int rc = gbx_rooted_folder(r->root, folder->path, &fd, &real, &why);

	if (rc == 0)
		rc = gbx_list_dir_bounded(fd, ".", GBX_LIMIT_PACKAGES, &names, &why);
	if (rc)
		return gap(r, &why, folder->path, err);
	for (size_t i = 0; rc == 0 && i < names.len; i++)
		rc = take_name(r, folder, names.name[i], err);
	return rc;
}

struct ranked {
	char *normal;
	size_t folder, at;
};

static int by_name(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int order = strcmp(x->normal, y->normal);

	if (order == 0)
		order = (x->folder > y->folder) - (x->folder < y->folder);
	return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* Takes away packages that one of the same name in an earlier folder hides. end[i]: how many there are up to folder i. */
static int drop_hidden(struct gbx_software *s, size_t first, const size_t *end, struct gbx_error *err)
{
	size_t n = s->packages - first, kept = first, folder = 0;
	GBX_AUTO_STRING char *memory = gbx_calloc(n + 1, sizeof(struct ranked));
	struct ranked *rank = (void *)memory;

	for (size_t i = 0; rank && i < n; i++) {
		while (end[folder] <= first + i)
			folder++;
		rank[i] = (struct ranked){gbx_software_bytes(s, strlen(s->package[first + i]->name) + 1, err), folder, first + i};
		if (!rank[i].normal)
			return GBX_E_NOMEM;
		gbx_package_normal(s->package[first + i]->name, rank[i].normal);
	}
	if (!rank)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to sort packages");
	if (n)
		qsort(rank, n, sizeof *rank, by_name);
	for (size_t i = 0, best = 0; i < n; i++) {
		if (i == 0 || strcmp(rank[i].normal, rank[i - 1].normal) != 0)
			best = rank[i].folder;
		if (rank[i].folder != best)
			s->package[rank[i].at] = NULL;
	}
	for (size_t i = first; i < first + n; i++)
		if (s->package[i])
			s->package[kept++] = s->package[i];
	s->packages = kept;
	return 0;
}

static void free_read(struct gbx_packages_read *r)
{
	gbx_bytes_free(&r->buffer);
	gbx_bytes_free(&r->text);
	gbx_hash_free(r->hash);
}

int gbx_packages_read(int root, const struct gbx_python *p, struct gbx_wanted *wanted, struct gbx_software *out, struct gbx_error *err)
{
	GBX_CLEANUP(free_read) struct gbx_packages_read r = {.root = root, .wanted = wanted, .out = out};
	GBX_AUTO_STRING char *memory = gbx_calloc(p->folders + 1, sizeof(size_t));
	size_t *end = (void *)memory, first = out->packages;
	struct gbx_gap *unread;
	int rc = end ? gbx_hash_new(&r.hash, GBX_SHA256, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for packages");

	for (size_t i = 0; rc == 0 && i < p->folders; i++) {
		rc = read_folder(&r, &p->folder[i], err);
		end[i] = out->packages;
	}
	if (rc == 0)
		rc = drop_hidden(out, first, end, err);
	if (rc == 0 && p->unread) {
		rc = gbx_gaps_of(&out->gaps, GLASSBOX__GAP__KIND__PACKAGE, GLASSBOX__GAP__REASON__IO_ERROR, &unread, err);
		if (rc == 0)
			unread->count += p->unread;
	}
	return rc || !p->prefix ? rc : gbx_packages_conda(&r, p->prefix, err);
}
