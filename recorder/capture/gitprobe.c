#include <stdio.h>

#include "base/child.h"
#include "base/text.h"
#include "capture/gitlib.h"
#include "capture/probe.h"

struct question {
	const char *start, *ceilings;
};

/* Every file: a submodule, or one whose content git LFS keeps elsewhere. */
static int count(struct gbx_git *git, struct gbx_git_probe *p, struct gbx_error *err)
{
	const struct gbx_git_file *file = NULL;
	size_t files = 0;
	int rc = gbx_git_index(git, &file, &files, err);

	p->files = files;
	for (size_t i = 0; rc == 0 && i < files; i++) {
		enum gbx_git_treatment treatment = GBX_GIT_OWN;
		if (file[i].type == GBX_GITLINK)
			p->submodules++;
		else
			rc = gbx_git_treatment(git, (const char *)file[i].path.data, &treatment, err);
		p->lfs += treatment == GBX_GIT_LFS;
	}
	return rc;
}

static int look(const struct question *q, struct gbx_git_probe *p, struct gbx_error *err)
{
	GBX_AUTO_GIT struct gbx_git *git = NULL;
	int rc = gbx_git_open(q->start, q->ceilings, &git, err);

	if (rc)
		return rc;
	gbx_printable_in(gbx_slice_text(gbx_git_root(git)), p->root, sizeof p->root);
	return count(git, p, err);
}

static int child(void *arg, int out)
{
	struct gbx_git_probe p = {0};
	struct gbx_error err;

	git_libgit2_version(&p.version[0], &p.version[1], &p.version[2]);
	p.code = look(arg, &p, &err);
	if (p.code)
		gbx_printable_in(gbx_slice_text(err.line), p.line, sizeof p.line);
	return gbx_write(out, &p, sizeof p, NULL) ? 1 : 0;
}

int gbx_probe_git(const char *start, const char *ceilings, unsigned deadline_ms, struct gbx_git_probe *out, struct gbx_error *err)
{
	struct question q = {start, ceilings};

	return gbx_child_ask(child, &q, deadline_ms, out, sizeof *out, err);
}
