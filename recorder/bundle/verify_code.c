/* Code: the tar of a snapshot against its manifest, file by file, and the git tree id that both come to. */
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "bundle/code_digests.h"
#include "bundle/tar.h"
#include "bundle/verify_parts.h"

struct code {
	const struct gbx_reference *ref;
	struct gbx_manifest_reader manifest;
	struct gbx_tar_reader tar;
	struct gbx_code_digests *digests;
	struct gbx_git_tree *tree;
};

static int differs(const struct gbx_entry *e, const char *why, struct gbx_error *err)
{
	char shown[512];

	return gbx_fail(err, GBX_E_BAD, "file '%s': %s", gbx_printable_in(e->path, shown, sizeof shown), why);
}

/* Puts the tar's next file with the content to be hashed, where it is the one that the manifest says. */
static int read_file(struct code *c, const struct gbx_entry *e, struct gbx_error *err)
{
	struct gbx_tar_entry t;
	struct gbx_memory_input target;
	int rc = gbx_tar_next(&c->tar, &t, err);

	if (rc < 0)
		return rc;
	if (rc == 0)
		return differs(e, "in the manifest and not in the tar", err);
	if (!gbx_slice_equal(t.path, e->path))
		return differs(e, "the tar has another file in its place", err);
	if (t.type != e->type || (e->type == GBX_SYMLINK ? t.target.len : t.size) != e->size)
		return differs(e, "another type or size in the tar than in the manifest", err);
	gbx_memory_input(&target, t.target);
	return gbx_code_digests_add(c->digests, e, e->type == GBX_SYMLINK ? &target.in : gbx_tar_content(&c->tar), err);
}

/* A submodule has no file: its entry speaks of its commit id. */
static int check_submodule(const struct gbx_entry *e, struct gbx_error *err)
{
	uint8_t sha256[GBX_SHA256_LEN];
	int rc = gbx_sha256(gbx_slice(e->git_id, e->git_id_len), sha256, err);

	if (rc == 0 && memcmp(sha256, e->sha256, GBX_SHA256_LEN) != 0)
		rc = differs(e, "its SHA-256 is not that of its commit id", err);
	return rc;
}

static int check_entry(void *arg, const struct gbx_entry *e, const uint8_t sha256[GBX_SHA256_LEN], const uint8_t *git_id,
		       struct gbx_error *err)
{
	struct code *c = arg;
	int rc = 0;

	if (e->type == GBX_GITLINK)
		rc = check_submodule(e, err);
	else if (memcmp(sha256, e->sha256, GBX_SHA256_LEN) != 0)
		rc = differs(e, "other content in the tar than the manifest says", err);
	if (rc)
		return rc;
	if (e->git_id_len && e->git_id_len != c->ref->tree_len)
		return differs(e, "a git id of another length than the tree's", err);
	return gbx_git_tree_add(c->tree, e->path, e->type, e->git_id_len ? e->git_id : git_id, err);
}

static int read_files(struct code *c, struct gbx_error *err)
{
	struct gbx_entry e;
	struct gbx_tar_entry t;
	int rc;

	while ((rc = gbx_manifest_next(&c->manifest, &e, err)) == 1) {
		rc = e.type == GBX_GITLINK ? gbx_code_digests_add(c->digests, &e, NULL, err) : read_file(c, &e, err);
		if (rc)
			return rc;
	}
	if (rc == 0)
		rc = gbx_tar_next(&c->tar, &t, err);
	return rc == 1 ? gbx_fail(err, GBX_E_BAD, "the tar has a file that the manifest does not have") : rc;
}

static int compare(struct code *c, struct gbx_error *err)
{
	uint8_t tree[GBX_SHA256_LEN];
	struct gbx_error earlier;
	int rc = read_files(c, err);

	/* What is wrong with a file before the one that could not be read was not told yet. */
	if (gbx_code_digests_finish(c->digests, &earlier)) {
		*err = earlier;
		return earlier.code;
	}
	if (rc == 0)
		rc = gbx_git_tree_finish(c->tree, tree, err);
	if (rc == 0 && memcmp(tree, c->ref->tree, c->ref->tree_len) != 0)
		rc = gbx_fail(err, GBX_E_BAD, "the files come to another git tree than record %llu says", (unsigned long long)c->ref->seq);
	return rc;
}

