/* Hashes of many messages at once against OpenSSL, and records read ahead against records read one after the other. */
#include "journal/ahead.h"

#include <stdio.h>
#include <stdlib.h>

#include "digest/many.h"
#include "digest/manifest.h"
#include "journal/reader.h"
#include "random.h"
#include "test.h"

#define MOST 20000u

static void check_digests(const struct gbx_message *m, size_t count)
{
	uint8_t want[GBX_SHA256_LEN];

	for (size_t i = 0; i < count; i++) {
		assert_int_equal(gbx_sha256(gbx_slice(m[i].data, m[i].len), want, NULL), 0);
		assert_memory_equal(m[i].digest, want, sizeof want);
	}
}

static void check_lanes(enum gbx_lanes lanes, struct gbx_message message[9000], uint8_t digest[9000][GBX_SHA256_LEN])
{
	memset(digest, 0, 9000 * sizeof *digest);
	gbx_sha256_lanes(lanes, message, 9000);
	check_digests(message, 9000);
	for (size_t count = 0; count <= 40; count++) {
		memset(digest, 0, 9000 * sizeof *digest);
		gbx_sha256_lanes(lanes, message + 60, count);
		check_digests(message + 60, count);
		assert_int_equal(digest[60 + count][0] | digest[60 + count][9], 0);
	}
}

/* Every length to 8,192 and some beyond, each at an address of its own, so that the sanitizer sees a byte too many; by each width that this
 * processor has. */
static void lanes_are_openssl(void **state)
{
	static uint8_t digest[9000][GBX_SHA256_LEN];
	static struct gbx_message message[9000];

	(void)state;
	for (size_t i = 0; i < 9000; i++) {
		size_t len = i <= 8192 ? i : random_number(100000);
		uint8_t *data = malloc(len ? len : 1);
		assert_non_null(data);
		for (size_t k = 0; k < len; k++)
			data[k] = (uint8_t)random_number(256);
		message[i] = (struct gbx_message){data, len, digest[i]};
	}
	enum gbx_lanes widest = gbx_lanes_here();
	if (widest >= GBX_EIGHT_LANES)
		check_lanes(GBX_EIGHT_LANES, message, digest);
	if (widest >= GBX_SIXTEEN_LANES)
		check_lanes(GBX_SIXTEEN_LANES, message, digest);
	print_message("this processor has %d lanes\n", (int)widest);
	for (size_t i = 0; i < 9000; i++)
		free((void *)(uintptr_t)message[i].data);
}

/* One framed record behind the others of its stream. */
static void add_record(struct gbx_bytes *out, struct gbx_hash *h, const uint8_t stream[GBX_STREAM_LEN], uint64_t seq,
		       uint8_t prev[GBX_SHA256_LEN], const Glassbox__Body *body, bool shown)
{
	GBX_AUTO_BYTES struct gbx_bytes packed = {0}, entry_bytes = {0}, frame_bytes = {0};
	Glassbox__Entry entry = GLASSBOX__ENTRY__INIT;
	Glassbox__Frame frame = GLASSBOX__FRAME__INIT;
	uint8_t salt[GBX_RECORD_SALT_LEN], commitment[GBX_SHA256_LEN];

	memset(salt, (int)(seq % 251) + 1, sizeof salt);
	assert_int_equal(gbx_pb_pack(&body->base, &packed, NULL), 0);
	assert_int_equal(gbx_commitment(h, stream, seq, salt, gbx_slice_of(&packed), commitment, NULL), 0);
	entry.seq = seq;
	entry.prev = gbx_pb_bytes(prev, seq ? GBX_SHA256_LEN : 0);
	entry.time_unix_nanos = 1000 + seq;
	entry.kind = (Glassbox__Kind)body->body_case;
	entry.commitment = gbx_pb_bytes(commitment, sizeof commitment);
	assert_int_equal(gbx_pb_pack(&entry.base, &entry_bytes, NULL), 0);
	frame.entry = gbx_pb_bytes(entry_bytes.data, entry_bytes.len);
	if (shown) {
		frame.salt = gbx_pb_bytes(salt, sizeof salt);
		frame.body = gbx_pb_bytes(packed.data, packed.len);
	}
	assert_int_equal(gbx_pb_pack(&frame.base, &frame_bytes, NULL), 0);
	assert_int_equal(gbx_tfrecord_frame(gbx_slice_of(&frame_bytes), out, NULL), 0);
	assert_int_equal(gbx_leaf_hash(h, &(struct gbx_slice){entry_bytes.data, entry_bytes.len}, 1, prev, NULL), 0);
}

