/* A verification's report, for a person and as JSON. */
#ifndef GBX_CLI_VERIFY_PRINT_H
#define GBX_CLI_VERIFY_PRINT_H

#include "bundle/report.h"

/* Both print on standard output; an error where not all of it was written: then the verdict is not told. */
int gbx_print_report(const struct gbx_report *r, enum gbx_verdict verdict, bool verbose, struct gbx_error *err) GBX_MUST_USE;
int gbx_print_report_json(const struct gbx_report *r, enum gbx_verdict verdict, struct gbx_error *err) GBX_MUST_USE;

#endif
