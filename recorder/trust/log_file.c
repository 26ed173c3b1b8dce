#include "trust/log_file.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/pb.h"
#include "base/tfrecord.h"
#include "owner_log.pb-c.h"

#define LOG_FORMAT 1

enum {
	LEAF_FRAME_MAX = 192,  /* a leaf's text is at most 150 bytes; with protobuf's three and the frame's 16 */
	RANDOM_LEN = 8,        /* of an origin */
};

void gbx_log_file_close(struct gbx_log_file *file)
{
	gbx_close(&file->fd);
	gbx_free(file->path);
	gbx_free(file->note_path);
	file->path = file->note_path = NULL;
}

int gbx_log_refuse(const struct gbx_log_file *file, const char *why, struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_REFUSED,
			"owner log '%s': %s; signing on would make two histories under one name. What was signed stays valid. "
			"If the file cannot be brought back as it was, move it away, and the next signature begins a new log", file->path, why);
}

/* Sets path and note_path for the file <name>.log in dir. */
static int set_paths(struct gbx_log_file *file, const char *dir, const char *stem, struct gbx_error *err)
{
	file->path = gbx_asprintf("%s/%s.log", dir, stem);
	file->note_path = gbx_asprintf("%s/%s.note", dir, stem);
	return file->path && file->note_path ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory to open the owner log");
}

static int open_records(int fd, struct gbx_file_input *in, struct gbx_tfrecord_reader *records, struct gbx_error *err)
{
	gbx_file_input(in, fd);
	return gbx_tfrecord_reader_init(records, &in->in, GBX_LIMIT_LOG_RECORD, err);
}

/* The next record must be a header. */
static int next_header(struct gbx_tfrecord_reader *records, struct gbx_arena *memory, Glassbox__LogHeader **out,
		       struct gbx_error *err)
{
	struct gbx_slice data;
	ProtobufCMessage *message = NULL;
	int rc = gbx_tfrecord_next(records, &data, err);

	if (rc != 1)
		return rc ? rc : gbx_fail(err, GBX_E_MALFORMED, "the file has no header");
	rc = gbx_pb_parse(memory, &glassbox__log_header__descriptor, data, GBX_LIMIT_LOG_RECORD, &message, err);
	if (rc == 0)
		*out = (Glassbox__LogHeader *)message;
	return rc;
}

static bool is_active(const Glassbox__LogHeader *h, const struct stat *st, const struct gbx_log_place *place)
{
	return h->format == LOG_FORMAT && h->device == (uint64_t)st->st_dev && h->inode == (uint64_t)st->st_ino &&
	       gbx_slice_equal(gbx_pb_slice(h->public_key), gbx_slice(place->public_key, GBX_PUBLIC_KEY_LEN)) &&
	       place->machine[0] && strcmp(h->machine_id, place->machine) == 0 && gbx_is_note_name(gbx_slice_text(h->origin));
}

/* GBX_E_NOTFOUND for a file that is not the active log, also when it cannot be read as one. */
static int check_header(struct gbx_log_file *file, const struct gbx_log_place *place, struct gbx_error *err)
{
	GBX_AUTO_TFRECORD struct gbx_tfrecord_reader records = {0};
	GBX_AUTO_ARENA struct gbx_arena memory = {0};
	struct gbx_file_input in;
	Glassbox__LogHeader *header = NULL;
	struct stat st;
	int rc = gbx_fstat(file->fd, &st, err);

	if (rc == 0)
		rc = open_records(file->fd, &in, &records, err);
	if (rc == 0)
		rc = next_header(&records, &memory, &header, err);
	if (rc == GBX_E_IO || rc == GBX_E_NOMEM)
		return rc;
	bool active = header && is_active(header, &st, place);
	if (active)
		memcpy(file->origin, header->origin, strlen(header->origin) + 1);
	return active ? 0 : gbx_fail(err, GBX_E_NOTFOUND, "'%s' is not the active log", file->path);
}

/* True, and the part before ".log", for the name of a log. */
static bool is_log_name(const char *name, char stem[2 * RANDOM_LEN + 1])
{
	uint8_t random[RANDOM_LEN];

	if (strlen(name) != 2 * RANDOM_LEN + 4 || strcmp(name + 2 * RANDOM_LEN, ".log") != 0 ||
	    !gbx_unhex(gbx_slice(name, 2 * RANDOM_LEN), random, RANDOM_LEN))
		return false;
	gbx_hex(random, RANDOM_LEN, stem);
	return true;
}

