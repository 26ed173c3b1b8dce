/* One file of a snapshot. Declared in snapshot.h. */
#include "base/limits.h"
#include "base/text.h"
#include "capture/changed.h"
#include "capture/snapshot.h"

/* What of the manifest is held back before it is written. */
#define PAGE_PIECE (256u * 1024)

/* A file on its way into the snapshot. */
struct taken {
	const struct gbx_git_file *file;
	struct gbx_slice content;    /* the bytes in the work tree */
	struct gbx_entry entry;
	uint8_t raw[GBX_GIT_ID_MAX]; /* the id of a blob with these bytes */
	uint8_t id[GBX_GIT_ID_MAX];  /* the id of the blob that git has, or would add */
	struct gbx_slice blob;       /* that blob's content; data NULL: it is in the repository and not at hand */
};

static int leave(struct gbx_snapshot *s, const struct gbx_git_file *f, Glassbox__Gap__Kind kind, Glassbox__Gap__Reason why,
		 struct gbx_error *err)
{
	s->result->complete = false;
	return gbx_gaps_add(&s->result->gaps, kind, why, f->path, err);
}

static int leave_file(struct gbx_snapshot *s, const struct gbx_git_file *f, Glassbox__Gap__Reason why, struct gbx_error *err)
{
	return leave(s, f, f->untracked ? GLASSBOX__GAP__KIND__UNTRACKED : GLASSBOX__GAP__KIND__CODE_FILE, why, err);
}

static int blob_id(struct gbx_hash *h, struct gbx_slice content, uint8_t *id, struct gbx_error *err)
{
	gbx_git_blob_start(h, content.len);
	gbx_hash_update(h, content.data, content.len);
	return gbx_hash_final(h, id, err);
}

static int digest(struct gbx_snapshot *s, struct taken *t, struct gbx_error *err)
{
	t->entry.size = t->content.len;
	gbx_hash_start(s->sha256);
	gbx_hash_update(s->sha256, t->content.data, t->content.len);
	int rc = gbx_hash_final(s->sha256, t->entry.sha256, err);
	return rc ? rc : blob_id(s->blob, t->content, t->raw, err);
}

static void store_as_it_is(struct gbx_snapshot *s, struct taken *t)
{
	memcpy(t->id, t->raw, (size_t)gbx_git_format(s->git));
	t->blob = t->content;
}

static bool same_id(const struct gbx_snapshot *s, const uint8_t *a, const uint8_t *b)
{
	return a && b && memcmp(a, b, (size_t)gbx_git_format(s->git)) == 0;
}

/* A pointer of git-lfs, as it lies in the work tree where git-lfs is not installed. */
static bool is_pointer(struct gbx_slice content)
{
	return content.len < 1024 && gbx_slice_starts(content, "version https://git-lfs.github.com/spec/");
}

static int through_filters(struct gbx_snapshot *s, struct taken *t, struct gbx_error *err)
{
	bool filtered;
	int rc = gbx_git_clean(s->git, (const char *)t->file->path.data, t->content, &s->cleaned, &filtered, err);

	if (rc)
		return rc;
	if (!filtered) {
		store_as_it_is(s, t);
		return 0;
	}
	t->blob = gbx_slice_of(&s->cleaned);
	return blob_id(s->blob, t->blob, t->id, err);
}

/* What git-lfs stores of a file is known without running it. Its content is as large as data may be, and limited as what is not
 * tracked. */
static int through_lfs(struct gbx_snapshot *s, struct taken *t, bool *left, struct gbx_error *err)
{
	char hex[2 * GBX_SHA256_LEN + 1];

	if (t->content.len == 0 || is_pointer(t->content)) {
		store_as_it_is(s, t);
		return 0;
	}
	*left = t->content.len > s->options->untracked_limit;
	if (*left)
		return leave(s, t->file, GLASSBOX__GAP__KIND__LFS, GLASSBOX__GAP__REASON__TOO_LARGE, err);
	gbx_hex(t->entry.sha256, GBX_SHA256_LEN, hex);
	s->cleaned.len = 0;
	int rc = gbx_bytes_printf(&s->cleaned, err, "version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %llu\n", hex,
				  (unsigned long long)t->content.len);
	t->blob = gbx_slice_of(&s->cleaned);
	return rc ? rc : blob_id(s->blob, t->blob, t->id, err);
}

/* Through a program that is not run here. Git ran it when it last looked, which holds for as long as the file is unchanged. */
static int through_foreign(struct gbx_snapshot *s, struct taken *t, struct gbx_error *err)
{
	if (gbx_git_unchanged(s->git, t->file, &s->seen.st)) {
		memcpy(t->id, t->file->id, (size_t)gbx_git_format(s->git));
		return 0;
	}
	/* The bytes are there whole; only git's name for them is not what git would give. */
	store_as_it_is(s, t);
	return gbx_gaps_add(&s->result->gaps, GLASSBOX__GAP__KIND__CODE_FILE, GLASSBOX__GAP__REASON__NOT_SUPPORTED, t->file->path,
			    err);
}

