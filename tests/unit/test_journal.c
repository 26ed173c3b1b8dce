/* Journals: what is written is read back, what was changed is refused, and a failed write does not end the record. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/salt.h"
#include "journal/reader.h"
#include "journal/streams.h"
#include "journal/writer.h"

struct place {
	char dir[64];
	struct gbx_writer *writer;
};

static struct gbx_writer_options options_of(const struct place *p)
{
	struct gbx_writer_options o = {.dir = p->dir, .writer = GLASSBOX__STREAM_START__WRITER__RECORDER,
				       .role = GLASSBOX__STREAM_START__ROLE__LEAD};
	memset(o.run, 7, sizeof o.run);
	return o;
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	struct gbx_error err;

	strcpy(p->dir, "/tmp/glassbox-journal-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	struct gbx_writer_options o = options_of(p);
	assert_int_equal(gbx_writer_open(&o, &p->writer, &err), 0);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	struct gbx_error err;

	gbx_writer_free(p->writer);
	assert_int_equal(gbx_remove_tree(p->dir, &err), 0);
	free(p);
	return 0;
}

static int put_name(struct gbx_writer *w, char *name, struct gbx_ref *ref)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Name m = GLASSBOX__NAME__INIT;
	struct gbx_error err;

	m.name = name;
	body.body_case = GLASSBOX__BODY__BODY_NAME;
	body.name = &m;
	return gbx_writer_put(w, &body, ref, &err);
}

static char *path_of(const struct place *p, const uint8_t stream[GBX_STREAM_LEN])
{
	char *path = malloc(128);
	int n = snprintf(path, 128, "%s/", p->dir);

	for (int i = 0; i < GBX_STREAM_LEN; i++)
		n += snprintf(path + n, 128 - (size_t)n, "%02x", stream[i]);
	strcat(path, ".tfrecord");
	return path;
}

static struct gbx_head head_of(struct gbx_writer *w)
{
	struct gbx_head head;
	struct gbx_error err;

	assert_int_equal(gbx_writer_head(w, &head, &err), 0);
	return head;
}

/* Records read until the end or an error; -code in *rc. */
static uint64_t read_all(const char *path, int *rc, struct gbx_head *head, uint8_t salts[][GBX_RECORD_SALT_LEN])
{
	GBX_AUTO_READER struct gbx_reader reader = {0};
	GBX_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct gbx_file_input in;
	struct gbx_error err;
	uint64_t n = 0;

	assert_true(fd >= 0);
	gbx_file_input(&in, fd);
	assert_int_equal(gbx_reader_init(&reader, &in.in, &err), 0);
	while ((*rc = gbx_reader_next(&reader, &err)) == 1) {
		if (salts)
			memcpy(salts[n], reader.record.salt.data, GBX_RECORD_SALT_LEN);
		n++;
	}
	if (*rc == 0 && head)
		assert_int_equal(gbx_chain_head(&reader.chain, head, &err), 0);
	return n;
}

static void what_is_written_is_read(void **state)
{
	struct place *p = *state;
	struct gbx_ref ref;
	struct gbx_head read;
	int rc;

	for (uint64_t i = 1; i < 10; i++) {
		assert_int_equal(put_name(p->writer, (char[]){"a name"}, &ref), 0);
		assert_int_equal(ref.seq, i);
	}
	struct gbx_head head = head_of(p->writer);
	char *path = path_of(p, head.stream);
	assert_int_equal(read_all(path, &rc, &read, NULL), 10);
	assert_int_equal(rc, 0);
	assert_memory_equal(&read, &head, sizeof head);
	free(path);
}

