#include "journal/ahead.h"

#include <pthread.h>

#include "base/limits.h"
#include "base/mem.h"
#include "digest/many.h"

/* A batch that has as many is full; one more record may come on top. With small ones the short journals of a fuzzer have several. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define RECORDS 8u
#define BYTES 1024u
#else
#define RECORDS 512u
#define BYTES (128u * 1024)
#endif
#define MOST_THREADS 4u
#define SPARE 4u /* batches more than threads: nobody waits for the slowest at each batch */
#define NODE_LEN (1 + 2 * GBX_SHA256_LEN)

static const char commitment_tag[] = "glassbox/body/v1"; /* with its NUL */
#define COMMITMENT_HEAD (sizeof commitment_tag + GBX_STREAM_LEN + 8 + GBX_RECORD_SALT_LEN)

struct item {
	struct gbx_slice frame;
	uint64_t offset;
	struct gbx_record record;
	struct gbx_ahead_hashes ahead;
	size_t first_node; /* of its nodes in the batch */
	bool read;  /* its entry could be */
	bool ready; /* body and hashes are there */
};

/* Filled by the caller's thread, worked by any, emptied by the caller's. */
struct batch {
	enum { EMPTY, FILLED, WORKED_ON, DONE } state;
	struct item item[RECORDS];
	size_t count;
	uint8_t frames[BYTES + GBX_LIMIT_RECORD];
	size_t len;
	int end;              /* how the input ended behind these records: 1 it did not, 0, or an error */
	struct gbx_error err;
	/* For the work. */
	struct gbx_arena memory;
	struct gbx_message message[2 * RECORDS];
	uint8_t text[BYTES + GBX_LIMIT_RECORD + RECORDS * (1 + COMMITMENT_HEAD)];
	uint8_t pair[RECORDS][NODE_LEN];
	uint8_t node[RECORDS][GBX_SHA256_LEN];
};

struct gbx_ahead {
	struct gbx_hash *hash;
	struct gbx_arena memory; /* of a record that is read again for its error */
	struct gbx_tfrecord_reader frames;
	uint8_t stream[GBX_STREAM_LEN]; /* of the record read last */
	struct batch *batch;     /* a ring */
	size_t batches;
	size_t first;            /* the one that is emptied; written with the lock, by the caller's thread */
	size_t filled;           /* how many from there on are not EMPTY */
	size_t at;               /* in the first */
	bool at_end;             /* nothing more to fill */
	pthread_mutex_t lock;    /* guards the states of batches, which one is first, and stop */
	pthread_cond_t changed;
	bool stop;
	pthread_t helper[MOST_THREADS];
	struct helper {
		struct gbx_ahead *a;
		struct gbx_hash *hash;
	} of[MOST_THREADS];
	unsigned helpers;
};

/* Puts a message that is made of parts at the end of *text. */
static uint8_t *put(uint8_t *to, const void *part, size_t len)
{
	if (len)
		memcpy(to, part, len);
	return to + len;
}

static uint8_t *put_leaf(const struct item *i, uint8_t *text)
{
	*text = 0;
	return put(text + 1, i->record.entry.data, i->record.entry.len);
}

static uint8_t *put_commitment(const struct item *i, uint8_t *text)
{
	text = put(text, commitment_tag, sizeof commitment_tag);
	text = put(text, i->ahead.stream, GBX_STREAM_LEN);
	gbx_put_be64(text, i->record.seq);
	text = put(text + 8, i->record.salt.data, GBX_RECORD_SALT_LEN);
	return put(text, i->record.body_bytes.data, i->record.body_bytes.len);
}

static int hash_records(struct batch *b, struct gbx_hash *h, struct gbx_error *err)
{
	uint8_t *text = b->text, *end;
	size_t messages = 0;

	for (size_t i = 0; i < b->count && b->item[i].read; i++) {
		struct item *item = &b->item[i];
		end = put_leaf(item, text);
		b->message[messages++] = (struct gbx_message){text, (size_t)(end - text), item->record.leaf};
		text = end;
		if (!item->record.shown)
			continue;
		end = put_commitment(item, text);
		b->message[messages++] = (struct gbx_message){text, (size_t)(end - text), item->ahead.commitment};
		text = end;
	}
	return gbx_sha256_many(h, b->message, messages, err);
}

/* How many roots of complete subtrees end with record `at` of those that follow each other from `from` on. */
static unsigned count_nodes(const struct batch *b, size_t from, size_t at)
{
	uint64_t first = b->item[from].record.seq, seq = b->item[at].record.seq;
	unsigned n = 0;

	while (n < 32 && (seq >> n & 1) && seq + 1 - first >= 2ull << n)
		n++;
	return n;
}

