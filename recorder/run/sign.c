#include "run/sign.h"

#include "base/limits.h"
#include "base/mem.h"
#include "store/hold.h"
#include "store/runs.h"

/* Writes a file of the run's signature folder. */
static int keep(const struct gbx_store *s, const char *run, const char *name, const struct gbx_bytes *content, struct gbx_error *err)
{
	GBX_AUTO_STRING char *dir = gbx_run_path(s, run, "signature");
	GBX_AUTO_STRING char *path = dir ? gbx_path_join(dir, name) : NULL;

	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	int rc = gbx_make_dirs(dir, 0700, err);
	return rc ? rc : gbx_replace_file(path, gbx_slice_of(content), 0600, err);
}

static int load(const struct gbx_store *s, const char *run, const char *name, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_asprintf("%s/runs/%s/signature/%s", s->path, run, name);

	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	return gbx_load_file(path, GBX_LIMIT_NOTE, out, err);
}

static int leaf_of(const char *run, enum gbx_leaf_event event, const struct gbx_head *head, struct gbx_log_leaf *leaf,
		   struct gbx_error *err)
{
	*leaf = (struct gbx_log_leaf){.event = event, .size = head->size};
	memcpy(leaf->stream, head->stream, GBX_STREAM_LEN);
	memcpy(leaf->root, head->root, GBX_SHA256_LEN);
	if (!gbx_ulid_parse(gbx_slice_text(run), leaf->run))
		return gbx_fail(err, GBX_E_USAGE, "run '%s': expected a run's id", run);
	return 0;
}

/* start.leaf: the log's origin and the leaf, so that the seal finds it again in the same log. */
int gbx_sign_start(const struct gbx_store *s, const char *run, const struct gbx_head *head, const struct gbx_identity *id,
		   struct gbx_error *err)
{
	GBX_AUTO_OWNER_LOG struct gbx_owner_log *log = NULL;
	GBX_AUTO_BYTES struct gbx_bytes note = {0}, text = {0};
	struct gbx_log_leaf leaf;
	uint64_t index;
	int rc = leaf_of(run, GBX_LEAF_START, head, &leaf, err);

	if (rc == 0)
		rc = gbx_owner_log_open(id->log_dir, id->key, id->owner, &log, err);
	if (rc == 0)
		rc = gbx_owner_log_append(log, &leaf, &index, err);
	if (rc == 0)
		rc = gbx_owner_log_sign(log, id->key, &note, err);
	if (rc == 0)
		rc = gbx_bytes_printf(&text, err, "%s\n", gbx_owner_log_origin(log));
	if (rc == 0)
		rc = gbx_log_leaf_format(&leaf, &text, err);
	return rc ? rc : keep(s, run, "start.leaf", &text, err);
}

/* Removes a file of the run's signature folder, where it is there: one of another signature. */
static int drop(const struct gbx_store *s, const char *run, const char *name, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_asprintf("%s/runs/%s/signature/%s", s->path, run, name);

	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	return gbx_exists(path) ? gbx_unlink(path, err) : 0;
}

/* The start's proof, where this log holds its leaf. */
static int prove_start(const struct gbx_store *s, const char *run, struct gbx_owner_log *log, struct gbx_slice note,
		       struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0}, proof = {0};
	struct gbx_slice rest, origin;
	struct gbx_log_leaf leaf;
	uint64_t index;
	int rc = load(s, run, "start.leaf", &text, err);

	if (rc == GBX_E_NOTFOUND)
		return 0;
	rest = gbx_slice_of(&text);
	if (rc == 0 && (!gbx_take_line(&rest, &origin) || !gbx_slice_is(origin, gbx_owner_log_origin(log))))
		return drop(s, run, "start.proof", err);
	if (rc == 0)
		rc = gbx_log_leaf_parse(rest, &leaf, err);
	if (rc == 0)
		rc = gbx_owner_log_append(log, &leaf, &index, err);
	if (rc == 0)
		rc = gbx_owner_log_prove(log, index, note, &proof, err);
	return rc ? rc : keep(s, run, "start.proof", &proof, err);
}

