/* The owner log: what it promises over crashes, copies, rollbacks and several processes. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "test_trust.h"
#include "trust/log.h"

static struct gbx_log_leaf a_leaf(unsigned n)
{
	struct gbx_log_leaf leaf = {.event = n % 2 ? GBX_LEAF_SEAL : GBX_LEAF_START, .size = n};

	memcpy(leaf.run, &n, sizeof n);
	memset(leaf.root, 0x5a, sizeof leaf.root);
	return leaf;
}

static struct gbx_owner_log *open_log(const char *dir, const struct gbx_key *key)
{
	struct gbx_owner_log *log = NULL;
	struct gbx_error err = {0};

	if (gbx_owner_log_open(dir, key, "ada", &log, &err))
		fail_msg("%s", err.line);
	return log;
}

static void append(struct gbx_owner_log *log, unsigned n, uint64_t want)
{
	struct gbx_log_leaf leaf = a_leaf(n);
	uint64_t index = UINT64_MAX;

	assert_int_equal(gbx_owner_log_append(log, &leaf, &index, NULL), 0);
	assert_int_equal(index, want);
}

static void sign(struct gbx_owner_log *log, const struct gbx_key *key, struct gbx_bytes *note)
{
	note->len = 0;
	assert_int_equal(gbx_owner_log_sign(log, key, note, NULL), 0);
}

/* The proof of leaf n at index against note holds, and is of that leaf. */
static void check_proof(struct gbx_owner_log *log, const struct gbx_key *key, unsigned n, uint64_t index, struct gbx_slice note)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_log_leaf leaf = a_leaf(n);
	struct gbx_tlog_proof proof;

	assert_int_equal(gbx_owner_log_prove(log, index, note, &text, NULL), 0);
	assert_int_equal(gbx_tlog_proof_parse(gbx_slice_of(&text), &proof, NULL), 0);
	assert_int_equal(gbx_tlog_proof_verify(&proof, gbx_key_public(key), NULL), 0);
	assert_memory_equal(&proof.leaf, &leaf, sizeof leaf);
	assert_true(gbx_slice_equal(proof.note, note));
}

/* A new folder in the test's folder. */
static const char *new_dir(void)
{
	static unsigned n;
	char name[32];

	snprintf(name, sizeof name, "log-%u", n++);
	return in_folder(name);
}

/* The path of the only file in dir whose name ends so. */
static void only_file(const char *dir, const char *suffix, char path[600])
{
	struct gbx_names names = {0};
	unsigned found = 0;

	assert_int_equal(gbx_list_dir(AT_FDCWD, dir, &names, NULL), 0);
	for (size_t i = 0; i < names.len; i++) {
		size_t len = strlen(names.name[i]), end = strlen(suffix);
		if (len < end || strcmp(names.name[i] + len - end, suffix) != 0)
			continue;
		snprintf(path, 600, "%s/%s", dir, names.name[i]);
		found++;
	}
	gbx_names_free(&names);
	assert_int_equal(found, 1);
}

static void load(const char *path, struct gbx_bytes *out)
{
	out->len = 0;
	assert_int_equal(gbx_load_file(path, 1 << 20, out, NULL), 0);
}

/* Writes into the file that is there, so that its inode stays. */
static void overwrite(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "r+b");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(truncate(path, (off_t)len), 0);
}

