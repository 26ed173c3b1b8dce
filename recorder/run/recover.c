#include "run/recover.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/mem.h"
#include "journal/blocks.h"
#include "journal/ring.h"
#include "store/hold.h"

/* Numbers of points that are in a journal. */
struct span {
	uint64_t first, end;
};

/* What is in the journals of one name and ring. */
struct series {
	char *key;
	struct span *span;
	size_t spans, cap;
};

struct points {
	struct series *series;
	size_t len, cap;
	struct gbx_names_table table;
	struct gbx_block block;
};

static void free_points(struct points *p)
{
	for (size_t i = 0; i < p->len; i++) {
		gbx_free(p->series[i].key);
		gbx_free(p->series[i].span);
	}
	gbx_free(p->series);
	gbx_names_table_free(&p->table);
	gbx_block_free(&p->block);
}

/* Ring and name as one text. */
static int series_of(struct points *p, const uint8_t ring[GBX_STREAM_LEN], const char *name, struct series **out, struct gbx_error *err)
{
	char hex[2 * GBX_STREAM_LEN + 1];
	size_t at;

	gbx_hex(ring, GBX_STREAM_LEN, hex);
	GBX_AUTO_STRING char *key = gbx_asprintf("%s%s", hex, name);
	if (!key)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a metric");
	if (!gbx_names_table_find(&p->table, key, &at)) {
		int rc = gbx_grow((void **)&p->series, &p->cap, p->len, sizeof *p->series, err);
		if (rc == 0)
			rc = gbx_names_table_add(&p->table, key, p->len, err);
		if (rc)
			return rc;
		at = p->len++;
		p->series[at] = (struct series){.key = key};
		key = NULL;
	}
	*out = &p->series[at];
	return 0;
}

static int add_span(struct series *s, uint64_t first, uint64_t end, struct gbx_error *err)
{
	if (s->spans && s->span[s->spans - 1].end == first) {
		s->span[s->spans - 1].end = end;
		return 0;
	}
	int rc = gbx_grow((void **)&s->span, &s->cap, s->spans, sizeof *s->span, err);
	if (rc == 0)
		s->span[s->spans++] = (struct span){first, end};
	return rc;
}

static bool is_there(const struct series *s, uint64_t number)
{
	for (size_t i = s->spans; i > 0; i--)
		if (number >= s->span[i - 1].first && number < s->span[i - 1].end)
			return true;
	return false;
}

static uint64_t missing_of(const struct series *s)
{
	uint64_t end = 0, found = 0;

	for (size_t i = 0; i < s->spans; i++) {
		end = s->span[i].end > end ? s->span[i].end : end;
		found += s->span[i].end - s->span[i].first;
	}
	return end > found ? end - found : 0;
}

static int take_block(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	const Glassbox__Metric *m = r->body && r->body->body_case == GLASSBOX__BODY__BODY_METRIC ? r->body->metric : NULL;
	struct series *s;

	(void)stream;
	int rc = m ? series_of(arg, m->ring.data, m->name, &s, err) : 0;
	return rc || !m ? rc : add_span(s, m->first, m->first + m->n_step, err);
}

/* Writes the block that is being filled, and begins the next with number `first`. */
static int next_block(struct points *p, struct gbx_recorder *r, struct series *s, uint64_t first, struct gbx_error *err)
{
	const Glassbox__Metric *m = &p->block.metric;
	int rc = p->block.points ? gbx_block_put(&p->block, r->writer, err) : 0;

	if (rc == 0 && p->block.points)
		rc = add_span(s, m->first, m->first + p->block.points, err);
	if (rc == 0)
		gbx_block_begin(&p->block, p->block.metric.name, p->block.ring, first);
	return rc;
}

