/* What `publish` and `disclose` share. */
#ifndef GBX_CLI_PUBLISHING_H
#define GBX_CLI_PUBLISHING_H

#include "cli/cli.h"
#include "run/publish.h"

/* -o: a folder or FILE.tar that is not there yet. */
int gbx_publishing_out(const struct gbx_given *given, const char **out, struct gbx_error *err) GBX_MUST_USE;

/* Opens the run of the first argument, seals it where that is left to do, checks the selection, signs the run where there is a key, and
 * writes the bundle. o->run and o->id are filled here. Returns the exit status. */
int gbx_publishing_do(const struct gbx_given *given, struct gbx_publish_options *o);

#endif
