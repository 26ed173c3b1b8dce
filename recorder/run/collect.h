/* Collecting: what no run of a store needs is deleted (glassbox gc). */
#ifndef GBX_RUN_COLLECT_H
#define GBX_RUN_COLLECT_H

#include "store/usage.h"

/* What is younger than this stays: on a store that machines share, a run may begin while another machine collects, and what it wrote
 * before its first record is not to be told from what somebody left behind. */
#define GBX_COLLECT_GRACE_SECONDS 3600u


struct gbx_collected {
	struct gbx_usage removed;   /* runs whose removal was interrupted, and what was left of them */
	struct gbx_usage runs;      /* folders of runs that never began: nothing was acknowledged in them */
	struct gbx_usage files;     /* blobs and manifests that no record of their sealed run names */
	struct gbx_usage rings;     /* of killed processes, whose points are all in the journals of their sealed run */
	struct gbx_usage temporary; /* files of writes that were interrupted */
	struct gbx_usage objects;   /* git objects that no snapshot of a run reaches */
};

/* GBX_E_REFUSED, and nothing deleted, while a run is open (running, silent, or with a job that lives), while somebody works in the store
 * on this machine, and where a run cannot be read, so that what it needs is not known. GBX_E_NOTFOUND where a snapshot's tree cannot be
 * read. With dry_run it only counts. say may be NULL. */
int gbx_collect(const struct gbx_store *s, bool dry_run, void (*say)(const char *line), struct gbx_collected *out,
		struct gbx_error *err) GBX_MUST_USE;

#endif
