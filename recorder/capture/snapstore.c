#include "capture/snapstore.h"

#include <errno.h>

#include "base/mem.h"
#include "base/text.h"

static const char no_head[] = "ref: refs/heads/none\n";
static const char settings[] = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[gc]\n\tauto = 0\n";

static int make_folder(const char *repository, const char *name, mode_t mode, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_path_join(repository, name);

	return path ? gbx_make_dirs(path, mode, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
}

static int replace(const char *repository, const char *name, struct gbx_slice content, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_path_join(repository, name);

	return path ? gbx_replace_file(path, content, 0600, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
}

/* HEAD comes last: where it is, all of it is. Two recorders that do this at once write the same bytes. */
static int make_repository(const char *repository, struct gbx_error *err)
{
	static const char *const folder[] = {"objects/info", "objects/pack", "refs"};
	GBX_AUTO_STRING char *head = gbx_path_join(repository, "HEAD");
	int rc = head ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc == 0 && gbx_exists(head))
		return 0;
	for (size_t i = 0; rc == 0 && i < sizeof folder / sizeof *folder; i++)
		rc = make_folder(repository, folder[i], 0700, err);
	if (rc == 0)
		rc = replace(repository, "config", gbx_slice_text(settings), err);
	return rc ? rc : replace(repository, "HEAD", gbx_slice_text(no_head), err);
}

/* Who may read a ref: in the user's repository whoever the umask lets, as with git, since others may work there and a ref that they
 * cannot read stops their git; in the store its owner. */
struct modes {
	mode_t folder, file;
};
static const struct modes theirs = {0777, 0666}, ours = {0700, 0600};

/* Written as git writes refs: to a file whose name ends in ".lock", which git never takes for a ref, and then renamed. */
static int write_ref(const char *repository, const char *run, const uint8_t *id, size_t id_len, struct modes modes,
		     struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_asprintf("%s/refs/glassbox/runs/%s", repository, run);
	GBX_AUTO_STRING char *lock = gbx_asprintf("%s/refs/glassbox/runs/%s.lock", repository, run);
	GBX_AUTO_FD int fd = -1;
	char hex[2 * GBX_GIT_ID_MAX + 2];

	gbx_hex(id, id_len, hex);
	strcat(hex, "\n");
	int rc = path && lock ? make_folder(repository, "refs/glassbox/runs", modes.folder, err)
			      : gbx_fail(err, GBX_E_NOMEM, "no memory for a ref");
	if (rc == 0)
		rc = gbx_create_new(lock, modes.file, &fd, err);
	if (rc == 0)
		rc = gbx_write(fd, hex, 2 * id_len + 1, err);
	if (rc == 0)
		rc = gbx_sync(fd, err);
	if (rc == 0)
		rc = gbx_rename(lock, path, err);
	if (rc && fd >= 0)
		(void)!gbx_unlink(lock, NULL);
	return rc;
}

/* "../" for each folder from <common>/<inside>/git/objects up to <common>, and then down again: relative, so that a repository that is
 * moved keeps working. */
static int borrow_from(const char *repository, const char *inside, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes line = {0}, before = {0};
	GBX_AUTO_STRING char *path = gbx_path_join(repository, "objects/info/alternates");
	int rc = path ? gbx_bytes_printf(&line, err, "../../") : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	for (const char *p = inside; rc == 0 && p && *p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
		rc = gbx_bytes_printf(&line, err, "../");
	if (rc == 0)
		rc = gbx_bytes_printf(&line, err, "objects\n");
	if (rc)
		return rc;
	if (gbx_load_file(path, 4096, &before, NULL) == 0 && gbx_slice_equal(gbx_slice_of(&before), gbx_slice_of(&line)))
		return 0;
	return gbx_replace_file(path, gbx_slice_of(&line), 0600, err);
}

/* Whether objects of the repository are borrowed: only where the store moves with it, and only what a ref keeps. */
static int decide(struct gbx_snapstore *s, const struct gbx_git *git, const struct gbx_git_head *head, struct gbx_error *err)
{
	GBX_AUTO_STRING char *store = NULL, *common = NULL;
	int rc = gbx_realpath(s->options->store, &store, err);

	if (rc == 0)
		rc = gbx_realpath(gbx_git_common(git), &common, err);
	if (rc)
		return rc;
	const char *inside = gbx_path_under(store, common);
	s->copy = inside == NULL;
	if (!s->copy && head->id_len)
		s->copy = write_ref(common, s->options->run, head->commit, head->id_len, theirs, NULL) != 0;
	return s->copy ? 0 : borrow_from(s->repository, inside, err);
}

int gbx_snapstore_open(struct gbx_snapstore *s, const struct gbx_code_options *o, const struct gbx_git *git,
		       const struct gbx_git_head *head, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_snapstore_close) struct gbx_snapstore made = {.options = o, .repository = gbx_path_join(o->store, "git")};
	GBX_AUTO_STRING char *objects = gbx_path_join(o->store, "git/objects");
	int rc = made.repository && objects ? make_repository(made.repository, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc == 0)
		rc = decide(&made, git, head, err);
	if (rc == 0)
		rc = gbx_git_objects_open(objects, &made.objects, err);
	if (rc)
		return rc;
	*s = made;
	made = (struct gbx_snapstore){0};
	return 0;
}

void gbx_snapstore_close(struct gbx_snapstore *s)
{
	gbx_git_objects_close(&s->objects);
	gbx_free(s->repository);
	*s = (struct gbx_snapstore){0};
}

int gbx_snapstore_keep(struct gbx_snapstore *s, bool tree, const uint8_t *id, struct gbx_slice content, struct gbx_error *err)
{
	/* Writing one that is there makes it new, and gc leaves what is new. */
	return gbx_git_objects_have(s->objects, id) && !s->options->write_all ? 0 : gbx_git_objects_write(s->objects, tree, content, err);
}

int gbx_snapstore_keep_bytes(struct gbx_snapstore *s, const uint8_t sha256[GBX_SHA256_LEN], struct gbx_slice content,
			     struct gbx_error *err)
{
	char hex[2 * GBX_SHA256_LEN + 1];
	int rc = s->blobs ? 0 : gbx_make_dirs(s->options->blobs, 0700, err);

	if (rc)
		return rc;
	s->blobs = true;
	gbx_hex(sha256, GBX_SHA256_LEN, hex);
	GBX_AUTO_STRING char *path = gbx_path_join(s->options->blobs, hex);
	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	return gbx_exists(path) ? 0 : gbx_replace_file(path, content, 0600, err);
}

int gbx_snapstore_finish(struct gbx_snapstore *s, const uint8_t *tree, size_t id_len, struct gbx_error *err)
{
	int rc = gbx_git_objects_sync(s->objects, err);

	return rc ? rc : write_ref(s->repository, s->options->run, tree, id_len, ours, err);
}
