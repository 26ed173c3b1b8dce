#include "trust/log.h"

#include "base/mem.h"
#include "digest/merkle.h"
#include "trust/log_file.h"

struct gbx_owner_log {
	int lock;
	struct gbx_log_file file;
	uint64_t end; /* bytes of whole records */
	uint8_t public_key[GBX_PUBLIC_KEY_LEN];
	struct gbx_hash *hasher;
	struct gbx_log_leaf *leaf;
	uint8_t (*hash)[GBX_SHA256_LEN]; /* of each leaf */
	size_t leaf_cap, hash_cap;
	uint64_t size;
	struct gbx_bytes note;     /* the last one signed; empty where there is none */
	struct gbx_head_note head; /* what it says */
	bool broken;
};

void gbx_owner_log_close(struct gbx_owner_log *log)
{
	if (!log)
		return;
	gbx_log_file_close(&log->file);
	gbx_close(&log->lock);
	gbx_hash_free(log->hasher);
	gbx_free(log->leaf);
	gbx_free(log->hash);
	gbx_bytes_free(&log->note);
	gbx_free(log);
}

void gbx_owner_log_release(struct gbx_owner_log **log)
{
	gbx_owner_log_close(*log);
	*log = NULL;
}

const char *gbx_owner_log_origin(const struct gbx_owner_log *log)
{
	return log->file.origin;
}

uint64_t gbx_owner_log_size(const struct gbx_owner_log *log)
{
	return log->size;
}

static int reserve_leaf(struct gbx_owner_log *log, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&log->leaf, &log->leaf_cap, (size_t)log->size, sizeof *log->leaf, err);

	return rc ? rc : gbx_grow((void **)&log->hash, &log->hash_cap, (size_t)log->size, sizeof *log->hash, err);
}

static int take_leaf(void *arg, const struct gbx_log_leaf *leaf, struct gbx_error *err)
{
	struct gbx_owner_log *log = arg;
	int rc = reserve_leaf(log, err);

	if (rc == 0)
		rc = gbx_log_leaf_hash(leaf, log->hasher, log->hash[log->size], err);
	if (rc == 0)
		log->leaf[log->size++] = *leaf;
	return rc;
}

/* The root over the first size leaves. */
static int root_at(struct gbx_owner_log *log, uint64_t size, uint8_t root[GBX_SHA256_LEN], struct gbx_error *err)
{
	struct gbx_tree tree = {0};
	int rc = 0;

	for (uint64_t i = 0; rc == 0 && i < size; i++)
		rc = gbx_tree_append(&tree, log->hasher, log->hash[i], err);
	return rc ? rc : gbx_tree_root(&tree, log->hasher, root, err);
}

/* What a note of this log may say; GBX_E_BAD and why where this one says something else. */
static int check_head(struct gbx_owner_log *log, const struct gbx_head_note *head, struct gbx_error *err)
{
	uint8_t root[GBX_SHA256_LEN];

	if (strcmp(head->origin, log->file.origin) != 0)
		return gbx_fail(err, GBX_E_BAD, "the head note is another log's");
	if (head->size > log->size)
		return gbx_fail(err, GBX_E_BAD, "it has %llu leaves, but %llu were signed", (unsigned long long)log->size,
				(unsigned long long)head->size);
	int rc = root_at(log, head->size, root, err);
	if (rc == 0 && memcmp(root, head->root, sizeof root) != 0)
		return gbx_fail(err, GBX_E_BAD, "its first %llu leaves are not the ones that were signed",
				(unsigned long long)head->size);
	return rc;
}

/* The note beside the log is the floor below which the log must never go. */
static int load_note(struct gbx_owner_log *log, struct gbx_error *err)
{
	struct gbx_error why = {0};

	if (!gbx_exists(log->file.note_path))
		return 0;
	int rc = gbx_load_file(log->file.note_path, GBX_LIMIT_NOTE, &log->note, &why);
	if (rc == 0)
		rc = gbx_head_note_verify(gbx_slice_of(&log->note), log->public_key, &log->head, &why);
	if (rc)
		gbx_fail_context(&why, "the head note kept beside it cannot be used");
	if (rc == 0)
		rc = check_head(log, &log->head, &why);
	if (rc == GBX_E_NOMEM || rc == GBX_E_CRYPTO)
		return gbx_fail(err, rc, "%s", why.line);
	return rc ? gbx_log_refuse(&log->file, why.line, err) : 0;
}

static int open_file(struct gbx_owner_log *log, const char *dir, const char *owner, struct gbx_error *err)
{
	struct gbx_log_place place;

	gbx_log_place(&place, dir, log->public_key);
	int rc = gbx_log_lock(&place, &log->lock, err);
	if (rc < 0)
		return rc;
	/* Without locks two processes could write to one log: this one gets a log that nobody will ever take for active. */
	if (rc == 1)
		place.machine[0] = 0;
	rc = gbx_log_file_find(&place, &log->file, err);
	if (rc == GBX_E_NOTFOUND)
		return gbx_log_file_create(&place, owner, &log->file, err);
	return rc ? rc : gbx_log_file_writable(&log->file, err);
}

static int load(struct gbx_owner_log *log, const char *dir, const char *owner, struct gbx_error *err)
{
	int rc = gbx_hash_new(&log->hasher, GBX_SHA256, err);

	if (rc == 0)
		rc = gbx_make_dirs(dir, 0700, err);
	if (rc == 0)
		rc = open_file(log, dir, owner, err);
	if (rc == 0)
		rc = gbx_log_file_read(&log->file, take_leaf, log, &log->end, err);
	return rc ? rc : load_note(log, err);
}

