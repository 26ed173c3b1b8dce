#include "trust/proof.h"

static const char *const event_word[] = {
	[GBX_LEAF_START] = "start",
	[GBX_LEAF_SEAL] = "seal",
	[GBX_LEAF_REMOVED] = "removed",
};

enum { EVENTS = sizeof event_word / sizeof *event_word };

int gbx_log_leaf_format(const struct gbx_log_leaf *leaf, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	char run[GBX_ULID_TEXT + 1], stream[2 * GBX_STREAM_ID_LEN + 1];

	if (leaf->size > INT64_MAX || (unsigned)leaf->event >= EVENTS)
		return gbx_fail(err, GBX_E_LIMIT, "a leaf cannot say size %llu and event %u", (unsigned long long)leaf->size,
				(unsigned)leaf->event);
	gbx_ulid_text(leaf->run, run);
	gbx_hex(leaf->stream, sizeof leaf->stream, stream);
	int rc = gbx_bytes_printf(&text, err, "glassbox/leaf/v1\n%s\n%s\n%s\n%llu\n", run, event_word[leaf->event], stream,
				  (unsigned long long)leaf->size);
	if (rc == 0)
		rc = gbx_base64(leaf->root, sizeof leaf->root, &text, err);
	if (rc == 0)
		rc = gbx_bytes_append(&text, "\n", 1, err);
	return rc ? rc : gbx_bytes_append(out, text.data, text.len, err);
}

static bool parse_event(struct gbx_slice word, enum gbx_leaf_event *out)
{
	for (unsigned i = 0; i < EVENTS; i++)
		if (gbx_slice_is(word, event_word[i])) {
			*out = (enum gbx_leaf_event)i;
			return true;
		}
	return false;
}

/* 32 bytes of base64, and nothing else. */
static int parse_hash(struct gbx_slice line, const char *what, uint8_t out[32], struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes bytes = {0};
	int rc = gbx_unbase64(line, &bytes, err);

	if (rc == GBX_E_MALFORMED || (rc == 0 && bytes.len != 32))
		return gbx_fail(err, GBX_E_MALFORMED, "%s is not the base64 of 32 bytes", what);
	if (rc == 0)
		memcpy(out, bytes.data, 32);
	return rc;
}

int gbx_log_leaf_parse(struct gbx_slice text, struct gbx_log_leaf *out, struct gbx_error *err)
{
	struct gbx_slice line[6];
	struct gbx_log_leaf leaf = {0};

	for (size_t i = 0; i < 6; i++)
		if (!gbx_take_line(&text, &line[i]))
			return gbx_fail(err, GBX_E_MALFORMED, "the leaf has less than six lines");
	if (!gbx_slice_is(line[0], "glassbox/leaf/v1"))
		return gbx_fail(err, GBX_E_VERSION, "the leaf's first line is not 'glassbox/leaf/v1'");
	/* Each of these reads one text a value, so the whole has one text. */
	if (text.len || !gbx_ulid_parse(line[1], leaf.run) || !parse_event(line[2], &leaf.event) ||
	    !gbx_unhex(line[3], leaf.stream, sizeof leaf.stream) || !gbx_parse_u63(line[4], &leaf.size))
		return gbx_fail(err, GBX_E_MALFORMED, "the leaf is not six lines: format, run, start|seal|removed, stream, size, root");
	int rc = parse_hash(line[5], "the leaf's root", leaf.root, err);
	if (rc == 0)
		*out = leaf;
	return rc;
}

int gbx_log_leaf_hash(const struct gbx_log_leaf *leaf, struct gbx_hash *h, uint8_t hash[32], struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	int rc = gbx_log_leaf_format(leaf, &text, err);

	if (rc)
		return rc;
	struct gbx_slice part = gbx_slice_of(&text);
	return gbx_leaf_hash(h, &part, 1, hash, err);
}

static int add_extra(const struct gbx_log_leaf *leaf, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	int rc = gbx_log_leaf_format(leaf, &text, err);

	if (rc == 0)
		rc = gbx_bytes_printf(out, err, "extra ");
	if (rc == 0)
		rc = gbx_base64(text.data, text.len, out, err);
	return rc ? rc : gbx_bytes_append(out, "\n", 1, err);
}