/* The points of one name that are in no journal, in the order in which they were put; a block has consecutive numbers. */
static int fold_name(struct points *p, struct gbx_recorder *r, const struct gbx_ring_content *ring, uint32_t name, struct gbx_error *err)
{
	struct series *s;
	uint64_t next = 0;
	int rc = series_of(p, ring->stream, ring->name[name], &s, err);

	gbx_block_begin(&p->block, ring->name[name], ring->stream, 0);
	for (size_t i = 0; rc == 0 && i < ring->points; i++) {
		const struct gbx_point *point = &ring->point[i];
		if (point->name != name || point->number < next || is_there(s, point->number))
			continue;
		if (point->number != next || p->block.points == 0 || !gbx_block_add(&p->block, point)) {
			rc = next_block(p, r, s, point->number, err);
			if (rc == 0 && !gbx_block_add(&p->block, point))
				rc = gbx_fail(err, GBX_E_LIMIT, "a point that is larger than a block");
		}
		next = point->number + 1;
	}
	return rc ? rc : next_block(p, r, s, next, err);
}

/* NULL, or why nothing in it can be used. */
static const char *check_ring(const uint8_t run[GBX_RUN_LEN], const char *file, const struct gbx_ring_content *ring)
{
	char name[2 * GBX_STREAM_LEN + sizeof ".ring"];

	gbx_hex(ring->stream, GBX_STREAM_LEN, name);
	strcat(name, ".ring");
	if (memcmp(ring->run, run, GBX_RUN_LEN) != 0)
		return "the ring of another run";
	return strcmp(name, file) != 0 ? "the ring of another stream than its name says" : NULL;
}

static void tell_ring(struct gbx_recorder *r, const char *file, const char *why)
{
	char line[1400], shown[160];

	snprintf(line, sizeof line, "'%s': %s; the points in it are not recorded", gbx_printable_in(gbx_slice_text(file), shown, sizeof shown),
		 why);
	if (r->say)
		r->say(line);
	gbx_put_gap(r, GLASSBOX__GAP__KIND__METRIC, GLASSBOX__GAP__REASON__MALFORMED, 1, NULL);
}

static int fold_ring(struct points *p, struct gbx_recorder *r, const char *dir, const char *file, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_path_join(dir, file);
	GBX_AUTO_RING_CONTENT struct gbx_ring_content ring = {0};
	struct gbx_error why;

	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	int rc = gbx_ring_read(path, &ring, &why);
	if (rc == GBX_E_NOMEM)
		return gbx_fail(err, rc, "%s", why.line);
	if (rc == GBX_E_NOTFOUND)
		return 0;
	const char *wrong = rc ? why.line : check_ring(r->run, file, &ring);
	if (wrong) {
		tell_ring(r, file, wrong);
		return 0;
	}
	for (uint32_t i = 0; rc == 0 && i < ring.names; i++)
		rc = fold_name(p, r, &ring, i, err);
	/* One is the point that was being written when its process died. */
	if (rc == 0 && ring.bad > 1)
		gbx_put_gap(r, GLASSBOX__GAP__KIND__METRIC, GLASSBOX__GAP__REASON__DAMAGED, ring.bad - 1, NULL);
	return rc;
}

static bool is_ring(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".ring") == 0;
}

/* The names of the rings alone; no folder is no rings. */
static int list_rings(const char *dir, struct gbx_names *out, struct gbx_error *err)
{
	int rc = gbx_list_dir(AT_FDCWD, dir, out, err);
	size_t kept = 0;

	for (size_t i = 0; rc == 0 && i < out->len; i++)
		if (is_ring(out->name[i]))
			out->name[kept++] = out->name[i];
		else
			gbx_free(out->name[i]);
	if (rc == 0)
		out->len = kept;
	return rc == GBX_E_NOTFOUND ? 0 : rc;
}

static void put_missing(struct points *p, struct gbx_recorder *r)
{
	uint64_t missing = 0;

	for (size_t i = 0; i < p->len; i++)
		missing += missing_of(&p->series[i]);
	if (missing)
		gbx_put_gap(r, GLASSBOX__GAP__KIND__METRIC, GLASSBOX__GAP__REASON__NOT_FOUND, missing, NULL);
}

