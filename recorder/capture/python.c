#include "capture/python.h"

#include <stdio.h>

#include "base/mem.h"
#include "capture/metadata.h"
#include "capture/rooted.h"

void gbx_python_free(struct gbx_python *p)
{
	for (size_t i = 0; i < p->folders; i++)
		gbx_free(p->folder[i].path);
	gbx_free(p->folder);
	gbx_free(p->prefix);
	gbx_free(p->base);
	*p = (struct gbx_python){0};
}

/* What is behind "python" or "pypy" in a name; NULL where it is another's. */
static const char *behind_name(const char *base)
{
	return strncmp(base, "python", 6) == 0 ? base + 6 : strncmp(base, "pypy", 4) == 0 ? base + 4 : NULL;
}

bool gbx_is_python(const char *program)
{
	const char *rest = behind_name(gbx_path_base(program));

	if (!rest)
		return false;
	rest += strspn(rest, "0123456789.");
	rest += strspn(rest, "tdm");
	return *rest == 0;
}

bool gbx_is_python_library(const char *path)
{
	const char *base = gbx_path_base(path), *rest = strncmp(base, "lib", 3) == 0 ? behind_name(base + 3) : NULL;

	/* libpython3.so is only a way to the other. */
	return rest && strstr(rest, ".so") && strncmp(rest, "3.so", 4) != 0;
}

/* "python3.11" of python3.11, python3.11d or libpython3.11.so.1.0; nothing where the name says no minor version. */
static void take_name(const char *path, char out[32])
{
	const char *base = gbx_path_base(path), *rest;
	int major, minor, end = 0;

	base += strncmp(base, "lib", 3) == 0 ? 3 : 0;
	rest = behind_name(base);
	if (!rest || sscanf(rest, "%2d.%3d%n", &major, &minor, &end) != 2)
		return;
	snprintf(out, 32, "%.*s%d.%d%s", (int)(rest - base), base, major, minor, rest[end] == 't' ? "t" : "");
}

static char *folder_of(const char *path)
{
	size_t len = (size_t)(gbx_path_base(path) - path);

	return len > 1 ? gbx_memdup(path, len - 1) : gbx_strdup("/");
}

/* The file that argv[0] means, looked for as execvp does, where it is the program: the link that was executed says which virtual
 * environment it is. NULL where that can't be told. */
static char *executed_as(const struct gbx_python_process *p)
{
	char first[GBX_LIMIT_PATH];
	size_t len = strnlen((const char *)p->arguments.data, p->arguments.len);

	if (len == 0 || len >= sizeof first)
		return NULL;
	memcpy(first, p->arguments.data, len);
	first[len] = 0;
	if (*first == '/')
		return gbx_strdup(first);
	if (strchr(first, '/'))
		return *p->cwd ? gbx_path_join(p->cwd, first) : NULL;
	const char *path = gbx_environment_value(p->environment, "PATH");
	for (const char *at = path; at; at = *at ? at + 1 : NULL) {
		size_t part = strcspn(at, ":");
		char *file = gbx_asprintf("%.*s/%s", (int)part, at, first);
		if (*at == '/' && file && gbx_rooted_is_file(p->root, file))
			return file;
		gbx_free(file);
		at += part;
	}
	return NULL;
}

static bool same_file(int root, const char *a, const char *b)
{
	GBX_AUTO_FD int x = -1;
	GBX_AUTO_FD int y = -1;
	struct stat sx, sy;

	return gbx_open_within(root, a, &x, &sx, NULL) == 0 && gbx_open_within(root, b, &y, &sy, NULL) == 0 && sx.st_dev == sy.st_dev &&
	       sx.st_ino == sy.st_ino;
}

static char *command_of(const struct gbx_python_process *p)
{
	GBX_AUTO_STRING char *command = executed_as(p);

	return gbx_strdup(command && same_file(p->root, command, p->program) ? command : p->program);
}

static void take_config(struct gbx_slice text, struct gbx_python *out, char **home)
{
	struct gbx_slice value;

	if (gbx_pyvenv_value(text, "include-system-site-packages", &value))
		out->system_packages = value.len == 4 && (value.data[0] | 0x20) == 't';
	if ((gbx_pyvenv_value(text, "version", &value) || gbx_pyvenv_value(text, "version_info", &value)) && gbx_is_package_text(value))
		snprintf(out->version, sizeof out->version, "%.*s", (int)value.len, (const char *)value.data);
	if (gbx_pyvenv_value(text, "home", &value) && value.len && value.data[0] == '/')
		*home = gbx_memdup(value.data, value.len);
}

/* pyvenv.cfg lies beside the program or in the folder above; that one is the environment's. */
static int find_environment(const struct gbx_python_process *p, const char *command, struct gbx_python *out, char **home, struct gbx_error *err)
{
	GBX_AUTO_STRING char *bin = folder_of(command);
	GBX_AUTO_STRING char *above = bin ? folder_of(bin) : NULL;
	const char *const folder[] = {bin, above};

	if (!above)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	for (size_t i = 0; i < 2; i++) {
		GBX_AUTO_STRING char *file = gbx_path_join(folder[i], "pyvenv.cfg");
		GBX_AUTO_BYTES struct gbx_bytes text = {0};
		if (!file || gbx_rooted_start(p->root, file, GBX_LIMIT_METADATA, &text, NULL, NULL))
			continue;
		take_config(gbx_slice_of(&text), out, home);
		out->virtual_environment = true;
		GBX_AUTO_FD int fd = -1;
		return gbx_rooted_folder(p->root, above, &fd, &out->prefix, err);
	}
	return 0;
}

