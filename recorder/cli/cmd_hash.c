/* glassbox hash: the manifest of files, or what sha256sum would print of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "digest/files.h"

static const struct gbx_option options[] = {
	{"sum", 0, NULL, "print what 'find PATH -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum' prints"},
	{"json", 0, NULL, "print one JSON object"},
	{"help", 'h', NULL, "print this"},
	{0},
};

/* One PATH. */
struct hashed {
	const char *said;
	struct gbx_files files;
	struct gbx_manifest_sum sum;
	bool whole; /* all of it was hashed, so that the sum is that of the PATH */
};

/* `find -type f` does not mind what is no file. */
static bool minds(bool sum, const struct gbx_problem *p)
{
	return !sum || p->reason != GLASSBOX__GAP__REASON__NOT_REGULAR;
}

static void tell(const struct hashed *h, bool sum)
{
	char line[1400], root[600], path[600];

	for (size_t i = 0; i < h->files.problems; i++) {
		const struct gbx_problem *p = &h->files.problem[i];
		if (!minds(sum, p))
			continue;
		snprintf(line, sizeof line, "'%s'%s%s: %s", gbx_printable_in(gbx_slice_text(h->said), root, sizeof root),
			 *p->path ? ": " : "", gbx_printable_in(gbx_slice_text(p->path), path, sizeof path), p->text);
		gbx_say(line);
	}
}

static int discard(struct gbx_output *out, const void *data, size_t len, struct gbx_error *err)
{
	(void)out, (void)data, (void)len, (void)err;
	return 0;
}

static int hash_path(struct hashed *h, bool sum, struct gbx_error *err)
{
	const struct gbx_hash_options o = {0};
	struct gbx_output nowhere = {discard};
	uint8_t page[GBX_SHA256_LEN];
	bool listed = true, finished = false;
	int rc = gbx_files_walk(h->said, &h->files, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < h->files.problems; i++)
		listed = listed && !minds(sum, &h->files.problem[i]);
	rc = gbx_files_hash(h->said, &h->files, &o, &finished, err);
	if (rc == 0)
		rc = gbx_files_manifest(&h->files, &nowhere, &h->sum, page, err);
	h->whole = rc == 0 && listed && finished && h->sum.files == h->files.len;
	tell(h, sum);
	return rc;
}

static void print_manifest(const struct hashed *h)
{
	char hex[2 * GBX_SHA256_LEN + 1], shown[5 * GBX_LIMIT_PATH]; /* a byte may take five */

	for (size_t i = 0; i < h->files.len; i++) {
		const struct gbx_found *f = &h->files.file[i];
		if (!f->hashed)
			continue;
		gbx_hex(f->sha256, sizeof f->sha256, hex);
		printf("%s  %12llu  %s  %s\n", hex, (unsigned long long)f->size, f->type == GBX_SYMLINK ? "link" : "file",
		       gbx_printable_in(gbx_slice_text(f->path), shown, sizeof shown));
	}
	gbx_printable_in(gbx_slice_text(h->said), shown, sizeof shown);
	gbx_hex(h->sum.root, sizeof h->sum.root, hex);
	if (h->whole)
		printf("root %s  %llu files, %llu bytes  %s\n", hex, (unsigned long long)h->sum.files,
		       (unsigned long long)h->sum.bytes, shown);
	else
		printf("no root: not all was hashed of %s\n", shown);
}

static json_t *file_json(const struct gbx_found *f)
{
	return json_pack("{s:o, s:s, s:I, s:o}", "path", gbx_json_bytes(gbx_slice_text(f->path)), "type",
			 f->type == GBX_SYMLINK ? "link" : "file", "size", (json_int_t)f->size, "sha256",
			 gbx_json_hex(f->sha256, sizeof f->sha256));
}

static json_t *path_json(const struct hashed *h)
{
	json_t *files = json_array(), *problems = json_array();

	for (size_t i = 0; i < h->files.len; i++)
		if (h->files.file[i].hashed)
			gbx_json_push(&files, file_json(&h->files.file[i]));
	for (size_t i = 0; i < h->files.problems; i++)
		gbx_json_push(&problems, json_pack("{s:o, s:s}", "path", gbx_json_bytes(gbx_slice_text(h->files.problem[i].path)),
						   "problem", h->files.problem[i].text));
	return json_pack("{s:o, s:b, s:o, s:o, s:o}", "path", gbx_json_bytes(gbx_slice_text(h->said)), "whole", h->whole, "root",
			 h->whole ? gbx_json_hex(h->sum.root, sizeof h->sum.root) : json_null(), "files", files, "problems", problems);
}

