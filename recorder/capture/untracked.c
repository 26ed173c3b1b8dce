#include "capture/untracked.h"

#include <fcntl.h>

#include "base/limits.h"
#include "base/mem.h"
#include "capture/ignore.h"


struct search {
	const struct gbx_git_file *file;
	size_t files;
	struct gbx_ignore ignore;
	struct gbx_bytes path; /* of the folder being read with its slash, and then of a name in it */
	struct gbx_gaps *gaps;
};

/* A folder being read. */
struct level {
	struct search *search;
	int fd;
	unsigned depth;
	size_t path;      /* length of its path */
	size_t low, high; /* its files in the index */
	bool tracked;     /* it has such files; else one path that is found is enough */
	bool found;
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

static int open_level(const struct level *outer, const char *name, struct level *inner, struct gbx_error *err)
{
	if (outer->depth == GBX_LIMIT_DEPTH)
		return gbx_fail(err, GBX_E_LIMIT, "folders lie more than %u deep", GBX_LIMIT_DEPTH);
	inner->search = outer->search;
	inner->depth = outer->depth + 1;
	return gbx_open_dir(outer->fd, name, true, &inner->fd, err);
}

/* Goes through the folder whose path with its slash is search->path. */
static int descend(const struct level *outer, const char *name, struct level *inner, struct gbx_error *err)
{
	struct search *s = outer->search;

	/* git takes what it cannot open for empty. */
	if (open_level(outer, name, inner, err))
		return 0;
	inner->path = s->path.len;
	int rc = read_folder(inner, err);
	gbx_close(&inner->fd);
	return rc;
}

static int report(struct level *l, struct gbx_error *err)
{
	l->found = true;
	if (!l->tracked)
		return 1; /* enough: the folder that holds it is shown, not this */
	return gbx_gaps_add(l->search->gaps, GLASSBOX__GAP__KIND__UNTRACKED, GLASSBOX__GAP__REASON__NOT_SUPPORTED,
			    gbx_slice_of(&l->search->path), err);
}

static bool is_repository(const struct level *l, const char *name)
{
	GBX_AUTO_FD int folder = -1;
	struct stat st;

	return gbx_open_dir(l->fd, name, true, &folder, NULL) == 0 && gbx_fstatat(folder, ".git", &st, NULL) == 0;
}

static int untracked_folder(struct level *l, const char *name, struct gbx_error *err)
{
	struct level inner = {.fd = -1};
	struct search *s = l->search;
	bool found = is_repository(l, name);
	size_t end = s->path.len + 1;
	int rc = gbx_bytes_append(&s->path, "/", 1, err);

	if (rc == 0 && !found) {
		rc = descend(l, name, &inner, err);
		found = inner.found;
		s->path.len = end;
	}
	return rc == 0 && found ? report(l, err) : rc;
}

static int tracked_folder(struct level *l, const char *name, size_t low, size_t high, struct gbx_error *err)
{
	struct level inner = {.fd = -1, .low = low, .high = high, .tracked = true};

	return descend(l, name, &inner, err);
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
		return report(l, err);
	/* '0' is the character behind '/': between the two bounds lie the paths that begin with this folder's. */
	int rc = gbx_bytes_append(&s->path, "/", 1, err);
	if (rc)
		return rc;
	size_t low = lower_bound(s, at, l->high, gbx_slice_of(&s->path));
	s->path.data[s->path.len - 1] = '0';
	size_t high = lower_bound(s, low, l->high, gbx_slice_of(&s->path));
	s->path.data[s->path.len - 1] = '/';
	if (low < high)
		return tracked_folder(l, name, low, high, err);
	s->path.data[--s->path.len] = 0;
	return untracked_folder(l, name, err);
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
	size_t lists = s->ignore.len;
	int rc = read_gitignore(l, err);

	if (rc == 0)
		rc = gbx_each_name(l->fd, each_name, l, err);
	gbx_ignore_pop(&s->ignore, lists);
	/* 1 is report's "enough"; a folder that cannot be read is as good as empty. */
	return rc == 1 || rc == GBX_E_IO || rc == GBX_E_NOTFOUND ? 0 : rc;
}

static void free_search(struct search *s)
{
	gbx_ignore_free(&s->ignore);
	gbx_bytes_free(&s->path);
}

int gbx_untracked_find(struct gbx_git *git, struct gbx_gaps *gaps, struct gbx_error *err)
{
	GBX_CLEANUP(free_search) struct search s = {.ignore = {.fold_case = gbx_git_ignores_case(git)}, .gaps = gaps};
	GBX_AUTO_STRING char *exclude = gbx_path_join(gbx_git_common(git), "info/exclude");
	GBX_AUTO_FD int fd = -1;
	int rc = exclude ? gbx_git_index(git, &s.file, &s.files, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc == 0 && gbx_git_excludes(git))
		rc = read_patterns(&s, gbx_git_excludes(git), err);
	if (rc == 0)
		rc = read_patterns(&s, exclude, err);
	if (rc == 0)
		rc = gbx_open_dir(AT_FDCWD, gbx_git_root(git), false, &fd, err);
	struct level root = {.search = &s, .fd = fd, .high = s.files, .tracked = true};
	return rc ? rc : read_folder(&root, err);
}
