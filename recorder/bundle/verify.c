#include "bundle/verify.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/processors.h"
#include "bundle/verify_parts.h"

#define MANY_BYTES (1024u * 1024)

/* A blob that is missing was told when the layout was read, and is asked for again by each check that needs it. */
static bool was_told(const struct gbx_report *r, enum gbx_check check, const char *detail)
{
	for (size_t i = 0; i < r->rows; i++)
		if (r->row[i].check == check && r->row[i].detail && strcmp(r->row[i].detail, detail) == 0)
			return true;
	return false;
}

void gbx_verify_layer_error(struct gbx_verification *v, const struct gbx_layer *l, const struct gbx_error *err)
{
	enum gbx_check check = err->code == GBX_E_BAD ? GBX_CHECK_DIGESTS : GBX_CHECK_LAYOUT;

	if (!was_told(v->report, check, err->line))
		gbx_report_error(v->report, check, err, l->title);
}

bool gbx_verify_finish(struct gbx_verification *v, const struct gbx_layer *l, struct gbx_blob *blob)
{
	struct gbx_error err;

	if (gbx_verify_is_endless(v, l)) {
		if (gbx_fail(&err, GBX_E_LIMIT, "%s: more than %u MiB that no statement names with this digest: not read to its end", l->title,
			     GBX_LIMIT_UNNAMED >> 20))
			gbx_verify_layer_error(v, l, &err);
		return false;
	}
	if (gbx_blob_finish(blob, &err) == 0)
		return true;
	gbx_verify_layer_error(v, l, &err);
	return false;
}

void gbx_verify_unread(struct gbx_verification *v, enum gbx_check check, const struct gbx_layer *l, const struct gbx_error *err)
{
	struct gbx_error unread;

	gbx_verify_layer_error(v, l, err);
	if (gbx_fail(&unread, GBX_E_IO, "%s could not be read", l->title))
		gbx_report_error(v->report, check, &unread, l->title);
}

unsigned gbx_verify_threads(const struct gbx_verification *v, uint64_t bytes)
{
	if (bytes < MANY_BYTES)
		return 1;
	return v->options->threads ? v->options->threads : gbx_processors();
}

/* Titles whose blobs are read one by one: one blob under thousands of them would be read thousands of times. */
static bool is_read_for_itself(const char *title)
{
	return strncmp(title, "manifest/", 9) != 0 && strcmp(title, "start.proof") != 0 && strcmp(title, "seal.proof") != 0;
}

static int by_digest(const void *a, const void *b)
{
	return memcmp(((const struct gbx_layer *)a)->sha256, ((const struct gbx_layer *)b)->sha256, GBX_SHA256_LEN);
}

/* False, and said, where two such layers are one blob: publish never writes that. */
static bool blobs_differ(struct gbx_verification *v)
{
	const struct gbx_layers *layers = gbx_source_layers(v->source);
	struct gbx_layer *sorted = gbx_memdup(layers->layer, layers->len * sizeof *sorted);
	struct gbx_error err;
	bool differ = true;

	if (!sorted) {
		if (gbx_fail(&err, GBX_E_NOMEM, "no memory for a list of %zu layers", layers->len))
			gbx_report_error(v->report, GBX_CHECK_LAYOUT, &err, NULL);
		return false;
	}
	qsort(sorted, layers->len, sizeof *sorted, by_digest);
	for (size_t i = 1; i < layers->len && differ; i++)
		if (by_digest(&sorted[i - 1], &sorted[i]) == 0 && is_read_for_itself(sorted[i - 1].title) && is_read_for_itself(sorted[i].title)) {
			differ = false;
			if (gbx_fail(&err, GBX_E_MALFORMED, "%s and %s are one blob", sorted[i - 1].title, sorted[i].title))
				gbx_report_error(v->report, GBX_CHECK_LAYOUT, &err, sorted[i].title);
		}
	gbx_free(sorted);
	return differ;
}

static void problem(void *arg, const char *check, const struct gbx_error *err)
{
	gbx_report_error(arg, gbx_check_named(check), err, NULL);
}