static int compare_with(struct code *c, struct gbx_input *manifest, struct gbx_input *tar, unsigned threads, struct gbx_error *err)
{
	enum gbx_git_format format = c->ref->tree_len == 20 ? GBX_GIT_SHA1 : GBX_GIT_SHA256;
	struct gbx_code_listener listener = {check_entry, c};
	int rc = gbx_manifest_reader_init(&c->manifest, GBX_MANIFEST_CODE, manifest, err);

	gbx_tar_reader_init(&c->tar, tar, true);
	if (rc == 0)
		rc = gbx_git_tree_new(format, &c->tree, err);
	if (rc == 0)
		rc = gbx_code_digests_new(&c->digests, format, threads, listener, err);
	if (rc == 0)
		rc = compare(c, err);
	gbx_code_digests_free(c->digests);
	gbx_git_tree_free(c->tree);
	gbx_tar_reader_free(&c->tar);
	gbx_manifest_reader_free(&c->manifest);
	return rc;
}

static void check_tar(struct gbx_verification *v, const struct gbx_layer *layer, const struct gbx_layer *manifest,
		      const struct gbx_reference *ref)
{
	GBX_AUTO_BLOB struct gbx_blob *tar_blob = NULL, *manifest_blob = NULL;
	struct code c = {.ref = ref};
	struct gbx_error err;

	if (gbx_source_blob(v->source, layer, &tar_blob, &err)) {
		gbx_verify_unread(v, GBX_CHECK_CODE, layer, &err);
		return;
	}
	if (gbx_source_blob(v->source, manifest, &manifest_blob, &err)) {
		gbx_verify_unread(v, GBX_CHECK_CODE, manifest, &err);
		return;
	}
	unsigned threads = gbx_verify_threads(v, layer->size);
	if (compare_with(&c, gbx_blob_input(manifest_blob), gbx_blob_input(tar_blob), threads, &err) && gbx_fail_context(&err, "%s", layer->title))
		gbx_report_error_at(v->report, GBX_CHECK_CODE, &err, layer->title, ref->stream, ref->seq);
	/* The manifest was read before; what was compared here is that one only where it has the same digest. */
	gbx_verify_finish(v, layer, tar_blob);
	gbx_verify_finish(v, manifest, manifest_blob);
}

/* code/<n>.tar holds the files of manifest/<n>.tfrecord. */
static const struct gbx_reference *find_record(struct gbx_verification *v, const struct gbx_layer *layer,
					       const struct gbx_layer **manifest)
{
	char title[64];

	snprintf(title, sizeof title, "manifest/%.*s.tfrecord", (int)strcspn(layer->title + 5, "."), layer->title + 5);
	*manifest = gbx_layers_find(gbx_source_layers(v->source), title);
	if (!*manifest)
		return NULL;
	struct gbx_reference **named = gbx_verify_first(v, GBX_NAMED_CODE, (*manifest)->sha256);
	return named ? *named : NULL;
}

void gbx_verify_code(struct gbx_verification *v)
{
	const struct gbx_layers *layers = gbx_source_layers(v->source);
	const struct gbx_layer *manifest;
	struct gbx_error err;
	size_t tars = 0, codes = 0;

	for (size_t i = 0; i < layers->len; i++) {
		const struct gbx_layer *l = &layers->layer[i];
		if (strncmp(l->title, "code/", 5) != 0)
			continue;
		tars++;
		const struct gbx_reference *ref = find_record(v, l, &manifest);
		if (ref)
			check_tar(v, l, manifest, ref);
		else if (v->journals_whole && gbx_fail(&err, GBX_E_BAD, "%s: no shown code record and manifest belong to it", l->title))
			gbx_report_error(v->report, GBX_CHECK_CODE, &err, l->title);
	}
	for (size_t i = 0; i < v->references; i++)
		codes += v->reference[i].kind->kind == GLASSBOX__KIND__CODE;
	if (tars < codes && gbx_fail(&err, GBX_E_NOTFOUND, "the bundle shows a code record and not its files"))
		gbx_report_error(v->report, GBX_CHECK_CODE, &err, NULL);
	else if (tars && v->code_withheld)
		gbx_report_add(v->report, GBX_CHECK_CODE, GBX_STATUS_WITHHELD, false, "another snapshot of the run; what is shown was compared");
	else if (tars == 0 && v->code_withheld)
		gbx_report_add(v->report, GBX_CHECK_CODE, GBX_STATUS_WITHHELD, false, "the owner withholds the code");
	else if (tars == 0 && v->journals_whole)
		gbx_report_add(v->report, GBX_CHECK_CODE, GBX_STATUS_ABSENT, false, "no code was recorded");
}
