/* Which Python a process runs, where it looks for packages, and what lies there: environments made by hand below a root of their own. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/text.h"
#include "capture/metadata.h"
#include "capture/packages.h"
#include "digest/files.h"
#include "digest/hash.h"
#include "scratch.h"

static void write_file(const char *path, const char *text)
{
	GBX_AUTO_STRING char *folder = gbx_memdup(path, (size_t)(gbx_path_base(path) - path));

	assert_true(!*folder || gbx_make_dirs(folder, 0755, NULL) == 0);
	put_file(path, text, strlen(text));
}

static void link_to(const char *target, const char *path)
{
	GBX_AUTO_STRING char *folder = gbx_memdup(path, (size_t)(gbx_path_base(path) - path));

	assert_true(!*folder || gbx_make_dirs(folder, 0755, NULL) == 0);
	assert_int_equal(symlink(target, path), 0);
}

/* A tree of a Debian with a Python, a virtual environment and a home, below the folder `name`; *root is it. */
static int make_tree(const char *name)
{
	int root = -1;

	assert_int_equal(gbx_make_dirs(name, 0755, NULL), 0);
	assert_int_equal(chdir(name), 0);
	write_file("usr/bin/python3.11", "ELF");
	link_to("python3.11", "usr/bin/python3");
	write_file("usr/lib/python3.11/os.py", "");
	write_file("usr/lib/python3/dist-packages/yaml-6.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: PyYAML\nVersion: 6.0\n\nName: no\n");
	write_file("usr/lib/python3/dist-packages/yaml-6.0.dist-info/INSTALLER", "debian\n");
	write_file("usr/lib/python3/dist-packages/six-1.16.egg-info", "Name: six\nVersion: 1.16\n");
	write_file("usr/local/lib/python3.11/dist-packages/six-1.17.dist-info/METADATA", "Name: Six\r\nVersion: 1.17\r\n\r\n");
	write_file("home/u/.local/lib/python3.11/site-packages/mine-1.dist-info/METADATA", "Name: mine\nVersion: 1\n\n");
	write_file("work/v/pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.2\n");
	link_to("/usr/bin/python3", "work/v/bin/python");
	write_file("work/v/lib/python3.11/site-packages/a_b-2.dist-info/METADATA", "Name: A.b\nVersion: 2\n\n");
	assert_int_equal(chdir(".."), 0);
	assert_int_equal(gbx_open_dir(AT_FDCWD, name, false, &root, NULL), 0);
	return root;
}

#define ARGUMENTS(text) gbx_slice(text, sizeof(text))

static struct gbx_python_process process_of(int root, const char *program)
{
	return (struct gbx_python_process){.root = root, .program = program, .cwd = "/work", .arguments = ARGUMENTS("python3\0train.py"),
					   .environment = ARGUMENTS("PATH=/bin:/usr/bin\0HOME=/home/u")};
}

