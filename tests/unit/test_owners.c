/* Which package a file belongs to: databases of dpkg and rpm made by hand, and what dpkg itself says of this machine. */
#include <fcntl.h>
#include <stdio.h>

#include "capture/maps.h"
#include "capture/owner.h"
#include "capture/rpm_header.h"
#include "scratch.h"
#include "store/db.h"

static void write_file(const char *path, const char *text)
{
	GBX_AUTO_STRING char *folder = gbx_memdup(path, (size_t)(gbx_path_base(path) - path));

	assert_int_equal(gbx_make_dirs(folder, 0755, NULL), 0);
	put_file(path, text, strlen(text));
}

static void want(struct gbx_wanted *w, struct gbx_software *s, const char *path)
{
	Glassbox__Library *l = gbx_software_library(s, NULL);

	l->path = gbx_software_path(s, gbx_slice_text(path), NULL);
	assert_int_equal(gbx_wanted_add(w, l, NULL), 0);
}

/* "name version architecture", or "" */
static const char *owner(const struct gbx_software *s, size_t index)
{
	static char text[300];
	const Glassbox__Owner *o = s->library[index]->owner;

	if (!o)
		return "";
	snprintf(text, sizeof text, "%s %s %s", o->name, o->version, o->architecture);
	return text;
}

static void dpkg_by_hand(void **state)
{
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	GBX_CLEANUP(gbx_wanted_free) struct gbx_wanted w = {0};
	GBX_AUTO_FD int root = -1;
	static const char *const paths[] = {"/usr/lib/x/libc.so.6", "/usr/lib/x/libz.so.1", "/usr/lib/x/libgl.so.1.7", "/usr/lib/x/libgl.so.1.7.mesa",
					    "/usr/lib/x/libnobody.so", "/usr/local/lib/libz.so", "/usr/bin/prog"};
	bool found;

	(void)state;
	write_file("d/var/lib/dpkg/info/libc6:amd64.list", "/.\n/lib\n/lib/x/libc.so.6\n");
	write_file("d/var/lib/dpkg/info/libc6:i386.list", "/.\n/lib/i/libc.so.6\n");
	write_file("d/var/lib/dpkg/info/zlib1g:amd64.list", "/usr/lib/x/libz.so.1\n");
	write_file("d/var/lib/dpkg/info/mesa.list", "/usr/lib/x/libgl.so.1.7\n");
	write_file("d/var/lib/dpkg/info/nvidia-gl.list", "/usr/lib/x/libgl.so.1.7\n");
	write_file("d/var/lib/dpkg/info/prog3.11-x.list", "/usr/bin/prog");
	write_file("d/var/lib/dpkg/info/prog3.11-x.md5sums", "/usr/lib/x/libnobody.so\n");
	write_file("d/var/lib/dpkg/diversions", "/usr/lib/x/libgl.so.1.7\n/usr/lib/x/libgl.so.1.7.mesa\nnvidia-gl\n");
	write_file("d/var/lib/dpkg/status",
		   "Package: libc6\nArchitecture: i386\nVersion: 1\nDescription: x\n Version: no\n\nPackage: libc6\nStatus: install ok installed\nArchitecture: amd64\n"
		   "Version: 2.36-9\n\nPackage: zlib1g\nVersion: 1:1.2\nArchitecture: amd64\n\nPackage: mesa\nVersion: 3\nArchitecture: all\n\n"
		   "Package: nvidia-gl\nVersion: 535\nArchitecture: amd64\n\nPackage: prog3.11-x\nVersion: 4\nArchitecture: amd64\n");
	assert_int_equal(gbx_open_dir(AT_FDCWD, "d", false, &root, NULL), 0);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		want(&w, &s, paths[i]);
	assert_int_equal(gbx_owner_dpkg(root, &w, &s, &found, NULL), 0);
	assert_true(found);
	assert_string_equal(owner(&s, 0), "libc6 2.36-9 amd64");
	assert_string_equal(owner(&s, 1), "zlib1g 1:1.2 amd64");
	assert_string_equal(owner(&s, 2), "nvidia-gl 535 amd64");
	assert_string_equal(owner(&s, 3), "mesa 3 all");
	assert_string_equal(owner(&s, 4), "");
	assert_string_equal(owner(&s, 5), "");
	assert_string_equal(owner(&s, 6), "prog3.11-x 4 amd64");
	assert_int_equal(gbx_remove_tree("d/var/lib/dpkg", NULL), 0);
	assert_int_equal(gbx_owner_dpkg(root, &w, &s, &found, NULL), 0);
	assert_false(found);
}

static bool answers(const char *command, const char *path, char out[512])
{
	GBX_AUTO_STRING char *line = gbx_asprintf("%s '%s' 2>/dev/null", command, path);
	FILE *f = popen(line, "r");
	size_t n = f ? fread(out, 1, 511, f) : 0;

	out[n] = 0;
	out[strcspn(out, "\n")] = 0;
	return pclose(f) == 0 && n > 0;
}

