/* tar: what is written is read by other programs, and what differs from it by one bit is refused. */
#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "bundle/tar.h"
#include "bundle/tar_block.h"
#include "scratch.h"

struct sample {
	char path[300];
	enum gbx_file_type type;
	char target[300];
	size_t size;
};

/* A path of len bytes: folders of 50. */
static void long_name(char *out, size_t len, char letter)
{
	for (size_t i = 0; i < len; i++)
		out[i] = i % 50 == 49 && i + 1 < len ? '/' : letter;
	out[len] = 0;
}

static size_t samples(struct sample *s)
{
	static const size_t lengths[] = {99, 100, 101, 154, 155, 156, 255, 256};
	static const size_t sizes[] = {0, 1, 511, 512, 513, 1024};
	size_t n = 0;

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++, n++) {
		long_name(s[n].path, lengths[i], (char)('a' + (int)i));
		s[n].size = 3;
	}
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++, n++) {
		snprintf(s[n].path, sizeof s[n].path, "size/%zu", sizes[i]);
		s[n].size = sizes[i];
	}
	strcpy(s[n].path, "not\xff\xfeutf8");
	s[n++].size = 2;
	strcpy(s[n].path, "run.sh");
	s[n].type = GBX_EXECUTABLE;
	s[n++].size = 10;
	for (size_t len = 100; len <= 250; len += len == 100 ? 1 : 149, n++) {
		snprintf(s[n].path, sizeof s[n].path, "link%zu", len);
		s[n].type = GBX_SYMLINK;
		long_name(s[n].target, len, 't');
	}
	strcpy(s[n].path, "both-");
	long_name(s[n].path + 5, 150, 'p');
	s[n].type = GBX_SYMLINK;
	long_name(s[n++].target, 120, 'q');
	return n;
}

static uint8_t content_byte(const struct sample *s, size_t i)
{
	return (uint8_t)(i * 7 + s->size + strlen(s->path));
}

static struct gbx_tar_entry entry_of(const struct sample *s)
{
	return (struct gbx_tar_entry){.path = gbx_slice_text(s->path), .type = s->type, .target = gbx_slice_text(s->target),
				      .size = s->size};
}

static void add_entry(struct gbx_bytes *tar, const struct sample *s)
{
	struct gbx_tar_entry e = entry_of(s);
	size_t before = tar->len;

	assert_int_equal(gbx_tar_header(&e, tar, NULL), 0);
	for (size_t i = 0; i < s->size; i++) {
		uint8_t byte = content_byte(s, i);
		assert_int_equal(gbx_bytes_append(tar, &byte, 1, NULL), 0);
	}
	assert_int_equal(gbx_tar_padding(s->size, tar, NULL), 0);
	assert_int_equal(tar->len - before, gbx_tar_size(&e));
}

static void make_tar(struct gbx_bytes *tar, const struct sample *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_entry(tar, &s[i]);
	assert_int_equal(gbx_tar_end(tar, NULL), 0);
}

/* Everything to the end; 0, or the first error. */
static int read_all(struct gbx_slice tar, bool strict, struct gbx_error *err)
{
	GBX_AUTO_TAR struct gbx_tar_reader r = {0};
	struct gbx_memory_input in;
	struct gbx_tar_entry e;
	int rc;

	gbx_memory_input(&in, tar);
	gbx_tar_reader_init(&r, &in.in, strict);
	while ((rc = gbx_tar_next(&r, &e, err)) == 1)
		;
	return rc;
}

static void assert_content(struct gbx_tar_reader *r, const struct sample *s)
{
	uint8_t buf[100];
	size_t got, at = 0;

	do {
		assert_int_equal(gbx_tar_content(r)->read(gbx_tar_content(r), buf, sizeof buf, &got, NULL), 0);
		for (size_t i = 0; i < got; i++)
			assert_int_equal(buf[i], content_byte(s, at + i));
		at += got;
	} while (got);
	assert_int_equal(at, s->size);
}

