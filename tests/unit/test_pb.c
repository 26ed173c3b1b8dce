/* The strict protobuf reader against protobuf-c's decoder and encoder, over bodies of every kind changed at random. */
#include "base/pb.h"

#include <math.h>
#include <stdlib.h>

#include "journal/entry.h"
#include "journal/record.h"
#include "random.h"
#include "test.h"

#define ROUNDS 400000

/* An encoding of the message with most of its fields, made without our code: tags and lengths by hand. */
static void put_varint(struct gbx_bytes *out, uint64_t v)
{
	do {
		uint8_t byte = (uint8_t)((v & 127) | (v > 127 ? 128 : 0));
		assert_int_equal(gbx_bytes_append(out, &byte, 1, NULL), 0);
		v >>= 7;
	} while (v);
}

static void make(const ProtobufCMessageDescriptor *type, unsigned depth, struct gbx_bytes *out);

static void make_packed(const ProtobufCFieldDescriptor *f, struct gbx_bytes *out)
{
	GBX_AUTO_BYTES struct gbx_bytes value = {0};

	for (uint64_t n = random_number(5); n; n--) {
		uint64_t number = random_number(2) ? random_number(300) : random_number(UINT64_MAX);
		if (f->type == PROTOBUF_C_TYPE_UINT64)
			put_varint(&value, number);
		else
			assert_int_equal(gbx_bytes_append(&value, &number, sizeof number, NULL), 0);
	}
	put_varint(out, f->id << 3 | 2);
	put_varint(out, value.len);
	assert_int_equal(gbx_bytes_append(out, value.data, value.len, NULL), 0);
}

static void make_field(const ProtobufCFieldDescriptor *f, unsigned depth, struct gbx_bytes *out)
{
	if (f->flags & PROTOBUF_C_FIELD_FLAG_PACKED) {
		make_packed(f, out);
		return;
	}
	GBX_AUTO_BYTES struct gbx_bytes value = {0};
	uint64_t number = random_number(3) ? random_number(60) : random_number(UINT64_MAX);

	switch (f->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		make(f->descriptor, depth + 1, &value);
		break;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
		for (uint64_t i = random_number(4) * random_number(12); i; i--)
			assert_int_equal(gbx_bytes_append(&value, &(uint8_t){(uint8_t)('a' + random_number(26))}, 1, NULL), 0);
		break;
	case PROTOBUF_C_TYPE_FIXED64:
		put_varint(out, f->id << 3 | 1);
		assert_int_equal(gbx_bytes_append(out, &number, sizeof number, NULL), 0);
		return;
	default:
		put_varint(out, f->id << 3);
		put_varint(out, f->type == PROTOBUF_C_TYPE_BOOL ? number & 1 : f->type == PROTOBUF_C_TYPE_UINT64 ? number : number % 70);
		return;
	}
	put_varint(out, f->id << 3 | 2);
	put_varint(out, value.len);
	assert_int_equal(gbx_bytes_append(out, value.data, value.len, NULL), 0);
}

static void make(const ProtobufCMessageDescriptor *type, unsigned depth, struct gbx_bytes *out)
{
	for (unsigned i = 0; i < type->n_fields; i++)
		for (uint64_t n = random_number(depth ? 2 : 16) == 0 ? 1 + random_number(2) * (type->fields[i].label == PROTOBUF_C_LABEL_REPEATED) : 0;
		     n; n--)
			make_field(&type->fields[i], depth, out);
}

static void change(struct gbx_bytes *b)
{
	for (uint64_t n = random_number(3); n && b->len; n--) {
		size_t at = random_number(b->len);
		if (random_number(3) == 0 && b->len > 1)
			memmove(b->data + at, b->data + at + 1, --b->len - at);
		else if (random_number(2))
			b->data[at] = (uint8_t)random_number(256);
		else
			b->data[at] ^= (uint8_t)(1u << random_number(8));
	}
}

/* What protobuf-c makes of the bytes: true where it decodes them and encodes the message to the same bytes. */
static bool encodes_back(const ProtobufCMessageDescriptor *type, struct gbx_slice bytes)
{
	GBX_AUTO_BYTES struct gbx_bytes again = {0};
	ProtobufCMessage *m = protobuf_c_message_unpack(type, NULL, bytes.len, bytes.data);

	if (!m)
		return false;
	assert_int_equal(gbx_pb_pack(m, &again, NULL), 0);
	protobuf_c_message_free_unpacked(m, NULL);
	return gbx_slice_equal(gbx_slice_of(&again), bytes);
}

static void what_is_read_encodes_back(void **state)
{
	const ProtobufCMessageDescriptor *type = &glassbox__body__descriptor;
	GBX_AUTO_ARENA struct gbx_arena memory = {0};
	size_t accepted = 0, refused = 0;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		GBX_AUTO_BYTES struct gbx_bytes bytes = {0}, again = {0};
		ProtobufCMessage *m;
		struct gbx_error err;
		make(type, 0, &bytes);
		change(&bytes);
		gbx_arena_reset(&memory);
		int rc = gbx_pb_parse(&memory, type, gbx_slice_of(&bytes), 60000, &m, &err);
		if (rc == 0) {
			accepted++;
			assert_int_equal(gbx_pb_pack(m, &again, NULL), 0);
			assert_true(gbx_slice_equal(gbx_slice_of(&again), gbx_slice_of(&bytes)));
			assert_true(encodes_back(type, gbx_slice_of(&bytes)));
			continue;
		}
		refused++;
		/* protobuf-c takes unknown fields and enum values along, and looks at no text. */
		if (rc == GBX_E_MALFORMED && !strstr(err.line, "UTF-8") && !strstr(err.line, "bad tag"))
			if (encodes_back(type, gbx_slice_of(&bytes)))
				fail_msg("refused, and protobuf-c encodes it back: %s", err.line);
	}
	assert_true(accepted > ROUNDS / 20 && refused > ROUNDS / 20);
}