static void leaves_stay_and_can_be_proved(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes note = {0}, again = {0}, later = {0}, proof = {0};
	const char *dir = new_dir();
	struct stat st;

	(void)state;
	struct gbx_owner_log *log = open_log(dir, key);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	for (unsigned i = 0; i < 5; i++)
		append(log, i, i);
	append(log, 2, 2); /* the same again */
	assert_int_equal(gbx_owner_log_size(log), 5);
	sign(log, key, &note);
	sign(log, key, &again);
	assert_true(gbx_slice_equal(gbx_slice_of(&note), gbx_slice_of(&again)));
	gbx_owner_log_close(log);

	log = open_log(dir, key);
	assert_int_equal(gbx_owner_log_size(log), 5);
	sign(log, key, &again);
	assert_true(gbx_slice_equal(gbx_slice_of(&note), gbx_slice_of(&again)));
	append(log, 3, 3);
	append(log, 5, 5);
	for (unsigned i = 0; i < 5; i++)
		check_proof(log, key, i, i, gbx_slice_of(&note)); /* an older note still proves what it covers */
	assert_int_equal(gbx_owner_log_prove(log, 5, gbx_slice_of(&note), &proof, NULL), GBX_E_NOTFOUND);
	sign(log, key, &later);
	assert_false(gbx_slice_equal(gbx_slice_of(&note), gbx_slice_of(&later)));
	for (unsigned i = 0; i < 6; i++)
		check_proof(log, key, i, i, gbx_slice_of(&later));
	assert_int_equal(gbx_owner_log_prove(log, 6, gbx_slice_of(&later), &proof, NULL), GBX_E_NOTFOUND);
	assert_int_equal(proof.len, 0);
	gbx_owner_log_close(log);
}

static void an_empty_log_can_be_signed(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes note = {0};
	struct gbx_head_note head;
	const char *dir = new_dir();

	(void)state;
	struct gbx_owner_log *log = open_log(dir, key);
	sign(log, key, &note);
	assert_int_equal(gbx_head_note_verify(gbx_slice_of(&note), gbx_key_public(key), &head, NULL), 0);
	assert_int_equal(head.size, 0);
	assert_string_equal(head.origin, gbx_owner_log_origin(log));
	append(log, 1, 0);
	gbx_owner_log_close(log);
	gbx_owner_log_close(open_log(dir, key));
}

static void the_origin_is_found_without_making_one(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1), *other = key_of_seed(SEED_2);
	const char *dir = new_dir();
	char origin[GBX_NAME_MAX + 1] = "";
	uint8_t random[8];

	(void)state;
	assert_int_equal(gbx_owner_log_find(dir, gbx_key_public(key), origin, NULL), GBX_E_NOTFOUND);
	assert_int_not_equal(access(dir, F_OK), 0);
	struct gbx_owner_log *log = open_log(dir, key);
	assert_int_equal(gbx_owner_log_find(dir, gbx_key_public(key), origin, NULL), 0); /* also while it is open */
	assert_string_equal(origin, gbx_owner_log_origin(log));
	assert_true(gbx_slice_starts(gbx_slice_text(origin), "ada/"));
	assert_true(gbx_unhex(gbx_slice_text(origin + 4), random, 8));
	assert_int_equal(gbx_owner_log_find(dir, gbx_key_public(other), origin, NULL), GBX_E_NOTFOUND);
	/* Another key in the folder has a log and a lock of its own. */
	struct gbx_owner_log *second = open_log(dir, other);
	assert_string_not_equal(gbx_owner_log_origin(log), gbx_owner_log_origin(second));
	gbx_owner_log_close(second);
	gbx_owner_log_close(log);
}

static void wrong_names_and_keys(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1), *other = key_of_seed(SEED_2);
	GBX_AUTO_BYTES struct gbx_bytes note = {0}, proof = {0};
	struct gbx_owner_log *log = NULL, *foreign = NULL;
	const char *dir = new_dir();
	char name[GBX_OWNER_MAX + 2];

	(void)state;
	memset(name, 'a', sizeof name);
	name[GBX_OWNER_MAX + 1] = 0;
	assert_int_equal(gbx_owner_log_open(dir, key, name, &log, NULL), GBX_E_USAGE);
	assert_int_equal(gbx_owner_log_open(dir, key, "a b", &log, NULL), GBX_E_USAGE);
	assert_int_equal(gbx_owner_log_open(dir, key, "", &log, NULL), GBX_E_USAGE);
	assert_null(log);
	name[GBX_OWNER_MAX] = 0;
	assert_int_equal(gbx_owner_log_open(dir, key, name, &log, NULL), 0);
	assert_int_equal(strlen(gbx_owner_log_origin(log)), GBX_NAME_MAX);
	append(log, 1, 0);
	assert_int_equal(gbx_owner_log_sign(log, other, &note, NULL), GBX_E_USAGE);
	/* A note of the same key's other log. */
	foreign = open_log(new_dir(), key);
	append(foreign, 1, 0);
	sign(foreign, key, &note);
	assert_int_equal(gbx_owner_log_prove(log, 0, gbx_slice_of(&note), &proof, NULL), GBX_E_BAD);
	gbx_owner_log_close(foreign);
	gbx_owner_log_close(log);
}

