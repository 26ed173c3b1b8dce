/* Records what the children beside the job tell of the environment. */
#ifndef GBX_RUN_ENVIRONMENT_H
#define GBX_RUN_ENVIRONMENT_H

#include "capture/environment.h"
#include "run/recorder.h"

/* What of the environment is told by children. Call it while this process has one thread; r is borrowed until the finish. options' bus and
 * scanner are filled in here. */
void gbx_record_environment_start(struct gbx_environment *e, struct gbx_recorder *r, const struct gbx_environment_options *options);

#endif
