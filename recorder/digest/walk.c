/* The walk over a folder. Declared in files.h.
 *
 * Folders wait in a list and are opened one at a time from the root's descriptor: no recursion, one descriptor whatever the depth.
 * A folder that became a link on the way is found by its device and inode, which are no longer those that were seen. */
#include <fcntl.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "digest/files.h"

struct folder {
	char *path; /* relative to the root, empty for the root */
	uint64_t dev, ino;
	unsigned depth;
};

struct walk {
	int root;
	struct folder *waiting;
	size_t len, cap;
	struct folder at; /* the one that is being read */
	int fd;
	struct gbx_hash *hash;
	struct gbx_files files;
	bool fatal; /* what each_name returned is not about the folder */
	struct gbx_error *err;
};

static void end_walk(struct walk *w)
{
	for (size_t i = 0; i < w->len; i++)
		gbx_free(w->waiting[i].path);
	gbx_free(w->waiting);
	gbx_free(w->at.path);
	gbx_close(&w->fd);
	gbx_close(&w->root);
	gbx_hash_release(&w->hash);
	gbx_files_free(&w->files);
}

static const char *reason_text(const struct gbx_error *why)
{
	return why->sys ? strerror(why->sys) : why->line;
}

static int tell(struct walk *w, const char *path, const struct gbx_error *why)
{
	return gbx_files_add_problem(&w->files, path, gbx_gap_reason(why), why->code, reason_text(why), w->err);
}

static int tell_limit(struct walk *w, const char *path, const char *text)
{
	return gbx_files_add_problem(&w->files, path, GLASSBOX__GAP__REASON__TOO_LARGE, GBX_E_LIMIT, text, w->err);
}

/* Takes *path over. */
static int add(struct gbx_files *files, char **path, const struct stat *st, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&files->file, &files->cap, files->len, sizeof *files->file, err);

	if (rc)
		return rc;
	files->file[files->len++] = (struct gbx_found){.path = *path,
						       .type = S_ISLNK(st->st_mode) ? GBX_SYMLINK : GBX_FILE,
						       .mode = st->st_mode & 07777,
						       .size = (uint64_t)st->st_size,
						       .mtime_nanos = gbx_mtime_nanos(st),
						       .ctime_nanos = gbx_ctime_nanos(st),
						       .dev = st->st_dev,
						       .ino = st->st_ino};
	files->bytes += (uint64_t)st->st_size;
	*path = NULL;
	return 0;
}

/* A link's text is part of the folder, not content: it is read here, once, and its size is that of the text. */
static int add_link(struct walk *w, const char *name, char **path, struct stat *st)
{
	GBX_AUTO_BYTES struct gbx_bytes target = {0};
	struct gbx_error why;
	uint8_t sha256[GBX_SHA256_LEN];

	if (gbx_readlinkat(w->fd, name, &target, &why))
		return why.code == GBX_E_NOMEM ? gbx_fail(w->err, GBX_E_NOMEM, "%s", why.line) : tell(w, *path, &why);
	gbx_hash_start(w->hash);
	gbx_hash_update(w->hash, target.data, target.len);
	int rc = gbx_hash_final(w->hash, sha256, w->err);
	st->st_size = (off_t)target.len;
	if (rc == 0)
		rc = add(&w->files, path, st, w->err);
	if (rc)
		return rc;
	struct gbx_found *f = &w->files.file[w->files.len - 1];
	memcpy(f->sha256, sha256, sizeof sha256);
	f->hashed = true;
	return 0;
}

static int add_folder(struct walk *w, char **path, const struct stat *st)
{
	if (w->at.depth == GBX_LIMIT_DEPTH)
		return tell_limit(w, *path, "folders nested too deep");
	int rc = gbx_grow((void **)&w->waiting, &w->cap, w->len, sizeof *w->waiting, w->err);
	if (rc)
		return rc;
	w->waiting[w->len++] = (struct folder){*path, st->st_dev, st->st_ino, w->at.depth + 1};
	*path = NULL;
	return 0;
}

static const char *what_is(mode_t mode)
{
	if (S_ISFIFO(mode))
		return "a FIFO, neither file, folder nor symbolic link";
	if (S_ISSOCK(mode))
		return "a socket, neither file, folder nor symbolic link";
	return "a device, neither file, folder nor symbolic link";
}