/* Kinds of evidence that this program does not judge yet: that they are there is said, and it keeps the verdict open. */
static void tell_unknown(struct gbx_verification *v, const char *prefix, enum gbx_check check)
{
	const struct gbx_layers *layers = gbx_source_layers(v->source);
	bool any = false;

	for (size_t i = 0; i < layers->len; i++) {
		const struct gbx_layer *l = &layers->layer[i];
		GBX_AUTO_BLOB struct gbx_blob *blob = NULL;
		struct gbx_error err;
		if (strncmp(l->title, prefix, strlen(prefix)) != 0)
			continue;
		any = true;
		if (gbx_fail(&err, GBX_E_VERSION, "%s: this version does not check it", l->title))
			gbx_report_error(v->report, check, &err, l->title);
		if (gbx_source_blob(v->source, l, &blob, &err))
			gbx_verify_layer_error(v, l, &err);
		else
			gbx_verify_finish(v, l, blob);
	}
	if (!any)
		gbx_report_add(v->report, check, GBX_STATUS_ABSENT, false, "none");
}

/* Where the layout cannot be read, nothing else was looked at: that is no pass. */
static void skip_all(struct gbx_report *r)
{
	r->unread = true;
	for (int i = 0; i < GBX_CHECKS; i++)
		if (!gbx_report_said(r, (enum gbx_check)i))
			gbx_report_add(r, (enum gbx_check)i, GBX_STATUS_SKIPPED, true, "the layout cannot be read");
}

/* What depends on records that were not read is no pass either. */
static void skip_unread(struct gbx_verification *v)
{
	for (int i = GBX_CHECK_RECORDS; i <= GBX_CHECK_MANIFESTS; i++)
		if (!v->report->failed[i] && !v->report->unsure[i])
			gbx_report_add(v->report, (enum gbx_check)i, GBX_STATUS_SKIPPED, true, "the journals could not be read to their end");
}

static void verify(struct gbx_verification *v)
{
	struct gbx_error err;

	/* In the order in which publish writes the layers, since a pipe gives them once. */
	gbx_verify_publication(v);
	gbx_verify_against_open(v);
	gbx_verify_journals(v);
	gbx_verify_heads(v);
	gbx_verify_manifests(v);
	gbx_verify_code(v);
	gbx_verify_files(v);
	gbx_verify_folders(v);
	tell_unknown(v, "attestation/", GBX_CHECK_ATTESTATIONS);
	tell_unknown(v, "timestamp/", GBX_CHECK_TIMESTAMPS);
	if (gbx_source_end(v->source, &err))
		gbx_report_error(v->report, GBX_CHECK_LAYOUT, &err, NULL);
	if (!v->journals_whole)
		skip_unread(v);
	gbx_ulid_text(v->run, v->report->run);
}

int gbx_verify(const char *bundle, const struct gbx_verify_options *options, struct gbx_report *report, struct gbx_error *err)
{
	struct gbx_report made = {0};
	struct gbx_verification v = {.options = options, .report = &made};
	struct gbx_error why;
	int rc = gbx_source_open(bundle, problem, &made, &v.source, &why);

	if (rc == GBX_E_NOMEM || rc == GBX_E_CRYPTO)
		made.broken = why;
	else if (rc == 0 && blobs_differ(&v))
		verify(&v);
	else
		skip_all(&made);
	gbx_verify_against_finish(&v);
	for (size_t i = 0; i < v.references; i++)
		gbx_free(v.reference[i].name);
	gbx_free(v.reference);
	gbx_free(v.by_digest);
	gbx_free(v.wanted);
	gbx_free(v.missing);
	gbx_free(v.once);
	gbx_free(v.ended);
	gbx_publication_free(&v.publication);
	gbx_source_free(v.source);
	if (made.broken.code) {
		rc = gbx_fail(err, made.broken.code, "%s", made.broken.line);
		gbx_report_free(&made);
		return rc;
	}
	*report = made;
	return 0;
}
