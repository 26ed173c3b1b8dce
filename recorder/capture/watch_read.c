/* What was found of a job's software is read: build ids, owners, interpreters, packages. Declared in watch.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sysmacros.h>

#include "base/child.h"
#include "base/limits.h"
#include "base/mem.h"
#include "capture/component.h"
#include "capture/elf.h"
#include "capture/git.h"
#include "capture/owner.h"
#include "capture/packages.h"
#include "capture/rooted.h"
#include "capture/watch.h"

#define GIT_DEADLINE_MS 1000

static int root_of(const struct gbx_watch *w, int root)
{
	return root < 0 ? -1 : w->root[root].fd;
}

/* False where the file at the path is another than the one that is mapped. Filesystems in layers give the device another number. */
static bool is_same(const struct gbx_watched_object *o, const struct stat *st)
{
	return st->st_ino == o->inode || st->st_dev != makedev(o->major, o->minor);
}

/* The file by its path, or where that leads to another by the mapping itself, which few may. */
static int open_object(const struct gbx_watch *w, const struct gbx_watched_object *o, int *fd, struct stat *st, bool *gone, struct gbx_error *err)
{
	GBX_AUTO_FD int opened = -1;
	char path[96];
	int rc = o->deleted ? GBX_E_NOTFOUND : gbx_open_within(root_of(w, o->root), o->path, &opened, st, err);

	*gone = o->deleted || (rc == 0 && !is_same(o, st));
	if (*gone) {
		gbx_close(&opened);
		snprintf(path, sizeof path, "/proc/%llu/%s%s", (unsigned long long)o->pid, o->program ? "exe" : "map_files/", o->program ? "" : o->range);
		if (gbx_open_within(-1, path, &opened, st, NULL))
			rc = gbx_fail(err, o->deleted ? GBX_E_NOTFOUND : GBX_E_IO, "'%s' is not the file that is mapped", o->path);
		else
			rc = 0;
	}
	if (rc)
		return rc;
	*fd = opened;
	opened = -1;
	return 0;
}

static int fill(struct gbx_software *out, Glassbox__Library *l, const struct gbx_elf *e, struct gbx_error *err)
{
	uint8_t *id = gbx_software_bytes(out, e->build_id_len + 1, err);
	char *soname = id ? gbx_software_text(out, gbx_slice_text(e->soname), err) : NULL;

	if (!soname)
		return GBX_E_NOMEM;
	memcpy(id, e->build_id, e->build_id_len);
	l->build_id = gbx_pb_bytes(id, e->build_id_len);
	l->soname = soname;
	return 0;
}

static int read_object(struct gbx_watch *w, const struct gbx_watched_object *o, struct gbx_software *out, struct gbx_error *err)
{
	Glassbox__Library *l = gbx_software_library(out, err);
	struct gbx_elf e = {0};
	struct gbx_error why = {0};
	GBX_AUTO_FD int fd = -1;
	struct stat st;
	bool gone;

	if (!l)
		return GBX_E_NOMEM;
	l->path = gbx_software_path(out, gbx_slice_text(o->path), err);
	if (!l->path)
		return GBX_E_NOMEM;
	int rc = open_object(w, o, &fd, &st, &gone, &why);
	l->program = o->program;
	l->deleted = gone;
	if (rc == 0) {
		l->size = (uint64_t)st.st_size;
		rc = gbx_elf_read(fd, &e, &why);
	}
	if (rc == 0)
		return fill(out, l, &e, err);
	if (rc == GBX_E_IO && gone)
		return gbx_gaps_add(&out->gaps, GLASSBOX__GAP__KIND__LIBRARY, GLASSBOX__GAP__REASON__CHANGED, gbx_slice_text(o->path), err);
	return gbx_software_gap(out, GLASSBOX__GAP__KIND__LIBRARY, &why, o->path, err);
}

