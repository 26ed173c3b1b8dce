/* Lines of /proc/PID/maps. */
#ifndef GBX_CAPTURE_MAPS_H
#define GBX_CAPTURE_MAPS_H

#include "base/bytes.h"

struct gbx_mapping {
	struct gbx_slice range; /* "start-end", the name below /proc/PID/map_files */
	bool executable;
	uint32_t major, minor;  /* of the device */
	uint64_t inode;
	struct gbx_slice path;  /* as the kernel writes it: a newline is \012 */
	bool deleted;           /* no name leads to it any more; path is without the kernel's word for that */
};

/* False for a line that is no mapping of a file: anonymous memory, a device's, "[stack]", or not a line of this file. Points into line. */
bool gbx_mapping_parse(struct gbx_slice line, struct gbx_mapping *out);

/* Appends the path as it is on the disk. */
int gbx_mapping_path(struct gbx_slice path, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;

#endif
