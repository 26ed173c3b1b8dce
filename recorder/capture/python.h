/* Which Python a process runs and where that looks for packages: found out from files, as Python's getpath and site do it; no interpreter
 * is started and no line of a .pth file that is code is followed. */
#ifndef GBX_CAPTURE_PYTHON_H
#define GBX_CAPTURE_PYTHON_H

#include "base/io.h"

/* What is known of a process; borrowed. Paths are absolute, as the process sees them. */
struct gbx_python_process {
	int root;                     /* its root folder, or -1: ours */
	const char *program;          /* what it runs */
	const char *library;          /* the shared object of Python that it has mapped, or NULL */
	const char *cwd;              /* empty: not known */
	struct gbx_slice arguments;   /* /proc/PID/cmdline */
	struct gbx_slice environment; /* /proc/PID/environ */
};

struct gbx_python_folder {
	char *path;  /* without links */
	bool linked; /* named by a .pth file: what lies in it is installed where it is worked on */
};

struct gbx_python {
	char name[32];         /* of its folder of modules: python3.11, pypy3.10 */
	char *prefix, *base;   /* sys.prefix and sys.base_prefix; base is NULL where no folder of modules was found */
	char version[32];      /* as pyvenv.cfg says, or empty */
	bool virtual_environment, system_packages;
	struct gbx_python_folder *folder; /* in the order in which they are searched; without that of the script */
	size_t folders, cap;
	size_t unread;         /* .pth files and folders that are there and could not be read, or too many */
};

void gbx_python_free(struct gbx_python *p);

/* True for the names of programs that are Pythons: python, python3, python3.11, pypy3.10 and the like. */
bool gbx_is_python(const char *program);
/* The same for the shared object with one in it, libpython3.11.so.1.0. */
bool gbx_is_python_library(const char *path);

/* Fails only without memory. */
int gbx_python_find(const struct gbx_python_process *process, struct gbx_python *out, struct gbx_error *err) GBX_MUST_USE;

#endif