static int add_name(struct walk *w, const char *name)
{
	GBX_AUTO_STRING char *path = *w->at.path ? gbx_path_join(w->at.path, name) : gbx_strdup(name);
	struct gbx_error why;
	struct stat st;

	if (!path)
		return gbx_fail(w->err, GBX_E_NOMEM, "no memory for the name '%s'", name);
	if (strlen(path) >= GBX_LIMIT_PATH)
		return tell_limit(w, path, "a path that is too long");
	if (gbx_fstatat(w->fd, name, &st, &why))
		return tell(w, path, &why);
	if (S_ISDIR(st.st_mode))
		return add_folder(w, &path, &st);
	if (S_ISLNK(st.st_mode))
		return add_link(w, name, &path, &st);
	if (S_ISREG(st.st_mode))
		return add(&w->files, &path, &st, w->err);
	return gbx_files_add_problem(&w->files, path, GLASSBOX__GAP__REASON__NOT_REGULAR, GBX_E_MALFORMED, what_is(st.st_mode),
				     w->err);
}

static int each(void *arg, const char *name, enum gbx_name_type type, struct gbx_error *err)
{
	struct walk *w = arg;

	(void)type;
	(void)err;
	int rc = add_name(w, name);
	w->fatal = rc != 0;
	return rc;
}

/* Opens the folder that is w->at, if it still is that folder. */
static int open_folder(struct walk *w, struct gbx_error *why)
{
	struct stat st;
	int rc = gbx_open_dir(w->root, *w->at.path ? w->at.path : ".", true, &w->fd, why);

	if (rc == 0)
		rc = gbx_fstat(w->fd, &st, why);
	if (rc == 0 && (st.st_dev != w->at.dev || st.st_ino != w->at.ino))
		rc = gbx_fail(why, GBX_E_NOTFOUND, "another folder than the one that was listed");
	return rc;
}

static int read_folder(struct walk *w)
{
	struct gbx_error why;
	int rc = open_folder(w, &why);

	w->fatal = false;
	if (rc == 0)
		rc = gbx_each_name(w->fd, each, w, &why);
	if (rc && !w->fatal)
		rc = why.code == GBX_E_NOMEM ? gbx_fail(w->err, GBX_E_NOMEM, "%s", why.line) : tell(w, w->at.path, &why);
	gbx_close(&w->fd);
	gbx_free(w->at.path);
	w->at.path = NULL;
	return rc;
}

static int walk_folder(struct walk *w, const char *root, const struct stat *st)
{
	GBX_AUTO_STRING char *top = gbx_strdup("");
	int rc = gbx_open_dir(AT_FDCWD, root, false, &w->root, w->err);

	if (rc == 0 && !top)
		rc = gbx_fail(w->err, GBX_E_NOMEM, "no memory to list '%s'", root);
	if (rc == 0)
		rc = gbx_hash_new(&w->hash, GBX_SHA256, w->err);
	if (rc == 0)
		rc = add_folder(w, &top, st);
	while (rc == 0 && w->len) {
		w->at = w->waiting[--w->len];
		rc = read_folder(w);
	}
	return rc;
}

static int walk_file(struct walk *w, const char *root, const struct stat *st)
{
	GBX_AUTO_STRING char *name = gbx_strdup(gbx_path_base(root));

	if (!name)
		return gbx_fail(w->err, GBX_E_NOMEM, "no memory to list '%s'", root);
	w->files.single = true;
	return add(&w->files, &name, st, w->err);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct gbx_found *)a)->path, ((const struct gbx_found *)b)->path);
}

int gbx_files_walk(const char *root, struct gbx_files *out, struct gbx_error *err)
{
	GBX_CLEANUP(end_walk) struct walk w = {.root = -1, .fd = -1, .err = err};
	struct stat st;
	int rc = gbx_stat(root, &st, err);

	if (rc)
		return rc;
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return gbx_fail(err, GBX_E_MALFORMED, "'%s' is neither a file nor a folder: name one of these", root);
	rc = S_ISDIR(st.st_mode) ? walk_folder(&w, root, &st) : walk_file(&w, root, &st);
	if (rc)
		return rc;
	if (w.files.len)
		qsort(w.files.file, w.files.len, sizeof *w.files.file, by_path);
	gbx_files_sort_problems(&w.files);
	*out = w.files;
	w.files = (struct gbx_files){0};
	return 0;
}
