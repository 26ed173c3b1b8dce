#include "cli/output.h"

#include <errno.h>
#include <stdio.h>

/* What stdio could not write, it may have failed to write long ago: then errno is another call's. */
int gbx_output_end(struct gbx_error *err)
{
	bool lost = ferror(stdout);

	errno = 0;
	if (fflush(stdout) == 0 && !lost)
		return 0;
	return gbx_fail_errno(err, errno ? errno : EIO, "cannot write to standard output, so the result is not whole");
}
