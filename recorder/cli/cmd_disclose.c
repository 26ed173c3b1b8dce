/* glassbox disclose: a published run once more, with records shown that were withheld. */
#include <stdint.h>

#include "cli/publishing.h"

static const struct gbx_option options[] = {
	{"out", 'o', "PATH", "the new bundle: a folder, or one file where it ends in .tar; must not exist"},
	{"key", 'k', "FILE", "sign with this key; else GLASSBOX_KEY or the user's own"},
	{"passphrase-file", 0, "FILE", "the key's passphrase"},
	{"store", 0, "DIR", "the store"},
	{"quiet", 'q', NULL, "say nothing but what went wrong"},
	{"help", 'h', NULL, "print this"},
	{0},
};

static int cmd_disclose(const struct gbx_given *given)
{
	struct gbx_publish_options o = {.disclose = (const char *const *)given->argument + 1, .disclosures = given->arguments - 1};
	struct gbx_error err;
	int rc = gbx_publishing_out(given, &o.out, &err);

	if (rc == 0)
		rc = gbx_publish_parse(&o, &err);
	return rc ? gbx_complain(&err) : gbx_publishing_do(given, &o);
}

const struct gbx_command gbx_cmd_disclose = {
	.name = "disclose",
	.usage = "RUN SELECTOR... -o NEW",
	.summary = "publish a run again, with records shown that were withheld",
	.options = options,
	.least = 2,
	.most = SIZE_MAX,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_disclose,
};
