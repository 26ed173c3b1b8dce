/* glassbox run: records a job. Exits as the job did; 125 where glassbox itself failed before the job started. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/settings.h"
#include "cli/veil.h"
#include "run/run.h"

#define NOT_RUN 125

static const struct gbx_option options[] = {
	{"name", 0, "NAME", "a name for the run"},
	{"data", 0, "[NAME=]PATH", "a file or folder that the job reads, hashed beside it; or a URI, which is only noted"},
	{"output", 0, "[NAME=]PATH", "a file or folder that the job writes, hashed after it"},
	{"config", 0, "FILE", "a config file; its parameters are recorded where it is JSON or YAML"},
	{"param", 0, "NAME=VALUE", "a parameter"},
	{"root", 0, "NAME=DIR", "a folder whose path is told once, and those of what lies in it relative to NAME; SCRATCH, SLURM_TMPDIR and TMPDIR are such"},
	{"store", 0, "DIR", "where the record goes; else GLASSBOX_STORE, the repository's git folder, or the user's state folder"},
	{"key", 'k', "FILE", "sign with this key; else GLASSBOX_KEY or the user's own"},
	{"passphrase-file", 0, "FILE", "the key's passphrase"},
	{"console", 0, "keep|digest|off", "what the job prints: head, tail and digest, or the digest alone, by a relay where it goes into no file; or nothing"},
	{"linger", 0, "SECONDS", "how long hashing may go on when the job has ended (10)"},
	{"snapshot-deadline", 0, "SECONDS", "the job starts then even where the snapshot of the code is not complete; it is finished beside it (2)"},
	{"snapshot-limit", 0, "SIZE", "files that git does not track go into the snapshot up to SIZE each and 50 times SIZE together (1M)"},
	{"strict", 0, NULL, "fail with 125 where nothing can be recorded"},
	{"quiet", 'q', NULL, "say nothing but what went wrong"},
	{"help", 'h', NULL, "print this"},
	{0},
};

struct lists {
	const char **data, **output, **config, **param;
	const char **root;
	size_t own_roots; /* of those, the user's; the others are ours to free */
};

/* Behind the user's roots those of the machine: scratch is where jobs keep what is large. */
static const char **find_roots(const struct gbx_given *given, size_t *len)
{
	static const char *const machine[][2] = {{"SCRATCH", "scratch"}, {"SLURM_TMPDIR", "scratch-slurm"}, {"TMPDIR", "scratch-tmp"}};
	const char **said = gbx_values(given, "root", len);
	const char **root = said ? gbx_calloc(*len + 3, sizeof *root) : NULL;

	if (root && *len)
		memcpy(root, said, *len * sizeof *root);
	for (size_t i = 0; root && i < sizeof machine / sizeof *machine; i++) {
		const char *path = getenv(machine[i][0]);
		if (!path || *path != '/')
			continue;
		root[*len] = gbx_asprintf("%s=%s", machine[i][1], path);
		*len += root[*len] != NULL;
	}
	gbx_free(said);
	return root;
}

static int read_seconds(const struct gbx_given *given, const char *option, uint64_t seconds, unsigned *ms, struct gbx_error *err)
{
	const char *said = gbx_value(given, option);

	if (said && (!gbx_parse_u63(gbx_slice_text(said), &seconds) || seconds > 86400))
		return gbx_fail(err, GBX_E_USAGE, "run: --%s '%s': expected seconds, 0 to 86400", option, said);
	*ms = (unsigned)seconds * 1000;
	return 0;
}

static int read_console(const struct gbx_given *given, enum gbx_console_mode *mode, struct gbx_error *err)
{
	static const struct {
		const char *name;
		enum gbx_console_mode mode;
	} modes[] = {{"keep", GBX_CONSOLE_KEEP}, {"digest", GBX_CONSOLE_DIGEST}, {"off", GBX_CONSOLE_OFF}};
	const char *said = gbx_value(given, "console");

	*mode = GBX_CONSOLE_FILES;
	for (size_t i = 0; said && i < sizeof modes / sizeof *modes; i++)
		if (strcmp(said, modes[i].name) == 0) {
			*mode = modes[i].mode;
			return 0;
		}
	return said ? gbx_fail(err, GBX_E_USAGE, "run: --console '%s': expected keep, digest or off", said) : 0;
}

