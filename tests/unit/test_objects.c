/* Executables, shared objects and where a process has them: by files made here, byte for byte, and by what readelf says of real ones. */
#include <fcntl.h>
#include <stdio.h>

#include "base/text.h"
#include "capture/elf.h"
#include "capture/maps.h"
#include "scratch.h"

/* An ELF file: one segment loads it whole at 0x10000, notes lie at 0x200, the dynamic segment at 0x300, strings at 0x400, symbols at 0x500,
 * GNU's hash at 0x600, and what Py_Version names at 0x700. */
struct made {
	uint8_t data[0x800];
	bool wide, big;
};

static void put_number(struct made *m, size_t at, size_t len, uint64_t value)
{
	for (size_t i = 0; i < len; i++)
		m->data[at + (m->big ? len - 1 - i : i)] = (uint8_t)(value >> (8 * i));
}

static void put_segment(struct made *m, unsigned index, uint32_t type, uint64_t offset, uint64_t size)
{
	size_t at = 0x80 + index * (m->wide ? 56u : 32u), w = m->wide ? 8 : 4;

	put_number(m, at, 4, type);
	put_number(m, at + w, w, offset);
	put_number(m, at + 2 * w, w, 0x10000 + offset);
	put_number(m, at + 4 * w, w, size);
	put_number(m, at + 5 * w, w, size);
	put_number(m, at + (m->wide ? 48 : 28), w, 4);
}

static void put_dynamic(struct made *m, unsigned index, uint64_t tag, uint64_t value)
{
	size_t w = m->wide ? 8 : 4;

	put_number(m, 0x300 + index * 2 * w, w, tag);
	put_number(m, 0x300 + index * 2 * w + w, w, value);
}

static uint32_t gnu_hash(const char *name)
{
	uint32_t h = 5381;

	while (*name)
		h = (h << 5) + h + (uint8_t)*name++;
	return h;
}

static void put_symbols(struct made *m)
{
	size_t w = m->wide ? 8 : 4;

	/* One bucket, of two symbols: 1 is another's, 2 is ours and the last. */
	put_number(m, 0x600, 4, 1);
	put_number(m, 0x604, 4, 1);
	put_number(m, 0x608, 4, 1);
	put_number(m, 0x610 + w, 4, 1);
	put_number(m, 0x614 + w, 4, gnu_hash("other") & ~1u);
	put_number(m, 0x618 + w, 4, gnu_hash("Py_Version") | 1u);
	strcpy((char *)m->data + 0x420, "other");
	strcpy((char *)m->data + 0x430, "Py_Version");
	size_t entry = m->wide ? 24 : 16;
	put_number(m, 0x500 + entry, 4, 0x20);
	put_number(m, 0x500 + 2 * entry, 4, 0x30);
	put_number(m, 0x500 + 2 * entry + w, w, 0x10700);
	put_number(m, 0x700, w, 0x030b07f0);
}

static void make(struct made *m, bool wide, bool big)
{
	*m = (struct made){.wide = wide, .big = big};
	memcpy(m->data, "\177ELF", 4);
	m->data[4] = wide ? 2 : 1;
	m->data[5] = big ? 2 : 1;
	put_number(m, wide ? 32 : 28, wide ? 8 : 4, 0x80);
	put_number(m, wide ? 54 : 42, 2, wide ? 56 : 32);
	put_number(m, wide ? 56 : 44, 2, 3);
	put_segment(m, 0, 1, 0, sizeof m->data);
	put_segment(m, 1, 4, 0x200, 0x40);
	put_segment(m, 2, 2, 0x300, 0x80);
	/* A note of somebody else's, with padding in it, and the build id. */
	put_number(m, 0x200, 4, 5);
	put_number(m, 0x204, 4, 1);
	put_number(m, 0x208, 4, 3);
	memcpy(m->data + 0x20c, "GNUx\0", 5);
	put_number(m, 0x218, 4, 4);
	put_number(m, 0x21c, 4, 8);
	put_number(m, 0x220, 4, 3);
	memcpy(m->data + 0x224, "GNU\0\1\2\3\4\5\6\7\10", 12);
	put_dynamic(m, 0, 5, 0x10400);
	put_dynamic(m, 1, 6, 0x10500);
	put_dynamic(m, 2, 14, 3);
	put_dynamic(m, 3, 0x6ffffef5, 0x10600);
	strcpy((char *)m->data + 0x403, "libmade.so.4");
	put_symbols(m);
}

static int open_made(const struct made *m)
{
	int fd = -1;

	put_file("made", m->data, sizeof m->data);
	assert_int_equal(gbx_open_read("made", &fd, NULL), 0);
	return fd;
}

static int read_made(const struct made *m, struct gbx_elf *out, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = open_made(m);

	return gbx_elf_read(fd, out, err);
}

