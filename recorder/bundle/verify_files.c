/* Layers that shown records name: manifests, and files of their own. */
#include "bundle/verify_parts.h"
#include "digest/manifest.h"

static int compare(const struct gbx_reference *ref, const struct gbx_manifest_sum *sum, struct gbx_error *err)
{
	if (memcmp(sum->root, ref->root, GBX_SHA256_LEN) != 0)
		return gbx_fail(err, GBX_E_BAD, "the manifest has another root than record %llu says", (unsigned long long)ref->seq);
	if (sum->files != ref->files || sum->bytes != ref->bytes)
		return gbx_fail(err, GBX_E_BAD, "the manifest has other counts than record %llu says", (unsigned long long)ref->seq);
	if (ref->kind->kind != GLASSBOX__KIND__CODE && memcmp(sum->salted_root, ref->salted_root, GBX_SHA256_LEN) != 0)
		return gbx_fail(err, GBX_E_BAD, "the manifest has another salted root than record %llu says",
				(unsigned long long)ref->seq);
	return 0;
}

/* Against the record that has the roots: for data-files the dataset's, which may be withheld. That it is there is another check. */
static int compare_with_record(const struct gbx_verification *v, const struct gbx_reference *ref, const struct gbx_manifest_sum *sum,
			       struct gbx_error *err)
{
	if (ref->kind->kind != GLASSBOX__KIND__DATASET_FILES)
		return compare(ref, sum, err);
	const struct gbx_reference *dataset = gbx_verify_find(v, &ref->dataset, GLASSBOX__KIND__DATASET);
	return dataset && dataset->shown ? compare(dataset, sum, err) : 0;
}

static int read_manifest(struct gbx_input *in, enum gbx_manifest_kind kind, unsigned threads, struct gbx_manifest_sum *sum,
			 struct gbx_error *err)
{
	struct gbx_manifest_reader reader;
	struct gbx_entry entry;
	int rc = gbx_manifest_reader_init(&reader, kind, in, err);

	if (rc)
		return rc;
	gbx_manifest_fold_help(&reader.fold, threads);
	do
		rc = gbx_manifest_next(&reader, &entry, err);
	while (rc == 1);
	if (rc == 0)
		rc = gbx_manifest_reader_sum(&reader, sum, err);
	gbx_manifest_reader_free(&reader);
	return rc;
}

/* Holds the layer against each record of the kind that names its digest: empty folders have equal manifests, which are one page
 * file under as many titles. A record that an earlier title was held against is done. */
static void compare_each(struct gbx_verification *v, const struct gbx_layer *layer, enum gbx_named what, const struct gbx_manifest_sum *sum)
{
	struct gbx_error err;

	for (struct gbx_reference **at = gbx_verify_first(v, what, layer->sha256); at; at = gbx_verify_next(v, at)) {
		struct gbx_reference *ref = *at;
		int rc = sum ? compare_with_record(v, ref, sum, &err) : 0;
		ref->found = true;
		if (rc && gbx_fail_context(&err, "%s", layer->title))
			gbx_report_error_at(v->report, GBX_CHECK_MANIFESTS, &err, layer->title, ref->stream, ref->seq);
	}
}

static void check_manifest_as(struct gbx_verification *v, const struct gbx_layer *layer, const struct gbx_reference *ref,
			      enum gbx_named what)
{
	GBX_AUTO_BLOB struct gbx_blob *blob = NULL;
	struct gbx_manifest_sum sum;
	struct gbx_error err;

	if (ref->found)
		return;
	if (gbx_source_blob(v->source, layer, &blob, &err)) {
		gbx_verify_unread(v, GBX_CHECK_MANIFESTS, layer, &err);
		compare_each(v, layer, what, NULL);
		return;
	}
	int rc = read_manifest(gbx_blob_input(blob), what == GBX_NAMED_CODE ? GBX_MANIFEST_CODE : GBX_MANIFEST_FILES,
			       gbx_verify_threads(v, layer->size), &sum, &err);
	if (rc && gbx_fail_context(&err, "%s", layer->title))
		gbx_report_error_at(v->report, GBX_CHECK_MANIFESTS, &err, layer->title, ref->stream, ref->seq);
	compare_each(v, layer, what, rc ? NULL : &sum);
	gbx_verify_finish(v, layer, blob);
}

