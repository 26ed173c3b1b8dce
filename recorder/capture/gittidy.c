#include "capture/gittidy.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "capture/gitlib.h"

#define NAME_LEN (2 * GIT_OID_RAWSZ)

/* The ref in one repository; one that is not there is fine. */
static int forget_in(const char *path, unsigned flags, const char *run, struct gbx_error *err)
{
	git_repository *repo = NULL;
	char ref[64];
	int rc = git_repository_open_ext(&repo, path, flags, NULL);

	if (rc == GIT_ENOTFOUND) {
		/* Without a setting safe.directory, 1.5 says of a repository of somebody else that it found none. */
		rc = gbx_gitlib_fail(rc, "cannot open the repository", err);
		return rc == GBX_E_NOTFOUND ? 0 : rc;
	}
	snprintf(ref, sizeof ref, "refs/glassbox/runs/%s", run);
	if (rc == 0)
		rc = git_reference_remove(repo, ref);
	git_repository_free(repo);
	return rc < 0 && rc != GIT_ENOTFOUND ? gbx_gitlib_fail(rc, "cannot delete a ref", err) : 0;
}

int gbx_git_forget(const char *store, const char *run, struct gbx_error *err)
{
	GBX_AUTO_STRING char *own = gbx_path_join(store, "git");
	int rc = own ? gbx_gitlib_start(err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc)
		return rc;
	rc = forget_in(store, 0, run, err);
	int kept = forget_in(own, GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_BARE, run, rc ? NULL : err);
	return rc ? rc : kept;
}

/* An object that was met: a loose one of the store, or a tree, wherever it lies. */
struct node {
	git_oid id;
	bool used;     /* this place of the table */
	bool loose;
	size_t mark;   /* number of the run that met it last, from 1 */
	uint64_t size;
};

struct tidy {
	const struct gbx_code_tidy *o;
	struct gbx_code_use *use;
	git_repository *repo;
	git_odb *odb;
	struct node *node; /* open addressing; at most half full */
	size_t cap, len;
	size_t mark;
	uint64_t *sum;     /* bytes that the run at hand reaches */
	int rc;            /* of a walk that ended early */
	struct gbx_error *err;
};

static void free_tidy(struct tidy *t)
{
	git_repository_free(t->repo);
	git_odb_free(t->odb);
	gbx_free(t->node);
}

/* The place of an id: where it is, or where it would be. */
static struct node *place(struct node *node, size_t cap, const git_oid *id)
{
	size_t at;

	memcpy(&at, id->id, sizeof at);
	for (at &= cap - 1; node[at].used && git_oid_cmp(&node[at].id, id) != 0; at = (at + 1) & (cap - 1))
		;
	return &node[at];
}

static int make_room(struct tidy *t, struct gbx_error *err)
{
	size_t cap = t->cap ? 2 * t->cap : 4096;

	if (t->cap > 2 * t->len + 2)
		return 0;
	struct node *bigger = gbx_calloc(cap, sizeof *bigger);
	if (!bigger)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a table of objects");
	for (size_t i = 0; i < t->cap; i++)
		if (t->node[i].used)
			*place(bigger, cap, &t->node[i].id) = t->node[i];
	gbx_free(t->node);
	t->node = bigger;
	t->cap = cap;
	return 0;
}

static int add(struct tidy *t, const git_oid *id, struct node **out, struct gbx_error *err)
{
	int rc = make_room(t, err);

	if (rc)
		return rc;
	*out = place(t->node, t->cap, id);
	t->len += !(*out)->used;
	(*out)->used = true;
	(*out)->id = *id;
	return 0;
}

/* Calls each with every loose object: the open folder of its first two digits, its name there, and its id. */
typedef int (*loose_fn)(struct tidy *t, int dirfd, const char *name, const git_oid *id, struct gbx_error *err);

static int each_in(struct tidy *t, int objects, const char *two, loose_fn each, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	GBX_AUTO_FD int fd = -1;
	char hex[NAME_LEN + 1];
	git_oid id;
	int rc = gbx_open_dir(objects, two, true, &fd, err);

	if (rc == 0)
		rc = gbx_list_dir(fd, ".", &names, err);
	for (size_t i = 0; rc == 0 && i < names.len; i++) {
		if (strlen(names.name[i]) != NAME_LEN - 2)
			continue;
		snprintf(hex, sizeof hex, "%s%s", two, names.name[i]);
		memset(&id, 0, sizeof id);
		if (gbx_unhex(gbx_slice_text(hex), id.id, GIT_OID_RAWSZ))
			rc = each(t, fd, names.name[i], &id, err);
	}
	return rc;
}

