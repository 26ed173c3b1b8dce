#include "capture/worktree.h"

#include <errno.h>
#include <fcntl.h>

#include "base/limits.h"
#include "base/mem.h"

struct gbx_worktree_folder {
	int fd;
	size_t path; /* length of its path in gbx_worktree.path */
};

Glassbox__Gap__Reason gbx_git_gap_reason(const struct gbx_error *err)
{
	switch (err->code) {
	case GBX_E_NOTFOUND:
		return GLASSBOX__GAP__REASON__NOT_FOUND;
	case GBX_E_REFUSED:
		return GLASSBOX__GAP__REASON__DUBIOUS_OWNERSHIP;
	case GBX_E_VERSION:
		return GLASSBOX__GAP__REASON__NOT_SUPPORTED;
	case GBX_E_MALFORMED:
	case GBX_E_BAD:
		return GLASSBOX__GAP__REASON__MALFORMED;
	case GBX_E_LIMIT:
		return GLASSBOX__GAP__REASON__TOO_LARGE;
	case GBX_E_TIMEOUT:
		return GLASSBOX__GAP__REASON__TIMED_OUT;
	case GBX_E_IO:
		break;
	default:
		return GLASSBOX__GAP__REASON__FAILED;
	}
	if (err->sys == EACCES || err->sys == EPERM || err->sys == EROFS)
		return GLASSBOX__GAP__REASON__NO_PERMISSION;
	if (err->sys == ENOSPC || err->sys == EDQUOT)
		return GLASSBOX__GAP__REASON__NO_SPACE;
	return GLASSBOX__GAP__REASON__IO_ERROR;
}

static int push_folder(struct gbx_worktree *w, int dirfd, const char *name, struct gbx_error *err)
{
	int fd;
	int rc = gbx_grow((void **)&w->folder, &w->cap, w->depth, sizeof *w->folder, err);

	if (rc == 0)
		rc = gbx_open_dir(dirfd, name, w->depth > 0, &fd, err);
	if (rc == 0)
		w->folder[w->depth++] = (struct gbx_worktree_folder){fd, w->path.len};
	return rc;
}

static void pop_folder(struct gbx_worktree *w)
{
	gbx_close(&w->folder[--w->depth].fd);
	w->path.len = w->depth ? w->folder[w->depth - 1].path : 0;
}

int gbx_worktree_open(struct gbx_worktree *w, const char *root, struct gbx_error *err)
{
	struct gbx_worktree made = {0};
	int rc = push_folder(&made, AT_FDCWD, root, err);

	if (rc) {
		gbx_free(made.folder);
		return rc;
	}
	*w = made;
	return 0;
}

void gbx_worktree_close(struct gbx_worktree *w)
{
	while (w->depth)
		pop_folder(w);
	gbx_free(w->folder);
	gbx_bytes_free(&w->path);
	*w = (struct gbx_worktree){0};
}

static bool within(const struct gbx_worktree *w, struct gbx_slice path)
{
	return w->path.len == 0 || (path.len > w->path.len && memcmp(path.data, w->path.data, w->path.len) == 0);
}

/* Makes the folder that holds path the innermost one, and *name the last component. */
static int enter(struct gbx_worktree *w, struct gbx_slice path, const char **name, struct gbx_error *err)
{
	while (!within(w, path))
		pop_folder(w);
	for (;;) {
		size_t start = w->path.len;
		const uint8_t *slash = memchr(path.data + start, '/', path.len - start);
		*name = (const char *)path.data + start;
		if (!slash)
			return 0;
		size_t part = (size_t)(slash - path.data) - start;
		int rc = gbx_bytes_append(&w->path, path.data + start, part, err);
		if (rc)
			return rc;
		/* The component ends at the NUL that an append puts behind it; its slash comes once the folder is open. */
		rc = push_folder(w, w->folder[w->depth - 1].fd, (const char *)w->path.data + start, err);
		if (rc == 0)
			rc = gbx_bytes_append(&w->path, "/", 1, err);
		if (rc) {
			w->path.len = start;
			return rc;
		}
		w->folder[w->depth - 1].path = w->path.len;
	}
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mode == b->st_mode &&
	       gbx_mtime_nanos(a) == gbx_mtime_nanos(b) && gbx_ctime_nanos(a) == gbx_ctime_nanos(b);
}

