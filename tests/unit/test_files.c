/* Folders as they are met: odd names, things that are no files, files that change. The oracle is find, sort and sha256sum. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "digest/files.h"
#include "test.h"

static char dir[64];
static const struct gbx_hash_options plain = {0};

/* A path below the test's folder; a few live at a time. */
static const char *at(const char *name)
{
	static char path[8][4200];
	static unsigned turn;

	snprintf(path[++turn % 8], sizeof *path, "%s/%s", dir, name);
	return path[turn % 8];
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void make(const char *name)
{
	assert_int_equal(gbx_make_dirs(at(name), 0700, NULL), 0);
}

/* A new, empty folder named `name`; its path is valid until the next call. */
static const char *fresh(const char *name)
{
	static char root[128];

	make(name);
	snprintf(root, sizeof root, "%s", at(name));
	return root;
}

static void walk(const char *root, struct gbx_files *files)
{
	struct gbx_error err = {0};

	assert_int_equal(gbx_files_walk(root, files, &err), 0);
}

static void hash(const char *root, struct gbx_files *files, const struct gbx_hash_options *o)
{
	struct gbx_error err = {0};
	bool finished = false;

	assert_int_equal(gbx_files_hash(root, files, o, &finished, &err), 0);
	assert_true(finished);
}

static const struct gbx_found *find(const struct gbx_files *files, const char *path)
{
	for (size_t i = 0; i < files->len; i++)
		if (strcmp(files->file[i].path, path) == 0)
			return &files->file[i];
	fail_msg("%s is not listed", path);
	return NULL;
}

static void expect_problem(const struct gbx_files *files, const char *path, Glassbox__Gap__Reason reason)
{
	for (size_t i = 0; i < files->problems; i++)
		if (strcmp(files->problem[i].path, path) == 0) {
			assert_int_equal(files->problem[i].reason, reason);
			assert_true(files->problem[i].code < 0 && *files->problem[i].text);
			return;
		}
	fail_msg("no problem with %s", path);
}

/* What sha256sum -z prints: "<hex>  <path>" NUL. */
static void print_sums(const struct gbx_files *files, struct gbx_bytes *out)
{
	char hex[65];

	for (size_t i = 0; i < files->len; i++) {
		if (files->file[i].type == GBX_SYMLINK)
			continue;
		gbx_hex(files->file[i].sha256, 32, hex);
		assert_int_equal(gbx_bytes_append(out, hex, 64, NULL), 0);
		assert_int_equal(gbx_bytes_append(out, "  ", 2, NULL), 0);
		assert_int_equal(gbx_bytes_append(out, files->file[i].path, strlen(files->file[i].path) + 1, NULL), 0);
	}
}

static void expect_as_sha256sum(const char *root, const struct gbx_files *files)
{
	GBX_AUTO_BYTES struct gbx_bytes ours = {0}, theirs = {0};
	char command[1024];

	snprintf(command, sizeof command,
		 "cd '%s' && find . -type f -printf '%%P\\0' | LC_ALL=C sort -z | xargs -0r sha256sum -z -- >'%s/sums'", root, dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(gbx_load_file(at("sums"), 64 << 20, &theirs, NULL), 0);
	print_sums(files, &ours);
	assert_true(theirs.len > 0 && gbx_slice_equal(gbx_slice_of(&ours), gbx_slice_of(&theirs)));
}

static void make_odd_tree(const char *root)
{
	static const char *const names[] = {"a-b", "a/x", "a/y/z", "a.b", "new\nline", "\xff\xfe not utf-8", " ", "-n", "tab\there", "q'\"\\",
					    "\xc3\xa9", "A", "a/.hidden", "...", "*"};
	char path[256];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", root, names[i]);
		char *slash = strrchr(path, '/');
		*slash = 0;
		make(path);
		*slash = '/';
		put(path, names[i]);
	}
	snprintf(path, sizeof path, "%s/empty", root);
	put(path, "");
	snprintf(path, sizeof path, "%s/hollow/folder", root);
	make(path);
}

static void names_of_any_bytes_are_sorted_and_hashed(void **state)
{
	GBX_AUTO_FILES struct gbx_files files = {0};
	const char *root = fresh("odd");

	(void)state;
	make_odd_tree("odd");
	walk(root, &files);
	assert_int_equal(files.problems, 0);
	assert_int_equal(files.len, 16);
	for (size_t i = 1; i < files.len; i++)
		assert_true(strcmp(files.file[i - 1].path, files.file[i].path) < 0);
	assert_true(find(&files, "a-b") < find(&files, "a/x"));
	hash(root, &files, &plain);
	expect_as_sha256sum(root, &files);
	assert_int_equal(find(&files, "\xff\xfe not utf-8")->size, 12);
}

static void every_length_around_a_buffer_is_hashed(void **state)
{
	static const size_t lengths[] = {0, 1, 55, 56, 63, 64, 65, 4095, 4096, 262143, 262144, 262145, 524288, 1048575, 1048576, 3000001};
	GBX_AUTO_FILES struct gbx_files files = {0}, behind = {0};
	const struct gbx_hash_options background = {.threads = 1, .background = true}, many = {.threads = 7};
	const char *root = fresh("lengths");
	char name[64];

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		snprintf(name, sizeof name, "lengths/%zu", lengths[i]);
		FILE *f = fopen(at(name), "w");
		for (size_t n = 0; n < lengths[i]; n++)
			putc((int)(n * 7 + n / 251), f);
		fclose(f);
	}
	walk(root, &files);
	hash(root, &files, &many);
	expect_as_sha256sum(root, &files);
	walk(root, &behind);
	hash(root, &behind, &background);
	expect_as_sha256sum(root, &behind);
}

