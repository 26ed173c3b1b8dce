#include "capture/code_diff.h"

#include "base/child.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/pb.h"
#include "base/text.h"
#include "base/tfrecord.h"
#include "capture.pb-c.h"
#include "capture/git.h"

#define IDLE_NANOS 30000000000u

/* The child. */
struct sender {
	const struct gbx_code_diff_options *o;
	int out;
	struct gbx_bytes message, frame;
};

static int send_message(struct sender *s, const Glassbox__CodeDiff *m, struct gbx_error *err)
{
	s->message.len = 0;
	s->frame.len = 0;
	int rc = gbx_pb_pack(&m->base, &s->message, err);
	if (rc == 0)
		rc = gbx_tfrecord_frame(gbx_slice_of(&s->message), &s->frame, err);
	return rc ? rc : gbx_write(s->out, s->frame.data, s->frame.len, err);
}

static int send_file(void *arg, const struct gbx_code_difference *d, struct gbx_error *err)
{
	static const Glassbox__DiffFile__Status status[] = {
		[GBX_CODE_ADDED] = GLASSBOX__DIFF_FILE__STATUS__ADDED,
		[GBX_CODE_REMOVED] = GLASSBOX__DIFF_FILE__STATUS__REMOVED,
		[GBX_CODE_CHANGED] = GLASSBOX__DIFF_FILE__STATUS__CHANGED,
	};
	Glassbox__CodeDiff m = GLASSBOX__CODE_DIFF__INIT;
	Glassbox__DiffFile f = GLASSBOX__DIFF_FILE__INIT;

	f.path = gbx_pb_bytes(d->path.data, d->path.len);
	f.status = status[d->change];
	f.binary = d->binary;
	f.added = d->added;
	f.removed = d->removed;
	m.file = &f;
	return send_message(arg, &m, err);
}

static int send_patch(void *arg, struct gbx_slice text, struct gbx_error *err)
{
	Glassbox__CodeDiff m = GLASSBOX__CODE_DIFF__INIT;
	struct gbx_slice part;
	int rc = 0;

	while (rc == 0 && text.len && gbx_take(&text, text.len < GBX_LIMIT_EXPORT_PIECE ? text.len : GBX_LIMIT_EXPORT_PIECE, &part)) {
		m.patch = gbx_pb_bytes(part.data, part.len);
		rc = send_message(arg, &m, err);
	}
	return rc;
}

static int diff_child(void *arg, int out)
{
	struct sender s = {.o = arg, .out = out};
	struct gbx_code_diff_takers t = {send_file, send_patch, &s};
	Glassbox__CodeDiff m = GLASSBOX__CODE_DIFF__INIT;
	char shown[sizeof((struct gbx_error *)0)->line];
	struct gbx_error err;

	m.last = true;
	int rc = gbx_git_diff(s.o, &t, &err);
	if (rc) {
		gbx_printable_in(gbx_slice_text(err.line), shown, sizeof shown);
		m.error = shown;
		m.missing = rc == GBX_E_NOTFOUND;
	}
	(void)!send_message(&s, &m, &err);
	return rc ? 1 : 0; /* the process ends here, and what it holds with it */
}

/* The parent. */
static int take_file(const Glassbox__DiffFile *f, const struct gbx_code_diff_takers *t, struct gbx_error *err)
{
	struct gbx_code_difference d = {
		.path = gbx_pb_slice(f->path),
		.change = f->status == GLASSBOX__DIFF_FILE__STATUS__ADDED     ? GBX_CODE_ADDED
			  : f->status == GLASSBOX__DIFF_FILE__STATUS__REMOVED ? GBX_CODE_REMOVED
									      : GBX_CODE_CHANGED,
		.binary = f->binary,
		.added = f->added,
		.removed = f->removed,
	};

	return t->file(t->arg, &d, err);
}

/* 1 where it was the last. */
static int take_message(struct gbx_slice frame, struct gbx_arena *memory, const struct gbx_code_diff_takers *t, struct gbx_error *err)
{
	ProtobufCMessage *read;
	int rc = gbx_pb_parse(memory, &glassbox__code_diff__descriptor, frame, GBX_LIMIT_EXPORT_CHUNK, &read, err);

	if (rc)
		return rc;
	const Glassbox__CodeDiff *m = (const Glassbox__CodeDiff *)read;
	if (*m->error)
		return gbx_fail(err, m->missing ? GBX_E_NOTFOUND : GBX_E_MALFORMED, "%s", m->error);
	if (m->file)
		rc = take_file(m->file, t, err);
	if (rc == 0 && m->patch.len)
		rc = t->patch(t->arg, gbx_pb_slice(m->patch), err);
	return rc ? rc : m->last;
}

static int receive(struct gbx_tfrecord_reader *frames, const struct gbx_code_diff_takers *t, struct gbx_error *err)
{
	GBX_AUTO_ARENA struct gbx_arena memory = {0};
	struct gbx_slice frame;
	int rc = 0;

	while (rc == 0) {
		rc = gbx_tfrecord_next(frames, &frame, err);
		if (rc == 0)
			return gbx_fail(err, GBX_E_IO, "the process that compares the code died");
		gbx_arena_reset(&memory);
		if (rc == 1)
			rc = take_message(frame, &memory, t, err);
	}
	return rc == 1 ? 0 : rc;
}

int gbx_code_diff(const struct gbx_code_diff_options *o, const struct gbx_code_diff_takers *t, struct gbx_error *err)
{
	GBX_AUTO_TFRECORD struct gbx_tfrecord_reader frames = {0};
	struct gbx_child child = {0, -1};
	struct gbx_child_input in;
	struct gbx_code_diff_options copy = *o;
	int rc = gbx_child_start(diff_child, &copy, &child, err);

	if (rc)
		return rc;
	gbx_child_input(&in, child.fd, 0, IDLE_NANOS);
	rc = gbx_tfrecord_reader_init(&frames, &in.in, GBX_LIMIT_EXPORT_CHUNK, err);
	if (rc == 0)
		rc = receive(&frames, t, err);
	gbx_child_kill(&child, NULL);
	return rc;
}