static void strict_reader_reads_what_is_written(void **state)
{
	static struct sample s[32];
	size_t n = samples(s);
	GBX_AUTO_BYTES struct gbx_bytes tar = {0};
	GBX_AUTO_TAR struct gbx_tar_reader r = {0};
	struct gbx_memory_input in;
	struct gbx_tar_entry e;

	(void)state;
	make_tar(&tar, s, n);
	gbx_memory_input(&in, gbx_slice_of(&tar));
	gbx_tar_reader_init(&r, &in.in, true);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(gbx_tar_next(&r, &e, NULL), 1);
		assert_true(gbx_slice_is(e.path, s[i].path) && gbx_slice_is(e.target, s[i].target));
		assert_int_equal(e.type, s[i].type);
		assert_int_equal(e.size, s[i].size);
		if (s[i].size)
			assert_int_equal(tar.data[gbx_tar_content_start(&r)], content_byte(&s[i], 0));
		if (i % 2)
			assert_content(&r, &s[i]);
	}
	assert_int_equal(gbx_tar_next(&r, &e, NULL), 0);
	assert_int_equal(gbx_tar_next(&r, &e, NULL), 0);
}

static void assert_extracted(const struct sample *s)
{
	GBX_AUTO_BYTES struct gbx_bytes got = {0};
	GBX_AUTO_STRING char *path = gbx_path_join("out", s->path);
	struct stat st;

	assert_int_equal(gbx_lstat(path, &st, NULL), 0);
	if (s->type == GBX_SYMLINK) {
		assert_int_equal(gbx_readlinkat(AT_FDCWD, path, &got, NULL), 0);
		assert_true(gbx_slice_is(gbx_slice_of(&got), s->target));
		return;
	}
	assert_int_equal(st.st_mode & 0777, s->type == GBX_EXECUTABLE ? 0755 : 0644);
	assert_int_equal(st.st_mtime, 0);
	get_file(path, &got);
	assert_int_equal(got.len, s->size);
	for (size_t i = 0; i < got.len; i++)
		assert_int_equal(got.data[i], content_byte(s, i));
}

static void other_programs_extract_it(void **state)
{
	static const char *const extract[] = {
		"mkdir out && tar -xpf x.tar -C out 2>err && ! test -s err",
		"rm -rf out && python3 -c 'import tarfile; tarfile.open(\"x.tar\", errors=\"surrogateescape\").extractall(\"out\")'",
	};
	static struct sample s[32];
	size_t n = samples(s);
	GBX_AUTO_BYTES struct gbx_bytes tar = {0};

	(void)state;
	make_tar(&tar, s, n);
	put_file("x.tar", tar.data, tar.len);
	for (size_t i = 0; i < sizeof extract / sizeof *extract; i++) {
		if (!have_program(i ? "python3" : "tar"))
			continue;
		assert_int_equal(system(extract[i]), 0);
		for (size_t k = 0; k < n; k++)
			assert_extracted(&s[k]);
	}
}

/* One of each form, small. */
static size_t few(struct sample *s)
{
	strcpy(s[0].path, "a/b");
	s[0].size = 5;
	long_name(s[1].path, 101, 'x');
	s[1].type = GBX_EXECUTABLE;
	s[1].size = 1;
	strcpy(s[2].path, "l");
	s[2].type = GBX_SYMLINK;
	strcpy(s[2].target, "a/b");
	strcpy(s[3].path, "empty");
	return 4;
}

/* Marks the bytes of contents, which a digest checks and not the tar; and what a pax path has behind the 100 bytes that the
 * header repeats: with another letter there it is the tar of another name. */
static void mark_contents(struct gbx_slice tar, bool *content)
{
	GBX_AUTO_TAR struct gbx_tar_reader r = {0};
	struct gbx_memory_input in;
	struct gbx_tar_entry e;

	gbx_memory_input(&in, tar);
	gbx_tar_reader_init(&r, &in.in, true);
	while (gbx_tar_next(&r, &e, NULL) == 1) {
		memset(content + gbx_tar_content_start(&r), true, (size_t)e.size);
		if (e.path.len == 101)
			content[gbx_tar_content_start(&r) - 2 * GBX_TAR_BLOCK + strlen("111 path=") + 100] = true;
	}
}