/* What is found, as text: "name version form(installer)" each, in order. */
static const char *found_by(const struct gbx_python_process *process, struct gbx_software *out)
{
	static char text[2000];
	GBX_CLEANUP(gbx_python_free) struct gbx_python p = {0};
	struct gbx_wanted wanted = {0};
	struct gbx_error err;
	size_t n = 0;

	gbx_software_free(out);
	assert_int_equal(gbx_python_find(process, &p, &err), 0);
	assert_int_equal(gbx_packages_read(process->root, &p, &wanted, out, &err), 0);
	text[0] = 0;
	for (size_t i = 0; i < out->packages; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %s", i ? ", " : "", out->package[i]->name, out->package[i]->version);
	return text;
}

static void debian_and_its_users(void **state)
{
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	GBX_AUTO_FD int root = make_tree("debian");
	struct gbx_python_process p = process_of(root, "/usr/bin/python3.11");

	(void)state;
	/* User, then local, then the distribution; what an earlier folder hides is not there. */
	assert_string_equal(found_by(&p, &s), "mine 1, Six 1.17, PyYAML 6.0");
	assert_int_equal(s.package[2]->form, GLASSBOX__PACKAGE__FORM__WHEEL);
	assert_string_equal(s.package[2]->installer, "debian");
	assert_string_equal((char *)s.package[2]->path->path.data, "/usr/lib/python3/dist-packages/yaml-6.0.dist-info");
	p.arguments = ARGUMENTS("python3\0-W\0ignore\0-s\0train.py\0-S");
	assert_string_equal(found_by(&p, &s), "Six 1.17, PyYAML 6.0");
	p.arguments = ARGUMENTS("python3\0-Ic\0pass");
	assert_string_equal(found_by(&p, &s), "Six 1.17, PyYAML 6.0");
	p.arguments = ARGUMENTS("python3\0-S\0x");
	assert_string_equal(found_by(&p, &s), "");
	p.arguments = ARGUMENTS("python3\0-c\0-S");
	p.environment = ARGUMENTS("PATH=/usr/bin\0HOME=/home/u\0PYTHONNOUSERSITE=1");
	assert_string_equal(found_by(&p, &s), "Six 1.17, PyYAML 6.0");
	p.environment = ARGUMENTS("PYTHONPATH=v/lib/python3.11/site-packages:/gone");
	assert_string_equal(found_by(&p, &s), "A.b 2, Six 1.17, PyYAML 6.0");
	p.arguments = ARGUMENTS("python3\0-E\0x");
	assert_string_equal(found_by(&p, &s), "Six 1.17, PyYAML 6.0");
	assert_int_equal(s.gaps.len, 0);
}

static void virtual_environments(void **state)
{
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	GBX_AUTO_FD int root = make_tree("venv");
	struct gbx_python_process p = process_of(root, "/usr/bin/python3.11");

	(void)state;
	/* Known by the link that was executed, whichever way it was named. */
	p.arguments = ARGUMENTS("/work/v/bin/python\0train.py");
	assert_string_equal(found_by(&p, &s), "A.b 2");
	p.arguments = ARGUMENTS("v/bin/python\0train.py");
	assert_string_equal(found_by(&p, &s), "A.b 2");
	p.arguments = ARGUMENTS("python\0train.py");
	p.environment = ARGUMENTS("PATH=/work/v/bin:/usr/bin\0HOME=/home/u");
	assert_string_equal(found_by(&p, &s), "A.b 2");
	/* A name that is another file's says nothing. */
	p.arguments = ARGUMENTS("/work/v/pyvenv.cfg\0");
	assert_string_equal(found_by(&p, &s), "mine 1, Six 1.17, PyYAML 6.0");
	p.arguments = ARGUMENTS("/work/v/bin/python\0");
	write_file("venv/work/v/pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = TRUE\n");
	assert_string_equal(found_by(&p, &s), "A.b 2, mine 1, Six 1.17, PyYAML 6.0");
	GBX_CLEANUP(gbx_python_free) struct gbx_python python = {0};
	assert_int_equal(gbx_python_find(&p, &python, NULL), 0);
	assert_string_equal(python.prefix, "/work/v");
	assert_string_equal(python.base, "/usr");
	assert_string_equal(python.name, "python3.11");
	assert_true(python.virtual_environment && python.system_packages);
}

static void editable_installs(void **state)
{
	static const char site[] = "edit/work/v/lib/python3.11/site-packages/";
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	GBX_AUTO_FD int root = make_tree("edit");
	struct gbx_python_process p = process_of(root, "/usr/bin/python3.11");
	char path[200];

	(void)state;
	p.arguments = ARGUMENTS("/work/v/bin/python\0");
	/* As setuptools once did it, through a path in a .pth file, and as PEP 660 does. */
	snprintf(path, sizeof path, "%seasy-install.pth", site);
	write_file(path, "# a comment\nimport os; os.system('echo never')\n/work/old\n../../../../missing\n");
	write_file("edit/work/old/old.egg-info/PKG-INFO", "Name: old\nVersion: 0.1\n");
	snprintf(path, sizeof path, "%snew-3.dist-info/METADATA", site);
	write_file(path, "Name: new\nVersion: 3\n\n");
	snprintf(path, sizeof path, "%snew-3.dist-info/direct_url.json", site);
	write_file(path, "{\"url\": \"file:///work/ne%77%20x/\", \"dir_info\": {\"editable\": true}}");
	assert_string_equal(found_by(&p, &s), "A.b 2, new 3, old 0.1");
	assert_false(s.package[0]->editable);
	assert_true(s.package[1]->editable);
	assert_string_equal((char *)s.package[1]->source->path.data, "/work/new x");
	assert_string_equal(s.package[1]->url, "");
	assert_true(s.package[2]->editable);
	assert_string_equal((char *)s.package[2]->source->path.data, "/work/old");
	assert_int_equal(s.package[2]->form, GLASSBOX__PACKAGE__FORM__EGG);
}

static void where_packages_came_from(void **state)
{
	static const char site[] = "from/work/v/lib/python3.11/site-packages/";
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	GBX_AUTO_FD int root = make_tree("from");
	struct gbx_python_process p = process_of(root, "/usr/bin/python3.11");
	char path[200], hex[80];
	static const struct {
		const char *json, *url, *commit, *archive;
	} cases[] = {
		{"{\"url\":\"https://u:p4ss@h/r.git?t=1\",\"vcs_info\":{\"vcs\":\"git\",\"commit_id\":\"0123456789012345678901234567890123456789\"}}",
		 "https://h/r.git", "0123456789012345678901234567890123456789", ""},
		{"{\"url\":\"https://h/a.whl\",\"archive_info\":{\"hashes\":{\"sha256\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"}}}",
		 "https://h/a.whl", "", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"},
		{"{\"url\":\"https://h/a.whl\",\"archive_info\":{\"hash\":\"sha256=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"}}",
		 "https://h/a.whl", "", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"},
		{"{\"url\":\"https://h/a\",\"vcs_info\":{\"commit_id\":\"main\"},\"archive_info\":7}", "https://h/a", "", ""},
	};

	(void)state;
	p.arguments = ARGUMENTS("/work/v/bin/python\0");
	snprintf(path, sizeof path, "%sa_b-2.dist-info/direct_url.json", site);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		write_file(path, cases[i].json);
		assert_string_equal(found_by(&p, &s), "A.b 2");
		assert_string_equal(s.package[0]->url, cases[i].url);
		gbx_hex(s.package[0]->commit.data, s.package[0]->commit.len, hex);
		assert_string_equal(hex, cases[i].commit);
		gbx_hex(s.package[0]->archive.data, s.package[0]->archive.len, hex);
		assert_string_equal(hex, cases[i].archive);
		assert_int_equal(s.gaps.len, 0);
	}
	/* One that is none costs the package nothing. */
	write_file(path, "{\"url\": 7}");
	assert_string_equal(found_by(&p, &s), "A.b 2");
	assert_int_equal(s.gaps.len, 1);
	assert_int_equal(s.gaps.gap[0].reason, GLASSBOX__GAP__REASON__MALFORMED);
}

