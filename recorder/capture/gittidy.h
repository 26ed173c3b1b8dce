/* What capture/tidy.h asks of libgit2; in its child process only. */
#ifndef GBX_CAPTURE_GITTIDY_H
#define GBX_CAPTURE_GITTIDY_H

#include "capture/tidy.h"

int gbx_git_forget(const char *store, const char *run, struct gbx_error *err) GBX_MUST_USE;
/* runs: o->runs sums, zero. */
int gbx_git_tidy(const struct gbx_code_tidy *o, struct gbx_code_use *use, uint64_t *runs, struct gbx_error *err) GBX_MUST_USE;

#endif
