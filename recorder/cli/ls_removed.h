/* `ls --removed`: the runs that were removed from a store, and when. */
#ifndef GBX_CLI_LS_REMOVED_H
#define GBX_CLI_LS_REMOVED_H

#include "cli/options.h"

/* Prints them, newest first; with --json an object of which `runs` holds run and removed. Returns the exit status. */
int gbx_ls_removed(const struct gbx_given *given);

#endif