int gbx_owner_log_open(const char *dir, const struct gbx_key *key, const char *owner, struct gbx_owner_log **out,
		       struct gbx_error *err)
{
	if (!gbx_is_note_name(gbx_slice_text(owner)) || strlen(owner) > GBX_OWNER_MAX)
		return gbx_fail(err, GBX_E_USAGE, "an owner's name must be 1 to %d bytes of UTF-8 without white space and '+'", GBX_OWNER_MAX);
	GBX_AUTO_OWNER_LOG struct gbx_owner_log *log = gbx_calloc(1, sizeof *log);
	if (!log)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for an owner log");
	log->lock = log->file.fd = -1;
	memcpy(log->public_key, gbx_key_public(key), sizeof log->public_key);
	int rc = load(log, dir, owner, err);
	if (rc)
		return rc;
	*out = log;
	log = NULL;
	return 0;
}

static int check_usable(const struct gbx_owner_log *log, struct gbx_error *err)
{
	return log->broken ? gbx_fail(err, GBX_E_REFUSED, "owner log '%s': a write failed before; open it again", log->file.path) : 0;
}

static bool find_leaf(const struct gbx_owner_log *log, const uint8_t hash[GBX_SHA256_LEN], uint64_t *index)
{
	for (uint64_t i = 0; i < log->size; i++)
		if (memcmp(log->hash[i], hash, GBX_SHA256_LEN) == 0) {
			*index = i;
			return true;
		}
	return false;
}

int gbx_owner_log_append(struct gbx_owner_log *log, const struct gbx_log_leaf *leaf, uint64_t *index, struct gbx_error *err)
{
	uint8_t hash[GBX_SHA256_LEN];
	int rc = check_usable(log, err);

	if (rc == 0)
		rc = gbx_log_leaf_hash(leaf, log->hasher, hash, err);
	if (rc)
		return rc;
	if (find_leaf(log, hash, index))
		return 0;
	rc = reserve_leaf(log, err);
	if (rc == 0)
		rc = gbx_log_file_append(&log->file, leaf, &log->end, &log->broken, err);
	if (rc)
		return rc;
	memcpy(log->hash[log->size], hash, sizeof hash);
	log->leaf[log->size] = *leaf;
	*index = log->size++;
	return 0;
}

/* Signs, checks, and keeps the note before it is let out: a note that was seen and is not kept could be contradicted later. */
static int make_note(struct gbx_owner_log *log, const struct gbx_key *key, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_head_note head = {.size = log->size};
	int rc = root_at(log, log->size, head.root, err);

	memcpy(head.origin, log->file.origin, sizeof head.origin);
	if (rc == 0)
		rc = gbx_head_note_sign(&head, key, &text, err);
	if (rc == 0)
		rc = gbx_head_note_verify(gbx_slice_of(&text), log->public_key, &head, err);
	if (rc == 0)
		rc = gbx_replace_file(log->file.note_path, gbx_slice_of(&text), 0600, err);
	if (rc)
		return rc;
	gbx_bytes_free(&log->note);
	log->note = text;
	log->head = head;
	text = (struct gbx_bytes){0};
	return 0;
}

int gbx_owner_log_sign(struct gbx_owner_log *log, const struct gbx_key *key, struct gbx_bytes *note, struct gbx_error *err)
{
	int rc = check_usable(log, err);

	if (rc)
		return rc;
	if (memcmp(gbx_key_public(key), log->public_key, sizeof log->public_key) != 0)
		return gbx_fail(err, GBX_E_USAGE, "owner log '%s' is another key's", log->file.path);
	if (log->note.len == 0 || log->head.size != log->size)
		rc = make_note(log, key, err);
	return rc ? rc : gbx_bytes_append(note, log->note.data, log->note.len, err);
}

int gbx_owner_log_prove(struct gbx_owner_log *log, uint64_t index, struct gbx_slice note, struct gbx_bytes *proof,
			struct gbx_error *err)
{
	struct gbx_tlog_proof p = {.index = index, .note = note};
	struct gbx_head_note head;
	int rc = gbx_head_note_verify(note, log->public_key, &head, err);

	if (rc == 0)
		rc = check_head(log, &head, err);
	if (rc == 0 && index >= head.size)
		rc = gbx_fail(err, GBX_E_NOTFOUND, "the head note covers %llu leaves, and leaf %llu is not among them; sign again",
			      (unsigned long long)head.size, (unsigned long long)index);
	if (rc)
		return rc;
	p.leaf = log->leaf[index];
	rc = gbx_inclusion_prove((const uint8_t(*)[GBX_SHA256_LEN])log->hash, head.size, index, log->hasher, p.hash, &p.hashes, err);
	if (rc == 0)
		rc = gbx_tlog_proof_verify(&p, log->public_key, err);
	return rc ? rc : gbx_tlog_proof_format(&p, proof, err);
}

int gbx_owner_log_find(const char *dir, const uint8_t public_key[GBX_PUBLIC_KEY_LEN], char origin[GBX_NAME_MAX + 1],
		       struct gbx_error *err)
{
	GBX_AUTO_LOG_FILE struct gbx_log_file file = {.fd = -1};
	struct gbx_log_place place;

	gbx_log_place(&place, dir, public_key);
	int rc = gbx_log_file_find(&place, &file, err);
	if (rc == 0)
		memcpy(origin, file.origin, sizeof file.origin);
	return rc;
}