/* "3.11.7" of 0x030b07f0, as Python's own PY_VERSION_HEX. */
static int take_version(int fd, char out[32])
{
	static const char *const levels[] = {"a", "b", "rc"};
	uint8_t b[4];
	bool big;
	int rc = gbx_elf_symbol(fd, "Py_Version", b, sizeof b, &big, NULL);

	/* An unsigned long: of its 4 or 8 bytes these are the low ones where the order is little. */
	if (rc || big)
		return rc ? rc : GBX_E_VERSION;
	uint32_t v = gbx_get_le32(b), level = v >> 4 & 15;
	snprintf(out, 32, "%u.%u.%u", v >> 24, v >> 16 & 255, v >> 8 & 255);
	if (level >= 10 && level <= 12)
		snprintf(out + strlen(out), 32 - strlen(out), "%s%u", levels[level - 10], v & 15);
	return 0;
}

static int open_path(const struct gbx_watch *w, int root, const char *path, int *fd)
{
	struct stat st;

	return path ? gbx_open_within(root_of(w, root), path, fd, &st, NULL) : GBX_E_NOTFOUND;
}

/* As exactly as it can be known: by the program or its library, by pyvenv.cfg, else by the name of its folder. */
static void find_version(const struct gbx_watch *w, const struct gbx_watched_python *p, char out[32])
{
	const char *const paths[] = {p->program, p->library};
	const char *digits = p->python.name + strcspn(p->python.name, "0123456789");

	snprintf(out, 32, "%s", *p->python.version ? p->python.version : digits);
	for (size_t i = 0; i < 2; i++) {
		GBX_AUTO_FD int fd = -1;
		if (open_path(w, p->root, paths[i], &fd) == 0 && take_version(fd, out) == 0)
			return;
	}
}

static int tell_interpreter(const struct gbx_watch *w, const struct gbx_watched_python *p, struct gbx_software *out, struct gbx_error *err)
{
	Glassbox__Interpreter *m = gbx_software_interpreter(out, err);
	const struct gbx_python *python = &p->python;
	struct gbx_elf e = {0};
	GBX_AUTO_FD int fd = -1;
	char version[32];

	if (!m)
		return GBX_E_NOMEM;
	find_version(w, p, version);
	if (open_path(w, p->root, p->program, &fd) == 0)
		(void)!gbx_elf_read(fd, &e, NULL);
	uint8_t *id = gbx_software_bytes(out, e.build_id_len + 1, err);
	m->version = id ? gbx_software_text(out, gbx_slice_text(version), err) : NULL;
	m->path = m->version ? gbx_software_path(out, gbx_slice_text(p->program), err) : NULL;
	m->prefix = m->path && python->prefix ? gbx_software_path(out, gbx_slice_text(python->prefix), err) : NULL;
	bool two = python->prefix && python->base && python->virtual_environment;
	m->base_prefix = two && m->prefix ? gbx_software_path(out, gbx_slice_text(python->base), err) : NULL;
	if (!m->path || (python->prefix && !m->prefix) || (two && !m->base_prefix))
		return GBX_E_NOMEM;
	memcpy(id, e.build_id, e.build_id_len);
	m->build_id = gbx_pb_bytes(id, e.build_id_len);
	m->implementation = (char *)(uintptr_t)(strncmp(python->name, "pypy", 4) == 0 ? "pypy" : "cpython");
	m->system_packages = python->system_packages;
	return 0;
}

/* The commit that the repository around a folder is at, from the process that asks. */
struct commit {
	int code; /* gbx_code */
	size_t len;
	uint8_t id[GBX_GIT_ID_MAX];
};

static int ask_git(void *arg, int out)
{
	GBX_AUTO_GIT struct gbx_git *git = NULL;
	struct gbx_git_head head = {0};
	struct gbx_error err = {0};
	struct commit c = {0};

	c.code = gbx_git_open(arg, NULL, &git, &err);
	if (c.code == 0)
		c.code = gbx_git_head(git, &head, &err);
	c.len = head.id_len;
	memcpy(c.id, head.commit, sizeof c.id);
	gbx_free(head.branch);
	return gbx_write(out, &c, sizeof c, &err) ? 1 : 0;
}

static Glassbox__Gap__Reason git_reason(int code)
{
	return code == GBX_E_REFUSED   ? GLASSBOX__GAP__REASON__DUBIOUS_OWNERSHIP
	       : code == GBX_E_TIMEOUT ? GLASSBOX__GAP__REASON__TIMED_OUT
	       : code == GBX_E_VERSION ? GLASSBOX__GAP__REASON__NOT_SUPPORTED
				       : GLASSBOX__GAP__REASON__FAILED;
}

