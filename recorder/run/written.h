/* Configs that the job wrote: what Hydra composed of its config files, groups and overrides, in a folder `.hydra` of its output. */
#ifndef GBX_RUN_WRITTEN_H
#define GBX_RUN_WRITTEN_H

#include "run/configs.h"
#include "run/declared.h"

/* Adds the folders in which it may be: declared outputs, what hydra.run.dir and hydra.sweep.dir say in the command, and Hydra's own
 * defaults, `outputs` and `multirun`. Paths are absolute or count from cwd. */
int gbx_written_places(const struct gbx_arguments *a, const struct gbx_declared_list *declared, const char *cwd, struct gbx_names *out,
		       struct gbx_error *err) GBX_MUST_USE;

/* When the job has ended: records each `.hydra` with a config.yaml that is newer than the job's start, at most three folders deep. Folders
 * in which nothing was made since are not looked into. */
void gbx_put_written(struct gbx_recorder *r, const struct gbx_names *places);

#endif
