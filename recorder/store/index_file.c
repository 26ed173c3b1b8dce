#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/filesystem.h"
#include "store/index_parts.h"
#include "store/schema.h"

/* Files that a killed process left unfinished are removed by others after a day. */
#define UNFINISHED_NANOS ((uint64_t)24 * 3600 * 1000000000u)

static int use_folder(char *path, char **out)
{
	if (!path || gbx_make_dirs(path, 0700, NULL) || gbx_filesystem_of(path).shared || access(path, W_OK | X_OK)) {
		gbx_free(path);
		return 1;
	}
	*out = path;
	return 0;
}

/* One folder for each store, named by the store's path. */
static int place_in_cache(const struct gbx_store *s, const char *cache, char **out)
{
	uint8_t digest[GBX_SHA256_LEN];
	char hex[33];

	if (gbx_own_folder(cache, NULL) || gbx_sha256(gbx_slice_text(s->path), digest, NULL))
		return 1;
	gbx_hex(digest, 16, hex);
	return use_folder(gbx_asprintf("%s/index/%s", cache, hex), out);
}

int gbx_index_place(const struct gbx_store *s, const char *const *cache, char **out, struct gbx_error *err)
{
	char *path = gbx_path_join(s->path, "index");

	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	*out = NULL;
	if (gbx_filesystem_of(s->path).shared || access(s->path, W_OK | X_OK))
		gbx_free(path);
	else if (use_folder(path, out) == 0)
		return 0;
	for (; cache && *cache; cache++)
		if (place_in_cache(s, *cache, out) == 0)
			return 0;
	return 0;
}

/* The number in "<number>.sqlite" and the like; 0 for other names. */
static uint64_t generation_of(const char *name, const char **ending)
{
	uint64_t n;
	size_t digits = strspn(name, "0123456789");

	*ending = name + digits;
	return digits < 19 && gbx_parse_u63(gbx_slice(name, digits), &n) ? n : 0;
}

/* The newest one; 0: there is none. */
static int find_generation(const char *folder, uint64_t *out, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	const char *ending;
	int rc = gbx_list_dir(AT_FDCWD, folder, &names, err);

	*out = 0;
	for (size_t i = 0; rc == 0 && i < names.len; i++) {
		uint64_t n = generation_of(names.name[i], &ending);
		if (n > *out && strcmp(ending, ".sqlite") == 0)
			*out = n;
	}
	return rc;
}

/* Removes those before the generation that is open, and what was never finished. */
static void remove_old(const struct gbx_index *index)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	const char *ending;
	struct stat st;

	if (gbx_list_dir(AT_FDCWD, index->folder, &names, NULL))
		return;
	for (size_t i = 0; i < names.len; i++) {
		GBX_AUTO_STRING char *path = gbx_path_join(index->folder, names.name[i]);
		uint64_t n = generation_of(names.name[i], &ending);
		bool old = n && n < index->generation && strncmp(ending, ".sqlite", 7) == 0;
		bool unfinished = path && strncmp(names.name[i], "new-", 4) == 0 && gbx_lstat(path, &st, NULL) == 0 &&
				  gbx_mtime_nanos(&st) + UNFINISHED_NANOS < gbx_now_nanos();
		if (path && (old || unfinished))
			(void)!gbx_unlink(path, NULL);
	}
}

static char *generation_path(const struct gbx_index *index, uint64_t generation)
{
	return gbx_asprintf("%s/%llu.sqlite", index->folder, (unsigned long long)generation);
}

static int set_version(struct gbx_db *db, int64_t version, struct gbx_error *err)
{
	char sql[64];

	snprintf(sql, sizeof sql, "PRAGMA user_version = %lld", (long long)version);
	return gbx_db_run(db, sql, err);
}

/* The steps from one version to this program's, all or none. */
static int run_steps(struct gbx_db *db, int64_t version, struct gbx_error *err)
{
	int rc = 0;

	for (int64_t v = version; rc == 0 && v < gbx_schema_version; v++)
		rc = gbx_db_run(db, gbx_schema[v], err);
	return rc ? rc : set_version(db, gbx_schema_version, err);
}

static int make_schema(struct gbx_db *db, struct gbx_error *err)
{
	char sql[64];

	snprintf(sql, sizeof sql, "PRAGMA application_id = %d", GBX_INDEX_APPLICATION);
	int rc = gbx_db_run(db, sql, err);
	if (rc == 0)
		rc = gbx_db_run(db, "BEGIN", err);
	if (rc == 0)
		rc = run_steps(db, 0, err);
	return rc ? rc : gbx_db_run(db, "COMMIT", err);
}

static int read_version(struct gbx_db *db, int64_t *version, struct gbx_error *err)
{
	int64_t application;
	int rc = gbx_db_number(db, "PRAGMA application_id", &application, err);

	if (rc == 0)
		rc = gbx_db_number(db, "PRAGMA user_version", version, err);
	if (rc == 0 && (application != GBX_INDEX_APPLICATION || *version < 1))
		rc = gbx_fail(err, GBX_E_MALFORMED, "it is another program's");
	return rc;
}

/* Another process may do the same at the same moment: the version is read again where nobody else can change it. */
static int migrate(struct gbx_db *db, struct gbx_error *err)
{
	int64_t version;
	int rc = gbx_db_run(db, "BEGIN IMMEDIATE", err);

	if (rc == 0)
		rc = read_version(db, &version, err);
	if (rc == 0 && version < gbx_schema_version)
		rc = run_steps(db, version, err);
	return rc ? rc : gbx_db_run(db, "COMMIT", err);
}