static int take_commit(struct gbx_watch *w, int root, Glassbox__Package *p, struct gbx_software *out, struct gbx_error *err)
{
	struct gbx_slice source = gbx_pb_slice(p->source->path);
	struct commit c = {0};
	struct gbx_error why = {0};

	/* The folder's path is NUL-terminated in the memory of *out. Another root's repositories are out of libgit2's reach. */
	int rc = root >= 0 ? GBX_E_VERSION
		 : w->editable++ >= GBX_LIMIT_EDITABLE ? GBX_E_LIMIT
		 : gbx_child_ask(ask_git, (void *)(uintptr_t)source.data, GIT_DEADLINE_MS, &c, sizeof c, &why);
	if (rc == 0)
		rc = c.code;
	/* In no repository: there is no commit to know. */
	if (rc == GBX_E_NOTFOUND)
		return 0;
	if (rc == GBX_E_LIMIT)
		return gbx_gaps_add(&out->gaps, GLASSBOX__GAP__KIND__PACKAGE, GLASSBOX__GAP__REASON__TOO_LARGE, source, err);
	if (rc)
		return gbx_gaps_add(&out->gaps, GLASSBOX__GAP__KIND__PACKAGE, git_reason(rc), source, err);
	uint8_t *id = gbx_software_bytes(out, sizeof c.id, err);
	if (!id)
		return GBX_E_NOMEM;
	memcpy(id, c.id, sizeof c.id);
	p->commit = gbx_pb_bytes(id, c.len <= sizeof c.id ? c.len : 0);
	return 0;
}

static bool is_told(const struct gbx_watch *w, const struct gbx_watched_python *p, const char *folder, bool is_prefix)
{
	for (const struct gbx_watched_python *q = w->python; q < p; q++) {
		if (!q->read || q->root != p->root)
			continue;
		if (is_prefix && q->python.prefix && strcmp(q->python.prefix, folder) == 0)
			return true;
		for (size_t i = 0; !is_prefix && i < q->python.folders; i++)
			if (strcmp(q->python.folder[i].path, folder) == 0)
				return true;
	}
	return false;
}

static bool is_interpreter_told(const struct gbx_watch *w, const struct gbx_watched_python *p)
{
	for (const struct gbx_watched_python *q = w->python; q < p; q++)
		if (q->read && q->root == p->root && strcmp(q->program, p->program) == 0 &&
		    strcmp(q->python.prefix ? q->python.prefix : "", p->python.prefix ? p->python.prefix : "") == 0)
			return true;
	return false;
}

/* The packages of what another interpreter did not have already. */
static int read_packages(struct gbx_watch *w, const struct gbx_watched_python *p, struct gbx_wanted *wanted, struct gbx_software *out,
			 struct gbx_error *err)
{
	struct gbx_python part = p->python;
	GBX_AUTO_STRING char *memory = gbx_calloc(part.folders + 1, sizeof *part.folder);

	if (!memory)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for packages");
	part.folder = (void *)memory;
	part.folders = 0;
	for (size_t i = 0; i < p->python.folders; i++)
		if (!is_told(w, p, p->python.folder[i].path, false))
			part.folder[part.folders++] = p->python.folder[i];
	if (part.prefix && is_told(w, p, part.prefix, true))
		part.prefix = NULL;
	return gbx_packages_read(root_of(w, p->root), &part, wanted, out, err);
}

