/* Where store and key are: the only reader of the environment. */
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "cli/cli.h"

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

const char *gbx_home(void)
{
	const char *home = environment("HOME");
	struct passwd *entry = home ? NULL : getpwuid(getuid());

	return home ? home : entry ? entry->pw_dir : NULL;
}

void gbx_store_choice(const struct gbx_given *given, struct gbx_store_choice *out)
{
	*out = (struct gbx_store_choice){
		.option = gbx_value(given, "store"),
		.environment = environment("GLASSBOX_STORE"),
		.state_home = environment("XDG_STATE_HOME"),
		.home = gbx_home(),
	};
}

/* The store, and the root of the work tree that we are in (or NULL), which is the caller's to free. */
static int open_store(const struct gbx_given *given, struct gbx_store *out, char **work_tree, struct gbx_error *err)
{
	GBX_AUTO_STRING char *cwd = NULL, *git_dir = NULL;
	struct gbx_store_choice choice;
	struct gbx_error ignored;

	*work_tree = NULL;
	gbx_store_choice(given, &choice);
	if (gbx_getcwd(&cwd, &ignored) == 0 && gbx_git_find(cwd, work_tree, &git_dir, &ignored) == 0)
		choice.git_dir = git_dir;
	return gbx_store_find(&choice, out, err);
}

int gbx_open_store(const struct gbx_given *given, struct gbx_store *out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *work_tree = NULL;

	return open_store(given, out, &work_tree, err);
}

/* Where an index can lie if not in the store; the last may be on a disk of this machine where the home folder is not. */
struct places {
	char *folder[4]; /* ended by NULL */
	struct gbx_index_options options;
};

static void free_places(struct places *p)
{
	for (size_t i = 0; i < sizeof p->folder / sizeof *p->folder; i++)
		gbx_free(p->folder[i]);
}

/* A place that there is no memory for ends the list. */
static void find_places(struct places *p)
{
	const char *cache = environment("XDG_CACHE_HOME");
	size_t n = 0;

	*p = (struct places){.options = {.cache = (const char *const *)p->folder, .say = gbx_say}};
	if (cache && *cache == '/')
		p->folder[n++] = gbx_path_join(cache, "glassbox");
	if (gbx_home())
		p->folder[n++] = gbx_path_join(gbx_home(), ".cache/glassbox");
	p->folder[n] = gbx_asprintf("/var/tmp/glassbox-%u", (unsigned)geteuid());
}

int gbx_open_index(const struct gbx_store *store, struct gbx_index **out, struct gbx_error *err)
{
	struct places places;

	find_places(&places);
	int rc = gbx_index_open(store, &places.options, out, err);
	free_places(&places);
	return rc;
}

int gbx_rebuild_index(const struct gbx_store *store, struct gbx_index_built *built, struct gbx_error *err)
{
	struct places places;

	find_places(&places);
	int rc = gbx_index_rebuild(store, &places.options, built, err);
	free_places(&places);
	return rc;
}

/* The runs that the first arguments say. */
static int open_runs(const struct gbx_given *given, struct gbx_store *store, char (*run)[GBX_ULID_TEXT + 1], size_t count,
		     struct gbx_error *err)
{
	GBX_AUTO_STRING char *work_tree = NULL;
	struct places places;
	int rc = open_store(given, store, &work_tree, err);

	if (rc)
		return rc;
	find_places(&places);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = gbx_run_resolve(store, &places.options, given->argument[i], work_tree, run[i], err);
	free_places(&places);
	if (rc)
		gbx_store_free(store);
	return rc;
}

int gbx_open_run(const struct gbx_given *given, struct gbx_store *store, char run[GBX_ULID_TEXT + 1], struct gbx_error *err)
{
	char found[1][GBX_ULID_TEXT + 1];
	int rc = open_runs(given, store, found, 1, err);

	if (rc == 0)
		memcpy(run, found[0], sizeof found[0]);
	return rc;
}

int gbx_open_runs(const struct gbx_given *given, struct gbx_store *store, char run[2][GBX_ULID_TEXT + 1], struct gbx_error *err)
{
	return open_runs(given, store, run, 2, err);
}

int gbx_key_path(const struct gbx_given *given, char **path, bool *asked, struct gbx_error *err)
{
	const char *named = gbx_value(given, "key"), *config = environment("XDG_CONFIG_HOME");

	if (!named)
		named = environment("GLASSBOX_KEY");
	*asked = named != NULL;
	if (named)
		*path = gbx_strdup(named);
	else if (config)
		*path = gbx_path_join(config, "glassbox/key.pem");
	else if (gbx_home())
		*path = gbx_path_join(gbx_home(), ".config/glassbox/key.pem");
	else
		return 0;
	/* None for want of memory is not none: what should be signed would go out unsigned. */
	return *path ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
}