/* Streams one after the other, as in a bundle. */
static void add_stream(struct gbx_bytes *out, struct gbx_hash *h, uint64_t records)
{
	uint8_t stream[GBX_STREAM_LEN], run[GBX_RUN_LEN] = {1}, last[GBX_SHA256_LEN] = {0};
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__StreamStart start = GLASSBOX__STREAM_START__INIT;
	Glassbox__Name name = GLASSBOX__NAME__INIT;
	char text[4096];

	for (size_t i = 0; i < sizeof stream; i++)
		stream[i] = (uint8_t)random_number(256);
	start.format = GBX_FORMAT_VERSION;
	start.stream = gbx_pb_bytes(stream, sizeof stream);
	start.run = gbx_pb_bytes(run, sizeof run);
	start.writer = GLASSBOX__STREAM_START__WRITER__RECORDER;
	start.role = GLASSBOX__STREAM_START__ROLE__LEAD;
	body.body_case = GLASSBOX__BODY__BODY_STREAM_START;
	body.stream_start = &start;
	add_record(out, h, stream, 0, last, &body, true);
	body.body_case = GLASSBOX__BODY__BODY_NAME;
	body.name = &name;
	name.name = text;
	for (uint64_t seq = 1; seq < records; seq++) {
		size_t len = random_number(40) ? random_number(60) : random_number(sizeof text);
		memset(text, 'a' + (int)(seq % 26), len);
		text[len] = 0;
		add_record(out, h, stream, seq, last, &body, random_number(5) != 0);
	}
}

/* Rounds of damage. ThreadSanitizer is 20 times as slow, and looks at the threads, which are the same in each. */
#ifdef __SANITIZE_THREAD__
#define ROUNDS 10
#else
#define ROUNDS 150
#endif

/* What a reader sees of one input, up to its end or the first error. */
struct seen {
	size_t records;
	int end;
	struct gbx_error err;
	uint8_t root[MOST][GBX_SHA256_LEN]; /* of the stream so far, at each record */
	uint64_t offset[MOST];
};

static int place(struct gbx_chain *chain, const struct gbx_record *r, struct gbx_error *err)
{
	if (r->seq == 0 && r->kind->kind == GLASSBOX__KIND__STREAM_START)
		gbx_chain_reset(chain);
	return gbx_chain_add(chain, r, err);
}

static void note(struct seen *s, const struct gbx_chain *chain, uint64_t offset)
{
	assert_true(s->records < MOST);
	s->offset[s->records] = offset;
	assert_int_equal(gbx_tree_root(&chain->tree, chain->hash, s->root[s->records++], NULL), 0);
}

static void read_ahead(struct gbx_slice data, unsigned threads, struct seen *s)
{
	struct gbx_ahead *a;
	struct gbx_memory_input in;
	struct gbx_chain chain;
	struct gbx_record r;
	uint64_t offset;
	bool in_record;

	gbx_memory_input(&in, data);
	assert_int_equal(gbx_chain_init(&chain, NULL), 0);
	assert_int_equal(gbx_ahead_new(threads, &a, NULL), 0);
	assert_int_equal(gbx_ahead_start(a, &in.in, NULL), 0);
	*s = (struct seen){0};
	while ((s->end = gbx_ahead_next(a, &r, &offset, &in_record, &s->err)) == 1) {
		s->end = place(&chain, &r, &s->err);
		if (s->end)
			break;
		note(s, &chain, offset);
	}
	gbx_ahead_free(a);
	gbx_chain_free(&chain);
}