static int check_version(struct gbx_db *db, struct gbx_error *err)
{
	int64_t version;
	int rc = read_version(db, &version, err);

	if (rc == 0 && version > gbx_schema_version)
		return gbx_fail(err, GBX_E_VERSION, "it has version %lld, and this program knows %lld", (long long)version,
				(long long)gbx_schema_version);
	return rc || version == gbx_schema_version ? rc : migrate(db, err);
}

int gbx_index_file_begin(struct gbx_index *index, char **path, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	uint64_t unique;
	int rc = gbx_random(&unique, sizeof unique, err);

	if (rc)
		return rc;
	GBX_AUTO_STRING char *made = gbx_asprintf("%s/new-%016llx", index->folder, (unsigned long long)unique);
	if (!made)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	/* By us, since SQLite makes files that others may read. */
	rc = gbx_create_new(made, 0600, &fd, err);
	if (rc == 0)
		rc = gbx_db_open(made, &index->db, err);
	/* Nobody knows of the file yet, and it is synced once at its end. */
	if (rc == 0)
		rc = gbx_db_run(index->db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; "
					   "PRAGMA foreign_keys = ON", err);
	if (rc == 0)
		rc = make_schema(index->db, err);
	if (rc) {
		gbx_db_close(&index->db);
		(void)!gbx_unlink(made, NULL);
		return rc;
	}
	*path = made;
	made = NULL;
	return 0;
}

static int sync_file(const char *path, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	int rc = gbx_open_regular(AT_FDCWD, path, &fd, err);

	return rc ? rc : gbx_sync(fd, err);
}

/* Under the number `generation`, or the next that is free where `next`. */
static int publish(struct gbx_index *index, const char *path, uint64_t generation, bool next, struct gbx_error *err)
{
	int rc = GBX_E_EXISTS;

	while (rc == GBX_E_EXISTS) {
		GBX_AUTO_STRING char *to = generation_path(index, generation);
		rc = to ? gbx_rename_new(path, to, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
		if (rc == GBX_E_EXISTS && !next)
			break;
		if (rc == GBX_E_EXISTS)
			generation++;
	}
	if (rc)
		(void)!gbx_unlink(path, NULL);
	if (rc == 0)
		rc = gbx_sync_dir(index->folder, err);
	if (rc == 0)
		index->generation = generation;
	return rc == GBX_E_EXISTS ? 0 : rc;
}

/* The modes that it is used in, and on the disk. */
static int finish(struct gbx_index *index, const char *path, struct gbx_error *err)
{
	int rc = gbx_db_run(index->db, "PRAGMA journal_mode = WAL", err);

	gbx_db_close(&index->db);
	if (rc == 0)
		rc = sync_file(path, err);
	if (rc)
		(void)!gbx_unlink(path, NULL);
	return rc;
}

/* An empty one, unless somebody else made it at the same moment. */
static int make_empty(struct gbx_index *index, uint64_t generation, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = NULL;
	int rc = gbx_index_file_begin(index, &path, err);

	if (rc == 0)
		rc = finish(index, path, err);
	return rc ? rc : publish(index, path, generation, false, err);
}

static int open_newest(struct gbx_index *index, struct gbx_error *err)
{
	int rc = find_generation(index->folder, &index->generation, err);

	if (rc == 0 && index->generation == 0) {
		rc = make_empty(index, 1, err);
		index->generation = 1;
	}
	if (rc)
		return rc;
	GBX_AUTO_STRING char *path = generation_path(index, index->generation);
	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	rc = gbx_db_open(path, &index->db, err);
	if (rc == 0)
		rc = gbx_db_run(index->db, "PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA foreign_keys = ON", err);
	if (rc == 0)
		rc = check_version(index->db, err);
	if (rc && !gbx_exists(path))
		return 1;
	return rc;
}

static int open_memory(struct gbx_index *index, struct gbx_error *err)
{
	int rc = gbx_db_open(NULL, &index->db, err);

	if (rc == 0)
		rc = gbx_db_run(index->db, "PRAGMA foreign_keys = ON", err);
	return rc ? rc : make_schema(index->db, err);
}

int gbx_index_file_open(struct gbx_index *index, struct gbx_error *err)
{
	int rc = 1;

	if (!index->folder)
		return open_memory(index, err);
	/* Another process may have removed it as an old one, and then there is a newer. */
	for (int tries = 0; rc == 1 && tries < 10; tries++) {
		gbx_db_close(&index->db);
		rc = open_newest(index, err);
	}
	return rc == 1 ? gbx_fail(err, GBX_E_IO, "it was replaced ten times while it was opened") : rc;
}

int gbx_index_file_replace(struct gbx_index *index, struct gbx_error *err)
{
	gbx_db_close(&index->db);
	int rc = make_empty(index, index->generation + 1, err);

	if (rc)
		return rc;
	rc = find_generation(index->folder, &index->generation, err);
	if (rc == 0)
		remove_old(index);
	return rc;
}

int gbx_index_file_commit(struct gbx_index *index, const char *path, struct gbx_error *err)
{
	uint64_t newest;
	int rc = finish(index, path, err);

	if (rc == 0)
		rc = find_generation(index->folder, &newest, err);
	if (rc == 0)
		rc = publish(index, path, newest + 1, true, err);
	if (rc == 0)
		remove_old(index);
	return rc;
}
