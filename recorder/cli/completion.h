/* What can stand at a place of a command line, for shells: from the same arrays as parsing and help. */
#ifndef GBX_CLI_COMPLETION_H
#define GBX_CLI_COMPLETION_H

#include <stddef.h>

/* Prints what the last of the words (the program's name, then what was typed so far) can be completed to: one a line, a tab and a
 * description behind it where there is one. ":files" stands for names of files. Nothing that fails is said. */
void gbx_complete(char *const *word, size_t words);

#endif