static int sign_in(const struct gbx_store *s, const char *run, struct gbx_owner_log *log, const struct gbx_log_leaf *leaf,
		   const struct gbx_identity *id, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes note = {0}, proof = {0}, vkey = {0};
	uint64_t index;
	int rc = gbx_owner_log_append(log, leaf, &index, err);

	if (rc == 0)
		rc = gbx_owner_log_sign(log, id->key, &note, err);
	if (rc == 0)
		rc = gbx_owner_log_prove(log, index, gbx_slice_of(&note), &proof, err);
	if (rc == 0)
		rc = gbx_vkey_format(gbx_owner_log_origin(log), gbx_key_public(id->key), &vkey, err);
	if (rc == 0)
		rc = gbx_bytes_append(&vkey, "\n", 1, err);
	/* seal.proof is what says that a run is signed: another key's goes first, its successor comes last. */
	if (rc == 0)
		rc = drop(s, run, "seal.proof", err);
	if (rc == 0)
		rc = keep(s, run, "head.note", &note, err);
	if (rc == 0)
		rc = keep(s, run, "key.vkey", &vkey, err);
	if (rc == 0)
		rc = prove_start(s, run, log, gbx_slice_of(&note), err);
	return rc ? rc : keep(s, run, "seal.proof", &proof, err);
}

int gbx_sign_run(const struct gbx_store *s, const char *run, const struct gbx_identity *id, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_run_view_free) struct gbx_run_view v = {0};
	GBX_AUTO_OWNER_LOG struct gbx_owner_log *log = NULL;
	struct gbx_log_leaf leaf;
	char name[GBX_NAME_MAX + 1];
	uint8_t key[GBX_PUBLIC_KEY_LEN];
	struct gbx_error ignored;
	GBX_AUTO_HOLD struct gbx_hold hold = GBX_HOLD_NONE;
	int rc = gbx_hold_run(s, run, &hold, err);

	if (rc == 0)
		rc = gbx_run_scan_whole(s, run, NULL, NULL, &v, err);
	if (rc == 0)
		rc = gbx_need_sealed(&v, err);
	if (rc)
		return rc;
	if (gbx_signed_by(s, run, name, key, &ignored) == 0 && memcmp(key, gbx_key_public(id->key), sizeof key) == 0)
		return 0;
	rc = leaf_of(run, GBX_LEAF_SEAL, &v.stream[v.lead].head, &leaf, err);
	if (rc == 0)
		rc = gbx_owner_log_open(id->log_dir, id->key, id->owner, &log, err);
	return rc ? rc : sign_in(s, run, log, &leaf, id, err);
}

static int check_file(const char *name, struct gbx_slice text, const uint8_t key[GBX_PUBLIC_KEY_LEN], struct gbx_error *err)
{
	struct gbx_tlog_proof proof;
	struct gbx_head_note note;

	if (strcmp(name, "head.note") == 0)
		return gbx_head_note_verify(text, key, &note, err);
	int rc = gbx_tlog_proof_parse(text, &proof, err);
	return rc ? rc : gbx_tlog_proof_verify(&proof, key, err);
}

int gbx_signature_check(const struct gbx_store *s, const char *run, const uint8_t key[GBX_PUBLIC_KEY_LEN], struct gbx_error *err)
{
	static const char *const name[] = {"head.note", "seal.proof", "start.proof"};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof name / sizeof *name; i++) {
		GBX_AUTO_BYTES struct gbx_bytes text = {0};
		rc = load(s, run, name[i], &text, err);
		if (rc == GBX_E_NOTFOUND && i == 2)
			return 0; /* signed only after the run: no start leaf */
		if (rc == 0)
			rc = check_file(name[i], gbx_slice_of(&text), key, err);
		if (rc)
			rc = gbx_fail_context(err, "run %s: '%s' of its folder 'signature' (restore that from a copy, or remove it and sign again)", run,
					      name[i]);
	}
	return rc;
}

