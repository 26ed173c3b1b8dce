/* What the job prints, as a Console record: where stdout or stderr is a regular file it is read from there when the job has ended, and the
 * job has the descriptors that it would have without us. */
#ifndef GBX_RUN_PRINTED_H
#define GBX_RUN_PRINTED_H

#include "capture/console.h"
#include "run/recorder.h"
#include "run/relay.h"

enum gbx_console_mode {
	GBX_CONSOLE_FILES,  /* what goes into files; of the rest a gap */
	GBX_CONSOLE_KEEP,   /* the rest, too, by a relay */
	GBX_CONSOLE_DIGEST, /* the same, without head and tail */
	GBX_CONSOLE_OFF,
};

struct gbx_printed {
	enum gbx_console_mode mode;
	struct gbx_printed_file {
		int fd; /* for reading; -1: no file */
		Glassbox__Gap__Reason why; /* there is none; 0: there is, or the other stream's has it, or a relay */
		uint64_t from;
		bool appends; /* everything behind `from` is the job's; else what lies before its position */
	} file[2]; /* stdout, stderr */
	bool both; /* the first has both */
	struct gbx_relay relay;
};

/* Nothing is recorded by it, and gbx_printed_free may be called. It stays where it is until then. */
void gbx_printed_init(struct gbx_printed *p);
/* Just before the job starts: where its text begins, and what the job is to have for its output (output[i], -1: what we have). A relay that
 * cannot be made is told by r->say, and is a gap. */
void gbx_printed_begin(struct gbx_printed *p, const struct gbx_recorder *r, enum gbx_console_mode mode, int output[2]);
/* The job has started. */
void gbx_printed_start(struct gbx_printed *p, pid_t job);
/* When it has ended: reads, for at most so many milliseconds or until hurried() says that somebody waits, and records; what is not there
 * has a gap. */
void gbx_printed_end(struct gbx_printed *p, struct gbx_recorder *r, unsigned ms, bool (*hurried)(void));
void gbx_printed_free(struct gbx_printed *p);

#endif