static void reads_both_sizes_and_orders(void **state)
{
	struct made m;
	struct gbx_elf e;
	struct gbx_error err;

	(void)state;
	for (int i = 0; i < 4; i++) {
		make(&m, i & 1, i & 2);
		assert_int_equal(read_made(&m, &e, &err), 0);
		assert_int_equal(e.build_id_len, 8);
		assert_memory_equal(e.build_id, "\1\2\3\4\5\6\7\10", 8);
		assert_string_equal(e.soname, "libmade.so.4");
		GBX_AUTO_FD int fd = open_made(&m);
		uint8_t value[4];
		bool big;
		assert_int_equal(gbx_elf_symbol(fd, "Py_Version", value, sizeof value, &big, &err), 0);
		assert_int_equal(big, m.big);
		assert_memory_equal(value, m.big ? m.wide ? "\0\0\0\0" : "\3\13\7\xf0" : "\xf0\7\13\3", 4);
		assert_int_equal(gbx_elf_symbol(fd, "Py_Other", value, sizeof value, &big, &err), GBX_E_NOTFOUND);
	}
}

static void has_no_build_id(void **state)
{
	struct made m;
	struct gbx_elf e;
	struct gbx_error err;

	(void)state;
	make(&m, true, false);
	put_number(&m, 0x220, 4, 1);
	assert_int_equal(read_made(&m, &e, &err), 0);
	assert_int_equal(e.build_id_len, 0);
	/* No notes, nothing dynamic. */
	put_number(&m, 56, 2, 1);
	assert_int_equal(read_made(&m, &e, &err), 0);
	assert_int_equal(e.build_id_len, 0);
	assert_string_equal(e.soname, "");
}

/* One number of a good file is another, and what that comes to. */
static const struct hostile {
	const char *what;
	size_t at, len;
	uint64_t value;
	int code;
} hostile[] = {
	{"no magic", 0, 1, 'M', GBX_E_MALFORMED},
	{"of 128 bits", 4, 1, 3, GBX_E_MALFORMED},
	{"of no byte order", 5, 1, 0, GBX_E_MALFORMED},
	{"headers behind the end", 32, 8, 0x7f8, GBX_E_MALFORMED},
	{"headers at an offset that wraps", 32, 8, UINT64_MAX - 8, GBX_E_IO},
	{"headers of another size", 54, 2, 57, GBX_E_MALFORMED},
	{"65535 headers", 56, 2, 65535, GBX_E_LIMIT},
	{"a segment of notes of 2^63 bytes", 0x80 + 56 + 32, 8, 1ull << 63, GBX_E_LIMIT},
	{"notes behind the end", 0x80 + 56 + 8, 8, 0x7f0, GBX_E_MALFORMED},
	{"a note's name longer than all", 0x200, 4, 0xffffffff, GBX_E_MALFORMED},
	{"a note's name longer than its segment", 0x200, 4, 0x50, GBX_E_MALFORMED},
	{"a note's content longer than its segment", 0x204, 4, 0x50, GBX_E_MALFORMED},
	{"a build id longer than its segment", 0x21c, 4, 0x1c0, GBX_E_MALFORMED},
	{"strings in no segment", 0x308, 8, 0x90000, GBX_E_MALFORMED},
	{"a name at an offset that wraps", 0x328, 8, UINT64_MAX - 0x100, GBX_E_MALFORMED},
};

static void hostile_files_are_told(void **state)
{
	struct made m;
	struct gbx_elf e;
	struct gbx_error err;

	(void)state;
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		make(&m, true, false);
		put_number(&m, hostile[i].at, hostile[i].len, hostile[i].value);
		int rc = read_made(&m, &e, &err);
		if (rc != hostile[i].code)
			fail_msg("%s: %d, %s", hostile[i].what, rc, err.line);
	}
	/* Cut anywhere: never more than an error. */
	make(&m, true, false);
	for (size_t len = 0; len < sizeof m.data; len += 7) {
		GBX_AUTO_FD int fd = -1;
		uint8_t value[8];
		bool big;
		put_file("cut", m.data, len);
		assert_int_equal(gbx_open_read("cut", &fd, NULL), 0);
		(void)!gbx_elf_read(fd, &e, &err);
		(void)!gbx_elf_symbol(fd, "Py_Version", value, sizeof value, &big, &err);
	}
	/* A chain of symbols without an end. */
	for (size_t i = 0; i < sizeof m.data - 0x618; i++)
		m.data[0x618 + i] = 0;
	GBX_AUTO_FD int fd = open_made(&m);
	uint8_t value[8];
	bool big;
	assert_int_not_equal(gbx_elf_symbol(fd, "Py_Version", value, sizeof value, &big, &err), 0);
}

static void said(const char *command, char out[512])
{
	FILE *f = popen(command, "r");
	size_t n = f ? fread(out, 1, 511, f) : 0;

	assert_non_null(f);
	pclose(f);
	out[n] = 0;
	out[strcspn(out, "\n")] = 0;
}