/* Bytes, or KiB, MiB or GiB with a letter behind them. */
static int read_snapshot_limit(const struct gbx_given *given, uint64_t *bytes, struct gbx_error *err)
{
	static const char units[] = "KMG";
	const char *said = gbx_value(given, "snapshot-limit");
	struct gbx_slice text = gbx_slice_text(said ? said : "1M");
	const char *unit = text.len ? strchr(units, text.data[text.len - 1]) : NULL;
	uint64_t number;

	text.len -= unit != NULL;
	if (!gbx_parse_u63(text, &number) || number > GBX_LIMIT_CODE_FILE || number << (unit ? 10 * (unit - units + 1) : 0) > GBX_LIMIT_CODE_FILE)
		return gbx_fail(err, GBX_E_USAGE, "run: --snapshot-limit '%s': expected a size, 0 to %uM", said, GBX_LIMIT_CODE_FILE >> 20);
	*bytes = number << (unit ? 10 * (unit - units + 1) : 0);
	return 0;
}

static int check_texts(const struct gbx_run_options *o, struct gbx_error *err)
{
	char shown[200];

	if (o->name && (!*o->name || strlen(o->name) > 1000 || !gbx_is_utf8(gbx_slice_text(o->name))))
		return gbx_fail(err, GBX_E_USAGE, "run: --name: expected 1 to 1000 bytes of UTF-8");
	for (size_t i = 0; i < o->param_len; i++) {
		const char *equals = strchr(o->param[i], '=');
		if (!equals || equals == o->param[i] || !gbx_is_utf8(gbx_slice_text(o->param[i])))
			return gbx_fail(err, GBX_E_USAGE, "run: --param '%s': expected NAME=VALUE in UTF-8",
					gbx_printable_in(gbx_slice_text(o->param[i]), shown, sizeof shown));
	}
	return 0;
}

/* *bare: the job can be run all the same, by becoming it. */
static int run(const struct gbx_given *given, const struct lists *l, struct gbx_run_options *o, bool *bare, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_bytes_wipe) struct gbx_bytes passphrase = {0};
	GBX_AUTO_STRING char *key = NULL;
	struct gbx_run_result result = {0};
	int rc = l->data && l->output && l->config && l->param && l->root ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for the command line");

	if (rc == 0)
		rc = gbx_key_path(given, &key, &o->key_asked_for, err);
	if (rc == 0)
		rc = gbx_read_passphrase(given, &passphrase, err);
	if (rc == 0)
		rc = read_seconds(given, "linger", 10, &o->linger_ms, err);
	if (rc == 0)
		rc = read_seconds(given, "snapshot-deadline", 2, &o->snapshot_deadline_ms, err);
	if (rc == 0)
		rc = read_console(given, &o->console, err);
	if (rc == 0)
		rc = read_snapshot_limit(given, &o->snapshot_limit, err);
	if (rc == 0)
		rc = check_texts(o, err);
	*bare = rc == GBX_E_NOMEM;
	if (rc)
		return rc;
	gbx_store_choice(given, &o->store);
	o->key = key;
	o->passphrase = gbx_slice_of(&passphrase);
	rc = gbx_run(o, &result, err);
	*bare = rc && rc != GBX_E_USAGE && !result.started;
	return rc ? rc : result.status;
}

static int exec_bare(char **argv)
{
	char line[600], shown[400];

	execvp(argv[0], argv);
	snprintf(line, sizeof line, "cannot start '%s': %s", gbx_printable_in(gbx_slice_text(argv[0]), shown, sizeof shown), strerror(errno));
	int status = errno == ENOENT ? 127 : 126;
	gbx_say(line);
	return status;
}

/* The recorder never harms the job: what keeps us from starting it as a child does not keep us from becoming it. */
static int run_bare(char **argv, const struct gbx_error *why)
{
	char line[sizeof why->line + 64];

	snprintf(line, sizeof line, "the job runs without its recorder: %s", why->line);
	gbx_say(line);
	return exec_bare(argv);
}

