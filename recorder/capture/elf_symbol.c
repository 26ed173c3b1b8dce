/* Symbols that an executable exports, found as the dynamic linker finds them: by GNU's hash. Declared in elf.h. */
#include "base/io.h"
#include "capture/elf.h"

enum { HASH_HEADER = 16 };

struct table {
	const struct gbx_elf_file *file;
	uint64_t strings, symbols, hash; /* places in the file */
	uint32_t buckets, first, bloom;  /* first: the first symbol that the hash has */
};

static uint32_t hash_of(const char *name)
{
	uint32_t h = 5381;

	for (; *name; name++)
		h = h * 33 + (uint8_t)*name;
	return h;
}

static int open_table(const struct gbx_elf_file *f, struct table *t, struct gbx_error *err)
{
	struct gbx_elf_dynamic d;
	uint8_t head[HASH_HEADER];
	int rc = gbx_elf_dynamic(f, &d, err);

	if (rc)
		return rc;
	*t = (struct table){.file = f};
	if (!d.hash || !gbx_elf_offset(f, d.hash, &t->hash) || !gbx_elf_offset(f, d.symbols, &t->symbols) ||
	    !gbx_elf_offset(f, d.strings, &t->strings))
		return gbx_fail(err, GBX_E_NOTFOUND, "the executable: no table of symbols with GNU's hash");
	rc = gbx_pread(f->fd, head, sizeof head, t->hash, err);
	if (rc)
		return rc;
	t->buckets = gbx_elf_u32(f, head);
	t->first = gbx_elf_u32(f, head + 4);
	t->bloom = gbx_elf_u32(f, head + 8);
	return t->buckets ? 0 : gbx_fail(err, GBX_E_NOTFOUND, "the executable: an empty table of symbols");
}

static int read_u32(const struct table *t, uint64_t at, uint32_t *out, struct gbx_error *err)
{
	uint8_t bytes[4];
	int rc = gbx_pread(t->file->fd, bytes, sizeof bytes, at, err);

	if (rc == 0)
		*out = gbx_elf_u32(t->file, bytes);
	return rc;
}

/* Whether a symbol has this name; then *value is its address. */
static int compare(const struct table *t, uint32_t symbol, const char *name, bool *same, uint64_t *value, struct gbx_error *err)
{
	size_t entry = t->file->wide ? 24 : 16, len = strlen(name) + 1;
	uint8_t bytes[24];
	char text[64];

	*same = false;
	int rc = gbx_pread(t->file->fd, bytes, entry, t->symbols + (uint64_t)symbol * entry, err);
	if (rc)
		return rc;
	rc = gbx_pread(t->file->fd, text, len, t->strings + gbx_elf_u32(t->file, bytes), err);
	*same = rc == 0 && memcmp(text, name, len) == 0;
	*value = gbx_elf_word(t->file, bytes + (t->file->wide ? 8 : 4));
	return rc;
}

static int find(const struct table *t, const char *name, uint64_t *value, struct gbx_error *err)
{
	uint32_t hash = hash_of(name), symbol, link;
	uint64_t buckets = t->hash + HASH_HEADER + (uint64_t)t->bloom * (t->file->wide ? 8 : 4), chains = buckets + 4ull * t->buckets;
	bool same = false;
	int rc = read_u32(t, buckets + 4ull * (hash % t->buckets), &symbol, err);

	for (size_t i = 0; rc == 0 && symbol >= t->first && symbol && i < GBX_LIMIT_ELF_CHAIN; i++, symbol++) {
		rc = read_u32(t, chains + 4ull * (symbol - t->first), &link, err);
		if (rc == 0 && (link | 1) == (hash | 1))
			rc = compare(t, symbol, name, &same, value, err);
		if (rc || same)
			return rc;
		/* The last of the bucket. */
		if (link & 1)
			break;
	}
	return rc ? rc : gbx_fail(err, GBX_E_NOTFOUND, "the executable does not export '%s'", name);
}

int gbx_elf_symbol(int fd, const char *name, void *out, size_t size, bool *big, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_elf_close) struct gbx_elf_file f = {0};
	uint64_t address = 0, at;
	struct table t;
	int rc = gbx_elf_open(fd, &f, err);

	if (rc == 0)
		rc = open_table(&f, &t, err);
	if (rc == 0)
		rc = find(&t, name, &address, err);
	if (rc)
		return rc;
	*big = f.big;
	if (!gbx_elf_offset(&f, address, &at))
		return gbx_fail(err, GBX_E_MALFORMED, "the executable: '%s' is in no segment", name);
	return gbx_pread(fd, out, size, at, err);
}
