/* What lies behind the last good record of a journal: the rest of one that was being written, or damage. */
#ifndef GBX_JOURNAL_DAMAGE_H
#define GBX_JOURNAL_DAMAGE_H

#include "base/bytes.h"

struct gbx_damage {
	uint64_t bytes;  /* from there to the end of the file */
	uint64_t intact; /* whole records among them: both CRCs and the form are right. More than 0: damage, and no torn tail */
};

/* Looks at what lies behind offset, where the reader met its first bad frame; at most GBX_LIMIT_DAMAGE bytes of it. */
int gbx_damage_look(int fd, uint64_t offset, struct gbx_damage *out, struct gbx_error *err) GBX_MUST_USE;

#endif
