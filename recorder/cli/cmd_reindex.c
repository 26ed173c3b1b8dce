/* glassbox reindex: builds the index of a store anew, from its journals alone. */
#include <stdio.h>

#include "cli/cli.h"

static const struct gbx_option options[] = {
	{"store", 0, "DIR", "the store"},
	{"quiet", 'q', NULL, "say nothing but what is wrong"},
	{"help", 'h', NULL, "print this"},
	{0},
};

static int cmd_reindex(const struct gbx_given *given)
{
	GBX_CLEANUP(gbx_store_free) struct gbx_store store = {0};
	struct gbx_error err;
	char line[128];
	struct gbx_index_built built;
	int rc = gbx_open_store(given, &store, &err);

	if (rc == 0)
		rc = gbx_rebuild_index(&store, &built, &err);
	if (rc)
		return gbx_complain(&err);
	snprintf(line, sizeof line, "the index has %llu run%s, read from their journals", (unsigned long long)built.runs,
		 built.runs == 1 ? "" : "s");
	if (!gbx_flag(given, "quiet"))
		gbx_say(line);
	return built.failed ? GBX_EXIT_UNSURE : GBX_EXIT_OK;
}

const struct gbx_command gbx_cmd_reindex = {
	.name = "reindex",
	.usage = "[--store DIR]",
	.summary = "build the index of runs anew from the journals",
	.options = options,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_reindex,
};
