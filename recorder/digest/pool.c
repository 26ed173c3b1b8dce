/* Hashing with a pool of threads. Declared in files.h. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "base/mem.h"
#include "base/processors.h"
#include "digest/files.h"

#define BUFFER (256u * 1024)
#define LARGE (1024u * 1024)        /* from here on a file is worth being started before the others */
#define DROP_EVERY (8u * 1024 * 1024)
#define MOST_THREADS 256u

struct job {
	uint64_t size;
	size_t index;
};

struct pool {
	struct gbx_files *files;
	const struct gbx_hash_options *options;
	struct gbx_files_place place;
	struct job *job;
	size_t jobs;
	atomic_size_t next;
	atomic_bool stop;     /* cancelled, or a failure that is not about one file */
	pthread_mutex_t lock; /* guards what is below, and the problems of files */
	int rc;
	struct gbx_error *err;
};

struct worker {
	struct pool *pool;
	pthread_t thread;
	struct gbx_hash *hash;
	uint8_t *buffer;
};

static bool stopped(struct pool *p)
{
	if (p->options->cancel && atomic_load(p->options->cancel))
		atomic_store(&p->stop, true);
	return atomic_load(&p->stop);
}

static void fail_pool(struct pool *p, const struct gbx_error *why)
{
	pthread_mutex_lock(&p->lock);
	if (p->rc == 0)
		p->rc = gbx_fail(p->err, why->code, "%s", why->line);
	pthread_mutex_unlock(&p->lock);
	atomic_store(&p->stop, true);
}

static void tell(struct pool *p, const char *path, Glassbox__Gap__Reason reason, int code, const char *text)
{
	struct gbx_error why;

	pthread_mutex_lock(&p->lock);
	int rc = gbx_files_add_problem(p->files, path, reason, code, text, &why);
	pthread_mutex_unlock(&p->lock);
	if (rc)
		fail_pool(p, &why);
}

static void fail_file(struct pool *p, struct gbx_found *f, const struct gbx_error *why)
{
	f->failure = why->code;
	tell(p, f->path, gbx_gap_reason(why), why->code, why->sys ? strerror(why->sys) : why->line);
}

/* A digest of content that nobody can read again is evidence of nothing, so there is none. */
static void fail_changed(struct pool *p, struct gbx_found *f, const char *text)
{
	f->changed = true;
	f->failure = GBX_E_BAD;
	tell(p, f->path, GLASSBOX__GAP__REASON__CHANGED, GBX_E_BAD, text);
}

static void accept(struct pool *p, struct gbx_found *f, const struct stat *st, const uint8_t sha256[GBX_SHA256_LEN])
{
	bool changed = gbx_files_differ(f, st);

	if (changed) {
		f->changed = true;
		f->mode = st->st_mode & 07777;
		f->size = (uint64_t)st->st_size;
		f->mtime_nanos = gbx_mtime_nanos(st);
		f->ctime_nanos = gbx_ctime_nanos(st);
		tell(p, f->path, GLASSBOX__GAP__REASON__CHANGED, GBX_E_BAD, "changed after it was listed and before it was hashed");
	}
	memcpy(f->sha256, sha256, GBX_SHA256_LEN);
	f->hashed = true;
}

/* What is read, and whether its pages are to be dropped behind. */
struct reading {
	int fd;
	uint64_t size, done, dropped;
	bool drop;
};

static int read_part(struct worker *w, struct reading *r, size_t *got, struct gbx_error *err)
{
	uint64_t left = r->size - r->done;
	/* A file of size 0 is asked for a byte: in /proc such files have content. */
	size_t ask = left > BUFFER ? BUFFER : left ? (size_t)left : 1;

	/* What the page cache holds before we come is somebody's working set, and stays there; seen by the first part. */
	if (w->pool->options->background && r->done == 0) {
		*got = gbx_read_cached(r->fd, w->buffer, ask);
		r->drop = *got < ask;
		if (*got)
			return 0;
	}
	return gbx_read(r->fd, w->buffer, ask, got, err);
}

static void drop_behind(struct reading *r, bool end)
{
	if (!r->drop || (!end && r->done - r->dropped < DROP_EVERY))
		return;
	gbx_drop_cached(r->fd, r->dropped, r->done - r->dropped);
	r->dropped = r->done;
}

/* 0 with the digest of what was read (r->done bytes, at most r->size), 1 when stopped first, or an error. */
static int digest(struct worker *w, struct reading *r, uint8_t sha256[GBX_SHA256_LEN], struct gbx_error *err)
{
	size_t got;

	gbx_hash_start(w->hash);
	do {
		int rc = read_part(w, r, &got, err);
		if (rc)
			return rc;
		gbx_hash_update(w->hash, w->buffer, got);
		r->done += got;
		drop_behind(r, got == 0 || r->done >= r->size);
		if (r->done < r->size && got && stopped(w->pool))
			return 1;
	} while (got && r->done < r->size);
	return gbx_hash_final(w->hash, sha256, err);
}

