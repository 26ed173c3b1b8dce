/* The variables of the job's environment. */
#ifndef GBX_RUN_VARIABLES_H
#define GBX_RUN_VARIABLES_H

#include "run/recorder.h"

/* A record a variable, in random order: its name, and its value where capture/variable_names.h has it. environment ends with NULL. Of
 * more than GBX_LIMIT_VARIABLES those with values come first; the others are a gap, as are texts that are no variable. */
void gbx_put_variables(struct gbx_recorder *r, char *const *environment);

#endif
