#include "digest/gittree.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

/* A folder that is not complete yet. */
struct folder {
	size_t path;              /* length of its path, without a slash at the end */
	size_t entries;
	struct gbx_bytes content; /* of the tree object so far; kept for the next folder at this depth */
	struct gbx_bytes last;    /* the last name that was a file and is still the beginning of the names that follow, each on
	                           * its own behind a NUL: "a", "a-b" while "a-b-c" and a folder "a" may still come */
};

struct gbx_git_tree {
	size_t id_len;
	struct gbx_hash *hash;
	struct folder *folder;
	size_t depth, made, cap;
	struct gbx_bytes path; /* of the last entry */
	gbx_git_tree_fn each;
	void *arg;
};

enum gbx_hash_algorithm gbx_git_hash(enum gbx_git_format format)
{
	return format == GBX_GIT_SHA1 ? GBX_SHA1 : GBX_SHA256;
}

/* "<kind> <size>" and a NUL stand before the content of every git object. */
static void start_object(struct gbx_hash *h, const char *kind, uint64_t size)
{
	char head[48];
	int len = snprintf(head, sizeof head, "%s %llu", kind, (unsigned long long)size);

	gbx_hash_start(h);
	gbx_hash_update(h, head, (size_t)len + 1);
}

void gbx_git_blob_start(struct gbx_hash *h, uint64_t size)
{
	start_object(h, "blob", size);
}

static int open_folder(struct gbx_git_tree *t, size_t path, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&t->folder, &t->cap, t->depth, sizeof *t->folder, err);

	if (rc)
		return rc;
	struct folder *f = t->folder + t->depth;
	if (t->depth == t->made) {
		*f = (struct folder){0};
		t->made++;
	}
	f->path = path;
	f->entries = 0;
	f->content.len = 0;
	f->last.len = 0;
	t->depth++;
	return 0;
}

int gbx_git_tree_new(enum gbx_git_format format, struct gbx_git_tree **out, struct gbx_error *err)
{
	GBX_AUTO_GIT_TREE struct gbx_git_tree *t = gbx_calloc(1, sizeof *t);

	if (!t)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a git tree");
	t->id_len = (size_t)format;
	int rc = gbx_hash_new(&t->hash, gbx_git_hash(format), err);
	if (rc == 0)
		rc = open_folder(t, 0, err);
	if (rc)
		return rc;
	*out = t;
	t = NULL;
	return 0;
}

void gbx_git_tree_free(struct gbx_git_tree *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->made; i++) {
		gbx_bytes_free(&t->folder[i].content);
		gbx_bytes_free(&t->folder[i].last);
	}
	gbx_free(t->folder);
	gbx_hash_free(t->hash);
	gbx_bytes_free(&t->path);
	gbx_free(t);
}

void gbx_git_tree_release(struct gbx_git_tree **t)
{
	gbx_git_tree_free(*t);
	*t = NULL;
}

void gbx_git_tree_each(struct gbx_git_tree *t, gbx_git_tree_fn each, void *arg)
{
	t->each = each;
	t->arg = arg;
}

static int bad_path(struct gbx_slice path, const char *why, struct gbx_error *err)
{
	char shown[256];

	return gbx_fail(err, GBX_E_MALFORMED, "git tree, path '%s': %s", gbx_printable_in(path, shown, sizeof shown), why);
}

static int append_entry(struct folder *f, const char *mode, struct gbx_slice name, const uint8_t *id, size_t id_len,
			struct gbx_error *err)
{
	if (f->entries == GBX_LIMIT_TREE_ENTRIES)
		return gbx_fail(err, GBX_E_LIMIT, "a folder has more than %u entries", GBX_LIMIT_TREE_ENTRIES);
	int rc = gbx_bytes_append(&f->content, mode, strlen(mode), err);
	if (rc == 0)
		rc = gbx_bytes_append(&f->content, name.data, name.len, err);
	if (rc == 0)
		rc = gbx_bytes_append(&f->content, "", 1, err);
	if (rc == 0)
		rc = gbx_bytes_append(&f->content, id, id_len, err);
	if (rc == 0)
		f->entries++;
	return rc;
}

/* The last of the files that are remembered; empty where none is. */
static struct gbx_slice last_file(const struct folder *f)
{
	const char *start = (const char *)f->last.data;
	size_t at = f->last.len ? f->last.len - 1 : 0;

	while (at && start[at - 1])
		at--;
	return f->last.len ? gbx_slice(start + at, f->last.len - 1 - at) : (struct gbx_slice){0};
}

