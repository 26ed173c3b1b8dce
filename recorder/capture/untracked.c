#include "capture/untracked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "capture/ignore.h"
#include "capture/worktree.h"

struct search {
	struct gbx_git *git;
	const struct gbx_git_file *file;
	size_t files;
	struct gbx_ignore ignore;
	struct gbx_bytes path; /* of the folder being read with its slash, and then of a name in it */
	struct stat store;     /* st_ino 0: it is not there */
	struct gbx_untracked found;
	struct gbx_gaps *gaps;
};

/* A folder being read. */
struct level {
	struct search *search;
	int fd;
	unsigned depth;
	size_t path;      /* length of its path */
	size_t low, high; /* its files in the index */
};

static int read_folder(struct level *l, struct gbx_error *err);

/* The first file of the index in [low, high) that does not sort before path. */
static size_t lower_bound(const struct search *s, size_t low, size_t high, struct gbx_slice path)
{
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (gbx_slice_compare(s->file[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Adds the patterns of a file; what is not there, or cannot be read, has none. */
static int push_patterns(struct search *s, int loaded, struct gbx_slice base, const struct gbx_bytes *text, struct gbx_error *err)
{
	if (loaded == GBX_E_NOMEM)
		return loaded;
	return loaded ? 0 : gbx_ignore_push(&s->ignore, base, gbx_slice_of(text), err);
}

static int read_patterns(struct search *s, const char *path, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};

	return push_patterns(s, gbx_load_file(path, GBX_LIMIT_PATTERNS, &text, err), gbx_slice("", 0), &text, err);
}

/* git follows no link here. */
static int read_gitignore(struct level *l, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	GBX_AUTO_FD int fd = -1;
	int rc = gbx_open_regular(l->fd, ".gitignore", &fd, err);

	if (rc == 0)
		rc = gbx_load_fd(fd, GBX_LIMIT_PATTERNS, &text, err);
	return push_patterns(l->search, rc, gbx_slice(l->search->path.data, l->path), &text, err);
}

static int add_gap(struct search *s, Glassbox__Gap__Kind kind, const struct gbx_error *why, struct gbx_error *err)
{
	return gbx_gaps_add(s->gaps, kind, gbx_git_gap_reason(why), gbx_slice_of(&s->path), err);
}

static int add(struct search *s, enum gbx_file_type type, struct gbx_error *err)
{
	struct gbx_untracked *u = &s->found;

	if (u->len == GBX_LIMIT_UNTRACKED)
		return gbx_gaps_add(s->gaps, GLASSBOX__GAP__KIND__UNTRACKED, GLASSBOX__GAP__REASON__TOO_LARGE, gbx_slice_of(&s->path), err);
	int rc = gbx_grow((void **)&u->file, &u->cap, u->len, sizeof *u->file, err);
	if (rc)
		return rc;
	char *name = gbx_arena_alloc(&u->names, s->path.len + 1);
	if (!name)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the name of a file");
	memcpy(name, s->path.data, s->path.len + 1);
	u->file[u->len++] = (struct gbx_git_file){.path = gbx_slice(name, s->path.len), .type = type, .untracked = true};
	return 0;
}

static int open_level(const struct level *outer, const char *name, struct level *inner, struct gbx_error *err)
{
	if (outer->depth == GBX_LIMIT_DEPTH)
		return gbx_fail(err, GBX_E_LIMIT, "folders lie more than %u deep", GBX_LIMIT_DEPTH);
	inner->search = outer->search;
	inner->depth = outer->depth + 1;
	return gbx_open_dir(outer->fd, name, true, &inner->fd, err);
}

static bool is_store(const struct search *s, int fd)
{
	struct stat st;

	return s->store.st_ino && gbx_fstat(fd, &st, NULL) == 0 && st.st_ino == s->store.st_ino && st.st_dev == s->store.st_dev;
}

static int into_folder(struct level *inner, struct gbx_error *err)
{
	struct search *s = inner->search;
	int rc = is_store(s, inner->fd) ? 0 : gbx_bytes_append(&s->path, "/", 1, err);

	if (rc || is_store(s, inner->fd))
		return rc;
	inner->path = s->path.len;
	return read_folder(inner, err);
}

/* Goes through the folder whose path, without a slash, is search->path, and whose files in the index are [low, high). */
static int descend(const struct level *outer, const char *name, size_t low, size_t high, struct gbx_error *err)
{
	struct level inner = {.fd = -1, .low = low, .high = high};
	struct gbx_error why;
	int rc = open_level(outer, name, &inner, &why);

	/* It went away meanwhile, or is a link now. */
	if (rc == GBX_E_NOTFOUND || (rc == GBX_E_IO && (why.sys == ELOOP || why.sys == ENOTDIR)))
		return 0;
	if (rc)
		return add_gap(outer->search, GLASSBOX__GAP__KIND__UNTRACKED, &why, err);
	rc = into_folder(&inner, err);
	gbx_close(&inner.fd);
	return rc;
}

/* A repository of its own is one path. What only looks like one is a folder, as for git. */
static int untracked_folder(struct level *l, const char *name, size_t at, struct gbx_error *err)
{
	GBX_AUTO_FD int folder = -1;
	struct search *s = l->search;
	struct gbx_error why;
	struct stat st;

	if (gbx_open_dir(l->fd, name, true, &folder, NULL) || gbx_fstatat(folder, ".git", &st, NULL))
		return descend(l, name, at, at, err);
	int rc = gbx_git_nested(s->git, (const char *)s->path.data, &why);
	if (rc == GBX_E_NOTFOUND)
		return descend(l, name, at, at, err);
	return rc ? add_gap(s, GLASSBOX__GAP__KIND__SUBMODULE, &why, err) : add(s, GBX_GITLINK, err);
}

static int look_at(struct level *l, const char *name, enum gbx_name_type type, struct gbx_error *err)
{
	struct search *s = l->search;
	struct gbx_slice path = gbx_slice_of(&s->path);
	size_t at = lower_bound(s, l->low, l->high, path);
	bool folder = type == GBX_NAME_DIR;

	/* A folder where the index has a file holds nothing that is tracked. */
	if (at < l->high && gbx_slice_equal(s->file[at].path, path) && (!folder || s->file[at].type == GBX_GITLINK))
		return 0;
	if (type == GBX_NAME_OTHER || gbx_ignore_match(&s->ignore, path, folder))
		return 0;
	if (!folder)
		return add(s, type == GBX_NAME_LINK ? GBX_SYMLINK : GBX_FILE, err);
	/* '0' is the character behind '/': between the two bounds lie the paths that begin with this folder's. */
	int rc = gbx_bytes_append(&s->path, "/", 1, err);
	if (rc)
		return rc;
	size_t low = lower_bound(s, at, l->high, gbx_slice_of(&s->path));
	s->path.data[s->path.len - 1] = '0';
	size_t high = lower_bound(s, low, l->high, gbx_slice_of(&s->path));
	s->path.data[--s->path.len] = 0;
	return low < high ? descend(l, name, low, high, err) : untracked_folder(l, name, at, err);
}

static int each_name(void *arg, const char *name, enum gbx_name_type type, struct gbx_error *err)
{
	struct level *l = arg;
	struct search *s = l->search;

	if (strcmp(name, ".git") == 0)
		return 0;
	s->path.len = l->path;
	int rc = gbx_bytes_append(&s->path, name, strlen(name), err);
	return rc ? rc : look_at(l, name, type, err);
}

static int read_folder(struct level *l, struct gbx_error *err)
{
	struct search *s = l->search;
	struct gbx_error why;
	size_t lists = s->ignore.len;
	int rc = read_gitignore(l, &why);

	if (rc == 0)
		rc = gbx_each_name(l->fd, each_name, l, &why);
	gbx_ignore_pop(&s->ignore, lists);
	if (rc == GBX_E_NOMEM)
		return gbx_fail(err, rc, "%s", why.line);
	s->path.len = l->path;
	return rc ? add_gap(s, GLASSBOX__GAP__KIND__UNTRACKED, &why, err) : 0;
}

void gbx_untracked_free(struct gbx_untracked *u)
{
	gbx_free(u->file);
	gbx_arena_free(&u->names);
	*u = (struct gbx_untracked){0};
}

static void free_search(struct search *s)
{
	gbx_ignore_free(&s->ignore);
	gbx_bytes_free(&s->path);
	gbx_untracked_free(&s->found);
}

static int by_path(const void *a, const void *b)
{
	return gbx_slice_compare(((const struct gbx_git_file *)a)->path, ((const struct gbx_git_file *)b)->path);
}

int gbx_untracked_find(struct gbx_git *git, const char *store, struct gbx_untracked *out, struct gbx_gaps *gaps, struct gbx_error *err)
{
	GBX_CLEANUP(free_search) struct search s = {.git = git, .ignore = {.fold_case = gbx_git_ignores_case(git)}, .gaps = gaps};
	GBX_AUTO_STRING char *exclude = gbx_path_join(gbx_git_common(git), "info/exclude");
	GBX_AUTO_FD int fd = -1;
	int rc = exclude ? gbx_git_index(git, &s.file, &s.files, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (gbx_stat(store, &s.store, NULL))
		s.store.st_ino = 0;
	if (rc == 0 && gbx_git_excludes(git))
		rc = read_patterns(&s, gbx_git_excludes(git), err);
	if (rc == 0)
		rc = read_patterns(&s, exclude, err);
	if (rc == 0)
		rc = gbx_open_dir(AT_FDCWD, gbx_git_root(git), false, &fd, err);
	struct level root = {.search = &s, .fd = fd, .high = s.files};
	if (rc == 0)
		rc = read_folder(&root, err);
	if (rc)
		return rc;
	if (s.found.len)
		qsort(s.found.file, s.found.len, sizeof *s.found.file, by_path);
	*out = s.found;
	s.found = (struct gbx_untracked){0};
	return 0;
}
