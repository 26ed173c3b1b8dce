#include "cli/options.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

void gbx_given_free(struct gbx_given *given)
{
	gbx_free(given->set);
	gbx_free(given->argument);
	*given = (struct gbx_given){0};
}

const char *gbx_nearest(const char *said, const char *(*name)(size_t i), size_t count)
{
	const char *best = NULL;
	size_t least = strlen(said) / 3 + 2;

	for (size_t i = 0; i < count; i++) {
		size_t distance = gbx_edit_distance(said, name(i));
		if (distance < least) {
			least = distance;
			best = name(i);
		}
	}
	return best;
}

static const struct gbx_option *find_long(const struct gbx_command *c, const char *name, size_t len)
{
	for (const struct gbx_option *o = c->options; o->name; o++)
		if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static const struct gbx_option *find_letter(const struct gbx_command *c, char letter)
{
	for (const struct gbx_option *o = c->options; o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

/* "glassbox run"; a program of one command has no name behind its own. */
static const char *who(const struct gbx_given *g, char out[64])
{
	snprintf(out, 64, "%s%s%s", g->program, *g->command->name ? " " : "", g->command->name);
	return out;
}

static int unknown(const struct gbx_given *g, const char *said, struct gbx_error *err)
{
	const struct gbx_option *best = NULL;
	size_t len = strcspn(said, "="), least = 3;
	char name[64], me[64];

	snprintf(name, sizeof name, "%.*s", (int)(len < 60 ? len : 60), said);
	for (const struct gbx_option *o = g->command->options; o->name; o++)
		if (gbx_edit_distance(name, o->name) < least) {
			least = gbx_edit_distance(name, o->name);
			best = o;
		}
	if (best)
		return gbx_fail(err, GBX_E_USAGE, "%s: unknown option --%s; did you mean --%s?", who(g, me), name, best->name);
	return gbx_fail(err, GBX_E_USAGE, "%s: unknown option %s%s; '%s --help' lists them", who(g, me), strlen(name) > 1 ? "--" : "-", name,
			who(g, me));
}

static int set(struct gbx_given *g, const struct gbx_option *o, const char *value, char **next, bool *used, struct gbx_error *err)
{
	char me[64];

	*used = false;
	if (!o->value && value)
		return gbx_fail(err, GBX_E_USAGE, "%s: --%s takes no value", who(g, me), o->name);
	if (o->value && !value) {
		if (!*next || strcmp(*next, "--") == 0)
			return gbx_fail(err, GBX_E_USAGE, "%s: --%s expects %s", who(g, me), o->name, o->value);
		value = *next;
		*used = true;
	}
	g->set[g->sets].option = o;
	g->set[g->sets++].value = value;
	return 0;
}

/* --name, --name=value, --name value */
static int take_long(struct gbx_given *g, const char *said, char **next, bool *used, struct gbx_error *err)
{
	size_t len = strcspn(said, "=");
	const struct gbx_option *o = find_long(g->command, said, len);

	if (!o)
		return unknown(g, said, err);
	return set(g, o, said[len] == '=' ? said + len + 1 : NULL, next, used, err);
}

/* -x, -xvalue, -x value; flags may stand together. */
static int take_short(struct gbx_given *g, const char *said, char **next, bool *used, struct gbx_error *err)
{
	int rc = 0;

	*used = false;
	for (; rc == 0 && *said; said++) {
		const struct gbx_option *o = find_letter(g->command, *said);
		char letter[2] = {*said, 0};
		if (!o)
			return unknown(g, letter, err);
		if (o->value)
			return set(g, o, said[1] ? said + 1 : NULL, next, used, err);
		rc = set(g, o, NULL, next, used, err);
	}
	return rc;
}

static int check_count(const struct gbx_given *g, struct gbx_error *err)
{
	const struct gbx_command *c = g->command;
	char shown[128], me[64];

	if (gbx_flag(g, "help") || gbx_flag(g, "version"))
		return 0;
	if (g->arguments < c->least)
		return gbx_fail(err, GBX_E_USAGE, "%s: expected %s %s", who(g, me), who(g, me), c->usage);
	if (g->arguments > c->most)
		return gbx_fail(err, GBX_E_USAGE, "%s: unexpected '%s'; expected %s %s", who(g, me),
				gbx_printable_in(gbx_slice_text(g->argument[c->most]), shown, sizeof shown), who(g, me), c->usage);
	return 0;
}

static int parse(struct gbx_given *g, char **argv, struct gbx_error *err)
{
	bool rest = false, used = false;
	int rc = 0;

	for (; rc == 0 && *argv; argv += used ? 2 : 1) {
		const char *a = *argv;
		used = false;
		if (!rest && strcmp(a, "--") == 0)
			rest = true;
		else if (!rest && a[0] == '-' && a[1] == '-')
			rc = take_long(g, a + 2, argv + 1, &used, err);
		else if (!rest && a[0] == '-' && a[1])
			rc = take_short(g, a + 1, argv + 1, &used, err);
		else {
			g->argument[g->arguments++] = *argv;
			rest = rest || g->command->takes_command;
		}
	}
	return rc ? rc : check_count(g, err);
}

int gbx_options_parse(const char *program, const struct gbx_command *command, char **argv, struct gbx_given *out,
		      struct gbx_error *err)
{
	size_t count = 0, letters = 0;

	for (; argv[count]; count++)
		letters += strlen(argv[count]);
	struct gbx_given g = {.program = program, .command = command};
	g.set = gbx_calloc(count + letters + 1, sizeof *g.set);
	g.argument = gbx_calloc(count + 1, sizeof *g.argument);
	int rc = g.set && g.argument ? parse(&g, argv, err) : gbx_fail(err, GBX_E_NOMEM, "%s: no memory for the command line", program);
	if (rc)
		gbx_given_free(&g);
	else
		*out = g;
	return rc;
}

const char *gbx_value(const struct gbx_given *given, const char *name)
{
	for (size_t i = given->sets; i > 0; i--)
		if (strcmp(given->set[i - 1].option->name, name) == 0)
			return given->set[i - 1].value ? given->set[i - 1].value : "";
	return NULL;
}

bool gbx_flag(const struct gbx_given *given, const char *name)
{
	return gbx_value(given, name) != NULL;
}

const char **gbx_values(const struct gbx_given *given, const char *name, size_t *len)
{
	const char **list = gbx_calloc(given->sets, sizeof *list);

	*len = 0;
	for (size_t i = 0; list && i < given->sets; i++)
		if (strcmp(given->set[i].option->name, name) == 0)
			list[(*len)++] = given->set[i].value;
	return list;
}

void gbx_print_help(const char *program, const struct gbx_command *c)
{
	printf("%s\n\nusage: %s %s%s%s\n\n", c->summary, program, c->name, *c->name ? " " : "", c->usage);
	for (const struct gbx_option *o = c->options; o->name; o++) {
		char left[64];
		snprintf(left, sizeof left, "%s%c%s--%s%s%s", o->letter ? "-" : " ", o->letter ? o->letter : ' ', o->letter ? ", " : "  ",
			 o->name, o->value ? " " : "", o->value ? o->value : "");
		printf("  %-28s %s\n", left, o->help);
	}
}
