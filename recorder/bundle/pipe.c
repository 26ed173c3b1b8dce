#include "bundle/pipe.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "bundle/tar.h"

struct kept {
	uint8_t sha256[GBX_SHA256_LEN];
	struct gbx_bytes bytes;
};

struct gbx_pipe {
	struct gbx_file_input file;
	struct gbx_tar_reader tar;
	struct gbx_bytes layout, index;
	struct gbx_blobs expected;
	size_t next;      /* of expected: the one that comes next */
	size_t left_out;  /* blobs that nobody read */
	bool broken;      /* nothing behind can be read */
	struct kept *kept;
	size_t kept_len, kept_cap, kept_bytes;
};

static int only_from_a_file(struct gbx_error *err, const char *name, const char *why)
{
	return gbx_fail(err, GBX_E_MALFORMED, "%s %s: on a pipe a bundle is read in the order that publish writes; verify it from a file",
			name, why);
}

static int read_content(struct gbx_pipe *p, uint64_t size, size_t limit, const char *name, struct gbx_bytes *out, struct gbx_error *err)
{
	struct gbx_bytes_output to;

	if (size > limit)
		return gbx_fail(err, GBX_E_LIMIT, "%s: %llu bytes, at most %zu are read", name, (unsigned long long)size, limit);
	gbx_bytes_output(&to, out);
	return gbx_copy(gbx_tar_content(&p->tar), &to.out, err);
}

/* The next file of the tar, which must have this name. */
static int next_entry(struct gbx_pipe *p, const char *name, uint64_t *size, struct gbx_error *err)
{
	struct gbx_tar_entry e;
	int rc = gbx_tar_next(&p->tar, &e, err);

	if (rc == 0)
		rc = gbx_fail(err, GBX_E_NOTFOUND, "%s is missing, the tar ends before it", name);
	else if (rc == 1 && (e.type != GBX_FILE || !gbx_slice_is(e.path, name)))
		rc = only_from_a_file(err, name, "is not next in the tar");
	p->broken = rc < 0;
	if (rc == 1)
		*size = e.size;
	return rc < 0 ? rc : 0;
}

static int read_document(struct gbx_pipe *p, const char *name, struct gbx_bytes *out, struct gbx_error *err)
{
	uint64_t size;
	int rc = next_entry(p, name, &size, err);

	return rc ? rc : read_content(p, size, GBX_LIMIT_INDEX, name, out, err);
}

int gbx_pipe_open(int fd, struct gbx_pipe **out, struct gbx_error *err)
{
	struct gbx_pipe *p = gbx_calloc(1, sizeof *p);

	if (!p)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to read a pipe");
	gbx_file_input(&p->file, fd);
	gbx_tar_reader_init(&p->tar, &p->file.in, true);
	int rc = read_document(p, GBX_LAYOUT_FILE, &p->layout, err);
	if (rc && rc != GBX_E_NOMEM)
		gbx_fail_context(err, "on a pipe only a tar that publish wrote is read, verify another one from a file");
	if (rc == 0)
		rc = read_document(p, GBX_INDEX_FILE, &p->index, err);
	if (rc)
		gbx_pipe_free(p);
	else
		*out = p;
	return rc;
}

void gbx_pipe_free(struct gbx_pipe *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->kept_len; i++)
		gbx_bytes_free(&p->kept[i].bytes);
	gbx_free(p->kept);
	gbx_blobs_free(&p->expected);
	gbx_bytes_free(&p->layout);
	gbx_bytes_free(&p->index);
	gbx_tar_reader_free(&p->tar);
	gbx_free(p);
}

struct gbx_slice gbx_pipe_document(const struct gbx_pipe *p, const char *name)
{
	return gbx_slice_of(strcmp(name, GBX_INDEX_FILE) == 0 ? &p->index : &p->layout);
}

/* Image manifest and config, the first of them, come before anybody knows what is expected. */
void gbx_pipe_expect(struct gbx_pipe *p, struct gbx_blobs *blobs)
{
	gbx_blobs_free(&p->expected);
	p->expected = *blobs;
	*blobs = (struct gbx_blobs){0};
	p->next = 2;
}

