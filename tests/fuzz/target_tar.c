/* Tars: ours, which are the same when they are written again, and other tools'. */
#include "bundle/tar.h"
#include "target.h"

static void check_entry(const struct gbx_tar_entry *e)
{
	FUZZ_HOLDS(gbx_is_clean_path(e->path) && e->type != GBX_GITLINK);
	FUZZ_HOLDS(e->type != GBX_SYMLINK || (e->target.len && e->size == 0));
}

static int copy_content(struct gbx_tar_reader *r, struct gbx_bytes *out, struct gbx_error *err)
{
	struct gbx_bytes_output to;

	gbx_bytes_output(&to, out);
	return gbx_copy(gbx_tar_content(r), &to.out, err);
}

static void read_strict(struct gbx_slice tar)
{
	static struct gbx_bytes again;
	GBX_AUTO_TAR struct gbx_tar_reader r = {0};
	struct fuzz_input in;
	struct gbx_tar_entry e;
	struct gbx_error err;
	int rc;

	again.len = 0;
	fuzz_input(&in, tar);
	gbx_tar_reader_init(&r, &in.in, true);
	while ((rc = gbx_tar_next(&r, &e, &err)) == 1) {
		check_entry(&e);
		FUZZ_HOLDS(!e.folder && gbx_tar_header(&e, &again, &err) == 0);
		if (copy_content(&r, &again, &err))
			return;
		FUZZ_HOLDS(gbx_tar_padding(e.size, &again, &err) == 0);
	}
	if (rc)
		return;
	FUZZ_HOLDS(gbx_tar_end(&again, &err) == 0 && gbx_slice_equal(gbx_slice_of(&again), tar));
}

static void read_others(struct gbx_slice tar)
{
	GBX_AUTO_TAR struct gbx_tar_reader r = {0};
	struct fuzz_input in;
	struct gbx_tar_entry e;
	struct gbx_error err;
	uint64_t start = 0;

	fuzz_input(&in, tar);
	gbx_tar_reader_init(&r, &in.in, false);
	while (gbx_tar_next(&r, &e, &err) == 1) {
		if (!e.folder)
			check_entry(&e);
		FUZZ_HOLDS(gbx_tar_content_start(&r) > start && gbx_tar_content_start(&r) <= tar.len);
		start = gbx_tar_content_start(&r);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_strict(gbx_slice(data, size));
	read_others(gbx_slice(data, size));
	return 0;
}
