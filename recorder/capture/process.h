/* What /proc says of one process. Paths are as the kernel gives them. */
#ifndef GBX_CAPTURE_PROCESS_H
#define GBX_CAPTURE_PROCESS_H

#include "base/bytes.h"

struct gbx_process_stat {
	char state;            /* 'Z': ended, not waited for yet */
	uint64_t parent;
	uint64_t child_faults; /* grows when a child that ended is waited for: none runs without a page fault */
	uint64_t start;        /* clock ticks since boot */
	uint64_t size;         /* bytes of address space: it changes when an object is mapped */
};

/* Reads the text of /proc/PID/stat; a program's name in it may hold anything. */
bool gbx_process_stat_parse(struct gbx_slice text, struct gbx_process_stat *out);
int gbx_process_stat(uint64_t pid, struct gbx_process_stat *out, struct gbx_error *err) GBX_MUST_USE;

/* Calls each with every child of every thread; GBX_E_VERSION where the kernel does not list children. */
typedef int (*gbx_process_fn)(void *arg, uint64_t pid, struct gbx_error *err);
int gbx_process_each_child(uint64_t pid, gbx_process_fn each, void *arg, struct gbx_error *err) GBX_MUST_USE;

/* The number of the newest task of this pid namespace: where it is the same, none was made. 0 where it is not known. */
uint64_t gbx_process_newest(void);

/* The target of a link below /proc/PID ("exe", "cwd", "root", "ns/mnt"), appended. */
int gbx_process_link(uint64_t pid, const char *name, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* The text of a file there ("cmdline", "environ"), appended, cut at GBX_LIMIT_PROCESS_TEXT. */
int gbx_process_text(uint64_t pid, const char *name, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;

/* GBX_E_NOTFOUND without /proc, GBX_E_VERSION where it is another pid namespace's, whose numbers mean others. */
int gbx_process_check(struct gbx_error *err) GBX_MUST_USE;

#endif
