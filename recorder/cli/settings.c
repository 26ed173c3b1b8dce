#include "cli/settings.h"

#include <string.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "capture/document.h"
#include "capture/secret_scanner.h"
#include "store/store.h"

#define FILE_NAME "glassbox.yml"

struct gbx_settings {
	const struct gbx_command *command;
	char *root;            /* the folder of the file */
	struct gbx_names word; /* "--name=value" */
	struct gbx_given given;
	struct gbx_names text; /* of the rules and exceptions */
	struct gbx_secret_rule rule[GBX_SECRET_RULES + 1];
	size_t rules;
	const char *allowed[GBX_SECRET_ALLOWED + 1];
	size_t alloweds;
	struct gbx_secret_user user;
};

void gbx_settings_release(struct gbx_settings **s)
{
	if (!*s)
		return;
	gbx_free((*s)->root);
	gbx_names_free(&(*s)->word);
	gbx_names_free(&(*s)->text);
	gbx_given_free(&(*s)->given);
	gbx_free(*s);
	*s = NULL;
}

static int wrong(const char *key, const char *expected, struct gbx_error *err)
{
	char shown[100];

	return gbx_fail(err, GBX_E_USAGE, "'%s': expected %s", gbx_printable_in(gbx_slice_text(key), shown, sizeof shown), expected);
}

static bool is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

/* A relative path counts from the file, whatever folder the job starts in. */
static char *place(const struct gbx_settings *s, const char *option, const char *value)
{
	static const char *const paths[] = {"data", "output", "config", "store", "key", "passphrase-file", NULL};
	bool is_path = is_one_of(option, paths) && *value && *value != '/' && !strstr(value, "://");

	return is_path ? gbx_path_join(s->root, value) : gbx_strdup(value);
}

