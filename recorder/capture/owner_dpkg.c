#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "capture/lines.h"
#include "capture/metadata.h"
#include "capture/owner.h"
#include "capture/rooted.h"

#define ADMIN "/var/lib/dpkg/"
#define MANY 64u

struct dpkg {
	int root;
	struct gbx_wanted *wanted;
	struct gbx_wanted moved; /* stand-ins: a file that a diversion moved, under the name that its package has for it */
	struct gbx_software *out;
	struct gbx_bytes buffer;
	struct gbx_bytes diversions;
	size_t left;             /* libraries that may still find their owner */
	size_t versions;         /* that found one whose version is not known yet */
};

static void free_dpkg(struct dpkg *d)
{
	gbx_wanted_free(&d->moved);
	gbx_bytes_free(&d->buffer);
	gbx_bytes_free(&d->diversions);
}

static const struct gbx_slice nothing = {(const uint8_t *)"", 0}, usr = {(const uint8_t *)"/usr", 4};

static Glassbox__Library *find(const struct gbx_wanted *w, struct gbx_slice path)
{
	Glassbox__Library *l = gbx_wanted_find(w, nothing, path);

	/* Packages from before /usr was merged say /lib/x for what lies in /usr/lib. */
	return l ? l : gbx_wanted_find(w, usr, path);
}

struct diversion {
	struct gbx_slice from, to, package; /* the package whose file stays at `from` */
};

static bool take_diversion(struct gbx_slice *text, struct diversion *out)
{
	return gbx_take_line(text, &out->from) && gbx_take_line(text, &out->to) && gbx_take_line(text, &out->package);
}

/* True where a diversion has moved this file of this package away. */
static bool is_moved(const struct dpkg *d, struct gbx_slice path, struct gbx_slice package)
{
	struct gbx_slice rest = gbx_slice_of(&d->diversions);
	struct diversion one;

	while (take_diversion(&rest, &one))
		if (gbx_slice_equal(one.from, path) && !gbx_slice_equal(one.package, package))
			return true;
	return false;
}

/* The library that lies where a diversion has moved this path to. */
static Glassbox__Library *moved_to(const struct dpkg *d, struct gbx_slice path)
{
	struct gbx_slice rest = gbx_slice_of(&d->diversions);
	struct diversion one;

	while (take_diversion(&rest, &one))
		if (gbx_slice_equal(one.from, path))
			return find(d->wanted, one.to);
	return NULL;
}

static int read_diversions(struct dpkg *d, struct gbx_error *err)
{
	struct gbx_slice rest;
	struct diversion one;
	int rc = 0;

	if (gbx_rooted_start(d->root, ADMIN "diversions", GBX_LIMIT_CONFIG, &d->diversions, NULL, NULL))
		return 0;
	rest = gbx_slice_of(&d->diversions);
	while (rc == 0 && take_diversion(&rest, &one)) {
		if (!find(d->wanted, one.to))
			continue;
		Glassbox__Library *stand_in = gbx_software_bytes(d->out, sizeof *stand_in, err);
		Glassbox__Path *path = stand_in ? gbx_software_path(d->out, one.from, err) : NULL;
		if (!path)
			return GBX_E_NOMEM;
		glassbox__library__init(stand_in);
		stand_in->path = path;
		rc = gbx_wanted_add(&d->moved, stand_in, err);
	}
	return rc;
}

/* "libc6:amd64.list". */
static int own(struct dpkg *d, Glassbox__Library *library, struct gbx_slice package, struct gbx_error *err)
{
	Glassbox__Owner owner = GLASSBOX__OWNER__INIT;
	char name[GBX_LIMIT_PACKAGE_NAME + 1];

	if (library->owner || !gbx_is_package_text(package))
		return 0;
	memcpy(name, package.data, package.len);
	name[package.len] = 0;
	char *colon = strchr(name, ':');
	if (colon) {
		*colon = 0;
		owner.architecture = colon + 1;
	}
	owner.database = GLASSBOX__OWNER__DATABASE__DPKG;
	owner.name = name;
	d->left -= d->left > 0;
	d->versions++;
	return gbx_software_own(d->out, library, &owner, err);
}

static int take_path(struct dpkg *d, struct gbx_slice path, struct gbx_slice package, struct gbx_error *err)
{
	struct gbx_slice plain = gbx_slice(package.data, strcspn((const char *)package.data, ":"));
	Glassbox__Library *library = find(d->wanted, path);

	plain.len = plain.len < package.len ? plain.len : package.len;
	if (library && !(d->diversions.len && is_moved(d, path, plain)))
		return own(d, library, package, err);
	if (d->moved.len && find(&d->moved, path) && is_moved(d, path, plain) && (library = moved_to(d, path)))
		return own(d, library, package, err);
	return 0;
}

static int take_list(struct dpkg *d, const char *name, struct gbx_error *err)
{
	char path[sizeof ADMIN + 512];
	struct gbx_lines lines;
	struct gbx_slice line;
	GBX_AUTO_FD int fd = -1;

	snprintf(path, sizeof path, ADMIN "info/%s", name);
	/* One that is gone by now was of a package that is removed. */
	if (gbx_rooted_open(d->root, path, &fd, NULL))
		return 0;
	int rc = gbx_lines_begin(&lines, fd, GBX_LIMIT_PACKAGE_LIST, &d->buffer, err);
	while (rc == 0 && (rc = gbx_lines_next(&lines, &line, err)) > 0)
		rc = take_path(d, line, gbx_slice(name, strlen(name) - 5), err);
	return rc;
}

