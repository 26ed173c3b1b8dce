/* What an executable or shared object (ELF, of 32 or 64 bits, either byte order) says of itself.
 *
 * Reads a few small parts of the file, whatever its size; a hostile one is GBX_E_MALFORMED or GBX_E_LIMIT. */
#ifndef GBX_CAPTURE_ELF_H
#define GBX_CAPTURE_ELF_H

#include "base/bytes.h"
#include "base/limits.h"

struct gbx_elf {
	uint8_t build_id[GBX_LIMIT_BUILD_ID];
	size_t build_id_len;               /* 0: it has none */
	char soname[GBX_LIMIT_SONAME + 1]; /* empty: none, or no well-formed text */
};

/* fd is borrowed and read by position. */
int gbx_elf_read(int fd, struct gbx_elf *out, struct gbx_error *err) GBX_MUST_USE;

/* The first bytes of what a symbol that the file exports names, a constant of that size; GBX_E_NOTFOUND where it exports none. *big:
 * the file's byte order. */
int gbx_elf_symbol(int fd, const char *name, void *out, size_t size, bool *big, struct gbx_error *err) GBX_MUST_USE;

/* What elf.c and elf_symbol.c share: an open file. */
struct gbx_elf_file {
	int fd; /* borrowed */
	bool wide, big;
	uint64_t at;              /* of the program headers */
	size_t entry, headers;    /* bytes of one, and their number */
	struct gbx_bytes header;  /* all of them */
};

enum gbx_elf_segment_type { GBX_ELF_LOAD = 1, GBX_ELF_DYNAMIC = 2, GBX_ELF_NOTE = 4 };

struct gbx_elf_segment {
	uint32_t type;
	uint64_t offset, address, size, align;
};

/* What is needed of the dynamic segment; addresses. */
struct gbx_elf_dynamic {
	uint64_t strings, symbols, hash, soname;
	bool has_soname;
};

int gbx_elf_open(int fd, struct gbx_elf_file *out, struct gbx_error *err) GBX_MUST_USE;
void gbx_elf_close(struct gbx_elf_file *f);
uint32_t gbx_elf_u16(const struct gbx_elf_file *f, const uint8_t *p);
uint32_t gbx_elf_u32(const struct gbx_elf_file *f, const uint8_t *p);
uint64_t gbx_elf_u64(const struct gbx_elf_file *f, const uint8_t *p);
/* An address or offset: 8 bytes, or 4 in a file of 32 bits. */
uint64_t gbx_elf_word(const struct gbx_elf_file *f, const uint8_t *p);
struct gbx_elf_segment gbx_elf_segment(const struct gbx_elf_file *f, size_t index);
/* Where in the file an address lies; false where no segment has it. */
bool gbx_elf_offset(const struct gbx_elf_file *f, uint64_t address, uint64_t *offset);
/* GBX_E_NOTFOUND: the file has none. */
int gbx_elf_dynamic(const struct gbx_elf_file *f, struct gbx_elf_dynamic *out, struct gbx_error *err) GBX_MUST_USE;

#endif
