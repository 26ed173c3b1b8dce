#include <stdio.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/diff.h"

/* Files that are listed of one dataset; --json has more of them. */
#define FILES_SHOWN 20u

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static void print_value(char sign, const char *name, const json_t *side)
{
	char shown_name[300], shown[1000];
	const char *quote = strcmp(text_of(side, "type"), "text") == 0 ? "\"" : "";

	printf("  %c %s = %s%s%s\n", sign, gbx_printable_in(gbx_slice_text(name), shown_name, sizeof shown_name), quote,
	       gbx_printable_in(gbx_slice_text(text_of(side, "value")), shown, sizeof shown), quote);
}

static void print_files(const json_t *owner, const char *indent)
{
	const json_t *files = json_object_get(owner, "files");
	json_int_t more = json_integer_value(json_object_get(owner, "more"));
	char shown[600];

	for (size_t i = 0; i < json_array_size(files) && i < FILES_SHOWN; i++) {
		const json_t *f = json_array_get(files, i);
		printf("%s%-8s %s\n", indent, text_of(f, "change"), gbx_printable_in(gbx_slice_text(text_of(f, "path")), shown, sizeof shown));
	}
	if (json_array_size(files) > FILES_SHOWN)
		more += (json_int_t)(json_array_size(files) - FILES_SHOWN);
	if (more)
		printf("%sand %lld more\n", indent, (long long)more);
}

static void print_item(const json_t *item)
{
	const json_t *before = json_object_get(item, "before"), *after = json_object_get(item, "after");
	bool unknown = strcmp(text_of(item, "change"), "unknown") == 0;

	if (json_is_object(before))
		print_value(unknown ? '?' : '-', text_of(item, "name"), before);
	if (json_is_object(after))
		print_value(unknown ? '?' : '+', text_of(item, "name"), after);
	print_files(item, "      ");
}

static void print_run(char sign, const json_t *run)
{
	const json_t *seconds = json_object_get(run, "seconds");
	char shown[300];

	printf("%c %s  %s", sign, text_of(run, "run"), gbx_printable_in(gbx_slice_text(text_of(run, "name")), shown, sizeof shown));
	if (json_is_real(seconds))
		printf("  %.1f s", json_real_value(seconds));
	printf("\n");
}

static void print_code(const json_t *code)
{
	const json_t *before = json_object_get(code, "before"), *after = json_object_get(code, "after");
	char sign = '-';

	if (!json_is_object(before) || !json_is_object(after)) {
		printf("  ? not captured in %s\n", json_is_object(before) ? "the second run" : json_is_object(after) ? "the first run" : "either run");
		return;
	}
	if (strcmp(text_of(before, "tree"), text_of(after, "tree")) != 0) {
		printf("  - tree = %s\n  + tree = %s\n", text_of(before, "tree"), text_of(after, "tree"));
	} else if (strcmp(text_of(before, "root"), text_of(after, "root")) != 0) {
		printf("  other bytes in the work tree where git's objects are the same (line ends, filters)\n");
		print_files(code, "      ");
	}
	for (const json_t *side = before; side; side = side == before ? after : NULL, sign = '+')
		if (!json_is_true(json_object_get(side, "complete")))
			printf("  ? files were left out of the snapshot of run %c\n", sign);
}

static bool code_is_worth_a_line(const json_t *code)
{
	const json_t *before = json_object_get(code, "before"), *after = json_object_get(code, "after");

	return code && (!json_equal((json_t *)(uintptr_t)before, (json_t *)(uintptr_t)after) || !json_is_object(before) ||
			!json_is_true(json_object_get(before, "complete")));
}

void gbx_diff_print(const struct gbx_diff *d)
{
	const json_t *sections = json_object_get(d->document, "sections"), *runs = json_object_get(d->document, "runs");
	const json_t *code = json_object_get(d->document, "code");
	json_int_t more = json_integer_value(json_object_get(sections, "more"));

	print_run('-', json_array_get(runs, 0));
	print_run('+', json_array_get(runs, 1));
	/* The code comes last, so that what follows it is its patch. */
	for (unsigned i = 1; i <= GBX_SECTIONS; i++) {
		const char *name = gbx_section_name((enum gbx_section)(i % GBX_SECTIONS));
		const json_t *list = json_object_get(sections, name);
		bool has_code = i == GBX_SECTIONS && code_is_worth_a_line(code);
		if (json_array_size(list) || has_code)
			printf("\n%s\n", name);
		for (size_t k = 0; k < json_array_size(list); k++)
			print_item(json_array_get(list, k));
		if (has_code)
			print_code(code);
	}
	if (more)
		printf("\n%lld more differences are not listed\n", (long long)more);
	if (!d->differs && !d->unknown && !d->broken)
		printf("\nno difference\n");
}