/* Roots of the subtrees of 2^(level+1) leaves within records from to end, which follow each other in one stream. */
static int hash_level(struct batch *b, struct gbx_hash *h, size_t from, size_t end, unsigned level, size_t *found, struct gbx_error *err)
{
	size_t n = 0;

	for (size_t i = from; i < end; i++) {
		struct item *right = &b->item[i];
		if (right->ahead.nodes <= level)
			continue;
		const struct item *left = &b->item[i - ((size_t)1 << level)];
		uint8_t *to = b->pair[n];
		*to = 1;
		to = put(to + 1, level ? left->ahead.node[level - 1] : left->record.leaf, GBX_SHA256_LEN);
		put(to, level ? right->ahead.node[level - 1] : right->record.leaf, GBX_SHA256_LEN);
		b->message[n] = (struct gbx_message){b->pair[n], NODE_LEN, b->node[right->first_node + level]};
		n++;
	}
	*found = n;
	return gbx_sha256_many(h, b->message, n, err);
}

static int hash_nodes(struct batch *b, struct gbx_hash *h, size_t from, size_t end, size_t *used, struct gbx_error *err)
{
	size_t found = 1;
	int rc = 0;

	for (size_t i = from; i < end; i++) {
		b->item[i].first_node = *used;
		b->item[i].ahead.node = (const uint8_t (*)[GBX_SHA256_LEN])(b->node + *used);
		b->item[i].ahead.nodes = count_nodes(b, from, i);
		*used += b->item[i].ahead.nodes;
	}
	for (unsigned level = 0; rc == 0 && found; level++)
		rc = hash_level(b, h, from, end, level, &found, err);
	return rc;
}

/* True where record i goes on from the one before it. */
static bool follows(const struct batch *b, size_t i)
{
	return b->item[i].record.seq == b->item[i - 1].record.seq + 1 &&
	       memcmp(b->item[i].ahead.stream, b->item[i - 1].ahead.stream, GBX_STREAM_LEN) == 0;
}

static int hash_trees(struct batch *b, struct gbx_hash *h, struct gbx_error *err)
{
	size_t used = 0;
	int rc = 0;

	for (size_t from = 0, end; rc == 0 && from < b->count && b->item[from].read; from = end) {
		for (end = from + 1; end < b->count && b->item[end].read && follows(b, end);)
			end++;
		rc = hash_nodes(b, h, from, end, &used, err);
	}
	return rc;
}

/* Decodes and hashes. What fails here is not said: the record is read again when its turn comes, and fails again. */
static void work(struct batch *b, struct gbx_hash *h)
{
	struct gbx_error unsaid;
	bool hashed = hash_records(b, h, &unsaid) == 0 && hash_trees(b, h, &unsaid) == 0;

	for (size_t i = 0; hashed && i < b->count && b->item[i].read; i++) {
		struct item *item = &b->item[i];
		item->record.ahead = &item->ahead;
		item->ready = gbx_record_read_body(&b->memory, &item->record, &unsaid) == 0;
	}
}

/* The oldest batch that nobody works on yet, or NULL; called with the lock. */
static struct batch *claim(struct gbx_ahead *a)
{
	for (size_t i = 0; i < a->batches; i++) {
		struct batch *b = &a->batch[(a->first + i) % a->batches];
		if (b->state == FILLED) {
			b->state = WORKED_ON;
			return b;
		}
	}
	return NULL;
}

/* Works on one batch, without the lock meanwhile. */
static void work_unlocked(struct gbx_ahead *a, struct batch *b, struct gbx_hash *h)
{
	pthread_mutex_unlock(&a->lock);
	work(b, h);
	pthread_mutex_lock(&a->lock);
	b->state = DONE;
	pthread_cond_broadcast(&a->changed);
}

