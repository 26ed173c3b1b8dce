/* glassbox gc: deletes what no run needs. */
#include <stddef.h>
#include <stdio.h>

#include "cli/cli.h"
#include "run/collect.h"

static const struct gbx_option options[] = {
	{"dry-run", 'n', NULL, "delete nothing, and say what would be"},
	{"json", 0, NULL, "print one JSON object"},
	{"store", 0, "DIR", "the store"},
	{"help", 'h', NULL, "print this"},
	{0},
};

static const struct {
	const char *name, *words;
	size_t offset;
} parts[] = {
	{"objects", "git objects that no snapshot reaches", offsetof(struct gbx_collected, objects)},
	{"files", "blobs and manifests that no record names", offsetof(struct gbx_collected, files)},
	{"rings", "rings of points that are in the journals", offsetof(struct gbx_collected, rings)},
	{"temporary", "files of interrupted writes", offsetof(struct gbx_collected, temporary)},
	{"runs", "runs that never began", offsetof(struct gbx_collected, runs)},
	{"removed", "runs whose removal was interrupted", offsetof(struct gbx_collected, removed)},
};
#define PARTS (sizeof parts / sizeof *parts)

static const struct gbx_usage *part(const struct gbx_collected *c, size_t i)
{
	return (const struct gbx_usage *)((const char *)c + parts[i].offset);
}

static uint64_t total(const struct gbx_collected *c)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < PARTS; i++)
		bytes += part(c, i)->bytes;
	return bytes;
}

static int print_json(const struct gbx_collected *c, bool dry_run)
{
	json_t *all = json_pack("{s:s, s:b}", "format", "glassbox.gc/1", "dry_run", dry_run);

	for (size_t i = 0; i < PARTS; i++)
		json_object_set_new(all, parts[i].name, json_pack("{s:I, s:I}", "count", (json_int_t)part(c, i)->count, "bytes",
								  (json_int_t)part(c, i)->bytes));
	json_object_set_new(all, "bytes", json_integer((json_int_t)total(c)));
	return gbx_print_json(all, GBX_EXIT_OK);
}

static int print(const struct gbx_collected *c, bool dry_run)
{
	for (size_t i = 0; i < PARTS; i++)
		if (part(c, i)->count)
			printf("%12llu bytes  %llu %s\n", (unsigned long long)part(c, i)->bytes, (unsigned long long)part(c, i)->count,
			       parts[i].words);
	printf("%12llu bytes  %s\n", (unsigned long long)total(c), dry_run ? "would be freed" : "freed");
	return gbx_end_output(GBX_EXIT_OK);
}

static int cmd_gc(const struct gbx_given *given)
{
	GBX_CLEANUP(gbx_store_free) struct gbx_store store = {0};
	struct gbx_collected done = {0};
	struct gbx_error err;
	bool dry_run = gbx_flag(given, "dry-run");
	int rc = gbx_open_store(given, &store, &err);

	if (rc == 0)
		rc = gbx_collect(&store, dry_run, gbx_say, &done, &err);
	if (rc)
		return gbx_complain(&err);
	return gbx_flag(given, "json") ? print_json(&done, dry_run) : print(&done, dry_run);
}

const struct gbx_command gbx_cmd_gc = {
	.name = "gc",
	.usage = "[--dry-run] [--json]",
	.summary = "free what no run needs: snapshots of removed runs, leftovers",
	.options = options,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_gc,
};