static void check_manifest(struct gbx_verification *v, const struct gbx_layer *layer)
{
	struct gbx_reference **code = gbx_verify_first(v, GBX_NAMED_CODE, layer->sha256);
	struct gbx_reference **files = gbx_verify_first(v, GBX_NAMED_FILES, layer->sha256);
	struct gbx_error err;

	if (code)
		check_manifest_as(v, layer, *code, GBX_NAMED_CODE);
	if (files)
		check_manifest_as(v, layer, *files, GBX_NAMED_FILES);
	if (!code && !files && v->journals_whole &&
	    gbx_fail(&err, GBX_E_BAD, "%s: no shown record names this manifest", layer->title))
		gbx_report_error(v->report, GBX_CHECK_MANIFESTS, &err, layer->title);
}

static void tell_missing(struct gbx_verification *v, const struct gbx_reference *ref, const char *thing)
{
	struct gbx_error err;

	if (gbx_fail(&err, GBX_E_NOTFOUND, "record %llu (%s) names a %s that is not in the bundle", (unsigned long long)ref->seq,
		     ref->kind->name, thing))
		gbx_report_error_at(v->report, GBX_CHECK_MANIFESTS, &err, NULL, ref->stream, ref->seq);
}

void gbx_verify_manifests(struct gbx_verification *v)
{
	const struct gbx_layers *layers = gbx_source_layers(v->source);
	bool any = false;

	for (size_t i = 0; i < layers->len; i++)
		if (strncmp(layers->layer[i].title, "manifest/", 9) == 0) {
			check_manifest(v, &layers->layer[i]);
			any = true;
		}
	for (size_t i = 0; i < v->references; i++)
		if ((v->reference[i].names == GBX_NAMED_CODE || v->reference[i].names == GBX_NAMED_FILES) && !v->reference[i].found)
			tell_missing(v, &v->reference[i], "manifest");
	if (v->files_withheld || v->code_withheld)
		gbx_report_add(v->report, GBX_CHECK_MANIFESTS, any ? GBX_STATUS_PASS : GBX_STATUS_WITHHELD, false,
			       any ? "those that are shown; others are withheld" : "all manifests are withheld");
	else if (!any && v->references == v->places && v->journals_whole)
		gbx_report_add(v->report, GBX_CHECK_MANIFESTS, GBX_STATUS_ABSENT, false, "the run has no manifests");
}

static void check_file(struct gbx_verification *v, const struct gbx_layer *layer)
{
	GBX_AUTO_BLOB struct gbx_blob *blob = NULL;
	struct gbx_error err;
	bool named = false;

	for (struct gbx_reference **at = gbx_verify_first(v, GBX_NAMED_FILE, layer->sha256); at; at = gbx_verify_next(v, at)) {
		struct gbx_reference *ref = *at;
		named = ref->found = true;
		if (ref->bytes != layer->size &&
		    gbx_fail(&err, GBX_E_BAD, "%s has another size than record %llu says", layer->title, (unsigned long long)ref->seq))
			gbx_report_error_at(v->report, GBX_CHECK_MANIFESTS, &err, layer->title, ref->stream, ref->seq);
	}
	if (!named && v->journals_whole && gbx_fail(&err, GBX_E_BAD, "%s: no shown record names this file", layer->title))
		gbx_report_error(v->report, GBX_CHECK_MANIFESTS, &err, layer->title);
	if (gbx_source_blob(v->source, layer, &blob, &err))
		gbx_verify_unread(v, GBX_CHECK_MANIFESTS, layer, &err);
	else
		gbx_verify_finish(v, layer, blob);
}

void gbx_verify_files(struct gbx_verification *v)
{
	const struct gbx_layers *layers = gbx_source_layers(v->source);

	for (size_t i = 0; i < layers->len; i++)
		if (strncmp(layers->layer[i].title, "file/", 5) == 0)
			check_file(v, &layers->layer[i]);
	for (size_t i = 0; i < v->references; i++)
		if (v->reference[i].names == GBX_NAMED_FILE && !v->reference[i].found)
			tell_missing(v, &v->reference[i], "file");
}
