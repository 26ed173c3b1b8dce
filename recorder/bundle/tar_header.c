/* What the headers of a tar say. Every header is read in the loose way first; in a strict tar the entry that comes out of it is
 * then written again, and the blocks must be the same. So there is one rule for what strict means: what the writer writes. */
#include "base/text.h"
#include "bundle/tar_block.h"

typedef unsigned long long ull;

int gbx_tar_fail(const struct gbx_tar_reader *r, const char *why, struct gbx_error *err)
{
	char shown[256];

	return gbx_fail(err, GBX_E_MALFORMED, "header at byte %llu of the tar, '%s': %s",
			(ull)(r->offset < GBX_TAR_BLOCK ? 0 : r->offset - GBX_TAR_BLOCK),
			gbx_printable_in(gbx_slice_of(&r->path), shown, sizeof shown), why);
}

static int set_text(struct gbx_bytes *to, struct gbx_slice value, struct gbx_error *err)
{
	to->len = 0;
	return gbx_bytes_append(to, value.data, value.len, err);
}

static int pax_record(struct gbx_tar_reader *r, struct gbx_slice key, struct gbx_slice value, struct gbx_tar_pax *p,
		      struct gbx_error *err)
{
	if (gbx_slice_is(key, "path")) {
		p->has_path = true;
		return set_text(&r->path, value, err);
	}
	if (gbx_slice_is(key, "linkpath")) {
		p->has_target = true;
		return set_text(&r->target, value, err);
	}
	if (gbx_slice_is(key, "size")) {
		p->has_size = true;
		return gbx_parse_u63(value, &p->size) ? 0 : gbx_tar_fail(r, "a pax size that is no number", err);
	}
	if (gbx_slice_starts(key, "GNU.sparse."))
		return gbx_tar_fail(r, "a sparse file", err);
	return 0;
}

int gbx_tar_read_pax(struct gbx_tar_reader *r, struct gbx_slice records, struct gbx_tar_pax *p, struct gbx_error *err)
{
	struct gbx_slice key, value;
	int rc = 0;

	while (rc == 0 && records.len)
		rc = gbx_tar_take_pax(&records, &key, &value)
			     ? pax_record(r, key, value, p, err)
			     : gbx_tar_fail(r, "a pax record that is not '<length> <key>=<value>'", err);
	return rc;
}

static size_t field_len(const char *field, size_t size)
{
	return strnlen(field, size);
}

/* GNU tar's magic is "ustar  "; its prefix field holds other things. */
static int join_name(struct gbx_tar_reader *r, const struct gbx_tar_block *h, struct gbx_error *err)
{
	size_t prefix = memcmp(h->magic, "ustar", 6) == 0 ? field_len(h->prefix, sizeof h->prefix) : 0;
	int rc = 0;

	r->path.len = 0;
	if (prefix) {
		rc = gbx_bytes_append(&r->path, h->prefix, prefix, err);
		if (rc == 0)
			rc = gbx_bytes_append(&r->path, "/", 1, err);
	}
	return rc ? rc : gbx_bytes_append(&r->path, h->name, field_len(h->name, sizeof h->name), err);
}

static int read_names(struct gbx_tar_reader *r, const struct gbx_tar_block *h, const struct gbx_tar_pax *p, struct gbx_error *err)
{
	int rc = p->has_path ? 0 : join_name(r, h, err);

	if (rc == 0 && !p->has_target)
		rc = set_text(&r->target, gbx_slice(h->target, field_len(h->target, sizeof h->target)), err);
	return rc;
}

/* "./a" is "a", and "a/" the folder "a". */
static struct gbx_slice loose_path(struct gbx_slice path, bool folder)
{
	if (gbx_slice_starts(path, "./")) {
		path.data += 2;
		path.len -= 2;
	}
	if (folder && path.len && path.data[path.len - 1] == '/')
		path.len--;
	return path;
}

static int loose_entry(const struct gbx_tar_reader *r, const struct gbx_tar_block *h, struct gbx_tar_entry *e,
		       struct gbx_error *err)
{
	e->folder = h->type == '5';
	e->path = loose_path(e->path, e->folder);
	if (h->type != '0' && h->type != 0 && !e->folder)
		return gbx_tar_fail(r, "neither a regular file nor a folder", err);
	if (e->target.len)
		return gbx_tar_fail(r, "a file with a link target", err);
	if (e->folder && e->size)
		return gbx_tar_fail(r, "a folder with content", err);
	if (!gbx_is_clean_path(e->path) && !(e->folder && e->path.len == 0))
		return gbx_tar_fail(r, "not a clean relative path", err);
	return 0;
}

static enum gbx_file_type type_of(const struct gbx_tar_block *h)
{
	if (h->type == '2')
		return GBX_SYMLINK;
	return memcmp(h->mode, "0000755", sizeof h->mode) == 0 ? GBX_EXECUTABLE : GBX_FILE;
}

static int strict_entry(struct gbx_tar_reader *r, const struct gbx_tar_block *h, struct gbx_tar_entry *e, struct gbx_error *err)
{
	struct gbx_error why = {0};
	char shown[256];

	e->type = type_of(h);
	r->made.len = 0;
	int rc = gbx_tar_header(e, &r->made, &why);
	if (rc == GBX_E_USAGE)
		return gbx_fail(err, GBX_E_MALFORMED, "header at byte %llu of the tar: %s", (ull)(r->offset - r->raw.len), why.line);
	if (rc)
		return gbx_fail(err, rc, "%s", why.line);
	size_t at = 0;
	while (at < r->raw.len && at < r->made.len && r->raw.data[at] == r->made.data[at])
		at++;
	if (at == r->raw.len && at == r->made.len)
		return 0;
	return gbx_fail(err, GBX_E_MALFORMED, "byte %llu of the tar, in the header of '%s': not what glassbox writes for this entry",
			(ull)(r->offset - r->raw.len + at), gbx_printable_in(gbx_slice_of(&r->path), shown, sizeof shown));
}

int gbx_tar_read_entry(struct gbx_tar_reader *r, const struct gbx_tar_block *h, const struct gbx_tar_pax *p,
		       struct gbx_tar_entry *out, struct gbx_error *err)
{
	struct gbx_tar_entry e = {0};
	int rc = read_names(r, h, p, err);

	if (rc)
		return rc;
	if (memcmp(h->magic, "ustar\00000", 8) != 0 && memcmp(h->magic, "ustar  ", 8) != 0)
		return gbx_tar_fail(r, "not a tar of POSIX.1-1988 (ustar)", err);
	if (!gbx_tar_parse_size(h->size, &e.size) || e.size > INT64_MAX)
		return gbx_tar_fail(r, "a size that is no number", err);
	if (p->has_size)
		e.size = p->size;
	e.path = gbx_slice_of(&r->path);
	e.target = gbx_slice_of(&r->target);
	rc = r->strict ? strict_entry(r, h, &e, err) : loose_entry(r, h, &e, err);
	if (rc)
		return rc;
	r->left = e.size;
	r->padding = gbx_tar_padding_of(e.size);
	r->content_start = r->offset;
	*out = e;
	return 1;
}
