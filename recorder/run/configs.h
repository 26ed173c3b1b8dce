/* Config files: those that are given, and those that the job's command names. */
#ifndef GBX_RUN_CONFIGS_H
#define GBX_RUN_CONFIGS_H

#include "capture/code.h"
#include "run/arguments.h"

struct gbx_config_file {
	char *path;        /* absolute */
	uint32_t argument; /* the one that names it; 0: --config does */
	bool guessed;      /* by its name alone */
	bool written;      /* by the job, among its outputs */
	const char *only;  /* the parameters whose names begin so; NULL: all; "": none */
};

/* {0} is an empty list. */
struct gbx_config_files {
	struct gbx_config_file *file;
	size_t len, cap;
};

#define GBX_AUTO_CONFIG_FILES GBX_CLEANUP(gbx_config_files_free)

void gbx_config_files_free(struct gbx_config_files *list);

/* Adds what --config says, whatever is there; paths count from cwd. */
int gbx_config_files_add(struct gbx_config_files *list, const char *said, const char *cwd, struct gbx_error *err) GBX_MUST_USE;
/* Adds the files that the command names and that are there, none twice. */
int gbx_config_files_find(struct gbx_config_files *list, const struct gbx_arguments *a, struct gbx_error *err) GBX_MUST_USE;

/* A config with its parameters; head says whether HEAD holds the same bytes at its path, or is NULL. */
void gbx_put_config(struct gbx_recorder *r, const struct gbx_config_file *file, const struct gbx_code_answer *head);

#endif
