#include "capture/elf.h"

#include "base/io.h"
#include "base/text.h"

/* From elf(5): these are the same on every system, and its header is not everywhere. */
enum { IDENT = 16, CLASS = 4, DATA = 5, NOTE_HEADER = 12, NOTE_GNU_BUILD_ID = 3 };
enum { DT_END = 0, DT_STRINGS = 5, DT_SYMBOLS = 6, DT_SO_NAME = 14, DT_HASH_GNU = 0x6ffffef5 };

static int bad(const char *why, struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_MALFORMED, "the executable: %s", why);
}

uint32_t gbx_elf_u16(const struct gbx_elf_file *f, const uint8_t *p)
{
	return f->big ? (uint32_t)(p[0] << 8 | p[1]) : gbx_get_le16(p);
}

uint32_t gbx_elf_u32(const struct gbx_elf_file *f, const uint8_t *p)
{
	return f->big ? gbx_elf_u16(f, p) << 16 | gbx_elf_u16(f, p + 2) : gbx_get_le32(p);
}

uint64_t gbx_elf_u64(const struct gbx_elf_file *f, const uint8_t *p)
{
	return f->big ? gbx_get_be64(p) : gbx_get_le64(p);
}

uint64_t gbx_elf_word(const struct gbx_elf_file *f, const uint8_t *p)
{
	return f->wide ? gbx_elf_u64(f, p) : gbx_elf_u32(f, p);
}

void gbx_elf_close(struct gbx_elf_file *f)
{
	gbx_bytes_free(&f->header);
}

static int read_headers(struct gbx_elf_file *f, const uint8_t *start, struct gbx_error *err)
{
	f->at = gbx_elf_word(f, start + (f->wide ? 32 : 28));
	f->entry = gbx_elf_u16(f, start + (f->wide ? 54 : 42));
	f->headers = gbx_elf_u16(f, start + (f->wide ? 56 : 44));
	if (f->headers > GBX_LIMIT_ELF_HEADERS)
		return gbx_fail(err, GBX_E_LIMIT, "the executable: more than %u program headers", GBX_LIMIT_ELF_HEADERS);
	if (f->headers && f->entry != (f->wide ? 56u : 32u))
		return bad("its program headers have another size than they should", err);
	int rc = gbx_bytes_reserve(&f->header, f->headers * f->entry + 1, err);
	return rc ? rc : gbx_pread(f->fd, f->header.data, f->headers * f->entry, f->at, err);
}

int gbx_elf_open(int fd, struct gbx_elf_file *out, struct gbx_error *err)
{
	struct gbx_elf_file f = {.fd = fd};
	uint8_t start[64];
	int rc = gbx_pread(fd, start, 52, 0, err);

	if (rc)
		return rc;
	if (memcmp(start, "\177ELF", 4) != 0)
		return bad("not ELF", err);
	if (start[CLASS] < 1 || start[CLASS] > 2 || start[DATA] < 1 || start[DATA] > 2)
		return bad("neither of 32 nor of 64 bits, or of no known byte order", err);
	f.wide = start[CLASS] == 2;
	f.big = start[DATA] == 2;
	rc = f.wide ? gbx_pread(fd, start + 52, 12, 52, err) : 0;
	if (rc == 0)
		rc = read_headers(&f, start, err);
	if (rc)
		gbx_elf_close(&f);
	else
		*out = f;
	return rc;
}

struct gbx_elf_segment gbx_elf_segment(const struct gbx_elf_file *f, size_t index)
{
	const uint8_t *p = f->header.data + index * f->entry;
	size_t w = f->wide ? 8 : 4, first = f->wide ? 8 : 4;

	return (struct gbx_elf_segment){
		.type = gbx_elf_u32(f, p),
		.offset = gbx_elf_word(f, p + first),
		.address = gbx_elf_word(f, p + first + w),
		.size = gbx_elf_word(f, p + first + 3 * w),
		.align = gbx_elf_word(f, p + f->entry - w),
	};
}

bool gbx_elf_offset(const struct gbx_elf_file *f, uint64_t address, uint64_t *offset)
{
	for (size_t i = 0; i < f->headers; i++) {
		struct gbx_elf_segment s = gbx_elf_segment(f, i);
		if (s.type != GBX_ELF_LOAD || address < s.address || address - s.address >= s.size)
			continue;
		*offset = s.offset + (address - s.address);
		return true;
	}
	return false;
}

/* Reads a segment; one that is too large is none of those that linkers make. */
static int load_segment(const struct gbx_elf_file *f, const struct gbx_elf_segment *s, struct gbx_bytes *out, struct gbx_error *err)
{
	if (s->size > GBX_LIMIT_ELF_PART)
		return gbx_fail(err, GBX_E_LIMIT, "the executable: a segment of more than %u bytes", GBX_LIMIT_ELF_PART);
	out->len = 0;
	int rc = gbx_bytes_reserve(out, (size_t)s->size + 1, err);
	if (rc == 0)
		rc = gbx_pread(f->fd, out->data, (size_t)s->size, s->offset, err);
	if (rc == 0)
		out->len = (size_t)s->size;
	return rc;
}

