/* A verification's report, for a person and as JSON. */
#ifndef GBX_CLI_VERIFY_PRINT_H
#define GBX_CLI_VERIFY_PRINT_H

#include "bundle/report.h"

/* Both print on standard output; not 0 where that failed. */
int gbx_print_report(const struct gbx_report *r, enum gbx_verdict verdict, bool verbose);
int gbx_print_report_json(const struct gbx_report *r, enum gbx_verdict verdict);

#endif
