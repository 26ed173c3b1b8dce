#include "capture/gitlib.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

/* Extensions of the repository's format that change nothing for a reader of work tree, index and objects. What
 * worktreeConfig adds is read in git.c. */
static int allow_extensions(void)
{
#if GBX_LIBGIT2(1, 2)
	const char *known[] = {"noop", "worktreeconfig", "partialclone", "preciousobjects"};

	return git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, known, sizeof known / sizeof *known);
#else
	return 0;
#endif
}

int gbx_gitlib_start(struct gbx_error *err)
{
	int rc = git_libgit2_init();

	if (rc >= 0)
		rc = allow_extensions();
	/* Trees over 4 KiB are not cached by default: reading 10,000 files of one folder parsed its tree 10,000 times. */
	if (rc >= 0)
		rc = git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_TREE, (size_t)64 * 1024 * 1024);
	return rc < 0 ? gbx_gitlib_fail(rc, "cannot start libgit2", err) : 0;
}

/* libgit2 keeps errno's text and not errno. */
static int errno_of(const char *message)
{
	static const int known[] = {EACCES, EPERM, ENOSPC, EDQUOT, EROFS, EMFILE, EIO};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strstr(message, strerror(known[i])))
			return known[i];
	return EIO;
}

static int code_of(int rc, const git_error *e)
{
	/* GIT_EOWNER, which the headers of 1.1 do not have. Without a setting safe.directory, 1.5 says instead that it found none. */
	if (rc == -36 || (rc == GIT_ENOTFOUND && e && strstr(e->message, "safe.directory")))
		return GBX_E_REFUSED;
	if (rc == GIT_ENOTFOUND)
		return GBX_E_NOTFOUND;
	if (e && e->klass == GIT_ERROR_NOMEMORY)
		return GBX_E_NOMEM;
	if (e && e->klass == GIT_ERROR_OS)
		return GBX_E_IO;
	/* SHA-256 is an "unsupported extension" to 1.5, and an "unknown object format" to 1.9. */
	bool unsupported = e && (strstr(e->message, "unsupported") || strstr(e->message, "unknown object format"));
	return unsupported ? GBX_E_VERSION : GBX_E_MALFORMED;
}

int gbx_gitlib_fail(int rc, const char *what, struct gbx_error *err)
{
	const git_error *e = git_error_last();
	int code = code_of(rc, e);
	char why[512];

	gbx_printable_in(gbx_slice_text(e && e->message ? e->message : "no reason given"), why, sizeof why);
	gbx_fail(err, code, "git: %s: %s", what, why);
	if (err && code == GBX_E_IO)
		err->sys = errno_of(e->message);
	return code;
}

void gbx_gitlib_free_buf(git_buf *buf)
{
	git_buf_dispose(buf);
}

void gbx_gitlib_oid(git_oid *oid, const uint8_t *id)
{
	memset(oid, 0, sizeof *oid);
	memcpy(oid->id, id, GIT_OID_RAWSZ);
}