/* Forgets the files whose names the next name does not begin with: nothing that follows can clash with them. */
static void forget_files(struct folder *f, struct gbx_slice name)
{
	while (f->last.len) {
		struct gbx_slice last = last_file(f);
		if (last.len <= name.len && memcmp(last.data, name.data, last.len) == 0)
			return;
		f->last.len -= last.len + 1;
	}
}

static int close_folder(struct gbx_git_tree *t, uint8_t *id, struct gbx_error *err)
{
	struct folder *f = t->folder + t->depth - 1;
	struct gbx_slice content = gbx_slice_of(&f->content);

	start_object(t->hash, "tree", content.len);
	gbx_hash_update(t->hash, content.data, content.len);
	int rc = gbx_hash_final(t->hash, id, err);
	if (rc == 0 && t->each)
		rc = t->each(t->arg, gbx_slice(t->path.data, f->path), id, content, err);
	return rc;
}

/* Completes the innermost folder and enters it into the one that holds it. */
static int leave_folder(struct gbx_git_tree *t, struct gbx_error *err)
{
	uint8_t id[GBX_SHA256_LEN];
	struct folder *inner = t->folder + t->depth - 1, *outer = inner - 1;
	size_t name = outer->path + (outer->path != 0);
	int rc = close_folder(t, id, err);

	if (rc)
		return rc;
	t->depth--;
	return append_entry(outer, "40000 ", gbx_slice(t->path.data + name, inner->path - name), id, t->id_len, err);
}

/* The innermost open folder holds path. */
static bool holds(const struct gbx_git_tree *t, struct gbx_slice path)
{
	size_t len = t->folder[t->depth - 1].path;

	return len == 0 || (path.len > len && path.data[len] == '/' && memcmp(path.data, t->path.data, len) == 0);
}

static int enter_folders(struct gbx_git_tree *t, struct gbx_slice path, struct gbx_error *err)
{
	for (;;) {
		struct folder *f = t->folder + t->depth - 1;
		size_t start = f->path + (f->path != 0);
		const uint8_t *slash = memchr(path.data + start, '/', path.len - start);
		if (!slash)
			return 0;
		size_t end = (size_t)(slash - path.data);
		struct gbx_slice name = gbx_slice(path.data + start, end - start);
		forget_files(f, name);
		if (gbx_slice_equal(last_file(f), name))
			return bad_path(path, "a folder on the way to it is a file, too", err);
		int rc = open_folder(t, end, err);
		if (rc)
			return rc;
	}
}

static const char *mode_of(enum gbx_file_type type)
{
	static const char *const mode[] = {[GBX_FILE] = "100644 ", [GBX_EXECUTABLE] = "100755 ", [GBX_SYMLINK] = "120000 ",
					   [GBX_GITLINK] = "160000 "};

	return mode[type];
}

int gbx_git_tree_add(struct gbx_git_tree *t, struct gbx_slice path, enum gbx_file_type type, const uint8_t *git_id,
		     struct gbx_error *err)
{
	int rc = 0;

	if (!gbx_is_clean_path(path))
		return bad_path(path, "not a clean relative path", err);
	if (gbx_has_dot_git(path))
		return bad_path(path, "git keeps this name for itself", err);
	if (t->path.len && gbx_slice_compare(gbx_slice_of(&t->path), path) >= 0)
		return bad_path(path, "not sorted behind the one before", err);
	while (rc == 0 && !holds(t, path))
		rc = leave_folder(t, err);
	if (rc == 0)
		rc = enter_folders(t, path, err);
	if (rc)
		return rc;
	struct folder *f = t->folder + t->depth - 1;
	size_t start = f->path + (f->path != 0);
	struct gbx_slice name = gbx_slice(path.data + start, path.len - start);
	forget_files(f, name);
	rc = append_entry(f, mode_of(type), name, git_id, t->id_len, err);
	if (rc == 0)
		rc = gbx_bytes_append(&f->last, name.data, name.len, err);
	if (rc == 0)
		rc = gbx_bytes_append(&f->last, "", 1, err);
	t->path.len = 0;
	return rc ? rc : gbx_bytes_append(&t->path, path.data, path.len, err);
}

int gbx_git_tree_finish(struct gbx_git_tree *t, uint8_t *id, struct gbx_error *err)
{
	uint8_t root[GBX_SHA256_LEN];
	int rc = 0;

	while (rc == 0 && t->depth > 1)
		rc = leave_folder(t, err);
	if (rc == 0)
		rc = close_folder(t, root, err);
	if (rc == 0)
		memcpy(id, root, t->id_len);
	return rc;
}
