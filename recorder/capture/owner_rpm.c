#include <stdio.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "capture/metadata.h"
#include "capture/owner.h"
#include "capture/rpm_header.h"
#include "store/db.h"

bool gbx_owner_is_asked(const Glassbox__Library *l)
{
	static const char *const above[] = {"/usr/", "/lib", "/bin/", "/sbin/", "/opt/", "/etc/"};
	struct gbx_slice path = gbx_pb_slice(l->path->path);

	if (l->owner)
		return false;
	for (size_t i = 0; i < sizeof above / sizeof *above; i++)
		if (gbx_slice_starts(path, above[i]))
			return !gbx_slice_starts(path, "/usr/local/");
	return false;
}

/* Whether file `index` of a package is at this path, with or without a merged /usr. */
static bool has_file(const struct gbx_rpm_header *h, uint32_t index, struct gbx_slice path)
{
	struct gbx_slice folder, base;
	uint32_t at;

	if (!gbx_rpm_number(h, GBX_RPM_DIRINDEXES, index, &at) || !gbx_rpm_text(h, GBX_RPM_DIRNAMES, at, &folder) ||
	    !gbx_rpm_text(h, GBX_RPM_BASENAMES, index, &base))
		return false;
	if (path.len == folder.len + base.len + 4 && gbx_slice_starts(path, "/usr/"))
		path = gbx_slice(path.data + 4, path.len - 4);
	return path.len == folder.len + base.len && memcmp(path.data, folder.data, folder.len) == 0 &&
	       memcmp(path.data + folder.len, base.data, base.len) == 0;
}

static int own(const struct gbx_rpm_header *h, Glassbox__Library *library, struct gbx_software *out, struct gbx_error *err)
{
	Glassbox__Owner owner = GLASSBOX__OWNER__INIT;
	struct gbx_slice name, version, release, arch = {0};
	char text[2 * GBX_LIMIT_PACKAGE_NAME + 32], epoch[16] = "";
	uint32_t number;

	if (!gbx_rpm_text(h, GBX_RPM_NAME, 0, &name) || !gbx_rpm_text(h, GBX_RPM_VERSION, 0, &version) ||
	    !gbx_rpm_text(h, GBX_RPM_RELEASE, 0, &release) || !gbx_is_package_text(name) || !gbx_is_package_text(version) ||
	    !gbx_is_package_text(release))
		return gbx_fail(err, GBX_E_MALFORMED, "the header of a package: no name, version and release");
	if (gbx_rpm_number(h, GBX_RPM_EPOCH, 0, &number))
		snprintf(epoch, sizeof epoch, "%u:", number);
	snprintf(text, sizeof text, "%s%s-%s", epoch, (const char *)version.data, (const char *)release.data);
	owner.database = GLASSBOX__OWNER__DATABASE__RPM;
	owner.name = (char *)(uintptr_t)name.data;
	owner.version = text;
	if (gbx_rpm_text(h, GBX_RPM_ARCH, 0, &arch) && gbx_is_package_text(arch))
		owner.architecture = (char *)(uintptr_t)arch.data;
	return gbx_software_own(out, library, &owner, err);
}

struct statements {
	struct gbx_statement *named, *header;
};

/* Asks for the packages with a file of this name, and takes the one that has it there. */
static int ask(const struct statements *s, Glassbox__Library *library, struct gbx_software *out, struct gbx_error *err)
{
	struct gbx_slice path = gbx_pb_slice(library->path->path);
	GBX_AUTO_STRING char *copy = gbx_memdup(path.data, path.len);
	int rc;

	if (!copy)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	gbx_bind_text(s->named, 1, gbx_path_base(copy));
	while ((rc = gbx_statement_step(s->named, err)) == 1 && !library->owner) {
		struct gbx_rpm_header h;
		int64_t index = gbx_column_number(s->named, 1);
		gbx_bind_number(s->header, 1, gbx_column_number(s->named, 0));
		rc = gbx_statement_step(s->header, err);
		if (rc == 1)
			rc = gbx_rpm_header(gbx_column_bytes(s->header, 0), &h, err);
		else if (rc == 0)
			rc = gbx_fail(err, GBX_E_MALFORMED, "the database of rpm names a package that it does not have");
		if (rc == 0 && index >= 0 && index <= UINT32_MAX && has_file(&h, (uint32_t)index, path))
			rc = own(&h, library, out, err);
		gbx_statement_reset(s->header);
		if (rc)
			break;
	}
	gbx_statement_reset(s->named);
	return rc < 0 ? rc : 0;
}

int gbx_owner_rpm_database(const char *uri, struct gbx_wanted *wanted, struct gbx_software *out, struct gbx_error *err)
{
	GBX_AUTO_DB struct gbx_db *db = NULL;
	GBX_AUTO_STATEMENT struct gbx_statement *named = NULL;
	GBX_AUTO_STATEMENT struct gbx_statement *header = NULL;
	int rc = gbx_db_open_frozen(uri, &db, err);

	if (rc == 0)
		rc = gbx_db_prepare(db, "SELECT hnum, idx FROM Basenames WHERE key = ?", &named, err);
	if (rc == 0)
		rc = gbx_db_prepare(db, "SELECT blob FROM Packages WHERE hnum = ?", &header, err);
	for (size_t i = 0; rc == 0 && i < wanted->slots; i++)
		if (wanted->slot[i] && gbx_owner_is_asked(wanted->slot[i]))
			rc = ask(&(struct statements){named, header}, wanted->slot[i], out, err);
	return rc;
}

int gbx_owner_rpm(int root, struct gbx_wanted *wanted, struct gbx_software *out, bool *found, struct gbx_error *err)
{
	static const char *const folders[] = {"/usr/lib/sysimage/rpm", "/var/lib/rpm"};
	static const char *const older[] = {"Packages", "Packages.db"};

	*found = false;
	for (size_t i = 0; i < 2; i++) {
		GBX_AUTO_STRING char *path = gbx_path_join(folders[i], "rpmdb.sqlite"), *uri = gbx_asprintf("file:%s/rpmdb.sqlite", folders[i]);
		GBX_AUTO_FD int fd = -1;
		struct stat st;
		if (!path || !uri)
			return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
		*found = gbx_open_within(root, path, &fd, &st, NULL) == 0;
		if (*found && root >= 0)
			return gbx_fail(err, GBX_E_VERSION, "the database of rpm lies below another root");
		if (*found)
			return gbx_owner_rpm_database(uri, wanted, out, err);
		for (size_t k = 0; k < 2; k++) {
			GBX_AUTO_STRING char *old = gbx_path_join(folders[i], older[k]);
			*found = old && gbx_open_within(root, old, &fd, &st, NULL) == 0;
			if (*found)
				return gbx_fail(err, GBX_E_VERSION, "'%s' is a database of an older rpm", old);
		}
	}
	return 0;
}
