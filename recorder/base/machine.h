/* Which machine this is. */
#ifndef GBX_BASE_MACHINE_H
#define GBX_BASE_MACHINE_H

#include "base/bytes.h"
#include "base/limits.h"

/* "<machine id>@<host>": the same at each boot. The host is in it since nodes that start from one image share the id. "" where there
 * is no machine id. */
void gbx_machine_name(char out[GBX_MACHINE_MAX + 1]);

/* The id of this boot, /proc/sys/kernel/random/boot_id; "" where it cannot be known. */
void gbx_boot_id(char out[GBX_LIMIT_MACHINE_ID + 1]);

/* Inode of /proc/self/ns/pid; 0 where it cannot be known. */
uint64_t gbx_pid_namespace(void);

/* Whether this process is in the pid namespace that the machine booted with: in a container's, machine id and host name may be those
 * of its image, the same on many machines. */
bool gbx_in_first_pid_namespace(void);

#endif