int gbx_tlog_proof_format(const struct gbx_tlog_proof *proof, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	int rc = gbx_bytes_printf(&text, err, "c2sp.org/tlog-proof@v1\n");

	if (rc == 0)
		rc = add_extra(&proof->leaf, &text, err);
	if (rc == 0)
		rc = gbx_bytes_printf(&text, err, "index %llu\n", (unsigned long long)proof->index);
	for (size_t i = 0; rc == 0 && i < proof->hashes; i++) {
		rc = gbx_base64(proof->hash[i], 32, &text, err);
		if (rc == 0)
			rc = gbx_bytes_append(&text, "\n", 1, err);
	}
	if (rc == 0)
		rc = gbx_bytes_append(&text, "\n", 1, err);
	if (rc == 0)
		rc = gbx_bytes_append(&text, proof->note.data, proof->note.len, err);
	return rc ? rc : gbx_bytes_append(out, text.data, text.len, err);
}

/* The value of a line "<word> <value>". */
static bool take_word(struct gbx_slice *text, const char *word, struct gbx_slice *value)
{
	struct gbx_slice taken;

	return gbx_take_line(text, value) && gbx_slice_starts(*value, word) && gbx_take(value, strlen(word), &taken);
}

static int parse_extra(struct gbx_slice base64, struct gbx_log_leaf *leaf, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	int rc = gbx_unbase64(base64, &text, err);

	return rc ? rc : gbx_log_leaf_parse(gbx_slice_of(&text), leaf, err);
}

/* Hashes up to the blank line. */
static int take_hashes(struct gbx_slice *text, struct gbx_tlog_proof *proof, struct gbx_error *err)
{
	struct gbx_slice line;

	for (;;) {
		if (!gbx_take_line(text, &line))
			return gbx_fail(err, GBX_E_MALFORMED, "the proof has no blank line before its head note");
		if (line.len == 0)
			return 0;
		if (proof->hashes == GBX_LIMIT_PROOF_HASHES)
			return gbx_fail(err, GBX_E_LIMIT, "the proof has more than %u hashes", GBX_LIMIT_PROOF_HASHES);
		int rc = parse_hash(line, "a hash of the proof", proof->hash[proof->hashes], err);
		if (rc)
			return rc;
		proof->hashes++;
	}
}

int gbx_tlog_proof_parse(struct gbx_slice text, struct gbx_tlog_proof *out, struct gbx_error *err)
{
	struct gbx_tlog_proof proof = {0};
	struct gbx_slice line;

	if (text.len > GBX_LIMIT_NOTE)
		return gbx_fail(err, GBX_E_LIMIT, "a proof of %zu bytes, at most %u are read", text.len, GBX_LIMIT_NOTE);
	if (!gbx_take_line(&text, &line) || !gbx_slice_is(line, "c2sp.org/tlog-proof@v1"))
		return gbx_fail(err, GBX_E_VERSION, "the proof's first line is not 'c2sp.org/tlog-proof@v1'");
	if (!take_word(&text, "extra ", &line))
		return gbx_fail(err, GBX_E_MALFORMED, "the proof's second line is not 'extra <base64 of the leaf>'");
	int rc = parse_extra(line, &proof.leaf, err);
	if (rc)
		return rc;
	if (!take_word(&text, "index ", &line) || !gbx_parse_u63(line, &proof.index))
		return gbx_fail(err, GBX_E_MALFORMED, "the proof's third line is not 'index <number>'");
	rc = take_hashes(&text, &proof, err);
	if (rc)
		return rc;
	proof.note = text;
	*out = proof;
	return 0;
}

int gbx_tlog_proof_verify(const struct gbx_tlog_proof *proof, const uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_error *err)
{
	GBX_AUTO_HASH struct gbx_hash *h = NULL;
	struct gbx_head_note head;
	uint8_t leaf[32];
	int rc = gbx_head_note_verify(proof->note, public_key, &head, err);

	if (rc == 0 && proof->index >= head.size)
		rc = gbx_fail(err, GBX_E_BAD, "the proof is of leaf %llu, but the signed log has %llu",
			      (unsigned long long)proof->index, (unsigned long long)head.size);
	if (rc == 0)
		rc = gbx_hash_new(&h, GBX_SHA256, err);
	if (rc == 0)
		rc = gbx_log_leaf_hash(&proof->leaf, h, leaf, err);
	if (rc)
		return rc;
	return gbx_inclusion_verify(leaf, proof->index, head.size, proof->hash, proof->hashes, head.root, h, err);
}
