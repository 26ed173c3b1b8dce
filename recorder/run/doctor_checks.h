/* The checks of doctor.c's table: one function each, one file for each outside world. A finding comes in as ok and empty. */
#ifndef GBX_RUN_DOCTOR_CHECKS_H
#define GBX_RUN_DOCTOR_CHECKS_H

#include "run/doctor.h"

/* What the checks share. */
struct gbx_patient {
	const struct gbx_doctor_options *o;
	struct gbx_store store;  /* path NULL: there is none */
	struct gbx_error why;    /* why not */
	uint64_t offset;         /* system clock minus monotonic clock, when the first check began */
};

/* Fills a finding; mend may be NULL. */
void gbx_find(struct gbx_finding *f, enum gbx_health health, const char *mend, const char *fmt, ...) GBX_PRINTF(4, 5);

/* doctor_store.c */
void gbx_doctor_store(struct gbx_patient *p, struct gbx_finding *f);
void gbx_doctor_filesystem(struct gbx_patient *p, struct gbx_finding *f);
void gbx_doctor_space(struct gbx_patient *p, struct gbx_finding *f);
/* doctor_clock.c */
void gbx_doctor_clock(struct gbx_patient *p, struct gbx_finding *f);
void gbx_doctor_clock_sync(struct gbx_patient *p, struct gbx_finding *f);
/* doctor_key.c */
void gbx_doctor_key(struct gbx_patient *p, struct gbx_finding *f);
/* doctor_probes.c */
void gbx_doctor_git(struct gbx_patient *p, struct gbx_finding *f);
void gbx_doctor_seccomp(struct gbx_patient *p, struct gbx_finding *f);
void gbx_doctor_nvml(struct gbx_patient *p, struct gbx_finding *f);

#endif
