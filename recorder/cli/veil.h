/* What other processes see of the recorder. Its command line holds the job's, and `ps` shows that to everybody on the machine; the job's own
 * stays as it was given. */
#ifndef GBX_CLI_VEIL_H
#define GBX_CLI_VEIL_H

#include "capture/secret_rules.h"

/* No core dump is written of this process and those that it forks, and no other of the same user reads its memory or environment. A
 * program that one of them becomes has the usual rules again, and limits are as they were. */
void gbx_veil_memory(void);

/* A copy of argv, for as long as the process lives, so that what the kernel shows of it can be written over; argv itself without memory, and
 * then nothing is. */
char **gbx_veil_take(char **argv);
/* Where an argument or a variable holds a secret, by our rules and the user's (may be NULL), writes over what the kernel shows of it. May
 * be called again. */
void gbx_veil_arguments(const struct gbx_secret_user *user);

#endif