/* Finds the blob of a regular file; *left where the file does not go into the snapshot. */
static int find_blob(struct gbx_snapshot *s, struct taken *t, bool *left, struct gbx_error *err)
{
	enum gbx_git_treatment treatment;

	/* What git has not seen change, and is the blob byte for byte, went through no filter. Reading attributes costs more than
	 * reading the file. */
	if (same_id(s, t->file->id, t->raw) && gbx_git_unchanged(s->git, t->file, &s->seen.st)) {
		store_as_it_is(s, t);
		return 0;
	}
	int rc = gbx_git_treatment(s->git, (const char *)t->file->path.data, &treatment, err);
	if (rc)
		return rc;
	if (treatment == GBX_GIT_LFS)
		return through_lfs(s, t, left, err);
	return treatment == GBX_GIT_FOREIGN ? through_foreign(s, t, err) : through_filters(s, t, err);
}

static int add_entry(struct gbx_snapshot *s, const struct gbx_entry *e, const uint8_t *id, struct gbx_error *err)
{
	int rc = gbx_manifest_writer_add(&s->manifest, e, err);

	if (rc == 0 && s->page.len > PAGE_PIECE) {
		rc = gbx_write(s->page_fd, s->page.data, s->page.len, err);
		s->page.len = 0;
	}
	return rc ? rc : gbx_git_tree_add(s->tree, e->path, e->type, id, err);
}

/* What a filter hides, and what the repository does not hold for us, goes to the store. */
static int keep(struct gbx_snapshot *s, struct taken *t, struct gbx_error *err)
{
	int rc = 0;

	if (t->entry.git_id_len)
		rc = gbx_snapstore_keep_bytes(&s->store, t->entry.sha256, t->content, err);
	if (rc || (!s->store.copy && same_id(s, t->file->id, t->id)))
		return rc;
	if (!t->blob.data) {
		rc = gbx_git_read_blob(s->git, t->id, &s->cleaned, err);
		t->blob = gbx_slice_of(&s->cleaned);
	}
	return rc ? rc : gbx_snapstore_keep(&s->store, false, t->id, t->blob, err);
}

/* What HEAD has is published with it anyway. */
static bool is_new(const struct gbx_snapshot *s, const struct taken *t)
{
	return !same_id(s, t->file->id, t->id) || gbx_staged_has(&s->staged, t->id);
}

static bool has_secret(const struct gbx_snapshot *s, const struct taken *t)
{
	const struct gbx_scanner *scanner = s->options->scanner;

	return is_new(s, t) && (gbx_secrets_first(scanner, t->content) || gbx_scan_first(scanner, t->file->path));
}

static int take_content(struct gbx_snapshot *s, struct taken *t, struct gbx_error *err)
{
	bool left = false;
	int rc = digest(s, t, err);

	if (rc == 0 && t->entry.type == GBX_SYMLINK)
		store_as_it_is(s, t);
	else if (rc == 0)
		rc = find_blob(s, t, &left, err);
	if (rc || left)
		return rc;
	if (has_secret(s, t))
		return leave_file(s, t->file, GLASSBOX__GAP__REASON__SECRET, err);
	if (!same_id(s, t->raw, t->id)) {
		t->entry.git_id_len = (size_t)gbx_git_format(s->git);
		memcpy(t->entry.git_id, t->id, t->entry.git_id_len);
	}
	rc = keep(s, t, err);
	return rc ? rc : add_entry(s, &t->entry, t->id, err);
}

static int take_commit(struct gbx_snapshot *s, const struct gbx_git_file *f, const uint8_t *id, struct gbx_error *err)
{
	struct gbx_entry e = {.path = f->path, .type = GBX_GITLINK, .git_id_len = (size_t)gbx_git_format(s->git)};

	e.size = e.git_id_len;
	memcpy(e.git_id, id, e.git_id_len);
	int rc = gbx_gaps_add(&s->result->gaps, GLASSBOX__GAP__KIND__SUBMODULE, GLASSBOX__GAP__REASON__NOT_SUPPORTED, f->path, err);
	if (rc == 0)
		rc = gbx_sha256(gbx_slice(id, e.git_id_len), e.sha256, err);
	return rc ? rc : add_entry(s, &e, id, err);
}

/* A folder at a path of the index: the commit that is checked out in it. Where it is no repository of its own, a submodule keeps
 * the commit of the index, and a file counts as missing. */