static void strict_reader_refuses_every_flipped_bit(void **state)
{
	static struct sample s[4];
	static bool content[16384];
	size_t n = few(s), flipped = 0;
	GBX_AUTO_BYTES struct gbx_bytes tar = {0};
	struct gbx_error err;

	(void)state;
	make_tar(&tar, s, n);
	assert_true(tar.len < sizeof content);
	assert_int_equal(read_all(gbx_slice_of(&tar), true, &err), 0);
	mark_contents(gbx_slice_of(&tar), content);
	for (size_t bit = 0; bit < tar.len * 8; bit++) {
		if (content[bit / 8])
			continue;
		tar.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		int rc = read_all(gbx_slice_of(&tar), true, &err);
		tar.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_true(rc == GBX_E_BAD || rc == GBX_E_MALFORMED || rc == GBX_E_LIMIT);
		assert_non_null(strstr(err.line, "byte"));
		flipped++;
	}
	assert_int_equal(flipped, (tar.len - 7) * 8);
}

static void strict_reader_refuses_every_cut_and_what_is_behind(void **state)
{
	static struct sample s[4];
	size_t n = few(s);
	GBX_AUTO_BYTES struct gbx_bytes tar = {0};
	struct gbx_error err;

	(void)state;
	make_tar(&tar, s, n);
	for (size_t len = 0; len < tar.len; len++) {
		assert_int_equal(read_all(gbx_slice(tar.data, len), true, &err), GBX_E_MALFORMED);
		assert_int_equal(read_all(gbx_slice(tar.data, len), false, NULL), GBX_E_MALFORMED);
	}
	assert_int_equal(gbx_bytes_append(&tar, "", 1, NULL), 0);
	assert_int_equal(read_all(gbx_slice_of(&tar), true, &err), GBX_E_MALFORMED);
	assert_int_equal(gbx_tar_end(&tar, NULL), 0);
	assert_int_equal(read_all(gbx_slice_of(&tar), true, &err), GBX_E_MALFORMED);
}

static void a_file_is_skipped_over_and_its_cut_found(void **state)
{
	GBX_AUTO_TAR struct gbx_tar_reader r = {0}, cut = {0};
	GBX_AUTO_BYTES struct gbx_bytes tar = {0};
	GBX_AUTO_FD int fd = -1;
	struct sample s = {.path = "big", .size = 100000};
	struct gbx_range_input in;
	struct gbx_tar_entry e;

	(void)state;
	make_tar(&tar, &s, 1);
	put_file("big.tar", tar.data, tar.len);
	assert_int_equal(gbx_open_read("big.tar", &fd, NULL), 0);
	gbx_range_input(&in, fd, 0, tar.len);
	gbx_tar_reader_init_range(&r, &in, true);
	assert_int_equal(gbx_tar_next(&r, &e, NULL), 1);
	assert_int_equal(gbx_tar_content_start(&r), 512);
	assert_int_equal(gbx_tar_next(&r, &e, NULL), 0);
	gbx_range_input(&in, fd, 0, 50000);
	gbx_tar_reader_init_range(&cut, &in, true);
	assert_int_equal(gbx_tar_next(&cut, &e, NULL), 1);
	assert_int_equal(gbx_tar_next(&cut, &e, NULL), GBX_E_MALFORMED);
}

static void sizes_of_eight_gib_and_more(void **state)
{
	static const uint64_t sizes[] = {077777777777u, 0100000000000u, 20000000001u};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		GBX_AUTO_TAR struct gbx_tar_reader r = {0};
		GBX_AUTO_BYTES struct gbx_bytes tar = {0};
		struct gbx_tar_entry e = {.path = gbx_slice_text("weights"), .size = sizes[i]}, got;
		struct gbx_range_input in;
		GBX_AUTO_FD int fd = -1;
		char command[200];

		assert_int_equal(gbx_tar_header(&e, &tar, NULL), 0);
		assert_int_equal(tar.len, i ? 3 * 512 : 512);
		put_file("huge.tar", tar.data, tar.len);
		/* The content is a hole. */
		assert_int_equal(truncate("huge.tar", (off_t)(gbx_tar_size(&e) + GBX_TAR_END)), 0);
		assert_int_equal(gbx_open_read("huge.tar", &fd, NULL), 0);
		gbx_range_input(&in, fd, 0, gbx_tar_size(&e) + GBX_TAR_END);
		gbx_tar_reader_init_range(&r, &in, true);
		assert_int_equal(gbx_tar_next(&r, &got, NULL), 1);
		assert_int_equal(got.size, sizes[i]);
		assert_int_equal(gbx_tar_next(&r, &got, NULL), 0);
		snprintf(command, sizeof command, "tar -tvf huge.tar | grep -q ' %llu .* weights$'", (unsigned long long)sizes[i]);
		assert_int_equal(system(command), 0);
	}
}

