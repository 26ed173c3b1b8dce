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

void gbx_store_choice(const struct gbx_given *given, char **git_dir, struct gbx_store_choice *out)
{
	GBX_AUTO_STRING char *cwd = NULL;
	struct gbx_error ignored;

	*git_dir = NULL;
	if (gbx_getcwd(&cwd, &ignored) || gbx_git_common_dir(cwd, git_dir, &ignored))
		*git_dir = NULL;
	*out = (struct gbx_store_choice){
		.option = gbx_value(given, "store"),
		.environment = environment("GLASSBOX_STORE"),
		.git_dir = *git_dir,
		.state_home = environment("XDG_STATE_HOME"),
		.home = gbx_home(),
	};
}

int gbx_open_store(const struct gbx_given *given, struct gbx_store *out, struct gbx_error *err)
{
	struct gbx_store_choice choice;
	char *git_dir;

	gbx_store_choice(given, &git_dir, &choice);
	int rc = gbx_store_find(&choice, out, err);
	gbx_free(git_dir);
	return rc;
}

int gbx_open_run(const struct gbx_given *given, struct gbx_store *store, char run[GBX_ULID_TEXT + 1], struct gbx_error *err)
{
	int rc = gbx_open_store(given, store, err);

	if (rc)
		return rc;
	rc = gbx_run_resolve(store, given->argument[0], run, err);
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