/* A log of three leaves, the first `covered` of them signed; its paths. */
static void make_log(const char *dir, const struct gbx_key *key, unsigned covered, char log_path[600], char origin[256])
{
	GBX_AUTO_BYTES struct gbx_bytes note = {0};
	struct gbx_owner_log *log = open_log(dir, key);

	for (unsigned i = 0; i < 3; i++) {
		append(log, i, i);
		if (i + 1 == covered)
			sign(log, key, &note);
	}
	snprintf(origin, 256, "%s", gbx_owner_log_origin(log));
	gbx_owner_log_close(log);
	only_file(dir, ".log", log_path);
}

static void refuse(const char *dir, const struct gbx_key *key, const char *says)
{
	struct gbx_owner_log *log = NULL;
	struct gbx_error err = {0};

	assert_int_equal(gbx_owner_log_open(dir, key, "ada", &log, &err), GBX_E_REFUSED);
	assert_null(log);
	if (!strstr(err.line, says) || !strstr(err.line, "move it away"))
		fail_msg("'%s' does not say '%s'", err.line, says);
}

static void expect(const char *dir, const struct gbx_key *key, const char *origin, uint64_t size)
{
	struct gbx_owner_log *log = open_log(dir, key);

	assert_string_equal(gbx_owner_log_origin(log), origin);
	assert_int_equal(gbx_owner_log_size(log), size);
	gbx_owner_log_close(log);
}

static void a_log_that_went_back_is_refused(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes before = {0}, after = {0}, note = {0};
	const char *dir = new_dir();
	char path[600], note_path[600], origin[256];

	(void)state;
	make_log(dir, key, 2, path, origin);
	load(path, &before);
	struct gbx_owner_log *log = open_log(dir, key);
	append(log, 3, 3);
	sign(log, key, &note);
	gbx_owner_log_close(log);
	load(path, &after);
	overwrite(path, before.data, before.len);
	refuse(dir, key, "it has 3 leaves, but 4 were signed");
	overwrite(path, after.data, after.len);
	expect(dir, key, origin, 4);
	/* The same length and other leaves: cut to three, append another fourth one with the note out of the way, and put the note back. */
	only_file(dir, ".note", note_path);
	overwrite(path, before.data, before.len);
	assert_int_equal(unlink(note_path), 0);
	log = open_log(dir, key);
	append(log, 99, 3);
	gbx_owner_log_close(log);
	put_file(note_path, gbx_slice_of(&note), 0600);
	refuse(dir, key, "its first 4 leaves are not the ones that were signed");
	/* As the line says: moved away, a new log begins. */
	assert_int_equal(rename(path, in_folder("away")), 0);
	log = open_log(dir, key);
	assert_string_not_equal(gbx_owner_log_origin(log), origin);
	assert_int_equal(gbx_owner_log_size(log), 0);
	gbx_owner_log_close(log);
}