static const struct kept *find_kept(const struct gbx_pipe *p, const uint8_t sha256[GBX_SHA256_LEN])
{
	for (size_t i = 0; i < p->kept_len; i++)
		if (memcmp(p->kept[i].sha256, sha256, GBX_SHA256_LEN) == 0)
			return &p->kept[i];
	return NULL;
}

static bool is_ahead(const struct gbx_pipe *p, const uint8_t sha256[GBX_SHA256_LEN])
{
	for (size_t i = p->next; i < p->expected.len; i++)
		if (memcmp(p->expected.blob[i].sha256, sha256, GBX_SHA256_LEN) == 0)
			return true;
	return p->expected.len == 0;
}

static int go_to(struct gbx_pipe *p, const uint8_t sha256[GBX_SHA256_LEN], uint64_t *size, struct gbx_error *err)
{
	char name[GBX_BLOB_NAME_SIZE];
	bool there = false;

	gbx_blob_name(sha256, name);
	if (p->broken)
		return gbx_fail(err, GBX_E_NOTFOUND, "%s is missing or behind the damage of the tar", name);
	if (!is_ahead(p, sha256))
		return only_from_a_file(err, name, "has passed");
	while (!there) {
		const uint8_t *next = p->expected.len ? p->expected.blob[p->next].sha256 : sha256;
		gbx_blob_name(next, name);
		int rc = next_entry(p, name, size, err);
		if (rc)
			return rc;
		there = memcmp(next, sha256, GBX_SHA256_LEN) == 0;
		p->next += p->expected.len != 0;
		p->left_out += !there;
	}
	return 0;
}

int gbx_pipe_blob(struct gbx_pipe *p, const uint8_t sha256[GBX_SHA256_LEN], struct gbx_memory_input *memory, struct gbx_input **in,
		  uint64_t *size, struct gbx_error *err)
{
	const struct kept *k = find_kept(p, sha256);

	if (k) {
		gbx_memory_input(memory, gbx_slice_of(&k->bytes));
		*in = &memory->in;
		*size = k->bytes.len;
		return 0;
	}
	*in = gbx_tar_content(&p->tar);
	return go_to(p, sha256, size, err);
}

int gbx_pipe_keep(struct gbx_pipe *p, const uint8_t sha256[GBX_SHA256_LEN], struct gbx_error *err)
{
	struct kept k = {0};
	uint64_t size;

	if (find_kept(p, sha256))
		return 0;
	int rc = go_to(p, sha256, &size, err);
	if (rc == 0)
		rc = read_content(p, size, GBX_LIMIT_KEPT - p->kept_bytes, "what has to be kept of a pipe", &k.bytes, err);
	if (rc == 0)
		rc = gbx_grow((void **)&p->kept, &p->kept_cap, p->kept_len, sizeof k, err);
	if (rc) {
		gbx_bytes_free(&k.bytes);
		return rc;
	}
	memcpy(k.sha256, sha256, GBX_SHA256_LEN);
	p->kept_bytes += k.bytes.len;
	p->kept[p->kept_len++] = k;
	return 0;
}

int gbx_pipe_finish(struct gbx_pipe *p, struct gbx_error *err)
{
	char name[GBX_BLOB_NAME_SIZE], shown[256];
	struct gbx_tar_entry e;
	uint64_t size;
	int rc = 0;

	/* What is wrong with the tar was told where it was found. */
	if (p->broken)
		return 0;
	for (; rc == 0 && p->next < p->expected.len; p->next++, p->left_out++) {
		gbx_blob_name(p->expected.blob[p->next].sha256, name);
		rc = next_entry(p, name, &size, err);
	}
	if (rc)
		return rc;
	rc = gbx_tar_next(&p->tar, &e, err);
	if (rc == 1)
		return gbx_fail(err, GBX_E_MALFORMED, "%s is not part of the bundle", gbx_printable_in(e.path, shown, sizeof shown));
	if (rc == 0 && p->left_out)
		return gbx_fail(err, GBX_E_MALFORMED, "blobs that were passed over and not looked at: %zu", p->left_out);
	return rc;
}
