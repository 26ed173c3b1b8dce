#include "cli/completion.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli.h"

/* Names and ids that are offered of each; who has more types another letter. */
#define OFFERED 100u

struct typed {
	char *const *word; /* behind the program's name, up to the one that is completed */
	size_t words;
	const char *last;  /* what is there of that one */
};

static void offer(const struct typed *t, const char *word, const char *description)
{
	if (strncmp(word, t->last, strlen(t->last)) == 0)
		printf("%s%s%s\n", word, description ? "\t" : "", description ? description : "");
}

static void offer_files(void)
{
	puts(":files");
}

static void offer_commands(const struct typed *t)
{
	size_t count;
	const struct gbx_command *const *command = gbx_commands(&count);

	for (size_t i = 0; i < count; i++)
		offer(t, command[i]->name, command[i]->summary);
	offer(t, "help", "what a command does");
	offer(t, "--version", NULL);
	offer(t, "--help", NULL);
}

static const struct gbx_command *find_command(const char *name)
{
	size_t count;
	const struct gbx_command *const *command = gbx_commands(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(command[i]->name, name) == 0)
			return command[i];
	return NULL;
}

static void offer_options(const struct typed *t, const struct gbx_command *c)
{
	char word[64];

	for (const struct gbx_option *o = c->options; o->name; o++) {
		snprintf(word, sizeof word, "--%s", o->name);
		offer(t, word, o->help);
	}
}

/* "a|b|c" */
static void offer_alternatives(const struct typed *t, const char *list)
{
	char word[64];

	for (const char *at = list; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
		snprintf(word, sizeof word, "%.*s", (int)strcspn(at, "|"), at);
		offer(t, word, NULL);
	}
}

static void offer_kinds(const struct typed *t, bool withholdable)
{
	for (const struct gbx_kind *k = gbx_kinds(); k->name; k++)
		if (!withholdable || !k->public_always)
			offer(t, k->name, NULL);
}

/* Names that a terminal shows as they are, and a line holds. */
static bool is_plain(const char *name)
{
	char shown[300];

	return strcmp(gbx_printable_in(gbx_slice_text(name), shown, sizeof shown), name) == 0;
}

static bool wants_name(void *arg, const struct gbx_index_row *row)
{
	const struct typed *t = arg;

	return row->view.name && strncmp(row->view.name, t->last, strlen(t->last)) == 0 && is_plain(row->view.name);
}

static bool wants_id(void *arg, const struct gbx_index_row *row)
{
	const struct typed *t = arg;

	return strncasecmp(row->view.run, t->last, strlen(t->last)) == 0;
}

static void describe(const struct gbx_index_row *row, char out[160])
{
	char started[32], name[100] = "";

	gbx_time_text(row->view.started_nanos, started);
	if (row->view.name)
		gbx_printable_in(gbx_slice_text(row->view.name), name, sizeof name);
	snprintf(out, 160, "%.16s %s %s", started, gbx_run_state_name(row->view.state), name);
}

/* A name means its newest run, and is offered once. */
static bool is_again(const struct gbx_index_list *list, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(list->row[k].view.name, list->row[i].view.name) == 0)
			return true;
	return false;
}

static void offer_rows(struct gbx_index *index, struct typed *t, bool by_name)
{
	GBX_CLEANUP(gbx_index_list_free) struct gbx_index_list list = {0};
	struct gbx_index_query q = {.wanted = by_name ? wants_name : wants_id, .arg = t, .most = OFFERED};
	char description[160];

	if (gbx_index_list(index, &q, &list, NULL))
		return;
	for (size_t i = 0; i < list.len; i++) {
		if (by_name && is_again(&list, i))
			continue;
		describe(&list.row[i], description);
		printf("%s\t%s\n", by_name ? list.row[i].view.name : list.row[i].view.run, description);
	}
}

/* The store that --store names, if it was typed. */
static void offer_runs(struct typed *t, const struct gbx_command *c)
{
	static const struct gbx_option store_option = {"store", 0, "DIR", ""};
	GBX_CLEANUP(gbx_store_free) struct gbx_store store = {0};
	GBX_AUTO_INDEX struct gbx_index *index = NULL;
	struct gbx_given given = {.program = "glassbox", .command = c};

	given.set = gbx_calloc(1, sizeof *given.set);
	for (size_t i = 0; given.set && i + 1 < t->words; i++)
		if (strcmp(t->word[i], "--store") == 0) {
			given.set[0].option = &store_option;
			given.set[0].value = t->word[i + 1];
			given.sets = 1;
		}
	if (given.set && gbx_open_store(&given, &store, NULL) == 0 && gbx_open_index(&store, &index, NULL) == 0) {
		offer(t, "last", "the newest run of this repository");
		offer_rows(index, t, true);
		offer_rows(index, t, false);
	}
	gbx_free(given.set);
}