static void links_are_entries_and_never_followed(void **state)
{
	GBX_AUTO_FILES struct gbx_files files = {0};
	const char *root = fresh("links");
	uint8_t expected[32];

	(void)state;
	make("links/sub");
	put("links/sub/file", "x");
	put("outside", "secret");
	assert_int_equal(symlink("sub", at("links/to-folder")), 0);
	assert_int_equal(symlink("../..", at("links/sub/loop")), 0);
	assert_int_equal(symlink("self", at("links/self")), 0);
	assert_int_equal(symlink("/nowhere/\xff", at("links/dangling")), 0);
	assert_int_equal(symlink("../outside", at("links/out")), 0);
	walk(root, &files);
	assert_int_equal(files.len, 6);
	assert_int_equal(files.problems, 0);
	hash(root, &files, &plain);
	const struct gbx_found *out = find(&files, "out");
	assert_true(out->type == GBX_SYMLINK && out->size == 10 && out->hashed);
	assert_int_equal(gbx_sha256(gbx_slice_text("../outside"), expected, NULL), 0);
	assert_memory_equal(out->sha256, expected, 32);
	assert_int_equal(files.bytes, 1 + 3 + 5 + 4 + 10 + 10);
}

static void what_is_no_file_is_a_problem_and_is_not_waited_for(void **state)
{
	GBX_AUTO_FILES struct gbx_files files = {0};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *root = fresh("special");
	struct gbx_error err;

	(void)state;
	put("special/file", "x");
	assert_int_equal(mkfifo(at("special/fifo"), 0600), 0);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%.90s", at("special/socket"));
	assert_int_equal(bind(s, (struct sockaddr *)&address, sizeof address), 0);
	close(s);
	alarm(20);
	walk(root, &files);
	hash(root, &files, &plain);
	assert_int_equal(files.len, 1);
	assert_int_equal(files.problems, 2);
	expect_problem(&files, "fifo", GLASSBOX__GAP__REASON__NOT_REGULAR);
	expect_problem(&files, "socket", GLASSBOX__GAP__REASON__NOT_REGULAR);
	struct gbx_files none = {0};
	assert_int_equal(gbx_files_walk(at("special/fifo"), &none, &err), GBX_E_MALFORMED);
	assert_int_equal(gbx_files_walk("/dev/null", &none, &err), GBX_E_MALFORMED);
	assert_int_equal(gbx_files_walk(at("special/nothing"), &none, &err), GBX_E_NOTFOUND);
	assert_non_null(strstr(err.line, "special/nothing"));
	alarm(0);
}

