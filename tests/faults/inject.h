/* Faults for a program that runs inside a test: the linker's --wrap leads its calls of the C library here (see CMakeLists.txt), and
 * OpenSSL gets its memory here. The product has no code for it. */
#ifndef GBX_TEST_INJECT_H
#define GBX_TEST_INJECT_H

#include <stdbool.h>

/* What is counted, each in its own sequence. */
enum inject_call {
	INJECT_MEMORY, /* ours, and jansson's, which is ours too; threads */
	INJECT_CRYPTO, /* OpenSSL's memory */
	INJECT_LOOK,   /* everything that reads: open, stat, read, list */
	INJECT_READ,   /* read and pread alone */
	INJECT_CALLS,
};

enum inject_fault {
	INJECT_NONE,
	INJECT_FAIL,        /* ENOMEM for memory, EIO for the rest */
	INJECT_SHORT,       /* one byte of what was asked for */
	INJECT_INTERRUPTED, /* EINTR */
};

struct inject_plan {
	enum inject_call call;
	enum inject_fault fault;
	unsigned long at; /* the first call that fails, from 0 */
	bool for_ever;    /* and every one after it; EINTR: every second one */
};

/* Gives OpenSSL its memory; first thing in the program. */
void inject_init(void);
/* Counts from 0, and fails by the plan. */
void inject_arm(const struct inject_plan *plan);
/* Stops both. */
void inject_disarm(void);
unsigned long inject_count(enum inject_call call);
/* Blocks of INJECT_MEMORY that were taken since inject_arm and not given back, less those given back and taken before. */
long inject_outstanding(void);

#endif
