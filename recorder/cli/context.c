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

int gbx_open_run(const struct gbx_given *given, struct gbx_store *store, char run[GBX_ULID_TEXT + 1], struct gbx_error *err)
{
	GBX_AUTO_STRING char *work_tree = NULL;
	int rc = open_store(given, store, &work_tree, err);

	if (rc)
		return rc;
	rc = gbx_run_resolve(store, given->argument[0], work_tree, run, err);
	if (rc)
		gbx_store_free(store);
	return rc;
}

char *gbx_key_path(const struct gbx_given *given, bool *asked)
{
	const char *named = gbx_value(given, "key");

	if (!named)
		named = environment("GLASSBOX_KEY");
	*asked = named != NULL;
	if (named)
		return gbx_strdup(named);
	if (environment("XDG_CONFIG_HOME"))
		return gbx_path_join(environment("XDG_CONFIG_HOME"), "glassbox/key.pem");
	return gbx_home() ? gbx_path_join(gbx_home(), ".config/glassbox/key.pem") : NULL;
}
