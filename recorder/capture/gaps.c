#include "capture/gaps.h"

#include "base/mem.h"

void gbx_gaps_free(struct gbx_gaps *gaps)
{
	for (size_t i = 0; i < gaps->len; i++)
		for (size_t k = 0; k < gaps->gap[i].paths; k++)
			gbx_bytes_free(&gaps->gap[i].path[k]);
	gbx_free(gaps->gap);
	*gaps = (struct gbx_gaps){0};
}

int gbx_gaps_of(struct gbx_gaps *gaps, Glassbox__Gap__Kind kind, Glassbox__Gap__Reason reason, struct gbx_gap **out,
		struct gbx_error *err)
{
	for (size_t i = 0; i < gaps->len; i++) {
		if (gaps->gap[i].kind != kind || gaps->gap[i].reason != reason)
			continue;
		*out = gaps->gap + i;
		return 0;
	}
	int rc = gbx_grow((void **)&gaps->gap, &gaps->cap, gaps->len, sizeof *gaps->gap, err);
	if (rc)
		return rc;
	*out = gaps->gap + gaps->len++;
	**out = (struct gbx_gap){.kind = kind, .reason = reason};
	return 0;
}

/* Keeps the first paths in order: memory is bounded, and the same files give the same list in whatever order they are found. */
static int keep_path(struct gbx_gap *gap, struct gbx_slice path, struct gbx_error *err)
{
	struct gbx_bytes copy = {0};
	size_t at = gap->paths;

	while (at && gbx_slice_compare(path, gbx_slice_of(&gap->path[at - 1])) < 0)
		at--;
	if (at == GBX_GAP_PATHS)
		return 0;
	int rc = gbx_bytes_append(&copy, path.data, path.len, err);
	if (rc)
		return rc;
	if (gap->paths == GBX_GAP_PATHS)
		gbx_bytes_free(&gap->path[--gap->paths]);
	memmove(gap->path + at + 1, gap->path + at, (gap->paths - at) * sizeof *gap->path);
	gap->path[at] = copy;
	gap->paths++;
	return 0;
}

int gbx_gaps_add(struct gbx_gaps *gaps, Glassbox__Gap__Kind kind, Glassbox__Gap__Reason reason, struct gbx_slice path,
		 struct gbx_error *err)
{
	struct gbx_gap *gap;
	int rc = gbx_gaps_of(gaps, kind, reason, &gap, err);

	if (rc)
		return rc;
	gap->count++;
	return path.len ? keep_path(gap, path, err) : 0;
}
