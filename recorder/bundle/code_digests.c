#include "bundle/code_digests.h"

#include <pthread.h>

#include "base/limits.h"
#include "base/mem.h"
#include "digest/many.h"

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define BATCH_BYTES 256u /* so that the short files of a fuzzer come in several batches */
#define PIECES 8u
#else
#define BATCH_BYTES (1024u * 1024)
#define PIECES 1024u
#endif
#define BATCH_PATHS (64u * GBX_LIMIT_PATH)
#define BATCHES 4u
#define DIGESTS 2u

/* A file, or what one batch has of it. */
struct piece {
	struct gbx_entry entry; /* its path is in the batch's paths */
	size_t path, start, len;
	bool first, last;       /* the file begins, ends here */
	uint8_t sha256[GBX_SHA256_LEN], git_id[GBX_SHA256_LEN]; /* when it ends */
};

struct batch {
	uint8_t *data;
	size_t used;
	struct gbx_bytes paths;
	struct piece piece[PIECES];
	size_t pieces;
	unsigned pending; /* digests that were not computed yet */
};

/* One of the two digests of every file. A large file goes over several batches, so one thread at a time works on it, batch by batch. */
struct digest {
	int (*work)(struct digest *g, struct batch *b, struct gbx_error *err);
	struct gbx_hash *hash; /* of the file that is open */
	struct gbx_hash *many; /* of whole small files; SHA-256 only */
	struct gbx_message message[PIECES];
	size_t next;           /* the batch that it goes on with */
	bool busy;             /* a thread works on it */
};

struct gbx_code_digests {
	struct gbx_code_listener listener;
	struct batch batch[BATCHES];
	size_t batches;        /* of them that are used */
	size_t told;           /* batches that the listener was told of */
	pthread_t helper[DIGESTS];
	size_t helpers;
	pthread_mutex_t lock;  /* guards what is below, next, busy and pending, and gives batches from one thread to the other */
	pthread_cond_t changed;
	struct digest digest[DIGESTS];
	size_t passed;         /* batches that were filled */
	bool stop;
	int rc;                /* the first failure of a digest or the listener */
	struct gbx_error err;
};

static bool has_content(const struct piece *p)
{
	return p->entry.type != GBX_GITLINK;
}

/* Small files whole, many at once; a large one piece by piece. */
static int work_sha256(struct digest *g, struct batch *b, struct gbx_error *err)
{
	size_t whole = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < b->pieces; i++) {
		struct piece *p = &b->piece[i];
		if (!has_content(p))
			continue;
		if (p->first && p->last) {
			g->message[whole++] = (struct gbx_message){b->data + p->start, p->len, p->sha256};
			continue;
		}
		if (p->first)
			gbx_hash_start(g->hash);
		gbx_hash_update(g->hash, b->data + p->start, p->len);
		if (p->last)
			rc = gbx_hash_final(g->hash, p->sha256, err);
	}
	return rc ? rc : gbx_sha256_many(g->many, g->message, whole, err);
}

static int work_git(struct digest *g, struct batch *b, struct gbx_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < b->pieces; i++) {
		struct piece *p = &b->piece[i];
		if (!has_content(p))
			continue;
		if (p->first)
			gbx_git_blob_start(g->hash, p->entry.size);
		gbx_hash_update(g->hash, b->data + p->start, p->len);
		if (p->last)
			rc = gbx_hash_final(g->hash, p->git_id, err);
	}
	return rc;
}

/* Keeps the first failure. Here and below the lock is held, unless said otherwise. */
static void fail_all(struct gbx_code_digests *d, const struct gbx_error *why)
{
	if (d->rc == 0)
		d->rc = gbx_fail(&d->err, why->code, "%s", why->line);
}

/* The digest that has most left to do, or NULL. */
static struct digest *take(struct gbx_code_digests *d)
{
	struct digest *found = NULL;

	for (size_t i = 0; i < DIGESTS; i++) {
		struct digest *g = &d->digest[i];
		if (!g->busy && g->next < d->passed && (!found || g->next < found->next))
			found = g;
	}
	return found;
}

static void work(struct gbx_code_digests *d, struct digest *g)
{
	struct batch *b = &d->batch[g->next % d->batches];
	struct gbx_error why;

	g->busy = true;
	pthread_mutex_unlock(&d->lock);
	int rc = g->work(g, b, &why);
	pthread_mutex_lock(&d->lock);
	if (rc)
		fail_all(d, &why);
	g->busy = false;
	g->next++;
	b->pending--;
	pthread_cond_broadcast(&d->changed);
}

