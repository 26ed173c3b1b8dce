#include "store/usage.h"

#include <fcntl.h>

#include "base/limits.h"
#include "base/mem.h"

struct walk {
	int dirfd;
	unsigned depth;
	bool temporary, remove;
	uint64_t keep_from;
	struct gbx_usage *use;
};

static bool ends(const char *name, const char *end)
{
	size_t len = strlen(name), behind = strlen(end);

	return len > behind && strcmp(name + len - behind, end) == 0;
}

static bool is_temporary(const char *name)
{
	return ends(name, ".tmp") || ends(name, ".lock") || strncmp(name, "tmp_obj", 7) == 0;
}

static int each(void *arg, const char *name, enum gbx_name_type type, struct gbx_error *err);

static int into(const struct walk *above, const char *name, struct gbx_error *err)
{
	struct walk w = *above;
	GBX_AUTO_FD int fd = -1;
	struct gbx_error why;

	if (++w.depth > GBX_LIMIT_DEPTH)
		return gbx_fail(err, GBX_E_LIMIT, "'%s' is more than %u folders deep in the store; move it elsewhere", name, GBX_LIMIT_DEPTH);
	int rc = gbx_open_dir(above->dirfd, name, true, &fd, &why);
	if (rc)
		return rc == GBX_E_NOTFOUND ? 0 : gbx_fail(err, rc, "%s", why.line);
	w.dirfd = fd;
	return gbx_each_name(fd, each, &w, err);
}

static int each(void *arg, const char *name, enum gbx_name_type type, struct gbx_error *err)
{
	const struct walk *w = arg;
	struct stat st;

	if (type == GBX_NAME_DIR)
		return into(w, name, err);
	/* What goes meanwhile takes nothing. */
	if (type != GBX_NAME_FILE || gbx_fstatat(w->dirfd, name, &st, NULL))
		return 0;
	if (w->temporary && (!is_temporary(name) || gbx_mtime_nanos(&st) >= w->keep_from))
		return 0;
	w->use->count++;
	w->use->bytes += (uint64_t)st.st_size;
	return w->remove ? gbx_unlink_at(w->dirfd, name, err) : 0;
}

int gbx_usage_of(const char *path, struct gbx_usage *use, struct gbx_error *err)
{
	struct walk w = {.dirfd = AT_FDCWD, .use = use};

	return into(&w, path, err);
}

int gbx_temporary_collect(const char *path, uint64_t keep_from, bool remove, struct gbx_usage *use, struct gbx_error *err)
{
	struct walk w = {.dirfd = AT_FDCWD, .temporary = true, .remove = remove, .keep_from = keep_from, .use = use};

	return into(&w, path, err);
}
