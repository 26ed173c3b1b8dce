/* Two snapshots compared by libgit2. Declared in git.h. */
#include "base/mem.h"
#include "capture/git.h"
#include "capture/gitlib.h"

struct comparing {
	git_repository *repo;
	git_tree *before, *after;
	git_diff *diff;
};

static void stop_comparing(struct comparing *c)
{
	git_diff_free(c->diff);
	git_tree_free(c->before);
	git_tree_free(c->after);
	git_repository_free(c->repo);
}

/* What the user's settings say of diffs is for other programs: the answer is the same for everybody. */
static int forget_settings(void)
{
	static const int levels[] = {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof levels / sizeof *levels; i++)
		rc = git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
	return rc;
}

static int find_tree(git_repository *repo, const uint8_t *id, git_tree **out)
{
	git_oid oid;

	gbx_gitlib_oid(&oid, id);
	return git_tree_lookup(out, repo, &oid);
}

static int start_comparing(struct comparing *c, const struct gbx_code_diff_options *o, const char *repository)
{
	git_diff_options how;
	int rc = forget_settings();

	if (rc == 0)
		rc = git_diff_options_init(&how, GIT_DIFF_OPTIONS_VERSION);
	if (rc < 0)
		return rc;
	how.id_abbrev = GIT_OID_HEXSZ;
	how.flags = o->binary ? GIT_DIFF_SHOW_BINARY : 0;
	rc = git_repository_open_ext(&c->repo, repository, GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_BARE, NULL);
	if (rc == 0)
		rc = find_tree(c->repo, o->before, &c->before);
	if (rc == 0)
		rc = find_tree(c->repo, o->after, &c->after);
	return rc ? rc : git_diff_tree_to_tree(&c->diff, c->repo, c->before, c->after, &how);
}

static enum gbx_code_change change_of(git_delta_t status)
{
	return status == GIT_DELTA_ADDED ? GBX_CODE_ADDED : status == GIT_DELTA_DELETED ? GBX_CODE_REMOVED : GBX_CODE_CHANGED;
}

/* git writes no names above nothing: of a file that is empty, or of which only the mode changed. */
static struct gbx_slice text_of(const git_buf *text, git_patch *patch, bool binary)
{
	const char *names = text->ptr && !binary && git_patch_num_hunks(patch) == 0 ? strstr(text->ptr, "\n--- ") : NULL;

	return gbx_slice(text->ptr, names ? (size_t)(names - text->ptr) + 1 : text->size);
}

static int tell_file(git_patch *patch, const struct gbx_code_diff_options *o, const struct gbx_code_diff_takers *t, struct gbx_error *err)
{
	GBX_AUTO_GIT_BUF git_buf text = {0};
	const git_diff_delta *delta = git_patch_get_delta(patch);
	size_t added = 0, removed = 0;
	int rc = git_patch_line_stats(NULL, &added, &removed, patch);

	if (rc == 0 && !o->stat)
		rc = git_patch_to_buf(&text, patch);
	if (rc < 0)
		return gbx_gitlib_fail(rc, "cannot compare a file", err);
	const char *path = delta->status == GIT_DELTA_DELETED ? delta->old_file.path : delta->new_file.path;
	struct gbx_code_difference d = {gbx_slice_text(path), change_of(delta->status), (delta->flags & GIT_DIFF_FLAG_BINARY) != 0, added,
					removed};
	rc = t->file(t->arg, &d, err);
	return rc || o->stat ? rc : t->patch(t->arg, text_of(&text, patch, d.binary), err);
}

static int tell_all(struct comparing *c, const struct gbx_code_diff_options *o, const struct gbx_code_diff_takers *t, struct gbx_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < git_diff_num_deltas(c->diff); i++) {
		git_patch *patch = NULL;
		rc = git_patch_from_diff(&patch, c->diff, i);
		if (rc < 0)
			return gbx_gitlib_fail(rc, "cannot compare a file", err);
		rc = tell_file(patch, o, t, err);
		git_patch_free(patch);
	}
	return rc;
}

int gbx_git_diff(const struct gbx_code_diff_options *o, const struct gbx_code_diff_takers *t, struct gbx_error *err)
{
	GBX_CLEANUP(stop_comparing) struct comparing c = {0};
	GBX_AUTO_STRING char *repository = gbx_path_join(o->store, "git");

	if (!repository)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	if (o->id_len != GIT_OID_RAWSZ)
		return gbx_fail(err, GBX_E_VERSION, "git: libgit2 cannot read objects with ids of %zu bytes", o->id_len);
	int rc = gbx_gitlib_start(err);
	if (rc)
		return rc;
	rc = start_comparing(&c, o, repository);
	return rc < 0 ? gbx_gitlib_fail(rc, "cannot compare the snapshots", err) : tell_all(&c, o, t, err);
}