static int take_folder(struct gbx_snapshot *s, const struct gbx_git_file *f, struct gbx_error *err)
{
	uint8_t id[GBX_GIT_ID_MAX];

	if (gbx_git_submodule(s->git, (const char *)f->path.data, id, err) == 0)
		return take_commit(s, f, id, err);
	if (f->untracked)
		return leave(s, f, GLASSBOX__GAP__KIND__SUBMODULE, GLASSBOX__GAP__REASON__NOT_FOUND, err);
	return f->type == GBX_GITLINK && f->id ? take_commit(s, f, f->id, err) : 0;
}

/* A file outside the sparse checkout: what the index has. */
static int take_skipped(struct gbx_snapshot *s, const struct gbx_git_file *f, struct gbx_error *err)
{
	struct taken t = {.file = f, .entry = {.path = f->path, .type = f->type}};

	s->result->sparse = true;
	if (f->type == GBX_GITLINK)
		return take_commit(s, f, f->id, err);
	int rc = gbx_git_read_blob(s->git, f->id, &s->seen.content, err);
	if (rc == GBX_E_NOMEM)
		return rc;
	if (rc)
		return leave_file(s, f, gbx_git_gap_reason(err), err);
	t.content = gbx_slice_of(&s->seen.content);
	rc = digest(s, &t, err);
	if (rc)
		return rc;
	store_as_it_is(s, &t);
	if (has_secret(s, &t))
		return leave_file(s, f, GLASSBOX__GAP__REASON__SECRET, err);
	rc = keep(s, &t, err);
	return rc ? rc : add_entry(s, &t.entry, t.id, err);
}

/* As `git add` would: the permission bit and the link count only where the settings say that the filesystem has them. */
static enum gbx_file_type type_of(const struct gbx_snapshot *s, const struct gbx_git_file *f)
{
	if (s->seen.state == GBX_WORKTREE_LINK)
		return GBX_SYMLINK;
	if (f->type == GBX_SYMLINK && !gbx_git_trusts_links(s->git))
		return GBX_SYMLINK;
	if (!gbx_git_trusts_modes(s->git))
		return f->type == GBX_EXECUTABLE ? GBX_EXECUTABLE : GBX_FILE;
	return s->seen.st.st_mode & S_IXUSR ? GBX_EXECUTABLE : GBX_FILE;
}

/* The job may run already, and this may be its doing. */
static bool changed_meanwhile(const struct gbx_snapshot *s, const struct gbx_git_file *f)
{
	const struct gbx_code_capture *c = s->capture;

	if (gbx_monotonic_nanos() < c->late || s->seen.state == GBX_WORKTREE_LEFT || s->seen.state == GBX_WORKTREE_FOLDER)
		return false;
	if (s->seen.state == GBX_WORKTREE_MISSING)
		return !f->skip;
	return gbx_ctime_nanos(&s->seen.st) + GBX_CLOCK_TICK_NANOS >= c->began;
}

/* Bytes that the next file may have which is not tracked. */
static uint64_t untracked_limit(const struct gbx_snapshot *s)
{
	uint64_t one = s->options->untracked_limit, left = one * GBX_UNTRACKED_ALL - s->untracked_bytes;

	return one < left ? one : left;
}

/* A call of the system for each file would be felt. */
static void stay_alive(struct gbx_snapshot *s)
{
	uint64_t now = gbx_monotonic_nanos();

	if (s->alive && now - s->alive < 1000000000u)
		return;
	s->alive = now;
	gbx_child_alive(GBX_SNAPSHOT_STEP);
}

int gbx_snapshot_take(struct gbx_snapshot *s, const struct gbx_git_file *f, struct gbx_error *err)
{
	stay_alive(s);
	if (f->path.len > GBX_LIMIT_PATH)
		return leave_file(s, f, GLASSBOX__GAP__REASON__TOO_LARGE, err);
	if (!gbx_is_clean_path(f->path) || gbx_has_dot_git(f->path))
		return leave_file(s, f, GLASSBOX__GAP__REASON__MALFORMED, err);
	int rc = gbx_worktree_read(&s->worktree, f->path, f->untracked ? untracked_limit(s) : GBX_LIMIT_CODE_FILE, &s->seen, err);
	if (rc)
		return rc;
	if (changed_meanwhile(s, f))
		return leave_file(s, f, GLASSBOX__GAP__REASON__CHANGED, err);
	if (s->seen.state == GBX_WORKTREE_LEFT)
		return leave_file(s, f, s->seen.why, err);
	if (s->seen.state == GBX_WORKTREE_MISSING)
		return f->skip ? take_skipped(s, f, err) : 0;
	if (s->seen.state == GBX_WORKTREE_FOLDER)
		return take_folder(s, f, err);
	if (f->untracked)
		s->untracked_bytes += s->seen.content.len;
	struct taken t = {.file = f, .content = gbx_slice_of(&s->seen.content), .entry = {.path = f->path, .type = type_of(s, f)}};
	return take_content(s, &t, err);
}
