/* A bundle against another one of the same run that somebody has had before: the same records, and what both show is the same. Both
 * are read front to back in step, so memory does not grow with them.
 *
 * The other bundle is a stranger's, too. It is verified first, and what contradicts it is a failure only where it is signed by the
 * key that this one is signed with (or neither is signed): else anybody could make a bundle that puts an honest one in the wrong. */
#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/tfrecord.h"
#include "bundle/verify_parts.h"
#include "trust/dsse.h"

struct gbx_against {
	struct gbx_report report; /* of the other one */
	struct gbx_source *source;
	struct gbx_error why;     /* why it cannot be compared with; code 0: it can */
	bool has_publication, has_signed_publication;
	struct gbx_publication publication;
	/* Its records. */
	struct gbx_hash *hash;
	struct gbx_arena memory; /* of the record at hand */
	unsigned journal;
	struct gbx_blob *blob; /* NULL: the next journal is opened first */
	struct gbx_tfrecord_reader records;
	/* What the comparison came to. */
	bool differs;             /* and nothing behind it was compared */
	const char *how;
	uint8_t stream[GBX_STREAM_LEN];
	uint64_t seq;
	uint64_t disclosed, hidden;
};

static void free_against(struct gbx_against *a)
{
	gbx_report_free(&a->report);
	gbx_publication_free(&a->publication);
	gbx_tfrecord_reader_free(&a->records);
	gbx_blob_free(a->blob);
	gbx_source_free(a->source);
	gbx_hash_free(a->hash);
	gbx_arena_free(&a->memory);
	gbx_free(a);
}

/* Only what no bundle of a run can do without; whether its key is trusted, and whether data was compared, is another question. */
static bool is_needed(enum gbx_check check)
{
	return check <= GBX_CHECK_COMMITMENTS;
}

static bool is_sound(const struct gbx_report *r)
{
	for (int i = 0; i < GBX_CHECKS; i++)
		if (r->failed[i] || (r->unsure[i] && is_needed((enum gbx_check)i)))
			return false;
	return !r->unread && r->records && r->end;
}

static const char *first_finding(const struct gbx_report *r)
{
	for (size_t i = 0; i < r->rows; i++)
		if (r->row[i].detail && (r->row[i].status == GBX_STATUS_FAIL || (r->row[i].counts && is_needed(r->row[i].check))))
			return r->row[i].detail;
	return "it holds no sealed run";
}

static int read_statement(struct gbx_against *a, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	GBX_AUTO_DSSE struct gbx_dsse envelope = {0};
	const struct gbx_layer *layer = gbx_layers_find(gbx_source_layers(a->source), GBX_PUBLICATION_TITLE);

	if (!layer)
		return 0;
	int rc = gbx_source_load(a->source, layer, GBX_LIMIT_DSSE, &text, err);
	if (rc == 0)
		rc = gbx_dsse_read(gbx_slice_of(&text), true, &envelope, err);
	if (rc == 0)
		rc = gbx_publication_read(gbx_slice_of(&envelope.payload), &a->publication, err);
	a->has_publication = rc == 0;
	a->has_signed_publication = rc == 0 && envelope.has_signature;
	return rc;
}

