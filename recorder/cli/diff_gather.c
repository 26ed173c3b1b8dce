#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "capture/code_diff.h"
#include "cli/cli.h"
#include "cli/diff.h"
#include "cli/output.h"

void gbx_diff_free(struct gbx_diff *d)
{
	gbx_compared_free(&d->run[0]);
	gbx_compared_free(&d->run[1]);
	json_decref(d->document);
}

static json_t *section_list(struct gbx_diff *d, enum gbx_section section)
{
	return json_object_get(json_object_get(d->document, "sections"), gbx_section_name(section));
}

/* What is over the limit is counted. False where it is. */
static bool has_room(json_t *owner, size_t listed)
{
	if (listed < GBX_LIMIT_LISTED)
		return true;
	json_object_set_new(owner, "more", json_integer(json_integer_value(json_object_get(owner, "more")) + 1));
	return false;
}

static json_t *side_json(const struct gbx_told *t)
{
	json_t *o = t ? json_object() : json_null();

	if (t && t->type)
		gbx_json_set(&o, "type", json_string(t->type));
	if (t)
		gbx_json_set(&o, "value", gbx_json_bytes(gbx_slice_text(t->value)));
	return o;
}

struct files {
	json_t *item, *list;
};

static int take_entry(void *arg, const struct gbx_entry *before, const struct gbx_entry *after, struct gbx_error *err)
{
	struct files *f = arg;

	if (!has_room(f->item, json_array_size(f->list)))
		return 0;
	json_t *o = json_pack("{s:o, s:s}", "path", gbx_json_bytes((before ? before : after)->path), "change",
			      !before ? "added" : !after ? "removed" : "changed");
	return json_array_append_new(f->list, o) ? gbx_fail(err, GBX_E_NOMEM, "no memory for JSON") : 0;
}

/* Which files of a dataset or output differ. A manifest that cannot be read is said; that they differ is known without it. */
static int add_files(struct gbx_diff *d, const struct gbx_told *before, const struct gbx_told *after, json_t *item, struct gbx_error *err)
{
	struct files files = {item, json_array()};
	const struct gbx_manifest_pair pair = {GBX_MANIFEST_FILES, {d->run[0].facts.view.run, d->run[1].facts.view.run},
					       {before->manifest, after->manifest}, take_entry, &files};
	struct gbx_error why;

	if (json_object_set_new(item, "files", files.list))
		return gbx_fail(err, GBX_E_NOMEM, "no memory for JSON");
	int rc = gbx_compare_manifests(d->store, &pair, &why);
	if (rc == GBX_E_NOMEM)
		return gbx_fail(err, rc, "%s", why.line);
	if (rc) {
		d->broken = true;
		gbx_fail_context(&why, "which files of %s differ cannot be told", before->name);
		gbx_say(why.line);
	}
	return 0;
}

/* Arguments are named by their number. */
static const char *shown_name(const struct gbx_told *t)
{
	const char *name = t->name;

	if (t->section == GBX_SECTION_ARGUMENTS)
		name += strspn(name, "0");
	return *name ? name : "0";
}

static int add_item(struct gbx_diff *d, const struct gbx_told *before, const struct gbx_told *after, const char *change,
		    struct gbx_error *err)
{
	const struct gbx_told *t = before ? before : after;
	json_t *list = section_list(d, t->section), *owner = json_object_get(d->document, "sections");

	if (!has_room(owner, json_array_size(list)))
		return 0;
	json_t *item = json_pack("{s:o, s:s, s:o, s:o}", "name", gbx_json_bytes(gbx_slice_text(shown_name(t))), "change", change, "before",
				 side_json(before), "after", side_json(after));
	if (json_array_append_new(list, item))
		return gbx_fail(err, GBX_E_NOMEM, "no memory for JSON");
	bool files = before && after && before->has_manifest && after->has_manifest && strcmp(change, "changed") == 0;
	return files ? add_files(d, before, after, item, err) : 0;
}

static int take_pair(void *arg, const struct gbx_told *before, const struct gbx_told *after, struct gbx_error *err)
{
	struct gbx_diff *d = arg;
	const struct gbx_told *t = before ? before : after;

	if (!(d->sections & 1u << t->section) || (before && after && gbx_told_same(before, after)))
		return 0;
	/* Two addresses that differ are a difference; one address twice says nothing of what was there. */
	bool unknown = before && after && (before->unknown || after->unknown) &&
		       (before->unknown != after->unknown || strcmp(before->value, after->value) == 0);
	d->unknown |= unknown;
	d->differs |= !unknown;
	return add_item(d, before, after, unknown ? "unknown" : !before ? "added" : !after ? "removed" : "changed", err);
}

static json_t *run_json(const struct gbx_compared *c)
{
	const struct gbx_run_view *v = &c->facts.view;
	double seconds = (double)(v->job_ended_nanos - v->job_started_nanos) / 1e9;

	return json_pack("{s:s, s:o, s:s, s:o}", "run", v->run, "name", v->name ? gbx_json_bytes(gbx_slice_text(v->name)) : json_null(), "state",
			 gbx_run_state_name(v->state), "seconds",
			 v->has_end && v->job_ended_nanos >= v->job_started_nanos ? json_real(seconds) : json_null());
}

static json_t *sections_json(unsigned wanted)
{
	json_t *sections = json_object();

	for (unsigned i = 0; i < GBX_SECTIONS; i++)
		if (wanted & 1u << i)
			gbx_json_set(&sections, gbx_section_name((enum gbx_section)i), json_array());
	return sections;
}

