/* The machine and the processes on it. What cannot be known is left empty; nothing here fails, asks the network (no name service)
 * or takes more than a millisecond. Texts are well-formed UTF-8. */
#ifndef GBX_CAPTURE_SYSTEM_H
#define GBX_CAPTURE_SYSTEM_H

#include "store/alive.h"

struct gbx_system {
	char hostname[256];
	char user[256];        /* of the real user id, from /etc/passwd; the number where it is not there */
	struct gbx_host host;
	char os[256];          /* PRETTY_NAME of os-release */
	char kernel[256];      /* "Linux 6.1.0" */
	char kernel_version[256];
	char machine[256];
	char libc[64];         /* "glibc 2.36" */
	char clock_source[64]; /* that the kernel counts time by */
	char cpu_model[256];
	char cpu_vendor[256];
	uint32_t cpu_online;
	uint64_t memory_bytes;
};

void gbx_system_read(struct gbx_system *out);

/* These fill messages that then point into *s. */
void gbx_system_host(const struct gbx_system *s, Glassbox__Host *host);
void gbx_system_system(const struct gbx_system *s, Glassbox__System *system);
void gbx_system_cpu(const struct gbx_system *s, Glassbox__Cpu *cpu);
void gbx_system_memory(const struct gbx_system *s, Glassbox__Memory *memory);

#endif
