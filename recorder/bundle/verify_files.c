/* What shown records name: manifests, and files of their own. */
#include "base/limits.h"
#include "base/mem.h"
#include "bundle/verify_parts.h"
#include "digest/manifest.h"

static void take_roots(struct gbx_reference *ref, ProtobufCBinaryData root, ProtobufCBinaryData salted)
{
	ref->hashed = root.len == GBX_SHA256_LEN;
	if (ref->hashed)
		memcpy(ref->root, root.data, GBX_SHA256_LEN);
	if (salted.len == GBX_SHA256_LEN)
		memcpy(ref->salted_root, salted.data, GBX_SHA256_LEN);
}

static void take_manifest(struct gbx_reference *ref, ProtobufCBinaryData manifest)
{
	ref->has_manifest = true;
	memcpy(ref->digest, manifest.data, GBX_SHA256_LEN);
}

static void take_file(struct gbx_reference *ref, const Glassbox__Blob *blob)
{
	ref->has_file = true;
	ref->bytes = blob->size;
	memcpy(ref->digest, blob->sha256.data, GBX_SHA256_LEN);
}

static void take_code(struct gbx_reference *ref, const Glassbox__Code *c)
{
	take_roots(ref, c->root, (ProtobufCBinaryData){0});
	take_manifest(ref, c->manifest);
	ref->files = c->files;
	ref->bytes = c->bytes;
	ref->tree_len = c->tree.len;
	memcpy(ref->tree, c->tree.data, c->tree.len);
}

static void take_files(struct gbx_reference *ref, const Glassbox__DatasetFiles *f)
{
	take_manifest(ref, f->manifest);
	ref->dataset.seq = f->dataset->seq;
	memcpy(ref->dataset.stream, f->dataset->stream.data, GBX_STREAM_LEN);
}

static char *take_dataset(struct gbx_reference *ref, const Glassbox__Dataset *d)
{
	take_roots(ref, d->root, d->salted_root);
	ref->files = d->files;
	ref->bytes = d->bytes;
	return gbx_strdup(d->name);
}

static char *take_artifact(struct gbx_reference *ref, const Glassbox__Artifact *a)
{
	take_roots(ref, a->root, a->salted_root);
	take_manifest(ref, a->manifest);
	ref->files = a->files;
	ref->bytes = a->bytes;
	return gbx_strdup(a->name);
}

/* False for a record that names nothing. */
static bool take_body(struct gbx_reference *ref, const Glassbox__Body *b)
{
	switch (b->body_case) {
	case GLASSBOX__BODY__BODY_CODE:
		take_code(ref, b->code);
		return true;
	case GLASSBOX__BODY__BODY_DATASET:
		ref->name = take_dataset(ref, b->dataset);
		return true;
	case GLASSBOX__BODY__BODY_DATASET_FILES:
		take_files(ref, b->dataset_files);
		return true;
	case GLASSBOX__BODY__BODY_ARTIFACT:
		ref->name = take_artifact(ref, b->artifact);
		return true;
	case GLASSBOX__BODY__BODY_CONFIG:
		take_file(ref, b->config->content);
		return true;
	case GLASSBOX__BODY__BODY_ARGUMENT:
		if (b->argument->content_case == GLASSBOX__ARGUMENT__CONTENT_BLOB)
			take_file(ref, b->argument->blob);
		return ref->has_file;
	case GLASSBOX__BODY__BODY_PARAMETER:
		if (b->parameter->value_case == GLASSBOX__PARAMETER__VALUE_BLOB)
			take_file(ref, b->parameter->blob);
		return ref->has_file;
	default:
		return false;
	}
}

int gbx_verify_take_reference(struct gbx_verification *v, const struct gbx_record *r, const uint8_t stream[GBX_STREAM_LEN],
			      struct gbx_error *err)
{
	struct gbx_reference ref = {.kind = r->kind, .seq = r->seq};

	if (!take_body(&ref, r->body))
		return 0;
	if ((ref.kind->kind == GLASSBOX__KIND__DATASET || ref.kind->kind == GLASSBOX__KIND__ARTIFACT) && !ref.name)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the name of a dataset or artifact");
	memcpy(ref.stream, stream, GBX_STREAM_LEN);
	int rc = v->references == GBX_LIMIT_REFERENCES
			 ? gbx_fail(err, GBX_E_LIMIT, "more than %u records name files or manifests", GBX_LIMIT_REFERENCES)
			 : gbx_grow((void **)&v->reference, &v->references_cap, v->references, sizeof *v->reference, err);
	if (rc)
		gbx_free(ref.name);
	else
		v->reference[v->references++] = ref;
	return rc;
}

static bool names_manifest(const struct gbx_reference *ref, const uint8_t sha256[GBX_SHA256_LEN], bool code)
{
	return ref->has_manifest && (ref->kind->kind == GLASSBOX__KIND__CODE) == code && memcmp(ref->digest, sha256, GBX_SHA256_LEN) == 0;
}

struct gbx_reference *gbx_verify_manifest_of(struct gbx_verification *v, const uint8_t sha256[GBX_SHA256_LEN], bool code)
{
	for (size_t i = 0; i < v->references; i++)
		if (names_manifest(&v->reference[i], sha256, code))
			return &v->reference[i];
	return NULL;
}

/* The record that has the roots: for data-files the dataset, which may be withheld. */
static const struct gbx_reference *with_roots(const struct gbx_verification *v, const struct gbx_reference *ref)
{
	if (ref->kind->kind != GLASSBOX__KIND__DATASET_FILES)
		return ref;
	for (size_t i = 0; i < v->references; i++) {
		const struct gbx_reference *d = &v->reference[i];
		if (d->kind->kind == GLASSBOX__KIND__DATASET && d->seq == ref->dataset.seq &&
		    memcmp(d->stream, ref->dataset.stream, GBX_STREAM_LEN) == 0)
			return d;
	}
	return NULL;
}

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

