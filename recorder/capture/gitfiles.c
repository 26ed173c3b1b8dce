/* The index, the content of files, and what HEAD has of them. Declared in git.h. */
#include <sys/stat.h>

#include "base/mem.h"
#include "capture/gitlib.h"

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
	if (has_setting(git, driver, "clean") || has_setting(git, driver, "process"))
		*out = strcmp(driver, "lfs") == 0 ? GBX_GIT_LFS : GBX_GIT_FOREIGN;
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
	GBX_AUTO_GIT_BUF git_buf cleaned = {0};
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

static int open_nested(struct gbx_git *git, const char *path, git_repository **out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *folder = gbx_path_join(git_repository_workdir(git->repo), path);

	if (!folder)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a submodule");
	int rc = git_repository_open_ext(out, folder, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	return rc < 0 ? gbx_gitlib_fail(rc, "cannot open a submodule", err) : 0;
}

int gbx_git_nested(struct gbx_git *git, const char *path, struct gbx_error *err)
{
	git_repository *repo = NULL;
	int rc = open_nested(git, path, &repo, err);

	git_repository_free(repo);
	return rc;
}

int gbx_git_submodule(struct gbx_git *git, const char *path, uint8_t *id, struct gbx_error *err)
{
	git_repository *repo = NULL;
	git_oid oid;
	int rc = open_nested(git, path, &repo, err);

	if (rc)
		return rc;
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
