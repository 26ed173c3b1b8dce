/* Packages of a conda environment: conda-meta has a JSON document for each, with all its files. Declared in packages.h. */
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "capture/json_skim.h"
#include "capture/metadata.h"
#include "capture/packages.h"
#include "capture/remote.h"
#include "capture/rooted.h"
#include "digest/hash.h"

struct document {
	struct gbx_packages_read *r;
	struct gbx_slice prefix; /* with a slash at its end */
	Glassbox__Package *package;
	struct gbx_names owned; /* files that are asked for: name and version come behind them */
};

static int take_text(struct document *d, struct gbx_slice text, char **out, struct gbx_error *err)
{
	if (!gbx_is_package_text(text))
		return 0;
	*out = gbx_software_text(d->r->out, text, err);
	return *out ? 0 : GBX_E_NOMEM;
}

/* Addresses of private channels have a token in their path: /t/TOKEN/. */
static void cut_token(char *url)
{
	char *at = strstr(url, "/t/");
	char *end = at ? strchr(at + 3, '/') : NULL;

	if (end)
		memmove(at, end, strlen(end) + 1);
	else if (at)
		*at = 0;
}

static int take_url(struct document *d, struct gbx_slice text, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes clean = {0};
	GBX_AUTO_STRING char *url = gbx_memdup(text.data, text.len);
	bool credentials;

	if (!url)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a URL");
	if (!gbx_is_utf8(text) || gbx_slice_starts(text, "file:"))
		return 0;
	cut_token(url);
	int rc = gbx_remote_clean(url, &clean, &credentials, err);
	if (rc || clean.len == 0)
		return rc;
	d->package->url = gbx_software_text(d->r->out, gbx_slice_of(&clean), err);
	return d->package->url ? 0 : GBX_E_NOMEM;
}

static int take_digest(struct document *d, struct gbx_slice hex, struct gbx_error *err)
{
	uint8_t *bytes = gbx_software_bytes(d->r->out, GBX_SHA256_LEN, err);

	if (bytes && hex.len == 2 * GBX_SHA256_LEN && gbx_unhex(hex, bytes, GBX_SHA256_LEN))
		d->package->archive = gbx_pb_bytes(bytes, GBX_SHA256_LEN);
	return bytes ? 0 : GBX_E_NOMEM;
}

static int take_file(struct document *d, struct gbx_slice path, struct gbx_error *err)
{
	d->package->files++;
	if (!gbx_wanted_find(d->r->wanted, d->prefix, path))
		return 0;
	GBX_AUTO_STRING char *copy = gbx_memdup(path.data, path.len);
	return copy ? gbx_names_add(&d->owned, copy, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
}

static int take_member(void *arg, struct gbx_slice key, struct gbx_slice text, bool in_list, struct gbx_error *err)
{
	struct document *d = arg;

	if (in_list)
		return gbx_slice_is(key, "files") ? take_file(d, text, err) : 0;
	if (gbx_slice_is(key, "name"))
		return take_text(d, text, &d->package->name, err);
	if (gbx_slice_is(key, "version"))
		return take_text(d, text, &d->package->version, err);
	if (gbx_slice_is(key, "build"))
		return take_text(d, text, &d->package->build, err);
	if (gbx_slice_is(key, "url"))
		return take_url(d, text, err);
	return gbx_slice_is(key, "sha256") ? take_digest(d, text, err) : 0;
}

static int own_files(struct document *d, struct gbx_error *err)
{
	Glassbox__Owner owner = GLASSBOX__OWNER__INIT;
	int rc = 0;

	owner.database = GLASSBOX__OWNER__DATABASE__CONDA;
	owner.name = d->package->name;
	owner.version = d->package->version;
	for (size_t i = 0; rc == 0 && i < d->owned.len; i++) {
		Glassbox__Library *library = gbx_wanted_find(d->r->wanted, d->prefix, gbx_slice_text(d->owned.name[i]));
		if (library && !library->owner)
			rc = gbx_software_own(d->r->out, library, &owner, err);
	}
	return rc;
}

/* Reads one document into a package that is on the list already; takes it off where that fails. */
static int read_document(struct document *d, int fd, struct gbx_error *err)
{
	struct gbx_file_input file;
	struct stat st;
	int rc = gbx_fstat(fd, &st, err);

	gbx_file_input(&file, fd);
	if (rc == 0 && st.st_size > GBX_LIMIT_PACKAGE_LIST)
		rc = gbx_fail(err, GBX_E_LIMIT, "the document of a package: more than %u bytes", GBX_LIMIT_PACKAGE_LIST);
	if (rc == 0)
		rc = gbx_json_skim(&file.in, take_member, d, err);
	if (rc == 0 && (!*d->package->name || !*d->package->version))
		rc = gbx_fail(err, GBX_E_MALFORMED, "no name and version");
	if (rc == 0)
		rc = own_files(d, err);
	gbx_names_free(&d->owned);
	if (rc)
		d->r->out->packages--;
	return rc;
}

static int take_document(struct gbx_packages_read *r, const char *prefix, const char *path, struct gbx_error *err)
{
	GBX_AUTO_STRING char *before = gbx_asprintf("%s/", strcmp(prefix, "/") == 0 ? "" : prefix);
	struct document d = {.r = r};
	struct gbx_error why = {0};
	GBX_AUTO_FD int fd = -1;

	if (!before)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	int rc = gbx_rooted_open(r->root, path, &fd, &why);
	if (rc)
		return gbx_software_gap(r->out, GLASSBOX__GAP__KIND__PACKAGE, &why, path, err);
	d.prefix = gbx_slice_text(before);
	d.package = gbx_software_package(r->out, err);
	if (!d.package)
		return GBX_E_NOMEM;
	d.package->form = GLASSBOX__PACKAGE__FORM__CONDA;
	d.package->path = gbx_software_path(r->out, gbx_slice_text(path), err);
	if (!d.package->path)
		return GBX_E_NOMEM;
	rc = read_document(&d, fd, &why);
	return rc ? gbx_software_gap(r->out, GLASSBOX__GAP__KIND__PACKAGE, &why, path, err) : 0;
}

int gbx_packages_conda(struct gbx_packages_read *r, const char *prefix, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	GBX_AUTO_STRING char *folder = gbx_path_join(prefix, "conda-meta"), *real = NULL;
	GBX_AUTO_FD int fd = -1;
	struct gbx_error why = {0};
	int rc = folder ? gbx_rooted_folder(r->root, folder, &fd, &real, &why) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc == GBX_E_NOTFOUND)
		return 0;
	if (rc == 0)
		rc = gbx_list_dir_bounded(fd, ".", GBX_LIMIT_PACKAGES, &names, &why);
	if (rc)
		return folder ? gbx_software_gap(r->out, GLASSBOX__GAP__KIND__PACKAGE, &why, folder, err) : rc;
	for (size_t i = 0; rc == 0 && i < names.len; i++) {
		size_t len = strlen(names.name[i]);
		if (len < 5 || strcmp(names.name[i] + len - 5, ".json") != 0)
			continue;
		GBX_AUTO_STRING char *path = gbx_path_join(folder, names.name[i]);
		rc = path ? take_document(r, prefix, path, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	}
	return rc;
}
