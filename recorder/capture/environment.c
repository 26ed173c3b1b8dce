#include "capture/environment.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "base/limits.h"
#include "base/pb.h"
#include "base/tfrecord.h"
#include "capture.pb-c.h"
#include "capture/gpu.h"
#include "digest/files.h"
#include "journal/record.h"

struct gbx_environment_section {
	Glassbox__Gap__Kind kind; /* of the gap where it does not come to its end */
	unsigned deadline_ms;
	bool (*wanted)(const struct gbx_environment_options *o); /* quick: it runs before the job is waited for */
	int (*read)(const struct gbx_environment_options *o, struct gbx_teller *t, struct gbx_error *err);
};

/* A library that asks eight GPUs without a persistent driver takes ten seconds, and a child of the lowest priority gets little time. */
static const struct gbx_environment_section sections[] = {
	{GLASSBOX__GAP__KIND__DEVICE, 60000, gbx_gpu_is_there, gbx_read_gpus},
};
#define SECTIONS (sizeof sections / sizeof *sections)
_Static_assert(SECTIONS <= GBX_ENVIRONMENT_SECTIONS, "struct gbx_environment has room for all sections");

/* Kinds of records that a child may tell. */
static const Glassbox__Body__BodyCase told_kinds[] = {
	GLASSBOX__BODY__BODY_DEVICE,
};

static int tell(struct gbx_teller *t, const Glassbox__EnvironmentReport *report, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes message = {0}, frame = {0};
	int rc = gbx_pb_pack(&report->base, &message, err);

	if (rc == 0 && message.len > GBX_LIMIT_ENVIRONMENT_FACT)
		return gbx_fail(err, GBX_E_LIMIT, "a fact of %zu bytes; expected at most %u", message.len, GBX_LIMIT_ENVIRONMENT_FACT);
	if (rc == 0)
		rc = gbx_tfrecord_frame(gbx_slice_of(&message), &frame, err);
	return rc ? rc : gbx_write(t->out, frame.data, frame.len, err);
}

int gbx_tell(struct gbx_teller *t, const Glassbox__Body *body, struct gbx_error *err)
{
	Glassbox__EnvironmentReport report = GLASSBOX__ENVIRONMENT_REPORT__INIT;

	report.report_case = GLASSBOX__ENVIRONMENT_REPORT__REPORT_BODY;
	report.body = (Glassbox__Body *)(uintptr_t)body;
	return tell(t, &report, err);
}

int gbx_tell_gap(struct gbx_teller *t, const struct gbx_environment_gap *gap, struct gbx_error *err)
{
	Glassbox__EnvironmentReport report = GLASSBOX__ENVIRONMENT_REPORT__INIT;
	Glassbox__EnvironmentGap m = GLASSBOX__ENVIRONMENT_GAP__INIT;

	m.kind = gap->kind;
	m.reason = gap->reason;
	m.count = gap->count;
	if (gap->path)
		m.path = gbx_pb_bytes(gap->path, strlen(gap->path));
	report.report_case = GLASSBOX__ENVIRONMENT_REPORT__REPORT_GAP;
	report.gap = &m;
	return tell(t, &report, err);
}

static int child(void *arg, int out)
{
	const struct gbx_environment_part *part = arg;
	Glassbox__EnvironmentReport end = GLASSBOX__ENVIRONMENT_REPORT__INIT;
	struct gbx_teller teller = {out};
	struct gbx_error err;

	gbx_child_lower(GBX_LIMIT_CHILD_MEMORY);
	int rc = part->section->read(&part->owner->options, &teller, &err);
	if (rc)
		rc = gbx_tell_gap(&teller, &(struct gbx_environment_gap){part->section->kind, gbx_gap_reason(&err), 1, NULL}, &err);
	end.report_case = GLASSBOX__ENVIRONMENT_REPORT__REPORT_DONE;
	end.done = true;
	return rc || tell(&teller, &end, &err) ? 1 : 0;
}

/* What a child writes, until the deadline or until everybody is told to stop; what has come already is read first. */
struct input {
	struct gbx_input in;
	int fd, stop;
	uint64_t deadline;
	bool stopped; /* it was told to */
	bool broken;  /* the child ended, or its words do */
};