/* 0 and the open file where the name is that of the active log, else GBX_E_NOTFOUND. */
static int try_name(const struct gbx_log_place *place, const char *name, struct gbx_log_file *out, struct gbx_error *err)
{
	GBX_AUTO_LOG_FILE struct gbx_log_file file = {.fd = -1};
	char stem[2 * RANDOM_LEN + 1];

	if (!is_log_name(name, stem))
		return gbx_fail(err, GBX_E_NOTFOUND, "'%s' is not a log's name", name);
	int rc = set_paths(&file, place->dir, stem, err);
	if (rc == 0)
		rc = gbx_open_regular(AT_FDCWD, file.path, &file.fd, err);
	if (rc == 0)
		rc = check_header(&file, place, err);
	if (rc)
		return rc;
	*out = file;
	file = (struct gbx_log_file){.fd = -1};
	return 0;
}

int gbx_log_file_find(const struct gbx_log_place *place, struct gbx_log_file *out, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	int rc = gbx_list_dir(AT_FDCWD, place->dir, &names, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < names.len; i++) {
		rc = try_name(place, names.name[i], out, err);
		if (rc != GBX_E_NOTFOUND)
			return rc;
	}
	return gbx_fail(err, GBX_E_NOTFOUND, "'%s' holds no owner log of this key on this machine", place->dir);
}

int gbx_log_file_writable(struct gbx_log_file *file, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	struct stat found, opened;
	int rc = gbx_open_append(file->path, 0600, &fd, err);

	if (rc == 0)
		rc = gbx_fstat(file->fd, &found, err);
	if (rc == 0)
		rc = gbx_fstat(fd, &opened, err);
	if (rc)
		return rc;
	if (found.st_dev != opened.st_dev || found.st_ino != opened.st_ino)
		return gbx_log_refuse(file, "it was replaced while it was opened", err);
	gbx_close(&file->fd);
	file->fd = fd;
	fd = -1;
	return 0;
}

/* Frames a message and writes it behind what is there. */
static int write_record(int fd, const ProtobufCMessage *message, size_t *len, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes packed = {0}, frame = {0};
	int rc = gbx_pb_pack(message, &packed, err);

	if (rc == 0)
		rc = gbx_tfrecord_frame(gbx_slice_of(&packed), &frame, err);
	if (rc == 0)
		rc = gbx_write_once(fd, frame.data, frame.len, err);
	if (rc == 0)
		rc = gbx_sync(fd, err);
	if (rc == 0)
		*len = frame.len;
	return rc;
}

static int write_header(struct gbx_log_file *file, const struct gbx_log_place *place, struct gbx_error *err)
{
	Glassbox__LogHeader header = GLASSBOX__LOG_HEADER__INIT;
	struct gbx_log_place copy = *place; /* protobuf-c wants text that it may write to */
	struct stat st;
	size_t len;
	int rc = gbx_fstat(file->fd, &st, err);

	if (rc)
		return rc;
	header.format = LOG_FORMAT;
	header.origin = file->origin;
	header.public_key = gbx_pb_bytes(place->public_key, GBX_PUBLIC_KEY_LEN);
	header.machine_id = copy.machine;
	header.device = (uint64_t)st.st_dev;
	header.inode = (uint64_t)st.st_ino;
	return write_record(file->fd, &header.base, &len, err);
}

/* dir/.. too: dir may just have been made. */
static int sync_names(const char *dir, struct gbx_error *err)
{
	GBX_AUTO_STRING char *above = gbx_path_join(dir, "..");
	int rc = above ? gbx_sync_dir(dir, err) : gbx_fail(err, GBX_E_NOMEM, "no memory to begin an owner log");

	return rc ? rc : gbx_sync_dir(above, err);
}

