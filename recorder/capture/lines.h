/* Lines of a file of any size, in a buffer that is used again for the next. */
#ifndef GBX_CAPTURE_LINES_H
#define GBX_CAPTURE_LINES_H

#include "base/io.h"
#include "digest/hash.h"

struct gbx_lines {
	int fd;                   /* borrowed */
	struct gbx_bytes *buffer; /* borrowed; what it held is gone */
	struct gbx_hash *hash;    /* borrowed, started; gets every byte that is read. NULL: none */
	uint64_t left;            /* bytes that may still be read; more are GBX_E_LIMIT */
	size_t from;
	bool skipping, ended;
};

/* At most limit bytes of what is open as fd. */
int gbx_lines_begin(struct gbx_lines *l, int fd, uint64_t limit, struct gbx_bytes *buffer, struct gbx_error *err) GBX_MUST_USE;
/* 1 with a line, without its end; 0 behind the last. Of a line over GBX_LIMIT_RECORD bytes only its beginning is told. */
int gbx_lines_next(struct gbx_lines *l, struct gbx_slice *line, struct gbx_error *err) GBX_MUST_USE;

#endif
