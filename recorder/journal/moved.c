#include "journal/moved.h"

#include "base/limits.h"
#include "base/mem.h"

void gbx_moved_free(struct gbx_moved_list *list)
{
	gbx_free(list->moved);
	*list = (struct gbx_moved_list){0};
}

int gbx_moved_add(struct gbx_moved_list *list, const struct gbx_moved *moved, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&list->moved, &list->cap, list->len, sizeof *list->moved, err);

	if (rc == 0)
		list->moved[list->len++] = *moved;
	return rc;
}

static void follow(const struct gbx_moved_list *list, Glassbox__Ref *ref)
{
	for (size_t i = 0; i < list->len; i++) {
		struct gbx_moved *m = &list->moved[i];
		if (ref->seq < m->seq || !gbx_slice_equal(gbx_pb_slice(ref->stream), gbx_slice(m->from, GBX_STREAM_LEN)))
			continue;
		ref->seq = ref->seq - m->seq + m->at;
		ref->stream = gbx_pb_bytes(m->to, GBX_STREAM_LEN);
	}
}

/* Every member of a message that is a Ref, by the schema's own descriptors: a new kind needs no line here. */
static void follow_members(const struct gbx_moved_list *list, ProtobufCMessage *m)
{
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		ProtobufCMessage **member = (ProtobufCMessage **)(void *)((char *)m + f->offset);
		bool chosen = !(f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) ||
			      *(const uint32_t *)(const void *)((const char *)m + f->quantifier_offset) == f->id;
		if (f->type != PROTOBUF_C_TYPE_MESSAGE || f->label == PROTOBUF_C_LABEL_REPEATED || !chosen || !*member)
			continue;
		if (f->descriptor == &glassbox__ref__descriptor)
			follow(list, (Glassbox__Ref *)(void *)*member);
		else
			follow_members(list, *member);
	}
}

int gbx_moved_follow(const struct gbx_moved_list *list, struct gbx_bytes *body, struct gbx_error *err)
{
	GBX_AUTO_ARENA struct gbx_arena memory = {0};
	ProtobufCMessage *message;

	if (list->len == 0)
		return 0;
	int rc = gbx_pb_parse(&memory, &glassbox__body__descriptor, gbx_slice_of(body), GBX_LIMIT_BODY, &message, err);
	if (rc)
		return rc;
	follow_members(list, message);
	body->len = 0;
	return gbx_pb_pack(message, body, err);
}
