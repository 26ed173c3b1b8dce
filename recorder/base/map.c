#include "base/map.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* Over the process's own limit the kernel would send SIGXFSZ, which ends a job that does not expect it. */
static bool is_allowed(uint64_t len)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur == RLIM_INFINITY || len <= limit.rlim_cur;
}

int gbx_allocate(int fd, uint64_t len, struct gbx_error *err)
{
	int sys;

	if (!is_allowed(len))
		return gbx_fail_errno(err, EFBIG, "cannot take %llu bytes of disk", (unsigned long long)len);
	do
		sys = posix_fallocate(fd, 0, (off_t)len);
	while (sys == EINTR);
	return sys ? gbx_fail_errno(err, sys, "cannot take %llu bytes of disk", (unsigned long long)len) : 0;
}

/* Maps, and says of the mapping what a fork makes of it. */
static int map(int fd, size_t len, int flags, int on_fork, void **out, struct gbx_error *err)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		return gbx_fail_errno(err, errno, "cannot map %zu bytes", len);
	if (madvise(p, len, on_fork)) {
		int sys = errno;
		munmap(p, len);
		return gbx_fail_errno(err, sys, "cannot keep memory from a forked process");
	}
	*out = p;
	return 0;
}

int gbx_map_shared(int fd, size_t len, void **out, struct gbx_error *err)
{
	return map(fd, len, MAP_SHARED, MADV_DONTFORK, out, err);
}

int gbx_map_wiped(void **out, struct gbx_error *err)
{
	return map(-1, GBX_WIPED_SIZE, MAP_PRIVATE | MAP_ANONYMOUS, MADV_WIPEONFORK, out, err);
}

void gbx_unmap(void *p, size_t len)
{
	if (p)
		munmap(p, len);
}
