/* protobuf, read strictly into the messages that protobuf-c generates.
 *
 * protobuf-c decodes; it does not verify: it accepts bad UTF-8, unknown fields and many encodings of one message. Here a message has
 * one encoding, the one that gbx_pb_pack writes: fields in order, each at most once (unless repeated), varints as short as they can
 * be, repeated numbers packed, no default values outside a oneof, one member of a oneof, well-formed UTF-8 without NUL, known enum values, bounded depth.
 * What is accepted encodes back to the same bytes; tests hold protobuf-c's own decoder and encoder against it. */
#ifndef GBX_BASE_PB_H
#define GBX_BASE_PB_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/bytes.h"

/* Reads bytes, which may be at most limit, into memory: *out lives until that is reset or freed, and may be used after bytes are
 * gone. Memory taken is at most about 20 times their length. GBX_E_VERSION where a field or enum value is not known. */
int gbx_pb_parse(struct gbx_arena *memory, const ProtobufCMessageDescriptor *type, struct gbx_slice bytes, size_t limit,
		 ProtobufCMessage **out, struct gbx_error *err) GBX_MUST_USE;

/* Appends the encoding of message. */
int gbx_pb_pack(const ProtobufCMessage *message, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;

static inline struct gbx_slice gbx_pb_slice(ProtobufCBinaryData data)
{
	return gbx_slice(data.data, data.len);
}

/* For filling a message's bytes field; the message must not outlive what slice points to. */
static inline ProtobufCBinaryData gbx_pb_bytes(const void *data, size_t len)
{
	return (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)data};
}

#endif