static int open_other(const struct gbx_verification *v, struct gbx_against *a, struct gbx_error *err)
{
	/* Keys are compared with this bundle's own. */
	const struct gbx_verify_options alone = {.threads = v->options->threads};
	struct stat st;

	/* It is read twice, which a pipe is not. */
	if (gbx_stat(v->options->against, &st, err) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return gbx_fail(err, GBX_E_REFUSED, "it is neither a file nor a folder");
	int rc = gbx_verify(v->options->against, &alone, &a->report, err);
	if (rc)
		return rc;
	if (!is_sound(&a->report))
		return gbx_fail(err, GBX_E_REFUSED, "it does not verify: %s", first_finding(&a->report));
	rc = gbx_source_open(v->options->against, NULL, NULL, &a->source, err);
	if (rc == 0)
		rc = gbx_hash_new(&a->hash, GBX_SHA256, err);
	return rc ? rc : read_statement(a, err);
}

void gbx_verify_against_open(struct gbx_verification *v)
{
	struct gbx_error err;

	if (!v->options->against)
		return;
	v->against = gbx_calloc(1, sizeof *v->against);
	if (!v->against) {
		if (gbx_fail(&err, GBX_E_NOMEM, "no memory to compare with another bundle"))
			gbx_report_error(v->report, GBX_CHECK_PUBLICATION, &err, NULL);
		return;
	}
	if (open_other(v, v->against, &err))
		v->against->why = err;
}

static int open_journal(struct gbx_against *a, struct gbx_error *err)
{
	char title[48];

	snprintf(title, sizeof title, "journal/%u.tfrecord", a->journal++);
	const struct gbx_layer *layer = gbx_layers_find(gbx_source_layers(a->source), title);
	if (!layer)
		return 0;
	int rc = gbx_source_blob(a->source, layer, &a->blob, err);
	if (rc == 0)
		rc = gbx_tfrecord_reader_init(&a->records, gbx_blob_input(a->blob), GBX_LIMIT_RECORD, err);
	return rc ? rc : 1;
}

/* The digest of what was read is compared: a file that changed since it was verified is found. */
static int close_journal(struct gbx_against *a, struct gbx_error *err)
{
	int rc = gbx_blob_finish(a->blob, err);

	gbx_blob_release(&a->blob);
	gbx_tfrecord_reader_free(&a->records);
	return rc;
}

/* The next record of the other one; 1, 0 at its end, or an error. */
static int next_record(struct gbx_against *a, struct gbx_record *out, struct gbx_error *err)
{
	struct gbx_slice frame;

	for (;;) {
		int rc = a->blob ? 1 : open_journal(a, err);
		if (rc != 1)
			return rc;
		gbx_arena_reset(&a->memory);
		rc = gbx_tfrecord_next(&a->records, &frame, err);
		if (rc == 1)
			rc = gbx_record_decode(a->hash, frame, &a->memory, out, err) ? err->code : 1;
		if (rc)
			return rc;
		rc = close_journal(a, err);
		if (rc)
			return rc;
	}
}

static void differ(struct gbx_against *a, const uint8_t stream[GBX_STREAM_LEN], uint64_t seq, const char *how)
{
	a->differs = true;
	a->how = how;
	a->seq = seq;
	memcpy(a->stream, stream, GBX_STREAM_LEN);
}

void gbx_verify_against_record(struct gbx_against *a, const uint8_t stream[GBX_STREAM_LEN], const struct gbx_record *r)
{
	struct gbx_record old = {0};
	struct gbx_error err;

	if (!a || a->why.code || a->differs)
		return;
	int rc = next_record(a, &old, &err);
	if (rc < 0)
		a->why = err;
	else if (rc == 0 || !gbx_slice_equal(old.entry, r->entry))
		differ(a, stream, r->seq, "is not the record that the other bundle has in its place");
	else if (old.body && r->body && (!gbx_slice_equal(old.body_bytes, r->body_bytes) || !gbx_slice_equal(old.salt, r->salt)))
		differ(a, stream, r->seq, "is shown with another body than in the other bundle");
	a->disclosed += rc == 1 && !old.body && r->body;
	a->hidden += rc == 1 && old.body && !r->body;
}

static bool same_key(const struct gbx_verification *v, const struct gbx_against *a)
{
	return v->report->has_signer && a->report.has_signer &&
	       memcmp(v->report->signer_key, a->report.signer_key, sizeof a->report.signer_key) == 0;
}

static bool neither_signed(const struct gbx_verification *v, const struct gbx_against *a)
{
	return !v->report->has_signer && !a->report.has_signer;
}

static void say(struct gbx_verification *v, int code, const char *why, const char *behind)
{
	struct gbx_against_report *out = &v->report->against;
	struct gbx_error err;

	if (gbx_fail(&err, code, "against the other bundle: %s%s", why, behind))
		gbx_report_error(v->report, GBX_CHECK_PUBLICATION, &err, NULL);
	if (code == GBX_E_BAD || !out->detail)
		out->status = code == GBX_E_BAD ? GBX_STATUS_FAIL : GBX_STATUS_SKIPPED;
	if (!out->detail)
		out->detail = gbx_report_keep(v->report, why);
}

static void could_not_tell(struct gbx_verification *v, const char *why)
{
	say(v, GBX_E_REFUSED, why, "");
}

/* What contradicts: a failure where the other bundle is a witness, else something that could not be told. */
GBX_PRINTF(3, 4) static void object(struct gbx_verification *v, bool witness, const char *fmt, ...)
{
	char why[600];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof why, fmt, args);
	va_end(args);
	say(v, witness ? GBX_E_BAD : GBX_E_REFUSED, why, witness ? "" : "; it is not signed by the key of this one, so that proves nothing");
}

static void compare_records(struct gbx_verification *v, struct gbx_against *a, bool witness)
{
	struct gbx_record more = {0};
	char run[GBX_ULID_TEXT + 1], stream[2 * GBX_STREAM_LEN + 1];
	struct gbx_error err;

	gbx_ulid_text(v->run, run);
	if (strcmp(run, a->report.run) != 0) {
		object(v, witness, "that is run %s, this is %s", a->report.run, run);
		return;
	}
	if (a->differs) {
		gbx_hex(a->stream, GBX_STREAM_LEN, stream);
		object(v, witness, "record %llu of stream %.8s %s: the two have different heads", (unsigned long long)a->seq, stream, a->how);
		return;
	}
	int rc = next_record(a, &more, &err);
	if (rc < 0)
		could_not_tell(v, err.line);
	else if (rc == 1)
		object(v, witness, "that has records behind the last one of this: the two have different heads");
}

