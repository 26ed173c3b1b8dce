#include "run/software.h"

#include <signal.h>
#include <time.h>

#include "base/limits.h"
#include "base/tfrecord.h"
#include "capture/software_report.h"

static void put_gap(struct gbx_recorder *r, Glassbox__Gap__Reason reason)
{
	gbx_put_gap(r, GLASSBOX__GAP__KIND__LIBRARY, reason, 1, NULL);
	gbx_put_gap(r, GLASSBOX__GAP__KIND__PACKAGE, reason, 1, NULL);
}

/* Until the child's end of the pipe is closed. */
static int take_reports(struct gbx_software_facts *s, struct gbx_error *err)
{
	struct gbx_child_input input;
	GBX_AUTO_TFRECORD struct gbx_tfrecord_reader reader = {0};
	struct gbx_slice message;

	gbx_child_input(&input, s->child.child.fd, 0, 0);
	int rc = gbx_tfrecord_reader_init(&reader, &input.in, GBX_LIMIT_SOFTWARE_REPORT, err);
	while (rc == 0 && (rc = gbx_tfrecord_next(&reader, &message, err)) > 0) {
		GBX_AUTO_ARENA struct gbx_arena memory = {0};
		const Glassbox__SoftwareReport *report;
		rc = gbx_software_parse(&memory, message, &report, err);
		if (rc)
			break;
		gbx_put_software(s->recorder, report);
		s->whole = report->last;
	}
	return rc;
}

static void *work(void *arg)
{
	struct gbx_software_facts *s = arg;
	struct gbx_error err;

	if (take_reports(s, &err) && s->recorder->say)
		s->recorder->say(err.line);
	pthread_mutex_lock(&s->lock);
	s->done = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

void gbx_software_begin(struct gbx_software_facts *s, struct gbx_recorder *r, uint64_t pid)
{
	struct gbx_error err;

	s->recorder = r;
	if (gbx_software_child_start(&s->child, pid, &err))
		put_gap(r, gbx_gap_reason(&err));
}

void gbx_software_listen(struct gbx_software_facts *s)
{
	pthread_condattr_t monotonic;

	if (s->child.child.pid <= 0)
		return;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	s->started = pthread_create(&s->thread, NULL, work, s) == 0;
	if (s->started)
		return;
	gbx_child_kill(&s->child.child, NULL);
	put_gap(s->recorder, GLASSBOX__GAP__REASON__FAILED);
}

static bool wait_until_done(struct gbx_software_facts *s, unsigned patience_ms, bool (*hurried)(void))
{
	uint64_t deadline = gbx_monotonic_nanos() + (uint64_t)patience_ms * 1000000u;

	pthread_mutex_lock(&s->lock);
	while (!s->done && gbx_monotonic_nanos() < deadline && !hurried()) {
		uint64_t until = gbx_monotonic_nanos() + 50000000u;
		struct timespec t = {(time_t)(until / 1000000000u), (long)(until % 1000000000u)};
		pthread_cond_timedwait(&s->changed, &s->lock, &t);
	}
	bool done = s->done;
	pthread_mutex_unlock(&s->lock);
	return done;
}

void gbx_software_end(struct gbx_software_facts *s, unsigned patience_ms, bool (*hurried)(void))
{
	int status = -1;

	if (!s->started)
		return;
	bool done = wait_until_done(s, patience_ms, hurried);
	/* Its end closes the pipe, and with that the thread ends. */
	if (!done)
		(void)kill(s->child.child.pid, SIGKILL);
	pthread_join(s->thread, NULL);
	gbx_child_wait(&s->child.child, &status);
	if (!s->whole)
		put_gap(s->recorder, done ? GLASSBOX__GAP__REASON__CRASHED : GLASSBOX__GAP__REASON__TIMED_OUT);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	s->started = false;
}