static void read_plainly(struct gbx_slice data, struct seen *s)
{
	GBX_AUTO_TFRECORD struct gbx_tfrecord_reader frames = {0};
	GBX_AUTO_ARENA struct gbx_arena memory = {0};
	struct gbx_memory_input in;
	struct gbx_chain chain;
	struct gbx_record r;
	struct gbx_slice frame;

	gbx_memory_input(&in, data);
	assert_int_equal(gbx_chain_init(&chain, NULL), 0);
	assert_int_equal(gbx_tfrecord_reader_init(&frames, &in.in, 65536, NULL), 0);
	*s = (struct seen){0};
	for (uint64_t offset = 0; (s->end = gbx_tfrecord_next(&frames, &frame, &s->err)) == 1; offset = frames.offset) {
		gbx_arena_reset(&memory);
		s->end = gbx_record_decode(chain.hash, frame, &memory, &r, &s->err);
		if (s->end == 0)
			s->end = place(&chain, &r, &s->err);
		if (s->end)
			break;
		note(s, &chain, offset);
	}
	gbx_chain_free(&chain);
}

static void compare(struct gbx_slice data)
{
	struct seen *plain = calloc(1, sizeof *plain), *ahead = calloc(1, sizeof *ahead);

	assert_true(plain && ahead);
	read_plainly(data, plain);
	for (unsigned threads = 1; threads <= 4; threads++) {
		read_ahead(data, threads, ahead);
		assert_int_equal(ahead->records, plain->records);
		assert_int_equal(ahead->end, plain->end);
		assert_memory_equal(ahead->root, plain->root, plain->records * GBX_SHA256_LEN);
		assert_memory_equal(ahead->offset, plain->offset, plain->records * sizeof *plain->offset);
		if (plain->end < 0)
			assert_string_equal(ahead->err.line, plain->err.line);
	}
	free(plain);
	free(ahead);
}

static void reads_what_is_read_one_by_one(void **state)
{
	struct gbx_hash *h;

	(void)state;
	assert_int_equal(gbx_hash_new(&h, GBX_SHA256, NULL), 0);
	for (int round = 0; round < 12; round++) {
		GBX_AUTO_BYTES struct gbx_bytes data = {0};
		for (uint64_t streams = 1 + random_number(6); streams; streams--)
			add_stream(&data, h, 1 + random_number(round < 6 ? 40 : 2500));
		compare(gbx_slice_of(&data));
	}
	gbx_hash_free(h);
}

/* One byte changed anywhere: the same records before it, and the same error at it. */
static void fails_where_one_by_one_fails(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes data = {0}, frame = {0};
	struct gbx_hash *h;

	(void)state;
	assert_int_equal(gbx_hash_new(&h, GBX_SHA256, NULL), 0);
	add_stream(&data, h, 700);
	add_stream(&data, h, 900);
	for (int round = 0; round < ROUNDS; round++) {
		GBX_AUTO_BYTES struct gbx_bytes changed = {0};
		size_t at = random_number(data.len);
		assert_int_equal(gbx_bytes_append(&changed, data.data, data.len, NULL), 0);
		changed.data[at] ^= (uint8_t)(1u << random_number(8));
		if (round % 3 == 0) { /* the CRC is made to agree, so that the record itself has to be refused */
			size_t start = 0, next = 0;
			for (; next <= at; next += 16 + gbx_get_le64(data.data + next))
				start = next;
			memcpy(changed.data + start, data.data + start, 12);
			frame.len = 0;
			assert_int_equal(gbx_tfrecord_frame(gbx_slice(changed.data + start + 12, next - start - 16), &frame, NULL), 0);
			memcpy(changed.data + start, frame.data, frame.len);
		}
		compare(gbx_slice_of(&changed));
		compare(gbx_slice(data.data, at));
	}
	gbx_hash_free(h);
}

