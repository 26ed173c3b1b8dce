#include "bundle/pack.h"

#include "base/mem.h"
#include "bundle/tar.h"

static int put_entry(struct gbx_output *out, const char *name, uint64_t size, struct gbx_input *in, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes header = {0}, padding = {0};
	struct gbx_tar_entry e = {.path = gbx_slice_text(name), .type = GBX_FILE, .size = size};
	int rc = gbx_tar_header(&e, &header, err);

	if (rc == 0)
		rc = gbx_tar_padding(size, &padding, err);
	if (rc == 0)
		rc = out->write(out, header.data, header.len, err);
	if (rc == 0)
		rc = gbx_copy(in, out, err);
	return rc ? rc : out->write(out, padding.data, padding.len, err);
}

static int put_file(struct gbx_output *out, const char *folder, const char *name, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_path_join(folder, name);
	GBX_AUTO_FD int fd = -1;
	struct gbx_range_input in;
	struct stat st;

	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to pack '%s'", folder);
	int rc = gbx_open_read(path, &fd, err);
	if (rc == 0)
		rc = gbx_fstat(fd, &st, err);
	if (rc)
		return rc;
	gbx_range_input(&in, fd, 0, (uint64_t)st.st_size);
	return put_entry(out, name, (uint64_t)st.st_size, &in.in, err);
}

int gbx_pack(const char *folder, const struct gbx_blobs *blobs, struct gbx_output *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes end = {0};
	char name[GBX_BLOB_NAME_SIZE];
	int rc = put_file(out, folder, GBX_LAYOUT_FILE, err);

	if (rc == 0)
		rc = put_file(out, folder, GBX_INDEX_FILE, err);
	for (size_t i = 0; rc == 0 && i < blobs->len; i++) {
		gbx_blob_name(blobs->blob[i].sha256, name);
		rc = put_file(out, folder, name, err);
	}
	if (rc == 0)
		rc = gbx_tar_end(&end, err);
	return rc ? rc : out->write(out, end.data, end.len, err);
}
