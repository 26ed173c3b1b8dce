/* What this machine lets a recorder see: probed in a child process with a deadline, since each of these may hang or crash. */
#ifndef GBX_CAPTURE_PROBE_H
#define GBX_CAPTURE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct gbx_git_probe {
	int version[3];      /* libgit2's */
	int code;            /* 0, or the gbx_code of opening the repository; GBX_E_REFUSED is git's "dubious ownership" */
	char line[512];      /* and its line */
	char root[512];      /* of the work tree */
	uint64_t files, submodules, lfs; /* tracked */
};

/* The repository around the folder start. GBX_E_TIMEOUT where libgit2 does not come back, GBX_E_IO where it dies. */
int gbx_probe_git(const char *start, const char *ceilings, unsigned deadline_ms, struct gbx_git_probe *out,
		  struct gbx_error *err) GBX_MUST_USE;

struct gbx_seccomp_probe {
	char release[80];    /* of the kernel */
	unsigned major, minor;
	bool available;      /* the kernel has user notification (5.0) */
	bool privileged;     /* a filter may be set without no_new_privs */
	int installing;      /* 0, or the errno of setting a filter that lets all through */
};

int gbx_probe_seccomp(unsigned deadline_ms, struct gbx_seccomp_probe *out, struct gbx_error *err) GBX_MUST_USE;

struct gbx_nvml_probe {
	unsigned on_bus;     /* NVIDIA's display controllers on the PCI bus, as sysfs lists them */
	bool found;          /* libnvidia-ml.so.1 could be loaded */
	char why[256];       /* where not */
	int result;          /* of nvmlInit_v2; 0: success */
	unsigned devices;
	char driver[81];
};

/* GBX_E_TIMEOUT where NVML does not come back; *out says then what was known before. */
int gbx_probe_nvml(unsigned deadline_ms, struct gbx_nvml_probe *out, struct gbx_error *err) GBX_MUST_USE;

#endif