static int read_content(int fd, uint64_t size, struct gbx_bytes *out, struct gbx_error *err)
{
	int rc = gbx_bytes_reserve(out, (size_t)size + 2, err);

	while (rc == 0) {
		size_t got = 0;
		rc = gbx_read(fd, out->data + out->len, (size_t)size + 1 - out->len, &got, err);
		out->len += got;
		/* Fewer bytes than stat said end in a read of none; more are noticed by the byte beyond. */
		if (got == 0 || out->len >= size)
			break;
	}
	if (rc == 0)
		out->data[out->len] = 0;
	return rc;
}

/* *same false where what was read may be of two moments. */
static int read_file(int dirfd, const char *name, struct gbx_worktree_file *f, bool *same, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	struct stat after;
	int rc = gbx_open_regular(dirfd, name, &fd, err);

	f->content.len = 0;
	if (rc == 0)
		rc = read_content(fd, (uint64_t)f->st.st_size, &f->content, err);
	if (rc == 0)
		rc = gbx_fstat(fd, &after, err);
	if (rc == 0)
		*same = same_file(&f->st, &after) && f->content.len == (uint64_t)f->st.st_size;
	return rc;
}

static void leave(struct gbx_worktree_file *f, Glassbox__Gap__Reason why)
{
	f->state = GBX_WORKTREE_LEFT;
	f->why = why;
}

static int look(int dirfd, const char *name, uint64_t limit, struct gbx_worktree_file *f, bool *same, struct gbx_error *err)
{
	int rc = gbx_fstatat(dirfd, name, &f->st, err);

	*same = true;
	if (rc)
		return rc;
	f->content.len = 0;
	if (S_ISLNK(f->st.st_mode)) {
		f->state = GBX_WORKTREE_LINK;
		return gbx_readlinkat(dirfd, name, &f->content, err);
	}
	if (S_ISDIR(f->st.st_mode)) {
		f->state = GBX_WORKTREE_FOLDER;
		return 0;
	}
	f->state = GBX_WORKTREE_FILE;
	if (!S_ISREG(f->st.st_mode))
		leave(f, GLASSBOX__GAP__REASON__NOT_REGULAR);
	else if ((uint64_t)f->st.st_size > limit)
		leave(f, GLASSBOX__GAP__REASON__TOO_LARGE);
	else
		return read_file(dirfd, name, f, same, err);
	return 0;
}

int gbx_worktree_read(struct gbx_worktree *w, struct gbx_slice path, uint64_t limit, struct gbx_worktree_file *out,
		      struct gbx_error *err)
{
	const char *name;
	bool same = false;
	int rc = enter(w, path, &name, err);

	/* A folder on the way that is missing, or is a link now. */
	if (rc == GBX_E_NOTFOUND || (rc && err->sys == ELOOP)) {
		out->state = GBX_WORKTREE_MISSING;
		return 0;
	}
	int dirfd = w->folder[w->depth - 1].fd;
	for (unsigned tries = 0; !same && tries < 2 && (rc == 0 || err->sys == ELOOP); tries++)
		rc = look(dirfd, name, limit, out, &same, err);
	if (rc == GBX_E_NOMEM)
		return rc;
	if (rc == GBX_E_NOTFOUND)
		out->state = GBX_WORKTREE_MISSING;
	else if (rc)
		leave(out, gbx_git_gap_reason(err));
	else if (!same)
		leave(out, GLASSBOX__GAP__REASON__CHANGED);
	return 0;
}

int gbx_worktree_stat(struct gbx_worktree *w, struct gbx_slice path, struct gbx_worktree_file *out, struct gbx_error *err)
{
	const char *name;
	int rc = enter(w, path, &name, err);

	if (rc == 0)
		rc = gbx_fstatat(w->folder[w->depth - 1].fd, name, &out->st, err);
	if (rc == GBX_E_NOMEM)
		return rc;
	if (rc == GBX_E_NOTFOUND || (rc && (err->sys == ELOOP || err->sys == ENOTDIR)))
		out->state = GBX_WORKTREE_MISSING;
	else if (rc)
		leave(out, gbx_git_gap_reason(err));
	else
		out->state = S_ISDIR(out->st.st_mode) ? GBX_WORKTREE_FOLDER : GBX_WORKTREE_FILE;
	return 0;
}
