/* Everything that a record says in words, as one text to be searched: names, values, paths, addresses, what was printed, and the content
 * of its file. By the schema's own descriptors, so that a new kind of record needs no line here. */
#ifndef GBX_RUN_SAID_H
#define GBX_RUN_SAID_H

#include "journal/record.h"
#include "store/store.h"

/* The content that a record has outside the journal: a config, or a value that is large. NULL: none. */
const Glassbox__Blob *gbx_body_file(const Glassbox__Body *body);

/* Whether a field of bytes is a text: no digest or id. */
bool gbx_is_said(const ProtobufCFieldDescriptor *field);

/* Appends to *out each text of a record, a NUL between two, and then the same with escapes resolved, where there are some. A path below
 * "/" begins with that. Nothing for what says only of which make a machine is, and for records that are never withheld. A file that is
 * not in the store any more says nothing. */
int gbx_said(const struct gbx_store *store, const char *run, const Glassbox__Body *body, struct gbx_bytes *out,
	     struct gbx_error *err) GBX_MUST_USE;

#endif