static void what_is_not_for_a_tar_is_refused(void **state)
{
	static const char *const bad[] = {"", "/a", "../a", "a/../b", "a//b", "./a", "a/", "."};
	GBX_AUTO_BYTES struct gbx_bytes out = {0};
	struct gbx_tar_entry e = {0};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		e.path = gbx_slice_text(bad[i]);
		assert_int_equal(gbx_tar_header(&e, &out, NULL), GBX_E_USAGE);
	}
	e.path = gbx_slice_text("a");
	e.type = GBX_GITLINK;
	assert_int_equal(gbx_tar_header(&e, &out, NULL), GBX_E_USAGE);
	e.type = GBX_SYMLINK;
	assert_int_equal(gbx_tar_header(&e, &out, NULL), GBX_E_USAGE);
	e.target = gbx_slice("a\0b", 3);
	assert_int_equal(gbx_tar_header(&e, &out, NULL), GBX_E_USAGE);
	e.type = GBX_FILE;
	assert_int_equal(gbx_tar_header(&e, &out, NULL), GBX_E_USAGE);
	assert_int_equal(out.len, 0);
}

/* A tar of one header, changed by the test and with the right checksum again. */
static int read_changed(const char *path, void (*change)(struct gbx_tar_block *h), bool strict)
{
	GBX_AUTO_BYTES struct gbx_bytes tar = {0};
	struct gbx_tar_entry e = {.path = gbx_slice_text(path)};
	struct gbx_error err;

	assert_int_equal(gbx_tar_header(&e, &tar, NULL), 0);
	struct gbx_tar_block *h = (struct gbx_tar_block *)tar.data;
	change(h);
	gbx_tar_checksum(h, h->checksum);
	assert_int_equal(gbx_tar_end(&tar, NULL), 0);
	return read_all(gbx_slice_of(&tar), strict, &err);
}

static void nothing(struct gbx_tar_block *h) { (void)h; }
static void hard_link(struct gbx_tar_block *h) { h->type = '1'; }
static void symbolic_link(struct gbx_tar_block *h) { h->type = '2'; h->target[0] = 'x'; }
static void device(struct gbx_tar_block *h) { h->type = '3'; }
static void fifo(struct gbx_tar_block *h) { h->type = '6'; }
static void sparse(struct gbx_tar_block *h) { h->type = 'S'; }
static void global(struct gbx_tar_block *h) { h->type = 'g'; }
static void gnu_long_name(struct gbx_tar_block *h) { h->type = 'L'; }
static void file_with_target(struct gbx_tar_block *h) { h->target[0] = 'x'; }
static void upwards(struct gbx_tar_block *h) { memcpy(h->name, "../x", 5); }
static void absolute(struct gbx_tar_block *h) { memcpy(h->name, "/etc/passwd", 12); }
static void twice_dotted(struct gbx_tar_block *h) { memcpy(h->name, "././x", 6); }
static void prefix_upwards(struct gbx_tar_block *h) { memcpy(h->prefix, "..", 3); }
static void no_name(struct gbx_tar_block *h) { h->name[0] = 0; }
static void negative_size(struct gbx_tar_block *h) { memset(h->size, 0xff, sizeof h->size); }
static void letters_for_a_size(struct gbx_tar_block *h) { memcpy(h->size, "0000000000z", 12); }
static void old_tar(struct gbx_tar_block *h) { memset(h->magic, 0, 8); }
static void other_time(struct gbx_tar_block *h) { h->mtime[10] = '7'; }
static void other_owner(struct gbx_tar_block *h) { memcpy(h->user, "root", 5); h->uid[6] = '1'; }
static void other_mode(struct gbx_tar_block *h) { memcpy(h->mode, "0000600", 8); }
static void dotted(struct gbx_tar_block *h) { memcpy(h->name, "./x", 4); }
static void old_type(struct gbx_tar_block *h) { h->type = 0; }
static void gnu_magic(struct gbx_tar_block *h) { memcpy(h->magic, "ustar  ", 8); }
static void folder(struct gbx_tar_block *h) { h->type = '5'; memcpy(h->name, "x/", 3); }