/* Files whose dataset is not shown: then the owner withholds it. */
static int check_withheld(const struct gbx_verification *v, const struct gbx_reference *ref, struct gbx_error *err)
{
	const struct gbx_withheld *said;

	if (!v->has_publication || !v->journals_whole)
		return 0;
	said = gbx_publication_find(&v->publication, ref->dataset.stream, ref->dataset.seq);
	if (said && said->kind->kind == GLASSBOX__KIND__DATASET)
		return 0;
	return gbx_fail(err, GBX_E_BAD, "record %llu is of record %llu, which is no dataset", (unsigned long long)ref->seq,
			(unsigned long long)ref->dataset.seq);
}

static int read_manifest(struct gbx_input *in, enum gbx_manifest_kind kind, struct gbx_manifest_sum *sum, struct gbx_error *err)
{
	struct gbx_manifest_reader reader;
	struct gbx_entry entry;
	int rc = gbx_manifest_reader_init(&reader, kind, in, err);

	if (rc)
		return rc;
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
static void compare_each(struct gbx_verification *v, const struct gbx_layer *layer, bool code, const struct gbx_manifest_sum *sum)
{
	struct gbx_error err;

	for (size_t i = 0; i < v->references; i++) {
		struct gbx_reference *ref = &v->reference[i];
		if (ref->found || !names_manifest(ref, layer->sha256, code))
			continue;
		ref->found = true;
		const struct gbx_reference *roots = with_roots(v, ref);
		int rc = !sum ? 0 : roots ? compare(roots, sum, &err) : check_withheld(v, ref, &err);
		if (rc && gbx_fail_context(&err, "%s", layer->title))
			gbx_report_error_at(v->report, GBX_CHECK_MANIFESTS, &err, layer->title, ref->stream, ref->seq);
	}
}

static void check_manifest_as(struct gbx_verification *v, const struct gbx_layer *layer, const struct gbx_reference *ref, bool code)
{
	GBX_AUTO_BLOB struct gbx_blob *blob = NULL;
	struct gbx_manifest_sum sum;
	struct gbx_error err;

	if (ref->found)
		return;
	if (gbx_source_blob(v->source, layer, &blob, &err)) {
		gbx_verify_layer_error(v, layer, &err);
		compare_each(v, layer, code, NULL);
		return;
	}
	int rc = read_manifest(gbx_blob_input(blob), code ? GBX_MANIFEST_CODE : GBX_MANIFEST_FILES, &sum, &err);
	if (rc && gbx_fail_context(&err, "%s", layer->title))
		gbx_report_error_at(v->report, GBX_CHECK_MANIFESTS, &err, layer->title, ref->stream, ref->seq);
	compare_each(v, layer, code, rc ? NULL : &sum);
	if (gbx_blob_finish(blob, &err))
		gbx_verify_layer_error(v, layer, &err);
}

static void check_manifest(struct gbx_verification *v, const struct gbx_layer *layer)
{
	const struct gbx_reference *code = gbx_verify_manifest_of(v, layer->sha256, true);
	const struct gbx_reference *files = gbx_verify_manifest_of(v, layer->sha256, false);
	struct gbx_error err;

	if (code)
		check_manifest_as(v, layer, code, true);
	if (files)
		check_manifest_as(v, layer, files, false);
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
		if (v->reference[i].has_manifest && !v->reference[i].found)
			tell_missing(v, &v->reference[i], "manifest");
	if (v->files_withheld || v->code_withheld)
		gbx_report_add(v->report, GBX_CHECK_MANIFESTS, any ? GBX_STATUS_PASS : GBX_STATUS_WITHHELD, false,
			       any ? "those that are shown; others are withheld" : "all manifests are withheld");
	else if (!any && v->references == 0)
		gbx_report_add(v->report, GBX_CHECK_MANIFESTS, GBX_STATUS_ABSENT, false, "the run has no manifests");
}

static void check_file(struct gbx_verification *v, const struct gbx_layer *layer)
{
	GBX_AUTO_BLOB struct gbx_blob *blob = NULL;
	struct gbx_error err;
	bool named = false;

	for (size_t i = 0; i < v->references; i++) {
		struct gbx_reference *ref = &v->reference[i];
		if (!ref->has_file || memcmp(ref->digest, layer->sha256, GBX_SHA256_LEN) != 0)
			continue;
		named = ref->found = true;
		if (ref->bytes != layer->size &&
		    gbx_fail(&err, GBX_E_BAD, "%s has another size than record %llu says", layer->title, (unsigned long long)ref->seq))
			gbx_report_error_at(v->report, GBX_CHECK_MANIFESTS, &err, layer->title, ref->stream, ref->seq);
	}
	if (!named && v->journals_whole && gbx_fail(&err, GBX_E_BAD, "%s: no shown record names this file", layer->title))
		gbx_report_error(v->report, GBX_CHECK_MANIFESTS, &err, layer->title);
	if (gbx_source_blob(v->source, layer, &blob, &err) || gbx_blob_finish(blob, &err))
		gbx_verify_layer_error(v, layer, &err);
}

void gbx_verify_files(struct gbx_verification *v)
{
	const struct gbx_layers *layers = gbx_source_layers(v->source);

	for (size_t i = 0; i < layers->len; i++)
		if (strncmp(layers->layer[i].title, "file/", 5) == 0)
			check_file(v, &layers->layer[i]);
	for (size_t i = 0; i < v->references; i++)
		if (v->reference[i].has_file && !v->reference[i].found)
			tell_missing(v, &v->reference[i], "file");
}
