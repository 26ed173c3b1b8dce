/* A capture's result as the one message that the child sends to its parent. */
#ifndef GBX_CAPTURE_REPORT_H
#define GBX_CAPTURE_REPORT_H

#include "capture/code.h"

/* Appends the message, without a frame. */
int gbx_report_pack(const struct gbx_code_result *r, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* Reads it strictly; `answers` is the number of questions that were asked. */
int gbx_report_parse(struct gbx_slice message, size_t answers, struct gbx_code_result *out, struct gbx_error *err) GBX_MUST_USE;

#endif
