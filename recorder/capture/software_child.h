/* The process that looks at a running job from beside it, at a low priority: what happens there is a gap, never the job's trouble. */
#ifndef GBX_CAPTURE_SOFTWARE_CHILD_H
#define GBX_CAPTURE_SOFTWARE_CHILD_H

#include "base/child.h"

struct gbx_software_child {
	struct gbx_child child; /* child.fd gives SoftwareReport messages, one a TFRecord; the last says that it is */
	uint64_t pid;           /* of the job */
};

/* Starts it; *c must stay where it is until the child has ended. It looks often at first, then every minute, tells what is new when the
 * job has settled, and ends by itself when the job does. Before threads are started. */
int gbx_software_child_start(struct gbx_software_child *c, uint64_t pid, struct gbx_error *err) GBX_MUST_USE;

#endif
