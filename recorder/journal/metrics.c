#include "journal/metrics.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "digest/files.h"
#include "journal/blocks.h"
#include "journal/ring.h"

#define BLOCK_AGE_NANOS 10000000000u
#define RETRY_NANOS 1000000000u /* before a block that could not be written is tried again unasked */
#define NO_NAME UINT32_MAX
#define NO_SLOT UINT32_MAX

/* One metric. */
struct name {
	char *text;
	uint32_t id;          /* in the ring; NO_NAME: each point is written at once */
	uint64_t number;      /* of its next point */
	uint32_t first, last; /* slots of the points that are in no block yet, where there are any */
	uint64_t pending;
	size_t bytes;         /* of those in a block */
	uint64_t since;       /* when the oldest of them was put */
};

/* What one process has. */
struct side {
	pthread_mutex_t lock;    /* over names and ring; held shortly */
	pthread_mutex_t writing; /* over the block that is being written; taken first */
	struct gbx_writer *writer;
	uint8_t stream[GBX_STREAM_LEN]; /* names the ring; the writer may go on in another */
	struct gbx_ring ring;
	uint64_t head, tail;     /* positions: of the next point, and of the oldest that is in no block */
	uint32_t *next;          /* of each slot: that of the next point of its name */
	bool *done;              /* of each slot: its point is in a block */
	struct name *name;
	size_t names, cap;
	struct gbx_names_table table;
	struct gbx_block block;
	uint64_t due;            /* no block is 10 s old before */
	uint64_t hold;           /* nothing is written unasked before: it failed just now */
	uint64_t lost;           /* points that could not be taken, and have no gap yet */
	struct gbx_error why;
};

/* In memory that a forked child sees as zeros, a mutex that nobody holds among them: so it opens a side of its own. */
struct here {
	pthread_mutex_t opening;
	_Atomic(struct side *) side;
};

struct gbx_metrics {
	char *dir;
	uint8_t run[GBX_RUN_LEN];
	uint32_t slots;
	uint64_t (*monotonic)(void);
	struct here *here;
	struct side *last; /* in a child, its parent's */
};

static void free_side(struct side *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->names; i++)
		gbx_free(s->name[i].text);
	gbx_free(s->name);
	gbx_names_table_free(&s->table);
	gbx_block_free(&s->block);
	gbx_free(s->next);
	gbx_free(s->done);
	gbx_ring_close(&s->ring);
	gbx_writer_free(s->writer);
	pthread_mutex_destroy(&s->lock);
	pthread_mutex_destroy(&s->writing);
	gbx_free(s);
}

void gbx_metrics_free(struct gbx_metrics *m)
{
	if (!m)
		return;
	free_side(atomic_load(&m->here->side));
	gbx_unmap(m->here, GBX_WIPED_SIZE);
	gbx_free(m->dir);
	gbx_free(m);
}

void gbx_metrics_release(struct gbx_metrics **m)
{
	gbx_metrics_free(*m);
	*m = NULL;
}

