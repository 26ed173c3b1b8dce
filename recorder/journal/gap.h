/* Names of gaps, the same in JSON, on the screen and in the docs. */
#ifndef GBX_JOURNAL_GAP_H
#define GBX_JOURNAL_GAP_H

#include "record.pb-c.h"

const char *gbx_gap_kind_name(Glassbox__Gap__Kind kind);
const char *gbx_gap_reason_name(Glassbox__Gap__Reason reason);
/* The kind in words: what is not there. */
const char *gbx_gap_kind_words(Glassbox__Gap__Kind kind);
const char *gbx_gap_reason_words(Glassbox__Gap__Reason reason);

#endif
