/* What other processes see of the recorder. Its command line holds the job's, and `ps` shows that to everybody on the machine; the job's own
 * stays as it was given. */
#ifndef GBX_CLI_VEIL_H
#define GBX_CLI_VEIL_H

/* No core dump is written of this process and those that it forks, and no other of the same user reads its memory or environment. A
 * program that one of them becomes has the usual rules again, and limits are as they were. */
void gbx_veil_memory(void);

/* Where an argument or a variable holds a secret: takes argv and environ to memory of our own and writes over what the kernel shows of
 * them. The copy of argv is returned, for as long as the process lives; argv itself where nothing was found, or without memory. */
char **gbx_veil_arguments(char **argv);

#endif