static void what_may_not_be_read_is_a_problem(void **state)
{
	GBX_AUTO_FILES struct gbx_files files = {0};
	const char *root = fresh("forbidden");
	struct gbx_error err;

	(void)state;
	if (getuid() == 0)
		skip();
	make("forbidden/folder");
	put("forbidden/folder/x", "x");
	put("forbidden/file", "x");
	put("forbidden/fine", "x");
	chmod(at("forbidden/folder"), 0);
	chmod(at("forbidden/file"), 0);
	walk(root, &files);
	hash(root, &files, &plain);
	chmod(at("forbidden/folder"), 0700);
	expect_problem(&files, "folder", GLASSBOX__GAP__REASON__NO_PERMISSION);
	expect_problem(&files, "file", GLASSBOX__GAP__REASON__NO_PERMISSION);
	assert_int_equal(find(&files, "file")->failure, GBX_E_IO);
	assert_true(find(&files, "fine")->hashed);
	assert_int_equal(files.problems, 2);
	struct gbx_files none = {0};
	chmod(root, 0);
	assert_int_equal(gbx_files_walk(root, &none, &err), GBX_E_IO);
	chmod(root, 0700);
}

static void an_empty_folder_is_an_empty_list(void **state)
{
	GBX_AUTO_FILES struct gbx_files files = {0};
	GBX_AUTO_BYTES struct gbx_bytes page = {0};
	struct gbx_bytes_output out;
	struct gbx_manifest_sum sum;
	const char *root = fresh("void");
	uint8_t digest[32], listing[32], nothing[32];

	(void)state;
	walk(root, &files);
	hash(root, &files, &plain);
	assert_true(files.len == 0 && files.problems == 0 && files.bytes == 0);
	assert_int_equal(gbx_sha256(gbx_slice("", 0), nothing, NULL), 0);
	assert_int_equal(gbx_files_listing(&files, listing, NULL), 0);
	assert_memory_equal(listing, nothing, 32);
	gbx_bytes_output(&out, &page);
	assert_int_equal(gbx_files_manifest(&files, &out.out, &sum, digest, NULL), 0);
	assert_memory_equal(sum.root, nothing, 32);
	assert_int_equal(page.len, 0);
}

static void one_file_is_named_by_its_base_name(void **state)
{
	GBX_AUTO_FILES struct gbx_files file = {0}, link = {0}, linked = {0};
	uint8_t expected[32];

	(void)state;
	fresh("one");
	put("one/data.bin", "hello");
	assert_int_equal(symlink("data.bin", at("one/link")), 0);
	assert_int_equal(symlink("one", at("one-link")), 0);
	assert_int_equal(gbx_sha256(gbx_slice_text("hello"), expected, NULL), 0);
	walk(at("one/data.bin"), &file);
	hash(at("one/data.bin"), &file, &plain);
	assert_true(file.single && file.len == 1);
	assert_string_equal(file.file[0].path, "data.bin");
	assert_memory_equal(file.file[0].sha256, expected, 32);
	walk(at("one/link"), &link);
	hash(at("one/link"), &link, &plain);
	assert_string_equal(link.file[0].path, "link");
	assert_int_equal(link.file[0].type, GBX_FILE);
	assert_memory_equal(link.file[0].sha256, expected, 32);
	/* A root that is a link to a folder is followed as well. */
	walk(at("one-link"), &linked);
	assert_int_equal(linked.len, 2);
}