static bool has_modules(int root, const char *folder, const char *lib, const char *name)
{
	GBX_AUTO_STRING char *source = gbx_asprintf("%s/%s/%s/os.py", folder, lib, name);
	GBX_AUTO_STRING char *compiled = gbx_asprintf("%s/%s/%s/os.pyc", folder, lib, name);

	return source && compiled && (gbx_rooted_is_file(root, source) || gbx_rooted_is_file(root, compiled));
}

/* Where the program's name does not say it: the folder of modules that is there. */
static void guess_name(int root, const char *folder, char out[32])
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	GBX_AUTO_STRING char *lib = gbx_path_join(folder, "lib"), *real = NULL;
	GBX_AUTO_FD int fd = -1;

	if (!lib || gbx_rooted_folder(root, lib, &fd, &real, NULL) || gbx_list_dir_bounded(fd, ".", GBX_LIMIT_PACKAGES, &names, NULL))
		return;
	for (size_t i = 0; i < names.len && !*out; i++) {
		char name[32] = "";
		if (gbx_is_python(names.name[i]))
			take_name(names.name[i], name);
		if (*name && has_modules(root, folder, "lib", name))
			memcpy(out, name, sizeof name);
	}
}

/* From a folder upwards, the first with modules in it. */
static int find_base(const struct gbx_python_process *p, const char *start, struct gbx_python *out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *at = gbx_strdup(start);

	for (size_t i = 0; at && i < GBX_LIMIT_DEPTH; i++) {
		if (!*out->name)
			guess_name(p->root, at, out->name);
		if (*out->name && (has_modules(p->root, at, "lib", out->name) || has_modules(p->root, at, "lib64", out->name))) {
			GBX_AUTO_FD int fd = -1;
			return gbx_rooted_folder(p->root, at, &fd, &out->base, err);
		}
		if (strcmp(at, "/") == 0)
			return 0;
		char *up = folder_of(at);
		gbx_free(at);
		at = up;
	}
	return at ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
}

static bool has_folder(const struct gbx_python *p, const char *path)
{
	for (size_t i = 0; i < p->folders; i++)
		if (strcmp(p->folder[i].path, path) == 0)
			return true;
	return false;
}

/* Adds a folder that is there and not on the list; *fd is it, or -1. */
static int add_folder(int root, struct gbx_python *out, const char *path, bool linked, int *fd, struct gbx_error *err)
{
	GBX_AUTO_STRING char *real = NULL;
	GBX_AUTO_FD int opened = -1;
	struct gbx_error why = {0};

	if (gbx_rooted_folder(root, path, &opened, &real, &why)) {
		/* What is not there, or no folder, is not searched by Python either. */
		out->unread += why.code != GBX_E_NOTFOUND && why.code != GBX_E_MALFORMED;
		return 0;
	}
	if (has_folder(out, real))
		return 0;
	if (out->folders == GBX_LIMIT_PACKAGE_FOLDERS) {
		out->unread++;
		return 0;
	}
	int rc = gbx_grow((void **)&out->folder, &out->cap, out->folders, sizeof *out->folder, err);
	if (rc)
		return rc;
	out->folder[out->folders++] = (struct gbx_python_folder){real, linked};
	real = NULL;
	*fd = opened;
	opened = -1;
	return 0;
}