/* Every object of this process: build id and soname as readelf gives them. */
static void agrees_with_readelf(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes maps = {0};
	GBX_AUTO_FD int fd = -1;
	struct gbx_slice rest, line;
	struct gbx_mapping m;
	unsigned seen = 0;

	(void)state;
	if (!have_program("readelf"))
		skip();
	assert_int_equal(gbx_open_read("/proc/self/maps", &fd, NULL), 0);
	assert_int_equal(gbx_load_fd(fd, 1 << 20, &maps, NULL), 0);
	for (rest = gbx_slice_of(&maps); gbx_take_line(&rest, &line);) {
		GBX_AUTO_BYTES struct gbx_bytes path = {0};
		GBX_AUTO_FD int object = -1;
		char id[512], soname[512], hex[2 * GBX_LIMIT_BUILD_ID + 1];
		struct gbx_elf e;
		if (!gbx_mapping_parse(line, &m) || !m.executable)
			continue;
		assert_int_equal(gbx_mapping_path(m.path, &path, NULL), 0);
		assert_int_equal(gbx_open_read((char *)path.data, &object, NULL), 0);
		assert_int_equal(gbx_elf_read(object, &e, NULL), 0);
		GBX_AUTO_STRING char *notes = gbx_asprintf("readelf -nW '%s' 2>/dev/null | sed -n 's/.*Build ID: //p'", (char *)path.data);
		GBX_AUTO_STRING char *dynamic = gbx_asprintf("readelf -dW '%s' 2>/dev/null | sed -n 's/.*SONAME.*\\[\\(.*\\)\\]/\\1/p'", (char *)path.data);
		said(notes, id);
		said(dynamic, soname);
		gbx_hex(e.build_id, e.build_id_len, hex);
		assert_string_equal(hex, id);
		assert_string_equal(e.soname, soname);
		seen++;
	}
	assert_true(seen >= 2);
}

static const struct line {
	const char *line, *path;
	bool mapping, executable, deleted;
} lines[] = {
	{"55b-55f r-xp 00002000 fe:00 247026                     /usr/bin/cat", "/usr/bin/cat", true, true, false},
	{"7f0-7f1 r--p 00000000 103:02 9 /a b/c d", "/a b/c d", true, false, false},
	{"7f0-7f1 r-xp 00000000 08:02 9    /tmp/x.so (deleted)", "/tmp/x.so", true, true, true},
	{"7f0-7f1 rwxp 00000000 08:02 9    /tmp/a\\012b", "/tmp/a\nb", true, true, false},
	{"7f0-7f1 r-xp 00000000 08:02 9    /\xff", "/\xff", true, true, false},
	{"7f0-7f1 r-xp 00000000 00:00 0                          [vdso]", NULL, false, false, false},
	{"7f0-7f1 rw-p 00000000 00:00 0 ", NULL, false, false, false},
	{"7f0-7f1 rw-s 00000000 00:01 1024                       anon_inode:[perf]", NULL, false, false, false},
	{"7f0-7f1 r-xp 00000000 100000000:00 9 /a", NULL, false, false, false},
	{"7f0-7f1 r-xp 00000000 08:02 99999999999999999999 /a", NULL, false, false, false},
	{"7f0-7f1 r-xp 00000000 0802 9 /a", NULL, false, false, false},
	{"7f0-7f1 r-x 00000000 08:02 9 /a", NULL, false, false, false},
	{"", NULL, false, false, false},
	{"7f0-7f1 ", NULL, false, false, false},
};

static void lines_of_maps(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		GBX_AUTO_BYTES struct gbx_bytes path = {0};
		struct gbx_mapping m;
		assert_int_equal(gbx_mapping_parse(gbx_slice_text(lines[i].line), &m), lines[i].mapping);
		if (!lines[i].mapping)
			continue;
		assert_int_equal(m.executable, lines[i].executable);
		assert_int_equal(m.deleted, lines[i].deleted);
		assert_int_equal(gbx_mapping_path(m.path, &path, NULL), 0);
		assert_string_equal((char *)path.data, lines[i].path);
	}
	struct gbx_mapping m;
	assert_true(gbx_mapping_parse(gbx_slice_text("7f0-7f1 r-xp 00000000 103:1f 18446744073709551615 /a"), &m));
	assert_int_equal(m.major, 0x103);
	assert_int_equal(m.minor, 0x1f);
	assert_true(m.inode == UINT64_MAX);
	assert_true(gbx_slice_is(m.range, "7f0-7f1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_both_sizes_and_orders), cmocka_unit_test(has_no_build_id), cmocka_unit_test(hostile_files_are_told),
		cmocka_unit_test(agrees_with_readelf), cmocka_unit_test(lines_of_maps),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
