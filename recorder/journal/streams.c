#include "journal/streams.h"

#include "base/limits.h"
#include "manifest.pb-c.h"

int gbx_stream_leaf(struct gbx_hash *h, const struct gbx_stream_entry *e, uint8_t leaf[GBX_SHA256_LEN], struct gbx_error *err)
{
	static const char tag[] = "glassbox/stream/v1";
	uint8_t size[8];
	uint8_t state = (uint8_t)e->state;

	gbx_put_be64(size, e->head.size);
	struct gbx_slice part[] = {gbx_slice(tag, sizeof tag), gbx_slice(e->head.stream, GBX_STREAM_LEN), gbx_slice(size, 8),
				   gbx_slice(e->head.root, GBX_SHA256_LEN), gbx_slice(&state, 1)};
	return gbx_leaf_hash(h, part, 5, leaf, err);
}

int gbx_stream_entry_write(const struct gbx_stream_entry *e, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes data = {0};
	Glassbox__StreamEntry m = GLASSBOX__STREAM_ENTRY__INIT;

	m.stream = gbx_pb_bytes(e->head.stream, GBX_STREAM_LEN);
	m.size = e->head.size;
	m.root = gbx_pb_bytes(e->head.root, GBX_SHA256_LEN);
	m.state = (Glassbox__StreamEntry__State)e->state;
	int rc = gbx_pb_pack(&m.base, &data, err);
	return rc ? rc : gbx_tfrecord_frame(gbx_slice_of(&data), out, err);
}

int gbx_stream_entry_read(struct gbx_slice data, struct gbx_stream_entry *out, struct gbx_error *err)
{
	GBX_AUTO_ARENA struct gbx_arena memory = {0};
	ProtobufCMessage *message;
	int rc = gbx_pb_parse(&memory, &glassbox__stream_entry__descriptor, data, GBX_LIMIT_RECORD, &message, err);

	if (rc)
		return rc;
	const Glassbox__StreamEntry *m = (Glassbox__StreamEntry *)message;
	if (m->stream.len != GBX_STREAM_LEN || m->root.len != GBX_SHA256_LEN || !m->size || !m->state) {
		rc = gbx_fail(err, GBX_E_MALFORMED, "a stream needs an id of 16 bytes, a size, a root of 32 bytes and a state");
	} else {
		out->head.size = m->size;
		out->state = (enum gbx_stream_state)m->state;
		memcpy(out->head.stream, m->stream.data, GBX_STREAM_LEN);
		memcpy(out->head.root, m->root.data, GBX_SHA256_LEN);
	}
	return rc;
}