/* By what stands for it in the usage. */
static void offer_argument(struct typed *t, const struct gbx_command *c, const char *what)
{
	if (strncmp(what, "RUN", 3) == 0)
		offer_runs(t, c);
	else if (strncmp(what, "SELECTOR", 8) == 0 || strncmp(what, "KIND", 4) == 0)
		offer_kinds(t, *what == 'S');
	else if (strncmp(what, "SECTION", 7) == 0)
		offer_alternatives(t, gbx_show_sections);
	else if (strstr(what, "DIR") || strstr(what, "FILE") || strstr(what, "PATH") || strstr(what, "BUNDLE") || strstr(what, "OLD") || strstr(what, "NEW") || strstr(what, "COMMAND"))
		offer_files();
	else if (strchr(what, '|') && *what >= 'a' && *what <= 'z')
		offer_alternatives(t, what);
}

/* The word of the usage that stands for an argument: options and their values are passed over, and the last may stand for more. */
static void find_argument(const char *usage, size_t number, char out[64])
{
	bool value = false;

	out[0] = 0;
	for (const char *at = usage; *at; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");
		bool optional = *at == '[' && at[1] >= 'A' && at[1] <= 'Z' && strncmp(at, "[OPTION]", 8) != 0;
		if (*at == '-' || (*at == '[' && !optional)) {
			/* "[--key FILE]" has its value inside; "-o FILE" behind it. */
			for (; *at == '[' && at[len] && at[len - 1] != ']' && at[len - 1] != '.'; len += 1 + strcspn(at + len + 1, " "))
				;
			value = *at == '-' && len > 1 && strncmp(at, "-- ", 3) != 0;
		} else if (value) {
			value = false;
		} else {
			snprintf(out, 64, "%.*s", (int)(len - optional), at + optional);
			if (number-- == 0)
				return;
		}
		at += len;
	}
	if (!strstr(out, "..."))
		out[0] = 0;
}

static const struct gbx_option *find_option(const struct gbx_command *c, const char *word)
{
	for (const struct gbx_option *o = c->options; o->name; o++)
		if ((word[0] == '-' && word[1] == '-' && strcmp(word + 2, o->name) == 0) || (word[0] == '-' && o->letter && word[1] == o->letter && !word[2]))
			return o;
	return NULL;
}

static void complete_command(struct typed *t, const struct gbx_command *c)
{
	const struct gbx_option *waiting = NULL;
	size_t arguments = 0;
	char what[64];

	for (size_t i = 1; i < t->words; i++) {
		const char *word = t->word[i];
		bool was_waiting = waiting != NULL;
		/* A shell may take "--store=DIR" apart. */
		if (was_waiting && strcmp(word, "=") == 0)
			continue;
		waiting = was_waiting ? NULL : find_option(c, word);
		if (waiting && !waiting->value)
			waiting = NULL;
		if (c->takes_command && !was_waiting && (strcmp(word, "--") == 0 || word[0] != '-')) {
			offer_files(); /* it is the job's now */
			return;
		}
		arguments += !was_waiting && word[0] != '-';
	}
	if (waiting) {
		offer_argument(t, c, waiting->value);
	} else if (t->last[0] == '-') {
		offer_options(t, c);
	} else {
		find_argument(c->usage, arguments, what);
		offer_argument(t, c, what);
	}
}

void gbx_complete(char *const *word, size_t words)
{
	struct typed t = {word + 1, words >= 2 ? words - 2 : 0, words >= 2 ? word[words - 1] : ""};

	if (t.words > 0 && strcmp(t.last, "=") == 0)
		t.last = "";
	const struct gbx_command *c = t.words ? find_command(t.word[0]) : NULL;
	if (t.words == 0 || (t.words == 1 && strcmp(t.word[0], "help") == 0))
		offer_commands(&t);
	else if (c)
		complete_command(&t, c);
}
