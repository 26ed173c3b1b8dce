#include "base/pb.h"

#include "base/text.h"

#define MAX_DEPTH 8u

static int walk(const ProtobufCMessageDescriptor *type, struct gbx_slice in, unsigned depth, struct gbx_error *err);

static bool take_varint(struct gbx_slice *in, uint64_t *out)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		struct gbx_slice byte;
		if (!gbx_take(in, 1, &byte))
			return false;
		v |= (uint64_t)(byte.data[0] & 127) << shift;
		if (byte.data[0] < 128) {
			*out = v;
			return true;
		}
	}
	return false;
}

static unsigned wire_type_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 1;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return 2;
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return 5;
	default:
		return 0;
	}
}

static int malformed(const ProtobufCMessageDescriptor *type, const char *field, const char *why, struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_MALFORMED, "%s%s%s: %s", type->short_name, field ? "." : "", field ? field : "", why);
}

static int walk_varint(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field, struct gbx_slice *in,
		       struct gbx_error *err)
{
	uint64_t v;

	if (!take_varint(in, &v))
		return malformed(type, field->name, "bad varint", err);
	if (field->type == PROTOBUF_C_TYPE_ENUM && (v > INT32_MAX || !protobuf_c_enum_descriptor_get_value(field->descriptor, (int)v)))
		return gbx_fail(err, GBX_E_VERSION, "%s.%s: unknown value %llu", type->short_name, field->name,
				(unsigned long long)v);
	if (field->type == PROTOBUF_C_TYPE_UINT32 && v > UINT32_MAX)
		return malformed(type, field->name, "more than 32 bits", err);
	return 0;
}

static int walk_length(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field, struct gbx_slice *in,
		       unsigned depth, struct gbx_error *err)
{
	struct gbx_slice value;
	uint64_t len;

	if (!take_varint(in, &len) || len > in->len || !gbx_take(in, (size_t)len, &value))
		return malformed(type, field->name, "longer than the message", err);
	if (field->type == PROTOBUF_C_TYPE_STRING && !gbx_is_utf8(value))
		return malformed(type, field->name, "not UTF-8", err);
	return field->type == PROTOBUF_C_TYPE_MESSAGE ? walk(field->descriptor, value, depth + 1, err) : 0;
}

static int walk_field(const ProtobufCMessageDescriptor *type, struct gbx_slice *in, unsigned depth, struct gbx_error *err)
{
	struct gbx_slice skipped;
	uint64_t tag;

	if (!take_varint(in, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
		return malformed(type, NULL, "bad tag", err);
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3));
	if (!field)
		return gbx_fail(err, GBX_E_VERSION, "%s: unknown field %llu", type->short_name, (unsigned long long)(tag >> 3));
	unsigned wire = wire_type_of(field->type);
	if ((tag & 7) != wire)
		return malformed(type, field->name, "wrong wire type", err);
	if (wire == 0)
		return walk_varint(type, field, in, err);
	if (wire == 2)
		return walk_length(type, field, in, depth, err);
	if (!gbx_take(in, wire == 1 ? 8 : 4, &skipped))
		return malformed(type, field->name, "longer than the message", err);
	return 0;
}

/* Checks what protobuf-c does not, before it allocates anything. */
static int walk(const ProtobufCMessageDescriptor *type, struct gbx_slice in, unsigned depth, struct gbx_error *err)
{
	if (depth > MAX_DEPTH)
		return malformed(type, NULL, "nested too deeply", err);
	while (in.len) {
		int rc = walk_field(type, &in, depth, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int check_same(const ProtobufCMessageDescriptor *type, const ProtobufCMessage *message, struct gbx_slice bytes,
		      struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes again = {0};
	int rc = gbx_pb_pack(message, &again, err);

	if (rc)
		return rc;
	if (!gbx_slice_equal(gbx_slice_of(&again), bytes))
		return malformed(type, NULL, "not in its one encoding", err);
	return 0;
}

int gbx_pb_parse(const ProtobufCMessageDescriptor *type, struct gbx_slice bytes, size_t limit, ProtobufCMessage **out,
		 struct gbx_error *err)
{
	if (bytes.len > limit)
		return gbx_fail(err, GBX_E_LIMIT, "%s: %zu bytes, at most %zu are read", type->short_name, bytes.len, limit);
	int rc = walk(type, bytes, 0, err);
	if (rc)
		return rc;
	ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, bytes.len, bytes.data);
	if (!message)
		return malformed(type, NULL, "cannot be decoded", err);
	rc = check_same(type, message, bytes, err);
	if (rc)
		gbx_pb_free(message);
	else
		*out = message;
	return rc;
}

void gbx_pb_free(ProtobufCMessage *message)
{
	if (message)
		protobuf_c_message_free_unpacked(message, NULL);
}

int gbx_pb_pack(const ProtobufCMessage *message, struct gbx_bytes *out, struct gbx_error *err)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	int rc = gbx_bytes_reserve(out, len + 1, err);

	if (rc)
		return rc;
	protobuf_c_message_pack(message, out->data + out->len);
	out->len += len;
	out->data[out->len] = 0;
	return 0;
}
