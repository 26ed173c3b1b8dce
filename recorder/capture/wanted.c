#include "capture/wanted.h"

#include "base/mem.h"

void gbx_wanted_free(struct gbx_wanted *w)
{
	gbx_free(w->slot);
	*w = (struct gbx_wanted){0};
}

/* By length and the last bytes, in which names of libraries differ: a list of a million paths is held against the set without looking
 * at all of each. */
static size_t hash_of(struct gbx_slice path, size_t len)
{
	uint64_t tail = 0;

	for (size_t i = path.len < 8 ? 0 : path.len - 8; i < path.len; i++)
		tail = tail << 8 | path.data[i];
	tail = (tail ^ len) * 0x9e3779b97f4a7c15u;
	return (size_t)(tail >> 32);
}

static bool is_at(const Glassbox__Library *l, struct gbx_slice before, struct gbx_slice path)
{
	const ProtobufCBinaryData *p = &l->path->path;

	return p->len == before.len + path.len && memcmp(p->data, before.data, before.len) == 0 &&
	       memcmp(p->data + before.len, path.data, path.len) == 0;
}

Glassbox__Library *gbx_wanted_find(const struct gbx_wanted *w, struct gbx_slice before, struct gbx_slice path)
{
	/* What is shorter than the tail would need `before`, too. */
	if (w->len == 0 || (path.len < 8 && before.len))
		return NULL;
	for (size_t i = hash_of(path, before.len + path.len) & (w->slots - 1); w->slot[i]; i = (i + 1) & (w->slots - 1))
		if (is_at(w->slot[i], before, path))
			return w->slot[i];
	return NULL;
}

static void put(struct gbx_wanted *w, Glassbox__Library *library)
{
	struct gbx_slice path = {library->path->path.data, library->path->path.len};
	size_t i = hash_of(path, path.len) & (w->slots - 1);

	while (w->slot[i])
		i = (i + 1) & (w->slots - 1);
	w->slot[i] = library;
}

int gbx_wanted_add(struct gbx_wanted *w, Glassbox__Library *library, struct gbx_error *err)
{
	static const struct gbx_slice nothing = {(const uint8_t *)"", 0};

	if (gbx_wanted_find(w, nothing, gbx_slice(library->path->path.data, library->path->path.len)))
		return 0;
	if (2 * (w->len + 1) > w->slots) {
		struct gbx_wanted more = {.slots = w->slots ? 2 * w->slots : 256, .len = w->len};
		more.slot = gbx_calloc(more.slots, sizeof *more.slot);
		if (!more.slot)
			return gbx_fail(err, GBX_E_NOMEM, "no memory for a set of files");
		for (size_t i = 0; i < w->slots; i++)
			if (w->slot[i])
				put(&more, w->slot[i]);
		gbx_free(w->slot);
		*w = more;
	}
	put(w, library);
	w->len++;
	return 0;
}