static void a_damaged_note_is_refused(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes note = {0};
	const char *dir = new_dir();
	char path[600], note_path[600], origin[256];

	(void)state;
	make_log(dir, key, 3, path, origin);
	only_file(dir, ".note", note_path);
	load(note_path, &note);
	for (size_t bit = 0; bit < note.len * 8; bit += 5) {
		note.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		overwrite(note_path, note.data, note.len);
		refuse(dir, key, "head note");
		note.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	overwrite(note_path, note.data, 0);
	refuse(dir, key, "head note");
	overwrite(note_path, note.data, note.len);
	expect(dir, key, origin, 3);
}

static void a_copied_folder_begins_a_new_origin(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	const char *dir = new_dir(), *copy = new_dir();
	char path[600], origin[256], copied[600];

	(void)state;
	make_log(dir, key, 3, path, origin);
	load(path, &text);
	assert_int_equal(mkdir(copy, 0700), 0);
	snprintf(copied, sizeof copied, "%s/%s", copy, gbx_path_base(path));
	put_file(copied, gbx_slice_of(&text), 0600);
	struct gbx_owner_log *log = open_log(copy, key);
	assert_string_not_equal(gbx_owner_log_origin(log), origin);
	assert_int_equal(gbx_owner_log_size(log), 0);
	gbx_owner_log_close(log);
	/* The copy stays as it was, and the original goes on. */
	text.len = 0;
	load(copied, &text);
	expect(dir, key, origin, 3);
	/* Renamed in its place, it is still the same file. */
	assert_int_equal(rename(dir, in_folder("renamed")), 0);
	expect(in_folder("renamed"), key, origin, 3);
}

/* Where each record of a log starts, and its end. */
static size_t offsets(const struct gbx_bytes *file, size_t at[8])
{
	size_t n = 0, offset = 0;

	while (offset < file->len) {
		at[n++] = offset;
		offset += (size_t)gbx_get_le64(file->data + offset) + 16;
	}
	at[n] = file->len;
	return n;
}

static void a_torn_tail_is_cut_off(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes whole = {0};
	const char *dir = new_dir();
	char path[600], origin[256];
	size_t at[8];

	(void)state;
	make_log(dir, key, 2, path, origin);
	load(path, &whole);
	assert_int_equal(offsets(&whole, at), 4);
	for (size_t len = at[3]; len < at[4]; len++) {
		overwrite(path, whole.data, len);
		expect(dir, key, origin, 2);
		struct stat st;
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, at[3]);
	}
	/* Whole length, and bytes that never reached the disk. */
	GBX_AUTO_BYTES struct gbx_bytes holes = {0};
	assert_int_equal(gbx_bytes_append(&holes, whole.data, whole.len, NULL), 0);
	memset(holes.data + at[3], 0, at[4] - at[3]);
	overwrite(path, holes.data, holes.len);
	expect(dir, key, origin, 2);
	memcpy(holes.data + at[3], whole.data + at[3], 20);
	overwrite(path, holes.data, holes.len);
	struct gbx_owner_log *log = open_log(dir, key);
	append(log, 7, 2);
	gbx_owner_log_close(log);
	expect(dir, key, origin, 3);
}

static void a_torn_tail_that_was_signed_is_refused(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes whole = {0};
	const char *dir = new_dir();
	char path[600], origin[256];

	(void)state;
	make_log(dir, key, 3, path, origin);
	load(path, &whole);
	overwrite(path, whole.data, whole.len - 1);
	refuse(dir, key, "it has 2 leaves, but 3 were signed");
}