int gbx_diff_gather(struct gbx_diff *d, struct gbx_error *err)
{
	d->document = json_pack("{s:s, s:[o, o], s:n, s:o}", "format", "glassbox.diff/1", "runs", run_json(&d->run[0]), run_json(&d->run[1]),
				"same", "sections", sections_json(d->sections));
	if (!d->document)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for JSON");
	return gbx_compare(&d->run[0], &d->run[1], take_pair, d, err);
}

static json_t *snapshot_json(const struct gbx_compared *c)
{
	if (!c->has_code)
		return json_null();
	return json_pack("{s:o, s:o, s:b}", "tree", gbx_json_hex(c->tree, c->tree_len), "root", gbx_json_hex(c->root, GBX_SHA256_LEN),
			 "complete", c->code_complete);
}

struct code {
	json_t *object, *files;
	struct gbx_bytes *patch;
	bool print, to_terminal;
};

static int take_file(void *arg, const struct gbx_code_difference *f, struct gbx_error *err)
{
	static const char *const change[] = {"added", "removed", "changed"};
	struct code *c = arg;

	if (!has_room(c->object, json_array_size(c->files)))
		return 0;
	json_t *o = json_pack("{s:o, s:s, s:b, s:I, s:I}", "path", gbx_json_bytes(f->path), "change", change[f->change], "binary", f->binary,
			      "added", (json_int_t)f->added, "removed", (json_int_t)f->removed);
	return json_array_append_new(c->files, o) ? gbx_fail(err, GBX_E_NOMEM, "no memory for JSON") : 0;
}

static int take_patch(void *arg, struct gbx_slice text, struct gbx_error *err)
{
	struct code *c = arg;

	for (size_t i = 0; c->to_terminal && i < text.len; i++)
		putchar(text.data[i] < 32 && text.data[i] != '\n' && text.data[i] != '\t' ? '?' : text.data[i]);
	if (c->print && !c->to_terminal)
		fwrite(text.data, 1, text.len, stdout);
	if (c->print)
		return ferror(stdout) ? gbx_output_end(err) : 0;
	if (c->patch->len + text.len > GBX_LIMIT_PATCH)
		return gbx_fail(err, GBX_E_LIMIT, "the patch is longer than %u bytes; print it as text", GBX_LIMIT_PATCH);
	return gbx_bytes_append(c->patch, text.data, text.len, err);
}

/* The trees differ: how is git's to say. */
static int compare_trees(struct gbx_diff *d, struct code *code, struct gbx_error *err)
{
	const struct gbx_compared *a = &d->run[0], *b = &d->run[1];
	const struct gbx_code_diff_options o = {d->store->path, a->tree, b->tree, a->tree_len, d->binary, d->stat};
	const struct gbx_code_diff_takers takers = {take_file, take_patch, code};
	struct gbx_error why;

	int rc = gbx_code_diff(&o, &takers, &why);
	if (rc == GBX_E_NOMEM || (rc && ferror(stdout)))
		return gbx_fail(err, rc, "%s", why.line);
	if (rc) {
		d->broken = true;
		gbx_fail_context(&why, "what changed in the code cannot be told");
		gbx_say(why.line);
		return 0;
	}
	if (!code->print && !d->stat)
		json_object_set_new(code->object, "patch", gbx_json_bytes(gbx_slice_of(code->patch)));
	return 0;
}

/* Trees that are the same with other bytes in the work tree: line ends or filters. */
static int compare_bytes(struct gbx_diff *d, json_t *code, struct gbx_error *err)
{
	struct files files = {code, json_object_get(code, "files")};
	const struct gbx_manifest_pair pair = {GBX_MANIFEST_CODE, {d->run[0].facts.view.run, d->run[1].facts.view.run},
					       {d->run[0].code_manifest, d->run[1].code_manifest}, take_entry, &files};
	struct gbx_error why;

	if (gbx_compare_manifests(d->store, &pair, &why) == 0)
		return 0;
	d->broken = true;
	gbx_fail_context(&why, "which files of the code differ cannot be told");
	gbx_say(why.line);
	return why.code == GBX_E_NOMEM ? gbx_fail(err, why.code, "%s", why.line) : 0;
}

int gbx_diff_snapshots(struct gbx_diff *d, struct gbx_error *err)
{
	const struct gbx_compared *a = &d->run[0], *b = &d->run[1];
	json_t *code = json_pack("{s:o, s:o, s:[]}", "before", snapshot_json(a), "after", snapshot_json(b), "files");

	if (json_object_set_new(d->document, "code", code))
		return gbx_fail(err, GBX_E_NOMEM, "no memory for JSON");
	bool both = a->has_code && b->has_code;
	bool roots = both && memcmp(a->root, b->root, GBX_SHA256_LEN) == 0;
	d->trees_differ = both && (a->tree_len != b->tree_len || memcmp(a->tree, b->tree, a->tree_len) != 0);
	d->differs |= d->trees_differ || (both && !roots);
	/* What was left out of a snapshot was not compared. */
	d->unknown |= !both || !a->code_complete || !b->code_complete;
	return both && !d->trees_differ && !roots ? compare_bytes(d, code, err) : 0;
}

int gbx_diff_code(struct gbx_diff *d, bool print, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes patch = {0};
	json_t *object = json_object_get(d->document, "code");
	struct code code = {object, json_object_get(object, "files"), &patch, print, print && isatty(STDOUT_FILENO)};

	return d->trees_differ ? compare_trees(d, &code, err) : 0;
}