static void lists_of_files(void **state)
{
	static const char record[] = "a_b/__init__.py,sha256=x,1\n\"a,b\",sha256=y,2\n../../../lib/libmkl_core.so.2,sha256=z,3\na_b/libs/liba.so,,\n"
				     "/opt/abs/libabs.so,,";
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	GBX_AUTO_FD int root = make_tree("list");
	struct gbx_python_process p = process_of(root, "/usr/bin/python3.11");
	GBX_CLEANUP(gbx_python_free) struct gbx_python python = {0};
	GBX_CLEANUP(gbx_wanted_free) struct gbx_wanted wanted = {0};
	static const char *const paths[] = {"/work/v/lib/libmkl_core.so.2", "/work/v/lib/python3.11/site-packages/a_b/libs/liba.so", "/opt/abs/libabs.so",
					    "/work/v/lib/python3.11/site-packages/other/libs/liba.so", "/usr/lib/libc.so.6"};
	uint8_t digest[GBX_SHA256_LEN];

	(void)state;
	p.arguments = ARGUMENTS("/work/v/bin/python\0");
	write_file("list/work/v/lib/python3.11/site-packages/a_b-2.dist-info/RECORD", record);
	for (size_t i = 0; i < 5; i++) {
		Glassbox__Library *l = gbx_software_library(&s, NULL);
		l->path = gbx_software_path(&s, gbx_slice_text(paths[i]), NULL);
		assert_int_equal(gbx_wanted_add(&wanted, l, NULL), 0);
		assert_int_equal(gbx_wanted_add(&wanted, l, NULL), 0);
	}
	assert_int_equal(wanted.len, 5);
	assert_int_equal(gbx_python_find(&p, &python, NULL), 0);
	assert_int_equal(gbx_packages_read(root, &python, &wanted, &s, NULL), 0);
	assert_int_equal(s.package[0]->files, 5);
	assert_int_equal(gbx_sha256(gbx_slice_text(record), digest, NULL), 0);
	assert_memory_equal(s.package[0]->record.data, digest, sizeof digest);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(s.library[i]->owner != NULL, i < 3);
		if (i >= 3)
			continue;
		assert_string_equal(s.library[i]->owner->name, "A.b");
		assert_string_equal(s.library[i]->owner->version, "2");
		assert_int_equal(s.library[i]->owner->database, GLASSBOX__OWNER__DATABASE__WHEEL);
	}
}