/* Every object of this process that lies where dpkg's do. */
static void agrees_with_dpkg(void **state)
{
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	GBX_CLEANUP(gbx_wanted_free) struct gbx_wanted w = {0};
	GBX_AUTO_BYTES struct gbx_bytes maps = {0};
	GBX_AUTO_FD int fd = -1;
	struct gbx_mapping m;
	struct gbx_slice rest, line;
	char said[512];
	bool found;

	(void)state;
	if (!have_program("dpkg") || !gbx_exists("/var/lib/dpkg/status"))
		skip();
	assert_int_equal(gbx_open_read("/proc/self/maps", &fd, NULL), 0);
	assert_int_equal(gbx_load_fd(fd, 1 << 20, &maps, NULL), 0);
	for (rest = gbx_slice_of(&maps); gbx_take_line(&rest, &line);) {
		GBX_AUTO_BYTES struct gbx_bytes path = {0};
		if (!gbx_mapping_parse(line, &m) || !m.executable || gbx_mapping_path(m.path, &path, NULL))
			continue;
		want(&w, &s, (char *)path.data);
	}
	want(&w, &s, "/usr/bin/env");
	want(&w, &s, "/usr/bin/no-such-program");
	assert_int_equal(gbx_owner_dpkg(-1, &w, &s, &found, NULL), 0);
	for (size_t i = 0; i < s.libraries; i++) {
		const char *path = (char *)s.library[i]->path->path.data;
		/* "libc6:amd64: /lib/x/libc.so.6": by either name. */
		bool owned = answers("dpkg -S", path, said) || (strncmp(path, "/usr/", 5) == 0 && answers("dpkg -S", path + 4, said));
		if (s.library[i]->owner && !owned)
			fail_msg("%s: %s, and dpkg knows nobody", path, owner(&s, i));
		if (!owned || !gbx_slice_starts(gbx_slice_text(path), "/usr/"))
			continue;
		said[strcspn(said, ": ")] = 0;
		assert_non_null(s.library[i]->owner);
		assert_string_equal(s.library[i]->owner->name, said);
		char version[512];
		assert_true(answers("dpkg-query -W -f '${Version}\\n'", said, version));
		assert_string_equal(s.library[i]->owner->version, version);
	}
}

/* A header of rpm, as its database has it. */
struct made {
	uint8_t entries[16 * 16], data[1024];
	uint32_t count, len;
};

static void put_tag(struct made *m, uint32_t tag, uint32_t type, uint32_t count, const void *data, size_t len)
{
	uint8_t *entry = m->entries + 16 * (size_t)m->count++;

	gbx_put_be32(entry, tag);
	gbx_put_be32(entry + 4, type);
	gbx_put_be32(entry + 8, m->len);
	gbx_put_be32(entry + 12, count);
	memcpy(m->data + m->len, data, len);
	m->len += (uint32_t)len;
}

static void make_header(struct made *m, struct gbx_bytes *out)
{
	uint8_t start[8];

	*m = (struct made){.count = 0};
	put_tag(m, 63, 7, 16, "0123456789abcdef", 16);
	put_tag(m, 1000, 6, 1, "glibc", 6);
	put_tag(m, 1001, 6, 1, "2.38", 5);
	put_tag(m, 1002, 6, 1, "7.fc39", 7);
	put_tag(m, 1003, 4, 1, "\0\0\0\2", 4);
	put_tag(m, 1022, 6, 1, "x86_64", 7);
	put_tag(m, 1116, 4, 3, "\0\0\0\1\0\0\0\0\0\0\0\1", 12);
	put_tag(m, 1117, 8, 3, "libm.so.6\0ld.so\0libc.so.6", 26);
	put_tag(m, 1118, 8, 2, "/lib64/\0/usr/lib64/", 20);
	gbx_put_be32(start, m->count);
	gbx_put_be32(start + 4, m->len);
	assert_int_equal(gbx_bytes_append(out, start, 8, NULL), 0);
	assert_int_equal(gbx_bytes_append(out, m->entries, 16 * (size_t)m->count, NULL), 0);
	assert_int_equal(gbx_bytes_append(out, m->data, m->len, NULL), 0);
}