static void what_changed_after_the_walk_is_told(void **state)
{
	GBX_AUTO_FILES struct gbx_files files = {0};
	const char *root = fresh("moving");
	uint8_t expected[32];

	(void)state;
	put("moving/grown", "one");
	put("moving/replaced", "one");
	put("moving/gone", "one");
	put("moving/same", "one");
	put("moving/now-a-link", "one");
	make("moving/folder");
	put("moving/folder/x", "mine");
	make("elsewhere");
	put("elsewhere/x", "not mine");
	walk(root, &files);
	put("moving/grown", "longer");
	put("moving/other", "two");
	assert_int_equal(rename(at("moving/other"), at("moving/replaced")), 0);
	unlink(at("moving/gone"));
	unlink(at("moving/now-a-link"));
	assert_int_equal(symlink("same", at("moving/now-a-link")), 0);
	assert_int_equal(rename(at("moving/folder"), at("moved-away")), 0);
	assert_int_equal(symlink("../elsewhere", at("moving/folder")), 0);
	hash(root, &files, &plain);
	assert_int_equal(gbx_sha256(gbx_slice_text("longer"), expected, NULL), 0);
	const struct gbx_found *grown = find(&files, "grown");
	assert_true(grown->changed && grown->hashed && grown->failure == 0 && grown->size == 6);
	assert_memory_equal(grown->sha256, expected, 32);
	assert_true(find(&files, "replaced")->changed && !find(&files, "replaced")->hashed);
	assert_int_equal(find(&files, "gone")->failure, GBX_E_NOTFOUND);
	assert_true(find(&files, "same")->hashed && !find(&files, "same")->changed);
	assert_false(find(&files, "now-a-link")->hashed);
	assert_false(find(&files, "folder/x")->hashed);
	expect_problem(&files, "grown", GLASSBOX__GAP__REASON__CHANGED);
	expect_problem(&files, "replaced", GLASSBOX__GAP__REASON__CHANGED);
	expect_problem(&files, "gone", GLASSBOX__GAP__REASON__NOT_FOUND);
	expect_problem(&files, "now-a-link", GLASSBOX__GAP__REASON__CHANGED);
	expect_problem(&files, "folder/x", GLASSBOX__GAP__REASON__CHANGED);
	assert_int_equal(files.problems, 5);
	assert_int_equal(files.bytes, 6 + 3 * 4 + 4);
}

struct writer {
	char path[128];
	atomic_bool stop;
};

static void *keep_writing(void *arg)
{
	struct writer *w = arg;
	int fd = open(w->path, O_WRONLY | O_APPEND);

	while (!atomic_load(&w->stop)) {
		(void)!write(fd, "x", 1);
		usleep(200);
	}
	close(fd);
	return NULL;
}

static void what_changes_while_it_is_read_has_no_digest(void **state)
{
	GBX_AUTO_FILES struct gbx_files files = {0};
	struct writer w = {.stop = false};
	pthread_t thread;
	const char *root = fresh("growing");

	(void)state;
	put("growing/log", "");
	assert_int_equal(truncate(at("growing/log"), 256 << 20), 0);
	snprintf(w.path, sizeof w.path, "%s", at("growing/log"));
	assert_int_equal(pthread_create(&thread, NULL, keep_writing, &w), 0);
	usleep(20000);
	walk(root, &files);
	alarm(60);
	hash(root, &files, &plain);
	alarm(0);
	atomic_store(&w.stop, true);
	pthread_join(thread, NULL);
	assert_true(files.file[0].changed && !files.file[0].hashed && files.file[0].failure == GBX_E_BAD);
	expect_problem(&files, "log", GLASSBOX__GAP__REASON__CHANGED);
}

static void a_file_whose_size_is_a_lie_has_no_digest(void **state)
{
	GBX_AUTO_FILES struct gbx_files files = {0};

	(void)state;
	walk("/proc/self/status", &files);
	assert_int_equal(files.file[0].size, 0);
	hash("/proc/self/status", &files, &plain);
	assert_false(files.file[0].hashed);
	assert_int_equal(files.problems, 1);
}

static void looking_again_finds_each_change(void **state)
{
	GBX_AUTO_FILES struct gbx_files files = {0};
	const char *root = fresh("again");
	uint64_t count = 99;

	(void)state;
	put("again/touched", "x");
	put("again/gone", "x");
	put("again/mode", "x");
	put("again/same", "x");
	assert_int_equal(symlink("same", at("again/link")), 0);
	walk(root, &files);
	hash(root, &files, &plain);
	assert_int_equal(gbx_files_recheck(root, &files, &count, NULL), 0);
	assert_int_equal(count, 0);
	struct timespec times[2] = {{1, 2}, {3, 4}};
	assert_int_equal(utimensat(AT_FDCWD, at("again/touched"), times, 0), 0);
	unlink(at("again/gone"));
	usleep(20000);
	chmod(at("again/mode"), 0644);
	unlink(at("again/link"));
	assert_int_equal(symlink("gone", at("again/link")), 0);
	assert_int_equal(gbx_files_recheck(root, &files, &count, NULL), 0);
	assert_int_equal(count, 4);
	assert_int_equal(files.problems, 4);
	assert_true(find(&files, "gone")->changed && find(&files, "link")->changed && !find(&files, "same")->changed);
	/* Told once. */
	assert_int_equal(gbx_files_recheck(root, &files, &count, NULL), 0);
	assert_int_equal(count, 4);
	assert_int_equal(files.problems, 4);
	assert_int_equal(gbx_remove_tree(root, NULL), 0);
	assert_int_equal(gbx_files_recheck(root, &files, &count, NULL), 0);
	assert_int_equal(count, 5);
	expect_problem(&files, "same", GLASSBOX__GAP__REASON__CHANGED);
}

