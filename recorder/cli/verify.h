/* What `glassbox verify` and glassbox-verify share: options and the command. */
#ifndef GBX_CLI_VERIFY_H
#define GBX_CLI_VERIFY_H

#include "cli/options.h"

extern const struct gbx_option gbx_verify_options[];

/* Verifies the bundle that the first argument names; own_key (or NULL) is a key file that is trusted when --key names none. */
int gbx_verify_command(const struct gbx_given *given, const char *own_key);

#endif
