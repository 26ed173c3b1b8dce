/* The facts that a run begins with: name, machine, code. */
#ifndef GBX_RUN_FACTS_H
#define GBX_RUN_FACTS_H

#include "capture/code.h"
#include "run/recorder.h"

void gbx_put_run_start(struct gbx_recorder *r);
void gbx_put_name(struct gbx_recorder *r, const char *name);
/* Host, system, devices, limits, container and the recorder's own process. environment: the job's, ended by NULL, or NULL; *bus is what the
 * bus shows, for those who ask the devices. */
void gbx_put_machine(struct gbx_recorder *r, char *const *environment, Glassbox__Bus *bus);
void gbx_put_job_process(struct gbx_recorder *r, uint64_t pid);
/* What the capture of the code came to, its gaps too. */
void gbx_put_code(struct gbx_recorder *r, const struct gbx_code_result *code);
/* Gaps whose places are in the root "repo". */
void gbx_put_code_gaps(struct gbx_recorder *r, const struct gbx_gaps *gaps);

#endif
