/* Whether the process that wrote a journal still lives: judged only from the same boot and the same pid namespace, or when the
 * machine has booted again since. */
#ifndef GBX_STORE_ALIVE_H
#define GBX_STORE_ALIVE_H

#include "base/machine.h"
#include "journal/record.h"

/* Where a process runs, as the Host record says it. */
struct gbx_host {
	char boot_id[GBX_LIMIT_MACHINE_ID + 1]; /* "": not known */
	uint64_t pid_namespace;                 /* 0: not known */
	bool has_machine;
	uint8_t machine[GBX_MACHINE_LEN];       /* the same at each boot of one machine */
};

/* This process's own. has_machine only in the pid namespace that the machine booted with: a container's may be its image's. */
void gbx_host_here(struct gbx_host *out);

enum gbx_process_state { GBX_PROCESS_UNKNOWN, GBX_PROCESS_ALIVE, GBX_PROCESS_GONE };

/* The process that the Host and Process records describe, seen from here. */
enum gbx_process_state gbx_process_look(const struct gbx_host *here, const struct gbx_host *there, uint64_t pid, uint64_t start_ticks);

/* When a process was started, in clock ticks since boot (field 22 of /proc/PID/stat): with the pid, a name that is not used again
 * before the next boot. 0 where there is no such process or no /proc. */
uint64_t gbx_process_start_ticks(uint64_t pid);
/* True while the process of that name has not ended; a zombie has. Where start_ticks is 0, any process of that pid. Means something
 * in the same boot and pid namespace only. */
bool gbx_process_alive(uint64_t pid, uint64_t start_ticks);

#endif