static int patience(const struct input *in)
{
	uint64_t now = gbx_monotonic_nanos();

	return in->deadline > now ? (int)((in->deadline - now + 999999u) / 1000000u) : 0;
}

static int read_input(struct gbx_input *base, void *buf, size_t len, size_t *got, struct gbx_error *err)
{
	struct input *in = (struct input *)base;

	for (;;) {
		struct pollfd p[2] = {{.fd = in->fd, .events = POLLIN}, {.fd = in->stop, .events = POLLIN}};
		int ready = poll(p, 2, patience(in));
		if (ready > 0 && p[0].revents)
			return gbx_read(in->fd, buf, len, got, err);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready < 0)
			return gbx_fail_errno(err, errno, "cannot wait for a process");
		in->stopped = ready > 0;
		return gbx_fail(err, GBX_E_TIMEOUT, "the process that captures the environment was not done in time");
	}
}

static bool may_be_told(const Glassbox__Body *body)
{
	for (size_t i = 0; i < sizeof told_kinds / sizeof *told_kinds; i++)
		if (body->body_case == told_kinds[i])
			return true;
	return false;
}

static int take_body(struct gbx_environment_part *part, Glassbox__Body *body, struct gbx_error *err)
{
	if (!may_be_told(body))
		return gbx_fail(err, GBX_E_MALFORMED, "the report of an environment: a kind of record that it may not hold");
	int rc = gbx_body_check(body, err);
	if (rc == 0)
		part->owner->sink.body(part->owner->sink.arg, body);
	return rc;
}

static int take_gap(struct gbx_environment_part *part, const Glassbox__EnvironmentGap *m, struct gbx_error *err)
{
	char path[GBX_LIMIT_PATH + 1] = "";

	if (!m->kind || !m->reason || m->path.len > GBX_LIMIT_PATH || (m->path.len && memchr(m->path.data, 0, m->path.len)))
		return gbx_fail(err, GBX_E_MALFORMED, "the report of an environment: a gap without a kind or reason, or with no path");
	if (m->path.len)
		memcpy(path, m->path.data, m->path.len);
	struct gbx_environment_gap gap = {m->kind, m->reason, m->count, *path ? path : NULL};
	part->owner->sink.gap(part->owner->sink.arg, &gap);
	return 0;
}

/* 1: the last message. */
static int take(struct gbx_environment_part *part, struct gbx_slice message, struct gbx_error *err)
{
	GBX_AUTO_ARENA struct gbx_arena memory = {0};
	ProtobufCMessage *parsed;
	int rc = gbx_pb_parse(&memory, &glassbox__environment_report__descriptor, message, GBX_LIMIT_ENVIRONMENT_FACT, &parsed, err);

	if (rc)
		return rc;
	Glassbox__EnvironmentReport *m = (Glassbox__EnvironmentReport *)parsed;
	switch (m->report_case) {
	case GLASSBOX__ENVIRONMENT_REPORT__REPORT_BODY:
		return take_body(part, m->body, err);
	case GLASSBOX__ENVIRONMENT_REPORT__REPORT_GAP:
		return take_gap(part, m->gap, err);
	case GLASSBOX__ENVIRONMENT_REPORT__REPORT_DONE:
		return 1;
	default:
		return gbx_fail(err, GBX_E_MALFORMED, "the report of an environment: a message without content");
	}
}

/* 0 when the child has told all, or an error. */
static int take_all(struct gbx_environment_part *part, struct input *in, struct gbx_error *err)
{
	GBX_AUTO_TFRECORD struct gbx_tfrecord_reader reader = {0};
	struct gbx_slice message;
	int rc = gbx_tfrecord_reader_init(&reader, &in->in, GBX_LIMIT_ENVIRONMENT_FACT, err);

	for (size_t i = 0; rc == 0 && i < GBX_LIMIT_ENVIRONMENT_FACTS; i++) {
		rc = gbx_tfrecord_next(&reader, &message, err);
		in->broken = rc == 0 || (rc < 0 && rc != GBX_E_TIMEOUT && rc != GBX_E_NOMEM);
		if (rc == 0)
			return gbx_fail(err, GBX_E_IO, "the process that captures the environment died");
		if (rc > 0)
			rc = take(part, message, err);
		if (rc)
			return rc > 0 ? 0 : rc;
	}
	return rc ? rc : gbx_fail(err, GBX_E_LIMIT, "the report of an environment: more than %u facts", GBX_LIMIT_ENVIRONMENT_FACTS);
}

