#include "capture/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "capture/lines.h"
#include "capture/maps.h"
#include "capture/metadata.h"
#include "capture/process.h"
#include "digest/files.h"

static void free_python(struct gbx_watched_python *p)
{
	gbx_free(p->key);
	gbx_free(p->program);
	gbx_free(p->library);
	gbx_free(p->cwd);
	gbx_bytes_free(&p->arguments);
	gbx_bytes_free(&p->environment);
	gbx_python_free(&p->python);
}

void gbx_watch_free(struct gbx_watch *w)
{
	for (size_t i = 0; i < w->processes; i++)
		gbx_free(w->process[i].program);
	for (size_t i = 0; i < w->objects; i++) {
		gbx_free(w->object[i].path);
		gbx_free(w->object[i].range);
	}
	for (size_t i = 0; i < w->roots; i++) {
		gbx_free(w->root[i].mounts);
		gbx_free(w->root[i].prefix);
		gbx_close(&w->root[i].fd);
	}
	for (size_t i = 0; i < w->pythons; i++)
		free_python(&w->python[i]);
	gbx_free(w->process);
	gbx_free(w->object);
	gbx_free(w->root);
	gbx_free(w->python);
	gbx_gaps_free(&w->gaps);
	gbx_bytes_free(&w->buffer);
	*w = (struct gbx_watch){0};
}

static int gap(struct gbx_watch *w, Glassbox__Gap__Reason reason, struct gbx_error *err)
{
	return gbx_gaps_add(&w->gaps, GLASSBOX__GAP__KIND__LIBRARY, reason, gbx_slice("", 0), err);
}

/* A gap that says the same of every look, once. */
static int gap_once(struct gbx_watch *w, Glassbox__Gap__Reason reason, struct gbx_error *err)
{
	bool *said = &w->refused[(unsigned)reason % (sizeof w->refused / sizeof *w->refused)];

	if (*said)
		return 0;
	*said = true;
	return gap(w, reason, err);
}

static int no_memory(struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_NOMEM, "no memory to look at the job");
}

/* What a process's paths are relative to, as an index of the list; -1 for our own root. */
static int find_root(struct gbx_watch *w, uint64_t pid, int *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes mounts = {0};
	GBX_AUTO_BYTES struct gbx_bytes ours = {0};
	GBX_AUTO_BYTES struct gbx_bytes prefix = {0};
	struct stat here, there;
	char path[64];
	GBX_AUTO_FD int fd = -1;

	*out = -1;
	snprintf(path, sizeof path, "/proc/%llu/root", (unsigned long long)pid);
	if (gbx_process_link(pid, "ns/mnt", &mounts, err) || gbx_process_link(pid, "root", &prefix, err) || gbx_stat("/", &here, err) ||
	    gbx_stat(path, &there, err) || gbx_readlinkat(AT_FDCWD, "/proc/self/ns/mnt", &ours, err))
		return err->code;
	if (strcmp((char *)mounts.data, (char *)ours.data) == 0 && here.st_dev == there.st_dev && here.st_ino == there.st_ino)
		return 0;
	for (size_t i = 0; i < w->roots; i++)
		if (w->root[i].dev == there.st_dev && w->root[i].inode == there.st_ino && strcmp(w->root[i].mounts, (char *)mounts.data) == 0) {
			*out = (int)i;
			return 0;
		}
	int rc = gbx_open_dir(AT_FDCWD, path, false, &fd, err);
	if (rc == 0)
		rc = gbx_grow((void **)&w->root, &w->roots_cap, w->roots, sizeof *w->root, err);
	if (rc)
		return rc;
	struct gbx_watched_root root = {there.st_dev, there.st_ino, gbx_strdup((char *)mounts.data),
					gbx_strdup(prefix.len > 1 ? (char *)prefix.data : ""), fd};
	fd = -1;
	*out = (int)w->roots;
	w->root[w->roots++] = root;
	return root.mounts && root.prefix ? 0 : no_memory(err);
}

/* A path as the kernel shows it to us, as the process has it: what lies outside its root stays as it is. */
static const char *seen_from(const struct gbx_watch *w, int root, const char *path)
{
	const char *prefix = root < 0 ? "" : w->root[root].prefix;
	size_t len = strlen(prefix);

	return len && strncmp(path, prefix, len) == 0 && path[len] == '/' ? path + len : path;
}

static bool has_object(const struct gbx_watch *w, int root, const struct gbx_mapping *m)
{
	for (size_t i = 0; i < w->objects; i++) {
		const struct gbx_watched_object *o = &w->object[i];
		if (o->inode == m->inode && o->minor == m->minor && o->major == m->major && o->root == root)
			return true;
	}
	return false;
}

