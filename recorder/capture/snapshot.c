#include "capture/snapshot.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/pb.h"
#include "base/text.h"
#include "capture/remote.h"
#include "capture/report.h"

static void free_snapshot(struct gbx_snapshot *s)
{
	gbx_git_close(&s->git);
	gbx_free(s->head.branch);
	gbx_snapstore_close(&s->store);
	gbx_staged_free(&s->staged);
	gbx_untracked_free(&s->untracked);
	gbx_worktree_close(&s->worktree);
	gbx_bytes_free(&s->seen.content);
	gbx_bytes_free(&s->cleaned);
	gbx_hash_free(s->sha256);
	gbx_hash_free(s->blob);
	gbx_manifest_writer_free(&s->manifest);
	gbx_bytes_free(&s->page);
	gbx_close(&s->page_fd);
	gbx_git_tree_free(s->tree);
	gbx_bytes_free(&s->folders);
}

/* A finished tree object, as it waits in folders until it is known which ones must be written. */
struct folder_head {
	uint32_t path, content; /* lengths of what follows; the path's NUL counts */
	uint8_t id[GBX_GIT_ID_MAX];
};

static int keep_folder(void *arg, struct gbx_slice path, const uint8_t *id, struct gbx_slice content, struct gbx_error *err)
{
	struct gbx_snapshot *s = arg;
	struct folder_head head = {.path = (uint32_t)path.len + 1, .content = (uint32_t)content.len};

	if (content.len > UINT32_MAX)
		return gbx_fail(err, GBX_E_LIMIT, "a folder of more than 4 GiB of names");
	memcpy(head.id, id, (size_t)gbx_git_format(s->git));
	int rc = gbx_bytes_append(&s->folders, &head, sizeof head, err);
	if (rc == 0 && path.len)
		rc = gbx_bytes_append(&s->folders, path.data, path.len, err);
	if (rc == 0)
		rc = gbx_bytes_append(&s->folders, "", 1, err);
	return rc || content.len == 0 ? rc : gbx_bytes_append(&s->folders, content.data, content.len, err);
}

/* HEAD has the same folder at the same place. */
static bool head_has(struct gbx_snapshot *s, const char *path, const uint8_t *id)
{
	uint8_t there[GBX_GIT_ID_MAX];
	bool folder;

	return gbx_git_head_entry(s->git, &s->head, path, there, &folder, NULL) == 0 && folder &&
	       memcmp(there, id, s->head.id_len) == 0;
}

static int write_folders(struct gbx_snapshot *s, struct gbx_error *err)
{
	struct gbx_slice rest = gbx_slice_of(&s->folders), part, path, content;
	struct folder_head head;
	int rc = 0;

	while (rc == 0 && gbx_take(&rest, sizeof head, &part)) {
		memcpy(&head, part.data, sizeof head);
		if (!gbx_take(&rest, head.path, &path) || !gbx_take(&rest, head.content, &content))
			return gbx_fail(err, GBX_E_MALFORMED, "the list of folders is damaged");
		if (s->store.copy || !head_has(s, (const char *)path.data, head.id))
			rc = gbx_snapstore_keep(&s->store, true, head.id, content, err);
	}
	return rc;
}

/* HEAD does not keep a staged blob from being collected once the index has another one. Where it is not there at all, the file's
 * own bytes were kept. */
static int copy_staged(struct gbx_snapshot *s, const uint8_t *id, struct gbx_error *err)
{
	int rc = gbx_git_read_blob(s->git, id, &s->cleaned, err);

	if (rc == GBX_E_NOTFOUND)
		return 0;
	/* In the work tree the file may have lost its secret again. */
	if (rc == 0 && gbx_secrets_first(s->options->scanner, gbx_slice_of(&s->cleaned)))
		return 0;
	return rc ? rc : gbx_snapstore_keep(&s->store, false, id, gbx_slice_of(&s->cleaned), err);
}

static int keep_objects(struct gbx_snapshot *s, struct gbx_error *err)
{
	struct gbx_code_result *r = s->result;
	bool clean = r->head_len && memcmp(r->tree, r->head_tree, r->head_len) == 0;
	int rc = 0;

	gbx_child_alive(GBX_SNAPSHOT_STEP);
	if (clean && !s->store.copy)
		return 0; /* HEAD has all of it */
	rc = write_folders(s, err);
	for (size_t i = 0; rc == 0 && !s->store.copy && i < s->staged.len; i++)
		rc = copy_staged(s, s->staged.id[i], err);
	return rc ? rc : gbx_snapstore_finish(&s->store, r->tree, r->id_len, err);
}

static int finish_manifest(struct gbx_snapshot *s, struct gbx_error *err)
{
	int rc = gbx_manifest_writer_finish(&s->manifest, &s->result->sum, s->result->manifest, err);

	if (rc == 0)
		rc = gbx_write(s->page_fd, s->page.data, s->page.len, err);
	return rc ? gbx_fail_context(err, "'%s'", s->options->manifest_path) : 0;
}