static int keep_list(void *arg, const char *name, enum gbx_name_type type, struct gbx_error *err)
{
	size_t len = strlen(name);

	(void)type;
	return len < 6 || len > 255 || strcmp(name + len - 5, ".list") != 0 ? 0 : gbx_names_add(arg, name, err);
}

/* Packages of libraries have the library's name, as a rule: "libssl3" has libssl.so.3. And few packages have what almost every program
 * needs. Where these are read first, all others seldom are. */
static bool is_likely(const struct gbx_wanted *w, const char *name)
{
	static const char *const common[] = {"libc6", "coreutils", "dash", "bash", "libgcc-s1", "libstdc++6", "zlib1g", "libssl3", "util-linux", "python3"};

	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		if (strncmp(name, common[i], strlen(common[i])) == 0)
			return true;
	for (size_t i = 0; i < w->slots; i++) {
		const Glassbox__Library *l = w->slot[i];
		if (!l || !gbx_owner_is_asked(l))
			continue;
		const char *base = gbx_path_base((const char *)l->path->path.data), *so = strstr(base, ".so");
		size_t len = so ? (size_t)(so - base) : strlen(base), same = 0;
		while (same < len && name[same] == (base[same] == '_' ? '-' : base[same] | (base[same] >= 'A' && base[same] <= 'Z' ? 0x20 : 0)))
			same++;
		if (same == len)
			return true;
	}
	return false;
}

static int read_lists(struct dpkg *d, bool *found, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	GBX_AUTO_STRING char *real = NULL;
	GBX_AUTO_FD int fd = -1;
	int rc = gbx_rooted_folder(d->root, ADMIN "info", &fd, &real, err);

	*found = rc != GBX_E_NOTFOUND;
	if (rc == GBX_E_NOTFOUND)
		return 0;
	if (rc == 0)
		rc = read_diversions(d, err);
	if (rc == 0)
		rc = gbx_each_name(fd, keep_list, &names, err);
	/* Of many files most lists are needed anyway. */
	for (int likely = d->left < MANY; rc == 0 && likely >= 0; likely--)
		for (size_t i = 0; rc == 0 && i < names.len && d->left; i++) {
			if (!*names.name[i] || (likely && !is_likely(d->wanted, names.name[i])))
				continue;
			rc = take_list(d, names.name[i], err);
			if (likely)
				*names.name[i] = 0;
		}
	return rc;
}

/* One stanza of the status file, as far as it is needed. */
struct stanza {
	char name[GBX_LIMIT_PACKAGE_NAME + 1], version[GBX_LIMIT_PACKAGE_NAME + 1], architecture[GBX_LIMIT_PACKAGE_NAME + 1];
};

static void take_field(struct gbx_slice line, const char *key, char out[GBX_LIMIT_PACKAGE_NAME + 1])
{
	size_t len = strlen(key);

	if (!gbx_slice_starts(line, key) || !gbx_is_package_text(gbx_slice(line.data + len, line.len - len)))
		return;
	memcpy(out, line.data + len, line.len - len);
	out[line.len - len] = 0;
}

static int end_stanza(struct dpkg *d, struct stanza *s, struct gbx_error *err)
{
	for (size_t i = 0; *s->name && i < d->wanted->slots; i++) {
		Glassbox__Library *l = d->wanted->slot[i];
		if (!l || !l->owner || l->owner->database != GLASSBOX__OWNER__DATABASE__DPKG || *l->owner->version)
			continue;
		if (strcmp(l->owner->name, s->name) != 0 || (*l->owner->architecture && strcmp(l->owner->architecture, s->architecture) != 0))
			continue;
		l->owner->version = gbx_software_text(d->out, gbx_slice_text(s->version), err);
		l->owner->architecture = gbx_software_text(d->out, gbx_slice_text(s->architecture), err);
		if (!l->owner->version || !l->owner->architecture)
			return GBX_E_NOMEM;
		d->versions--;
	}
	*s = (struct stanza){{0}, {0}, {0}};
	return 0;
}

static int read_versions(struct dpkg *d, struct gbx_error *err)
{
	struct stanza s = {{0}, {0}, {0}};
	struct gbx_lines lines;
	struct gbx_slice line;
	GBX_AUTO_FD int fd = -1;
	int rc = gbx_rooted_open(d->root, ADMIN "status", &fd, err);

	if (rc == 0)
		rc = gbx_lines_begin(&lines, fd, GBX_LIMIT_PACKAGE_DATABASE, &d->buffer, err);
	while (rc == 0 && d->versions && (rc = gbx_lines_next(&lines, &line, err)) > 0) {
		rc = line.len == 0 ? end_stanza(d, &s, err) : 0;
		take_field(line, "Package: ", s.name);
		take_field(line, "Version: ", s.version);
		take_field(line, "Architecture: ", s.architecture);
	}
	return rc ? rc : end_stanza(d, &s, err);
}

int gbx_owner_dpkg(int root, struct gbx_wanted *wanted, struct gbx_software *out, bool *found, struct gbx_error *err)
{
	GBX_CLEANUP(free_dpkg) struct dpkg d = {.root = root, .wanted = wanted, .out = out};
	size_t asked = 0;

	*found = false;
	for (size_t i = 0; i < wanted->slots; i++)
		asked += wanted->slot[i] && gbx_owner_is_asked(wanted->slot[i]);
	if (asked == 0)
		return 0;
	d.left = asked;
	int rc = read_lists(&d, found, err);
	return rc || d.left == asked ? rc : read_versions(&d, err);
}
