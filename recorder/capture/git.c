#include "capture/git.h"

#include <sys/stat.h>

#include "base/mem.h"
#include "capture/gitlib.h"

struct gbx_git {
	git_repository *repo;
	git_config *config;
	git_odb *odb;
	git_index *index;
	git_tree *head;
	struct gbx_git_file *file;
	size_t files;
	uint64_t index_mtime; /* of the index file before it was read; 0: it was not there */
	char *excludes;
	bool ignores_case, trusts_modes, trusts_links;
};

static void free_buf(git_buf *buf)
{
	git_buf_dispose(buf);
}

#define AUTO_BUF GBX_CLEANUP(free_buf)

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
	AUTO_BUF git_buf path = {0};

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

static enum gbx_file_type type_of_mode(uint32_t mode)
{
	switch (mode) {
	case GIT_FILEMODE_LINK:
		return GBX_SYMLINK;
	case GIT_FILEMODE_COMMIT:
		return GBX_GITLINK;
	default:
		return mode & 0100 ? GBX_EXECUTABLE : GBX_FILE;
	}
}

static uint64_t index_nanos(git_index_time t)
{
	return (uint64_t)(uint32_t)t.seconds * 1000000000u + t.nanoseconds;
}

static uint64_t stat_nanos(struct timespec t)
{
	return (uint64_t)(uint32_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void from_entry(const git_index_entry *e, struct gbx_git_file *f)
{
	bool known = GIT_INDEX_ENTRY_STAGE(e) == 0 && !(e->flags_extended & GIT_INDEX_ENTRY_INTENT_TO_ADD);

	*f = (struct gbx_git_file){.path = gbx_slice_text(e->path),
				   .id = known ? e->id.id : NULL,
				   .type = type_of_mode(e->mode),
				   .skip = known && e->flags_extended & GIT_INDEX_ENTRY_SKIP_WORKTREE,
				   .mtime_nanos = index_nanos(e->mtime),
				   .ctime_nanos = index_nanos(e->ctime),
				   .inode = e->ino,
				   .size = e->file_size};
}

static int open_index(struct gbx_git *g, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_path_join(git_repository_path(g->repo), "index");
	struct stat st;

	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the index");
	if (gbx_stat(path, &st, NULL) == 0)
		g->index_mtime = stat_nanos(st.st_mtim);
	int rc = git_repository_index(&g->index, g->repo);
	/* libgit2 would sort by folded case where core.ignoreCase is set. */
	if (rc == 0)
		rc = git_index_set_caps(g->index, git_index_caps(g->index) & ~GIT_INDEX_CAPABILITY_IGNORE_CASE);
	return rc < 0 ? gbx_gitlib_fail(rc, "cannot read the index", err) : 0;
}

/* A path in conflict has up to three entries, one after the other; ours (stage 2) says best what type it was. */
static int list_files(struct gbx_git *g, struct gbx_error *err)
{
	size_t entries = git_index_entrycount(g->index);

	g->file = gbx_calloc(entries, sizeof *g->file);
	if (!g->file)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for an index of %zu files", entries);
	for (size_t i = 0; i < entries; i++) {
		const git_index_entry *e = git_index_get_byindex(g->index, i);
		bool again = g->files && gbx_slice_is(g->file[g->files - 1].path, e->path);
		if (!again)
			from_entry(e, g->file + g->files++);
		else if (GIT_INDEX_ENTRY_STAGE(e) == 2)
			from_entry(e, g->file + g->files - 1);
	}
	return 0;
}

int gbx_git_index(struct gbx_git *git, const struct gbx_git_file **files, size_t *count, struct gbx_error *err)
{
	int rc = git->index ? 0 : open_index(git, err);

	if (rc == 0 && !git->file)
		rc = list_files(git, err);
	if (rc)
		return rc;
	*files = git->file;
	*count = git->files;
	return 0;
}

bool gbx_git_unchanged(const struct gbx_git *git, const struct gbx_git_file *file, const struct stat *st)
{
	/* A file written as late as the index was may have been written again within one tick of the clock. */
	return file->id && file->mtime_nanos < git->index_mtime && file->mtime_nanos == stat_nanos(st->st_mtim) &&
	       file->ctime_nanos == stat_nanos(st->st_ctim) && file->inode == (uint32_t)st->st_ino &&
	       file->size == (uint32_t)st->st_size;
}

static int attribute(struct gbx_git *g, const char *path, const char *name, const char **value, struct gbx_error *err)
{
	int rc = git_attr_get(value, g->repo, GIT_ATTR_CHECK_FILE_THEN_INDEX, path, name);

	return rc < 0 ? gbx_gitlib_fail(rc, "cannot read the attributes of a file", err) : 0;
}

static bool has_setting(const struct gbx_git *g, const char *driver, const char *what)
{
	GBX_AUTO_STRING char *name = gbx_asprintf("filter.%s.%s", driver, what);
	git_config_entry *entry = NULL;
	bool found = name && git_config_get_entry(&entry, g->config, name) == 0;

	git_config_entry_free(entry);
	return found;
}

int gbx_git_treatment(struct gbx_git *git, const char *path, enum gbx_git_treatment *out, struct gbx_error *err)
{
	const char *driver = NULL, *encoding = NULL;
	int rc = attribute(git, path, "filter", &driver, err);

	if (rc == 0)
		rc = attribute(git, path, "working-tree-encoding", &encoding, err);
	if (rc)
		return rc;
	*out = GBX_GIT_OWN;
	if (git_attr_value(encoding) == GIT_ATTR_VALUE_STRING)
		*out = GBX_GIT_FOREIGN;
	if (git_attr_value(driver) != GIT_ATTR_VALUE_STRING)
		return 0;
	/* A driver that no setting describes is none for git. */
	if (strcmp(driver, "lfs") == 0)
		*out = GBX_GIT_LFS;
	else if (has_setting(git, driver, "clean") || has_setting(git, driver, "process"))
		*out = GBX_GIT_FOREIGN;
	return 0;
}

static int apply_filters(git_filter_list *filters, struct gbx_slice content, git_buf *out)
{
#if GBX_LIBGIT2(1, 4)
	return git_filter_list_apply_to_buffer(out, filters, (const char *)content.data, content.len);
#else
	git_buf in = {(char *)(uintptr_t)content.data, 0, content.len};
	return git_filter_list_apply_to_data(out, filters, &in);
#endif
}

int gbx_git_clean(struct gbx_git *git, const char *path, struct gbx_slice content, struct gbx_bytes *out, bool *filtered,
		  struct gbx_error *err)
{
	AUTO_BUF git_buf cleaned = {0};
	git_filter_list *filters = NULL;
	int rc = git_filter_list_load(&filters, git->repo, NULL, path, GIT_FILTER_TO_ODB, GIT_FILTER_ALLOW_UNSAFE);

	if (rc == 0 && filters)
		rc = apply_filters(filters, content, &cleaned);
	bool any = filters != NULL;
	git_filter_list_free(filters);
	if (rc < 0)
		return gbx_gitlib_fail(rc, "cannot apply the filters of a file", err);
	if (!any || gbx_slice_equal(content, gbx_slice(cleaned.ptr, cleaned.size))) {
		*filtered = false;
		return 0;
	}
	out->len = 0;
	rc = gbx_bytes_append(out, cleaned.ptr, cleaned.size, err);
	if (rc == 0)
		*filtered = true;
	return rc;
}

int gbx_git_submodule(struct gbx_git *git, const char *path, uint8_t *id, struct gbx_error *err)
{
	GBX_AUTO_STRING char *folder = gbx_path_join(git_repository_workdir(git->repo), path);
	git_repository *repo = NULL;
	git_oid oid;

	if (!folder)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a submodule");
	int rc = git_repository_open_ext(&repo, folder, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	if (rc == 0)
		rc = git_reference_name_to_id(&oid, repo, "HEAD");
	git_repository_free(repo);
	if (rc < 0)
		return gbx_gitlib_fail(rc, "cannot read a submodule", err);
	memcpy(id, oid.id, GIT_OID_RAWSZ);
	return 0;
}

int gbx_git_read_blob(struct gbx_git *git, const uint8_t *id, struct gbx_bytes *out, struct gbx_error *err)
{
	git_odb_object *object = NULL;
	git_oid oid;

	gbx_gitlib_oid(&oid, id);
	int rc = git_odb_read(&object, git->odb, &oid);
	if (rc < 0)
		return gbx_gitlib_fail(rc, "cannot read an object", err);
	out->len = 0;
	if (git_odb_object_type(object) != GIT_OBJECT_BLOB)
		rc = gbx_fail(err, GBX_E_MALFORMED, "git: an object that should be a file is something else");
	else
		rc = gbx_bytes_append(out, git_odb_object_data(object), git_odb_object_size(object), err);
	git_odb_object_free(object);
	return rc;
}

int gbx_git_head_entry(struct gbx_git *git, const struct gbx_git_head *head, const char *path, uint8_t *id, bool *folder,
		       struct gbx_error *err)
{
	git_tree_entry *entry = NULL;

	if (head->id_len == 0)
		return gbx_fail(err, GBX_E_NOTFOUND, "HEAD has no commit yet");
	if (!*path) {
		memcpy(id, head->tree, head->id_len);
		*folder = true;
		return 0;
	}
	int rc = git_tree_entry_bypath(&entry, git->head, path);
	if (rc < 0)
		return gbx_gitlib_fail(rc, "cannot find a file in HEAD", err);
	memcpy(id, git_tree_entry_id(entry)->id, GIT_OID_RAWSZ);
	*folder = git_tree_entry_type(entry) == GIT_OBJECT_TREE;
	git_tree_entry_free(entry);
	return 0;
}

static int each_delta(git_diff *diff, gbx_git_blob_fn each, void *arg, struct gbx_error *err)
{
	size_t deltas = git_diff_num_deltas(diff);

	for (size_t i = 0; i < deltas; i++) {
		const git_diff_file *f = &git_diff_get_delta(diff, i)->new_file;
		if (f->mode == GIT_FILEMODE_UNREADABLE || f->mode == GIT_FILEMODE_COMMIT)
			continue;
		int rc = each(arg, f->id.id, err);
		if (rc)
			return rc;
	}
	return 0;
}

int gbx_git_each_staged(struct gbx_git *git, const struct gbx_git_head *head, gbx_git_blob_fn each, void *arg,
			struct gbx_error *err)
{
	git_diff *diff = NULL;
	int rc = git_diff_tree_to_index(&diff, git->repo, head->id_len ? git->head : NULL, git->index, NULL);

	if (rc < 0)
		return gbx_gitlib_fail(rc, "cannot compare the index with HEAD", err);
	rc = each_delta(diff, each, arg, err);
	git_diff_free(diff);
	return rc;
}
