#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/child.h"
#include "capture/probe.h"

#ifndef SECCOMP_FILTER_FLAG_NEW_LISTENER
#define SECCOMP_FILTER_FLAG_NEW_LISTENER (1UL << 3)
#endif
#ifndef SECCOMP_RET_USER_NOTIF
#define SECCOMP_RET_USER_NOTIF 0x7fc00000U
#endif

static long seccomp_call(unsigned operation, unsigned long flags, void *arg)
{
	return syscall(SYS_seccomp, operation, flags, arg);
}

/* A filter that lets everything through, with a listener. */
static int install(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {1, &allow};

	return seccomp_call(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program) < 0 ? errno : 0;
}

static int child(void *arg, int out)
{
	struct gbx_seccomp_probe p = {0};
	unsigned action = SECCOMP_RET_USER_NOTIF;
	struct utsname host;

	(void)arg;
	if (uname(&host) == 0)
		snprintf(p.release, sizeof p.release, "%.*s", (int)sizeof p.release - 1, host.release);
	if (sscanf(p.release, "%u.%u", &p.major, &p.minor) != 2)
		p.major = p.minor = 0;
	p.available = seccomp_call(SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
	p.installing = install();
	p.privileged = p.installing == 0;
	/* This process ends at once; no_new_privs with it. */
	if (p.installing == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		p.installing = install();
	return gbx_write(out, &p, sizeof p, NULL) ? 1 : 0;
}

int gbx_probe_seccomp(unsigned deadline_ms, struct gbx_seccomp_probe *out, struct gbx_error *err)
{
	return gbx_child_ask(child, NULL, deadline_ms, out, sizeof *out, err);
}
