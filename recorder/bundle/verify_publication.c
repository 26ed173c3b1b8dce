/* The owner's word: publication statement, head note, inclusion proofs; and whether they speak of this bundle. */
#include <stdio.h>

#include "base/limits.h"
#include "bundle/verify_parts.h"
#include "trust/dsse.h"
#include "trust/key.h"
#include "trust/note.h"
#include "trust/proof.h"

static void complain(struct gbx_verification *v, enum gbx_check check, const struct gbx_error *err, const char *path)
{
	gbx_report_error(v->report, check, err, path);
}

static const struct gbx_layer *find_key(const struct gbx_verification *v)
{
	const struct gbx_layers *layers = gbx_source_layers(v->source);

	for (size_t i = 0; i < layers->len; i++)
		if (strncmp(layers->layer[i].title, "key/", 4) == 0)
			return &layers->layer[i];
	return NULL;
}

/* What is wrong with the layer as a whole is told here, too: it is no matter of the signature alone. */
static int load(struct gbx_verification *v, const char *title, size_t limit, struct gbx_bytes *out, struct gbx_error *err)
{
	const struct gbx_layer *layer = gbx_layers_find(gbx_source_layers(v->source), title);

	if (!layer)
		return gbx_fail(err, GBX_E_NOTFOUND, "%s is not in the bundle", title);
	int rc = gbx_source_load(v->source, layer, limit, out, err);
	if (rc)
		gbx_verify_layer_error(v, layer, err);
	return rc;
}

/* key/<id>.vkey is named by the key's own id. */
static int check_title(const char *title, const char *name, const uint8_t key[GBX_PUBLIC_KEY_LEN], struct gbx_error *err)
{
	uint8_t id[GBX_NOTE_KEY_ID_LEN];
	char expected[4 + 2 * GBX_NOTE_KEY_ID_LEN + sizeof ".vkey"] = "key/";
	int rc = gbx_note_key_id(gbx_slice_text(name), key, id, err);

	if (rc)
		return rc;
	gbx_hex(id, sizeof id, expected + 4);
	strcat(expected, ".vkey");
	return strcmp(title, expected) == 0 ? 0 : gbx_fail(err, GBX_E_BAD, "its key is %s", expected);
}

/* The key that the bundle says it is signed with. It is never trusted for being there. */
static int load_key(struct gbx_verification *v, char name[GBX_NAME_MAX + 1], uint8_t key[GBX_PUBLIC_KEY_LEN], struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	const struct gbx_layer *layer = find_key(v);

	if (!layer)
		return gbx_fail(err, GBX_E_NOTFOUND, "the bundle is not signed");
	int rc = load(v, layer->title, GBX_LIMIT_NOTE, &text, err);
	if (rc)
		return rc;
	if (text.len == 0 || text.data[text.len - 1] != '\n')
		return gbx_fail(err, GBX_E_MALFORMED, "%s: expected one line with a newline at its end", layer->title);
	rc = gbx_vkey_parse(gbx_slice(text.data, text.len - 1), name, key, err);
	if (rc == 0)
		rc = check_title(layer->title, name, key, err);
	return rc ? gbx_fail_context(err, "%s", layer->title) : 0;
}

static bool is_trusted(const struct gbx_verification *v, const uint8_t key[GBX_PUBLIC_KEY_LEN])
{
	for (size_t i = 0; i < v->options->trusted_len; i++)
		if (memcmp(v->options->trusted[i], key, GBX_PUBLIC_KEY_LEN) == 0)
			return true;
	return false;
}

bool gbx_verify_is_endless(const struct gbx_verification *v, const struct gbx_layer *layer)
{
	if (layer->size <= GBX_LIMIT_UNNAMED)
		return false;
	const struct gbx_layer *named = v->has_publication ? gbx_layers_find(&v->publication.layers, layer->title) : NULL;
	return !named || memcmp(named->sha256, layer->sha256, GBX_SHA256_LEN) != 0;
}