static void rpm_headers(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes blob = {0};
	struct gbx_rpm_header h;
	struct gbx_slice text;
	struct made m;
	uint32_t number;

	(void)state;
	make_header(&m, &blob);
	assert_int_equal(gbx_rpm_header(gbx_slice_of(&blob), &h, NULL), 0);
	assert_true(gbx_rpm_text(&h, GBX_RPM_BASENAMES, 2, &text) && gbx_slice_is(text, "libc.so.6"));
	assert_false(gbx_rpm_text(&h, GBX_RPM_BASENAMES, 3, &text));
	assert_true(gbx_rpm_number(&h, GBX_RPM_EPOCH, 0, &number) && number == 2);
	assert_false(gbx_rpm_number(&h, GBX_RPM_NAME, 0, &number));
	for (size_t len = 0; len < blob.len; len++)
		assert_int_equal(gbx_rpm_header(gbx_slice(blob.data, len), &h, NULL), GBX_E_MALFORMED);
	/* A text without an end, and a place behind the data. */
	blob.data[blob.len - 1] = 'x';
	assert_int_equal(gbx_rpm_header(gbx_slice_of(&blob), &h, NULL), 0);
	assert_false(gbx_rpm_text(&h, GBX_RPM_DIRNAMES, 1, &text));
	gbx_put_be32(blob.data + 8 + 16 + 8, m.len);
	assert_false(gbx_rpm_text(&h, GBX_RPM_NAME, 0, &text));
	gbx_put_be32(blob.data, 1u << 20);
	assert_int_equal(gbx_rpm_header(gbx_slice_of(&blob), &h, NULL), GBX_E_LIMIT);
}

static void make_rpm_database(const char *path, struct gbx_slice blob)
{
	GBX_AUTO_DB struct gbx_db *db = NULL;
	GBX_AUTO_STATEMENT struct gbx_statement *insert = NULL;

	put_file(path, "", 0);
	assert_int_equal(gbx_db_open(path, &db, NULL), 0);
	assert_int_equal(gbx_db_run(db,
				    "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL);"
				    "CREATE TABLE Basenames (key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL);"
				    "CREATE INDEX Basenames_key_idx ON Basenames(key ASC);"
				    "INSERT INTO Basenames VALUES ('libm.so.6', 1, 0), ('ld.so', 1, 1), ('libc.so.6', 1, 2), ('lost.so', 9, 0);", NULL), 0);
	assert_int_equal(gbx_db_prepare(db, "INSERT INTO Packages (blob) VALUES (?)", &insert, NULL), 0);
	gbx_bind_bytes(insert, 1, blob);
	assert_int_equal(gbx_statement_done(insert, NULL), 0);
}

static void rpm_by_hand(void **state)
{
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	GBX_CLEANUP(gbx_wanted_free) struct gbx_wanted w = {0};
	GBX_AUTO_BYTES struct gbx_bytes blob = {0};
	GBX_AUTO_STRING char *cwd = NULL;
	struct gbx_error err;
	struct made m;

	(void)state;
	make_header(&m, &blob);
	make_rpm_database("rpmdb.sqlite", gbx_slice_of(&blob));
	assert_int_equal(gbx_getcwd(&cwd, NULL), 0);
	GBX_AUTO_STRING char *uri = gbx_asprintf("file:%s/rpmdb.sqlite", cwd);
	want(&w, &s, "/usr/lib64/libm.so.6");
	want(&w, &s, "/usr/lib64/ld.so");
	want(&w, &s, "/usr/lib/libc.so.6");
	want(&w, &s, "/usr/lib64/libx.so");
	assert_int_equal(gbx_owner_rpm_database(uri, &w, &s, &err), 0);
	assert_string_equal(owner(&s, 0), "glibc 2:2.38-7.fc39 x86_64");
	assert_string_equal(owner(&s, 1), "glibc 2:2.38-7.fc39 x86_64");
	assert_string_equal(owner(&s, 2), "");
	assert_string_equal(owner(&s, 3), "");
	/* A name that leads to no package, a damaged header, and what is no database. */
	want(&w, &s, "/usr/lib64/lost.so");
	assert_int_equal(gbx_owner_rpm_database(uri, &w, &s, &err), GBX_E_MALFORMED);
	put_file("rpmdb.sqlite", "SQLite format 3", 16);
	assert_int_equal(gbx_owner_rpm_database(uri, &w, &s, &err), GBX_E_MALFORMED);
	GBX_AUTO_STRING char *gone = gbx_asprintf("file:%s/none.sqlite", cwd);
	assert_int_not_equal(gbx_owner_rpm_database(gone, &w, &s, &err), 0);
	assert_false(gbx_exists("none.sqlite"));
}

static void older_rpm_is_told(void **state)
{
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	struct gbx_wanted w = {0};
	GBX_AUTO_FD int root = -1;
	struct gbx_error err;
	bool found;

	(void)state;
	assert_int_equal(gbx_make_dirs("r/var/lib/rpm", 0755, NULL), 0);
	assert_int_equal(gbx_open_dir(AT_FDCWD, "r", false, &root, NULL), 0);
	assert_int_equal(gbx_owner_rpm(root, &w, &s, &found, &err), 0);
	assert_false(found);
	write_file("r/var/lib/rpm/Packages", "Berkeley");
	assert_int_equal(gbx_owner_rpm(root, &w, &s, &found, &err), GBX_E_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dpkg_by_hand), cmocka_unit_test(agrees_with_dpkg), cmocka_unit_test(rpm_headers),
		cmocka_unit_test(rpm_by_hand), cmocka_unit_test(older_rpm_is_told),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
