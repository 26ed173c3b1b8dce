#include "store/hold.h"

#include <errno.h>
#include <fcntl.h>

#include "base/mem.h"
#include "store/filesystem.h"
#include "store/removed.h"

void gbx_hold_release(struct gbx_hold *hold)
{
	gbx_close(&hold->run);
	gbx_close(&hold->store);
}

/* A filesystem without locks is no reason to do nothing. */
static int lock(int fd, enum gbx_lock_kind kind, struct gbx_error *err)
{
	struct gbx_error why = {0};
	int rc = gbx_lock_as(fd, kind, &why);

	if (rc == 0 || why.sys == ENOLCK || why.sys == ENOSYS || why.sys == EOPNOTSUPP)
		return 0;
	return gbx_fail(err, rc, "%s", why.line);
}

/* GBX_E_TIMEOUT where it would have to wait and may not. */
static int hold_store(const struct gbx_store *s, enum gbx_lock_kind kind, int *fd, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_path_join(s->path, "lock");
	struct gbx_error ignored;

	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	if (gbx_filesystem_of(s->path).shared || gbx_open_append(path, 0600, fd, &ignored))
		return 0;
	return lock(*fd, kind, err);
}

/* Whether what is open is still what lies there: the folder may have been moved away while its lock was waited for. */
static int is_there(int fd, const char *path, bool *same, struct gbx_error *err)
{
	struct stat opened, there;
	int rc = gbx_fstat(fd, &opened, err);

	if (rc == 0)
		rc = gbx_stat(path, &there, err);
	*same = rc == 0 && opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
	return rc == GBX_E_NOTFOUND ? 0 : rc;
}

static int hold_run(const struct gbx_store *s, const char *run, int *fd, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_run_path(s, run, "lock");
	struct gbx_error why;

	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	for (;;) {
		GBX_AUTO_FD int opened = -1;
		int rc = gbx_open_append(path, 0600, &opened, &why);
		if (rc == GBX_E_NOTFOUND)
			return gbx_removed_tell(s, run, err);
		if (rc)
			return 0;
		bool same = false;
		rc = lock(opened, GBX_LOCK_ALONE, err);
		if (rc == 0)
			rc = is_there(opened, path, &same, err);
		if (rc)
			return rc;
		if (same) {
			*fd = opened;
			opened = -1;
			return 0;
		}
	}
}

int gbx_hold_run(const struct gbx_store *s, const char *run, struct gbx_hold *out, struct gbx_error *err)
{
	GBX_AUTO_HOLD struct gbx_hold hold = GBX_HOLD_NONE;
	int rc = gbx_store_own(s, err);

	if (rc == 0)
		rc = hold_store(s, GBX_LOCK_SHARED, &hold.store, err);
	if (rc == 0)
		rc = hold_run(s, run, &hold.run, err);
	if (rc)
		return rc;
	*out = hold;
	hold = (struct gbx_hold)GBX_HOLD_NONE;
	return 0;
}

bool gbx_hold_store(const struct gbx_store *s, struct gbx_hold *out)
{
	struct gbx_error ignored;

	*out = (struct gbx_hold)GBX_HOLD_NONE;
	if (hold_store(s, GBX_LOCK_SHARED_NOW, &out->store, &ignored) == 0)
		return true;
	gbx_hold_release(out);
	return false;
}

/* A descriptor of its own, so that a lock of this process counts, too. */
static enum gbx_process_state look_at_writer(const char *path)
{
	GBX_AUTO_FD int fd = -1;
	struct gbx_error why = {0};

	if (gbx_open_regular(AT_FDCWD, path, &fd, &why))
		return GBX_PROCESS_UNKNOWN;
	int rc = gbx_lock_as(fd, GBX_LOCK_SHARED_NOW, &why);
	return rc == 0 ? GBX_PROCESS_GONE : rc == GBX_E_TIMEOUT ? GBX_PROCESS_ALIVE : GBX_PROCESS_UNKNOWN;
}

enum gbx_process_state gbx_hold_look(const struct gbx_store *s, const char *run)
{
	GBX_AUTO_STRING char *dir = gbx_run_path(s, run, "journal");
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	enum gbx_process_state state = GBX_PROCESS_UNKNOWN;

	/* Who writes from elsewhere locks nothing here. */
	if (!dir || gbx_filesystem_of(s->path).shared || gbx_list_dir(AT_FDCWD, dir, &names, NULL))
		return GBX_PROCESS_UNKNOWN;
	for (size_t i = 0; i < names.len; i++) {
		GBX_AUTO_STRING char *path = gbx_path_join(dir, names.name[i]);
		state = path ? look_at_writer(path) : GBX_PROCESS_UNKNOWN;
		if (state != GBX_PROCESS_GONE)
			return state;
	}
	return state;
}

int gbx_hold_alone(const struct gbx_store *s, struct gbx_hold *out, struct gbx_error *err)
{
	GBX_AUTO_HOLD struct gbx_hold hold = GBX_HOLD_NONE;
	int rc = gbx_store_own(s, err);

	if (rc == 0)
		rc = hold_store(s, GBX_LOCK_ALONE_NOW, &hold.store, err);

	if (rc == GBX_E_TIMEOUT)
		return gbx_fail(err, GBX_E_REFUSED, "store '%s': somebody records, seals, signs, publishes or removes in it now; try again "
				"when that is done", s->path);
	if (rc)
		return rc;
	*out = hold;
	hold = (struct gbx_hold)GBX_HOLD_NONE;
	return 0;
}