static void cancelled_hashing_goes_on_later(void **state)
{
	GBX_AUTO_FILES struct gbx_files files = {0};
	atomic_bool cancel = true;
	const struct gbx_hash_options o = {.cancel = &cancel};
	const char *root = fresh("later");
	bool finished = true;

	(void)state;
	make_odd_tree("later");
	walk(root, &files);
	assert_int_equal(gbx_files_hash(root, &files, &o, &finished, NULL), 0);
	assert_false(finished);
	for (size_t i = 0; i < files.len; i++)
		assert_true(!files.file[i].hashed && !files.file[i].failure);
	atomic_store(&cancel, false);
	assert_int_equal(gbx_files_hash(root, &files, &o, &finished, NULL), 0);
	assert_true(finished);
	expect_as_sha256sum(root, &files);
}

static void *cancel_soon(void *arg)
{
	usleep(30000);
	atomic_store((atomic_bool *)arg, true);
	return NULL;
}

static void a_file_of_a_tebibyte_can_be_cancelled(void **state)
{
	GBX_AUTO_FILES struct gbx_files files = {0};
	atomic_bool cancel = false;
	const struct gbx_hash_options o = {.cancel = &cancel};
	const char *root = fresh("sparse");
	pthread_t thread;
	bool finished = true;

	(void)state;
	put("sparse/file", "");
	if (truncate(at("sparse/file"), (off_t)1 << 40))
		skip();
	walk(root, &files);
	assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &cancel), 0);
	alarm(60);
	assert_int_equal(gbx_files_hash(root, &files, &o, &finished, NULL), 0);
	alarm(0);
	pthread_join(thread, NULL);
	assert_false(finished);
	assert_true(!files.file[0].hashed && !files.file[0].failure && !files.file[0].changed);
}

static void a_deep_folder_is_a_problem_and_not_a_crash(void **state)
{
	GBX_AUTO_FILES struct gbx_files files = {0};
	const char *root = fresh("deep");
	int cwd = open(".", O_RDONLY | O_DIRECTORY);

	(void)state;
	assert_int_equal(chdir(root), 0);
	for (unsigned i = 0; i < GBX_LIMIT_DEPTH + 20; i++) {
		assert_int_equal(mkdir("d", 0700), 0);
		assert_int_equal(chdir("d"), 0);
	}
	assert_int_equal(fchdir(cwd), 0);
	walk(root, &files);
	assert_int_equal(files.len, 0);
	assert_int_equal(files.problems, 1);
	assert_int_equal(files.problem[0].reason, GLASSBOX__GAP__REASON__TOO_LARGE);
	/* Long names: a path that no system call takes. */
	GBX_AUTO_FILES struct gbx_files wide = {0};
	char name[256];
	root = fresh("wide");
	memset(name, 'n', 255);
	name[255] = 0;
	assert_int_equal(chdir(root), 0);
	for (unsigned i = 0; i < 17; i++) {
		assert_int_equal(mkdir(name, 0700), 0);
		assert_int_equal(chdir(name), 0);
	}
	assert_int_equal(fchdir(cwd), 0);
	close(cwd);
	walk(root, &wide);
	assert_int_equal(wide.problems, 1);
	assert_int_equal(wide.problem[0].reason, GLASSBOX__GAP__REASON__TOO_LARGE);
	char command[256];
	snprintf(command, sizeof command, "rm -r '%s/deep' '%s/wide'", dir, dir);
	assert_int_equal(system(command), 0);
}

