/* Folders that the user holds, against the roots that the run recorded: --data and --artifacts. */
#include <stdio.h>

#include "base/mem.h"
#include "bundle/verify_parts.h"
#include "digest/files.h"

/* Counts what a manifest comes to; its page is not kept. */
static int discard(struct gbx_output *out, const void *data, size_t len, struct gbx_error *err)
{
	(void)out;
	(void)data;
	(void)len;
	(void)err;
	return 0;
}

static int check_whole(const struct gbx_files *files, const char *path, struct gbx_error *err)
{
	char shown[256];

	if (files->problems == 0)
		return 0;
	const struct gbx_problem *p = &files->problem[0];
	return gbx_fail(err, GBX_E_IO, "'%s': %zu files could not be hashed, '%s' first: %s", path, files->problems,
			gbx_printable_in(gbx_slice_text(p->path), shown, sizeof shown), p->text ? p->text : "");
}

static int hash_folder(const struct gbx_verification *v, const char *path, struct gbx_files *files, struct gbx_manifest_sum *sum,
		       struct gbx_error *err)
{
	struct gbx_hash_options o = {.threads = v->options->threads};
	struct gbx_output nowhere = {discard};
	uint8_t page[GBX_SHA256_LEN];
	bool finished;
	int rc = gbx_files_walk(path, files, err);

	if (rc == 0)
		rc = gbx_files_hash(path, files, &o, &finished, err);
	if (rc == 0)
		rc = check_whole(files, path, err);
	return rc ? rc : gbx_files_manifest(files, &nowhere, sum, page, err);
}

/* What names the reference's files: its own manifest or, for a dataset, that of its data-files record. */
static const struct gbx_reference *manifest_of(const struct gbx_verification *v, const struct gbx_reference *ref)
{
	for (size_t i = 0; i < v->references; i++) {
		const struct gbx_reference *f = &v->reference[i];
		if (f->kind->kind == GLASSBOX__KIND__DATASET_FILES && f->dataset.seq == ref->seq &&
		    memcmp(f->dataset.stream, ref->stream, GBX_STREAM_LEN) == 0)
			return f;
	}
	return ref->names == GBX_NAMED_FILES ? ref : NULL;
}

static const struct gbx_layer *layer_of(const struct gbx_verification *v, const struct gbx_reference *ref)
{
	const struct gbx_layers *layers = gbx_source_layers(v->source);

	for (size_t i = 0; ref && i < layers->len; i++)
		if (strncmp(layers->layer[i].title, "manifest/", 9) == 0 &&
		    memcmp(layers->layer[i].sha256, ref->digest, GBX_SHA256_LEN) == 0)
			return &layers->layer[i];
	return NULL;
}

/* The first path at which folder and manifest differ, into why. Both are sorted by path. */
static void first_difference(struct gbx_manifest_reader *reader, const struct gbx_files *files, char *why, size_t size)
{
	struct gbx_entry e;
	struct gbx_error ignored;
	char shown[256];
	size_t i = 0;

	for (;;) {
		int more = gbx_manifest_next(reader, &e, &ignored);
		if (more < 0 || (more == 0 && i == files->len))
			return;
		struct gbx_slice mine = i < files->len ? gbx_slice_text(files->file[i].path) : (struct gbx_slice){0};
		int order = more == 0 ? 1 : i == files->len ? -1 : gbx_slice_compare(e.path, mine);
		bool same = order == 0 && e.type == files->file[i].type && e.size == files->file[i].size &&
			    memcmp(e.sha256, files->file[i].sha256, GBX_SHA256_LEN) == 0;
		if (same) {
			i++;
			continue;
		}
		snprintf(why, size, "'%s' %s", gbx_printable_in(order > 0 ? mine : e.path, shown, sizeof shown),
			 order > 0 ? "is not in the record" : order < 0 ? "is missing" : "has other content");
		return;
	}
}

static void explain(struct gbx_verification *v, const struct gbx_reference *ref, const struct gbx_files *files, char *why, size_t size)
{
	const struct gbx_layer *layer = layer_of(v, manifest_of(v, ref));
	GBX_AUTO_BLOB struct gbx_blob *blob = NULL;
	struct gbx_manifest_reader reader;
	struct gbx_error ignored;

	snprintf(why, size, "it has %zu files, the record %llu", files->len, (unsigned long long)ref->files);
	if (!layer || gbx_source_blob(v->source, layer, &blob, &ignored) ||
	    gbx_manifest_reader_init(&reader, GBX_MANIFEST_FILES, gbx_blob_input(blob), &ignored))
		return;
	first_difference(&reader, files, why, size);
	gbx_manifest_reader_free(&reader);
}

