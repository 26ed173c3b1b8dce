/* The machine beyond what gbx_system_read says: read once from files under a root folder, in well under a millisecond.
 *
 * Each part makes messages and hands them to a function, which may write them where it likes: they live until it returns. What cannot
 * be known is left empty or not told. Nothing here waits for anything, but that kernels before 5.18 take 10 ms for /proc/cpuinfo. */
#ifndef GBX_CAPTURE_MACHINE_H
#define GBX_CAPTURE_MACHINE_H

#include "base/bytes.h"
#include "record.pb-c.h"

struct gbx_machine_options {
	int root;                 /* descriptor of the folder whose /proc, /sys and /run are read; -1: ours */
	uint64_t pid;             /* the job's process, as that /proc numbers it */
	char *const *environment; /* the job's, ended by NULL; may be NULL */
	struct gbx_error *trouble; /* gets why the first file that is there could not be read, where its code is 0 before; may be NULL */
};

/* Gets one body; what it returns, unless 0, ends the reading and is returned. */
typedef int (*gbx_body_fn)(void *arg, const Glassbox__Body *body, struct gbx_error *err);

#define GBX_CPU_FLAGS 64

/* What the processors can do that changes arithmetic, as the kernel names it, sorted; and their microcode. */
struct gbx_cpu_features {
	char *flag[GBX_CPU_FLAGS]; /* they point into text, so a copy is none */
	size_t flags;
	char text[1024], microcode[64];
};

void gbx_machine_cpu(int root, struct gbx_cpu_features *out);
/* A record a NUMA node. */
int gbx_machine_numa(const struct gbx_machine_options *o, gbx_body_fn put, void *arg, struct gbx_error *err) GBX_MUST_USE;
/* The limits of the process's cgroup and those above it, the narrowest of each. Not told where none can be read. */
int gbx_machine_limits(const struct gbx_machine_options *o, gbx_body_fn put, void *arg, struct gbx_error *err) GBX_MUST_USE;
/* The container that the recorder is in, by the marks that each kind leaves; not told where there are none. */
int gbx_machine_container(const struct gbx_machine_options *o, gbx_body_fn put, void *arg, struct gbx_error *err) GBX_MUST_USE;
/* The last three. Where a file that is there could not be read, all is put that is known, and the reason returned. */
int gbx_machine_read(const struct gbx_machine_options *o, gbx_body_fn put, void *arg, struct gbx_error *err) GBX_MUST_USE;

#endif
