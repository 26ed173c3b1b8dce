/* protobuf, by protobuf-c, read strictly.
 *
 * protobuf-c decodes; it does not verify: it accepts bad UTF-8, unknown fields and many encodings of one message. What is read
 * here has known fields only, well-formed UTF-8, known enum values, bounded depth, and encodes back to the same bytes. */
#ifndef GBX_BASE_PB_H
#define GBX_BASE_PB_H

#include <protobuf-c/protobuf-c.h>

#include "base/bytes.h"

/* Parses bytes, which may be at most limit; free *out with gbx_pb_free. GBX_E_VERSION where a field or enum value is not known. */
int gbx_pb_parse(const ProtobufCMessageDescriptor *type, struct gbx_slice bytes, size_t limit, ProtobufCMessage **out,
		 struct gbx_error *err) GBX_MUST_USE;
void gbx_pb_free(ProtobufCMessage *message);

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