/* Compares one folder with the records of a kind; name may be NULL: then any of them may be meant. */
static void compare(struct gbx_verification *v, enum gbx_check check, Glassbox__Kind kind, const char *name, const char *path)
{
	GBX_AUTO_FILES struct gbx_files files = {0};
	struct gbx_manifest_sum sum;
	struct gbx_error err;
	struct gbx_reference *nearest = NULL;
	char why[400];

	if (hash_folder(v, path, &files, &sum, &err)) {
		if (err.code == GBX_E_BAD)
			err.code = GBX_E_IO;
		gbx_report_error(v->report, check, &err, NULL);
		return;
	}
	for (size_t i = 0; i < v->references; i++) {
		struct gbx_reference *ref = &v->reference[i];
		if (ref->kind->kind != kind || !ref->hashed || (name && strcmp(ref->name, name) != 0))
			continue;
		if (memcmp(ref->root, sum.root, GBX_SHA256_LEN) == 0) {
			ref->compared = true;
			return;
		}
		if (!nearest || (ref->name && strcmp(ref->name, gbx_path_base(path)) == 0))
			nearest = ref;
	}
	if (!nearest) {
		if (gbx_fail(&err, GBX_E_NOTFOUND, "'%s': no shown record %s%s to compare it with", path, name ? "is named " : "is there", name ? name : ""))
			gbx_report_error(v->report, check, &err, NULL);
		return;
	}
	explain(v, nearest, &files, why, sizeof why);
	if (gbx_fail(&err, GBX_E_BAD, "'%s' is not what record %llu ('%s') says: %s", path, (unsigned long long)nearest->seq,
		     nearest->name ? nearest->name : "", why))
		gbx_report_error_at(v->report, check, &err, NULL, nearest->stream, nearest->seq);
}

static bool is_recorded_name(const struct gbx_verification *v, const char *text, size_t len)
{
	for (size_t i = 0; i < v->references; i++) {
		const char *name = v->reference[i].name;
		if (name && strlen(name) == len && memcmp(name, text, len) == 0)
			return true;
	}
	return false;
}

/* PATH or NAME=PATH; '=' in a path is no name where no record has it. */
static void compare_said(struct gbx_verification *v, enum gbx_check check, Glassbox__Kind kind, const char *said)
{
	const char *equals = strchr(said, '=');
	GBX_AUTO_STRING char *name = NULL;

	if (equals && is_recorded_name(v, said, (size_t)(equals - said))) {
		struct gbx_error err;
		name = gbx_memdup(said, (size_t)(equals - said));
		if (!name && gbx_fail(&err, GBX_E_NOMEM, "no memory for a name")) {
			gbx_report_error(v->report, check, &err, NULL);
			return;
		}
	}
	compare(v, check, kind, name, name ? equals + 1 : said);
}

static void tell_rest(struct gbx_verification *v, enum gbx_check check, Glassbox__Kind kind, const char *option)
{
	size_t all = 0, compared = 0;
	char line[160];

	for (size_t i = 0; i < v->references; i++)
		if (v->reference[i].kind->kind == kind) {
			all++;
			compared += v->reference[i].compared;
		}
	if (v->report->failed[check] || v->report->unsure[check] || (all && all == compared))
		return;
	if (!v->journals_whole)
		snprintf(line, sizeof line, "the journals could not be read to their end");
	else if (all)
		snprintf(line, sizeof line, "%zu of %zu that are recorded were compared; to compare, give %s", compared, all, option);
	else
		snprintf(line, sizeof line, "the bundle shows no record to compare with");
	gbx_report_add(v->report, check, all || !v->journals_whole ? GBX_STATUS_SKIPPED : GBX_STATUS_ABSENT, false, line);
}

void gbx_verify_folders(struct gbx_verification *v)
{
	for (size_t i = 0; i < v->options->data_len; i++)
		compare_said(v, GBX_CHECK_DATA, GLASSBOX__KIND__DATASET, v->options->data[i]);
	if (v->options->artifacts)
		compare_said(v, GBX_CHECK_ARTIFACTS, GLASSBOX__KIND__ARTIFACT, v->options->artifacts);
	tell_rest(v, GBX_CHECK_DATA, GLASSBOX__KIND__DATASET, "--data DIR");
	tell_rest(v, GBX_CHECK_ARTIFACTS, GLASSBOX__KIND__ARTIFACT, "--artifacts DIR");
}