static void *help(void *arg)
{
	struct gbx_code_digests *d = arg;

	pthread_mutex_lock(&d->lock);
	while (!d->stop) {
		struct digest *g = take(d);
		if (g)
			work(d, g);
		else
			pthread_cond_wait(&d->changed, &d->lock);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

/* Fewer helpers than wanted, or none, do as well. */
static void start_helpers(struct gbx_code_digests *d, size_t wanted)
{
	while (d->helpers < wanted && d->helpers < DIGESTS && pthread_create(&d->helper[d->helpers], NULL, help, d) == 0)
		d->helpers++;
}

static int prepare(struct gbx_code_digests *d, enum gbx_git_format format, struct gbx_error *err)
{
	struct digest *sha256 = &d->digest[0], *git = &d->digest[1];

	sha256->work = work_sha256;
	git->work = work_git;
	int rc = gbx_hash_new(&sha256->hash, GBX_SHA256, err);
	if (rc == 0)
		rc = gbx_hash_new(&sha256->many, GBX_SHA256, err);
	return rc ? rc : gbx_hash_new(&git->hash, gbx_git_hash(format), err);
}

int gbx_code_digests_new(struct gbx_code_digests **out, enum gbx_git_format format, unsigned threads, struct gbx_code_listener listener,
			 struct gbx_error *err)
{
	GBX_AUTO_CODE_DIGESTS struct gbx_code_digests *d = gbx_calloc(1, sizeof *d);

	if (!d)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to hash a snapshot with");
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->changed, NULL);
	d->listener = listener;
	d->batches = threads > 1 ? BATCHES : 1;
	int rc = prepare(d, format, err);
	for (size_t i = 0; rc == 0 && i < d->batches; i++) {
		d->batch[i].data = gbx_calloc(BATCH_BYTES, 1);
		if (!d->batch[i].data)
			rc = gbx_fail(err, GBX_E_NOMEM, "no memory to hash a snapshot with");
	}
	if (rc)
		return rc;
	start_helpers(d, threads > 1 ? threads - 1 : 0);
	*out = d;
	d = NULL;
	return 0;
}

void gbx_code_digests_free(struct gbx_code_digests *d)
{
	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	d->stop = true;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
	for (size_t i = 0; i < d->helpers; i++)
		pthread_join(d->helper[i], NULL);
	for (size_t i = 0; i < DIGESTS; i++) {
		gbx_hash_free(d->digest[i].hash);
		gbx_hash_free(d->digest[i].many);
	}
	for (size_t i = 0; i < BATCHES; i++) {
		gbx_free(d->batch[i].data);
		gbx_bytes_free(&d->batch[i].paths);
	}
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->lock);
	gbx_free(d);
}

void gbx_code_digests_release(struct gbx_code_digests **d)
{
	gbx_code_digests_free(*d);
	*d = NULL;
}

static struct batch *filling(struct gbx_code_digests *d)
{
	return &d->batch[d->passed % d->batches];
}

static int said(const struct gbx_code_digests *d, struct gbx_error *err)
{
	return d->rc ? gbx_fail(err, d->rc, "%s", d->err.line) : 0;
}

static int tell(struct gbx_code_digests *d, struct batch *b, struct gbx_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < b->pieces; i++) {
		struct piece *p = &b->piece[i];
		p->entry.path.data = b->paths.data + p->path;
		if (p->last)
			rc = d->listener.digested(d->listener.arg, &p->entry, p->sha256, p->git_id, err);
	}
	b->used = b->pieces = b->paths.len = 0;
	return rc;
}

/* Tells of the batch that was passed on first; until it is done, this thread does what no helper does. The lock is not held. */
static int tell_next(struct gbx_code_digests *d, struct gbx_error *err)
{
	struct batch *b = &d->batch[d->told % d->batches];
	struct gbx_error why;

	pthread_mutex_lock(&d->lock);
	while (b->pending) {
		struct digest *g = take(d);
		if (g)
			work(d, g);
		else
			pthread_cond_wait(&d->changed, &d->lock);
	}
	int rc = said(d, err);
	pthread_mutex_unlock(&d->lock);
	d->told++;
	if (rc || (rc = tell(d, b, &why)) == 0)
		return rc;
	pthread_mutex_lock(&d->lock);
	fail_all(d, &why);
	rc = said(d, err);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

/* Passes the batch on; where the next one is still in use, its files are told first. The lock is not held. */
static int pass(struct gbx_code_digests *d, struct gbx_error *err)
{
	pthread_mutex_lock(&d->lock);
	filling(d)->pending = DIGESTS;
	d->passed++;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
	return d->passed - d->told == d->batches ? tell_next(d, err) : 0;
}

static int begin_piece(struct gbx_code_digests *d, const struct gbx_entry *e, bool first, struct piece **out, struct gbx_error *err)
{
	struct batch *b = filling(d);
	int rc = 0;

	if (b->pieces == PIECES || b->used == BATCH_BYTES || b->paths.len + e->path.len > BATCH_PATHS) {
		rc = pass(d, err);
		b = filling(d);
	}
	size_t path = b->paths.len;
	if (rc == 0)
		rc = gbx_bytes_append(&b->paths, e->path.data, e->path.len, err);
	if (rc)
		return rc;
	*out = &b->piece[b->pieces];
	**out = (struct piece){.entry = *e, .path = path, .start = b->used, .first = first};
	return 0;
}

/* As much of the content as the batch has room for; the piece is the last one where the content ended. */
static int fill_piece(struct batch *b, struct piece *p, struct gbx_input *content, struct gbx_error *err)
{
	size_t got = 0;
	int rc = 0;

	while (!p->last && b->used < BATCH_BYTES && (rc = content->read(content, b->data + b->used, BATCH_BYTES - b->used, &got, err)) == 0) {
		p->last = got == 0;
		p->len += got;
		b->used += got;
	}
	if (rc == 0)
		b->pieces++;
	return rc;
}

int gbx_code_digests_add(struct gbx_code_digests *d, const struct gbx_entry *e, struct gbx_input *content, struct gbx_error *err)
{
	struct gbx_memory_input nothing;
	struct piece *p;
	bool first = true;

	gbx_memory_input(&nothing, gbx_slice(NULL, 0));
	do {
		int rc = begin_piece(d, e, first, &p, err);
		if (rc == 0)
			rc = fill_piece(filling(d), p, content ? content : &nothing.in, err);
		if (rc)
			return rc;
		first = false;
	} while (!p->last);
	return 0;
}

int gbx_code_digests_finish(struct gbx_code_digests *d, struct gbx_error *err)
{
	pthread_mutex_lock(&d->lock);
	int rc = said(d, err);
	pthread_mutex_unlock(&d->lock);

	if (rc == 0 && filling(d)->pieces)
		rc = pass(d, err);
	while (rc == 0 && d->told < d->passed)
		rc = tell_next(d, err);
	return rc;
}
