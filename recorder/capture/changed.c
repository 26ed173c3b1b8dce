#include "capture/changed.h"

#include <fcntl.h>

#include "base/limits.h"
#include "base/mem.h"
#include "capture/worktree.h"
#include "digest/manifest.h"

struct look {
	const struct gbx_changed_options *o;
	struct gbx_worktree worktree;
	struct gbx_worktree_file seen;
	struct gbx_bytes path; /* of the entry at hand, with a NUL behind it */
};

static void free_look(struct look *l)
{
	gbx_worktree_close(&l->worktree);
	gbx_bytes_free(&l->seen.content);
	gbx_bytes_free(&l->path);
}

static int has_content(struct look *l, const struct gbx_entry *e, bool *same, struct gbx_error *err)
{
	uint8_t sha256[GBX_SHA256_LEN];
	int rc = gbx_worktree_read(&l->worktree, gbx_slice_of(&l->path), GBX_LIMIT_CODE_FILE, &l->seen, err);
	bool read = l->seen.state == GBX_WORKTREE_FILE || l->seen.state == GBX_WORKTREE_LINK;

	*same = false;
	if (rc || !read || l->seen.content.len != e->size)
		return rc;
	rc = gbx_sha256(gbx_slice_of(&l->seen.content), sha256, err);
	*same = rc == 0 && memcmp(sha256, e->sha256, sizeof sha256) == 0;
	return rc;
}

static int look_at(struct look *l, const struct gbx_entry *e, bool *same, struct gbx_error *err)
{
	l->path.len = 0;
	int rc = gbx_bytes_append(&l->path, e->path.data, e->path.len, err);

	if (rc == 0)
		rc = gbx_worktree_stat(&l->worktree, gbx_slice_of(&l->path), &l->seen, err);
	if (rc)
		return rc;
	*same = l->seen.state == GBX_WORKTREE_MISSING && l->o->sparse;
	if (*same || l->seen.state == GBX_WORKTREE_MISSING || l->seen.state == GBX_WORKTREE_LEFT)
		return 0;
	*same = gbx_ctime_nanos(&l->seen.st) + GBX_CLOCK_TICK_NANOS < l->o->since;
	return *same ? 0 : has_content(l, e, same, err);
}

int gbx_code_changed(const struct gbx_changed_options *o, struct gbx_gaps *gaps, struct gbx_error *err)
{
	GBX_CLEANUP(free_look) struct look l = {.o = o};
	GBX_CLEANUP(gbx_manifest_reader_free) struct gbx_manifest_reader manifest = {0};
	GBX_AUTO_FD int fd = -1;
	struct gbx_file_input in;
	struct gbx_entry e;
	int rc = gbx_worktree_open(&l.worktree, o->repo, err);

	if (rc == 0)
		rc = gbx_open_regular(AT_FDCWD, o->manifest, &fd, err);
	gbx_file_input(&in, fd);
	if (rc == 0)
		rc = gbx_manifest_reader_init(&manifest, GBX_MANIFEST_CODE, &in.in, err);
	if (rc)
		return rc;
	while ((rc = gbx_manifest_next(&manifest, &e, err)) == 1) {
		bool same = e.type == GBX_GITLINK;
		rc = same ? 0 : look_at(&l, &e, &same, err);
		if (rc == 0 && !same)
			rc = gbx_gaps_add(gaps, GLASSBOX__GAP__KIND__CODE_FILE, GLASSBOX__GAP__REASON__CHANGED, e.path, err);
		if (rc)
			return rc;
	}
	return rc;
}
