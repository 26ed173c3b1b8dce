#include "run/background.h"

#include <time.h>

#include "base/mem.h"
#include "run/sign.h"

static void tell(struct gbx_background *b, const struct gbx_error *err)
{
	if (b->recorder->say)
		b->recorder->say(err->line);
}

/* Its name, too. */
static int sync_file(const char *path, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	GBX_AUTO_STRING char *folder = gbx_memdup(path, (size_t)(gbx_path_base(path) - path));
	int rc = folder ? gbx_open_read(path, &fd, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc == 0)
		rc = gbx_sync(fd, err);
	return rc ? rc : gbx_sync_dir(folder, err);
}

static void sync_code(struct gbx_background *b)
{
	struct gbx_error err;

	if (b->code->manifest && sync_file(b->code->manifest, &err))
		tell(b, &err);
}

/* What was not captured when the job started is not in what was signed. */
static void finish_code(struct gbx_background *b)
{
	struct gbx_error err;

	if (!b->code->pending)
		return;
	gbx_run_code_late(b->code, &b->cancel);
	sync_code(b);
	if (gbx_writer_sync(b->recorder->writer, &err) && b->recorder->lost_ever == 0)
		tell(b, &err);
}

/* The records that stand so far are synced, and, with a key, signed: the run is committed to before it has results. */
static void commit_start(struct gbx_background *b)
{
	struct gbx_recorder *r = b->recorder;
	struct gbx_head head;
	struct gbx_error err;

	sync_code(b);
	if (gbx_writer_sync(r->writer, &err)) {
		if (r->lost_ever == 0)
			tell(b, &err);
		return;
	}
	if (!b->identity) {
		gbx_put_gap(r, GLASSBOX__GAP__KIND__SIGNATURE, b->no_identity, 1, NULL);
		return;
	}
	int rc = gbx_writer_head(r->writer, &head, &err);
	if (rc == 0)
		rc = gbx_sign_start(r->store, r->run_text, &head, b->identity, &err);
	if (rc == 0)
		return;
	tell(b, &err);
	gbx_put_gap(r, GLASSBOX__GAP__KIND__SIGNATURE, gbx_gap_reason(&err), 1, NULL);
}

static bool is_data(const struct gbx_declared *d)
{
	return d->role == GLASSBOX__DECLARATION__ROLE__DATA;
}

static void finish_all(struct gbx_background *b, bool data, bool beside_job)
{
	struct gbx_hash_options o = {.background = beside_job, .cancel = &b->cancel};
	bool finished = true;
	struct gbx_error err;

	for (size_t i = 0; i < b->declared->len && finished; i++) {
		if (is_data(&b->declared->item[i]) != data)
			continue;
		gbx_declared_finish(b->recorder, &b->declared->item[i], &o, &finished);
		/* The seal syncs what comes after the job; until then the job may take days. */
		if (beside_job && gbx_writer_sync(b->recorder->writer, &err) && b->recorder->lost_ever == 0)
			tell(b, &err);
	}
}

static void wait_for_job(struct gbx_background *b)
{
	pthread_mutex_lock(&b->lock);
	while (!b->job_ended)
		pthread_cond_wait(&b->changed, &b->lock);
	pthread_mutex_unlock(&b->lock);
}

static void tell_pending(struct gbx_background *b)
{
	b->whole = true;
	for (size_t i = 0; i < b->declared->len; i++)
		if (!b->declared->item[i].recorded) {
			gbx_declared_pending(b->recorder, &b->declared->item[i]);
			b->whole = false;
		}
}

static void work_beside_job(struct gbx_background *b)
{
	for (size_t i = 0; i < b->declared->len; i++)
		if (is_data(&b->declared->item[i]))
			gbx_declared_begin(b->recorder, &b->declared->item[i]);
	commit_start(b);
	finish_code(b);
	finish_all(b, true, true);
}

static void work_after_job(struct gbx_background *b)
{
	gbx_run_code_recheck(b->code);
	finish_all(b, true, false);
	finish_all(b, false, false);
	for (size_t i = 0; i < b->declared->len; i++)
		if (is_data(&b->declared->item[i]))
			gbx_declared_recheck(b->recorder, &b->declared->item[i]);
	tell_pending(b);
}

static void *work(void *arg)
{
	struct gbx_background *b = arg;

	work_beside_job(b);
	wait_for_job(b);
	work_after_job(b);
	pthread_mutex_lock(&b->lock);
	b->done = true;
	pthread_cond_broadcast(&b->changed);
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

void gbx_background_start(struct gbx_background *b, struct gbx_recorder *r, struct gbx_declared_list *declared,
			  const struct gbx_identity *id, Glassbox__Gap__Reason no_identity)
{
	pthread_condattr_t monotonic;

	b->recorder = r;
	b->declared = declared;
	b->identity = id;
	b->no_identity = no_identity;
	atomic_init(&b->cancel, false);
	pthread_mutex_init(&b->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&b->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	b->started = pthread_create(&b->thread, NULL, work, b) == 0;
}

static bool wait_until_done(struct gbx_background *b, unsigned linger_ms, bool (*hurried)(void))
{
	uint64_t deadline = gbx_monotonic_nanos() + (uint64_t)linger_ms * 1000000u;
	bool done;

	pthread_mutex_lock(&b->lock);
	b->job_ended = true;
	pthread_cond_broadcast(&b->changed);
	while (!b->done && gbx_monotonic_nanos() < deadline && !hurried()) {
		uint64_t until = gbx_monotonic_nanos() + 50000000u;
		struct timespec t = {(time_t)(until / 1000000000u), (long)(until % 1000000000u)};
		pthread_cond_timedwait(&b->changed, &b->lock, &t);
	}
	done = b->done;
	pthread_mutex_unlock(&b->lock);
	return done;
}

bool gbx_background_finish(struct gbx_background *b, unsigned linger_ms, bool (*hurried)(void))
{
	if (!b->started) {
		work_beside_job(b);
		work_after_job(b);
	} else {
		if (!wait_until_done(b, linger_ms, hurried))
			atomic_store(&b->cancel, true);
		pthread_join(b->thread, NULL);
	}
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->changed);
	return b->whole;
}