static void every_flipped_bit_is_refused(void **state)
{
	struct place *p = *state;
	struct gbx_head read;
	char *path = path_of(p, head_of(p->writer).stream);
	struct stat st;
	uint8_t byte;
	int rc;

	for (int i = 0; i < 3; i++)
		assert_int_equal(put_name(p->writer, (char[]){"a name"}, NULL), 0);
	GBX_AUTO_FD int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 0; at < st.st_size; at++)
		for (int bit = 0; bit < 8; bit++) {
			assert_int_equal(pread(fd, &byte, 1, at), 1);
			byte ^= (uint8_t)(1 << bit);
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
			uint64_t n = read_all(path, &rc, &read, NULL);
			if (rc >= 0 || n >= 4)
				fail_msg("bit %d of byte %ld: %d after %lu records", bit, (long)at, rc, (unsigned long)n);
			byte ^= (uint8_t)(1 << bit);
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		}
	assert_int_equal(read_all(path, &rc, NULL, NULL), 4);
	assert_int_equal(rc, 0);
	free(path);
}

static void every_cut_is_seen(void **state)
{
	struct place *p = *state;
	char *path = path_of(p, head_of(p->writer).stream);
	struct stat st;
	uint64_t whole = 0;
	int rc;

	assert_int_equal(put_name(p->writer, (char[]){"a name"}, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	for (off_t size = st.st_size - 1; size >= 0; size--) {
		assert_int_equal(truncate(path, size), 0);
		read_all(path, &rc, NULL, NULL);
		whole += rc == 0; /* cut between two records: told by the head, not by the reader */
	}
	assert_int_equal(whole, 2);
	free(path);
}

/* The limit falls within a record: half of it reaches the file. */
static void a_failed_write_begins_a_new_stream(void **state)
{
	struct place *p = *state;
	struct gbx_head before, after, first;
	int rc;

	for (int i = 0; i < 5; i++)
		assert_int_equal(put_name(p->writer, (char[]){"a name"}, NULL), 0);
	before = head_of(p->writer);
	char *old = path_of(p, before.stream);
	struct stat st;
	assert_int_equal(stat(old, &st), 0);
	struct rlimit was, limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	limit = was;
	limit.rlim_cur = (rlim_t)st.st_size + 20;
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	int put = put_name(p->writer, (char[]){"after"}, NULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	signal(SIGXFSZ, handler);
	assert_int_equal(put, 0);
	after = head_of(p->writer);
	assert_memory_not_equal(after.stream, before.stream, GBX_STREAM_LEN);
	char *path = path_of(p, after.stream);
	assert_int_equal(read_all(path, &rc, &first, NULL), after.size);
	assert_int_equal(rc, 0);
	assert_int_equal(read_all(old, &rc, NULL, NULL), before.size);

	GBX_AUTO_READER struct gbx_reader reader = {0};
	GBX_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct gbx_file_input in;
	struct gbx_error err;
	gbx_file_input(&in, fd);
	assert_int_equal(gbx_reader_init(&reader, &in.in, &err), 0);
	assert_int_equal(gbx_reader_next(&reader, &err), 1);
	const Glassbox__Head *follows = reader.record.body->stream_start->follows;
	assert_non_null(follows);
	assert_int_equal(follows->size, before.size);
	assert_memory_equal(follows->stream.data, before.stream, GBX_STREAM_LEN);
	assert_memory_equal(follows->root.data, before.root, GBX_SHA256_LEN);
	free(path);
	free(old);
}

static void forked_processes_share_no_salt(void **state)
{
	enum { EACH = 64 };
	static uint8_t salt[2 * EACH][GBX_SALT_BYTES];
	struct gbx_salts *salts;
	struct gbx_error err;
	int end[2];

	(void)state;
	assert_int_equal(gbx_salts_new(&salts, &err), 0);
	assert_int_equal(gbx_salts_take(salts, salt[0], &err), 0); /* the store is filled before the fork */
	assert_int_equal(pipe(end), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (int i = 0; i < EACH; i++)
			if (gbx_salts_take(salts, salt[i], &err) || write(end[1], salt[i], GBX_SALT_BYTES) != GBX_SALT_BYTES)
				_exit(1);
		_exit(0);
	}
	for (int i = 0; i < EACH; i++) {
		assert_int_equal(gbx_salts_take(salts, salt[i], &err), 0);
		assert_int_equal(read(end[0], salt[EACH + i], GBX_SALT_BYTES), GBX_SALT_BYTES);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (int i = 0; i < 2 * EACH; i++)
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(salt[i], salt[j], GBX_SALT_BYTES);
	close(end[0]);
	close(end[1]);
	gbx_salts_free(salts);
}

static void every_kind_of_the_schema_is_known(void **state)
{
	const ProtobufCEnumDescriptor *d = &glassbox__kind__descriptor;
	unsigned known = 0;

	(void)state;
	for (unsigned i = 0; i < d->n_values; i++) {
		const struct gbx_kind *k = gbx_kind_find((Glassbox__Kind)d->values[i].value);
		if (d->values[i].value == 0) {
			assert_null(k);
			continue;
		}
		if (!k)
			fail_msg("kind %s is not in the table", d->values[i].name);
		assert_ptr_equal(gbx_kind_named(gbx_slice_text(k->name)), k);
		assert_non_null(protobuf_c_message_descriptor_get_field(&glassbox__body__descriptor, (unsigned)d->values[i].value));
		assert_int_equal(k->public_always, d->values[i].value < 10);
		known++;
	}
	for (const struct gbx_kind *k = gbx_kinds(); k->name; k++)
		known--;
	assert_int_equal(known, 0);
	assert_int_equal(glassbox__body__descriptor.n_fields, d->n_values - 1);
}

/* A body belongs to its place and no other: stream, seq, salt and each byte count. */
static void a_commitment_binds_the_place(void **state)
{
	GBX_AUTO_HASH struct gbx_hash *h = NULL;
	uint8_t stream[GBX_STREAM_LEN] = {1}, salt[GBX_RECORD_SALT_LEN] = {2}, one[32], other[32];
	uint8_t input[17 + 16 + 8 + 32 + 4] = "glassbox/body/v1";
	struct gbx_slice body = gbx_slice_text("body");
	struct gbx_error err;

	(void)state;
	assert_int_equal(gbx_hash_new(&h, GBX_SHA256, &err), 0);
	assert_int_equal(gbx_commitment(h, stream, 5, salt, body, one, &err), 0);
	memcpy(input + 17, stream, 16);
	input[17 + 16 + 7] = 5;
	memcpy(input + 17 + 24, salt, 32);
	memcpy(input + 17 + 56, "body", 4);
	gbx_hash_start(h);
	gbx_hash_update(h, input, sizeof input);
	assert_int_equal(gbx_hash_final(h, other, &err), 0);
	assert_memory_equal(one, other, 32);
	assert_int_equal(gbx_commitment(h, stream, 6, salt, body, other, &err), 0);
	assert_memory_not_equal(one, other, 32);
	stream[15] = 1;
	assert_int_equal(gbx_commitment(h, stream, 5, salt, body, other, &err), 0);
	assert_memory_not_equal(one, other, 32);
}

static void a_stream_of_the_list_is_read_strictly(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes framed = {0};
	struct gbx_stream_entry e = {.head = {.size = 3}, .state = GBX_STREAM_OPEN}, got;
	struct gbx_error err;

	(void)state;
	memset(e.head.stream, 9, sizeof e.head.stream);
	memset(e.head.root, 8, sizeof e.head.root);
	assert_int_equal(gbx_stream_entry_write(&e, &framed, &err), 0);
	struct gbx_slice data = {framed.data + 12, framed.len - 16};
	assert_int_equal(gbx_stream_entry_read(data, &got, &err), 0);
	assert_memory_equal(&got.head, &e.head, sizeof e.head);
	assert_int_equal(got.state, e.state);
	data.len--;
	assert_int_not_equal(gbx_stream_entry_read(data, &got, &err), 0);
	e.state = 3;
	framed.len = 0;
	if (gbx_stream_entry_write(&e, &framed, &err) == 0) {
		data = (struct gbx_slice){framed.data + 12, framed.len - 16};
		assert_int_not_equal(gbx_stream_entry_read(data, &got, &err), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_flipped_bit_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_cut_is_seen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failed_write_begins_a_new_stream, set_up, tear_down),
		cmocka_unit_test(forked_processes_share_no_salt),
		cmocka_unit_test(every_kind_of_the_schema_is_known),
		cmocka_unit_test(a_commitment_binds_the_place),
		cmocka_unit_test(a_stream_of_the_list_is_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