static void loose_reader_takes_what_other_tools_differ_in(void **state)
{
	static void (*const fine[])(struct gbx_tar_block *) = {nothing, other_time, other_owner, other_mode, dotted, old_type,
							       gnu_magic, folder};

	(void)state;
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
		assert_int_equal(read_changed("x", fine[i], false), 0);
		assert_int_equal(read_changed("x", fine[i], true), i ? GBX_E_MALFORMED : 0);
	}
}

static void no_reader_takes_what_could_do_harm(void **state)
{
	static void (*const harm[])(struct gbx_tar_block *) = {
		hard_link, symbolic_link, device, fifo, sparse, global, gnu_long_name, file_with_target, upwards, absolute,
		twice_dotted, prefix_upwards, no_name, negative_size, letters_for_a_size, old_tar};

	(void)state;
	for (size_t i = 0; i < sizeof harm / sizeof *harm; i++) {
		assert_int_equal(read_changed("x", harm[i], false), GBX_E_MALFORMED);
		/* A symbolic link is part of a code tar, but not with a file's mode. */
		assert_int_equal(read_changed("x", harm[i], true), GBX_E_MALFORMED);
	}
}

static void a_folder_has_no_content(void **state)
{
	(void)state;
	for (int is_folder = 0; is_folder < 2; is_folder++) {
		GBX_AUTO_BYTES struct gbx_bytes tar = {0};
		struct gbx_tar_entry e = {.path = gbx_slice_text("x"), .size = 512};
		assert_int_equal(gbx_tar_header(&e, &tar, NULL), 0);
		struct gbx_tar_block *h = (struct gbx_tar_block *)tar.data;
		h->type = is_folder ? '5' : '0';
		gbx_tar_checksum(h, h->checksum);
		assert_int_equal(gbx_tar_end(&tar, NULL), 0);
		assert_int_equal(gbx_tar_end(&tar, NULL), 0);
		assert_int_equal(read_all(gbx_slice_of(&tar), false, NULL), is_folder ? GBX_E_MALFORMED : 0);
	}
}

static int read_pax(const char *records, size_t len)
{
	GBX_AUTO_BYTES struct gbx_bytes tar = {0};
	struct gbx_tar_entry pax = {.path = gbx_slice_text("pax"), .size = len}, e = {.path = gbx_slice_text("x")};

	assert_int_equal(gbx_tar_header(&pax, &tar, NULL), 0);
	struct gbx_tar_block *h = (struct gbx_tar_block *)tar.data;
	h->type = 'x';
	gbx_tar_checksum(h, h->checksum);
	assert_int_equal(gbx_bytes_append(&tar, records, len, NULL), 0);
	assert_int_equal(gbx_tar_padding(len, &tar, NULL), 0);
	assert_int_equal(gbx_tar_header(&e, &tar, NULL), 0);
	assert_int_equal(gbx_tar_end(&tar, NULL), 0);
	return read_all(gbx_slice_of(&tar), false, NULL);
}

