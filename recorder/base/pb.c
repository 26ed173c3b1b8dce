#include "base/pb.h"

#include "base/limits.h"
#include "base/text.h"

enum wire { VARINT = 0, FIXED64 = 1, LENGTH = 2, UNREADABLE = 8 };

typedef const ProtobufCMessageDescriptor message_type;
typedef const ProtobufCFieldDescriptor field_type;

static int read_message(struct gbx_arena *memory, message_type *type, struct gbx_slice in, unsigned depth, ProtobufCMessage **out,
			struct gbx_error *err);

/* Types that no schema of ours has are not read. */
static enum wire wire_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_ENUM:
		return VARINT;
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return FIXED64;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return LENGTH;
	default:
		return UNREADABLE;
	}
}

static int malformed(message_type *type, field_type *field, const char *why, struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_MALFORMED, "%s%s%s: %s", type->short_name, field ? "." : "", field ? field->name : "", why);
}

static int no_memory(message_type *type, struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_NOMEM, "%s: no memory to read it", type->short_name);
}

/* In as few bytes as it takes. */
static bool take_varint(struct gbx_slice *in, uint64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < in->len && i < 10; i++) {
		uint8_t byte = in->data[i];
		value |= (uint64_t)(byte & 127) << (7 * i);
		if (byte & 128)
			continue;
		if ((byte == 0 && i) || (i == 9 && byte > 1))
			return false; /* a shorter form says the same, or more than 64 bits */
		*in = gbx_slice(in->data + i + 1, in->len - i - 1);
		*out = value;
		return true;
	}
	return false;
}

static bool take_value(struct gbx_slice *in, struct gbx_slice *out)
{
	uint64_t len;

	return take_varint(in, &len) && len <= in->len && gbx_take(in, (size_t)len, out);
}

static bool is_oneof(field_type *f)
{
	return f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
}

static int read_varint(message_type *type, field_type *f, struct gbx_slice *in, void *member, struct gbx_error *err)
{
	uint64_t v;

	if (!take_varint(in, &v))
		return malformed(type, f, "bad varint", err);
	if (v == 0 && !is_oneof(f))
		return malformed(type, f, "a default value that is written", err);
	if (f->type == PROTOBUF_C_TYPE_UINT64) {
		memcpy(member, &v, sizeof v);
	} else if (f->type == PROTOBUF_C_TYPE_BOOL) {
		protobuf_c_boolean yes = v != 0;
		if (v > 1)
			return malformed(type, f, "neither true nor false", err);
		memcpy(member, &yes, sizeof yes);
	} else {
		uint32_t narrow = (uint32_t)v;
		if (v > UINT32_MAX)
			return malformed(type, f, "more than 32 bits", err);
		if (f->type == PROTOBUF_C_TYPE_ENUM && (v > INT32_MAX || !protobuf_c_enum_descriptor_get_value(f->descriptor, (int)v)))
			return gbx_fail(err, GBX_E_VERSION, "%s.%s: unknown value %u", type->short_name, f->name, narrow);
		memcpy(member, &narrow, sizeof narrow);
	}
	return 0;
}

static int read_fixed64(message_type *type, field_type *f, struct gbx_slice *in, void *member, struct gbx_error *err)
{
	struct gbx_slice bytes;

	if (!gbx_take(in, 8, &bytes))
		return malformed(type, f, "longer than the message", err);
	uint64_t v = gbx_get_le64(bytes.data);
	if (v == 0 && !is_oneof(f))
		return malformed(type, f, "a default value that is written", err);
	memcpy(member, &v, sizeof v);
	return 0;
}

/* With a NUL behind it. What is empty takes no memory, since it takes nearly none in the encoding. */
static uint8_t *copy(struct gbx_arena *memory, struct gbx_slice value)
{
	static uint8_t nothing[1];

	if (value.len == 0)
		return nothing;
	uint8_t *p = gbx_arena_alloc(memory, value.len + 1);

	if (!p)
		return NULL;
	memcpy(p, value.data, value.len);
	p[value.len] = 0;
	return p;
}

