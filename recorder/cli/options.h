/* Options as data: parsing, usage and "did you mean" come from the same arrays. */
#ifndef GBX_CLI_OPTIONS_H
#define GBX_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct gbx_option {
	const char *name;  /* long, without dashes; NULL ends an array */
	char letter;       /* or 0 */
	const char *value; /* what stands for its value in the usage; NULL: a flag */
	const char *help;
};

struct gbx_given;

struct gbx_command {
	const char *name;
	const char *usage;   /* what follows the name */
	const char *summary; /* one line */
	const struct gbx_option *options;
	size_t least, most;  /* arguments */
	bool takes_command;  /* everything behind `--`, or from the first argument on, is the job's */
	int usage_status;    /* exit status of wrong usage */
	int (*run)(const struct gbx_given *given);
};

/* What a command line says. */
struct gbx_given {
	const char *program;
	const struct gbx_command *command;
	struct {
		const struct gbx_option *option;
		const char *value;
	} *set;
	size_t sets;
	char **argument; /* ended by NULL */
	size_t arguments;
};

/* Reads argv behind the command's name. GBX_E_USAGE with what was expected and the nearest option. Free with gbx_given_free. */
int gbx_options_parse(const char *program, const struct gbx_command *command, char **argv, struct gbx_given *out,
		      struct gbx_error *err) GBX_MUST_USE;
void gbx_given_free(struct gbx_given *given);

bool gbx_flag(const struct gbx_given *given, const char *name);
/* The last value, or NULL. */
const char *gbx_value(const struct gbx_given *given, const char *name);
/* All values, in order; the array is the caller's to free with gbx_free, NULL without memory. */
const char **gbx_values(const struct gbx_given *given, const char *name, size_t *len);

/* Prints usage and options on standard output. */
void gbx_print_help(const char *program, const struct gbx_command *command);
/* The nearest of several names, or NULL where none is near. */
const char *gbx_nearest(const char *said, const char *(*name)(size_t i), size_t count);

#endif