int gbx_signed_by(const struct gbx_store *s, const char *run, char name[GBX_NAME_MAX + 1], uint8_t key[GBX_PUBLIC_KEY_LEN],
		  struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes proof = {0}, vkey = {0};
	struct gbx_slice rest, line;
	int rc = load(s, run, "seal.proof", &proof, err);

	if (rc == 0)
		rc = load(s, run, "key.vkey", &vkey, err);
	if (rc)
		return rc;
	rest = gbx_slice_of(&vkey);
	if (!gbx_take_line(&rest, &line))
		return gbx_fail(err, GBX_E_MALFORMED, "run %s: its file signature/key.vkey in the store is not one line; sign it again: glassbox sign %s", run, run);
	return gbx_vkey_parse(line, name, key, err);
}

/* The leaf that the owner log holds of a run: its seal's, else its start's. GBX_E_NOTFOUND where it holds none. */
static int last_leaf(const struct gbx_store *s, const char *run, struct gbx_log_leaf *leaf, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_tlog_proof proof;
	struct gbx_slice rest, origin;
	int rc = load(s, run, "seal.proof", &text, err);

	if (rc == 0) {
		rc = gbx_tlog_proof_parse(gbx_slice_of(&text), &proof, err);
		if (rc == 0)
			*leaf = proof.leaf;
		return rc;
	}
	if (rc == GBX_E_NOTFOUND)
		rc = load(s, run, "start.leaf", &text, err);
	if (rc)
		return rc;
	rest = gbx_slice_of(&text);
	if (!gbx_take_line(&rest, &origin))
		return gbx_fail(err, GBX_E_MALFORMED, "run %s: signature/start.leaf has no lines; restore it from a copy", run);
	return gbx_log_leaf_parse(rest, leaf, err);
}

int gbx_sign_known(const struct gbx_store *s, const char *run, bool *known, struct gbx_error *err)
{
	struct gbx_log_leaf leaf;
	struct gbx_error why;
	int rc = last_leaf(s, run, &leaf, &why);

	if (rc && rc != GBX_E_NOTFOUND)
		return gbx_fail(err, rc, "%s", why.line);
	*known = rc == 0;
	return 0;
}

/* A run's removal is told by the key that its seal was signed with. */
static int check_signer(const struct gbx_store *s, const char *run, const struct gbx_identity *id, struct gbx_error *err)
{
	char name[GBX_NAME_MAX + 1];
	uint8_t key[GBX_PUBLIC_KEY_LEN];
	struct gbx_error why;
	int rc = gbx_signed_by(s, run, name, key, &why);

	if (rc == GBX_E_NOTFOUND)
		return 0;
	if (rc)
		return gbx_fail(err, rc, "%s", why.line);
	if (memcmp(key, gbx_key_public(id->key), sizeof key) != 0)
		return gbx_fail(err, GBX_E_REFUSED, "run %s is signed by %s, and its removal is told by that key: name it with --key FILE", run,
				name);
	return 0;
}

int gbx_sign_removed(const struct gbx_store *s, const char *run, const struct gbx_identity *id, struct gbx_bytes *proof,
		     struct gbx_error *err)
{
	GBX_AUTO_OWNER_LOG struct gbx_owner_log *log = NULL;
	GBX_AUTO_BYTES struct gbx_bytes note = {0};
	struct gbx_log_leaf leaf;
	uint64_t index;
	int rc = last_leaf(s, run, &leaf, err);

	if (rc == 0)
		rc = check_signer(s, run, id, err);
	if (rc == 0)
		rc = gbx_owner_log_open(id->log_dir, id->key, id->owner, &log, err);
	leaf.event = GBX_LEAF_REMOVED;
	if (rc == 0)
		rc = gbx_owner_log_append(log, &leaf, &index, err);
	if (rc == 0)
		rc = gbx_owner_log_sign(log, id->key, &note, err);
	return rc ? rc : gbx_owner_log_prove(log, index, gbx_slice_of(&note), proof, err);
}