static int start_files(struct gbx_snapshot *s, struct gbx_error *err)
{
	enum gbx_git_format format = gbx_git_format(s->git);
	int rc = gbx_hash_new(&s->sha256, GBX_SHA256, err);

	if (rc == 0)
		rc = gbx_hash_new(&s->blob, gbx_git_hash(format), err);
	if (rc == 0)
		rc = gbx_worktree_open(&s->worktree, gbx_git_root(s->git), err);
	if (rc == 0)
		rc = gbx_create_new(s->options->manifest_path, 0600, &s->page_fd, err);
	gbx_bytes_output(&s->page_output, &s->page);
	if (rc == 0)
		rc = gbx_manifest_writer_init(&s->manifest, GBX_MANIFEST_CODE, &s->page_output.out, err);
	if (rc == 0)
		rc = gbx_git_tree_new(format, &s->tree, err);
	if (rc == 0)
		gbx_git_tree_each(s->tree, keep_folder, s);
	return rc;
}

/* Both lists are sorted, and so is what the manifest gets. A repository in the place of a tracked file is in both. */
static int take_each(struct gbx_snapshot *s, const struct gbx_git_file *tracked, size_t files, struct gbx_error *err)
{
	const struct gbx_untracked *u = &s->untracked;
	size_t t = 0, n = 0;
	int rc = 0;

	while (rc == 0 && (t < files || n < u->len)) {
		int order = t == files ? 1 : n == u->len ? -1 : gbx_slice_compare(tracked[t].path, u->file[n].path);
		n += order == 0;
		rc = gbx_snapshot_take(s, order <= 0 ? tracked + t++ : u->file + n++, err);
	}
	return rc;
}

static int take_files(struct gbx_snapshot *s, struct gbx_error *err)
{
	const struct gbx_git_file *file = NULL;
	size_t files = 0;
	int rc = gbx_git_index(s->git, &file, &files, err);

	if (rc == 0)
		rc = start_files(s, err);
	if (rc == 0)
		rc = take_each(s, file, files, err);
	if (rc)
		return rc;
	s->result->id_len = (size_t)gbx_git_format(s->git);
	rc = gbx_git_tree_finish(s->tree, s->result->tree, err);
	return rc ? rc : finish_manifest(s, err);
}

/* A name or URL as text that a message may hold. */
static char *utf8_of(const char *bytes, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes shown = {0};

	if (gbx_is_utf8(gbx_slice_text(bytes)))
		return gbx_strdup(bytes);
	return gbx_printable(gbx_slice_text(bytes), &shown, err) ? NULL : gbx_strdup((const char *)shown.data);
}

static int add_remote(void *arg, const char *name, const char *url, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes clean = {0};
	struct gbx_code_result *r = arg;

	if (r->remotes == GBX_LIMIT_REMOTES || strlen(url) > GBX_LIMIT_PATH || strlen(name) > GBX_LIMIT_PATH)
		return 0;
	if (!r->remote)
		r->remote = gbx_calloc(GBX_LIMIT_REMOTES, sizeof *r->remote);
	if (!r->remote)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a remote");
	struct gbx_code_remote *to = r->remote + r->remotes;
	int rc = gbx_remote_clean(url, &clean, &to->credentials, err);
	if (rc)
		return rc;
	r->remotes++;
	to->name = utf8_of(name, err);
	to->url = utf8_of((const char *)clean.data, err);
	return to->name && to->url ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a remote");
}

static int describe(struct gbx_snapshot *s, struct gbx_error *err)
{
	struct gbx_code_result *r = s->result;
	int rc = gbx_git_head(s->git, &s->head, err);

	if (rc)
		return rc;
	r->head_len = s->head.id_len;
	memcpy(r->head_commit, s->head.commit, sizeof r->head_commit);
	memcpy(r->head_tree, s->head.tree, sizeof r->head_tree);
	const char *root = gbx_git_root(s->git);
	size_t len = strlen(root);
	r->repo = gbx_memdup(root, len - (len > 1 && root[len - 1] == '/'));
	if (s->head.branch)
		r->branch = utf8_of(s->head.branch, err);
	if (!r->repo || (s->head.branch && !r->branch))
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the name of a branch");
	return gbx_git_each_remote(s->git, add_remote, r, err);
}

/* The path within the repository of a file that is named by an absolute path: links on the way are followed, the file itself not.
 * GBX_E_NOTFOUND where it is not in there. */
static int path_in(const char *repo, const char *path, char **out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *folder = gbx_memdup(path, (size_t)(gbx_path_base(path) - path));
	GBX_AUTO_STRING char *real = NULL;
	int rc = folder ? gbx_realpath(*folder ? folder : ".", &real, err) : GBX_E_NOMEM;

	GBX_AUTO_STRING char *full = rc ? NULL : gbx_path_join(real, gbx_path_base(path));
	const char *inside = full ? gbx_path_under(full, repo) : NULL;
	if (full && (!inside || !*inside))
		return gbx_fail(err, GBX_E_NOTFOUND, "'%s' is not in '%s'", path, repo);
	char *copy = inside ? gbx_strdup(inside) : NULL;
	if (!copy)
		return rc ? rc : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	*out = copy;
	return 0;
}

