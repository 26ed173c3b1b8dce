#include "cli/ls_filter.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "cli/cli.h"

void gbx_ls_filter_free(struct gbx_ls_filter *f)
{
	gbx_free(f->repo);
	gbx_free(f->condition);
	gbx_names_free(&f->words);
	*f = (struct gbx_ls_filter){0};
}

static const char *state_name(size_t i)
{
	return gbx_run_state_name((enum gbx_run_state)i);
}

/* "sealed,ended" */
static int read_states(const char *said, unsigned *out, struct gbx_error *err)
{
	char word[32], shown[64];

	for (const char *at = said; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		size_t i = 0;
		snprintf(word, sizeof word, "%.*s", (int)strcspn(at, ","), at);
		while (i <= GBX_SEALED && strcmp(state_name(i), word) != 0)
			i++;
		if (i <= GBX_SEALED) {
			*out |= 1u << i;
			continue;
		}
		const char *near = gbx_nearest(word, state_name, GBX_SEALED + 1);
		gbx_printable_in(gbx_slice_text(word), shown, sizeof shown);
		if (near)
			return gbx_fail(err, GBX_E_USAGE, "ls: --state '%s': did you mean '%s'?", shown, near);
		return gbx_fail(err, GBX_E_USAGE, "ls: --state '%s': expected running, silent, interrupted, ended or sealed", shown);
	}
	return 0;
}

static bool read_ago(const char *said, uint64_t now, uint64_t *out)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t len = strlen(said);
	uint64_t n;

	if (len < 2 || !gbx_parse_u63(gbx_slice(said, len - 1), &n) || n > UINT32_MAX)
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (units[i].unit == said[len - 1]) {
			uint64_t nanos;
			bool before = __builtin_mul_overflow(n * units[i].seconds, (uint64_t)1000000000, &nanos) || nanos > now;
			*out = before ? 1 : now - nanos;
			return true;
		}
	return false;
}

bool gbx_ls_time(const char *said, uint64_t now, uint64_t *out)
{
	struct tm t = {0};
	const char *end = strptime(said, "%Y-%m-%d", &t);

	if (!end)
		return read_ago(said, now, out);
	if (*end == 'T')
		end = strptime(end + 1, "%H:%M:%S", &t);
	if (end && *end == 'Z')
		end++;
	time_t seconds = end && *end == 0 ? timegm(&t) : -1;
	if (seconds < 0)
		return false;
	*out = (uint64_t)seconds * 1000000000u;
	return true;
}

static int read_time(const struct gbx_given *given, const char *option, uint64_t *out, struct gbx_error *err)
{
	const char *said = gbx_value(given, option);
	char shown[64];

	if (!said || gbx_ls_time(said, gbx_now_nanos(), out))
		return 0;
	return gbx_fail(err, GBX_E_USAGE, "ls: --%s '%s': expected 2026-11-22, 2026-11-22T17:53:00Z, or 90s, 30m, 12h or 7d ago", option,
			gbx_printable_in(gbx_slice_text(said), shown, sizeof shown));
}

/* A folder of a repository means that repository; one of none, or that is gone, the path itself. */
static int read_repo(const char *path, char **out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *full = NULL, *common = NULL;
	struct gbx_error ignored;
	char *root = NULL;

	if (gbx_realpath(path, &full, &ignored) == 0 && gbx_git_find(full, &root, &common, &ignored) == 0) {
		*out = root;
		return 0;
	}
	*out = gbx_strdup(full ? full : path);
	return *out ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
}

static const struct {
	const char *text;
	enum gbx_ls_relation relation;
} relations[] = {
	/* The longer before its beginning. */
	{"!=", GBX_LS_UNEQUAL}, {"<=", GBX_LS_AT_MOST}, {">=", GBX_LS_AT_LEAST}, {"=", GBX_LS_EQUAL}, {"<", GBX_LS_LESS}, {">", GBX_LS_MORE},
};

static int add_word(struct gbx_ls_filter *f, const char *said, size_t len, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&f->words.name, &f->words.cap, f->words.len, sizeof *f->words.name, err);

	if (rc)
		return rc;
	f->words.name[f->words.len] = gbx_memdup(said, len);
	return f->words.name[f->words.len++] ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a condition");
}

static int add_condition(struct gbx_ls_filter *f, struct gbx_ls_fields *fields, enum gbx_field_kind kind, const char *said,
			 struct gbx_error *err)
{
	size_t len = strcspn(said, "!=<>");
	struct gbx_ls_condition c = {.relation = GBX_LS_HAS};
	char shown[80];

