/* Digests of a snapshot's files by several threads, against each file's digests one by one. */
#include <stdio.h>

#include "base/mem.h"
#include "bundle/code_digests.h"
#include "random.h"
#include "test.h"

#define MIB (1024u * 1024)

/* Content made of the file's number, so that no two are equal; what is read at a time changes. */
struct content {
	struct gbx_input in;
	size_t file, left, fails_at; /* fails with so many bytes left; SIZE_MAX: never */
};

static int read_content(struct gbx_input *in, void *buf, size_t len, size_t *got, struct gbx_error *err)
{
	struct content *c = (struct content *)in;
	size_t n = 1 + (size_t)random_number(200000);

	if (c->fails_at != SIZE_MAX && c->left <= c->fails_at)
		return gbx_fail(err, GBX_E_IO, "the content of file %zu ends here", c->file);
	n = n < len ? n : len;
	n = n < c->left ? n : c->left;
	memset(buf, (int)(c->file * 7 + 1), n);
	c->left -= n;
	*got = n;
	return 0;
}

struct file {
	enum gbx_file_type type;
	size_t size;
};

static struct gbx_entry entry_of(size_t i, const struct file *f, char path[32])
{
	snprintf(path, 32, "folder/%08zu", i);
	return (struct gbx_entry){.path = gbx_slice_text(path), .type = f->type, .size = f->size, .mode = (uint32_t)i};
}

struct told {
	const struct file *file;
	enum gbx_git_format format;
	size_t count, fails_at;
};

static void digest_alone(const struct told *t, size_t i, uint8_t sha256[GBX_SHA256_LEN], uint8_t git_id[GBX_SHA256_LEN])
{
	size_t size = t->file[i].size;
	uint8_t *data = gbx_calloc(size + 1, 1);
	struct gbx_hash *h;

	assert_non_null(data);
	memset(data, (int)(i * 7 + 1), size);
	assert_int_equal(gbx_sha256(gbx_slice(data, size), sha256, NULL), 0);
	assert_int_equal(gbx_hash_new(&h, gbx_git_hash(t->format), NULL), 0);
	gbx_git_blob_start(h, size);
	gbx_hash_update(h, data, size);
	assert_int_equal(gbx_hash_final(h, git_id, NULL), 0);
	gbx_hash_free(h);
	gbx_free(data);
}

static int check(void *arg, const struct gbx_entry *e, const uint8_t *sha256, const uint8_t *git_id, struct gbx_error *err)
{
	static const uint8_t nothing[GBX_SHA256_LEN];
	struct told *t = arg;
	uint8_t want_sha256[GBX_SHA256_LEN] = {0}, want_git[GBX_SHA256_LEN] = {0};
	char path[32];

	struct gbx_entry want = entry_of(t->count, &t->file[t->count], path);
	assert_true(gbx_slice_equal(e->path, want.path));
	assert_int_equal(e->type, want.type);
	assert_int_equal(e->mode, t->count);
	if (e->type != GBX_GITLINK)
		digest_alone(t, t->count, want_sha256, want_git);
	assert_memory_equal(sha256, e->type == GBX_GITLINK ? nothing : want_sha256, GBX_SHA256_LEN);
	assert_memory_equal(git_id, want_git, t->format);
	if (t->count++ == t->fails_at)
		return gbx_fail(err, GBX_E_BAD, "file %zu is bad", t->count - 1);
	return 0;
}

static int add(struct gbx_code_digests *d, const struct file *file, size_t i, size_t fails_at, struct gbx_error *err)
{
	struct content c = {{read_content}, i, file[i].size, fails_at};
	char path[32];
	struct gbx_entry e = entry_of(i, &file[i], path);

	return gbx_code_digests_add(d, &e, file[i].type == GBX_GITLINK ? NULL : &c.in, err);
}