static void hash_file(struct worker *w, struct gbx_found *f)
{
	struct pool *p = w->pool;
	GBX_AUTO_FD int fd = -1;
	struct stat before, after;
	struct gbx_error why;
	uint8_t sha256[GBX_SHA256_LEN];

	if (gbx_open_regular_stat(p->place.dirfd, gbx_files_name(&p->place, f), &fd, &before, &why)) {
		fail_file(p, f, &why);
		return;
	}
	/* Also where a folder on the way became a link: nothing outside the root is read. */
	if (before.st_dev != f->dev || before.st_ino != f->ino) {
		fail_changed(p, f, "replaced by another file after it was listed");
		return;
	}
	struct reading r = {.fd = fd, .size = (uint64_t)before.st_size};
	int rc = digest(w, &r, sha256, &why);
	if (rc == 0)
		rc = gbx_fstat(fd, &after, &why);
	if (rc < 0 && why.code == GBX_E_CRYPTO)
		fail_pool(p, &why);
	else if (rc < 0)
		fail_file(p, f, &why);
	else if (rc == 0 && (r.done != r.size || before.st_size != after.st_size || gbx_mtime_nanos(&before) != gbx_mtime_nanos(&after) ||
			     gbx_ctime_nanos(&before) != gbx_ctime_nanos(&after)))
		fail_changed(p, f, "changed while it was read");
	else if (rc == 0)
		accept(p, f, &before, sha256);
}

/* This thread only: Linux keeps priorities by thread. A refusal leaves things as they are. */
static void lowest_priority(void)
{
#ifdef __linux__
	struct sched_param none = {0};

	(void)sched_setscheduler(0, SCHED_IDLE, &none);
	(void)syscall(SYS_ioprio_set, 1 /* this thread */, 0, 3 << 13 /* idle */);
#endif
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;

	if (p->options->background)
		lowest_priority();
	while (!stopped(p)) {
		size_t n = atomic_fetch_add(&p->next, 1);
		if (n >= p->jobs)
			break;
		hash_file(w, &p->files->file[p->job[n].index]);
	}
	return NULL;
}

static int largest_first(const void *a, const void *b)
{
	const struct job *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	return (x->index > y->index) - (x->index < y->index);
}

static size_t collect(const struct gbx_files *files, bool large, struct job *job)
{
	size_t n = 0;

	for (size_t i = 0; i < files->len; i++) {
		const struct gbx_found *f = &files->file[i];
		if (!f->hashed && !f->failure && (f->size >= LARGE) == large)
			job[n++] = (struct job){f->size, i};
	}
	return n;
}

/* Large files first, so that none is alone at the end; the small ones in the order of their paths. */
static int plan(struct pool *p)
{
	p->job = gbx_calloc(p->files->len, sizeof *p->job);
	if (!p->job)
		return gbx_fail(p->err, GBX_E_NOMEM, "no memory to plan the hashing of %zu files", p->files->len);
	size_t large = collect(p->files, true, p->job);
	if (large)
		qsort(p->job, large, sizeof *p->job, largest_first);
	p->jobs = large + collect(p->files, false, p->job + large);
	return 0;
}

static unsigned thread_count(const struct pool *p)
{
	unsigned n = p->options->threads ? p->options->threads : gbx_processors();

	if (n > MOST_THREADS)
		n = MOST_THREADS;
	return p->jobs < n ? (unsigned)p->jobs : n;
}

static int start_worker(struct worker *w, struct pool *p, struct gbx_error *err)
{
	w->pool = p;
	w->buffer = gbx_calloc(BUFFER, 1);
	if (!w->buffer)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a buffer to hash with");
	int rc = gbx_hash_new(&w->hash, GBX_SHA256, err);
	if (rc)
		return rc;
	int sys = pthread_create(&w->thread, NULL, work, w);
	return sys ? gbx_fail_errno(err, sys, "cannot start a thread to hash with") : 0;
}

static void free_worker(struct worker *w)
{
	gbx_hash_release(&w->hash);
	gbx_free(w->buffer);
}

static int run(struct pool *p)
{
	struct worker worker[MOST_THREADS] = {0};
	unsigned wanted = thread_count(p), started = 0;
	struct gbx_error why = {0};

	while (started < wanted && start_worker(&worker[started], p, &why) == 0)
		started++;
	if (started < wanted)
		free_worker(&worker[started]);
	for (unsigned i = 0; i < started; i++) {
		pthread_join(worker[i].thread, NULL);
		free_worker(&worker[i]);
	}
	/* Fewer threads than wanted did the work as well. */
	if (wanted && !started)
		return gbx_fail(p->err, why.code, "%s", why.line);
	return p->rc;
}

static void end_pool(struct pool *p)
{
	gbx_files_leave(&p->place);
	gbx_free(p->job);
	pthread_mutex_destroy(&p->lock);
}

static bool all_done(const struct gbx_files *files)
{
	for (size_t i = 0; i < files->len; i++)
		if (!files->file[i].hashed && !files->file[i].failure)
			return false;
	return true;
}

int gbx_files_hash(const char *root, struct gbx_files *files, const struct gbx_hash_options *o, bool *finished, struct gbx_error *err)
{
	GBX_CLEANUP(end_pool) struct pool p = {.files = files, .options = o, .place = {AT_FDCWD, NULL}, .err = err};

	pthread_mutex_init(&p.lock, NULL);
	int rc = gbx_files_locate(root, files, &p.place, err);
	if (rc == 0)
		rc = plan(&p);
	if (rc == 0)
		rc = run(&p);
	gbx_files_sort_problems(files);
	files->bytes = 0;
	for (size_t i = 0; i < files->len; i++)
		files->bytes += files->file[i].size;
	if (rc == 0)
		*finished = all_done(files);
	return rc;
}