	for (size_t i = 0; said[len] && !c.value && i < sizeof relations / sizeof *relations; i++)
		if (strncmp(said + len, relations[i].text, strlen(relations[i].text)) == 0) {
			c.relation = relations[i].relation;
			c.value = said + len + strlen(relations[i].text);
		}
	if (len == 0 || (said[len] && !c.value))
		return gbx_fail(err, GBX_E_USAGE, "ls: '%s': expected NAME, or NAME and one of = != < <= > >= and a value",
				gbx_printable_in(gbx_slice_text(said), shown, sizeof shown));
	int rc = add_word(f, said, len, err);
	if (rc == 0)
		rc = gbx_ls_field(fields, kind, f->words.name[f->words.len - 1], &c.field, err);
	if (rc == 0)
		rc = gbx_grow((void **)&f->condition, &f->cap, f->conditions, sizeof *f->condition, err);
	if (rc == 0)
		f->condition[f->conditions++] = c;
	return rc;
}

static int read_conditions(const struct gbx_given *given, const char *option, enum gbx_field_kind kind, struct gbx_ls_fields *fields,
			   struct gbx_ls_filter *f, struct gbx_error *err)
{
	size_t len;
	const char **said = gbx_values(given, option, &len);
	int rc = said ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a condition");

	for (size_t i = 0; rc == 0 && i < len; i++)
		rc = add_condition(f, fields, kind, said[i], err);
	gbx_free(said);
	return rc;
}

static int read_filter(const struct gbx_given *given, struct gbx_ls_fields *fields, struct gbx_ls_filter *f, struct gbx_error *err)
{
	const char *states = gbx_value(given, "state"), *repo = gbx_flag(given, "here") ? "." : gbx_value(given, "repo");
	int rc = states ? read_states(states, &f->states, err) : 0;

	f->name = gbx_value(given, "name");
	if (rc == 0 && repo)
		rc = read_repo(repo, &f->repo, err);
	if (rc == 0)
		rc = read_time(given, "since", &f->since, err);
	if (rc == 0)
		rc = read_time(given, "until", &f->until, err);
	if (rc == 0)
		rc = read_conditions(given, "param", GBX_FIELD_PARAMETER, fields, f, err);
	if (rc == 0)
		rc = read_conditions(given, "data", GBX_FIELD_DATA, fields, f, err);
	if (rc == 0)
		rc = read_conditions(given, "metric", GBX_FIELD_METRIC, fields, f, err);
	return rc ? rc : read_conditions(given, "output", GBX_FIELD_OUTPUT, fields, f, err);
}

int gbx_ls_filter_read(const struct gbx_given *given, struct gbx_ls_fields *fields, struct gbx_ls_filter *out, struct gbx_error *err)
{
	struct gbx_ls_filter f = {0};
	int rc = read_filter(given, fields, &f, err);

	if (rc)
		gbx_ls_filter_free(&f);
	else
		*out = f;
	return rc;
}

/* <0, 0, >0: by value where both are numbers, else by bytes. */
static int compare(const struct gbx_field_value *have, const char *value)
{
	char *end;
	double wanted = strtod(value, &end);

	if (strcmp(have->type, "number") == 0 && end != value && *end == 0) {
		double is = strtod(have->text, NULL);
		return (is > wanted) - (is < wanted);
	}
	return strcmp(have->text, value);
}

static bool holds(const struct gbx_ls_condition *c, const struct gbx_field_value *have)
{
	if (!have->type)
		return false;
	if (c->relation == GBX_LS_HAS)
		return true;
	if (!have->text)
		return c->relation == GBX_LS_UNEQUAL;
	int order = compare(have, c->value);
	switch (c->relation) {
	case GBX_LS_EQUAL:
		return order == 0;
	case GBX_LS_UNEQUAL:
		return order != 0;
	case GBX_LS_LESS:
		return order < 0;
	case GBX_LS_AT_MOST:
		return order <= 0;
	case GBX_LS_MORE:
		return order > 0;
	default:
		return order >= 0;
	}
}

bool gbx_ls_filter_wants(void *arg, const struct gbx_index_row *row)
{
	const struct gbx_ls_filter *f = arg;
	const struct gbx_run_view *v = &row->view;

	if (f->states && !(f->states & 1u << v->state))
		return false;
	if (f->name && (!v->name || fnmatch(f->name, v->name, 0) != 0))
		return false;
	if (f->repo && (!v->repo || strcmp(f->repo, v->repo) != 0))
		return false;
	if ((f->since && v->started_nanos < f->since) || (f->until && v->started_nanos >= f->until))
		return false;
	for (size_t i = 0; i < f->conditions; i++)
		if (!holds(&f->condition[i], &row->value[f->condition[i].field]))
			return false;
	return true;
}