/* Files around the sizes at which something changes, many small ones, and some over several batches. */
static size_t make_files(struct file *file)
{
	static const size_t sizes[] = {0, 1, 55, 56, 64, MIB - 1, MIB, MIB + 1, 0, 3 * MIB + 7, 0, 2 * MIB, 5 * MIB, 1};
	size_t n = 0;

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		file[n++] = (struct file){GBX_FILE, sizes[i]};
	for (size_t i = 0; i < 3000; i++)
		file[n++] = (struct file){random_number(50) ? GBX_FILE : GBX_GITLINK, random_number(3) ? (size_t)random_number(900) : 0};
	for (size_t i = 0; i < 60; i++)
		file[n++] = (struct file){GBX_FILE, (size_t)random_number(300000)};
	file[n++] = (struct file){GBX_GITLINK, 20};
	return n;
}

static struct file file[4000];

static void digests_are_those_of_each_file(void **state)
{
	size_t n = make_files(file);

	(void)state;
	for (unsigned threads = 1; threads <= 4; threads++) {
		struct gbx_code_digests *d;
		struct told told = {file, threads % 2 ? GBX_GIT_SHA1 : GBX_GIT_SHA256, 0, SIZE_MAX};
		struct gbx_code_listener listener = {check, &told};
		assert_int_equal(gbx_code_digests_new(&d, told.format, threads, listener, NULL), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(add(d, file, i, SIZE_MAX, NULL), 0);
		assert_int_equal(gbx_code_digests_finish(d, NULL), 0);
		assert_int_equal(told.count, n);
		gbx_code_digests_free(d);
	}
}

static void what_the_listener_says_first_is_said(void **state)
{
	size_t n = make_files(file);

	(void)state;
	for (unsigned k = 0; k < 8; k++) {
		struct gbx_code_digests *d;
		struct told told = {file, GBX_GIT_SHA1, 0, k < 6 ? k * n / 6 : n - k + 5};
		struct gbx_code_listener listener = {check, &told};
		struct gbx_error err, again;
		char line[64];
		int rc = 0;
		assert_int_equal(gbx_code_digests_new(&d, told.format, 1 + k % 3, listener, NULL), 0);
		for (size_t i = 0; rc == 0 && i < n; i++)
			rc = add(d, file, i, SIZE_MAX, &err);
		snprintf(line, sizeof line, "file %zu is bad", told.fails_at);
		if (rc)
			assert_string_equal(err.line, line);
		assert_int_equal(gbx_code_digests_finish(d, &again), GBX_E_BAD);
		assert_string_equal(again.line, line);
		assert_int_equal(told.count, told.fails_at + 1);
		gbx_code_digests_free(d);
	}
}

/* Small, and one that a batch was passed on of: all before it is told, nothing of it. */
static void content_that_fails_ends_with_what_was_before(void **state)
{
	static const size_t at[] = {0, 9, 12, 2000, 3050};
	make_files(file);

	(void)state;
	for (unsigned k = 0; k < 2 * sizeof at / sizeof *at; k++) {
		struct gbx_code_digests *d;
		struct told told = {file, GBX_GIT_SHA1, 0, SIZE_MAX};
		struct gbx_code_listener listener = {check, &told};
		struct gbx_error err;
		size_t bad = at[k / 2];
		assert_int_equal(gbx_code_digests_new(&d, told.format, 1 + k % 2, listener, NULL), 0);
		for (size_t i = 0; i < bad; i++)
			assert_int_equal(add(d, file, i, SIZE_MAX, &err), 0);
		assert_int_equal(add(d, file, bad, 3, &err), GBX_E_IO);
		assert_int_equal(gbx_code_digests_finish(d, &err), 0);
		assert_int_equal(told.count, bad);
		gbx_code_digests_free(d);
	}
}

static void nothing_is_nothing(void **state)
{
	struct gbx_code_digests *d;
	struct told told = {file, GBX_GIT_SHA1, 0, SIZE_MAX};

	(void)state;
	assert_int_equal(gbx_code_digests_new(&d, told.format, 2, (struct gbx_code_listener){check, &told}, NULL), 0);
	assert_int_equal(gbx_code_digests_finish(d, NULL), 0);
	assert_int_equal(told.count, 0);
	gbx_code_digests_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_those_of_each_file),
		cmocka_unit_test(what_the_listener_says_first_is_said),
		cmocka_unit_test(content_that_fails_ends_with_what_was_before),
		cmocka_unit_test(nothing_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
