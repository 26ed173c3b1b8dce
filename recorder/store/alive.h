/* Whether the process that wrote a journal still lives: judged only from the same boot and the same pid namespace. */
#ifndef GBX_STORE_ALIVE_H
#define GBX_STORE_ALIVE_H

#include <stdbool.h>
#include <stdint.h>

enum gbx_process_state { GBX_PROCESS_UNKNOWN, GBX_PROCESS_ALIVE, GBX_PROCESS_GONE };

/* boot_id and pid_namespace as the Host record has them, pid and start_ticks as the Process record; empty or 0: not known. */
enum gbx_process_state gbx_process_look(const char *boot_id, uint64_t pid_namespace, uint64_t pid, uint64_t start_ticks);

/* When a process was started, in clock ticks since boot (field 22 of /proc/PID/stat): with the pid, a name that is not used again
 * before the next boot. 0 where there is no such process or no /proc. */
uint64_t gbx_process_start_ticks(uint64_t pid);
/* True while the process of that name has not ended; a zombie has. Where start_ticks is 0, any process of that pid. Means something
 * in the same boot and pid namespace only. */
bool gbx_process_alive(uint64_t pid, uint64_t start_ticks);
/* /proc/sys/kernel/random/boot_id without its newline; empty where it cannot be known. */
void gbx_boot_id(char out[64]);
/* Inode of /proc/self/ns/pid; 0 where it cannot be known. */
uint64_t gbx_pid_namespace(void);

#endif
