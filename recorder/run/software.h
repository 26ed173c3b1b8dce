/* Facts about the software of the job: interpreters, packages, programs and libraries, told by a process that looks at it from beside. */
#ifndef GBX_RUN_SOFTWARE_H
#define GBX_RUN_SOFTWARE_H

#include "capture.pb-c.h"
#include "capture/software_child.h"
#include "run/recorder.h"

/* Records what was told: each kind in random order, paths relative to roots, without secrets. The messages are changed. */
void gbx_put_software(struct gbx_recorder *r, const Glassbox__SoftwareReport *report);

/* The process, and the thread that records what it tells. {0} before the start. */
struct gbx_software_facts {
	struct gbx_recorder *recorder;
	struct gbx_software_child child;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* over the members below */
	pthread_cond_t changed;
	bool done, whole;     /* whole: its last message came */
};

/* Starts the process, for the job's. Before threads are started. What fails is a gap. */
void gbx_software_begin(struct gbx_software_facts *s, struct gbx_recorder *r, uint64_t pid);
/* Starts the thread, where there is a process. When no other process is to be started. */
void gbx_software_listen(struct gbx_software_facts *s);
/* The job has ended: waits for the last message, at most patience_ms or until hurried() says that somebody waits; then ends both. What was not
 * told until then is a gap. */
void gbx_software_end(struct gbx_software_facts *s, unsigned patience_ms, bool (*hurried)(void));

#endif