/* Memory that has a name and is no file of a filesystem. */
static bool is_memory(struct gbx_slice path)
{
	static const char *const names[] = {"/memfd:", "/dev/", "/SYSV", "/anon_hugepage", "/[aio]"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (gbx_slice_starts(path, names[i]))
			return true;
	return false;
}

static int add_object(struct gbx_watch *w, int root, uint64_t pid, const struct gbx_mapping *m, const char *path, const char *program,
		      struct gbx_error *err)
{
	if (w->objects == GBX_LIMIT_OBJECTS)
		return gap_once(w, GLASSBOX__GAP__REASON__TOO_LARGE, err);
	int rc = gbx_grow((void **)&w->object, &w->objects_cap, w->objects, sizeof *w->object, err);
	if (rc)
		return rc;
	struct gbx_watched_object o = {root, m->major, m->minor, m->inode, pid, gbx_strdup(path), gbx_memdup(m->range.data, m->range.len),
				       strcmp(path, program) == 0, m->deleted};
	w->object[w->objects++] = o;
	return o.path && o.range ? 0 : no_memory(err);
}

/* Goes over a process's mappings; *library is the shared object with a Python in it, where it has one. */
static int read_maps(struct gbx_watch *w, uint64_t pid, int root, const char *program, char **library, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes path = {0};
	GBX_AUTO_FD int fd = -1;
	struct gbx_lines lines;
	struct gbx_slice line;
	struct gbx_mapping m;
	char name[64];

	snprintf(name, sizeof name, "/proc/%llu/maps", (unsigned long long)pid);
	int rc = gbx_open_read(name, &fd, err);
	if (rc == 0)
		rc = gbx_lines_begin(&lines, fd, GBX_LIMIT_MAPS, &w->buffer, err);
	while (rc == 0 && (rc = gbx_lines_next(&lines, &line, err)) > 0) {
		rc = 0;
		if (!gbx_mapping_parse(line, &m) || !m.executable || is_memory(m.path))
			continue;
		path.len = 0;
		rc = gbx_mapping_path(m.path, &path, err);
		if (rc)
			break;
		const char *seen = seen_from(w, root, (char *)path.data);
		if (!*library && gbx_is_python_library(seen) && !(*library = gbx_strdup(seen)))
			return no_memory(err);
		if (!has_object(w, root, &m))
			rc = add_object(w, root, pid, &m, seen, program, err);
	}
	return rc;
}

/* What decides where a Python looks for packages, and which one it is. */
static char *key_of(int root, const char *program, const char *cwd, struct gbx_slice arguments, struct gbx_slice environment)
{
	static const char *const names[] = {"PATH", "HOME", "PYTHONPATH", "PYTHONHOME", "PYTHONNOUSERSITE", "PYTHONUSERBASE"};
	struct gbx_python_options o = gbx_python_options(arguments);
	const char *first = arguments.len ? (const char *)arguments.data : "";
	GBX_AUTO_BYTES struct gbx_bytes key = {0};
	bool relative = *first != '/';

	if (gbx_bytes_printf(&key, NULL, "%d\n%s\n%s\n%d%d%d", root, program, first, o.no_environment, o.no_user, o.no_site))
		return NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = gbx_environment_value(environment, names[i]);
		relative = relative || (value && i == 2);
		if (gbx_bytes_printf(&key, NULL, "\n%s", value ? value : ""))
			return NULL;
	}
	return gbx_bytes_printf(&key, NULL, "\n%s", relative ? cwd : "") ? NULL : gbx_strdup((char *)key.data);
}

/* It was seen first before it had loaded its library. */
static int meet_again(struct gbx_watched_python *known, struct gbx_watched_python *now, struct gbx_error *err)
{
	if (known->library || known->read || !now->library)
		return 0;
	known->library = gbx_strdup(now->library);
	return known->library ? 0 : no_memory(err);
}

static int add_python(struct gbx_watch *w, uint64_t pid, int root, const char *program, const char *library, struct gbx_bytes *arguments,
		      struct gbx_error *err)
{
	GBX_CLEANUP(free_python) struct gbx_watched_python p = {.root = root};
	GBX_AUTO_BYTES struct gbx_bytes cwd = {0};

