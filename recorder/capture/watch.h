/* The software of a running job, seen from beside it: looking is cheap and done again and again, since a job loads its libraries when it needs
 * them; reading is done of what is new, once it has settled.
 *
 * A look goes over the job's process and all that come from it. What ended between two looks is not seen; where that can be told it is a gap.
 * A process that its parent forked without executing anything is taken to have what its parent has. Only reads, and needs no rights but those
 * over the job's processes: what the system refuses is a gap. */
#ifndef GBX_CAPTURE_WATCH_H
#define GBX_CAPTURE_WATCH_H

#include "capture/python.h"
#include "capture/software.h"

/* A process that was seen. */
struct gbx_watched_process {
	uint64_t pid, parent, start, size, child_faults;
	size_t arguments; /* a hash of them */
	char *program;
	bool denied;
	bool here, waited; /* in the look that is under way: it is there; it has waited for a child */
};

/* A program or shared object. */
struct gbx_watched_object {
	int root; /* of the list; -1: ours */
	uint32_t major, minor;
	uint64_t inode, pid;
	char *path, *range;
	bool program, deleted;
};

struct gbx_watched_root {
	uint64_t dev, inode;
	char *mounts; /* the name of the mount namespace */
	char *prefix; /* where it lies in ours, or empty */
	int fd;
};

struct gbx_watched_python {
	char *key; /* what two processes with one interpreter and the same folders have in common */
	char *program, *library, *cwd;
	struct gbx_bytes arguments, environment;
	int root;
	bool read;
	struct gbx_python python; /* where read */
};

struct gbx_watch {
	uint64_t pid;
	struct gbx_watched_process *process;
	size_t processes, processes_cap;
	struct gbx_watched_object *object;
	size_t objects, objects_cap, objects_read;
	struct gbx_watched_root *root;
	size_t roots, roots_cap;
	struct gbx_watched_python *python;
	size_t pythons, pythons_cap;
	struct gbx_gaps gaps;      /* since the last read */
	struct gbx_bytes buffer;
	bool refused[32];          /* reasons for which a gap was made that says it once */
	uint64_t last_pid;         /* the newest task of the system in the look before */
	size_t editable;           /* installs whose repositories were asked */
};

#define GBX_AUTO_WATCH GBX_CLEANUP(gbx_watch_free)

void gbx_watch_free(struct gbx_watch *w);

/* Looks once. *found: something was seen that was not before. *ended: the job's own process is gone. Fails only without memory. */
int gbx_watch_look(struct gbx_watch *w, bool *found, bool *ended, struct gbx_error *err) GBX_MUST_USE;
/* Reads what was found since the last call, and puts it into *out. */
int gbx_watch_read(struct gbx_watch *w, struct gbx_software *out, struct gbx_error *err) GBX_MUST_USE;
/* True where something waits to be read. */
bool gbx_watch_has_news(const struct gbx_watch *w);

#endif
