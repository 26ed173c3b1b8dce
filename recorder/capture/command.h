/* What a command line says: the parameters of the training script in the forms that trainers take, those of the launchers before it,
 * and words that may be config files. docs/decisions/command-line.md says what each form means.
 *
 * Nothing is opened or run; the words may be any bytes. */
#ifndef GBX_CAPTURE_COMMAND_H
#define GBX_CAPTURE_COMMAND_H

#include "capture/parameters.h"

/* A word that is the path of a config file, if there is such a file. */
struct gbx_config_word {
	struct gbx_slice path; /* of the command's words */
	uint32_t index;
	bool named; /* an option says that it is one; else its name alone does */
};

/* {0} is an empty one. */
struct gbx_command {
	struct gbx_parameters parameters; /* as they stand in the command, one for each time that a name is said */
	struct gbx_config_word *config;
	size_t configs, configs_cap;
	size_t script;    /* index of the program or script that the arguments are for */
	uint64_t skipped; /* parameters left out: name over GBX_LIMIT_PATH, or name or value not UTF-8 */
};

#define GBX_AUTO_COMMAND GBX_CLEANUP(gbx_command_free)

void gbx_command_free(struct gbx_command *c);

/* Reads n words, which stay the caller's and must stay; those that hold secrets are given in their masked form. Fails only without
 * memory. Fills *out, which is to be freed whatever is returned. */
int gbx_command_read(const struct gbx_slice *word, size_t n, struct gbx_command *out, struct gbx_error *err) GBX_MUST_USE;

#endif
