/* Files of which it is asked which package they belong to: a set that many lists of files are held against. */
#ifndef GBX_CAPTURE_WANTED_H
#define GBX_CAPTURE_WANTED_H

#include "base/bytes.h"
#include "record.pb-c.h"

/* {0} is empty. Holds libraries by their paths; they are borrowed. */
struct gbx_wanted {
	Glassbox__Library **slot; /* open addressing; NULL: free */
	size_t slots, len;
};

void gbx_wanted_free(struct gbx_wanted *w);
/* A path that is there is there once. */
int gbx_wanted_add(struct gbx_wanted *w, Glassbox__Library *library, struct gbx_error *err) GBX_MUST_USE;
/* The library whose path is before and path together, or NULL; for almost all other paths after one look. */
Glassbox__Library *gbx_wanted_find(const struct gbx_wanted *w, struct gbx_slice before, struct gbx_slice path);

#endif