static void the_manifest_reads_back(void **state)
{
	GBX_AUTO_FILES struct gbx_files files = {0};
	GBX_AUTO_BYTES struct gbx_bytes page = {0}, again = {0};
	GBX_CLEANUP(gbx_manifest_reader_free) struct gbx_manifest_reader r = {0};
	struct gbx_bytes_output out;
	struct gbx_memory_input in;
	struct gbx_manifest_sum sum, second, back;
	struct gbx_entry e;
	const char *root = fresh("manifest");
	uint8_t digest[32], listing[32], expected[32];
	size_t n = 0;

	(void)state;
	make_odd_tree("manifest");
	for (int i = 0; i < 100; i++) {
		char name[64];
		snprintf(name, sizeof name, "manifest/many%d", i);
		put(name, name);
	}
	assert_int_equal(symlink("a-b", at("manifest/link")), 0);
	put("manifest/unhashed", "x");
	walk(root, &files);
	assert_int_equal(gbx_files_listing(&files, listing, NULL), 0);
	unlink(at("manifest/unhashed"));
	hash(root, &files, &plain);
	gbx_bytes_output(&out, &page);
	assert_int_equal(gbx_files_manifest(&files, &out.out, &sum, digest, NULL), 0);
	assert_int_equal(gbx_sha256(gbx_slice_of(&page), expected, NULL), 0);
	assert_memory_equal(digest, expected, 32);
	assert_int_equal(sum.files, 117);
	gbx_memory_input(&in, gbx_slice_of(&page));
	assert_int_equal(gbx_manifest_reader_init(&r, GBX_MANIFEST_FILES, &in.in, NULL), 0);
	uint8_t salt[32] = {0};
	while (gbx_manifest_next(&r, &e, NULL) == 1) {
		assert_memory_not_equal(salt, e.salt, 32);
		memcpy(salt, e.salt, 32);
		n++;
	}
	assert_int_equal(n, sum.files);
	assert_int_equal(gbx_manifest_reader_sum(&r, &back, NULL), 0);
	assert_memory_equal(&back, &sum, offsetof(struct gbx_manifest_sum, listing));
	/* Salts are new each time; the plain root stays. */
	gbx_bytes_output(&out, &again);
	assert_int_equal(gbx_files_manifest(&files, &out.out, &second, digest, NULL), 0);
	assert_memory_equal(second.root, sum.root, 32);
	assert_memory_not_equal(second.salted_root, sum.salted_root, 32);
	/* The listing of the start speaks of the file that is gone, too. */
	assert_memory_not_equal(sum.listing, listing, 32);
}

static void threads_agree(void **state)
{
	const char *root = fresh("crowd");
	char name[64];

	(void)state;
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "crowd/%d", i % 10);
		make(name);
		snprintf(name, sizeof name, "crowd/%d/%d", i % 10, i);
		put(name, name);
	}
	for (unsigned threads = 0; threads < 20; threads += 6) {
		GBX_AUTO_FILES struct gbx_files files = {0};
		const struct gbx_hash_options o = {.threads = threads, .background = threads == 6};
		walk(root, &files);
		hash(root, &files, &o);
		assert_int_equal(files.len, 500);
		expect_as_sha256sum(root, &files);
	}
}

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/gbx-files-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return gbx_remove_tree(dir, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_any_bytes_are_sorted_and_hashed),
		cmocka_unit_test(every_length_around_a_buffer_is_hashed),
		cmocka_unit_test(links_are_entries_and_never_followed),
		cmocka_unit_test(what_is_no_file_is_a_problem_and_is_not_waited_for),
		cmocka_unit_test(what_may_not_be_read_is_a_problem),
		cmocka_unit_test(an_empty_folder_is_an_empty_list),
		cmocka_unit_test(one_file_is_named_by_its_base_name),
		cmocka_unit_test(what_changed_after_the_walk_is_told),
		cmocka_unit_test(what_changes_while_it_is_read_has_no_digest),
		cmocka_unit_test(a_file_whose_size_is_a_lie_has_no_digest),
		cmocka_unit_test(looking_again_finds_each_change),
		cmocka_unit_test(cancelled_hashing_goes_on_later),
		cmocka_unit_test(a_file_of_a_tebibyte_can_be_cancelled),
		cmocka_unit_test(a_deep_folder_is_a_problem_and_not_a_crash),
		cmocka_unit_test(the_manifest_reads_back),
		cmocka_unit_test(threads_agree),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
