#include <sys/stat.h>

#include "base/mem.h"
#include "capture/git.h"
#include "capture/gitlib.h"

/* Up to so many objects each is synced when it is written. More come with the first copy of a whole repository; then one syncfs at
 * the end costs less. */
#define SYNCED_ONE_BY_ONE 64u

struct gbx_git_objects {
	git_odb *synced; /* writes and syncs */
	git_odb *bulk;   /* writes; packs and loose objects are looked up here */
	uint64_t written;
	char *folder;
};

static int add_loose(git_odb *odb, const char *objects, int sync)
{
	/* Level 1: a job waits for this, and source code is small. */
	git_odb_backend *loose = NULL;
	int rc = git_odb_backend_loose(&loose, objects, 1, sync, 0700, 0600);

	return rc < 0 ? rc : git_odb_add_backend(odb, loose, 2);
}

static int add_packs(git_odb *odb, const char *objects)
{
	git_odb_backend *packs = NULL;
	int rc = git_odb_backend_pack(&packs, objects);

	return rc < 0 ? rc : git_odb_add_backend(odb, packs, 1);
}

void gbx_git_objects_close(struct gbx_git_objects **objects)
{
	struct gbx_git_objects *o = *objects;

	if (!o)
		return;
	git_odb_free(o->synced);
	git_odb_free(o->bulk);
	gbx_free(o->folder);
	gbx_free(o);
	*objects = NULL;
}

int gbx_git_objects_open(const char *objects, struct gbx_git_objects **out, struct gbx_error *err)
{
	GBX_AUTO_GIT_OBJECTS struct gbx_git_objects *o = NULL;
	int rc = gbx_gitlib_start(err);

	if (rc)
		return rc;
	o = gbx_calloc(1, sizeof *o);
	if (o)
		o->folder = gbx_strdup(objects);
	if (!o || !o->folder)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a database of objects");
	rc = git_odb_new(&o->synced);
	if (rc == 0)
		rc = git_odb_new(&o->bulk);
	if (rc == 0)
		rc = add_loose(o->synced, objects, 1);
	if (rc == 0)
		rc = add_loose(o->bulk, objects, 0);
	if (rc == 0)
		rc = add_packs(o->bulk, objects);
	if (rc < 0)
		return gbx_gitlib_fail(rc, "cannot open the store's objects", err);
	*out = o;
	o = NULL;
	return 0;
}

bool gbx_git_objects_have(struct gbx_git_objects *objects, const uint8_t *id)
{
	git_oid oid;

	gbx_gitlib_oid(&oid, id);
#if GBX_LIBGIT2(1, 2)
	/* Without looking again for new packs at each object that is not there. */
	return git_odb_exists_ext(objects->bulk, &oid, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
#else
	return git_odb_exists(objects->bulk, &oid) == 1;
#endif
}

int gbx_git_objects_write(struct gbx_git_objects *objects, bool tree, struct gbx_slice content, struct gbx_error *err)
{
	git_odb *odb = objects->written < SYNCED_ONE_BY_ONE ? objects->synced : objects->bulk;
	git_oid oid;
	int rc = git_odb_write(&oid, odb, content.len ? (const void *)content.data : "", content.len,
			       tree ? GIT_OBJECT_TREE : GIT_OBJECT_BLOB);

	if (rc < 0)
		return gbx_gitlib_fail(rc, "cannot write an object to the store", err);
	objects->written++;
	return 0;
}

int gbx_git_objects_sync(struct gbx_git_objects *objects, struct gbx_error *err)
{
	return objects->written > SYNCED_ONE_BY_ONE ? gbx_sync_filesystem(objects->folder, err) : 0;
}

struct gbx_git_reader {
	git_odb *odb;
	git_repository *repo;
	git_tree *tree;
	git_blob *blob;
};

void gbx_git_reader_close(struct gbx_git_reader **reader)
{
	struct gbx_git_reader *r = *reader;

	if (!r)
		return;
	git_blob_free(r->blob);
	git_tree_free(r->tree);
	git_repository_free(r->repo);
	git_odb_free(r->odb);
	gbx_free(r);
	*reader = NULL;
}

int gbx_git_reader_open(const char *objects, const uint8_t *tree, size_t id_len, struct gbx_git_reader **out,
			struct gbx_error *err)
{
	GBX_AUTO_GIT_READER struct gbx_git_reader *r = NULL;
	git_oid oid;

	if (id_len != GIT_OID_RAWSZ)
		return gbx_fail(err, GBX_E_VERSION, "git: libgit2 cannot read objects with ids of %zu bytes", id_len);
	int rc = gbx_gitlib_start(err);
	if (rc)
		return rc;
	r = gbx_calloc(1, sizeof *r);
	if (!r)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a database of objects");
	gbx_gitlib_oid(&oid, tree);
	rc = git_odb_open(&r->odb, objects);
	if (rc == 0)
		rc = git_repository_wrap_odb(&r->repo, r->odb);
	if (rc == 0)
		rc = git_tree_lookup(&r->tree, r->repo, &oid);
	if (rc < 0)
		return gbx_gitlib_fail(rc, "cannot read the snapshot's tree", err);
	*out = r;
	r = NULL;
	return 0;
}

int gbx_git_reader_blob(struct gbx_git_reader *reader, const char *path, struct gbx_slice *content, struct gbx_error *err)
{
	git_tree_entry *entry = NULL;
	git_blob *blob = NULL;
	int rc = git_tree_entry_bypath(&entry, reader->tree, path);

	if (rc == 0)
		rc = git_blob_lookup(&blob, reader->repo, git_tree_entry_id(entry));
	git_tree_entry_free(entry);
	if (rc < 0)
		return gbx_gitlib_fail(rc, "cannot read a file of the snapshot", err);
	git_blob_free(reader->blob);
	reader->blob = blob;
	*content = gbx_slice(git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
	return 0;
}