	/* What cannot be read of these is not known; the program is. */
	(void)!gbx_process_text(pid, "environ", &p.environment, err);
	(void)!gbx_process_link(pid, "cwd", &cwd, err);
	p.program = gbx_strdup(program);
	p.library = library ? gbx_strdup(library) : NULL;
	p.cwd = gbx_strdup(cwd.len ? seen_from(w, root, (char *)cwd.data) : "");
	if (!p.program || !p.cwd || (library && !p.library))
		return no_memory(err);
	p.key = key_of(root, p.program, p.cwd, gbx_slice_of(arguments), gbx_slice_of(&p.environment));
	if (!p.key)
		return no_memory(err);
	for (size_t i = 0; i < w->pythons; i++)
		if (strcmp(w->python[i].key, p.key) == 0)
			return meet_again(&w->python[i], &p, err);
	if (w->pythons == GBX_LIMIT_INTERPRETERS)
		return gap_once(w, GLASSBOX__GAP__REASON__TOO_LARGE, err);
	int rc = gbx_grow((void **)&w->python, &w->pythons_cap, w->pythons, sizeof *w->python, err);
	if (rc)
		return rc;
	p.arguments = *arguments;
	*arguments = (struct gbx_bytes){0};
	w->python[w->pythons++] = p;
	p = (struct gbx_watched_python){0};
	return 0;
}

static size_t hash_of(struct gbx_slice text)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < text.len; i++)
		h = (h ^ text.data[i]) * 0x100000001b3u;
	return (size_t)h;
}

static struct gbx_watched_process *find_process(const struct gbx_watch *w, uint64_t pid)
{
	for (size_t i = 0; i < w->processes; i++)
		if (w->process[i].pid == pid)
			return &w->process[i];
	return NULL;
}

/* Its parent's program and arguments: a fork, which has what its parent has. */
static bool is_fork(const struct gbx_watch *w, uint64_t parent, const char *program, size_t arguments)
{
	const struct gbx_watched_process *p = find_process(w, parent);

	return p && p->program && strcmp(p->program, program) == 0 && p->arguments == arguments;
}

static int refused(struct gbx_watch *w, struct gbx_watched_process *p, const struct gbx_error *why, struct gbx_error *err)
{
	if (why->code == GBX_E_NOMEM) {
		*err = *why;
		return why->code;
	}
	/* It ended meanwhile. */
	if (why->code == GBX_E_NOTFOUND || why->sys == ESRCH || p->denied)
		return 0;
	p->denied = true;
	return gap(w, gbx_gap_reason(why), err);
}

/* The kernel says so behind the name of a program that has none any more. */
static void cut_deleted(struct gbx_bytes *path)
{
	static const char word[] = " (deleted)";
	size_t len = sizeof word - 1;

	if (path->len <= len || strcmp((char *)path->data + path->len - len, word) != 0)
		return;
	path->len -= len;
	path->data[path->len] = 0;
}

/* Reads a process that is new, or that executed or mapped something. */
static int read_process(struct gbx_watch *w, size_t index, uint64_t parent, bool *known, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes program = {0};
	GBX_AUTO_BYTES struct gbx_bytes arguments = {0};
	GBX_AUTO_STRING char *library = NULL;
	struct gbx_watched_process *p = &w->process[index];
	struct gbx_error why = {0};
	int root;

	*known = false;
	if (gbx_process_link(p->pid, "exe", &program, &why) || gbx_process_text(p->pid, "cmdline", &arguments, &why) ||
	    find_root(w, p->pid, &root, &why))
		return refused(w, p, &why, err);
	cut_deleted(&program);
	size_t hash = hash_of(gbx_slice_of(&arguments));
	const char *seen = seen_from(w, root, (char *)program.data);
	bool same = p->program && strcmp(p->program, seen) == 0;
	bool fork = is_fork(w, parent, seen, hash);
	if (!same) {
		gbx_free(p->program);
		p->program = gbx_strdup(seen);
		if (!p->program)
			return no_memory(err);
	}
	p->arguments = hash;
	*known = true;
	if (fork)
		return 0;
	if (read_maps(w, p->pid, root, seen, &library, &why))
		return refused(w, p, &why, err);
	return gbx_is_python(seen) || library ? add_python(w, p->pid, root, seen, library, &arguments, err) : 0;
}

struct look {
	struct gbx_watch *w;
	uint64_t *queue;
	size_t len, cap;
	bool same_tasks; /* as in the look before: nobody has a new child */
};

static int add_pid(void *arg, uint64_t pid, struct gbx_error *err)
{
	struct look *l = arg;

	if (l->len >= GBX_LIMIT_PROCESSES)
		return gap_once(l->w, GLASSBOX__GAP__REASON__TOO_LARGE, err);
	int rc = gbx_grow((void **)&l->queue, &l->cap, l->len, sizeof *l->queue, err);
	if (rc == 0)
		l->queue[l->len++] = pid;
	return rc;
}

