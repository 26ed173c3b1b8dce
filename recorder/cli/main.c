#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/veil.h"
#include "digest/hash.h"

static const struct gbx_command *const commands[] = {
	&gbx_cmd_run,  &gbx_cmd_ls,	 &gbx_cmd_show,	  &gbx_cmd_records, &gbx_cmd_diff, &gbx_cmd_seal,
	&gbx_cmd_sign, &gbx_cmd_publish, &gbx_cmd_disclose, &gbx_cmd_hash, &gbx_cmd_verify, &gbx_cmd_key,
	&gbx_cmd_reindex,
	&gbx_cmd_rm,   &gbx_cmd_gc,	 &gbx_cmd_du,	   &gbx_cmd_doctor,   &gbx_cmd_completion,
};
#define COMMANDS (sizeof commands / sizeof *commands)

const struct gbx_command *const *gbx_commands(size_t *count)
{
	*count = COMMANDS;
	return commands;
}

static const char *command_name(size_t i)
{
	return commands[i]->name;
}

static const struct gbx_command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static void print_overview(void)
{
	printf("glassbox " GBX_VERSION ": records what goes into a training run, so that a stranger can check it\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
	printf("\n'glassbox COMMAND --help' tells more of each.\n");
}

static int unknown(const char *said)
{
	const char *near = gbx_nearest(said, command_name, COMMANDS);
	char shown[80], line[256];

	gbx_printable_in(gbx_slice_text(said), shown, sizeof shown);
	if (near)
		snprintf(line, sizeof line, "unknown command '%s'; did you mean '%s'?", shown, near);
	else
		snprintf(line, sizeof line, "unknown command '%s'; 'glassbox --help' lists them", shown);
	gbx_say(line);
	return GBX_EXIT_USAGE;
}

static int run_command(const struct gbx_command *c, char **argv)
{
	struct gbx_given given;
	struct gbx_error err;

	if (gbx_options_parse("glassbox", c, argv, &given, &err)) {
		/* The line begins with the program's name. */
		gbx_hide_secrets(err.line, sizeof err.line);
		gbx_make_plain(err.line);
		fprintf(stderr, "%s\n", err.line);
		if (err.code != GBX_E_NOMEM)
			return c->usage_status;
		return c == &gbx_cmd_run ? gbx_run_without_memory(argv) : GBX_EXIT_UNSURE;
	}
	bool help = gbx_flag(&given, "help");
	if (help)
		gbx_print_help("glassbox", c);
	int status = help ? gbx_end_output(GBX_EXIT_OK) : c->run(&given);
	gbx_given_free(&given);
	return status;
}

int main(int argc, char **argv)
{
	const char *said = argc > 1 ? argv[1] : NULL;

	gbx_veil_memory();
	gbx_hold_standard_fds();
	gbx_crypto_without_config();
	if (!said) {
		gbx_say("expected a command; 'glassbox --help' lists them");
		return GBX_EXIT_USAGE;
	}
	if (strcmp(said, "--version") == 0 || strcmp(said, "version") == 0) {
		printf("glassbox " GBX_VERSION "\n");
		return gbx_end_output(GBX_EXIT_OK);
	}
	if (strcmp(said, "--help") == 0 || strcmp(said, "-h") == 0 || strcmp(said, "help") == 0) {
		const struct gbx_command *about = argc > 2 ? find(argv[2]) : NULL;
		if (about)
			gbx_print_help("glassbox", about);
		else
			print_overview();
		return gbx_end_output(GBX_EXIT_OK);
	}
	const struct gbx_command *c = find(said);
	if (c == &gbx_cmd_run) {
		argv = gbx_veil_take(argv);
		gbx_veil_arguments(NULL);
	}
	return c ? run_command(c, argv + 2) : unknown(said);
}