/* Every changed bit of a log whose leaves are signed: it is refused, or (in the header) a log with another origin begins. */
static void every_changed_bit_of_a_log_is_found(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes whole = {0};
	const char *dir = new_dir();
	char path[600], origin[256];
	size_t at[8];

	(void)state;
	make_log(dir, key, 3, path, origin);
	load(path, &whole);
	offsets(&whole, at);
	for (size_t bit = 0; bit < whole.len * 8; bit += bit / 8 < at[1] ? 61 : 3) {
		struct gbx_owner_log *log = NULL;
		whole.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		overwrite(path, whole.data, whole.len);
		int rc = gbx_owner_log_open(dir, key, "ada", &log, NULL);
		if (rc == 0) {
			assert_true(bit / 8 < at[1]);
			assert_string_not_equal(gbx_owner_log_origin(log), origin);
			char extra[600];
			snprintf(extra, sizeof extra, "%s/%s.log", dir, gbx_owner_log_origin(log) + 4);
			assert_int_equal(unlink(extra), 0);
			gbx_owner_log_close(log);
		} else {
			assert_int_equal(rc, GBX_E_REFUSED);
			assert_true(bit / 8 >= at[1]);
		}
		whole.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	overwrite(path, whole.data, whole.len);
	expect(dir, key, origin, 3);
}

/* Damage before the end is no torn tail, also where nothing was signed. */
static void damage_before_the_end_is_refused(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes whole = {0};
	const char *dir = new_dir();
	char path[600], origin[256];
	size_t at[8];

	(void)state;
	make_log(dir, key, 0, path, origin);
	load(path, &whole);
	offsets(&whole, at);
	for (size_t offset = at[1]; offset < at[3]; offset += 7) {
		whole.data[offset] ^= 1;
		overwrite(path, whole.data, whole.len);
		refuse(dir, key, "damaged");
		whole.data[offset] ^= 1;
	}
	GBX_AUTO_BYTES struct gbx_bytes longer = {0};
	uint8_t garbage[300] = {1};
	assert_int_equal(gbx_bytes_append(&longer, whole.data, whole.len, NULL), 0);
	assert_int_equal(gbx_bytes_append(&longer, garbage, sizeof garbage, NULL), 0);
	overwrite(path, longer.data, longer.len);
	refuse(dir, key, "damaged");
}

/* A file that may grow by some bytes less than a record: the write is short, and is undone. */
static void a_full_disk_leaves_the_log_whole(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes whole = {0}, after = {0}, note = {0};
	const char *dir = new_dir();
	struct rlimit was, less;
	char path[600], origin[256];

	(void)state;
	make_log(dir, key, 2, path, origin);
	load(path, &whole);
	struct gbx_owner_log *log = open_log(dir, key);
	struct gbx_log_leaf leaf = a_leaf(8);
	struct gbx_error err = {0};
	uint64_t index = 77;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	less = was;
	for (rlim_t room = 0; room < 100; room += 33) {
		less.rlim_cur = whole.len + room;
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
		int rc = gbx_owner_log_append(log, &leaf, &index, &err);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
		assert_int_equal(rc, GBX_E_IO);
		assert_non_null(strstr(err.line, path));
		assert_int_equal(index, 77);
		load(path, &after);
		assert_true(gbx_slice_equal(gbx_slice_of(&whole), gbx_slice_of(&after)));
	}
	append(log, 8, 3);
	sign(log, key, &note);
	check_proof(log, key, 8, 3, gbx_slice_of(&note));
	gbx_owner_log_close(log);
	expect(dir, key, origin, 4);
}

/* A note that could not be kept is not let out. */
static void a_note_that_cannot_be_kept_is_not_signed(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	GBX_AUTO_BYTES struct gbx_bytes note = {0};
	const char *dir = new_dir();
	char path[600], origin[256];

	(void)state;
	make_log(dir, key, 0, path, origin);
	struct gbx_owner_log *log = open_log(dir, key);
	memcpy(path + strlen(path) - 4, ".note", 6);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(gbx_owner_log_sign(log, key, &note, NULL) < 0);
	assert_int_equal(note.len, 0);
	assert_int_equal(rmdir(path), 0);
	sign(log, key, &note);
	check_proof(log, key, 2, 2, gbx_slice_of(&note));
	gbx_owner_log_close(log);
}

enum { PROCESSES = 6, EACH = 8 };

static void append_in_child(const char *dir, const struct gbx_key *key, unsigned child)
{
	for (unsigned i = 0; i < EACH; i++) {
		GBX_AUTO_OWNER_LOG struct gbx_owner_log *log = NULL;
		GBX_AUTO_BYTES struct gbx_bytes note = {0}, proof = {0};
		struct gbx_log_leaf leaf = a_leaf(child * EACH + i);
		uint64_t index;
		if (gbx_owner_log_open(dir, key, "ada", &log, NULL) || gbx_owner_log_append(log, &leaf, &index, NULL) ||
		    gbx_owner_log_sign(log, key, &note, NULL) || gbx_owner_log_prove(log, index, gbx_slice_of(&note), &proof, NULL))
			_exit(1);
	}
	_exit(0);
}

static void processes_at_once_lose_no_leaf(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	const char *dir = new_dir();
	char path[600];

	(void)state;
	for (unsigned child = 0; child < PROCESSES; child++) {
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			append_in_child(dir, key, child);
	}
	for (unsigned child = 0; child < PROCESSES; child++) {
		int status;
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	only_file(dir, ".log", path); /* one origin, although none was there when all began */
	struct gbx_owner_log *log = open_log(dir, key);
	assert_int_equal(gbx_owner_log_size(log), PROCESSES * EACH);
	for (unsigned n = 0; n < PROCESSES * EACH; n++) {
		struct gbx_log_leaf leaf = a_leaf(n);
		uint64_t index;
		assert_int_equal(gbx_owner_log_append(log, &leaf, &index, NULL), 0);
		assert_true(index < PROCESSES * EACH);
	}
	assert_int_equal(gbx_owner_log_size(log), PROCESSES * EACH);
	gbx_owner_log_close(log);
}

/* Killed at any moment: the log opens, and what was acknowledged is there. */
static void a_killed_process_loses_nothing_that_it_was_told(void **state)
{
	GBX_AUTO_KEY struct gbx_key *key = key_of_seed(SEED_1);
	const char *dir = new_dir();

	(void)state;
	for (unsigned round = 0; round < 10; round++) {
		int told[2];
		unsigned n = 0, last = 0, any = 0;
		assert_int_equal(pipe(told), 0);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			struct gbx_owner_log *log = open_log(dir, key);
			for (n = round * 100000; ; n++) {
				struct gbx_log_leaf leaf = a_leaf(n);
				uint64_t index;
				if (gbx_owner_log_append(log, &leaf, &index, NULL) || write(told[1], &n, sizeof n) != sizeof n)
					_exit(1);
			}
		}
		close(told[1]);
		usleep(2000 + round * 3000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (read(told[0], &n, sizeof n) == sizeof n) {
			last = n;
			any = 1;
		}
		close(told[0]);
		struct gbx_owner_log *log = open_log(dir, key);
		uint64_t size = gbx_owner_log_size(log), index;
		struct gbx_log_leaf leaf = a_leaf(last);
		if (any) {
			assert_int_equal(gbx_owner_log_append(log, &leaf, &index, NULL), 0);
			assert_int_equal(gbx_owner_log_size(log), size);
		}
		gbx_owner_log_close(log);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_stay_and_can_be_proved),
		cmocka_unit_test(an_empty_log_can_be_signed),
		cmocka_unit_test(the_origin_is_found_without_making_one),
		cmocka_unit_test(wrong_names_and_keys),
		cmocka_unit_test(a_log_that_went_back_is_refused),
		cmocka_unit_test(a_damaged_note_is_refused),
		cmocka_unit_test(a_copied_folder_begins_a_new_origin),
		cmocka_unit_test(a_torn_tail_is_cut_off),
		cmocka_unit_test(a_torn_tail_that_was_signed_is_refused),
		cmocka_unit_test(every_changed_bit_of_a_log_is_found),
		cmocka_unit_test(damage_before_the_end_is_refused),
		cmocka_unit_test(a_full_disk_leaves_the_log_whole),
		cmocka_unit_test(a_note_that_cannot_be_kept_is_not_signed),
		cmocka_unit_test(processes_at_once_lose_no_leaf),
		cmocka_unit_test(a_killed_process_loses_nothing_that_it_was_told),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