/* The entry of a process; a pid that is used again is another's. */
static int enter(struct gbx_watch *w, uint64_t pid, const struct gbx_process_stat *s, size_t *index, bool *again, struct gbx_error *err)
{
	struct gbx_watched_process *p = find_process(w, pid);

	*again = p && p->start == s->start;
	if (p && !*again) {
		gbx_free(p->program);
		*p = (struct gbx_watched_process){.pid = pid, .start = s->start};
	}
	if (!p) {
		int rc = gbx_grow((void **)&w->process, &w->processes_cap, w->processes, sizeof *w->process, err);
		if (rc)
			return rc;
		p = &w->process[w->processes++];
		*p = (struct gbx_watched_process){.pid = pid, .start = s->start};
	}
	p->here = true;
	p->parent = s->parent;
	p->waited = s->child_faults != p->child_faults;
	p->child_faults = s->child_faults;
	*index = (size_t)(p - w->process);
	return 0;
}

/* Looks at one process and queues its children. */
static int look_at(struct look *l, uint64_t pid, struct gbx_error *err)
{
	struct gbx_watch *w = l->w;
	struct gbx_process_stat s;
	struct gbx_error why = {0};
	bool again, known = true;
	size_t index;

	if (gbx_process_stat(pid, &s, &why) || s.state == 'Z' || s.state == 'X')
		return why.code == GBX_E_NOMEM ? no_memory(err) : 0;
	int rc = enter(w, pid, &s, &index, &again, err);
	if (rc)
		return rc;
	/* A program that is executed anew almost never has the same size; a name for it costs one call more. */
	if (!again || w->process[index].size != s.size)
		rc = read_process(w, index, s.parent, &known, err);
	w->process[index].size = known ? s.size : 0;
	if (rc || l->same_tasks)
		return rc;
	rc = gbx_process_each_child(pid, add_pid, l, &why);
	if (rc == GBX_E_NOMEM)
		return no_memory(err);
	return rc == GBX_E_VERSION ? gap_once(w, GLASSBOX__GAP__REASON__NOT_SUPPORTED, err) : 0;
}

/* A process has waited for a child since the last look, and none that was seen then is gone: nobody saw it. */
static bool has_unseen(const struct gbx_watch *w)
{
	for (size_t i = 0; i < w->processes; i++) {
		bool seen = !w->process[i].here || !w->process[i].waited;
		for (size_t k = 0; !seen && k < w->processes; k++)
			seen = !w->process[k].here && w->process[k].parent == w->process[i].pid;
		if (!seen)
			return true;
	}
	return false;
}

static void forget_gone(struct gbx_watch *w)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->processes; i++) {
		if (!w->process[i].here) {
			gbx_free(w->process[i].program);
			continue;
		}
		w->process[i].here = false;
		w->process[kept++] = w->process[i];
	}
	w->processes = kept;
}

static void free_look(struct look *l)
{
	gbx_free(l->queue);
}

int gbx_watch_look(struct gbx_watch *w, bool *found, bool *ended, struct gbx_error *err)
{
	GBX_CLEANUP(free_look) struct look l = {.w = w};
	size_t objects = w->objects, pythons = w->pythons;
	struct gbx_process_stat s;
	struct gbx_error why = {0};
	int rc = gbx_process_check(&why);

	*found = false;
	*ended = false;
	if (rc == GBX_E_NOMEM)
		return no_memory(err);
	if (rc)
		return gap_once(w, rc == GBX_E_VERSION ? GLASSBOX__GAP__REASON__NOT_SUPPORTED : gbx_gap_reason(&why), err);
	*ended = gbx_process_stat(w->pid, &s, NULL) != 0 || s.state == 'Z' || s.state == 'X';
	uint64_t newest = gbx_process_newest();
	l.same_tasks = newest && newest == w->last_pid && w->processes;
	w->last_pid = newest;
	for (size_t i = 0; rc == 0 && l.same_tasks && i < w->processes; i++)
		rc = add_pid(&l, w->process[i].pid, err);
	if (rc == 0 && !l.same_tasks)
		rc = add_pid(&l, w->pid, err);
	for (size_t i = 0; rc == 0 && i < l.len; i++)
		rc = look_at(&l, l.queue[i], err);
	if (rc == 0 && has_unseen(w))
		rc = gap_once(w, GLASSBOX__GAP__REASON__UNSEEN, err);
	/* Over before the first look: nothing is known of it. */
	if (rc == 0 && *ended && w->objects == 0)
		rc = gap_once(w, GLASSBOX__GAP__REASON__UNSEEN, err);
	forget_gone(w);
	*found = w->objects != objects || w->pythons != pythons;
	return rc;
}

bool gbx_watch_has_news(const struct gbx_watch *w)
{
	bool unread = false;

	for (size_t i = 0; i < w->pythons; i++)
		unread = unread || !w->python[i].read;
	return unread || w->objects_read < w->objects || w->gaps.len;
}
