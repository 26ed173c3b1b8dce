/* Writing tar; tar_read.c reads it. */
#include "bundle/tar.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/text.h"
#include "bundle/tar_block.h"

static const uint8_t zeros[GBX_TAR_BLOCK];

static int check_entry(const struct gbx_tar_entry *e, struct gbx_error *err)
{
	bool link = e->type == GBX_SYMLINK;
	const char *why = NULL;
	char shown[256];

	if (!gbx_is_clean_path(e->path))
		why = "not a clean relative path";
	else if (e->folder || (e->type != GBX_FILE && e->type != GBX_EXECUTABLE && !link))
		why = "only files and symbolic links go into a tar";
	else if (link && (e->size || e->target.len == 0 || e->target.len > GBX_LIMIT_PATH))
		why = "a symbolic link has a target of 1 to 4096 bytes and no content";
	else if (!link && e->target.len)
		why = "only a symbolic link has a target";
	else if (link && memchr(e->target.data, 0, e->target.len))
		why = "NUL in the target of a symbolic link";
	else if (e->size > INT64_MAX)
		why = "a size that cannot be";
	if (!why)
		return 0;
	return gbx_fail(err, GBX_E_USAGE, "'%s': %s", gbx_printable_in(e->path, shown, sizeof shown), why);
}

static char type_of(enum gbx_file_type type)
{
	return type == GBX_SYMLINK ? '2' : '0';
}

static const char *mode_of(enum gbx_file_type type)
{
	if (type == GBX_SYMLINK)
		return "0000777";
	return type == GBX_EXECUTABLE ? "0000755" : "0000644";
}

/* A name longer than its field is cut: the pax header before it holds the whole. */
static void put_name(char field[GBX_TAR_NAME_MAX], struct gbx_slice name)
{
	if (name.len)
		memcpy(field, name.data, name.len < GBX_TAR_NAME_MAX ? name.len : GBX_TAR_NAME_MAX);
}

static int put_header(char type, const char *mode, struct gbx_slice path, struct gbx_slice target, uint64_t size,
		      struct gbx_bytes *out, struct gbx_error *err)
{
	struct gbx_tar_block h = {0};

	put_name(h.name, path);
	put_name(h.target, target);
	memcpy(h.mode, mode, sizeof h.mode);
	memcpy(h.uid, "0000000", sizeof h.uid);
	memcpy(h.gid, "0000000", sizeof h.gid);
	memcpy(h.major, "0000000", sizeof h.major);
	memcpy(h.minor, "0000000", sizeof h.minor);
	memcpy(h.mtime, "00000000000", sizeof h.mtime);
	memcpy(h.magic, "ustar", sizeof h.magic);
	memcpy(h.version, "00", sizeof h.version);
	/* A size that does not fit is 0 here and stands in the pax header, as GNU tar and Python write it. */
	snprintf(h.size, sizeof h.size, "%011llo", (unsigned long long)(size > GBX_TAR_SIZE_MAX ? 0 : size));
	h.type = type;
	gbx_tar_checksum(&h, h.checksum);
	return gbx_bytes_append(out, &h, sizeof h, err);
}

static size_t digits_of(size_t n)
{
	size_t digits = 1;

	for (; n >= 10; n /= 10)
		digits++;
	return digits;
}

/* The length of "<length> <key>=<value>\n", which counts its own digits. */
static size_t pax_length(const char *key, size_t value_len)
{
	size_t rest = strlen(key) + value_len + 3;
	size_t len = rest + digits_of(rest);

	return rest + digits_of(len);
}

static int put_pax(const char *key, struct gbx_slice value, struct gbx_bytes *out, struct gbx_error *err)
{
	int rc = gbx_bytes_printf(out, err, "%zu %s=", pax_length(key, value.len), key);

	if (rc == 0)
		rc = gbx_bytes_append(out, value.data, value.len, err);
	return rc ? rc : gbx_bytes_append(out, "\n", 1, err);
}

static int pax_records(const struct gbx_tar_entry *e, struct gbx_bytes *out, struct gbx_error *err)
{
	char size[24];
	int rc = 0;

	if (e->path.len > GBX_TAR_NAME_MAX)
		rc = put_pax("path", e->path, out, err);
	if (rc == 0 && e->target.len > GBX_TAR_NAME_MAX)
		rc = put_pax("linkpath", e->target, out, err);
	if (rc == 0 && e->size > GBX_TAR_SIZE_MAX) {
		snprintf(size, sizeof size, "%llu", (unsigned long long)e->size);
		rc = put_pax("size", gbx_slice_text(size), out, err);
	}
	return rc;
}

static int put_pax_header(struct gbx_slice records, struct gbx_bytes *out, struct gbx_error *err)
{
	int rc = put_header('x', mode_of(GBX_FILE), gbx_slice_text("PaxHeader"), gbx_slice("", 0), records.len, out, err);

	if (rc == 0)
		rc = gbx_bytes_append(out, records.data, records.len, err);
	return rc ? rc : gbx_tar_padding(records.len, out, err);
}

int gbx_tar_header(const struct gbx_tar_entry *e, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes records = {0}, blocks = {0};
	int rc = check_entry(e, err);

	if (rc == 0)
		rc = pax_records(e, &records, err);
	if (rc == 0 && records.len)
		rc = put_pax_header(gbx_slice_of(&records), &blocks, err);
	if (rc == 0)
		rc = put_header(type_of(e->type), mode_of(e->type), e->path, e->target, e->size, &blocks, err);
	return rc ? rc : gbx_bytes_append(out, blocks.data, blocks.len, err);
}

int gbx_tar_padding(uint64_t size, struct gbx_bytes *out, struct gbx_error *err)
{
	return gbx_bytes_append(out, zeros, gbx_tar_padding_of(size), err);
}

int gbx_tar_end(struct gbx_bytes *out, struct gbx_error *err)
{
	int rc = gbx_bytes_reserve(out, GBX_TAR_END + 1, err);

	if (rc == 0)
		rc = gbx_bytes_append(out, zeros, sizeof zeros, err);
	return rc ? rc : gbx_bytes_append(out, zeros, sizeof zeros, err);
}

uint64_t gbx_tar_size(const struct gbx_tar_entry *e)
{
	char size[24];
	size_t pax = 0;

	if (e->path.len > GBX_TAR_NAME_MAX)
		pax += pax_length("path", e->path.len);
	if (e->target.len > GBX_TAR_NAME_MAX)
		pax += pax_length("linkpath", e->target.len);
	if (e->size > GBX_TAR_SIZE_MAX)
		pax += pax_length("size", (size_t)snprintf(size, sizeof size, "%llu", (unsigned long long)e->size));
	uint64_t headers = pax ? 2 * GBX_TAR_BLOCK + pax + gbx_tar_padding_of(pax) : GBX_TAR_BLOCK;
	return headers + e->size + gbx_tar_padding_of(e->size);
}