/* name: of a pair NAME=VALUE, or NULL. "[NAME=]PATH" may be written as one text, too. */
static int add_word(struct gbx_settings *s, const char *option, const char *name, const char *value, struct gbx_error *err)
{
	size_t len = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
	bool pair = !name && (strcmp(option, "data") == 0 || strcmp(option, "output") == 0) && value[len] == '=';
	GBX_AUTO_STRING char *before = name ? gbx_asprintf("%s=", name) : gbx_memdup(value, pair ? len + 1 : 0);
	GBX_AUTO_STRING char *where = place(s, option, pair ? value + len + 1 : value);
	GBX_AUTO_STRING char *word = before && where ? gbx_asprintf("--%s=%s%s", option, before, where) : NULL;

	return word ? gbx_names_add(&s->word, word, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a setting");
}

static bool takes_value(const struct gbx_settings *s, const char *option)
{
	for (const struct gbx_option *o = s->command->options; o->name; o++)
		if (strcmp(o->name, option) == 0)
			return o->value != NULL;
	return false;
}

static int add_flag(struct gbx_settings *s, const char *option, bool on, struct gbx_error *err)
{
	/* "off" is a truth value in YAML, and a word of --console. */
	if (takes_value(s, option))
		return add_word(s, option, NULL, on ? "true" : "off", err);
	GBX_AUTO_STRING char *word = gbx_asprintf("--%s", option);

	if (!word)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a setting");
	return on ? gbx_names_add(&s->word, word, err) : 0;
}

static int add_scalar(struct gbx_settings *s, const char *option, const char *name, const struct gbx_value *v, struct gbx_error *err)
{
	if (v->kind == GBX_VALUE_BOOLEAN && !name)
		return add_flag(s, option, v->boolean, err);
	if (v->kind != GBX_VALUE_TEXT && v->kind != GBX_VALUE_NUMBER && v->kind != GBX_VALUE_BOOLEAN)
		return wrong(option, "a text, a number, true or false, or a list of these", err);
	struct gbx_slice text = v->kind == GBX_VALUE_BOOLEAN ? gbx_slice_text(v->boolean ? "true" : "false") : v->text;
	GBX_AUTO_STRING char *value = gbx_memdup(text.data, text.len);
	return value ? add_word(s, option, name, value, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a setting");
}

static int add_option(struct gbx_settings *s, const char *option, const struct gbx_value *v, struct gbx_error *err)
{
	int rc = 0;

	if (v->kind == GBX_VALUE_NULL)
		return 0;
	if (v->kind != GBX_VALUE_LIST && v->kind != GBX_VALUE_MAP)
		return add_scalar(s, option, NULL, v, err);
	for (const struct gbx_value *m = v->first; rc == 0 && m; m = m->next) {
		GBX_AUTO_STRING char *name = v->kind == GBX_VALUE_MAP ? gbx_memdup(m->key.data, m->key.len) : NULL;
		rc = add_scalar(s, option, name, m, err);
	}
	return rc;
}

static int keep(struct gbx_settings *s, const struct gbx_value *v, const char *key, const char **out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *text = v->kind == GBX_VALUE_TEXT ? gbx_memdup(v->text.data, v->text.len) : NULL;

	if (v->kind != GBX_VALUE_TEXT || v->text.len == 0)
		return wrong(key, "a text", err);
	int rc = text ? gbx_names_add(&s->text, text, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a setting");
	if (rc == 0)
		*out = s->text.name[s->text.len - 1];
	return rc;
}

static int read_number(const struct gbx_value *v, const char *key, unsigned *out, struct gbx_error *err)
{
	uint64_t n;

	if (v->kind != GBX_VALUE_NUMBER || !gbx_parse_u63(v->text, &n) || n > 256)
		return wrong(key, "a number from 0 to 256", err);
	*out = (unsigned)n;
	return 0;
}

/* What is left of a secret is the name: plain words. */
static int check_name(const char *name, struct gbx_error *err)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len && len <= 40 && !name[len] ? 0 : wrong("secrets: rules: name", "1 to 40 small letters, digits and dashes", err);
}

static int read_rule(struct gbx_settings *s, const struct gbx_value *v, struct gbx_error *err)
{
	struct gbx_secret_rule rule = {0};
	int rc = v->kind == GBX_VALUE_MAP ? 0 : wrong("secrets: rules", "a list of {name: ..., pattern: ...}", err);

	for (const struct gbx_value *m = rc ? NULL : v->first; rc == 0 && m; m = m->next) {
		if (gbx_slice_is(m->key, "name"))
			rc = keep(s, m, "secrets: rules: name", &rule.name, err);
		else if (gbx_slice_is(m->key, "pattern"))
			rc = keep(s, m, "secrets: rules: pattern", &rule.pattern, err);
		else if (gbx_slice_is(m->key, "variety"))
			rc = read_number(m, "secrets: rules: variety", &rule.variety, err);
		else if (gbx_slice_is(m->key, "solid"))
			rc = read_number(m, "secrets: rules: solid", &rule.solid, err);
		else
			rc = wrong("secrets: rules", "name, pattern, variety and solid", err);
	}
	if (rc == 0 && (!rule.name || !rule.pattern || s->rules == GBX_SECRET_RULES))
		rc = wrong("secrets: rules", "a name and a pattern for each, and at most 128", err);
	rc = rc ? rc : check_name(rule.name, err);
	if (rc == 0)
		s->rule[s->rules++] = rule;
	return rc;
}

static int read_allowed(struct gbx_settings *s, const struct gbx_value *v, struct gbx_error *err)
{
	if (s->alloweds == GBX_SECRET_ALLOWED)
		return wrong("secrets: allow", "at most 64 patterns", err);
	return keep(s, v, "secrets: allow", &s->allowed[s->alloweds++], err);
}

static int read_secrets(struct gbx_settings *s, const struct gbx_value *v, struct gbx_error *err)
{
	int rc = v->kind == GBX_VALUE_MAP ? 0 : wrong("secrets", "rules and allow", err);

	for (const struct gbx_value *m = rc ? NULL : v->first; rc == 0 && m; m = m->next) {
		bool rules = gbx_slice_is(m->key, "rules");
		if ((!rules && !gbx_slice_is(m->key, "allow")) || m->kind != GBX_VALUE_LIST)
			return wrong("secrets", "rules and allow, each a list", err);
		for (const struct gbx_value *i = m->first; rc == 0 && i; i = i->next)
			rc = rules ? read_rule(s, i, err) : read_allowed(s, i, err);
	}
	return rc;
}

static int read_members(struct gbx_settings *s, const struct gbx_value *top, struct gbx_error *err)
{
	int rc = !top || top->kind == GBX_VALUE_MAP ? 0 : gbx_fail(err, GBX_E_USAGE, "expected options of run by their names");

	for (const struct gbx_value *m = top && rc == 0 ? top->first : NULL; rc == 0 && m; m = m->next) {
		GBX_AUTO_STRING char *option = gbx_memdup(m->key.data, m->key.len);
		if (!option)
			return gbx_fail(err, GBX_E_NOMEM, "no memory for a setting");
		rc = strcmp(option, "secrets") == 0 ? read_secrets(s, m, err) : add_option(s, option, m, err);
	}
	return rc;
}

/* By the parser of the command line, which says what it expects of each option. */
static int parse(struct gbx_settings *s, struct gbx_error *err)
{
	int rc = gbx_names_add(&s->word, "--", err);

	if (rc == 0)
		rc = gbx_names_add(&s->word, "command", err);
	if (rc)
		return rc;
	char **argv = gbx_calloc(s->word.len + 1, sizeof *argv);
	if (!argv)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a setting");
	memcpy(argv, s->word.name, s->word.len * sizeof *argv);
	rc = gbx_options_parse(FILE_NAME, s->command, argv, &s->given, err);
	gbx_free(argv);
	return rc;
}

static int check_secrets(const struct gbx_settings *s, struct gbx_error *err)
{
	GBX_AUTO_SCANNER struct gbx_scanner *scanner = NULL;

	return gbx_scanner_for(&s->user, &scanner, err);
}

static int read_file(struct gbx_settings *s, struct gbx_slice text, struct gbx_error *err)
{
	GBX_AUTO_DOCUMENT struct gbx_document d = {0};
	int rc = gbx_document_yaml(text, FILE_NAME, &d, err);

	if (rc == 0)
		rc = read_members(s, d.top, err);
	if (rc == 0)
		rc = parse(s, err);
	s->user = (struct gbx_secret_user){s->rule, s->allowed};
	return rc ? rc : check_secrets(s, err);
}

int gbx_settings_read(const struct gbx_command *command, struct gbx_settings **out, struct gbx_error *err)
{
	GBX_AUTO_SETTINGS struct gbx_settings *s = gbx_calloc(1, sizeof *s);
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	GBX_AUTO_STRING char *cwd = NULL;
	GBX_AUTO_STRING char *git = NULL;
	int rc = s ? gbx_getcwd(&cwd, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for settings");

	if (rc)
		return rc;
	s->command = command;
	rc = gbx_git_find(cwd, &s->root, &git, err);
	/* A repository that cannot be read is told by who records it. */
	if (rc)
		return rc == GBX_E_NOMEM ? rc : GBX_E_NOTFOUND;
	GBX_AUTO_STRING char *path = gbx_path_join(s->root, FILE_NAME);
	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for settings");
	if (!gbx_exists(path))
		return GBX_E_NOTFOUND;
	rc = gbx_load_file(path, GBX_LIMIT_SETTINGS, &text, err);
	if (rc == 0)
		rc = read_file(s, gbx_slice_of(&text), err);
	if (rc)
		return gbx_fail_context(err, "'%s'", path);
	*out = s;
	s = NULL;
	return 0;
}

int gbx_settings_merge(const struct gbx_settings *s, const struct gbx_given *given, struct gbx_given *out, struct gbx_error *err)
{
	struct gbx_given merged = *given;

	merged.sets = s->given.sets + given->sets;
	merged.set = gbx_calloc(merged.sets + 1, sizeof *merged.set);
	merged.argument = gbx_calloc(given->arguments + 1, sizeof *merged.argument);
	if (!merged.set || !merged.argument) {
		gbx_free(merged.set);
		gbx_free(merged.argument);
		return gbx_fail(err, GBX_E_NOMEM, "no memory for settings");
	}
	if (s->given.sets)
		memcpy(merged.set, s->given.set, s->given.sets * sizeof *merged.set);
	if (given->sets)
		memcpy(merged.set + s->given.sets, given->set, given->sets * sizeof *merged.set);
	memcpy(merged.argument, given->argument, given->arguments * sizeof *merged.argument);
	*out = merged;
	return 0;
}

const struct gbx_secret_user *gbx_settings_secrets(const struct gbx_settings *s)
{
	return s ? &s->user : NULL;
}
