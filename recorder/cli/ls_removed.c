#include "cli/ls_removed.h"

#include <stdio.h>

#include "base/json.h"
#include "cli/cli.h"
#include "store/removed.h"

static json_t *time_json(uint64_t nanos)
{
	return nanos ? gbx_json_time(nanos) : json_null();
}

static int print_json(const struct gbx_store *store, const struct gbx_names *runs)
{
	json_t *all = json_array();

	for (size_t i = runs->len; i > 0; i--) {
		uint64_t nanos = 0;
		(void)gbx_removed_when(store, runs->name[i - 1], &nanos);
		gbx_json_push(&all, json_pack("{s:s, s:s, s:o}", "run", runs->name[i - 1], "state", "removed", "removed", time_json(nanos)));
	}
	return gbx_print_json(json_pack("{s:s, s:o}", "format", "glassbox.ls/1", "runs", all), GBX_EXIT_OK);
}

static int print(const struct gbx_store *store, const struct gbx_names *runs)
{
	char when[32];

	if (runs->len)
		printf("%-26s  %s\n", "RUN", "REMOVED");
	for (size_t i = runs->len; i > 0; i--) {
		uint64_t nanos = 0;
		(void)gbx_removed_when(store, runs->name[i - 1], &nanos);
		gbx_time_text(nanos, when);
		printf("%s  %s\n", runs->name[i - 1], nanos ? when : "-");
	}
	return fflush(stdout) || ferror(stdout) ? GBX_EXIT_UNSURE : GBX_EXIT_OK;
}

int gbx_ls_removed(const struct gbx_given *given)
{
	GBX_CLEANUP(gbx_store_free) struct gbx_store store = {0};
	GBX_CLEANUP(gbx_names_free) struct gbx_names runs = {0};
	struct gbx_error err;
	int rc = gbx_open_store(given, &store, &err);

	if (rc == 0)
		rc = gbx_removed_names(&store, &runs, &err);
	if (rc)
		return gbx_complain(&err);
	return gbx_flag(given, "json") ? print_json(&store, &runs) : print(&store, &runs);
}
