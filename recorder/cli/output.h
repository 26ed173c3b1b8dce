/* The end of what a program prints on standard output. */
#ifndef GBX_CLI_OUTPUT_H
#define GBX_CLI_OUTPUT_H

#include "base/error.h"

/* Writes what stdio still holds. GBX_E_IO where that, or anything printed before, was not written: the result is not whole. */
int gbx_output_end(struct gbx_error *err) GBX_MUST_USE;

#endif
