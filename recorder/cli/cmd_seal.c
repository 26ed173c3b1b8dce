/* glassbox seal: ends the record of a run whose job has ended. */
#include <stdio.h>

#include "cli/cli.h"
#include "run/seal.h"

static const struct gbx_option options[] = {
	{"dead", 0, NULL, "the run is over, though it cannot be seen from here"},
	{"store", 0, "DIR", "the store"},
	{"help", 'h', NULL, "print this"},
	{0},
};

static int cmd_seal(const struct gbx_given *given)
{
	GBX_CLEANUP(gbx_store_free) struct gbx_store store = {0};
	char run[GBX_ULID_TEXT + 1], line[128];
	bool changed = false;
	struct gbx_error err;
	int rc = gbx_open_run(given, &store, run, &err);

	if (rc == 0)
		rc = gbx_seal_run(&store, run, gbx_flag(given, "dead"), gbx_say, &changed, &err);
	if (rc)
		return gbx_complain(&err);
	snprintf(line, sizeof line, changed ? "run %s is sealed; sign it with: glassbox sign %s" : "run %s was sealed already", run, run);
	gbx_say(line);
	return GBX_EXIT_OK;
}

const struct gbx_command gbx_cmd_seal = {
	.name = "seal",
	.usage = "RUN [--dead]",
	.summary = "seal a run that has ended: finish its hashes and close its record",
	.options = options,
	.least = 1,
	.most = 1,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_seal,
};