/* A string, bytes or a message into a member, or an element of a repeated one. */
static int read_length(struct gbx_arena *memory, message_type *type, field_type *f, struct gbx_slice *in, unsigned depth, void *member,
		       struct gbx_error *err)
{
	struct gbx_slice value;

	if (!take_value(in, &value))
		return malformed(type, f, "longer than the message", err);
	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		return read_message(memory, f->descriptor, value, depth + 1, member, err);
	if (value.len == 0 && !is_oneof(f) && f->label != PROTOBUF_C_LABEL_REPEATED)
		return malformed(type, f, "a default value that is written", err);
	if (f->type == PROTOBUF_C_TYPE_STRING && (!gbx_is_utf8(value) || (value.len && memchr(value.data, 0, value.len))))
		return malformed(type, f, "not UTF-8, or a NUL in it", err);
	uint8_t *bytes = copy(memory, value);
	if (!bytes)
		return no_memory(type, err);
	if (f->type == PROTOBUF_C_TYPE_STRING)
		memcpy(member, &bytes, sizeof bytes);
	else
		memcpy(member, &(ProtobufCBinaryData){value.len, bytes}, sizeof(ProtobufCBinaryData));
	return 0;
}

/* How many elements of field f follow in a row, the first of which has lost its tag. */
static size_t count_elements(field_type *f, struct gbx_slice in)
{
	struct gbx_slice skipped;
	uint64_t tag;
	size_t count = 0;

	do {
		count++;
		if (!take_value(&in, &skipped))
			break;
	} while (in.len && take_varint(&in, &tag) && tag == (f->id << 3 | LENGTH));
	return count;
}

static int read_repeated(struct gbx_arena *memory, message_type *type, field_type *f, struct gbx_slice *in, unsigned depth, void *message,
			 struct gbx_error *err)
{
	size_t size = f->type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData) : sizeof(void *);
	size_t count = count_elements(f, *in);
	uint8_t *array = gbx_arena_alloc(memory, count * size);
	uint64_t tag;

	if (!array)
		return no_memory(type, err);
	for (size_t i = 0; i < count; i++) {
		if (i && !take_varint(in, &tag))
			return malformed(type, f, "bad tag", err);
		int rc = read_length(memory, type, f, in, depth, array + i * size, err);
		if (rc)
			return rc;
	}
	memcpy((uint8_t *)message + f->offset, &array, sizeof array);
	memcpy((uint8_t *)message + f->quantifier_offset, &count, sizeof count);
	return 0;
}

/* How many numbers packed bytes hold; 0 where they are none, or not whole ones. */
static size_t count_packed(field_type *f, struct gbx_slice packed)
{
	size_t ends = 0;

	if (wire_of(f->type) == FIXED64)
		return packed.len % 8 ? 0 : packed.len / 8;
	for (size_t i = 0; i < packed.len; i++)
		ends += packed.data[i] < 128;
	return packed.len && packed.data[packed.len - 1] < 128 ? ends : 0;
}

/* Numbers of 64 bits, packed. A default among them is written like any other. */
static int read_packed(struct gbx_arena *memory, message_type *type, field_type *f, struct gbx_slice *in, void *message,
		       struct gbx_error *err)
{
	struct gbx_slice packed;

	if (!take_value(in, &packed))
		return malformed(type, f, "longer than the message", err);
	size_t count = count_packed(f, packed);
	if (count == 0)
		return malformed(type, f, "no list of whole numbers", err);
	uint64_t *array = gbx_arena_alloc(memory, count * sizeof *array);
	if (!array)
		return no_memory(type, err);
	for (size_t i = 0; i < count; i++)
		if (wire_of(f->type) == FIXED64)
			array[i] = gbx_get_le64(packed.data + 8 * i);
		else if (!take_varint(&packed, &array[i]))
			return malformed(type, f, "bad varint", err);
	memcpy((uint8_t *)message + f->offset, &array, sizeof array);
	memcpy((uint8_t *)message + f->quantifier_offset, &count, sizeof count);
	return 0;
}

