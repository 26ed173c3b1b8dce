/* Reading tar, declared in tar.h: the blocks. What a header says is tar_header.c's. */
#include "base/limits.h"
#include "base/text.h"
#include "bundle/tar_block.h"

typedef unsigned long long ull;

static int content_read(struct gbx_input *in, void *buf, size_t len, size_t *got, struct gbx_error *err);

void gbx_tar_reader_init(struct gbx_tar_reader *r, struct gbx_input *in, bool strict)
{
	*r = (struct gbx_tar_reader){.content = {content_read}, .in = in, .strict = strict};
}

void gbx_tar_reader_init_range(struct gbx_tar_reader *r, struct gbx_range_input *in, bool strict)
{
	gbx_tar_reader_init(r, &in->in, strict);
	r->range = in;
}

void gbx_tar_reader_free(struct gbx_tar_reader *r)
{
	gbx_bytes_free(&r->raw);
	gbx_bytes_free(&r->made);
	gbx_bytes_free(&r->path);
	gbx_bytes_free(&r->target);
	*r = (struct gbx_tar_reader){0};
}

static const char *shown_path(const struct gbx_tar_reader *r, char out[256])
{
	return gbx_printable_in(gbx_slice_of(&r->path), out, 256);
}

/* len bytes, or fewer at the end of the file. */
static int read_up_to(struct gbx_tar_reader *r, uint8_t *buf, size_t len, size_t *got, struct gbx_error *err)
{
	size_t done = 0, n = 1;

	while (done < len && n) {
		int rc = r->in->read(r->in, buf + done, len - done, &n, err);
		if (rc)
			return rc;
		done += n;
	}
	r->offset += done;
	*got = done;
	return 0;
}

static int read_exactly(struct gbx_tar_reader *r, uint8_t *buf, size_t len, struct gbx_error *err)
{
	size_t got;
	int rc = read_up_to(r, buf, len, &got, err);

	if (rc == 0 && got < len)
		rc = gbx_fail(err, GBX_E_MALFORMED, "the tar ends at byte %llu, %zu bytes early", (ull)r->offset, len - got);
	return rc;
}

static int content_read(struct gbx_input *in, void *buf, size_t len, size_t *got, struct gbx_error *err)
{
	struct gbx_tar_reader *r = (struct gbx_tar_reader *)in;
	size_t n = 0;
	char shown[256];

	if (len > r->left)
		len = (size_t)r->left;
	int rc = len ? r->in->read(r->in, buf, len, &n, err) : 0;
	if (rc)
		return rc;
	if (len && n == 0)
		return gbx_fail(err, GBX_E_MALFORMED, "the tar ends at byte %llu, within '%s'", (ull)r->offset, shown_path(r, shown));
	r->offset += n;
	r->left -= n;
	*got = n;
	return 0;
}

/* What is behind the end of a file that is too short is found by the read that follows. */
static void skip_in_file(struct gbx_tar_reader *r)
{
	uint64_t there = r->range->end - r->range->offset;
	uint64_t step = r->left < there ? r->left : there;

	r->range->offset += step;
	r->offset += step;
	r->left -= step;
}

