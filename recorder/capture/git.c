#include "base/mem.h"
#include "capture/gitlib.h"

void gbx_git_close(struct gbx_git **git)
{
	struct gbx_git *g = *git;

	if (!g)
		return;
	git_tree_free(g->head);
	git_index_free(g->index);
	git_odb_free(g->odb);
	git_config_free(g->config);
	git_repository_free(g->repo);
	gbx_free(g->file);
	gbx_free(g->excludes);
	gbx_free(g);
	*git = NULL;
}

static bool setting(const struct gbx_git *g, const char *name, bool otherwise)
{
	int value;

	return git_config_get_bool(&value, g->config, name) == 0 ? value != 0 : otherwise;
}

/* With this extension (git sparse-checkout sets it) a work tree has settings of its own, which libgit2 does not look for. */
static int read_worktree_config(struct gbx_git *g, struct gbx_error *err)
{
	if (!setting(g, "extensions.worktreeconfig", false))
		return 0;
	GBX_AUTO_STRING char *path = gbx_path_join(git_repository_path(g->repo), "config.worktree");
	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the repository's settings");
	if (!gbx_exists(path))
		return 0;
	int rc = git_config_add_file_ondisk(g->config, path, GIT_CONFIG_LEVEL_APP, g->repo, 0);
	return rc < 0 ? gbx_gitlib_fail(rc, "cannot read config.worktree", err) : 0;
}

/* core.excludesFile, else the file "ignore" beside the user's settings. */
static char *find_excludes(const struct gbx_git *g)
{
	GBX_AUTO_GIT_BUF git_buf path = {0};

	if (git_config_get_path(&path, g->config, "core.excludesfile") == 0)
		return gbx_strdup(path.ptr);
	if (git_libgit2_opts(GIT_OPT_GET_SEARCH_PATH, GIT_CONFIG_LEVEL_XDG, &path) < 0 || !path.ptr || !*path.ptr)
		return NULL;
	path.ptr[strcspn(path.ptr, ":")] = 0;
	return gbx_path_join(path.ptr, "ignore");
}

static int read_settings(struct gbx_git *g, struct gbx_error *err)
{
	int rc = git_repository_config(&g->config, g->repo);

	if (rc < 0)
		return gbx_gitlib_fail(rc, "cannot read the repository's settings", err);
	rc = read_worktree_config(g, err);
	g->ignores_case = setting(g, "core.ignorecase", false);
	g->trusts_modes = setting(g, "core.filemode", true);
	g->trusts_links = setting(g, "core.symlinks", true);
	g->excludes = find_excludes(g);
	return rc;
}

int gbx_git_open(const char *start, const char *ceilings, struct gbx_git **out, struct gbx_error *err)
{
	GBX_AUTO_GIT struct gbx_git *g = NULL;
	int rc = gbx_gitlib_start(err);

	if (rc)
		return rc;
	g = gbx_calloc(1, sizeof *g);
	if (!g)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a repository");
	rc = git_repository_open_ext(&g->repo, start, 0, ceilings);
	if (rc < 0)
		return gbx_gitlib_fail(rc, "cannot open the repository", err);
	if (git_repository_is_bare(g->repo))
		return gbx_fail(err, GBX_E_VERSION, "the repository '%s' is bare: it has no files that could be recorded",
				git_repository_path(g->repo));
	rc = git_repository_odb(&g->odb, g->repo);
	if (rc < 0)
		return gbx_gitlib_fail(rc, "cannot open the repository's objects", err);
	rc = read_settings(g, err);
	if (rc)
		return rc;
	*out = g;
	g = NULL;
	return 0;
}

enum gbx_git_format gbx_git_format(const struct gbx_git *git)
{
	(void)git; /* libgit2 before 1.8 opens no others */
	return GBX_GIT_SHA1;
}

const char *gbx_git_root(const struct gbx_git *git)
{
	return git_repository_workdir(git->repo);
}

const char *gbx_git_common(const struct gbx_git *git)
{
	return git_repository_commondir(git->repo);
}

bool gbx_git_ignores_case(const struct gbx_git *git)
{
	return git->ignores_case;
}

bool gbx_git_trusts_modes(const struct gbx_git *git)
{
	return git->trusts_modes;
}

bool gbx_git_trusts_links(const struct gbx_git *git)
{
	return git->trusts_links;
}

const char *gbx_git_excludes(const struct gbx_git *git)
{
	return git->excludes;
}

static int head_branch(struct gbx_git *g, char **branch, struct gbx_error *err)
{
	static const char heads[] = "refs/heads/";
	git_reference *ref = NULL;
	int rc = git_reference_lookup(&ref, g->repo, "HEAD");

	if (rc < 0)
		return gbx_gitlib_fail(rc, "cannot read HEAD", err);
	const char *target = git_reference_symbolic_target(ref);
	char *name = NULL;
	if (target)
		name = gbx_strdup(strncmp(target, heads, sizeof heads - 1) ? target : target + sizeof heads - 1);
	git_reference_free(ref);
	if (target && !name)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the branch");
	*branch = name;
	return 0;
}

static int head_commit(struct gbx_git *g, struct gbx_git_head *h, struct gbx_error *err)
{
	git_commit *commit = NULL;
	git_oid id;
	int rc = git_reference_name_to_id(&id, g->repo, "HEAD");

	if (rc == GIT_ENOTFOUND && h->branch)
		return 0; /* a branch without a commit yet */
	if (rc == 0)
		rc = git_commit_lookup(&commit, g->repo, &id);
	if (rc == 0)
		rc = git_commit_tree(&g->head, commit);
	if (rc == 0) {
		h->id_len = GIT_OID_RAWSZ;
		memcpy(h->commit, id.id, GIT_OID_RAWSZ);
		memcpy(h->tree, git_tree_id(g->head)->id, GIT_OID_RAWSZ);
	}
	git_commit_free(commit);
	return rc < 0 ? gbx_gitlib_fail(rc, "cannot read the commit that HEAD names", err) : 0;
}

int gbx_git_head(struct gbx_git *git, struct gbx_git_head *out, struct gbx_error *err)
{
	struct gbx_git_head h = {0};
	int rc = head_branch(git, &h.branch, err);

	if (rc == 0)
		rc = head_commit(git, &h, err);
	if (rc) {
		gbx_free(h.branch);
		return rc;
	}
	*out = h;
	return 0;
}

struct remotes {
	gbx_git_remote_fn each;
	void *arg;
	struct gbx_error *err;
	int rc;
};

/* The key is remote.<name>.url, and a name may hold dots. */
static int config_remote(const git_config_entry *entry, void *arg)
{
	static const size_t before = sizeof "remote." - 1, behind = sizeof ".url" - 1;
	struct remotes *r = arg;
	size_t len = strlen(entry->name);
	GBX_AUTO_STRING char *name = gbx_memdup(entry->name + before, len - before - behind);

	if (!name)
		r->rc = gbx_fail(r->err, GBX_E_NOMEM, "no memory for a remote's name");
	else
		r->rc = r->each(r->arg, name, entry->value, r->err);
	return r->rc;
}

int gbx_git_each_remote(struct gbx_git *git, gbx_git_remote_fn each, void *arg, struct gbx_error *err)
{
	struct remotes r = {each, arg, err, 0};
	int rc = git_config_foreach_match(git->config, "^remote\\..+\\.url$", config_remote, &r);

	if (r.rc)
		return r.rc;
	return rc < 0 ? gbx_gitlib_fail(rc, "cannot read the remotes", err) : 0;
}