/* Lists of numbers bit for bit, each length of varint and each double that compares oddly; and what is no list. */
static void packed_numbers_are_read_strictly(void **state)
{
	const ProtobufCMessageDescriptor *type = &glassbox__metric__descriptor;
	GBX_AUTO_ARENA struct gbx_arena memory = {0};
	GBX_AUTO_BYTES struct gbx_bytes bytes = {0};
	uint64_t step[] = {0, 1, 127, 128, UINT32_MAX, UINT64_MAX}, time[] = {0, 1, 2, 3, 4, UINT64_MAX};
	double value[] = {0.0, -0.0, NAN, -INFINITY, 5e-324, 1.7976931348623157e308};
	static const char *const bad[] = {"\x22\x00", "\x22\x01\x80", "\x22\x02\x80\x00", "\x20\x01", "\x22\x01\x01\x22\x01\x01",
					  "\x2a\x04\x01\x01\x01\x01", "\x22\x05\x01"};
	static const size_t bad_len[] = {2, 3, 4, 2, 6, 6, 3};
	Glassbox__Metric m = GLASSBOX__METRIC__INIT, *read;
	ProtobufCMessage *got;

	(void)state;
	m.n_step = m.n_value = m.n_time_unix_nanos = 6;
	m.step = step;
	m.value = value;
	m.time_unix_nanos = time;
	assert_int_equal(gbx_pb_pack(&m.base, &bytes, NULL), 0);
	assert_int_equal(gbx_pb_parse(&memory, type, gbx_slice_of(&bytes), 60000, &got, NULL), 0);
	read = (Glassbox__Metric *)got;
	assert_true(read->n_step == 6 && read->n_value == 6 && read->n_time_unix_nanos == 6);
	assert_memory_equal(read->step, step, sizeof step);
	assert_memory_equal(read->value, value, sizeof value);
	assert_memory_equal(read->time_unix_nanos, time, sizeof time);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(gbx_pb_parse(&memory, type, gbx_slice(bad[i], bad_len[i]), 60000, &got, NULL), GBX_E_MALFORMED);
}

static void entries_are_read_like_messages(void **state)
{
	GBX_AUTO_ARENA struct gbx_arena memory = {0};
	size_t accepted = 0;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		GBX_AUTO_BYTES struct gbx_bytes bytes = {0};
		struct gbx_entry_fields e;
		ProtobufCMessage *m;
		for (unsigned k = 0; k < glassbox__entry__descriptor.n_fields; k++)
			if (random_number(8))
				make_field(&glassbox__entry__descriptor.fields[k], 0, &bytes);
		change(&bytes);
		gbx_arena_reset(&memory);
		bool read = gbx_entry_read(gbx_slice_of(&bytes), &e);
		int rc = gbx_pb_parse(&memory, &glassbox__entry__descriptor, gbx_slice_of(&bytes), 60000, &m, NULL);
		if (rc == GBX_E_VERSION)
			continue;
		assert_int_equal(read, rc == 0);
		if (!read)
			continue;
		const Glassbox__Entry *want = (const Glassbox__Entry *)m;
		accepted++;
		assert_true(e.seq == want->seq && e.time_nanos == want->time_unix_nanos && e.kind == (uint64_t)want->kind);
		assert_true(gbx_slice_equal(e.prev, gbx_pb_slice(want->prev)));
		assert_true(gbx_slice_equal(e.commitment, gbx_pb_slice(want->commitment)));
	}
	assert_true(accepted > ROUNDS / 20);
}

static void frames_are_read_like_messages(void **state)
{
	GBX_AUTO_ARENA struct gbx_arena memory = {0};
	size_t accepted = 0;

	(void)state;
	for (int i = 0; i < ROUNDS / 4; i++) {
		GBX_AUTO_BYTES struct gbx_bytes bytes = {0};
		struct gbx_frame_fields f;
		ProtobufCMessage *m;
		for (unsigned k = 0; k < glassbox__frame__descriptor.n_fields; k++)
			if (random_number(8))
				make_field(&glassbox__frame__descriptor.fields[k], 0, &bytes);
		change(&bytes);
		gbx_arena_reset(&memory);
		bool read = gbx_frame_read(gbx_slice_of(&bytes), &f);
		assert_int_equal(read, gbx_pb_parse(&memory, &glassbox__frame__descriptor, gbx_slice_of(&bytes), 60000, &m, NULL) == 0);
		if (!read)
			continue;
		const Glassbox__Frame *want = (const Glassbox__Frame *)m;
		accepted++;
		assert_true(gbx_slice_equal(f.entry, gbx_pb_slice(want->entry)) && gbx_slice_equal(f.salt, gbx_pb_slice(want->salt)) &&
			    gbx_slice_equal(f.body, gbx_pb_slice(want->body)));
	}
	assert_true(accepted > ROUNDS / 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_encodes_back),
		cmocka_unit_test(packed_numbers_are_read_strictly),
		cmocka_unit_test(entries_are_read_like_messages),
		cmocka_unit_test(frames_are_read_like_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