/* Each layer that is there is named with its digest, and each that is named is there, in the same order. */
static void check_layers(struct gbx_verification *v)
{
	const struct gbx_layers *there = gbx_source_layers(v->source);
	const struct gbx_layers *named = &v->publication.layers;
	const struct gbx_layer *last = NULL;
	bool ordered = true;
	struct gbx_error err;

	for (size_t i = 0; i < there->len; i++) {
		const struct gbx_layer *l = &there->layer[i];
		const struct gbx_layer *n = gbx_layers_find(named, l->title);
		int rc = 0;
		if (!n && gbx_publication_names(l->title))
			rc = gbx_fail(&err, GBX_E_BAD, "%s: the publication statement does not name this layer", l->title);
		else if (n && strcmp(n->media_type, l->media_type) != 0)
			rc = gbx_fail(&err, GBX_E_BAD, "%s: the publication statement names another media type", l->title);
		else if (n && (n->size != l->size || memcmp(n->sha256, l->sha256, GBX_SHA256_LEN) != 0))
			rc = gbx_fail(&err, GBX_E_BAD, "%s: the publication statement names another digest", l->title);
		if (rc)
			complain(v, GBX_CHECK_PUBLICATION, &err, l->title);
		ordered = ordered && !(n && last && n < last);
		last = n ? n : last;
	}
	if (!ordered && gbx_fail(&err, GBX_E_BAD, "publication.json: it names the layers in another order than the image manifest"))
		complain(v, GBX_CHECK_PUBLICATION, &err, GBX_PUBLICATION_TITLE);
	for (size_t i = 0; i < named->len; i++)
		if (!gbx_layers_find(there, named->layer[i].title) &&
		    gbx_fail(&err, GBX_E_BAD, "%s: the publication statement names this layer, and it is not there", named->layer[i].title))
			complain(v, GBX_CHECK_PUBLICATION, &err, named->layer[i].title);
}

static int check_envelope(struct gbx_verification *v, const struct gbx_dsse *envelope, const uint8_t *key, struct gbx_error *err)
{
	if (strcmp(envelope->type, GBX_MEDIA_IN_TOTO) != 0)
		return gbx_fail(err, GBX_E_MALFORMED, "its payload type is not %s", GBX_MEDIA_IN_TOTO);
	if (!key && envelope->has_signature && !find_key(v))
		return gbx_fail(err, GBX_E_BAD, "it is signed, and the bundle has no key");
	if (!key && envelope->has_signature)
		gbx_report_add(v->report, GBX_CHECK_PUBLICATION, GBX_STATUS_SKIPPED, true,
			       "the statement's signature was not checked: the bundle's key cannot be read");
	int rc = key && envelope->has_signature ? gbx_dsse_verify(envelope, key, err) : 0;
	if (rc == 0)
		rc = gbx_publication_read(gbx_slice_of(&envelope->payload), &v->publication, err);
	v->report->owners_word = rc == 0 && key && envelope->has_signature;
	if (!envelope->has_signature)
		gbx_report_add(v->report, GBX_CHECK_PUBLICATION, GBX_STATUS_ABSENT, true,
			       v->publication.len ? "the statement is not signed: what it withholds is withheld (unsigned)"
						  : "the statement is not signed");
	return rc;
}

static void check_publication(struct gbx_verification *v, const uint8_t *key)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_dsse envelope = {0};
	struct gbx_error err;
	int rc = load(v, GBX_PUBLICATION_TITLE, GBX_LIMIT_DSSE, &text, &err);

	if (rc == 0)
		rc = gbx_dsse_read(gbx_slice_of(&text), true, &envelope, &err);
	if (rc == 0)
		rc = check_envelope(v, &envelope, key, &err);
	gbx_dsse_free(&envelope);
	if (rc) {
		if (gbx_fail_context(&err, "publication.json"))
			complain(v, GBX_CHECK_PUBLICATION, &err, GBX_PUBLICATION_TITLE);
		return;
	}
	v->has_publication = true;
	check_layers(v);
}

/* Head note and seal proof by the bundle's own key: what they say is kept for gbx_verify_heads. */
static void check_key(struct gbx_verification *v, const uint8_t key[GBX_PUBLIC_KEY_LEN], const char *name)
{
	struct gbx_report *r = v->report;
	char line[512], shown[256];

	r->has_signer = true;
	memcpy(r->signer_key, key, GBX_PUBLIC_KEY_LEN);
	gbx_printable_in(gbx_slice_text(name), r->signer, sizeof r->signer);
	r->trusted = is_trusted(v, key);
	if (r->trusted)
		return;
	snprintf(line, sizeof line, "signed by '%s', whose key %s", gbx_printable_in(gbx_slice_text(name), shown, sizeof shown),
		 v->options->asked_for_keys ? "is none of those given with --key" : "nobody here trusts: get the owner's key from the owner, and name it with --key");
	gbx_report_add(r, GBX_CHECK_SIGNATURE, v->options->asked_for_keys ? GBX_STATUS_FAIL : GBX_STATUS_SKIPPED, true, line);
}