static int each_loose(struct tidy *t, loose_fn each, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_path_join(t->o->store, "git/objects");
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	GBX_AUTO_FD int fd = -1;
	uint8_t first;
	int rc = path ? gbx_open_dir(AT_FDCWD, path, false, &fd, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc == 0)
		rc = gbx_list_dir(fd, ".", &names, err);
	for (size_t i = 0; rc == 0 && i < names.len; i++)
		if (gbx_unhex(gbx_slice_text(names.name[i]), &first, 1))
			rc = each_in(t, fd, names.name[i], each, err);
	return rc;
}

static int count_loose(struct tidy *t, int dirfd, const char *name, const git_oid *id, struct gbx_error *err)
{
	struct node *n;
	struct stat st;
	int rc = gbx_fstatat(dirfd, name, &st, err);

	if (rc == 0)
		rc = add(t, id, &n, err);
	if (rc)
		return rc;
	n->loose = true;
	n->size = (uint64_t)st.st_size;
	t->use->objects++;
	t->use->bytes += n->size;
	return 0;
}

/* Whether the object was not met in this run yet; its bytes are the run's. */
static bool meet(struct tidy *t, struct node *n)
{
	if (n->mark == t->mark)
		return false;
	n->mark = t->mark;
	*t->sum += n->size;
	return true;
}

/* 1: not into this one, which was met already. */
static int on_entry(const char *root, const git_tree_entry *entry, void *arg)
{
	struct tidy *t = arg;
	const git_oid *id = git_tree_entry_id(entry);
	struct node *n;

	(void)root;
	if (git_tree_entry_type(entry) == GIT_OBJECT_TREE) {
		t->rc = add(t, id, &n, t->err);
		return t->rc ? -1 : !meet(t, n);
	}
	n = place(t->node, t->cap, id);
	if (n->used)
		meet(t, n);
	return 0;
}

static int walk(struct tidy *t, const git_oid *id, struct gbx_error *err)
{
	git_tree *tree = NULL;
	struct node *n;
	int rc = add(t, id, &n, err);

	if (rc || !meet(t, n))
		return rc;
	t->err = err;
	rc = git_tree_lookup(&tree, t->repo, id);
	if (rc == 0)
		rc = git_tree_walk(tree, GIT_TREEWALK_PRE, on_entry, t);
	git_tree_free(tree);
	if (t->rc)
		return t->rc;
	return rc < 0 ? gbx_gitlib_fail(rc, "cannot read a snapshot's tree", err) : 0;
}

static int walk_trees(struct tidy *t, bool in_store, uint64_t *runs, struct gbx_error *err)
{
	struct gbx_error why;
	git_oid id;

	for (size_t i = 0; i < t->o->trees; i++) {
		const struct gbx_code_tree *tree = &t->o->tree[i];
		if (tree->in_store != in_store)
			continue;
		t->mark = tree->run + 1;
		t->sum = &runs[tree->run];
		gbx_gitlib_oid(&id, tree->id);
		int rc = walk(t, &id, &why);
		if (rc && (in_store || rc != GBX_E_NOTFOUND))
			return gbx_fail(err, rc, "%s", why.line);
	}
	return 0;
}

/* Those that must be whole come first: what is met is not looked into again. */
static int walk_runs(struct tidy *t, uint64_t *runs, struct gbx_error *err)
{
	int rc = walk_trees(t, true, runs, err);

	return rc ? rc : walk_trees(t, false, runs, err);
}

static int tidy_loose(struct tidy *t, int dirfd, const char *name, const git_oid *id, struct gbx_error *err)
{
	struct node *n = place(t->node, t->cap, id);
	struct stat st;

	if ((n->used && n->mark) || gbx_fstatat(dirfd, name, &st, NULL) || gbx_mtime_nanos(&st) >= t->o->keep_from)
		return 0;
	t->use->unneeded++;
	t->use->freed += (uint64_t)st.st_size;
	return t->o->remove ? gbx_unlink_at(dirfd, name, err) : 0;
}

int gbx_git_tidy(const struct gbx_code_tidy *o, struct gbx_code_use *use, uint64_t *runs, struct gbx_error *err)
{
	GBX_CLEANUP(free_tidy) struct tidy t = {.o = o, .use = use};
	GBX_AUTO_STRING char *objects = gbx_path_join(o->store, "git/objects");

	if (!objects)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	if (!gbx_exists(objects))
		return 0;
	int rc = gbx_gitlib_start(err);
	if (rc)
		return rc;
	rc = git_odb_open(&t.odb, objects);
	if (rc == 0)
		rc = git_repository_wrap_odb(&t.repo, t.odb);
	if (rc < 0)
		return gbx_gitlib_fail(rc, "cannot open the store's objects", err);
	rc = make_room(&t, err);
	if (rc == 0)
		rc = each_loose(&t, count_loose, err);
	if (rc == 0)
		rc = walk_runs(&t, runs, err);
	return rc ? rc : each_loose(&t, tidy_loose, err);
}