int gbx_log_file_create(const struct gbx_log_place *place, const char *owner, struct gbx_log_file *out, struct gbx_error *err)
{
	GBX_AUTO_LOG_FILE struct gbx_log_file file = {.fd = -1};
	uint8_t random[RANDOM_LEN];
	char stem[2 * RANDOM_LEN + 1];
	int rc = gbx_random(random, sizeof random, err);

	if (rc)
		return rc;
	gbx_hex(random, sizeof random, stem);
	snprintf(file.origin, sizeof file.origin, "%s/%s", owner, stem);
	rc = set_paths(&file, place->dir, stem, err);
	if (rc == 0)
		rc = gbx_create_new(file.path, 0600, &file.fd, err);
	if (rc == 0)
		rc = write_header(&file, place, err);
	if (rc == 0)
		rc = sync_names(place->dir, err);
	if (rc)
		return rc;
	*out = file;
	file = (struct gbx_log_file){.fd = -1};
	return 0;
}

static int parse_leaf(struct gbx_slice data, struct gbx_log_leaf *leaf, struct gbx_error *err)
{
	GBX_AUTO_ARENA struct gbx_arena memory = {0};
	ProtobufCMessage *message;
	int rc = gbx_pb_parse(&memory, &glassbox__log_leaf__descriptor, data, GBX_LIMIT_LOG_RECORD, &message, err);

	if (rc)
		return rc;
	return gbx_log_leaf_parse(gbx_pb_slice(((Glassbox__LogLeaf *)message)->data), leaf, err);
}

/* What stands behind the last intact record: what one unfinished write may have left is cut off, more is damage. */
static int cut_tail(const struct gbx_log_file *file, uint64_t end, struct gbx_error *err)
{
	struct stat st;
	int rc = gbx_fstat(file->fd, &st, err);

	if (rc)
		return rc;
	if ((uint64_t)st.st_size > end + LEAF_FRAME_MAX)
		return gbx_log_refuse(file, "a record before its end is damaged", err);
	return gbx_truncate(file->fd, end, err);
}

static int read_leaves(const struct gbx_log_file *file, struct gbx_tfrecord_reader *records,
		       int (*take)(void *, const struct gbx_log_leaf *, struct gbx_error *), void *arg, struct gbx_error *err)
{
	struct gbx_log_leaf leaf;
	struct gbx_slice data;

	for (;;) {
		int rc = gbx_tfrecord_next(records, &data, err);
		if (rc == 0)
			return 0;
		if (rc == GBX_E_MALFORMED || rc == GBX_E_BAD || rc == GBX_E_LIMIT)
			return cut_tail(file, records->offset, err);
		if (rc < 0)
			return rc;
		rc = parse_leaf(data, &leaf, err);
		if (rc)
			return rc == GBX_E_NOMEM ? rc : gbx_log_refuse(file, "it holds a record that is not a leaf", err);
		rc = take(arg, &leaf, err);
		if (rc)
			return rc;
	}
}

int gbx_log_file_read(const struct gbx_log_file *file, int (*leaf)(void *arg, const struct gbx_log_leaf *leaf, struct gbx_error *err),
		      void *arg, uint64_t *end, struct gbx_error *err)
{
	GBX_AUTO_TFRECORD struct gbx_tfrecord_reader records = {0};
	GBX_AUTO_FD int fd = -1;
	GBX_AUTO_ARENA struct gbx_arena memory = {0};
	struct gbx_file_input in;
	Glassbox__LogHeader *header = NULL;
	int rc = gbx_open_regular(AT_FDCWD, file->path, &fd, err);

	if (rc == 0)
		rc = open_records(fd, &in, &records, err);
	if (rc == 0)
		rc = next_header(&records, &memory, &header, err);
	if (rc == 0)
		rc = read_leaves(file, &records, leaf, arg, err);
	/* A killed process may have written a whole record and not synced it; it counts from here on. */
	if (rc == 0)
		rc = gbx_sync(file->fd, err);
	if (rc == 0)
		*end = records.offset;
	return rc;
}

int gbx_log_file_append(const struct gbx_log_file *file, const struct gbx_log_leaf *leaf, uint64_t *end, bool *broken,
			struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	Glassbox__LogLeaf message = GLASSBOX__LOG_LEAF__INIT;
	size_t len = 0;
	int rc = gbx_log_leaf_format(leaf, &text, err);

	if (rc)
		return rc;
	message.data = gbx_pb_bytes(text.data, text.len);
	rc = write_record(file->fd, &message.base, &len, err);
	if (rc == 0)
		*end += len;
	else if (gbx_truncate(file->fd, *end, NULL))
		*broken = true;
	if (rc)
		gbx_fail_context(err, "owner log '%s'", file->path);
	return rc;
}
