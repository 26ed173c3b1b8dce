/* A header of rpm's database: numbers and texts by their tags. */
#ifndef GBX_CAPTURE_RPM_HEADER_H
#define GBX_CAPTURE_RPM_HEADER_H

#include "base/bytes.h"

enum gbx_rpm_tag {
	GBX_RPM_NAME = 1000,
	GBX_RPM_VERSION = 1001,
	GBX_RPM_RELEASE = 1002,
	GBX_RPM_EPOCH = 1003,
	GBX_RPM_ARCH = 1022,
	GBX_RPM_DIRINDEXES = 1116,
	GBX_RPM_BASENAMES = 1117,
	GBX_RPM_DIRNAMES = 1118,
};

struct gbx_rpm_header {
	struct gbx_slice entries, data; /* borrowed */
};

/* GBX_E_MALFORMED where blob is no header, GBX_E_LIMIT where it has too many entries. */
int gbx_rpm_header(struct gbx_slice blob, struct gbx_rpm_header *out, struct gbx_error *err) GBX_MUST_USE;
/* Number or text `index` of a tag; false where it is not there. Texts point into blob and have a NUL behind them. */
bool gbx_rpm_number(const struct gbx_rpm_header *h, enum gbx_rpm_tag tag, uint32_t index, uint32_t *out);
bool gbx_rpm_text(const struct gbx_rpm_header *h, enum gbx_rpm_tag tag, uint32_t index, struct gbx_slice *out);

#endif
