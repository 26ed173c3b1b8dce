/* What was found of a job's software as the messages that the process which looks sends to the recorder. */
#ifndef GBX_CAPTURE_SOFTWARE_REPORT_H
#define GBX_CAPTURE_SOFTWARE_REPORT_H

#include "capture.pb-c.h"
#include "capture/software.h"

/* Appends the message, without a frame; last: none follows. */
int gbx_software_pack(const struct gbx_software *s, bool last, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;

/* Reads it strictly; *out points into memory. */
int gbx_software_parse(struct gbx_arena *memory, struct gbx_slice message, const Glassbox__SoftwareReport **out, struct gbx_error *err) GBX_MUST_USE;

#endif
