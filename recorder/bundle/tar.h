/* tar, POSIX.1-1988 ustar, in exactly one form: mtime, uid and gid 0, no owner names, mode 0644, 0755 (executable) or 0777
 * (symbolic link), no folder entries, padding zero, two zero blocks at the end. A pax extended header (POSIX.1-2001, "pax
 * Interchange Format") comes before an entry only for what ustar's fields cannot hold: a path or link target longer than 100
 * bytes, a size of 8 GiB or more. Bytes of names are written as they are, UTF-8 or not. */
#ifndef GBX_BUNDLE_TAR_H
#define GBX_BUNDLE_TAR_H

#include "base/io.h"
#include "digest/manifest.h"

#define GBX_TAR_BLOCK 512u
/* The two zero blocks. */
#define GBX_TAR_END (2 * GBX_TAR_BLOCK)

struct gbx_tar_entry {
	struct gbx_slice path;   /* gbx_is_clean_path */
	enum gbx_file_type type; /* not GBX_GITLINK */
	struct gbx_slice target; /* symbolic link: 1 to GBX_LIMIT_PATH bytes without NUL */
	uint64_t size;           /* of the content in bytes; 0 for a symbolic link */
	bool folder;             /* read from another tool's tar only: a folder, and then nothing else but path counts */
};

/* Appends the header blocks of an entry, those of its pax header first. GBX_E_USAGE for an entry that a tar of ours never holds. */
int gbx_tar_header(const struct gbx_tar_entry *e, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* Appends the zeros that follow size bytes of content. */
int gbx_tar_padding(uint64_t size, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
int gbx_tar_end(struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* Bytes that an entry takes in the tar, with headers and padding: the sum over all entries + GBX_TAR_END is the file's size. */
uint64_t gbx_tar_size(const struct gbx_tar_entry *e);

/* Reads a tar front to back. Memory does not grow with it.
 *
 * Strict: only what the functions above write, byte for byte, and nothing behind the end. Else (another tool's copy of a
 * bundle): regular files and folders with clean names, after one leading "./"; modes, times, owners and pax records about those
 * are ignored, zero blocks may follow to the end of the file (GBX_LIMIT_TAR_TAIL); links, devices, sparse files, global and GNU
 * headers are refused. In both, checksums are checked in form and value, and padding is zero. */
struct gbx_tar_reader {
	struct gbx_input content; /* first, so that it leads back here */
	struct gbx_input *in;
	struct gbx_range_input *range; /* the same, where it can be skipped over */
	bool strict;
	bool at_end;
	uint64_t offset;        /* of the next byte of in */
	uint64_t content_start; /* of the entry's content */
	uint64_t left;          /* bytes of content not read yet */
	unsigned padding;       /* zeros behind them */
	struct gbx_bytes raw;   /* the header blocks of the entry, as read */
	struct gbx_bytes made;  /* as they should be */
	struct gbx_bytes path, target;
};

#define GBX_AUTO_TAR GBX_CLEANUP(gbx_tar_reader_free)

/* in is borrowed, and stands at the tar's first byte. */
void gbx_tar_reader_init(struct gbx_tar_reader *r, struct gbx_input *in, bool strict);
/* The same over a whole file: content that nobody reads is skipped without reading it. */
void gbx_tar_reader_init_range(struct gbx_tar_reader *r, struct gbx_range_input *in, bool strict);
void gbx_tar_reader_free(struct gbx_tar_reader *r);

/* 1 with the next entry (its path and target are valid until the next call), 0 at the end, or an error that names the byte
 * offset in the tar: GBX_E_BAD where a header contradicts its checksum, GBX_E_MALFORMED, GBX_E_LIMIT. What is left of the
 * content before is skipped, its padding checked. */
int gbx_tar_next(struct gbx_tar_reader *r, struct gbx_tar_entry *e, struct gbx_error *err) GBX_MUST_USE;

/* The content of the entry that gbx_tar_next gave last: ends with it. */
static inline struct gbx_input *gbx_tar_content(struct gbx_tar_reader *r)
{
	return &r->content;
}

/* Where that content starts in the tar, for reading it by position later. */
static inline uint64_t gbx_tar_content_start(const struct gbx_tar_reader *r)
{
	return r->content_start;
}

#endif