static void conda_environments(void **state)
{
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	GBX_AUTO_FD int root = -1;
	GBX_CLEANUP(gbx_python_free) struct gbx_python python = {0};
	GBX_CLEANUP(gbx_wanted_free) struct gbx_wanted wanted = {0};

	(void)state;
	write_file("conda/c/bin/python3.10", "ELF");
	write_file("conda/c/lib/python3.10/os.py", "");
	write_file("conda/c/lib/python3.10/site-packages/n-1.dist-info/METADATA", "Name: n\nVersion: 1\n\n");
	/* Names that mean something only at the top, a name that is not, and the files before name and version. */
	write_file("conda/c/conda-meta/mkl-2023.1-h_0.json",
		   "{\"build\": \"h_0\", \"files\": [\"lib/libmkl_core.so.2\", \"lib/x\\u00e4\"], \"link\": {\"name\": \"wrong\", \"files\": [\"a\"]},\n"
		   "\"name\": \"mkl\", \"paths_data\": {\"paths\": [{\"sha256\": \"ff\"}]}, "
		   "\"sha256\": \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\", \"size\": 7, "
		   "\"url\": \"https://u:p@conda.h/t/tk-12-ab/pkgs/mkl.conda\", \"version\": \"2023.1\"}\n");
	write_file("conda/c/conda-meta/cut.json", "{\"name\": \"cut\", \"version\": \"1\", \"files\": [\"a\"");
	write_file("conda/c/conda-meta/history", "not JSON");
	assert_int_equal(gbx_open_dir(AT_FDCWD, "conda", false, &root, NULL), 0);
	Glassbox__Library *l = gbx_software_library(&s, NULL);
	l->path = gbx_software_path(&s, gbx_slice_text("/c/lib/libmkl_core.so.2"), NULL);
	assert_int_equal(gbx_wanted_add(&wanted, l, NULL), 0);
	struct gbx_python_process p = process_of(root, "/c/bin/python3.10");
	assert_int_equal(gbx_python_find(&p, &python, NULL), 0);
	assert_int_equal(gbx_packages_read(root, &python, &wanted, &s, NULL), 0);
	assert_int_equal(s.packages, 2);
	const Glassbox__Package *m = s.package[1];
	assert_string_equal(m->name, "mkl");
	assert_string_equal(m->version, "2023.1");
	assert_string_equal(m->build, "h_0");
	assert_string_equal(m->url, "https://conda.h/pkgs/mkl.conda");
	assert_int_equal(m->files, 2);
	assert_int_equal(m->archive.len, 32);
	assert_int_equal(m->form, GLASSBOX__PACKAGE__FORM__CONDA);
	assert_string_equal(l->owner->name, "mkl");
	assert_int_equal(l->owner->database, GLASSBOX__OWNER__DATABASE__CONDA);
	assert_int_equal(s.gaps.len, 1);
	assert_int_equal(s.gaps.gap[0].reason, GLASSBOX__GAP__REASON__MALFORMED);
	assert_string_equal((char *)s.gaps.gap[0].path[0].data, "/c/conda-meta/cut.json");
}

static uint64_t gaps_of(const struct gbx_software *s, Glassbox__Gap__Reason reason)
{
	for (size_t i = 0; i < s->gaps.len; i++)
		if (s->gaps.gap[i].reason == reason)
			return s->gaps.gap[i].count;
	return 0;
}