void gbx_tell_break(struct gbx_recorder *r, const struct gbx_stream_view *stream)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Gap gap = GLASSBOX__GAP__INIT;
	Glassbox__Ref ref = GLASSBOX__REF__INIT;

	if (stream->intact)
		return;
	ref.stream = gbx_pb_bytes(stream->head.stream, GBX_STREAM_LEN);
	ref.seq = stream->head.size;
	gap.kind = GLASSBOX__GAP__KIND__JOURNAL;
	gap.reason = stream->damage.intact ? GLASSBOX__GAP__REASON__DAMAGED : GLASSBOX__GAP__REASON__TORN_TAIL;
	gap.count = stream->expected > stream->head.size ? stream->expected - stream->head.size : stream->damage.intact;
	gap.record = &ref;
	gap.bytes = stream->damage.bytes;
	body.body_case = GLASSBOX__BODY__BODY_GAP;
	body.gap = &gap;
	gbx_put(r, &body, NULL);
}

static void tell_breaks(struct gbx_recorder *r, const struct gbx_run_view *v)
{
	for (size_t i = 0; i < v->streams; i++)
		gbx_tell_break(r, &v->stream[i]);
	if (v->strange)
		gbx_put_gap(r, GLASSBOX__GAP__KIND__JOURNAL, GLASSBOX__GAP__REASON__MALFORMED, v->strange, NULL);
}

static int recover(struct gbx_recorder *r, struct points *p, struct gbx_run_view *v, struct gbx_error *err)
{
	GBX_AUTO_STRING char *dir = gbx_run_path(r->store, r->run_text, "journal");
	GBX_CLEANUP(gbx_names_free) struct gbx_names rings = {0};
	int rc = dir ? list_rings(dir, &rings, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc == 0 && rings.len)
		rc = gbx_block_init(&p->block, err);
	if (rc == 0)
		rc = gbx_run_scan_whole(r->store, r->run_text, take_block, p, v, err);
	for (size_t i = 0; rc == 0 && i < rings.len; i++)
		rc = fold_ring(p, r, dir, rings.name[i], err);
	if (rc)
		return rc;
	put_missing(p, r);
	tell_breaks(r, v);
	return 0;
}

int gbx_recover(struct gbx_recorder *r, struct gbx_run_view *out, struct gbx_error *err)
{
	GBX_CLEANUP(free_points) struct points p = {0};
	struct gbx_run_view v = {0};
	int rc = recover(r, &p, &v, err);

	if (rc)
		gbx_run_view_free(&v);
	else
		*out = v;
	return rc;
}

/* Whether the journals have every point of a ring. One that cannot be used is kept: somebody may find more in it. */
static int is_spent(struct points *p, const struct gbx_run_view *v, const char *dir, const char *file, bool *spent, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_path_join(dir, file);
	GBX_AUTO_RING_CONTENT struct gbx_ring_content ring = {0};
	struct gbx_error why;
	struct series *s;
	int rc = path ? gbx_ring_read(path, &ring, &why) : gbx_fail(&why, GBX_E_NOMEM, "no memory for a path");

	if (rc == GBX_E_NOMEM)
		return gbx_fail(err, rc, "%s", why.line);
	*spent = rc == 0 && !check_ring(v->ulid, file, &ring);
	for (size_t i = 0; *spent && i < ring.points; i++) {
		rc = series_of(p, ring.stream, ring.name[ring.point[i].name], &s, err);
		if (rc)
			return rc;
		*spent = is_there(s, ring.point[i].number);
	}
	return 0;
}

int gbx_spent_rings(const struct gbx_store *store, const char *run, struct gbx_names *out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *dir = gbx_run_path(store, run, "journal");
	GBX_CLEANUP(gbx_names_free) struct gbx_names rings = {0};
	GBX_CLEANUP(free_points) struct points p = {0};
	GBX_CLEANUP(gbx_run_view_free) struct gbx_run_view v = {0};
	int rc = dir ? list_rings(dir, &rings, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc || rings.len == 0 || gbx_hold_look(store, run) == GBX_PROCESS_ALIVE)
		return rc;
	rc = gbx_run_scan_whole(store, run, take_block, &p, &v, err);
	for (size_t i = 0; rc == 0 && v.state == GBX_SEALED && i < rings.len; i++) {
		bool spent = false;
		rc = is_spent(&p, &v, dir, rings.name[i], &spent, err);
		if (rc == 0 && spent)
			rc = gbx_names_add(out, rings.name[i], err);
	}
	return rc;
}
