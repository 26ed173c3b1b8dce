/* URLs of remotes without what gives access: users have tokens in them. */
#ifndef GBX_CAPTURE_REMOTE_H
#define GBX_CAPTURE_REMOTE_H

#include "base/bytes.h"

/* Appends url to out without user and password (of ssh: without the password), and of http without query and fragment.
 * *credentials says whether there were any. What git would give to a helper ("ext::") is kept only where it is a URL. */
int gbx_remote_clean(const char *url, struct gbx_bytes *out, bool *credentials, struct gbx_error *err) GBX_MUST_USE;

#endif