static void *help(void *arg)
{
	struct helper *me = arg;
	struct gbx_ahead *a = me->a;

	pthread_mutex_lock(&a->lock);
	while (!a->stop) {
		struct batch *b = claim(a);
		if (b)
			work_unlocked(a, b, me->hash);
		else
			pthread_cond_wait(&a->changed, &a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

static void start_helpers(struct gbx_ahead *a, unsigned threads)
{
	struct gbx_error unsaid;

	while (a->helpers + 1 < threads && a->helpers < MOST_THREADS) {
		struct helper *h = &a->of[a->helpers];
		*h = (struct helper){.a = a};
		if (gbx_hash_new(&h->hash, GBX_SHA256, &unsaid))
			return;
		if (pthread_create(&a->helper[a->helpers], NULL, help, h)) {
			gbx_hash_free(h->hash);
			return;
		}
		a->helpers++;
	}
}

int gbx_ahead_new(unsigned threads, struct gbx_ahead **out, struct gbx_error *err)
{
	GBX_AUTO_AHEAD struct gbx_ahead *a = gbx_calloc(1, sizeof *a);

	if (!a)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to read records");
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	a->batches = threads > 1 ? (threads < MOST_THREADS ? threads : MOST_THREADS) + SPARE : 1;
	a->batch = gbx_calloc(a->batches, sizeof *a->batch);
	if (!a->batch)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to read records");
	int rc = gbx_hash_new(&a->hash, GBX_SHA256, err);
	if (rc)
		return rc;
	start_helpers(a, threads);
	*out = a;
	a = NULL;
	return 0;
}

void gbx_ahead_free(struct gbx_ahead *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	for (unsigned i = 0; i < a->helpers; i++) {
		pthread_join(a->helper[i], NULL);
		gbx_hash_free(a->of[i].hash);
	}
	for (size_t i = 0; a->batch && i < a->batches; i++)
		gbx_arena_free(&a->batch[i].memory);
	gbx_free(a->batch);
	gbx_tfrecord_reader_free(&a->frames);
	gbx_arena_free(&a->memory);
	gbx_hash_free(a->hash);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	gbx_free(a);
}

void gbx_ahead_release(struct gbx_ahead **a)
{
	gbx_ahead_free(*a);
	*a = NULL;
}

/* Waits until nobody works on a batch, and forgets them all. */
static void empty(struct gbx_ahead *a)
{
	pthread_mutex_lock(&a->lock);
	for (size_t i = 0; i < a->batches; i++) {
		while (a->batch[i].state == WORKED_ON)
			pthread_cond_wait(&a->changed, &a->lock);
		a->batch[i].state = EMPTY;
	}
	a->first = 0;
	pthread_mutex_unlock(&a->lock);
	a->filled = a->at = 0;
	a->at_end = false;
}

int gbx_ahead_start(struct gbx_ahead *a, struct gbx_input *in, struct gbx_error *err)
{
	empty(a);
	gbx_tfrecord_reader_free(&a->frames);
	return gbx_tfrecord_reader_init(&a->frames, in, GBX_LIMIT_RECORD, err);
}

/* Entry, and which stream it is in; a start that cannot be read fails again when its turn comes. */
static void read_item(struct gbx_ahead *a, struct batch *b, struct item *item)
{
	struct gbx_error unsaid;

	item->ready = false;
	item->read = gbx_record_read(item->frame, &item->record, &unsaid) == 0;
	if (!item->read)
		return;
	if (item->record.seq == 0 && item->record.kind->kind == GLASSBOX__KIND__STREAM_START &&
	    gbx_record_read_body(&b->memory, &item->record, &unsaid) == 0)
		memcpy(a->stream, item->record.body->stream_start->stream.data, GBX_STREAM_LEN);
	memcpy(item->ahead.stream, a->stream, GBX_STREAM_LEN);
}

/* Fills a batch up to the end of the input, what is wrong with it, or a record that cannot be read. */
static void fill(struct gbx_ahead *a, struct batch *b)
{
	gbx_arena_reset(&b->memory);
	b->count = b->len = 0;
	for (b->end = 1; b->end == 1 && b->count < RECORDS && b->len < BYTES;) {
		struct item *item = &b->item[b->count];
		struct gbx_slice frame;
		item->offset = a->frames.offset;
		b->end = gbx_tfrecord_next(&a->frames, &frame, &b->err);
		if (b->end != 1)
			break;
		item->frame = gbx_slice(b->frames + b->len, frame.len);
		put(b->frames + b->len, frame.data, frame.len);
		b->len += frame.len;
		b->count++;
		read_item(a, b, item);
		if (!item->read)
			break;
	}
	a->at_end = b->end != 1;
}

static void fill_free(struct gbx_ahead *a)
{
	while (a->filled < a->batches && !a->at_end) {
		struct batch *b = &a->batch[(a->first + a->filled++) % a->batches];
		fill(a, b);
		pthread_mutex_lock(&a->lock);
		b->state = FILLED;
		pthread_cond_broadcast(&a->changed);
		pthread_mutex_unlock(&a->lock);
	}
}

static void drop_first(struct gbx_ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->batch[a->first].state = EMPTY;
	a->first = (a->first + 1) % a->batches;
	pthread_mutex_unlock(&a->lock);
	a->filled--;
	a->at = 0;
}

/* Works along until the first batch is done. */
static void finish_first(struct gbx_ahead *a)
{
	struct batch *first = &a->batch[a->first];

	pthread_mutex_lock(&a->lock);
	while (first->state != DONE) {
		struct batch *b = claim(a);
		if (b)
			work_unlocked(a, b, a->hash);
		else
			pthread_cond_wait(&a->changed, &a->lock);
	}
	pthread_mutex_unlock(&a->lock);
}

/* The batch that the next record is in, or that says how the input ends. */
static struct batch *current(struct gbx_ahead *a)
{
	while (a->filled == 0 || (a->at == a->batch[a->first].count && a->batch[a->first].end == 1)) {
		if (a->filled)
			drop_first(a);
		fill_free(a);
		finish_first(a);
	}
	return &a->batch[a->first];
}

int gbx_ahead_next(struct gbx_ahead *a, struct gbx_record *out, uint64_t *offset, bool *in_record, struct gbx_error *err)
{
	const struct batch *b = current(a);

	*in_record = false;
	if (a->at == b->count) {
		*offset = a->frames.offset;
		if (b->end < 0)
			*err = b->err;
		return b->end;
	}
	const struct item *item = &b->item[a->at++];
	*offset = item->offset;
	*in_record = true;
	if (item->ready) {
		*out = item->record;
		return 1;
	}
	gbx_arena_reset(&a->memory);
	int rc = gbx_record_decode(a->hash, item->frame, &a->memory, out, err);
	return rc ? rc : 1;
}
