/* What shown records name: layers of the bundle, and roots to compare them with; and the records that others may name. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "bundle/verify_parts.h"

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
	ref->names = GBX_NAMED_FILES;
	memcpy(ref->digest, manifest.data, GBX_SHA256_LEN);
}

static void take_file(struct gbx_reference *ref, const Glassbox__Blob *blob)
{
	ref->names = GBX_NAMED_FILE;
	ref->bytes = blob->size;
	memcpy(ref->digest, blob->sha256.data, GBX_SHA256_LEN);
}

static void take_code(struct gbx_reference *ref, const Glassbox__Code *c)
{
	take_roots(ref, c->root, (ProtobufCBinaryData){0});
	take_manifest(ref, c->manifest);
	ref->names = GBX_NAMED_CODE;
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

/* False for a record that names nothing and that none names. */
static bool take_body(struct gbx_reference *ref, const Glassbox__Body *b)
{
	switch (b->body_case) {
	case GLASSBOX__BODY__BODY_PLACE:
		return true;
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
		if (b->config->content)
			take_file(ref, b->config->content);
		return true;
	case GLASSBOX__BODY__BODY_ARGUMENT:
		if (b->argument->content_case == GLASSBOX__ARGUMENT__CONTENT_BLOB)
			take_file(ref, b->argument->blob);
		return ref->names == GBX_NAMED_FILE;
	case GLASSBOX__BODY__BODY_PARAMETER:
		if (b->parameter->value_case == GLASSBOX__PARAMETER__VALUE_BLOB)
			take_file(ref, b->parameter->blob);
		return ref->names == GBX_NAMED_FILE;
	case GLASSBOX__BODY__BODY_VARIABLE:
		if (b->variable->content_case == GLASSBOX__VARIABLE__CONTENT_BLOB)
			take_file(ref, b->variable->blob);
		return ref->names == GBX_NAMED_FILE;
	default:
		return false;
	}
}

static int add(struct gbx_verification *v, const struct gbx_reference *ref, struct gbx_error *err)
{
	size_t name = ref->name ? strlen(ref->name) + 1 : 0;

	if (v->references == GBX_LIMIT_REFERENCES)
		return gbx_fail(err, GBX_E_LIMIT, "more than %u records name layers or are named by others", GBX_LIMIT_REFERENCES);
	if (name > GBX_LIMIT_NAMES - v->names_len)
		return gbx_fail(err, GBX_E_LIMIT, "the names of datasets and artifacts are longer than %u bytes together", GBX_LIMIT_NAMES);
	int rc = gbx_grow((void **)&v->reference, &v->references_cap, v->references, sizeof *v->reference, err);
	if (rc)
		return rc;
	v->names_len += name;
	v->places += ref->kind->kind == GLASSBOX__KIND__PLACE || (ref->kind->kind == GLASSBOX__KIND__CONFIG && !ref->names);
	v->reference[v->references++] = *ref;
	return 0;
}

/* Kinds that others name, or of which all have to be compared: their places are known whether they are shown or not. */
static bool is_named(Glassbox__Kind kind)
{
	return kind == GLASSBOX__KIND__PLACE || kind == GLASSBOX__KIND__CONFIG || kind == GLASSBOX__KIND__DATASET || kind == GLASSBOX__KIND__ARTIFACT;
}

int gbx_verify_take_reference(struct gbx_verification *v, const struct gbx_record *r, const uint8_t stream[GBX_STREAM_LEN],
			      struct gbx_error *err)
{
	struct gbx_reference ref = {.kind = r->kind, .seq = r->seq, .shown = true};

	if (!take_body(&ref, r->body))
		return 0;
	if ((ref.kind->kind == GLASSBOX__KIND__DATASET || ref.kind->kind == GLASSBOX__KIND__ARTIFACT) && !ref.name)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the name of a dataset or artifact");
	memcpy(ref.stream, stream, GBX_STREAM_LEN);
	int rc = add(v, &ref, err);
	if (rc)
		gbx_free(ref.name);
	return rc;
}

int gbx_verify_take_unshown(struct gbx_verification *v, const struct gbx_record *r, const uint8_t stream[GBX_STREAM_LEN],
			    struct gbx_error *err)
{
	struct gbx_reference ref = {.kind = r->kind, .seq = r->seq};

	memcpy(ref.stream, stream, GBX_STREAM_LEN);
	return is_named(r->kind->kind) ? add(v, &ref, err) : 0;
}

static int by_place(const void *a, const void *b)
{
	const struct gbx_reference *x = a, *y = b;
	int order = memcmp(x->stream, y->stream, GBX_STREAM_LEN);

	return order ? order : (x->seq > y->seq) - (x->seq < y->seq);
}

static int compare_digests(const struct gbx_reference *x, const struct gbx_reference *y)
{
	int order = (x->names > y->names) - (x->names < y->names);

	return order ? order : memcmp(x->digest, y->digest, GBX_SHA256_LEN);
}

static int by_digest(const void *a, const void *b)
{
	const struct gbx_reference *x = *(struct gbx_reference *const *)a, *y = *(struct gbx_reference *const *)b;
	int order = compare_digests(x, y);

	return order ? order : (x > y) - (x < y);
}

int gbx_verify_sort_references(struct gbx_verification *v, struct gbx_error *err)
{
	struct gbx_reference **sorted = gbx_calloc(v->references, sizeof(struct gbx_reference *));

	if (!sorted)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a list of %zu records", v->references);
	if (v->references)
		qsort(v->reference, v->references, sizeof *v->reference, by_place);
	for (size_t i = 0; i < v->references; i++)
		if (v->reference[i].names)
			sorted[v->named++] = &v->reference[i];
	qsort(sorted, v->named, sizeof(struct gbx_reference *), by_digest);
	v->by_digest = sorted;
	return 0;
}

struct gbx_reference **gbx_verify_first(const struct gbx_verification *v, enum gbx_named what, const uint8_t sha256[GBX_SHA256_LEN])
{
	struct gbx_reference wanted = {.names = what};
	size_t low = 0, high = v->named;

	memcpy(wanted.digest, sha256, GBX_SHA256_LEN);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_digests(v->by_digest[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < v->named && compare_digests(v->by_digest[low], &wanted) == 0 ? &v->by_digest[low] : NULL;
}

struct gbx_reference **gbx_verify_next(const struct gbx_verification *v, struct gbx_reference **at)
{
	return at + 1 < v->by_digest + v->named && compare_digests(at[0], at[1]) == 0 ? at + 1 : NULL;
}

const struct gbx_reference *gbx_verify_find(const struct gbx_verification *v, const struct gbx_ref *place, Glassbox__Kind kind)
{
	struct gbx_reference wanted = {.seq = place->seq};

	memcpy(wanted.stream, place->stream, GBX_STREAM_LEN);
	const struct gbx_reference *found =
		v->references ? bsearch(&wanted, v->reference, v->references, sizeof *v->reference, by_place) : NULL;
	return found && found->kind->kind == kind ? found : NULL;
}
