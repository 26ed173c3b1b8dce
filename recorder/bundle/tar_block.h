/* The header block of a tar: for tar.c, tar_read.c and tar_header.c. */
#ifndef GBX_BUNDLE_TAR_BLOCK_H
#define GBX_BUNDLE_TAR_BLOCK_H

#include "bundle/tar.h"

#define GBX_TAR_NAME_MAX 100u
#define GBX_TAR_SIZE_MAX 077777777777u /* 8 GiB less a byte */

/* The header block of POSIX.1-1988: every byte has its place, so sizeof is 512 without padding. */
struct gbx_tar_block {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char target[100];
	char magic[6];
	char version[2];
	char user[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char rest[12];
};
_Static_assert(sizeof(struct gbx_tar_block) == GBX_TAR_BLOCK, "a header is one block");

/* What the checksum field holds, in the one form that is read here: six octal digits, NUL, space. The sum is of the header's
 * bytes with the field itself as spaces. */
void gbx_tar_checksum(const struct gbx_tar_block *h, char out[8]);

/* Eleven octal digits and a NUL or space, or GNU tar's base 256. False for anything else. */
bool gbx_tar_parse_size(const char field[12], uint64_t *out);

/* Splits a pax record, "<length> <key>=<value>" and a newline, off the front of *rest; its length counts all of it. False where
 * there is none. */
bool gbx_tar_take_pax(struct gbx_slice *rest, struct gbx_slice *key, struct gbx_slice *value);

/* What a pax header says of the entry behind it; the texts are in the reader. */
struct gbx_tar_pax {
	bool has_path, has_target, has_size;
	uint64_t size;
};
int gbx_tar_read_pax(struct gbx_tar_reader *r, struct gbx_slice records, struct gbx_tar_pax *p, struct gbx_error *err) GBX_MUST_USE;

/* The entry of a header whose blocks are in r->raw, checked as r asks; readies r for its content. 1, or an error. */
int gbx_tar_read_entry(struct gbx_tar_reader *r, const struct gbx_tar_block *h, const struct gbx_tar_pax *p,
		       struct gbx_tar_entry *out, struct gbx_error *err) GBX_MUST_USE;

/* GBX_E_MALFORMED for the header that was read last. */
int gbx_tar_fail(const struct gbx_tar_reader *r, const char *why, struct gbx_error *err);

/* Zeros that follow size bytes of content. */
static inline unsigned gbx_tar_padding_of(uint64_t size)
{
	return (unsigned)(-size % GBX_TAR_BLOCK);
}

#endif
