/* direct_url.json (PEP 610): where a package came from that no index gave. */
#ifndef GBX_CAPTURE_DIRECT_URL_H
#define GBX_CAPTURE_DIRECT_URL_H

#include "capture/software.h"

/* Fills what the document says: url (without user, password and query; of a file its path instead, as source), commit, archive, editable.
 * GBX_E_MALFORMED where it is none. */
int gbx_direct_url_read(struct gbx_software *s, struct gbx_slice text, Glassbox__Package *package, struct gbx_error *err) GBX_MUST_USE;

#endif
