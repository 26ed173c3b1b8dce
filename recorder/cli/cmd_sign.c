/* glassbox sign: signs a sealed run. */
#include <stdio.h>

#include "cli/cli.h"
#include "run/sign.h"

static const struct gbx_option options[] = {
	{"key", 'k', "FILE", "the key; else GLASSBOX_KEY or the user's own"},
	{"passphrase-file", 0, "FILE", "the key's passphrase"},
	{"store", 0, "DIR", "the store"},
	{"help", 'h', NULL, "print this"},
	{0},
};

static int cmd_sign(const struct gbx_given *given)
{
	GBX_CLEANUP(gbx_store_free) struct gbx_store store = {0};
	GBX_CLEANUP(gbx_identity_free) struct gbx_identity id = {0};
	char run[GBX_ULID_TEXT + 1], line[512];
	struct gbx_error err;
	int rc = gbx_open_run(given, &store, run, &err);

	if (rc == 0)
		rc = gbx_open_identity(given, &id, &err);
	if (rc == 0)
		rc = gbx_sign_run(&store, run, &id, &err);
	if (rc)
		return gbx_complain(&err);
	snprintf(line, sizeof line, "run %s is signed by %s", run, id.owner);
	gbx_say(line);
	return GBX_EXIT_OK;
}

const struct gbx_command gbx_cmd_sign = {
	.name = "sign",
	.usage = "RUN [--key FILE]",
	.summary = "sign a sealed run",
	.options = options,
	.least = 1,
	.most = 1,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_sign,
};
