#include "capture/staged.h"

#include <stdlib.h>

#include "base/mem.h"

static int add(void *arg, const uint8_t *id, struct gbx_error *err)
{
	struct gbx_staged *s = arg;
	int rc = gbx_grow((void **)&s->id, &s->cap, s->len, sizeof *s->id, err);

	if (rc)
		return rc;
	/* Behind an id of 20 bytes there are zeros, for comparing. */
	memset(s->id[s->len], 0, GBX_GIT_ID_MAX);
	memcpy(s->id[s->len++], id, s->id_len);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, GBX_GIT_ID_MAX);
}

int gbx_staged_find(struct gbx_git *git, const struct gbx_git_head *head, struct gbx_staged *out, struct gbx_error *err)
{
	struct gbx_staged found = {.id_len = (size_t)gbx_git_format(git)};
	int rc = gbx_git_each_staged(git, head, add, &found, err);

	if (rc) {
		gbx_staged_free(&found);
		return rc;
	}
	if (found.len)
		qsort(found.id, found.len, sizeof *found.id, compare);
	*out = found;
	return 0;
}

void gbx_staged_free(struct gbx_staged *s)
{
	gbx_free(s->id);
	*s = (struct gbx_staged){0};
}

bool gbx_staged_has(const struct gbx_staged *s, const uint8_t *id)
{
	uint8_t key[GBX_GIT_ID_MAX] = {0};

	memcpy(key, id, s->id_len);
	return s->len && bsearch(key, s->id, s->len, sizeof *s->id, compare);
}
