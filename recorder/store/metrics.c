/* Metrics of a run, summed up. Declared in facts.h. */
#include <math.h>

#include "base/mem.h"
#include "store/facts.h"

/* Numbers of points of one metric and ring that were counted: [from, to). What follows without a hole makes one longer. */
struct gbx_points {
	uint8_t ring[GBX_STREAM_LEN];
	uint64_t from, to;
	size_t next; /* of the same metric: 1 + its place; 0: none */
};

static int add_metric(struct gbx_run_facts *f, const char *name, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&f->metric, &f->metrics_cap, f->metrics, sizeof *f->metric, err);
	size_t size = strlen(name) + 1;
	char *copy = rc ? NULL : gbx_arena_alloc(&f->memory, size);

	if (!copy)
		return rc ? rc : gbx_fail(err, GBX_E_NOMEM, "no memory for the name of a metric");
	f->metric[f->metrics++] = (struct gbx_metric_fact){.name = memcpy(copy, name, size), .min = NAN, .max = NAN, .last = NAN};
	return 0;
}

/* Metrics mostly come in turn, so the one behind that of the record before is looked at first. NULL without memory. */
static struct gbx_metric_fact *find_metric(struct gbx_run_facts *f, const char *name, struct gbx_error *err)
{
	for (size_t i = 1; i <= f->metrics; i++) {
		size_t at = (f->metric_before + i) % f->metrics;
		if (strcmp(f->metric[at].name, name) == 0) {
			f->metric_before = at;
			return &f->metric[at];
		}
	}
	if (add_metric(f, name, err))
		return NULL;
	f->metric_before = f->metrics - 1;
	return &f->metric[f->metric_before];
}

/* The next of the chain that is of this ring and has numbers from `from` on or ends there. */
static struct gbx_points *next_points(const struct gbx_run_facts *f, size_t chain, const Glassbox__Metric *m, uint64_t from)
{
	for (; chain; chain = f->points[chain - 1].next) {
		struct gbx_points *p = &f->points[chain - 1];
		if (memcmp(p->ring, m->ring.data, GBX_STREAM_LEN) == 0 && p->to >= from && p->from < m->first + m->n_value)
			return p;
	}
	return NULL;
}

static bool is_counted(const struct gbx_run_facts *f, size_t chain, uint64_t number, const Glassbox__Metric *m)
{
	for (; chain; chain = f->points[chain - 1].next) {
		const struct gbx_points *p = &f->points[chain - 1];
		if (p->from <= number && number < p->to && memcmp(p->ring, m->ring.data, GBX_STREAM_LEN) == 0)
			return true;
	}
	return false;
}

static int note_counted(struct gbx_run_facts *f, struct gbx_metric_fact *fact, const Glassbox__Metric *m, struct gbx_error *err)
{
	struct gbx_points made = {.from = m->first, .to = m->first + m->n_value, .next = fact->points};
	struct gbx_points *before = next_points(f, fact->points, m, m->first);

	if (before && before->to == made.from) {
		before->to = made.to;
		return 0;
	}
	int rc = gbx_grow((void **)&f->points, &f->points_cap, f->points_len, sizeof *f->points, err);
	if (rc)
		return rc;
	memcpy(made.ring, m->ring.data, GBX_STREAM_LEN);
	f->points[f->points_len++] = made;
	fact->points = f->points_len;
	return 0;
}

static void count(struct gbx_metric_fact *fact, uint64_t step, double value, uint64_t nanos)
{
	if (fact->count == 0 || step < fact->first_step)
		fact->first_step = step;
	if (fact->count == 0 || step > fact->last_step || (step == fact->last_step && nanos >= fact->last_nanos)) {
		fact->last_step = step;
		fact->last_nanos = nanos;
		fact->last = value;
	}
	if (!isnan(value) && (isnan(fact->min) || value < fact->min))
		fact->min = value;
	if (!isnan(value) && (isnan(fact->max) || value > fact->max))
		fact->max = value;
	fact->count++;
}

int gbx_take_metric(struct gbx_run_facts *f, const Glassbox__Metric *m, struct gbx_error *err)
{
	struct gbx_metric_fact *fact = find_metric(f, m->name, err);

	if (!fact)
		return GBX_E_NOMEM;
	bool anew = !next_points(f, fact->points, m, m->first + 1);
	for (size_t i = 0; i < m->n_value; i++)
		if (anew || !is_counted(f, fact->points, m->first + i, m))
			count(fact, m->step[i], m->value[i], m->time_unix_nanos[i]);
	return note_counted(f, fact, m, err);
}