static bool is_packed(field_type *f)
{
	return f->type == PROTOBUF_C_TYPE_UINT64 || wire_of(f->type) == FIXED64;
}

/* A oneof may have one member. */
static int choose(message_type *type, field_type *f, void *message, struct gbx_error *err)
{
	uint32_t chosen;

	memcpy(&chosen, (uint8_t *)message + f->quantifier_offset, sizeof chosen);
	if (chosen)
		return malformed(type, f, "a second member of a oneof", err);
	memcpy((uint8_t *)message + f->quantifier_offset, &f->id, sizeof chosen);
	return 0;
}

static int read_field(struct gbx_arena *memory, message_type *type, field_type *f, struct gbx_slice *in, unsigned depth, void *message,
		      struct gbx_error *err)
{
	void *member = (uint8_t *)message + f->offset;
	enum wire wire = wire_of(f->type);
	int rc = is_oneof(f) ? choose(type, f, message, err) : 0;

	if (rc)
		return rc;
	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return wire == LENGTH ? read_repeated(memory, type, f, in, depth, message, err)
		       : is_packed(f) ? read_packed(memory, type, f, in, message, err)
				      : malformed(type, f, "a repeated number of another type", err);
	if (wire == LENGTH)
		return read_length(memory, type, f, in, depth, member, err);
	return wire == VARINT ? read_varint(type, f, in, member, err) : read_fixed64(type, f, in, member, err);
}

/* Takes the next tag; *f, which is behind the last field that was read, goes on to the one that it names. */
static int next_field(message_type *type, struct gbx_slice *in, field_type **f, struct gbx_error *err)
{
	field_type *end = type->fields + type->n_fields, *p = *f;
	uint64_t tag;

	if (!take_varint(in, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
		return malformed(type, NULL, "bad tag", err);
	while (p < end && p->id < tag >> 3)
		p++;
	if (p == end || p->id != tag >> 3) {
		if (protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3)))
			return malformed(type, NULL, "fields twice or out of order", err);
		return gbx_fail(err, GBX_E_VERSION, "%s: unknown field %llu", type->short_name, (unsigned long long)(tag >> 3));
	}
	if ((tag & 7) != (p->label == PROTOBUF_C_LABEL_REPEATED ? LENGTH : wire_of(p->type)))
		return malformed(type, p, "wrong wire type", err);
	*f = p;
	return 0;
}

static int read_message(struct gbx_arena *memory, message_type *type, struct gbx_slice in, unsigned depth, ProtobufCMessage **out,
			struct gbx_error *err)
{
	field_type *f = type->fields;

	if (depth > GBX_LIMIT_PB_DEPTH)
		return malformed(type, NULL, "nested too deeply", err);
	ProtobufCMessage *message = gbx_arena_alloc(memory, type->sizeof_message);
	if (!message)
		return no_memory(type, err);
	protobuf_c_message_init(type, message);
	while (in.len) {
		int rc = next_field(type, &in, &f, err);
		if (rc == 0)
			rc = read_field(memory, type, f, &in, depth, message, err);
		if (rc)
			return rc;
		f++;
	}
	*out = message;
	return 0;
}

int gbx_pb_parse(struct gbx_arena *memory, const ProtobufCMessageDescriptor *type, struct gbx_slice bytes, size_t limit,
		 ProtobufCMessage **out, struct gbx_error *err)
{
	if (bytes.len > limit)
		return gbx_fail(err, GBX_E_LIMIT, "%s: %zu bytes, at most %zu are read", type->short_name, bytes.len, limit);
	return read_message(memory, type, bytes, 0, out, err);
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
