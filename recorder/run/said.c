#include "run/said.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/unescape.h"
#include "run/kept.h"

/* JSON in a string in JSON: as often as this. */
#define ROUNDS 3

const Glassbox__Blob *gbx_body_file(const Glassbox__Body *b)
{
	if (b->body_case == GLASSBOX__BODY__BODY_CONFIG)
		return b->config->content;
	if (b->body_case == GLASSBOX__BODY__BODY_ARGUMENT && b->argument->content_case == GLASSBOX__ARGUMENT__CONTENT_BLOB)
		return b->argument->blob;
	if (b->body_case == GLASSBOX__BODY__BODY_PARAMETER && b->parameter->value_case == GLASSBOX__PARAMETER__VALUE_BLOB)
		return b->parameter->blob;
	if (b->body_case == GLASSBOX__BODY__BODY_VARIABLE && b->variable->content_case == GLASSBOX__VARIABLE__CONTENT_BLOB)
		return b->variable->blob;
	return NULL;
}

bool gbx_is_said(const ProtobufCFieldDescriptor *f)
{
	static const char *const text[] = {"path", "value", "head", "tail", NULL};

	for (const char *const *name = text; f->type == PROTOBUF_C_TYPE_BYTES && *name; name++)
		if (strcmp(f->name, *name) == 0)
			return true;
	return false;
}

static int add(struct gbx_bytes *out, const char *before, struct gbx_slice text, struct gbx_error *err)
{
	int rc = text.len ? gbx_bytes_append(out, before, strlen(before), err) : 0;

	if (rc == 0 && text.len)
		rc = gbx_bytes_append(out, text.data, text.len, err);
	return rc == 0 && text.len ? gbx_bytes_append(out, "", 1, err) : rc;
}

static const char *root_of(const ProtobufCMessage *m)
{
	if (m->descriptor == &glassbox__path__descriptor)
		return ((const Glassbox__Path *)(const void *)m)->root;
	return m->descriptor == &glassbox__path_list__descriptor ? ((const Glassbox__PathList *)(const void *)m)->root : "";
}

static int add_message(struct gbx_bytes *out, const ProtobufCMessage *m, struct gbx_error *err);

static int add_member(struct gbx_bytes *out, const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, const void *at,
		      struct gbx_error *err)
{
	const char *before = strcmp(root_of(m), "/") == 0 ? "/" : "";

	if (f->type == PROTOBUF_C_TYPE_STRING)
		return add(out, "", gbx_slice_text(*(const char *const *)at), err);
	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		return *(ProtobufCMessage *const *)at ? add_message(out, *(ProtobufCMessage *const *)at, err) : 0;
	return gbx_is_said(f) ? add(out, before, gbx_pb_slice(*(const ProtobufCBinaryData *)at), err) : 0;
}

static int add_message(struct gbx_bytes *out, const ProtobufCMessage *m, struct gbx_error *err)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		const char *at = (const char *)m + f->offset;
		const void *count = (const char *)m + f->quantifier_offset;
		size_t size = f->type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData) : sizeof(void *);
		bool spoken = f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_MESSAGE || f->type == PROTOBUF_C_TYPE_BYTES;
		if (!spoken || ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && *(const uint32_t *)count != f->id))
			continue;
		if (f->label != PROTOBUF_C_LABEL_REPEATED)
			rc = add_member(out, m, f, at, err);
		for (size_t n = 0; rc == 0 && f->label == PROTOBUF_C_LABEL_REPEATED && n < *(const size_t *)count; n++)
			rc = add_member(out, m, f, *(const char *const *)(const void *)at + n * size, err);
	}
	return rc;
}

static int add_file(const struct gbx_store *store, const char *run, const Glassbox__Blob *blob, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_kept_path(store, run, "blob", blob->sha256.data);
	int rc = path ? gbx_load_file(path, GBX_LIMIT_CONFIG, out, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	return rc == GBX_E_NOTFOUND ? 0 : rc;
}

static int add_resolved(struct gbx_bytes *out, size_t from, char escape,
			int (*resolve)(struct gbx_slice, struct gbx_bytes *, struct gbx_error *), struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes resolved = {0};
	struct gbx_slice text = gbx_slice(out->data + from, out->len - from);

	if (!text.len || !memchr(text.data, escape, text.len))
		return 0;
	int rc = resolve(text, &resolved, err);
	if (rc == 0)
		rc = gbx_bytes_append(out, "", 1, err);
	return rc ? rc : gbx_bytes_append(out, resolved.data, resolved.len, err);
}

/* Of which make a machine is, thousands say in the same words. */
static bool has_words(const Glassbox__Body *b)
{
	const struct gbx_kind *kind = gbx_kind_find((Glassbox__Kind)b->body_case);

	return kind && !kind->public_always && kind->kind != GLASSBOX__KIND__SYSTEM && kind->kind != GLASSBOX__KIND__DEVICE;
}

int gbx_said(const struct gbx_store *store, const char *run, const Glassbox__Body *body, struct gbx_bytes *out, struct gbx_error *err)
{
	const Glassbox__Blob *blob = gbx_body_file(body);
	size_t from = out->len, begin = from;

	if (!has_words(body))
		return 0;
	int rc = add_message(out, &body->base, err);
	if (rc == 0 && blob)
		rc = add_file(store, run, blob, out, err);
	for (int i = 0; rc == 0 && i < ROUNDS && from < out->len; i++) {
		size_t end = out->len;
		rc = add_resolved(out, from, '\\', gbx_unescape, err);
		from = end;
	}
	return rc ? rc : add_resolved(out, begin, '%', gbx_unpercent, err);
}