/* Not checked yet: only so that the journals can be compared with it while they are read. */
static void read_start(struct gbx_verification *v)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_tlog_proof proof;
	struct gbx_error err;
	const struct gbx_layer *layer = gbx_layers_find(gbx_source_layers(v->source), "start.proof");

	if (!layer)
		return;
	int rc = gbx_source_load(v->source, layer, GBX_LIMIT_NOTE, &text, &err);
	if (rc == 0)
		rc = gbx_tlog_proof_parse(gbx_slice_of(&text), &proof, &err);
	if (rc == 0) {
		v->has_start = true;
		v->start = proof.leaf;
	} else if (gbx_is_outage(rc)) {
		/* What is wrong with the proof itself is told by check_start. */
		v->start_unread = true;
		complain(v, GBX_CHECK_SIGNATURE, &err, "start.proof");
	}
}

/* One that is not looked at could be changed unseen. */
static void check_one_key(struct gbx_verification *v)
{
	const struct gbx_layers *layers = gbx_source_layers(v->source);
	const struct gbx_layer *first = find_key(v);
	struct gbx_error err;

	for (size_t i = 0; first && i < layers->len; i++) {
		const struct gbx_layer *l = &layers->layer[i];
		if (l != first && strncmp(l->title, "key/", 4) == 0 &&
		    gbx_fail(&err, GBX_E_MALFORMED, "%s: a second key; a bundle has one at most", l->title))
			complain(v, GBX_CHECK_LAYOUT, &err, l->title);
	}
}

void gbx_verify_publication(struct gbx_verification *v)
{
	uint8_t key[GBX_PUBLIC_KEY_LEN];
	struct gbx_error err;
	int rc = load_key(v, v->key_name, key, &err);

	v->report->has_key = find_key(v);
	if (rc == 0)
		check_key(v, key, v->key_name);
	else if (rc == GBX_E_NOTFOUND && !find_key(v))
		gbx_report_add(v->report, GBX_CHECK_SIGNATURE, v->options->asked_for_keys ? GBX_STATUS_FAIL : GBX_STATUS_ABSENT, true,
			       "the bundle is not signed");
	else
		complain(v, GBX_CHECK_SIGNATURE, &err, find_key(v)->title);
	check_one_key(v);
	check_publication(v, v->report->has_signer ? key : NULL);
	read_start(v);
}

static int check_seal_leaf(const struct gbx_verification *v, const struct gbx_log_leaf *leaf, struct gbx_error *err)
{
	if (leaf->event != GBX_LEAF_SEAL)
		return gbx_fail(err, GBX_E_BAD, "seal.proof is not of a seal");
	if (!v->sealed)
		return gbx_fail(err, GBX_E_BAD, "seal.proof: the signature is over %llu records that end with a seal, and the bundle has no such stream",
				(unsigned long long)leaf->size);
	if (memcmp(leaf->run, v->run, GBX_RUN_LEN) != 0)
		return gbx_fail(err, GBX_E_BAD, "seal.proof: the signature is over another run");
	if (memcmp(leaf->stream, v->lead.stream, GBX_STREAM_LEN) != 0 || leaf->size != v->lead.size ||
	    memcmp(leaf->root, v->lead.root, GBX_SHA256_LEN) != 0)
		return gbx_fail(err, GBX_E_BAD, "seal.proof: the signature is over another head than the sealed stream has");
	return 0;
}

static int load_proof(struct gbx_verification *v, const char *title, struct gbx_slice note, struct gbx_bytes *text,
		      struct gbx_tlog_proof *proof, struct gbx_error *err)
{
	int rc = load(v, title, GBX_LIMIT_NOTE, text, err);

	if (rc == 0)
		rc = gbx_tlog_proof_parse(gbx_slice_of(text), proof, err);
	if (rc == 0)
		rc = gbx_tlog_proof_verify(proof, v->report->signer_key, err);
	if (rc == 0 && !gbx_slice_equal(proof->note, note))
		rc = gbx_fail(err, GBX_E_BAD, "its head note is not head.note");
	return rc ? gbx_fail_context(err, "%s", title) : 0;
}

