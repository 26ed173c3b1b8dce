/* glassbox-verify: verifies a published bundle, and does nothing else. It trusts no key but those given with --key. */
#include <stdio.h>

#include "base/io.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/verify.h"
#include "digest/hash.h"

static int run(const struct gbx_given *given)
{
	return gbx_verify_command(given, NULL);
}

static int end_output(void)
{
	struct gbx_error err;

	if (gbx_output_end(&err) == 0)
		return 0;
	fprintf(stderr, "glassbox-verify: %s\n", err.line);
	return 3;
}

static const struct gbx_command command = {
	.name = "",
	.usage = "BUNDLE [--key FILE]... [--data DIR]... [--artifacts DIR] [--against OLD] [--require LIST] [--json]",
	.summary = "glassbox-verify " GBX_VERSION ": checks a published bundle (a folder, a tar file, or - for a tar on standard input),\noffline.\n"
		   "Exit status: 0 verified, 1 the evidence is bad, 2 wrong usage, 3 could not tell (unsigned, nobody trusts the key, "
		   "missing or malformed parts).",
	.options = gbx_verify_options,
	.least = 1,
	.most = 1,
	.usage_status = 2,
	.run = run,
};

int main(int argc, char **argv)
{
	struct gbx_given given;
	struct gbx_error err;

	(void)argc;
	gbx_hold_standard_fds();
	gbx_crypto_without_config();
	if (gbx_options_parse("glassbox-verify", &command, argv + 1, &given, &err)) {
		gbx_make_plain(err.line);
		fprintf(stderr, "%s\n", err.line);
		return err.code == GBX_E_NOMEM ? 3 : 2;
	}
	bool help = gbx_flag(&given, "help"), version = gbx_flag(&given, "version");
	if (help)
		gbx_print_help("glassbox-verify", &command);
	else if (version)
		printf("glassbox-verify " GBX_VERSION "\n");
	int status = help || version ? end_output() : command.run(&given);
	gbx_given_free(&given);
	return status;
}