static void pax_records_are_strict_too(void **state)
{
	static const char *const bad[] = {"7 path=y\n", "11 path=../y", "8 path=y\n", "0 path=y\n", "99999999999999999999 a=b\n",
					  "path=y\n", "5 =y\n", "08 path=y\n", "6 size\n", "10 size=-1\n", "14 path=/a/b/c\n",
					  "14 linkpath=y\n", "22 GNU.sparse.major=1\n", "13 path=a/../\n"};
	char huge[70000];

	(void)state;
	assert_int_equal(read_pax("10 path=y\n", 10), 0);
	assert_int_equal(read_pax("12 mtime=42\n", 12), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(read_pax(bad[i], strlen(bad[i])), GBX_E_MALFORMED);
	memset(huge, 'a', sizeof huge);
	memcpy(huge, "70000 comment=", 14);
	huge[sizeof huge - 1] = '\n';
	assert_int_equal(read_pax(huge, sizeof huge), GBX_E_LIMIT);
}

/* A header may say anything: memory is taken for the bytes that are there. */
static void a_pax_size_is_not_believed(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes tar = {0};
	GBX_AUTO_TAR struct gbx_tar_reader r = {0};
	struct gbx_tar_entry pax = {.path = gbx_slice_text("pax"), .size = GBX_LIMIT_TAR_PAX}, e;
	struct gbx_memory_input in;

	(void)state;
	assert_int_equal(gbx_tar_header(&pax, &tar, NULL), 0);
	struct gbx_tar_block *h = (struct gbx_tar_block *)tar.data;
	h->type = 'x';
	gbx_tar_checksum(h, h->checksum);
	gbx_memory_input(&in, gbx_slice_of(&tar));
	gbx_tar_reader_init(&r, &in.in, false);
	assert_int_equal(gbx_tar_next(&r, &e, NULL), GBX_E_MALFORMED);
	assert_true(r.raw.cap < 4096);
}

static void loose_reader_reads_other_tools(void **state)
{
	static const char *const make[] = {"--format=gnu", "--format=posix", "--format=ustar", "--format=pax --sort=name -b 200"};

	(void)state;
	assert_int_equal(system("mkdir -p in/blobs/sha256 && echo a >in/a && head -c 600 /dev/zero >in/blobs/sha256/b"), 0);
	for (size_t i = 0; i < sizeof make / sizeof *make; i++) {
		GBX_AUTO_BYTES struct gbx_bytes tar = {0};
		char command[200];
		snprintf(command, sizeof command, "tar -C in -cf y.tar %s .", make[i]);
		assert_int_equal(system(command), 0);
		get_file("y.tar", &tar);
		assert_int_equal(read_all(gbx_slice_of(&tar), false, NULL), 0);
		assert_true(read_all(gbx_slice_of(&tar), true, NULL) < 0);
		tar.data[tar.len - 1] = 1;
		assert_int_equal(read_all(gbx_slice_of(&tar), false, NULL), GBX_E_MALFORMED);
	}
}

static void zeros_without_end_are_not_read(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes tar = {0};

	(void)state;
	assert_int_equal(gbx_bytes_reserve(&tar, 4u << 20, NULL), 0);
	memset(tar.data, 0, 4u << 20);
	tar.len = 1u << 20;
	assert_int_equal(read_all(gbx_slice_of(&tar), false, NULL), 0);
	tar.len = 4u << 20;
	assert_int_equal(read_all(gbx_slice_of(&tar), false, NULL), GBX_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strict_reader_reads_what_is_written),
		cmocka_unit_test(other_programs_extract_it),
		cmocka_unit_test(strict_reader_refuses_every_flipped_bit),
		cmocka_unit_test(strict_reader_refuses_every_cut_and_what_is_behind),
		cmocka_unit_test(a_file_is_skipped_over_and_its_cut_found),
		cmocka_unit_test(sizes_of_eight_gib_and_more),
		cmocka_unit_test(what_is_not_for_a_tar_is_refused),
		cmocka_unit_test(loose_reader_takes_what_other_tools_differ_in),
		cmocka_unit_test(no_reader_takes_what_could_do_harm),
		cmocka_unit_test(a_folder_has_no_content),
		cmocka_unit_test(pax_records_are_strict_too),
		cmocka_unit_test(a_pax_size_is_not_believed),
		cmocka_unit_test(loose_reader_reads_other_tools),
		cmocka_unit_test(zeros_without_end_are_not_read),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