static void what_cannot_be_read_is_a_gap(void **state)
{
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	GBX_AUTO_FD int root = make_tree("broken");
	struct gbx_python_process p = process_of(root, "/usr/bin/python3.11");
	struct rusage usage;

	(void)state;
	p.arguments = ARGUMENTS("/work/v/bin/python\0");
	assert_int_equal(chdir("broken/work/v/lib/python3.11/site-packages"), 0);
	write_file("none-1.dist-info/METADATA", "Version: 1\n\n");
	write_file("text-1.dist-info/METADATA", "Name: a\xff\nVersion: 1\n\n");
	write_file("ctrl-1.dist-info/METADATA", "Name: a\x1b[0m\nVersion: 1\n\n");
	write_file("bin-1.dist-info/METADATA", "\177ELF\1\2\3");
	assert_int_equal(gbx_make_dirs("gone-1.dist-info", 0755, NULL), 0);
	link_to("loop-1.dist-info", "loop-1.dist-info");
	link_to(".", "circle");
	link_to("METADATA", "self-1.dist-info/METADATA");
	assert_int_equal(gbx_make_dirs("fifo-1.dist-info", 0755, NULL), 0);
	assert_int_equal(system("mkfifo fifo-1.dist-info/METADATA"), 0);
	assert_int_equal(gbx_make_dirs("dir-1.dist-info/METADATA", 0755, NULL), 0);
	write_file("file-1.dist-info", "no folder");
	/* A gigabyte, which is only begun: a good one, and one whose headers never end. */
	write_file("huge-1.dist-info/METADATA", "Name: huge\nVersion: 1\n\n");
	assert_int_equal(truncate("huge-1.dist-info/METADATA", 1 << 30), 0);
	write_file("hole-1.dist-info/METADATA", "Metadata-Version: 2.1\n");
	assert_int_equal(truncate("hole-1.dist-info/METADATA", 1 << 30), 0);
	write_file("list-1.dist-info/METADATA", "Name: list\nVersion: 1\n\n");
	write_file("list-1.dist-info/RECORD", "a,,\n");
	assert_int_equal(truncate("list-1.dist-info/RECORD", 1 << 30), 0);
	write_file("\xff-1.dist-info/METADATA", "Name: any\nVersion: 1\n\n");
	assert_int_equal(chdir("../../../../../.."), 0);
	assert_string_equal(found_by(&p, &s), "A.b 2, huge 1, list 1, any 1");
	assert_int_equal(s.package[2]->record.len, 0);
	/* text, ctrl, none, bin, loop, self, fifo, dir, and hole, whose first line is all that it says; gone and file. */
	assert_int_equal(gaps_of(&s, GLASSBOX__GAP__REASON__MALFORMED), 9);
	assert_int_equal(gaps_of(&s, GLASSBOX__GAP__REASON__NOT_FOUND), 2);
	assert_int_equal(gaps_of(&s, GLASSBOX__GAP__REASON__TOO_LARGE), 1);
	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	assert_true(usage.ru_maxrss < 512 * 1024);
}

static void no_permission_is_a_gap(void **state)
{
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	GBX_AUTO_FD int root = make_tree("closed");
	struct gbx_python_process p = process_of(root, "/usr/bin/python3.11");

	(void)state;
	if (geteuid() == 0)
		skip();
	p.arguments = ARGUMENTS("/work/v/bin/python\0");
	assert_int_equal(system("chmod 0 closed/work/v/lib/python3.11/site-packages/a_b-2.dist-info"), 0);
	assert_string_equal(found_by(&p, &s), "");
	assert_int_equal(gaps_of(&s, GLASSBOX__GAP__REASON__NO_PERMISSION), 1);
	assert_int_equal(system("chmod 0 closed/work/v/lib/python3.11/site-packages"), 0);
	assert_string_equal(found_by(&p, &s), "");
	assert_int_equal(gaps_of(&s, GLASSBOX__GAP__REASON__IO_ERROR), 1);
	assert_int_equal(system("chmod -R 700 closed"), 0);
}

static void names_of_pythons(void **state)
{
	static const char *const yes[] = {"python", "python3", "/usr/bin/python3.11", "python3.13t", "python3.11d", "pypy3.10", "/a/pypy"};
	static const char *const no[] = {"python-config", "pythonista", "bpython", "ipython", "pytest", "python3.11-config", "/python/x"};
	static const char *const libraries[] = {"/l/libpython3.11.so.1.0", "libpython3.8.so", "libpypy3.10-c.so"};

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		assert_true(gbx_is_python(yes[i]));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(gbx_is_python(no[i]));
	for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
		assert_true(gbx_is_python_library(libraries[i]));
	assert_false(gbx_is_python_library("libpython3.so"));
	assert_false(gbx_is_python_library("libfoo.so"));
}

static void names_that_are_the_same(void **state)
{
	char out[64];

	(void)state;
	gbx_package_normal("Foo__.-Bar_1.", out);
	assert_string_equal(out, "foo-bar-1-");
	gbx_package_normal("", out);
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(debian_and_its_users), cmocka_unit_test(virtual_environments), cmocka_unit_test(editable_installs),
		cmocka_unit_test(where_packages_came_from), cmocka_unit_test(lists_of_files), cmocka_unit_test(conda_environments),
		cmocka_unit_test(what_cannot_be_read_is_a_gap), cmocka_unit_test(no_permission_is_a_gap), cmocka_unit_test(names_of_pythons),
		cmocka_unit_test(names_that_are_the_same),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
