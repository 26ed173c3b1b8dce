/* An OCI layout folder as one tar: for write.c. */
#ifndef GBX_BUNDLE_PACK_H
#define GBX_BUNDLE_PACK_H

#include "base/io.h"
#include "bundle/layout.h"

/* Writes oci-layout, index.json and the blobs, in the order of the list, from the folder to out. */
int gbx_pack(const char *folder, const struct gbx_blobs *blobs, struct gbx_output *out, struct gbx_error *err) GBX_MUST_USE;

#endif