int gbx_metrics_open(const struct gbx_metrics_options *o, struct gbx_metrics **out, struct gbx_error *err)
{
	struct gbx_metrics *m = gbx_calloc(1, sizeof *m);
	void *here = NULL;
	int rc = m ? gbx_map_wiped(&here, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for metrics");

	if (rc == 0 && !(m->dir = gbx_strdup(o->dir)))
		rc = gbx_fail(err, GBX_E_NOMEM, "no memory for metrics");
	if (rc) {
		gbx_unmap(here, GBX_WIPED_SIZE);
		gbx_free(m);
		return rc;
	}
	m->here = here;
	memcpy(m->run, o->run, GBX_RUN_LEN);
	m->slots = o->slots ? o->slots : GBX_RING_SLOTS;
	m->monotonic = o->monotonic ? o->monotonic : gbx_monotonic_nanos;
	*out = m;
	return 0;
}

/* A full disk leaves no ring; then each point is written at once. */
static int make_ring(const struct gbx_metrics *m, struct side *s, struct gbx_error *err)
{
	char hex[2 * GBX_STREAM_LEN + 1];
	struct gbx_error ignored;

	gbx_hex(s->stream, GBX_STREAM_LEN, hex);
	GBX_AUTO_STRING char *path = gbx_asprintf("%s/%s.ring", m->dir, hex);
	s->next = gbx_calloc(m->slots, sizeof *s->next);
	s->done = gbx_calloc(m->slots, sizeof *s->done);
	if (!path || !s->next || !s->done)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a ring");
	if (gbx_ring_create(path, s->stream, m->run, m->slots, &s->ring, &ignored))
		s->ring = (struct gbx_ring){0};
	return 0;
}

static int fill_side(const struct gbx_metrics *m, struct side *s, struct gbx_error *err)
{
	struct gbx_writer_options o = {.dir = m->dir, .writer = GLASSBOX__STREAM_START__WRITER__JOB,
				       .role = GLASSBOX__STREAM_START__ROLE__MEMBER};
	struct gbx_head head;

	memcpy(o.run, m->run, GBX_RUN_LEN);
	int rc = gbx_block_init(&s->block, err);
	if (rc == 0)
		rc = gbx_writer_open(&o, &s->writer, err);
	if (rc == 0)
		rc = gbx_writer_head(s->writer, &head, err);
	if (rc)
		return rc;
	memcpy(s->stream, head.stream, GBX_STREAM_LEN);
	s->due = UINT64_MAX;
	return make_ring(m, s, err);
}

static int open_side(struct gbx_metrics *m, struct gbx_error *err)
{
	struct side *s = gbx_calloc(1, sizeof *s);

	if (!s)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for metrics");
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_init(&s->writing, NULL);
	int rc = fill_side(m, s, err);
	if (rc) {
		free_side(s);
		return rc;
	}
	if (m->last)
		gbx_writer_abandon(m->last->writer);
	m->last = s;
	atomic_store(&m->here->side, s);
	return 0;
}

/* This process's side, begun where there is none. */
static int side_of(struct gbx_metrics *m, struct side **out, struct gbx_error *err)
{
	struct side *s = atomic_load(&m->here->side);
	int rc = 0;

	if (!s) {
		pthread_mutex_lock(&m->here->opening);
		if (!atomic_load(&m->here->side))
			rc = open_side(m, err);
		pthread_mutex_unlock(&m->here->opening);
		s = atomic_load(&m->here->side);
	}
	if (rc == 0)
		*out = s;
	return rc;
}

static int add_name(struct side *s, const char *text, size_t *out, struct gbx_error *err)
{
	struct gbx_slice slice = gbx_slice_text(text);

	if (slice.len == 0 || slice.len > GBX_LIMIT_METRIC_NAME || !gbx_is_utf8(slice))
		return gbx_fail(err, GBX_E_USAGE, "the name of a metric: expected 1 to %u bytes of UTF-8", GBX_LIMIT_METRIC_NAME);
	int rc = gbx_grow((void **)&s->name, &s->cap, s->names, sizeof *s->name, err);
	if (rc)
		return rc;
	struct name n = {.text = gbx_strdup(text), .id = NO_NAME};
	rc = n.text ? gbx_names_table_add(&s->table, n.text, s->names, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a metric");
	if (rc) {
		gbx_free(n.text);
		return rc;
	}
	if (s->ring.map && !gbx_ring_name(&s->ring, slice, &n.id))
		n.id = NO_NAME;
	*out = s->names;
	s->name[s->names++] = n;
	return 0;
}

static int name_of(struct side *s, const char *text, size_t *out, struct gbx_error *err)
{
	return gbx_names_table_find(&s->table, text, out) ? 0 : add_name(s, text, out, err);
}

/* Takes the oldest points of a name that fit into a block; the slots stay as they are until the block is written. */
static void gather(struct side *s, const struct name *n)
{
	uint32_t slot = n->first;

	gbx_block_begin(&s->block, n->text, s->stream, n->number - n->pending);
	for (uint64_t i = 0; i < n->pending; i++) {
		struct gbx_point p;
		gbx_ring_get(&s->ring, slot, &p); /* by its slot: position % slots is the slot's number */
		if (!gbx_block_add(&s->block, &p))
			break;
		slot = s->next[slot];
	}
}

/* The block is in the journal: its slots are free once those before them are. */
static void release(struct side *s, struct name *n, uint64_t now)
{
	for (size_t i = 0; i < s->block.points; i++) {
		s->done[n->first] = true;
		n->first = s->next[n->first];
	}
	n->pending -= s->block.points;
	n->bytes -= s->block.bytes;
	n->since = now;
	while (s->tail < s->head && s->done[s->tail % s->ring.slots])
		s->tail++;
}

static void put_lost(struct side *s)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Gap gap = GLASSBOX__GAP__INIT;
	struct gbx_error ignored;

	pthread_mutex_lock(&s->lock);
	gap.kind = GLASSBOX__GAP__KIND__METRIC;
	gap.reason = gbx_gap_reason(&s->why);
	gap.count = s->lost;
	s->lost = 0;
	pthread_mutex_unlock(&s->lock);
	body.body_case = GLASSBOX__BODY__BODY_GAP;
	body.gap = &gap;
	if (gap.count == 0 || gbx_writer_put(s->writer, &body, NULL, &ignored) == 0)
		return;
	pthread_mutex_lock(&s->lock);
	s->lost += gap.count;
	pthread_mutex_unlock(&s->lock);
}

/* Writes the oldest points of a name as a block; nothing where it has none. The writing lock is held. */
static int write_block(const struct gbx_metrics *m, struct side *s, size_t name, struct gbx_error *err)
{
	pthread_mutex_lock(&s->lock);
	gather(s, &s->name[name]);
	pthread_mutex_unlock(&s->lock);
	if (s->block.points == 0)
		return 0;
	int rc = gbx_block_put(&s->block, s->writer, err);
	pthread_mutex_lock(&s->lock);
	if (rc == 0)
		release(s, &s->name[name], m->monotonic());
	pthread_mutex_unlock(&s->lock);
	if (rc == 0)
		put_lost(s);
	return rc;
}

/* All points of a name that are in the ring now. */
static int write_name(const struct gbx_metrics *m, struct side *s, size_t name, struct gbx_error *err)
{
	uint64_t until;
	int rc = 0;

	pthread_mutex_lock(&s->writing);
	pthread_mutex_lock(&s->lock);
	until = s->name[name].number;
	pthread_mutex_unlock(&s->lock);
	for (bool more = true; rc == 0 && more;) {
		rc = write_block(m, s, name, err);
		pthread_mutex_lock(&s->lock);
		more = s->name[name].pending > s->name[name].number - until;
		pthread_mutex_unlock(&s->lock);
	}
	pthread_mutex_unlock(&s->writing);
	return rc;
}

/* The first name at or behind `from` whose block is due (or that has points at all); false: none. */
static bool find_due(struct side *s, size_t *from, uint64_t now, bool all)
{
	bool found = false;

	pthread_mutex_lock(&s->lock);
	for (; *from < s->names && !found; ++*from) {
		const struct name *n = &s->name[*from];
		found = n->pending && (all || now - n->since >= BLOCK_AGE_NANOS);
	}
	pthread_mutex_unlock(&s->lock);
	return found;
}

static void set_due(struct side *s)
{
	pthread_mutex_lock(&s->lock);
	s->due = UINT64_MAX;
	for (size_t i = 0; i < s->names; i++)
		if (s->name[i].pending && s->name[i].since + BLOCK_AGE_NANOS < s->due)
			s->due = s->name[i].since + BLOCK_AGE_NANOS;
	pthread_mutex_unlock(&s->lock);
}

static int write_due(const struct gbx_metrics *m, struct side *s, bool all, struct gbx_error *err)
{
	uint64_t now = m->monotonic();
	size_t from = 0;
	int rc = 0;

	while (rc == 0 && find_due(s, &from, now, all))
		rc = write_name(m, s, from - 1, err);
	set_due(s);
	return rc;
}

int gbx_metrics_tick(struct gbx_metrics *m, struct gbx_error *err)
{
	struct side *s = atomic_load(&m->here->side);

	return s ? write_due(m, s, false, err) : 0;
}

int gbx_metrics_flush(struct gbx_metrics *m, struct gbx_error *err)
{
	struct side *s = atomic_load(&m->here->side);

	return s ? write_due(m, s, true, err) : 0;
}

/* A point of a name that the ring has no place for: a block of its own. */
static int write_through(struct side *s, size_t name, struct gbx_point *p, struct gbx_error *err)
{
	p->time_nanos = gbx_now_nanos();
	pthread_mutex_lock(&s->writing);
	pthread_mutex_lock(&s->lock);
	gbx_block_begin(&s->block, s->name[name].text, s->stream, s->name[name].number);
	gbx_block_add(&s->block, p);
	pthread_mutex_unlock(&s->lock);
	int rc = gbx_block_put(&s->block, s->writer, err);
	pthread_mutex_lock(&s->lock);
	s->name[name].number += rc == 0;
	pthread_mutex_unlock(&s->lock);
	pthread_mutex_unlock(&s->writing);
	if (rc == 0)
		put_lost(s);
	return rc;
}

/* The ring's lock is held, and there is room. */
static void put_point(const struct gbx_metrics *m, struct side *s, struct name *n, struct gbx_point *p)
{
	uint32_t slot = (uint32_t)(s->head % s->ring.slots);

	p->position = s->head;
	p->name = n->id;
	p->number = n->number;
	gbx_ring_put(&s->ring, p);
	s->done[slot] = false;
	s->next[slot] = NO_SLOT;
	if (n->pending) {
		s->next[n->last] = slot;
	} else {
		n->first = slot;
		n->since = m->monotonic();
		if (n->since + BLOCK_AGE_NANOS < s->due)
			s->due = n->since + BLOCK_AGE_NANOS;
	}
	n->last = slot;
	n->pending++;
	n->number++;
	n->bytes += gbx_block_point_bytes(p);
	s->head++;
}

/* Returns with the lock held and room in the ring; on failure without the lock. */
static int make_room(const struct gbx_metrics *m, struct side *s, struct gbx_error *err)
{
	pthread_mutex_lock(&s->lock);
	while (s->head - s->tail == s->ring.slots) {
		struct gbx_point oldest;
		size_t name = 0;
		gbx_ring_get(&s->ring, s->tail, &oldest);
		while (s->name[name].id != oldest.name)
			name++;
		pthread_mutex_unlock(&s->lock);
		int rc = write_name(m, s, name, err);
		if (rc)
			return rc;
		pthread_mutex_lock(&s->lock);
	}
	return 0;
}

static int put_in_ring(const struct gbx_metrics *m, struct side *s, size_t name, struct gbx_point *p, struct gbx_error *err)
{
	struct gbx_error later;
	int rc = make_room(m, s, err);

	if (rc)
		return rc;
	p->time_nanos = gbx_now_nanos();
	put_point(m, s, &s->name[name], p);
	uint64_t now = m->monotonic();
	bool full = s->name[name].bytes >= gbx_block_room(s->name[name].text);
	bool write = now >= s->hold && (full || now >= s->due);
	pthread_mutex_unlock(&s->lock);
	if (!write || (full ? write_name(m, s, name, &later) : write_due(m, s, false, &later)) == 0)
		return 0;
	/* The point is safe all the same: a block that cannot be written now is written later. */
	pthread_mutex_lock(&s->lock);
	s->hold = now + RETRY_NANOS;
	pthread_mutex_unlock(&s->lock);
	return 0;
}

static void count_lost(struct side *s, const struct gbx_error *why)
{
	pthread_mutex_lock(&s->lock);
	if (s->lost++ == 0)
		s->why = *why;
	pthread_mutex_unlock(&s->lock);
}

int gbx_metrics_put(struct gbx_metrics *m, const char *name, uint64_t step, double value, struct gbx_error *err)
{
	struct gbx_point p = {.step = step, .value = value};
	struct gbx_error why;
	struct side *s;
	size_t index;
	int rc = side_of(m, &s, err);

	if (rc)
		return rc;
	pthread_mutex_lock(&s->lock);
	rc = name_of(s, name, &index, err);
	bool in_ring = rc == 0 && s->name[index].id != NO_NAME;
	pthread_mutex_unlock(&s->lock);
	if (rc)
		return rc;
	rc = in_ring ? put_in_ring(m, s, index, &p, &why) : write_through(s, index, &p, &why);
	if (rc) {
		count_lost(s, &why);
		if (err)
			*err = why;
	}
	return rc;
}

static int end_stream(struct side *s, struct gbx_error *err)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__StreamEnd end = GLASSBOX__STREAM_END__INIT;

	body.body_case = GLASSBOX__BODY__BODY_STREAM_END;
	body.stream_end = &end;
	int rc = gbx_writer_put(s->writer, &body, NULL, err);
	if (rc == 0)
		rc = gbx_writer_sync(s->writer, err);
	return rc ? rc : gbx_ring_remove(&s->ring, err);
}

int gbx_metrics_close(struct gbx_metrics *m, struct gbx_error *err)
{
	struct side *s = atomic_load(&m->here->side);
	int rc = gbx_metrics_flush(m, err);

	return rc || !s ? rc : end_stream(s, err);
}
