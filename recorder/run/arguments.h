/* The job's command: its arguments, and the parameters that they say. */
#ifndef GBX_RUN_ARGUMENTS_H
#define GBX_RUN_ARGUMENTS_H

#include "capture/command.h"
#include "run/recorder.h"

/* As it is recorded: without its secrets. {0} is an empty one. */
struct gbx_arguments {
	struct gbx_slice *word; /* with a NUL behind each */
	size_t *hits; /* secrets that were found in each */
	size_t len;
	struct gbx_arena memory;
	struct gbx_command said; /* of these words */
};

#define GBX_AUTO_ARGUMENTS GBX_CLEANUP(gbx_arguments_free)

/* argv ends with NULL. Fails only without memory. Fills *out, which is to be freed whatever is returned. */
int gbx_arguments_read(const struct gbx_scanner *scanner, char *const *argv, struct gbx_arguments *out, struct gbx_error *err) GBX_MUST_USE;
void gbx_arguments_free(struct gbx_arguments *a);

/* One record an argument and one for each parameter, both in random order. */
void gbx_put_arguments(struct gbx_recorder *r, struct gbx_arguments *a);

/* Parameters of one source, in random order; of one name the last one last. config: of a CONFIG or WRITTEN; else NULL. */
void gbx_put_parameters(struct gbx_recorder *r, const struct gbx_parameters *list, Glassbox__Parameter__Source source,
			const struct gbx_ref *config);
/* Each --param as given. */
void gbx_put_params(struct gbx_recorder *r, const char *const *param, size_t len);

#endif
