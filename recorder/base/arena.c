#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>

#include "base/mem.h"

#define FIRST_CHUNK 1024u
#define KEPT_CHUNK (256u * 1024) /* one that was made for something large is not kept for ever */

/* Chunks double, so the first in the list is the largest. */
struct gbx_arena_chunk {
	struct gbx_arena_chunk *next;
	size_t size;
	alignas(max_align_t) unsigned char data[];
};

static int add_chunk(struct gbx_arena *a, size_t need)
{
	size_t size = a->first ? a->first->size * 2 : FIRST_CHUNK;

	while (size < need)
		size *= 2;
	struct gbx_arena_chunk *c = gbx_realloc(NULL, 1, sizeof *c + size);
	if (!c)
		return -1;
	c->next = a->first;
	c->size = size;
	a->first = c;
	a->used = 0;
	return 0;
}

void *gbx_arena_alloc(struct gbx_arena *a, size_t size)
{
	size_t align = alignof(max_align_t);

	if (size > SIZE_MAX / 4)
		return NULL;
	size = (size + align - 1) & ~(align - 1);
	if ((!a->first || a->first->size - a->used < size) && add_chunk(a, size))
		return NULL;
	void *p = a->first->data + a->used;
	a->used += size;
	return p;
}

static void free_from(struct gbx_arena_chunk *c)
{
	while (c) {
		struct gbx_arena_chunk *next = c->next;
		gbx_free(c);
		c = next;
	}
}

void gbx_arena_free(struct gbx_arena *a)
{
	free_from(a->first);
	*a = (struct gbx_arena){0};
}

void gbx_arena_reset(struct gbx_arena *a)
{
	if (!a->first)
		return;
	if (a->first->size > KEPT_CHUNK) {
		gbx_arena_free(a);
		return;
	}
	free_from(a->first->next);
	a->first->next = NULL;
	a->used = 0;
}
