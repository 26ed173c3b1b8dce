/* glassbox rm: removes a run from the store. */
#include <stdio.h>

#include "cli/cli.h"
#include "run/remove.h"
#include "store/removed.h"

static const struct gbx_option options[] = {
	{"force", 0, NULL, "a run that is signed or published, too; the owner log says then that it was removed, which needs the key"},
	{"dead", 0, NULL, "the run is over, though it cannot be seen from here"},
	{"key", 'k', "FILE", "the key; else GLASSBOX_KEY or the user's own"},
	{"passphrase-file", 0, "FILE", "the key's passphrase"},
	{"store", 0, "DIR", "the store"},
	{"help", 'h', NULL, "print this"},
	{0},
};

/* What an interrupted removal left. */
static int finish_others(const struct gbx_store *store, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names removed = {0};
	int rc = gbx_removed_names(store, &removed, err);

	for (size_t i = 0; rc == 0 && i < removed.len; i++)
		if (gbx_removed_unfinished(store, removed.name[i]))
			rc = gbx_remove_rest(store, removed.name[i], gbx_say, err);
	return rc;
}

/* The removal of a signed run is refused without its key, before anything is changed. */
static int open_key(const struct gbx_given *given, const char *run, struct gbx_identity *id, struct gbx_error *err)
{
	int rc = gbx_open_identity(given, id, err);

	return rc ? gbx_fail_context(err, "run %s is signed, and the owner log must say that it was removed", run) : 0;
}

static int remove_run(const struct gbx_given *given, const struct gbx_store *store, const char *run, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_identity_free) struct gbx_identity id = {0};
	struct gbx_remove_options o = {.force = gbx_flag(given, "force"), .dead = gbx_flag(given, "dead"), .say = gbx_say};
	bool needs_key = false;
	int rc = gbx_remove_check(store, run, &o, &needs_key, err);

	if (rc == 0 && needs_key)
		rc = open_key(given, run, &id, err);
	o.id = id.key ? &id : NULL;
	if (rc == 0)
		rc = gbx_remove_run(store, run, &o, err);
	/* Another rm was faster, and what was seen of the run was on its way out. */
	return rc == GBX_E_REFUSED && gbx_removed_when(store, run, NULL) ? gbx_removed_tell(store, run, err) : rc;
}

static int cmd_rm(const struct gbx_given *given)
{
	GBX_CLEANUP(gbx_store_free) struct gbx_store store = {0};
	char run[GBX_ULID_TEXT + 1], line[128];
	struct gbx_error err;
	int rc = gbx_open_store(given, &store, &err);

	if (rc == 0)
		rc = gbx_store_own(&store, &err);
	if (rc == 0)
		rc = finish_others(&store, &err);
	gbx_store_free(&store);
	if (rc == 0)
		rc = gbx_open_run(given, &store, run, &err);
	if (rc == 0)
		rc = remove_run(given, &store, run, &err);
	if (rc)
		return gbx_complain(&err);
	snprintf(line, sizeof line, "run %s is removed; 'glassbox gc' frees what it held of the code", run);
	gbx_say(line);
	return GBX_EXIT_OK;
}

const struct gbx_command gbx_cmd_rm = {
	.name = "rm",
	.usage = "RUN [--force] [--dead] [--key FILE]",
	.summary = "remove a run; a signed or published one only with --force",
	.options = options,
	.least = 1,
	.most = 1,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_rm,
};