static int skip_content(struct gbx_tar_reader *r, struct gbx_error *err)
{
	uint8_t buf[16384];
	size_t got;

	if (r->range)
		skip_in_file(r);
	while (r->left) {
		int rc = content_read(&r->content, buf, sizeof buf, &got, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int check_zero(const struct gbx_tar_reader *r, const uint8_t *data, size_t len, const char *what, struct gbx_error *err)
{
	for (size_t i = 0; i < len; i++)
		if (data[i])
			return gbx_fail(err, GBX_E_MALFORMED, "byte %llu of the tar is 0x%02x, expected 0 in %s",
					(ull)(r->offset - len + i), data[i], what);
	return 0;
}

static int finish_content(struct gbx_tar_reader *r, struct gbx_error *err)
{
	uint8_t padding[GBX_TAR_BLOCK];
	int rc = skip_content(r, err);

	if (rc == 0)
		rc = read_exactly(r, padding, r->padding, err);
	if (rc == 0)
		rc = check_zero(r, padding, r->padding, "the padding behind a file", err);
	if (rc == 0)
		r->padding = 0;
	return rc;
}

/* The first zero block has been read. */
static int finish_tar(struct gbx_tar_reader *r, struct gbx_error *err)
{
	uint8_t block[GBX_TAR_BLOCK];
	uint64_t start = r->offset;
	size_t got;
	int rc = read_exactly(r, block, sizeof block, err);

	if (rc == 0)
		rc = check_zero(r, block, sizeof block, "the second zero block at the end", err);
	while (rc == 0) {
		rc = read_up_to(r, block, sizeof block, &got, err);
		if (rc == 0 && got == 0)
			break;
		if (rc == 0 && r->strict)
			rc = gbx_fail(err, GBX_E_MALFORMED, "bytes behind the end of the tar, at byte %llu", (ull)(r->offset - got));
		if (rc == 0 && r->offset - start > GBX_LIMIT_TAR_TAIL)
			rc = gbx_fail(err, GBX_E_LIMIT, "more than %u zero bytes behind the end of the tar", GBX_LIMIT_TAR_TAIL);
		if (rc == 0)
			rc = check_zero(r, block, got, "what follows the end of the tar", err);
	}
	if (rc == 0)
		r->at_end = true;
	return rc;
}

static int check_checksum(const struct gbx_tar_reader *r, const struct gbx_tar_block *h, struct gbx_error *err)
{
	ull at = r->offset - GBX_TAR_BLOCK + offsetof(struct gbx_tar_block, checksum);
	char want[8], shown[40];
	bool form = h->checksum[6] == 0 && h->checksum[7] == ' ';

	for (size_t i = 0; i < 6; i++)
		form = form && h->checksum[i] >= '0' && h->checksum[i] <= '7';
	if (!form)
		return gbx_fail(err, GBX_E_MALFORMED, "byte %llu of the tar: checksum field '%s', expected six octal digits, NUL, space",
				at, gbx_printable_in(gbx_slice(h->checksum, 8), shown, sizeof shown));
	gbx_tar_checksum(h, want);
	if (memcmp(want, h->checksum, sizeof want) != 0)
		return gbx_fail(err, GBX_E_BAD, "byte %llu of the tar: the header's checksum is %.6s, its bytes sum to %.6s", at,
				h->checksum, want);
	return 0;
}

static bool is_zero(const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len && *p == 0) {
		p++;
		len--;
	}
	return len == 0;
}

static int read_block(struct gbx_tar_reader *r, struct gbx_tar_block *h, struct gbx_error *err)
{
	int rc = read_exactly(r, (uint8_t *)h, sizeof *h, err);

	if (rc || is_zero(h, sizeof *h))
		return rc;
	rc = check_checksum(r, h, err);
	return rc ? rc : gbx_bytes_append(&r->raw, h, sizeof *h, err);
}

/* One block at a time: memory for what is there, not for what a header says. */
static int keep_block(struct gbx_tar_reader *r, struct gbx_error *err)
{
	uint8_t block[GBX_TAR_BLOCK];
	int rc = read_exactly(r, block, sizeof block, err);

	return rc ? rc : gbx_bytes_append(&r->raw, block, sizeof block, err);
}

static int read_pax(struct gbx_tar_reader *r, const struct gbx_tar_block *h, struct gbx_tar_pax *p, struct gbx_error *err)
{
	uint64_t size;

	if (!gbx_tar_parse_size(h->size, &size) || size == 0)
		return gbx_tar_fail(r, "a pax header without a size", err);
	if (size > GBX_LIMIT_TAR_PAX)
		return gbx_fail(err, GBX_E_LIMIT, "byte %llu of the tar: a pax header of %llu bytes, at most %u are read",
				(ull)r->offset, (ull)size, GBX_LIMIT_TAR_PAX);
	size_t start = r->raw.len, whole = (size_t)size + gbx_tar_padding_of(size);
	int rc = 0;
	while (rc == 0 && r->raw.len - start < whole)
		rc = keep_block(r, err);
	if (rc == 0)
		rc = check_zero(r, r->raw.data + start + size, whole - (size_t)size, "the padding behind a pax header", err);
	return rc ? rc : gbx_tar_read_pax(r, gbx_slice(r->raw.data + start, (size_t)size), p, err);
}

int gbx_tar_next(struct gbx_tar_reader *r, struct gbx_tar_entry *e, struct gbx_error *err)
{
	struct gbx_tar_block h;
	struct gbx_tar_pax p = {0};

	if (r->at_end)
		return 0;
	int rc = finish_content(r, err);
	r->raw.len = 0;
	r->path.len = 0;
	if (rc == 0)
		rc = read_block(r, &h, err);
	if (rc == 0 && r->raw.len == 0)
		return finish_tar(r, err);
	if (rc == 0 && h.type == 'x') {
		rc = read_pax(r, &h, &p, err);
		size_t before = r->raw.len;
		if (rc == 0)
			rc = read_block(r, &h, err);
		if (rc == 0 && r->raw.len == before)
			rc = gbx_tar_fail(r, "the tar ends behind a pax header", err);
	}
	return rc ? rc : gbx_tar_read_entry(r, &h, &p, e, err);
}
