/* glassbox verify: checks a bundle; trusts the user's own key where --key names none. */
#include <stdio.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/verify.h"

static int cmd_verify(const struct gbx_given *given)
{
	if (gbx_flag(given, "version")) {
		printf("glassbox " GBX_VERSION "\n");
		return GBX_EXIT_OK;
	}
	/* --key means the keys to trust here, so the default place is looked up without it. */
	struct gbx_given without = {.program = given->program, .command = given->command};
	GBX_AUTO_STRING char *path = NULL;
	struct gbx_error err;
	bool asked;

	int rc = gbx_key_path(&without, &path, &asked, &err);
	GBX_AUTO_STRING char *own = path ? gbx_key_sibling(path, ".pub") : NULL;
	if (path && !own)
		rc = gbx_fail(&err, GBX_E_NOMEM, "no memory for a path");
	return rc ? gbx_complain(&err) : gbx_verify_command(given, own);
}

const struct gbx_command gbx_cmd_verify = {
	.name = "verify",
	.usage = "BUNDLE [--key FILE]... [--data DIR]... [--artifacts DIR] [--against OLD] [--require LIST]",
	.summary = "check a bundle: what was used, shown and withheld, and that nothing was changed",
	.options = gbx_verify_options,
	.least = 1,
	.most = 1,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_verify,
};