static int read_python(struct gbx_watch *w, struct gbx_watched_python *p, struct gbx_wanted *wanted, struct gbx_software *out, struct gbx_error *err)
{
	struct gbx_python_process process = {
		.root = root_of(w, p->root), .program = p->program, .library = p->library, .cwd = p->cwd,
		.arguments = gbx_slice_of(&p->arguments), .environment = gbx_slice_of(&p->environment),
	};
	size_t first = out->packages;

	p->read = true;
	int rc = gbx_python_find(&process, &p->python, err);
	if (rc == 0 && !is_interpreter_told(w, p))
		rc = tell_interpreter(w, p, out, err);
	if (rc == 0 && !p->python.base)
		rc = gbx_gaps_add(&out->gaps, GLASSBOX__GAP__KIND__PACKAGE, GLASSBOX__GAP__REASON__NOT_FOUND, gbx_slice_text(p->program), err);
	if (rc == 0)
		rc = read_packages(w, p, wanted, out, err);
	for (size_t i = first; rc == 0 && i < out->packages; i++)
		if (out->package[i]->editable && out->package[i]->source && !out->package[i]->commit.len)
			rc = take_commit(w, p->root, out->package[i], out, err);
	return rc;
}

/* Packages that were told before, for the libraries that they installed and that were loaded since. */
static int ask_again(const struct gbx_watch *w, const struct gbx_watched_python *p, struct gbx_wanted *wanted, struct gbx_software *out,
		     struct gbx_error *err)
{
	struct gbx_gaps told = out->gaps;
	size_t packages = out->packages;

	out->gaps = (struct gbx_gaps){0};
	int rc = gbx_packages_read(root_of(w, p->root), &p->python, wanted, out, err);
	gbx_gaps_free(&out->gaps);
	out->gaps = told;
	out->packages = packages;
	return rc;
}

static int ask_database(int (*ask)(int, struct gbx_wanted *, struct gbx_software *, bool *, struct gbx_error *), int root, struct gbx_wanted *wanted,
			struct gbx_software *out, const char *place, struct gbx_error *err)
{
	struct gbx_error why = {0};
	bool found;
	int rc = ask(root, wanted, out, &found, &why);

	if (rc == GBX_E_VERSION)
		return gbx_gaps_add(&out->gaps, GLASSBOX__GAP__KIND__PACKAGE, GLASSBOX__GAP__REASON__NOT_SUPPORTED, gbx_slice_text(place), err);
	return rc ? gbx_software_gap(out, GLASSBOX__GAP__KIND__PACKAGE, &why, place, err) : 0;
}

/* A library without an owner that no package of a distribution can have. */
static bool is_anybody_asked(const struct gbx_wanted *w)
{
	for (size_t i = 0; i < w->slots; i++)
		if (w->slot[i] && !w->slot[i]->owner && !gbx_owner_is_asked(w->slot[i]))
			return true;
	return false;
}

/* Everything new below one root. */
static int read_root(struct gbx_watch *w, int root, struct gbx_software *out, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_wanted_free) struct gbx_wanted wanted = {0};
	size_t first = out->libraries;
	int rc = 0;

	for (size_t i = w->objects_read; rc == 0 && i < w->objects; i++)
		if (w->object[i].root == root)
			rc = read_object(w, &w->object[i], out, err);
	for (size_t i = first; rc == 0 && i < out->libraries; i++)
		rc = gbx_wanted_add(&wanted, out->library[i], err);
	for (size_t i = 0; rc == 0 && i < w->pythons; i++) {
		struct gbx_watched_python *p = &w->python[i];
		if (p->root != root)
			continue;
		if (!p->read)
			rc = read_python(w, p, &wanted, out, err);
		else if (is_anybody_asked(&wanted))
			rc = ask_again(w, p, &wanted, out, err);
	}
	if (rc == 0)
		rc = ask_database(gbx_owner_dpkg, root_of(w, root), &wanted, out, "/var/lib/dpkg", err);
	if (rc == 0)
		rc = ask_database(gbx_owner_rpm, root_of(w, root), &wanted, out, "/var/lib/rpm", err);
	for (size_t i = first; rc == 0 && i < out->libraries; i++)
		rc = gbx_component_name(out->library[i], &out->memory, err);
	return rc;
}

int gbx_watch_read(struct gbx_watch *w, struct gbx_software *out, struct gbx_error *err)
{
	int rc = 0;

	gbx_gaps_free(&out->gaps);
	out->gaps = w->gaps;
	w->gaps = (struct gbx_gaps){0};
	for (int root = -1; rc == 0 && root < (int)w->roots; root++)
		rc = read_root(w, root, out, err);
	w->objects_read = w->objects;
	return rc;
}
