/* What stands in the way of recording here, and how to mend it (glassbox doctor). Nothing is changed. */
#ifndef GBX_RUN_DOCTOR_H
#define GBX_RUN_DOCTOR_H

#include "store/store.h"

enum gbx_health {
	GBX_HEALTH_OK,
	GBX_HEALTH_GAP,     /* a run is recorded, and something will be missing in it or is not as safe as it could be */
	GBX_HEALTH_PROBLEM, /* nothing can be recorded */
};

struct gbx_finding {
	const char *name;
	enum gbx_health health;
	char detail[512]; /* printable */
	char mend[384];   /* what to do; empty where nothing has to be */
};

struct gbx_doctor_options {
	struct gbx_store_choice store; /* as `run` would take it */
	const char *cwd;               /* absolute */
	const char *ceilings;          /* GIT_CEILING_DIRECTORIES, or NULL */
	const char *key;               /* path of the private key, or NULL: there is no place for one */
};

#define GBX_DOCTOR_CHECKS 9u

/* Runs every check, in a fixed order. What may hang or crash (libgit2, NVML, a filter for system calls) runs in a child with a deadline, so
 * all of it takes some seconds at most. Checks do not fail: what could not be looked at is a finding. */
void gbx_doctor(const struct gbx_doctor_options *o, struct gbx_finding out[GBX_DOCTOR_CHECKS]);

/* "ok", "gap", "problem" */
const char *gbx_health_name(enum gbx_health health);

#endif
