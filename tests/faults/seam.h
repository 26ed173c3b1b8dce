/* The system under a glassbox that runs inside a test. Calls of the C library come here: those that change or read files by the
 * executable's own functions of their names, so that libgit2's come too, the others by the linker's --wrap (see CMakeLists.txt). The
 * product has no code for it.
 *
 * What is planned and counted lies in memory that all processes of a run share. Each call is counted in the lane that makes it: so the
 * n-th call is the same one in each run, whatever the scheduler does. The job is a lane until it is executed, and is left alone. */
#ifndef GBX_TEST_SEAM_H
#define GBX_TEST_SEAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum seam_lane {
	SEAM_MAIN,    /* the program's first thread */
	SEAM_CAPTURE, /* the child that reads the code */
	SEAM_WITNESS, /* the child that tells signals apart */
	SEAM_JOB,     /* the job before its exec; nothing is counted */
	SEAM_THREAD,  /* all other threads of the program */
	SEAM_LANES,
};

enum seam_call {
	SEAM_MEMORY,  /* malloc and its kin: what base/mem.c calls, jansson through it, and folders' streams */
	SEAM_OPEN,    /* open, openat */
	SEAM_READ,    /* read, pread, readdir, readlink */
	SEAM_LOOK,    /* stat and its kin */
	SEAM_WRITE,   /* write, pwrite to files and pipes */
	SEAM_SYNC,    /* fsync, fdatasync, syncfs */
	SEAM_NAME,    /* rename, link, mkdir, unlink, rmdir, ftruncate */
	SEAM_MAP,     /* mmap */
	SEAM_PROCESS, /* fork, pipe, pthread_create */
	SEAM_STEP,    /* everything that changes a file or folder: writes, syncs, names, opens that may create */
	SEAM_CALLS,
};

enum seam_act {
	SEAM_PASS,
	SEAM_FAIL,  /* with errno sys; EINTR for ever is every second call */
	SEAM_SHORT, /* half of what was asked for, at least 1 byte */
	SEAM_FILL,  /* writes fail with ENOSPC once `room` bytes were written by all lanes together */
	SEAM_KILL,  /* the processes in whom, at a SEAM_STEP */
	SEAM_RECORD, /* nothing happens, and what happened is kept: see seam_log */
};

/* Whom SEAM_KILL kills. */
enum { SEAM_KILL_SELF = 1, SEAM_KILL_JOB = 2, SEAM_KILL_WITNESS = 4 };
enum seam_when { SEAM_BEFORE, SEAM_TORN, SEAM_AFTER }; /* torn: half of a write is done */

struct seam_plan {
	enum seam_act act;
	enum seam_lane lane;
	enum seam_call call;
	unsigned long at; /* the first call of the lane, from 0, that is meant */
	bool for_ever;    /* and every one after it, in all lanes */
	int sys;
	uint64_t room;
	bool room_again; /* after the first write that had none */
	unsigned whom;
	enum seam_when when;
	bool go_on; /* the log of the program before is kept, and this one's comes behind it */
};

/* Once, before anything else. under: the folder whose changes SEAM_RECORD keeps, absolute; may be NULL. */
void seam_init(const char *under);
/* Several programs at once have a slot each, for what is planned and kept; 0 is the one in use. */
enum { SEAM_SLOTS = 4 };
void seam_use(unsigned slot);
/* Empties the log, where another process will arm: from then on it only grows. */
void seam_forget(void);
/* In the process that becomes the program: counts from 0 and does as planned, until seam_disarm. */
void seam_arm(const struct seam_plan *plan);
void seam_disarm(void);
unsigned long seam_count(enum seam_lane lane, enum seam_call call);
/* True once the planned call was made. */
bool seam_happened(void);
uint64_t seam_written(void);
/* Blocks of SEAM_MEMORY that this process took since seam_arm and has not given back. */
long seam_outstanding(void);

/* What was done, in its order; data lies behind each. */
enum seam_op {
	SEAM_OP_CREATE,   /* path, file: made by an open */
	SEAM_OP_WRITE,    /* file, offset, data */
	SEAM_OP_TRUNCATE, /* file, offset: the new length */
	SEAM_OP_SYNC,     /* file */
	SEAM_OP_SYNC_DIR, /* path */
	SEAM_OP_SYNC_ALL,
	SEAM_OP_RENAME, /* path, to */
	SEAM_OP_LINK,   /* path, to */
	SEAM_OP_UNLINK, /* path */
	SEAM_OP_MKDIR,  /* path */
	SEAM_OP_RMDIR,  /* path */
	SEAM_OP_ACK,    /* number says what; path and data are the test's own */
};
struct seam_entry {
	enum seam_op op;
	uint32_t size; /* to the next entry */
	uint64_t file; /* inode */
	uint64_t offset;
	uint32_t data_len;
	uint32_t number;
	uint32_t path, to, data; /* offsets from this entry; 0: none */
};
/* The first entry, or the one behind; NULL at the end. */
const struct seam_entry *seam_log(const struct seam_entry *after);
const char *seam_text(const struct seam_entry *e, uint32_t at);
/* Adds an entry of the test's own; does nothing where nothing is recorded or killed. */
void seam_ack(uint32_t number, const char *path, const void *data, size_t len);

/* For a replayed file: fstat and its kin say of inode `now` that it is `then`. 0, 0 forgets all. */
void seam_pretend(uint64_t now, uint64_t then);

#endif