/* What cannot be told is no answer, and not a no. */
static void answer(struct gbx_snapshot *s, const char *path, struct gbx_code_answer *a)
{
	GBX_AUTO_BYTES struct gbx_bytes content = {0};
	GBX_AUTO_STRING char *inside = NULL;
	uint8_t id[GBX_GIT_ID_MAX];
	bool folder = false;
	struct gbx_error err;
	int rc = gbx_load_file(path, GBX_LIMIT_CONFIG, &content, &err);

	if (rc == 0)
		rc = gbx_sha256(gbx_slice_of(&content), a->sha256, &err);
	bool read = rc == 0;
	if (rc == 0)
		rc = path_in(s->result->repo, path, &inside, &err);
	if (rc == 0)
		rc = gbx_git_head_entry(s->git, &s->head, inside, id, &folder, &err);
	if (rc == 0 && !folder)
		rc = gbx_git_read_blob(s->git, id, &s->cleaned, &err);
	a->compared = read && (rc == 0 || rc == GBX_E_NOTFOUND);
	a->in_head = rc == 0 && !folder && gbx_slice_equal(gbx_slice_of(&s->cleaned), gbx_slice_of(&content));
}

static int find_untracked(struct gbx_snapshot *s, struct gbx_error *err)
{
	struct gbx_gaps *gaps = &s->result->gaps;
	gbx_child_alive(GBX_SNAPSHOT_STEP);
	int rc = gbx_untracked_find(s->git, s->options->store, &s->untracked, gaps, err);

	if (rc && rc != GBX_E_NOMEM)
		rc = gbx_gaps_add(gaps, GLASSBOX__GAP__KIND__UNTRACKED, gbx_git_gap_reason(err), gbx_slice("", 0), err);
	s->result->complete = gaps->len == 0;
	return rc;
}

static int capture(struct gbx_snapshot *s, struct gbx_error *err)
{
	const struct gbx_code_options *o = s->options;
	int rc = describe(s, err);

	if (rc == 0)
		rc = gbx_snapstore_open(&s->store, o, s->git, &s->head, err);
	if (rc == 0)
		rc = gbx_staged_find(s->git, &s->head, &s->staged, err);
	if (rc == 0)
		rc = find_untracked(s, err);
	if (rc == 0)
		rc = take_files(s, err);
	if (rc == 0)
		rc = keep_objects(s, err);
	for (size_t i = 0; rc == 0 && i < o->count; i++)
		answer(s, o->questions[i], s->result->answer + i);
	return rc;
}

/* What stood in the way, as the only gap. */
static int fail_capture(struct gbx_code_result *r, Glassbox__Gap__Reason reason, struct gbx_error *why, struct gbx_error *err)
{
	size_t answers = r->answers;

	gbx_code_result_free(r);
	r->answer = gbx_calloc(answers, sizeof *r->answer);
	r->answers = r->answer ? answers : 0;
	r->why = utf8_of(why->line, err);
	return gbx_gaps_add(&r->gaps, GLASSBOX__GAP__KIND__CODE, reason, gbx_slice("", 0), err);
}

static int run(const struct gbx_code_capture *c, struct gbx_code_result *r, struct gbx_error *err)
{
	const struct gbx_code_options *o = &c->options;
	GBX_CLEANUP(free_snapshot) struct gbx_snapshot s = {.capture = c, .options = o, .result = r, .page_fd = -1};
	struct gbx_error why;

	gbx_child_alive(GBX_SNAPSHOT_OPENS);
	r->answer = gbx_calloc(o->count, sizeof *r->answer);
	if (!r->answer)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for answers");
	r->answers = o->count;
	int rc = gbx_git_open(o->start, o->ceilings, &s.git, &why);
	if (rc == GBX_E_NOTFOUND)
		return fail_capture(r, GLASSBOX__GAP__REASON__NO_REPOSITORY, &why, err);
	if (rc == 0)
		rc = capture(&s, &why);
	if (rc)
		return fail_capture(r, gbx_git_gap_reason(&why), &why, err);
	r->captured = true;
	return 0;
}

int gbx_snapshot_child(void *capture, int out)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
	GBX_AUTO_BYTES struct gbx_bytes message = {0}, frame = {0};
	struct gbx_error err;
	int rc = run(capture, &r, &err);

	if (rc == 0)
		rc = gbx_report_pack(&r, &message, &err);
	if (rc == 0)
		rc = gbx_tfrecord_frame(gbx_slice_of(&message), &frame, &err);
	if (rc == 0)
		rc = gbx_write(out, frame.data, frame.len, &err);
	return rc ? 1 : 0;
}
