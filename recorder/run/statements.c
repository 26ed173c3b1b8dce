#include "run/statements.h"

#include "base/limits.h"
#include "base/mem.h"
#include "run/sign.h"
#include "trust/dsse.h"

static char *statement_path(const struct gbx_store *s, const char *run, uint64_t n)
{
	return gbx_asprintf("%s/runs/%s/publication/%llu.json", s->path, run, (unsigned long long)n);
}

/* The key that a statement must be by: the one at hand, or, without one, the key that the run is signed with. NULL: none. */
static const uint8_t *signer(const struct gbx_store *s, const char *run, const struct gbx_identity *id, uint8_t key[GBX_PUBLIC_KEY_LEN])
{
	char name[GBX_NAME_MAX + 1];
	struct gbx_error ignored;

	if (id)
		return gbx_key_public(id->key);
	return gbx_signed_by(s, run, name, key, &ignored) == 0 ? key : NULL;
}

/* Whether the kept envelope says what *p says, but for its number, and is by that signer. Then p takes over its number. */
static int is_same(const struct gbx_dsse *kept, struct gbx_publication *p, const uint8_t *key, bool *same, struct gbx_error *err)
{
	GBX_AUTO_PUBLICATION struct gbx_publication was = {0};
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_error ignored;
	int rc = gbx_publication_read(gbx_slice_of(&kept->payload), &was, err);

	if (rc)
		return rc;
	p->sequence = was.sequence;
	p->has_previous = was.has_previous;
	memcpy(p->previous, was.previous, GBX_SHA256_LEN);
	rc = gbx_publication_write(p, &text, err);
	if (rc)
		return rc;
	bool by_key = key ? kept->has_signature && gbx_dsse_verify(kept, key, &ignored) == 0 : !kept->has_signature;
	*same = by_key && gbx_slice_equal(gbx_slice_of(&text), gbx_slice_of(&kept->payload));
	return 0;
}

static int load(const char *path, struct gbx_bytes *text, struct gbx_dsse *kept, struct gbx_error *err)
{
	int rc = gbx_load_file(path, GBX_LIMIT_DSSE, text, err);

	return rc ? rc : gbx_dsse_read(gbx_slice_of(text), true, kept, err);
}

/* Is there while a new statement's bundle is written. */
static char *mark_path(const struct gbx_store *s, const char *run)
{
	return gbx_run_path(s, run, "publication/unwritten");
}

int gbx_statement_newest(const struct gbx_store *s, const char *run, struct gbx_publication *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	GBX_AUTO_DSSE struct gbx_dsse kept = {0};
	GBX_AUTO_STRING char *mark = mark_path(s, run);
	uint64_t newest = 0;

	for (;; newest++) {
		GBX_AUTO_STRING char *next = statement_path(s, run, newest + 1);
		if (!next || !mark)
			return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
		if (!gbx_exists(next))
			break;
	}
	newest -= newest > 1 && gbx_exists(mark);
	GBX_AUTO_STRING char *path = statement_path(s, run, newest);
	if (newest == 0 || !path)
		return gbx_fail(err, newest ? GBX_E_NOMEM : GBX_E_NOTFOUND, "run %s has no publication statement", run);
	int rc = load(path, &text, &kept, err);
	if (rc == 0)
		rc = gbx_publication_read(gbx_slice_of(&kept.payload), out, err);
	return rc ? gbx_fail_context(err, "'%s' (restore it from a copy)", path) : 0;
}

void gbx_statement_written(const struct gbx_store *s, const char *run)
{
	GBX_AUTO_STRING char *mark = mark_path(s, run);
	GBX_AUTO_STRING char *dir = gbx_run_path(s, run, "publication");
	struct gbx_error ignored;

	if (mark && dir && gbx_exists(mark) && gbx_unlink(mark, &ignored) == 0 && gbx_sync_dir(dir, &ignored))
		return;
}

void gbx_statement_forget(const struct gbx_store *s, const char *run, uint64_t sequence)
{
	GBX_AUTO_STRING char *path = statement_path(s, run, sequence);
	struct gbx_error ignored;

	if (path && gbx_unlink(path, &ignored) == 0)
		gbx_statement_written(s, run);
}

/* Looks through the kept ones; 1 where one is the same. *count is how many there are, *last the digest of the newest. */
static int look(const struct gbx_store *s, const char *run, struct gbx_publication *p, const uint8_t *key, uint64_t from,
		struct gbx_bytes *envelope, uint64_t *count, uint8_t last[GBX_SHA256_LEN], struct gbx_error *err)
{
	for (*count = 0;; (*count)++) {
		GBX_AUTO_STRING char *path = statement_path(s, run, *count + 1);
		GBX_AUTO_BYTES struct gbx_bytes text = {0};
		GBX_AUTO_DSSE struct gbx_dsse kept = {0};
		bool same = false;
		if (!path)
			return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
		if (!gbx_exists(path))
			return 0;
		int rc = load(path, &text, &kept, err);
		if (rc == 0)
			rc = gbx_sha256(gbx_slice_of(&kept.payload), last, err);
		if (rc == 0 && *count + 1 >= from)
			rc = is_same(&kept, p, key, &same, err);
		if (rc)
			return gbx_fail_context(err, "'%s' (restore it from a copy)", path);
		if (same)
			return gbx_bytes_append(envelope, text.data, text.len, err) ? err->code : 1;
	}
}

static int make(const struct gbx_store *s, const char *run, struct gbx_publication *p, const struct gbx_identity *id,
		struct gbx_bytes *envelope, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes payload = {0}, text = {0};
	GBX_AUTO_STRING char *path = statement_path(s, run, p->sequence);
	GBX_AUTO_STRING char *dir = gbx_run_path(s, run, "publication");
	GBX_AUTO_STRING char *mark = mark_path(s, run);
	int rc = path && dir && mark ? gbx_publication_write(p, &payload, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc == 0)
		rc = gbx_dsse_write(GBX_MEDIA_IN_TOTO, gbx_slice_of(&payload), id ? id->key : NULL, &text, err);
	if (rc == 0)
		rc = gbx_make_dirs(dir, 0700, err);
	if (rc == 0)
		rc = gbx_replace_file(mark, (struct gbx_slice){0}, 0600, err);
	if (rc == 0)
		rc = gbx_replace_file(path, gbx_slice_of(&text), 0600, err);
	return rc ? rc : gbx_bytes_append(envelope, text.data, text.len, err);
}

int gbx_statement_for(const struct gbx_store *s, const char *run, struct gbx_publication *p, const struct gbx_identity *id, uint64_t from,
		      struct gbx_bytes *envelope, bool *reused, struct gbx_error *err)
{
	uint8_t key[GBX_PUBLIC_KEY_LEN], last[GBX_SHA256_LEN];
	uint64_t count;
	int rc = look(s, run, p, signer(s, run, id, key), from, envelope, &count, last, err);

	if (rc < 0)
		return rc;
	*reused = rc == 1;
	if (rc == 1)
		return 0;
	p->sequence = count + 1;
	p->has_previous = count > 0;
	if (p->has_previous)
		memcpy(p->previous, last, GBX_SHA256_LEN);
	return make(s, run, p, id, envelope, err);
}
