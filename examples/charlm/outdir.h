/* The output folder. A file appears there whole or not at all: it is written under the name
 * NAME.tmp, synced, and renamed. */
#ifndef CHARLM_OUTDIR_H
#define CHARLM_OUTDIR_H

#include <stddef.h>

#include "error.h"

/* Makes the folder where there is none. Its parent must exist. */
int outdir_make(const char *folder, struct error *error);

/* Writes the file folder/name, in place of one that may be there. */
int outdir_write(const char *folder, const char *name, const void *bytes, size_t size,
		struct error *error);

#endif
