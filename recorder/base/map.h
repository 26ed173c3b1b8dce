/* Memory that is a file, and memory that a forked child sees as zeros. */
#ifndef GBX_BASE_MAP_H
#define GBX_BASE_MAP_H

#include "base/error.h"

#include <stddef.h>

/* Makes the file len bytes long with its blocks taken from the disk, so that a disk that fills up later cannot stop a write to its
 * mapping (which would be SIGBUS). */
int gbx_allocate(int fd, uint64_t len, struct gbx_error *err) GBX_MUST_USE;

/* Maps len bytes of the file, shared: what is written survives kill -9 at once, and no power cut until it is synced. A forked child
 * does not get the mapping. End with gbx_unmap. */
int gbx_map_shared(int fd, size_t len, void **out, struct gbx_error *err) GBX_MUST_USE;

#define GBX_WIPED_SIZE 4096u
/* GBX_WIPED_SIZE bytes of zeros that are zeros again in each forked child. End with gbx_unmap. */
int gbx_map_wiped(void **out, struct gbx_error *err) GBX_MUST_USE;

/* NULL is fine. */
void gbx_unmap(void *p, size_t len);

#endif