/* The start leaf says: this run was begun, and its lead stream had this head then. */
static int check_start(struct gbx_verification *v, struct gbx_slice note, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_tlog_proof proof;

	if (!gbx_layers_find(gbx_source_layers(v->source), "start.proof"))
		return 0;
	int rc = load_proof(v, "start.proof", note, &text, &proof, err);
	if (rc)
		return rc;
	if (proof.leaf.event != GBX_LEAF_START || (v->journals_whole && memcmp(proof.leaf.run, v->run, GBX_RUN_LEN) != 0))
		return gbx_fail(err, GBX_E_BAD, "start.proof is not of this run's start");
	/* The leaf that the journals were compared with, and no other that came into its place meanwhile. */
	if (v->start_unread)
		return 0;
	if (!v->has_start || memcmp(&proof.leaf, &v->start, sizeof v->start) != 0)
		return gbx_fail(err, GBX_E_BAD, "start.proof changed while it was read");
	if (v->journals_whole && !v->start_matches)
		return gbx_fail(err, GBX_E_BAD, "start.proof: no stream of the bundle had this head at this size");
	v->report->has_start = v->journals_whole;
	return 0;
}

static int check_note(struct gbx_verification *v, struct gbx_bytes *note, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_tlog_proof proof;
	struct gbx_head_note head;
	int rc = load(v, "head.note", GBX_LIMIT_NOTE, note, err);

	if (rc == 0)
		rc = gbx_head_note_verify(gbx_slice_of(note), v->report->signer_key, &head, err);
	if (rc == 0 && strcmp(head.origin, v->key_name) != 0)
		rc = gbx_fail(err, GBX_E_BAD, "it is of another log than the bundle's key names");
	if (rc)
		return gbx_fail_context(err, "head.note");
	rc = load_proof(v, "seal.proof", gbx_slice_of(note), &text, &proof, err);
	if (rc == 0 && v->journals_whole)
		rc = check_seal_leaf(v, &proof.leaf, err);
	return rc ? rc : check_start(v, gbx_slice_of(note), err);
}

static int check_statement_head(const struct gbx_verification *v, struct gbx_error *err)
{
	const struct gbx_publication *p = &v->publication;

	if (memcmp(p->run, v->run, GBX_RUN_LEN) != 0)
		return gbx_fail(err, GBX_E_BAD, "publication.json speaks of another run");
	if (memcmp(p->head.stream, v->lead.stream, GBX_STREAM_LEN) != 0 || p->head.size != v->lead.size ||
	    memcmp(p->head.root, v->lead.root, GBX_SHA256_LEN) != 0)
		return gbx_fail(err, GBX_E_BAD, "publication.json speaks of another head than the sealed stream has");
	return 0;
}

/* What was not looked at, for want of a key or of what comes before it, is its digest's bytes all the same. */
static void check_digests(struct gbx_verification *v)
{
	static const char *const title[] = {"head.note", "seal.proof", "start.proof"};
	struct gbx_error err;

	for (size_t i = 0; i < sizeof title / sizeof *title; i++) {
		GBX_AUTO_BLOB struct gbx_blob *blob = NULL;
		const struct gbx_layer *l = gbx_layers_find(gbx_source_layers(v->source), title[i]);
		if (l && gbx_source_blob(v->source, l, &blob, &err))
			gbx_verify_layer_error(v, l, &err);
		else if (l)
			gbx_verify_finish(v, l, blob);
	}
}

void gbx_verify_heads(struct gbx_verification *v)
{
	GBX_AUTO_BYTES struct gbx_bytes note = {0};
	struct gbx_error err;
	bool looked_at;

	if (v->has_publication && v->journals_whole && v->sealed && check_statement_head(v, &err))
		complain(v, GBX_CHECK_PUBLICATION, &err, GBX_PUBLICATION_TITLE);
	looked_at = v->report->has_signer && check_note(v, &note, &err) == 0;
	v->report->signed_head = looked_at;
	if (v->report->has_signer && !looked_at)
		complain(v, GBX_CHECK_SIGNATURE, &err, NULL);
	if (!looked_at)
		check_digests(v);
}
