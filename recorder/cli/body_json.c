/* Bodies as JSON, by their schema's own descriptors: a new kind needs no line here. Declared in describe.h. */
#include <math.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/describe.h"

static json_t *message_json(const ProtobufCMessage *m);

/* Bytes that are names of files or words of a command line; all others are digests and ids. */
static bool is_text(const char *field)
{
	static const char *const text[] = {"path", "value", "name", "head", "tail"};

	for (size_t i = 0; i < sizeof text / sizeof *text; i++)
		if (strcmp(field, text[i]) == 0)
			return true;
	return false;
}

static json_t *bytes_json(const char *field, const ProtobufCBinaryData *data)
{
	if (strcmp(field, "run") == 0 && data->len == GBX_ULID_LEN) {
		char text[GBX_ULID_TEXT + 1];
		gbx_ulid_text(data->data, text);
		return json_string(text);
	}
	return is_text(field) ? gbx_json_bytes(gbx_pb_slice(*data)) : gbx_json_hex(data->data, data->len);
}

/* "NOT_FOUND" as "not-found": names are the same everywhere. */
static json_t *enum_json(const ProtobufCFieldDescriptor *f, int value)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(f->descriptor, value);
	char name[64];
	size_t i = 0;

	for (const char *c = v ? v->name : "unknown"; *c && i + 1 < sizeof name; c++)
		name[i++] = *c == '_' ? '-' : *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
	name[i] = 0;
	return json_string(name);
}

/* JSON has no NaN and no infinities: protobuf's own JSON writes them as these texts. */
static json_t *double_json(double value)
{
	if (isnan(value))
		return json_string("NaN");
	return isinf(value) ? json_string(value > 0 ? "Infinity" : "-Infinity") : json_real(value);
}

static json_t *value_json(const ProtobufCFieldDescriptor *f, const void *at)
{
	size_t len = strlen(f->name);

	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		return gbx_json_bytes(gbx_slice_text(*(char *const *)at));
	case PROTOBUF_C_TYPE_BYTES:
		return bytes_json(f->name, at);
	case PROTOBUF_C_TYPE_MESSAGE:
		return message_json(*(ProtobufCMessage *const *)at);
	case PROTOBUF_C_TYPE_ENUM:
		return enum_json(f, *(const int *)at);
	case PROTOBUF_C_TYPE_BOOL:
		return json_boolean(*(const protobuf_c_boolean *)at);
	case PROTOBUF_C_TYPE_DOUBLE:
		return double_json(*(const double *)at);
	case PROTOBUF_C_TYPE_UINT32:
		return json_integer(*(const uint32_t *)at);
	default:
		if (len > 11 && strcmp(f->name + len - 11, "_unix_nanos") == 0)
			return gbx_json_time(*(const uint64_t *)at);
		return json_integer((json_int_t) * (const uint64_t *)at);
	}
}

/* Of an element of a list, as protobuf-c lays them out; no record repeats smaller numbers, and a test of the schema says so when that changes. */
static size_t size_of(const ProtobufCFieldDescriptor *f)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	default:
		return sizeof(uint64_t);
	}
}

static json_t *list_json(const ProtobufCFieldDescriptor *f, const ProtobufCMessage *m)
{
	size_t count = *(const size_t *)((const char *)m + f->quantifier_offset);
	const char *items = *(char *const *)((const char *)m + f->offset);
	size_t size = size_of(f);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, value_json(f, items + i * size));
	return list;
}

/* A member of a oneof counts when it is the one; a message when it is there; a text, number or bytes when it is not empty. */
static bool is_set(const ProtobufCFieldDescriptor *f, const ProtobufCMessage *m, const void *at)
{
	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return *(const uint32_t *)((const char *)m + f->quantifier_offset) == f->id;
	switch (f->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		return *(ProtobufCMessage *const *)at != NULL;
	case PROTOBUF_C_TYPE_STRING:
		return **(char *const *)at != 0;
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)at)->len > 0;
	default:
		return true;
	}
}

static json_t *message_json(const ProtobufCMessage *m)
{
	json_t *o = json_object();

	for (unsigned i = 0; o && i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		const void *at = (const char *)m + f->offset;
		if (f->label == PROTOBUF_C_LABEL_REPEATED)
			json_object_set_new(o, f->name, list_json(f, m));
		else if (is_set(f, m, at))
			json_object_set_new(o, f->name, value_json(f, at));
	}
	return o;
}

json_t *gbx_body_json(const Glassbox__Body *body)
{
	for (unsigned i = 0; i < body->base.descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &body->base.descriptor->fields[i];
		if ((int)f->id == (int)body->body_case)
			return message_json(*(ProtobufCMessage *const *)((const char *)body + f->offset));
	}
	return json_null();
}