static int add_linked(int root, struct gbx_python *out, const char *folder, struct gbx_slice text, struct gbx_error *err)
{
	struct gbx_slice path;
	int rc = 0;

	while (rc == 0 && gbx_pth_take(&text, &path)) {
		GBX_AUTO_FD int fd = -1;
		GBX_AUTO_STRING char *at = path.data[0] == '/' ? gbx_memdup(path.data, path.len)
							       : gbx_asprintf("%s/%.*s", folder, (int)path.len, (const char *)path.data);
		rc = at ? add_folder(root, out, at, true, &fd, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	}
	return rc;
}

/* A folder whose .pth files Python reads. */
static int add_site(int root, struct gbx_python *out, const char *path, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	GBX_AUTO_FD int fd = -1;
	int rc = add_folder(root, out, path, false, &fd, err);

	if (rc || fd < 0)
		return rc;
	GBX_AUTO_STRING char *folder = gbx_strdup(out->folder[out->folders - 1].path);
	if (!folder)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	if (gbx_list_dir_bounded(fd, ".", GBX_LIMIT_PACKAGES, &names, NULL)) {
		out->unread++;
		return 0;
	}
	for (size_t i = 0; rc == 0 && i < names.len; i++) {
		GBX_AUTO_BYTES struct gbx_bytes text = {0};
		size_t len = strlen(names.name[i]);
		if (len < 4 || strcmp(names.name[i] + len - 4, ".pth") != 0 || names.name[i][0] == '.')
			continue;
		GBX_AUTO_STRING char *file = gbx_path_join(folder, names.name[i]);
		bool whole = false;
		if (!file || gbx_rooted_start(root, file, GBX_LIMIT_METADATA, &text, &whole, NULL) || !whole)
			out->unread++;
		rc = add_linked(root, out, folder, gbx_slice_of(&text), err);
	}
	return rc;
}

/* The folders for packages of one prefix, those of distributions too; what is not there is not searched. */
static int add_prefix(int root, struct gbx_python *out, const char *prefix, struct gbx_error *err)
{
	static const struct {
		const char *prefix, *lib, *name, *last; /* prefix NULL: any; name NULL: that of the modules */
	} forms[] = {
		{"/usr", "/usr/local/lib", NULL, "dist-packages"}, {"/usr", "/usr/lib", "python3", "dist-packages"},
		{"/usr", "/usr/lib", NULL, "dist-packages"}, {"/usr", "/usr/local/lib64", NULL, "site-packages"},
		{"/usr", "/usr/local/lib", NULL, "site-packages"}, {NULL, "/lib64", NULL, "site-packages"}, {NULL, "/lib", NULL, "site-packages"},
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof forms / sizeof *forms; i++) {
		if (forms[i].prefix && strcmp(forms[i].prefix, prefix) != 0)
			continue;
		GBX_AUTO_STRING char *path = gbx_asprintf("%s%s/%s/%s", forms[i].prefix || strcmp(prefix, "/") == 0 ? "" : prefix, forms[i].lib,
							  forms[i].name ? forms[i].name : out->name, forms[i].last);
		rc = path ? add_site(root, out, path, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	}
	return rc;
}

static int add_user(const struct gbx_python_process *p, struct gbx_python *out, struct gbx_error *err)
{
	const char *base = gbx_environment_value(p->environment, "PYTHONUSERBASE"), *home = gbx_environment_value(p->environment, "HOME");

	if (!(base && *base) && !(home && *home == '/'))
		return 0;
	GBX_AUTO_STRING char *path = gbx_asprintf("%s%s/lib/%s/site-packages", base && *base ? base : home, base && *base ? "" : "/.local", out->name);
	return path ? add_site(p->root, out, path, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
}

static int add_python_path(const struct gbx_python_process *p, struct gbx_python *out, struct gbx_error *err)
{
	const char *path = gbx_environment_value(p->environment, "PYTHONPATH");
	int rc = 0;

	for (const char *at = path; rc == 0 && at; at = *at ? at + 1 : NULL) {
		size_t len = strcspn(at, ":");
		GBX_AUTO_FD int fd = -1;
		GBX_AUTO_STRING char *folder = *at == '/' ? gbx_memdup(at, len) : *p->cwd && len ? gbx_asprintf("%s/%.*s", p->cwd, (int)len, at) : NULL;
		if (folder)
			rc = add_folder(p->root, out, folder, false, &fd, err);
		at += len;
	}
	return rc;
}

static int add_folders(const struct gbx_python_process *p, struct gbx_python *out, struct gbx_error *err)
{
	struct gbx_python_options o = gbx_python_options(p->arguments);
	const char *no_user = o.no_environment ? NULL : gbx_environment_value(p->environment, "PYTHONNOUSERSITE");
	bool user = !o.no_user && !(no_user && *no_user) && (!out->virtual_environment || out->system_packages);
	int rc = o.no_environment ? 0 : add_python_path(p, out, err);

	if (o.no_site)
		return rc;
	if (rc == 0 && out->virtual_environment)
		rc = add_prefix(p->root, out, out->prefix, err);
	if (rc == 0 && user)
		rc = add_user(p, out, err);
	if (rc == 0 && out->base && (!out->virtual_environment || out->system_packages))
		rc = add_prefix(p->root, out, out->base, err);
	return rc;
}

static int find(const struct gbx_python_process *p, struct gbx_python *out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *command = command_of(p), *home = NULL;
	GBX_AUTO_STRING char *start = folder_of(!gbx_is_python(p->program) && p->library ? p->library : p->program);
	const char *said = gbx_python_options(p->arguments).no_environment ? NULL : gbx_environment_value(p->environment, "PYTHONHOME");
	int rc = command && start ? find_environment(p, command, out, &home, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc)
		return rc;
	take_name(p->library ? p->library : p->program, out->name);
	if (!*out->name)
		take_name(p->program, out->name);
	rc = find_base(p, said && *said == '/' ? said : start, out, err);
	if (rc == 0 && !out->base && home)
		rc = find_base(p, home, out, err);
	if (rc == 0 && !out->prefix && out->base) {
		out->prefix = gbx_strdup(out->base);
		rc = out->prefix ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	}
	return rc || !*out->name ? rc : add_folders(p, out, err);
}

int gbx_python_find(const struct gbx_python_process *process, struct gbx_python *out, struct gbx_error *err)
{
	struct gbx_python p = {0};
	int rc = find(process, &p, err);

	if (rc)
		gbx_python_free(&p);
	else
		*out = p;
	return rc;
}