static struct gbx_entry entry_at(size_t i, char path[64])
{
	struct gbx_entry e = {.size = i * 3, .mode = 0644, .mtime_nanos = i};

	snprintf(path, 64, "part-%08zu/%.*s", i, (int)(i % 30 + 1), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	e.path = gbx_slice_text(path);
	gbx_put_be64(e.sha256, i);
	gbx_put_be64(e.salt, i * 7);
	return e;
}

/* The roots of n files by RFC 6962, a leaf at a time. */
static void roots_one_by_one(size_t n, uint8_t root[GBX_SHA256_LEN], uint8_t salted[GBX_SHA256_LEN])
{
	static const char file_tag[] = "glassbox/file/v1", salted_tag[] = "glassbox/salted-file/v1";
	struct gbx_tree plain = {0}, with_salts = {0};
	struct gbx_hash *h;

	assert_int_equal(gbx_hash_new(&h, GBX_SHA256, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		char path[64];
		uint8_t head[9], leaf[GBX_SHA256_LEN];
		struct gbx_entry e = entry_at(i, path);
		head[0] = (uint8_t)e.type;
		gbx_put_be64(head + 1, e.size);
		struct gbx_slice part[] = {gbx_slice(salted_tag, sizeof salted_tag), gbx_slice(e.salt, sizeof e.salt),
					   gbx_slice(file_tag, sizeof file_tag), gbx_slice(head, sizeof head),
					   gbx_slice(e.sha256, sizeof e.sha256), e.path};
		assert_int_equal(gbx_leaf_hash(h, part, 6, leaf, NULL), 0);
		assert_int_equal(gbx_tree_append(&with_salts, h, leaf, NULL), 0);
		assert_int_equal(gbx_leaf_hash(h, part + 2, 4, leaf, NULL), 0);
		assert_int_equal(gbx_tree_append(&plain, h, leaf, NULL), 0);
	}
	assert_int_equal(gbx_tree_root(&plain, h, root, NULL), 0);
	assert_int_equal(gbx_tree_root(&with_salts, h, salted, NULL), 0);
	gbx_hash_free(h);
}

static void manifests_fold_like_one_by_one(void **state)
{
	static const size_t sizes[] = {0, 1, 3, 255, 256, 257, 511, 512, 513, 1000, 5000, 12345};

	(void)state;
	for (size_t k = 0; k < 2 * sizeof sizes / sizeof *sizes; k++) {
		struct gbx_manifest_fold f;
		struct gbx_manifest_sum sum;
		uint8_t root[GBX_SHA256_LEN], salted[GBX_SHA256_LEN];
		size_t n = sizes[k / 2];
		assert_int_equal(gbx_manifest_fold_init(&f, GBX_MANIFEST_FILES, false, NULL), 0);
		gbx_manifest_fold_help(&f, k % 2 ? 2 : 1);
		for (size_t i = 0; i < n; i++) {
			char path[64];
			struct gbx_entry e = entry_at(i, path);
			assert_int_equal(gbx_manifest_fold_add(&f, &e, NULL), 0);
		}
		assert_int_equal(gbx_manifest_fold_sum(&f, &sum, NULL), 0);
		gbx_manifest_fold_free(&f);
		roots_one_by_one(n, root, salted);
		assert_int_equal(sum.files, n);
		assert_memory_equal(sum.root, root, sizeof root);
		assert_memory_equal(sum.salted_root, salted, sizeof salted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lanes_are_openssl),
		cmocka_unit_test(reads_what_is_read_one_by_one),
		cmocka_unit_test(fails_where_one_by_one_fails),
		cmocka_unit_test(manifests_fold_like_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