/* A layer that both have is the same; those that are gone are counted. */
static uint64_t compare_layers(struct gbx_verification *v, const struct gbx_against *a, bool witness, const char **first)
{
	const struct gbx_layers *were = gbx_source_layers(a->source), *are = gbx_source_layers(v->source);
	uint64_t gone = 0;

	for (size_t i = 0; i < were->len; i++) {
		const struct gbx_layer *was = &were->layer[i], *is = gbx_layers_find(are, was->title);
		if (strncmp(was->title, "journal/", 8) == 0)
			continue;
		if (!is && gone++ == 0)
			*first = was->title;
		else if (is && gbx_publication_names(was->title) && memcmp(was->sha256, is->sha256, GBX_SHA256_LEN) != 0)
			object(v, witness, "%s has other content there", was->title);
	}
	return gone;
}

static int digest_of(const struct gbx_publication *p, uint8_t out[GBX_SHA256_LEN], struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	int rc = gbx_publication_write(p, &text, err);

	return rc ? rc : gbx_sha256(gbx_slice_of(&text), out, err);
}

static void compare_statements(struct gbx_verification *v, const struct gbx_against *a, bool witness)
{
	const struct gbx_publication *is = &v->publication, *was = &a->publication;
	unsigned long long now = is->sequence, then = was->sequence;
	uint8_t old[GBX_SHA256_LEN], new[GBX_SHA256_LEN];
	struct gbx_error err;

	if (!a->has_publication || !v->has_publication) {
		could_not_tell(v, v->has_publication ? "that one has no publication statement" : "this one has no publication statement that can be read");
		return;
	}
	if (digest_of(was, old, &err) || digest_of(is, new, &err)) {
		could_not_tell(v, err.line);
		return;
	}
	v->report->against.has_sequences = true;
	v->report->against.sequence = is->sequence;
	v->report->against.old_sequence = was->sequence;
	if (now < then)
		object(v, witness, "that has statement %llu, this is the older statement %llu", then, now);
	else if (now == then && memcmp(old, new, sizeof old) != 0)
		object(v, witness, "both have statement %llu, and they are two different ones", now);
	else if (now == then + 1 && (!is->has_previous || memcmp(is->previous, old, sizeof old) != 0))
		object(v, witness, "statement %llu names another statement %llu as the one before it", now, then);
}

/* Where nothing contradicts. */
static void tell(struct gbx_verification *v, const struct gbx_against *a, uint64_t gone, const char *first)
{
	struct gbx_against_report *out = &v->report->against;
	unsigned long long now = out->sequence, then = out->old_sequence;
	char line[600], less[160] = "", missing[240] = "";

	if (a->hidden)
		snprintf(less, sizeof less, ", and %llu that it shows %s no longer shown", (unsigned long long)a->hidden, a->hidden == 1 ? "is" : "are");
	if (gone)
		snprintf(missing, sizeof missing, "; %llu of its files %s not here: %s%s", (unsigned long long)gone, gone == 1 ? "is" : "are", first,
			 gone > 1 ? ", ..." : "");
	snprintf(line, sizeof line, "the same run and head; statement %llu%s %llu; %llu record%s more shown%s%s", now,
		 now == then ? ", the same as" : now == then + 1 ? " follows" : " is later than", then, (unsigned long long)a->disclosed,
		 a->disclosed == 1 ? "" : "s", less, missing);
	out->detail = gbx_report_keep(v->report, line);
	out->status = a->hidden || gone ? GBX_STATUS_WITHHELD : GBX_STATUS_PASS;
}

static void compare(struct gbx_verification *v, struct gbx_against *a)
{
	bool witness = same_key(v, a) || neither_signed(v, a);
	const char *first = NULL;

	compare_records(v, a, witness);
	/* Of another history there is nothing more to say. */
	if (v->report->against.detail)
		return;
	uint64_t gone = compare_layers(v, a, witness, &first);
	compare_statements(v, a, witness && (a->has_signed_publication || neither_signed(v, a)));
	if (!v->report->against.detail)
		tell(v, a, gone, first);
}

void gbx_verify_against_finish(struct gbx_verification *v)
{
	struct gbx_against_report *out = &v->report->against;
	struct gbx_against *a = v->against;

	if (!v->options->against)
		return;
	out->asked = true;
	if (!a)
		could_not_tell(v, "this bundle cannot be read");
	else if (a->why.code)
		could_not_tell(v, a->why.line);
	else if (!v->journals_whole)
		could_not_tell(v, "the records of this bundle cannot be read to their end");
	else
		compare(v, a);
	if (a) {
		out->disclosed = a->disclosed;
		out->hidden = a->hidden;
		free_against(a);
	}
	v->against = NULL;
}