int gbx_elf_dynamic(const struct gbx_elf_file *f, struct gbx_elf_dynamic *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes part = {0};
	size_t w = f->wide ? 8 : 4, i = 0;

	while (i < f->headers && gbx_elf_segment(f, i).type != GBX_ELF_DYNAMIC)
		i++;
	if (i == f->headers)
		return gbx_fail(err, GBX_E_NOTFOUND, "the executable: no dynamic segment");
	struct gbx_elf_segment s = gbx_elf_segment(f, i);
	int rc = load_segment(f, &s, &part, err);
	if (rc)
		return rc;
	*out = (struct gbx_elf_dynamic){0};
	for (size_t at = 0; at + 2 * w <= part.len; at += 2 * w) {
		uint64_t tag = gbx_elf_word(f, part.data + at), value = gbx_elf_word(f, part.data + at + w);
		if (tag == DT_END)
			break;
		if (tag == DT_STRINGS)
			out->strings = value;
		if (tag == DT_SYMBOLS)
			out->symbols = value;
		if (tag == DT_HASH_GNU)
			out->hash = value;
		if (tag == DT_SO_NAME) {
			out->soname = value;
			out->has_soname = true;
		}
	}
	return 0;
}

static size_t padded(size_t len, uint64_t align)
{
	return align == 8 ? (len + 7) & ~(size_t)7 : (len + 3) & ~(size_t)3;
}

/* Finds the note among those of one segment. */
static int take_build_id(const struct gbx_elf_file *f, struct gbx_slice notes, uint64_t align, struct gbx_elf *out, struct gbx_error *err)
{
	struct gbx_slice header, name, id;

	while (notes.len >= NOTE_HEADER && out->build_id_len == 0) {
		(void)gbx_take(&notes, NOTE_HEADER, &header);
		size_t name_len = gbx_elf_u32(f, header.data), id_len = gbx_elf_u32(f, header.data + 4);
		if (name_len > GBX_LIMIT_ELF_PART || id_len > GBX_LIMIT_ELF_PART)
			return bad("a note that is longer than its segment", err);
		if (!gbx_take(&notes, name_len, &name))
			return bad("a note that is longer than its segment", err);
		/* Padding counts from the segment's start, and the header has 12 bytes. */
		size_t skip = padded(NOTE_HEADER + name_len, align) - NOTE_HEADER - name_len;
		if (!gbx_take(&notes, skip, &id) || !gbx_take(&notes, id_len, &id))
			return bad("a note that is longer than its segment", err);
		skip = padded(id_len, align) - id_len;
		notes = gbx_slice(notes.data + (skip < notes.len ? skip : notes.len), notes.len - (skip < notes.len ? skip : notes.len));
		if (gbx_elf_u32(f, header.data + 8) != NOTE_GNU_BUILD_ID || name_len != 4 || memcmp(name.data, "GNU", 4) != 0)
			continue;
		if (id_len > GBX_LIMIT_BUILD_ID)
			return gbx_fail(err, GBX_E_LIMIT, "the executable: a build id of more than %u bytes", GBX_LIMIT_BUILD_ID);
		memcpy(out->build_id, id.data, id_len);
		out->build_id_len = id_len;
	}
	return 0;
}

static int read_build_id(const struct gbx_elf_file *f, struct gbx_elf *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes part = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < f->headers && out->build_id_len == 0; i++) {
		struct gbx_elf_segment s = gbx_elf_segment(f, i);
		if (s.type != GBX_ELF_NOTE)
			continue;
		rc = load_segment(f, &s, &part, err);
		if (rc == 0)
			rc = take_build_id(f, gbx_slice_of(&part), s.align, out, err);
	}
	return rc;
}

static int read_soname(const struct gbx_elf_file *f, struct gbx_elf *out, struct gbx_error *err)
{
	struct gbx_elf_dynamic d;
	uint64_t at;
	size_t got = 0;
	int rc = gbx_elf_dynamic(f, &d, err);

	if (rc == GBX_E_NOTFOUND)
		return 0;
	if (rc || !d.has_soname)
		return rc;
	if (!gbx_elf_offset(f, d.strings, &at) || at + d.soname < at)
		return bad("its strings are in no segment", err);
	/* The end of the file may be closer than the longest name. */
	if (gbx_pread(f->fd, out->soname, GBX_LIMIT_SONAME, at + d.soname, NULL))
		while (got < GBX_LIMIT_SONAME && gbx_pread(f->fd, out->soname + got, 1, at + d.soname + got, NULL) == 0)
			got++;
	else
		got = GBX_LIMIT_SONAME;
	out->soname[got] = 0;
	if (!gbx_is_utf8(gbx_slice_text(out->soname)))
		out->soname[0] = 0;
	return 0;
}

int gbx_elf_read(int fd, struct gbx_elf *out, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_elf_close) struct gbx_elf_file f = {0};
	struct gbx_elf e = {0};
	int rc = gbx_elf_open(fd, &f, err);

	if (rc == 0)
		rc = read_build_id(&f, &e, err);
	if (rc == 0)
		rc = read_soname(&f, &e, err);
	if (rc == 0)
		*out = e;
	return rc;
}