int gbx_run_without_memory(char **argv)
{
	for (; *argv && strcmp(*argv, "--strict") != 0; argv++)
		if (strcmp(*argv, "--") == 0 && argv[1])
			return exec_bare(argv + 1);
	return NOT_RUN;
}

/* A command line, with the settings in it. *bare as above. */
static int run_given(const struct gbx_given *given, const struct gbx_secret_user *secrets, bool *bare, struct gbx_error *err)
{
	struct gbx_run_options o = {
		.argv = given->argument,
		.name = gbx_value(given, "name"),
		.home = gbx_home(),
		.environment = environ,
		.ceilings = getenv("GIT_CEILING_DIRECTORIES"),
		.library_path = getenv("LD_LIBRARY_PATH"),
		.secrets = secrets,
		.strict = gbx_flag(given, "strict"),
		.say = gbx_flag(given, "quiet") ? NULL : gbx_say,
		.warn = gbx_say,
	};
	struct lists l = {gbx_values(given, "data", &o.data_len), gbx_values(given, "output", &o.output_len),
			  gbx_values(given, "config", &o.config_len), gbx_values(given, "param", &o.param_len),
			  find_roots(given, &o.roots), 0};
	o.data = l.data;
	o.output = l.output;
	o.config = l.config;
	o.param = l.param;
	o.root = l.root;
	gbx_free(gbx_values(given, "root", &l.own_roots));
	int status = run(given, &l, &o, bare, err);
	*bare = *bare && !o.strict;
	gbx_free(l.data);
	gbx_free(l.output);
	gbx_free(l.config);
	gbx_free(l.param);
	for (size_t i = l.own_roots; l.root && i < o.roots; i++)
		gbx_free((void *)(uintptr_t)l.root[i]);
	gbx_free(l.root);
	return status;
}

/* With the settings of the repository; where they cannot be used the job runs without them, unless it is to be strict. */
static int run_with_settings(const struct gbx_given *given, bool *bare, struct gbx_error *err)
{
	GBX_AUTO_SETTINGS struct gbx_settings *settings = NULL;
	struct gbx_given merged;
	char line[sizeof err->line + 64];
	int rc = gbx_settings_read(&gbx_cmd_run, &settings, err);

	if (rc == GBX_E_NOTFOUND)
		return run_given(given, NULL, bare, err);
	if (rc == 0)
		rc = gbx_settings_merge(settings, given, &merged, err);
	if (rc == 0) {
		gbx_use_secrets(gbx_settings_secrets(settings));
		gbx_veil_arguments(gbx_settings_secrets(settings));
		rc = run_given(&merged, gbx_settings_secrets(settings), bare, err);
		bool strict = gbx_flag(&merged, "strict");
		gbx_given_free(&merged);
		gbx_use_secrets(NULL);
		if (rc != GBX_E_USAGE || strict)
			return rc;
	}
	if (gbx_flag(given, "strict"))
		return rc;
	snprintf(line, sizeof line, "glassbox.yml is not used: %s", err->line);
	gbx_say(line);
	return run_given(given, NULL, bare, err);
}

static int cmd_run(const struct gbx_given *given)
{
	const char *off = getenv("GLASSBOX");
	struct gbx_error err;

	if (off && strcasecmp(off, "off") == 0)
		return exec_bare(given->argument);
	bool bare = false;
	int status = run_with_settings(given, &bare, &err);
	if (status < 0 && bare)
		return run_bare(given->argument, &err);
	if (status < 0) {
		gbx_say(err.line);
		status = NOT_RUN;
	}
	return status;
}

const struct gbx_command gbx_cmd_run = {
	.name = "run",
	.usage = "[OPTION]... -- COMMAND [ARG]...",
	.summary = "run a job and record what goes into it",
	.options = options,
	.least = 1,
	.most = (size_t)-1,
	.takes_command = true,
	.usage_status = NOT_RUN,
	.run = cmd_run,
};
