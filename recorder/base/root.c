/* Files below the root folder of another process. Declared in io.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/io.h"

/* openat2(2) and its RESOLVE_IN_ROOT, which older headers lack. */
static int open_in_root(int root, const char *path, int flags)
{
#ifdef SYS_openat2
	struct {
		uint64_t flags, mode, resolve;
	} how = {(uint64_t)(flags | O_CLOEXEC), 0, 0x10};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
#else
	(void)root, (void)path, (void)flags;
	errno = ENOSYS;
	return -1;
#endif
}

int gbx_open_within(int root, const char *path, int *fd, struct stat *st, struct gbx_error *err)
{
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	GBX_AUTO_FD int opened = root < 0 ? openat(AT_FDCWD, path, flags | O_CLOEXEC) : open_in_root(root, path, flags);

	if (opened < 0 && errno == ENOSYS)
		return gbx_fail(err, GBX_E_VERSION, "cannot open '%s': this kernel cannot look below another root", path);
	if (opened < 0)
		return gbx_fail_errno(err, errno, "cannot open '%s'", path);
	int rc = gbx_fstat(opened, st, err);
	if (rc)
		return rc;
	*fd = opened;
	opened = -1;
	return 0;
}
