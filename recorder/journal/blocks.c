#include "journal/blocks.h"

#include "base/limits.h"
#include "base/mem.h"

/* What a Body with a Metric takes beside its name and points: tags and lengths of the body and of six members, ring, first. */
#define BLOCK_OVERHEAD 96u
#define LEAST_POINT (8u + 8 + 1)
#define BLOCK_POINTS (GBX_LIMIT_BODY / LEAST_POINT)

int gbx_block_init(struct gbx_block *b, struct gbx_error *err)
{
	*b = (struct gbx_block){.step = gbx_calloc(BLOCK_POINTS, sizeof *b->step), .time = gbx_calloc(BLOCK_POINTS, sizeof *b->time),
				.value = gbx_calloc(BLOCK_POINTS, sizeof *b->value)};
	if (b->step && b->time && b->value)
		return 0;
	gbx_block_free(b);
	return gbx_fail(err, GBX_E_NOMEM, "no memory for a block of points");
}

void gbx_block_free(struct gbx_block *b)
{
	gbx_free(b->step);
	gbx_free(b->time);
	gbx_free(b->value);
	*b = (struct gbx_block){0};
}

size_t gbx_block_point_bytes(const struct gbx_point *p)
{
	size_t varint = 1;

	for (uint64_t step = p->step; step > 127; step >>= 7)
		varint++;
	return 8 + 8 + varint;
}

size_t gbx_block_room(const char *name)
{
	return GBX_LIMIT_BODY - BLOCK_OVERHEAD - strlen(name);
}

void gbx_block_begin(struct gbx_block *b, const char *name, const uint8_t ring[GBX_STREAM_LEN], uint64_t first)
{
	glassbox__metric__init(&b->metric);
	memcpy(b->ring, ring, GBX_STREAM_LEN);
	b->metric.name = (char *)(uintptr_t)name;
	b->metric.ring = gbx_pb_bytes(b->ring, GBX_STREAM_LEN);
	b->metric.first = first;
	b->points = b->bytes = 0;
	b->room = gbx_block_room(name);
}

bool gbx_block_add(struct gbx_block *b, const struct gbx_point *p)
{
	size_t bytes = gbx_block_point_bytes(p);

	if (bytes > b->room - b->bytes)
		return false;
	b->step[b->points] = p->step;
	b->value[b->points] = p->value;
	b->time[b->points] = p->time_nanos;
	b->points++;
	b->bytes += bytes;
	return true;
}

int gbx_block_put(struct gbx_block *b, struct gbx_writer *w, struct gbx_error *err)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;

	b->metric.n_step = b->metric.n_value = b->metric.n_time_unix_nanos = b->points;
	b->metric.step = b->step;
	b->metric.value = b->value;
	b->metric.time_unix_nanos = b->time;
	body.body_case = GLASSBOX__BODY__BODY_METRIC;
	body.metric = &b->metric;
	return gbx_writer_put(w, &body, NULL, err);
}

void gbx_names_table_free(struct gbx_names_table *t)
{
	gbx_free(t->at);
	*t = (struct gbx_names_table){0};
}

/* FNV-1a. */
static uint64_t hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 0x100000001b3u;
	return h;
}

/* Where the text stands, or the free place where it would. There is always one. */
static struct gbx_named *place_of(const struct gbx_names_table *t, const char *text)
{
	size_t i = hash(text) & (t->size - 1);

	while (t->at[i].text && strcmp(t->at[i].text, text) != 0)
		i = (i + 1) & (t->size - 1);
	return &t->at[i];
}

bool gbx_names_table_find(const struct gbx_names_table *t, const char *text, size_t *number)
{
	const struct gbx_named *found = t->size ? place_of(t, text) : NULL;

	if (!found || !found->text)
		return false;
	*number = found->number;
	return true;
}

static int grow(struct gbx_names_table *t, struct gbx_error *err)
{
	struct gbx_names_table larger = {.size = t->size ? 2 * t->size : 64, .used = t->used};

	larger.at = gbx_calloc(larger.size, sizeof *larger.at);
	if (!larger.at)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for names");
	for (size_t i = 0; i < t->size; i++)
		if (t->at[i].text)
			*place_of(&larger, t->at[i].text) = t->at[i];
	gbx_free(t->at);
	*t = larger;
	return 0;
}

int gbx_names_table_add(struct gbx_names_table *t, const char *text, size_t number, struct gbx_error *err)
{
	int rc = t->used >= t->size / 2 ? grow(t, err) : 0;

	if (rc == 0) {
		*place_of(t, text) = (struct gbx_named){text, number};
		t->used++;
	}
	return rc;
}