/* A line of sha256sum: the path as find says it. */
struct line {
	char *path;
	const uint8_t *sha256;
};

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->path, ((const struct line *)b)->path);
}

/* As coreutils does: a name with one of these makes a line that begins with a backslash. */
static void print_sum(const struct line *l)
{
	char hex[2 * GBX_SHA256_LEN + 1];

	gbx_hex(l->sha256, GBX_SHA256_LEN, hex);
	printf("%s%s  ", strpbrk(l->path, "\\\n\r") ? "\\" : "", hex);
	for (const char *c = l->path; *c; c++)
		if (*c == '\\' || *c == '\n' || *c == '\r')
			printf("\\%c", *c == '\n' ? 'n' : *c == '\r' ? 'r' : '\\');
		else
			putchar(*c);
	putchar('\n');
}

static int add_lines(const struct hashed *h, struct line *line, size_t *n, struct gbx_error *err)
{
	for (size_t i = 0; i < h->files.len; i++) {
		const struct gbx_found *f = &h->files.file[i];
		if (!f->hashed || f->type != GBX_FILE)
			continue;
		line[*n] = (struct line){h->files.single ? gbx_strdup(h->said) : gbx_path_join(h->said, f->path), f->sha256};
		if (!line[*n].path)
			return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
		(*n)++;
	}
	return 0;
}

static int print_sums(const struct hashed *all, size_t len)
{
	size_t most = 0, n = 0;
	struct gbx_error err;
	int rc = 0;

	for (size_t i = 0; i < len; i++)
		most += all[i].files.len;
	struct line *line = gbx_calloc(most, sizeof *line);
	if (!line)
		rc = gbx_fail(&err, GBX_E_NOMEM, "no memory for %zu lines", most);
	for (size_t i = 0; rc == 0 && i < len; i++)
		rc = add_lines(&all[i], line, &n, &err);
	if (rc == 0 && n)
		qsort(line, n, sizeof *line, by_path);
	for (size_t i = 0; i < n; i++) {
		if (rc == 0)
			print_sum(&line[i]);
		gbx_free(line[i].path);
	}
	gbx_free(line);
	return rc ? gbx_complain(&err) : GBX_EXIT_OK;
}

static int print(const struct hashed *all, size_t len, const struct gbx_given *given, int status)
{
	json_t *paths = json_array();

	if (gbx_flag(given, "json")) {
		for (size_t i = 0; i < len; i++)
			gbx_json_push(&paths, path_json(&all[i]));
		return gbx_print_json(json_pack("{s:s, s:o}", "format", "glassbox.hash/1", "paths", paths), status);
	}
	json_decref(paths);
	if (gbx_flag(given, "sum") && print_sums(all, len))
		status = GBX_EXIT_UNSURE;
	for (size_t i = 0; i < len && !gbx_flag(given, "sum"); i++)
		print_manifest(&all[i]);
	return gbx_end_output(status);
}

static int cmd_hash(const struct gbx_given *given)
{
	bool sum = gbx_flag(given, "sum");
	struct gbx_error err;
	int status = GBX_EXIT_OK;

	if (sum && gbx_flag(given, "json")) {
		gbx_say("hash: expected --sum or --json, not both");
		return GBX_EXIT_USAGE;
	}
	struct hashed *all = gbx_calloc(given->arguments, sizeof *all);
	if (!all) {
		gbx_say("hash: no memory for the paths");
		return GBX_EXIT_UNSURE;
	}
	for (size_t i = 0; i < given->arguments; i++) {
		all[i].said = given->argument[i];
		if (hash_path(&all[i], sum, &err))
			gbx_say(err.line);
		if (!all[i].whole)
			status = GBX_EXIT_UNSURE;
	}
	status = print(all, given->arguments, given, status);
	for (size_t i = 0; i < given->arguments; i++)
		gbx_files_free(&all[i].files);
	gbx_free(all);
	return status;
}

const struct gbx_command gbx_cmd_hash = {
	.name = "hash",
	.usage = "PATH... [--sum|--json]",
	.summary = "hash files: path, size and SHA-256 of each, and the root of all",
	.options = options,
	.least = 1,
	.most = (size_t)-1,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_hash,
};