static Glassbox__Gap__Reason reason_of(const struct input *in, const struct gbx_error *err)
{
	if (in->stopped)
		return GLASSBOX__GAP__REASON__JOB_ENDED;
	return in->broken ? GLASSBOX__GAP__REASON__CRASHED : gbx_gap_reason(err);
}

static void *work(void *arg)
{
	struct gbx_environment_part *part = arg;
	struct gbx_environment *e = part->owner;
	unsigned ms = e->options.deadline_ms ? e->options.deadline_ms : part->section->deadline_ms;
	struct input in = {{read_input}, part->child.fd, e->stop_from, gbx_monotonic_nanos() + ms * (uint64_t)1000000u, false, false};
	struct gbx_error err;

	if (take_all(part, &in, &err))
		e->sink.gap(e->sink.arg, &(struct gbx_environment_gap){part->section->kind, reason_of(&in, &err), 1, NULL});
	gbx_child_abandon(&part->child);
	pthread_mutex_lock(&e->lock);
	e->running--;
	pthread_cond_broadcast(&e->changed);
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

/* All children before the first thread: a lock that another thread holds would stay locked in them. */
static void start_children(struct gbx_environment *e)
{
	struct gbx_error err;

	for (size_t i = 0; i < SECTIONS; i++) {
		struct gbx_environment_part *part = &e->part[i];
		*part = (struct gbx_environment_part){.owner = e, .section = &sections[i]};
		if (part->section->wanted(&e->options) && gbx_child_start(child, part, &part->child, &err))
			e->sink.gap(e->sink.arg, &(struct gbx_environment_gap){part->section->kind, gbx_gap_reason(&err), 1, NULL});
	}
}

static void start_thread(struct gbx_environment_part *part)
{
	struct gbx_environment *e = part->owner;

	if (part->child.pid == 0)
		return;
	pthread_mutex_lock(&e->lock);
	part->started = pthread_create(&part->thread, NULL, work, part) == 0;
	e->running += part->started;
	pthread_mutex_unlock(&e->lock);
	if (part->started)
		return;
	gbx_child_abandon(&part->child);
	e->sink.gap(e->sink.arg, &(struct gbx_environment_gap){part->section->kind, GLASSBOX__GAP__REASON__FAILED, 1, NULL});
}

static void init_lock(struct gbx_environment *e)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&e->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

void gbx_environment_start(struct gbx_environment *e, const struct gbx_environment_options *o, const struct gbx_environment_sink *sink)
{
	struct gbx_error err;

	*e = (struct gbx_environment){.options = *o, .sink = *sink, .stop_from = -1, .stop_to = -1};
	if (gbx_pipe(&e->stop_from, &e->stop_to, &err)) {
		sink->gap(sink->arg, &(struct gbx_environment_gap){GLASSBOX__GAP__KIND__ENVIRONMENT, gbx_gap_reason(&err), 1, NULL});
		return;
	}
	init_lock(e);
	e->begun = true;
	start_children(e);
	for (size_t i = 0; i < SECTIONS; i++)
		start_thread(&e->part[i]);
}

static void wait_until(struct gbx_environment *e, uint64_t deadline, bool (*hurried)(void))
{
	uint64_t now;

	pthread_mutex_lock(&e->lock);
	while (e->running && (now = gbx_monotonic_nanos()) < deadline && !(hurried && hurried())) {
		uint64_t until = now + 50000000u < deadline ? now + 50000000u : deadline;
		struct timespec t = {(time_t)(until / 1000000000u), (long)(until % 1000000000u)};
		pthread_cond_timedwait(&e->changed, &e->lock, &t);
	}
	pthread_mutex_unlock(&e->lock);
}

void gbx_environment_finish(struct gbx_environment *e, uint64_t deadline, bool (*hurried)(void))
{
	if (!e->begun)
		return;
	wait_until(e, deadline, hurried);
	gbx_close(&e->stop_to);
	for (size_t i = 0; i < SECTIONS; i++)
		if (e->part[i].started)
			pthread_join(e->part[i].thread, NULL);
	gbx_close(&e->stop_from);
	pthread_mutex_destroy(&e->lock);
	pthread_cond_destroy(&e->changed);
	e->begun = false;
}
