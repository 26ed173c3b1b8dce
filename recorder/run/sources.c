#include "run/sources.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "digest/manifest.h"
#include "run/said.h"
#include "run/told.h"

/* The digest of a file that a withheld record is about. */
struct listed {
	uint8_t sha256[GBX_SHA256_LEN];
	size_t secret;
	bool in_code_only; /* a digest alone tells nothing of it: only the snapshot has the bytes */
};

/* A shown record that tells something. */
struct finding {
	struct gbx_ref at;
	char label[200], selector[200];
	size_t secret; /* the first that it tells */
	bool more;     /* and others */
};

struct gbx_sources {
	const struct gbx_selection *sel;
	struct gbx_secret *secret;
	size_t secrets, secrets_cap;
	size_t *other; /* those that another parameter may tell: not the values of parameters, of which there may be very many */
	size_t others, others_cap;
	struct listed *listed; /* sorted when they are looked up */
	size_t listeds, listeds_cap;
	bool sorted;
	struct finding *finding;
	size_t findings, findings_cap;
};

int gbx_sources_new(struct gbx_sources **out, const struct gbx_selection *sel, struct gbx_error *err)
{
	struct gbx_sources *s = gbx_calloc(1, sizeof *s);

	if (!s)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to look for sources");
	s->sel = sel;
	*out = s;
	return 0;
}

void gbx_sources_release(struct gbx_sources **p)
{
	struct gbx_sources *s = *p;

	if (!s)
		return;
	for (size_t i = 0; i < s->secrets; i++)
		gbx_secret_free(&s->secret[i]);
	gbx_free(s->secret);
	gbx_free(s->other);
	gbx_free(s->listed);
	gbx_free(s->finding);
	gbx_free(s);
	*p = NULL;
}

static int list(struct gbx_sources *s, const uint8_t sha256[GBX_SHA256_LEN], bool in_code_only, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&s->listed, &s->listeds_cap, s->listeds, sizeof *s->listed, err);

	if (rc)
		return rc;
	struct listed *l = &s->listed[s->listeds++];
	*l = (struct listed){.secret = s->secrets, .in_code_only = in_code_only};
	memcpy(l->sha256, sha256, GBX_SHA256_LEN);
	return 0;
}

typedef int (*entry_fn)(struct gbx_sources *s, const struct gbx_entry *e, const void *arg, struct gbx_error *err);

/* Each file of a manifest that has bytes: the digest of none says nothing. */
static int each_file(struct gbx_sources *s, const Glassbox__Body *b, entry_fn fn, const void *arg, struct gbx_error *err)
{
	const uint8_t *sha256 = b->body_case == GLASSBOX__BODY__BODY_CODE	    ? b->code->manifest.data
				: b->body_case == GLASSBOX__BODY__BODY_DATASET_FILES ? b->dataset_files->manifest.data
				: b->body_case == GLASSBOX__BODY__BODY_ARTIFACT	    ? b->artifact->manifest.data
										    : NULL;
	bool code = b->body_case == GLASSBOX__BODY__BODY_CODE;
	char name[96] = "manifest/";
	GBX_AUTO_FD int fd = -1;
	struct gbx_manifest_reader reader;
	struct gbx_file_input in;
	struct gbx_entry e;

	if (!sha256)
		return 0;
	gbx_hex(sha256, GBX_SHA256_LEN, name + 9);
	strcat(name, ".tfrecord");
	GBX_AUTO_STRING char *path = gbx_run_path(s->sel->store, s->sel->run, name);
	int rc = path ? gbx_open_regular(AT_FDCWD, path, &fd, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	if (rc)
		return rc;
	gbx_file_input(&in, fd);
	rc = gbx_manifest_reader_init(&reader, code ? GBX_MANIFEST_CODE : GBX_MANIFEST_FILES, &in.in, err);
	if (rc)
		return rc;
	while ((rc = gbx_manifest_next(&reader, &e, err)) == 1) {
		rc = e.size && (e.type == GBX_FILE || e.type == GBX_EXECUTABLE) ? fn(s, &e, arg, err) : 0;
		if (rc)
			break;
	}
	gbx_manifest_reader_free(&reader);
	return rc;
}

static int list_entry(struct gbx_sources *s, const struct gbx_entry *e, const void *arg, struct gbx_error *err)
{
	(void)arg;
	return list(s, e->sha256, false, err);
}

/* The files that it is about. Those of a snapshot are not taken: what is declared beside it has records of its own. */
static int list_files(struct gbx_sources *s, const struct gbx_secret *secret, const Glassbox__Body *b, struct gbx_error *err)
{
	const Glassbox__Ref *source = b->body_case == GLASSBOX__BODY__BODY_PARAMETER ? b->parameter->config : NULL;
	const struct gbx_referred *config = source ? gbx_selection_find(s->sel, source) : NULL;

	if (b->body_case == GLASSBOX__BODY__BODY_CONFIG && secret->has_file)
		return list(s, secret->file, false, err);
	if (config)
		return list(s, config->sha256, true, err);
	return b->body_case == GLASSBOX__BODY__BODY_CODE ? 0 : each_file(s, b, list_entry, NULL, err);
}

static int first_name(void *arg, struct gbx_slice name)
{
	gbx_printable_in(name, arg, 120);
	return 1;
}

/* "record 7 (param 'lr')", and the selector that means it where one is plain to say. */
static void describe(const struct gbx_sources *s, const struct gbx_record *r, char said[200], char selector[200])
{
	bool blob = r->body->body_case == GLASSBOX__BODY__BODY_ARGUMENT;
	struct gbx_slice elsewhere = blob ? gbx_slice_text("...") : gbx_selection_elsewhere(s->sel, r->body);
	char name[120] = "";
	bool named = gbx_record_names(r->body, elsewhere, first_name, name) == 1;
	bool plain = named && *name && !strpbrk(name, "*?[]\\'") && strlen(name) < 100;

	snprintf(said, 200, named ? "record %llu (%s '%s')" : "record %llu (%s)", (unsigned long long)r->seq, r->kind->name, name);
	snprintf(selector, 200, plain ? "'%s:%s'" : "%s", r->kind->name, name);
}

int gbx_sources_add(struct gbx_sources *s, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	struct gbx_secret secret = {.at.seq = r->seq, .kind = r->kind};
	char said[200], selector[200];
	int rc = gbx_grow((void **)&s->secret, &s->secrets_cap, s->secrets, sizeof *s->secret, err);

	memcpy(secret.at.stream, stream->head.stream, GBX_STREAM_LEN);
	if (rc == 0)
		rc = gbx_secret_take(r->body, &secret, err);
	if (rc)
		return rc;
	describe(s, r, said, selector);
	secret.label = gbx_strdup(said);
	rc = secret.label ? list_files(s, &secret, r->body, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a name");
	if (rc == 0)
		rc = gbx_grow((void **)&s->other, &s->others_cap, s->others, sizeof *s->other, err);
	if (rc == 0 && (r->kind->kind != GLASSBOX__KIND__PARAMETER || secret.has_file))
		s->other[s->others++] = s->secrets;
	s->secret[s->secrets++] = secret;
	return rc;
}

static int find(struct gbx_sources *s, const struct gbx_stream_view *stream, const struct gbx_record *r, size_t secret,
		struct gbx_error *err)
{
	struct finding *last = s->findings ? &s->finding[s->findings - 1] : NULL;

	if (last && last->at.seq == r->seq && memcmp(last->at.stream, stream->head.stream, GBX_STREAM_LEN) == 0) {
		last->more = last->more || last->secret != secret;
		return 0;
	}
	int rc = gbx_grow((void **)&s->finding, &s->findings_cap, s->findings, sizeof *s->finding, err);
	if (rc)
		return rc;
	struct finding *f = &s->finding[s->findings++];
	*f = (struct finding){.at.seq = r->seq, .secret = secret};
	memcpy(f->at.stream, stream->head.stream, GBX_STREAM_LEN);
	describe(s, r, f->label, f->selector);
	return 0;
}

static int by_digest(const void *a, const void *b)
{
	return memcmp(((const struct listed *)a)->sha256, ((const struct listed *)b)->sha256, GBX_SHA256_LEN);
}

struct looking {
	const struct gbx_stream_view *stream;
	const struct gbx_record *record;
	bool code;
};

/* A file of a shown manifest: does a withheld record list it, too? */
static int look_up(struct gbx_sources *s, const struct gbx_entry *e, const void *arg, struct gbx_error *err)
{
	const struct looking *at = arg;
	size_t low = 0, high = s->listeds;
	int rc = 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (memcmp(s->listed[mid].sha256, e->sha256, GBX_SHA256_LEN) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; rc == 0 && low < s->listeds && memcmp(s->listed[low].sha256, e->sha256, GBX_SHA256_LEN) == 0; low++)
		if (at->code || !s->listed[low].in_code_only)
			rc = find(s, at->stream, at->record, s->listed[low].secret, err);
	return rc;
}

/* What a shown record publishes of files: those of its manifest, or the config itself. */
static int look_at_files(struct gbx_sources *s, const struct looking *at, struct gbx_error *err)
{
	const Glassbox__Body *b = at->record->body;
	struct gbx_entry e = {0};

	if (!s->sorted && s->listeds)
		qsort(s->listed, s->listeds, sizeof *s->listed, by_digest);
	s->sorted = true;
	if (s->listeds == 0)
		return 0;
	if (b->body_case != GLASSBOX__BODY__BODY_CONFIG)
		return each_file(s, b, look_up, at, err);
	if (!b->config->content)
		return 0;
	memcpy(e.sha256, b->config->content->sha256.data, GBX_SHA256_LEN);
	return look_up(s, &e, at, err);
}

static bool is_looked_at(const struct gbx_selection *sel, const struct gbx_stream_view *stream, uint64_t seq)
{
	if (gbx_publication_find(sel->publication, stream->head.stream, seq))
		return false;
	return !sel->before || gbx_publication_find(sel->before, stream->head.stream, seq);
}

static int compare(struct gbx_sources *s, const struct looking *at, const struct gbx_telling *shown, struct gbx_error *err)
{
	bool parameter = at->record->kind->kind == GLASSBOX__KIND__PARAMETER;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < (parameter ? s->others : s->secrets); i++) {
		size_t secret = parameter ? s->other[i] : i;
		if (gbx_tells(shown, &s->secret[secret]))
			rc = find(s, at->stream, at->record, secret, err);
	}
	return rc;
}

/* What a record says is searched only where nothing was found without: a config of 100,000 withheld parameters is long, too. */
static int look_at_words(struct gbx_sources *s, const struct looking *at, struct gbx_telling *shown, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes said = {0};
	size_t before = s->findings;
	int rc = compare(s, at, shown, err);

	if (rc || s->findings > before || s->secrets == 0)
		return rc;
	rc = gbx_said(s->sel->store, s->sel->run, shown->body, &said, err);
	shown->said = gbx_slice_of(&said);
	if (rc == 0 && said.len)
		rc = compare(s, at, shown, err);
	shown->said = (struct gbx_slice){0};
	return rc;
}

int gbx_sources_look(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	struct gbx_sources *s = arg;
	struct looking at = {stream, r, r->kind->kind == GLASSBOX__KIND__CODE};
	struct gbx_telling shown = {.at.seq = r->seq, .body = r->body};

	if (!is_looked_at(s->sel, stream, r->seq))
		return 0;
	memcpy(shown.at.stream, stream->head.stream, GBX_STREAM_LEN);
	if (r->kind->kind == GLASSBOX__KIND__ARGUMENT)
		shown.option = gbx_selection_flag_before(s->sel, r->body->argument->index);
	int rc = look_at_words(s, &at, &shown, err);
	return rc ? rc : look_at_files(s, &at, err);
}

#define LINES 20

int gbx_sources_tell(const struct gbx_sources *s, void (*say)(const char *line), struct gbx_error *err)
{
	char line[700];

	for (size_t i = 0; say && i < s->findings && i < LINES; i++) {
		const struct finding *f = &s->finding[i];
		const char *more = f->more ? " and others" : "", *secret = s->secret[f->secret].label;
		if (s->sel->before)
			snprintf(line, sizeof line, "%s tells what stays withheld in %s%s: disclose both or neither", f->label, secret, more);
		else
			snprintf(line, sizeof line, "%s would be shown and tells what is withheld in %s%s: withhold it, too, with --withhold %s", f->label,
				 secret, more, f->selector);
		say(line);
	}
	if (s->findings == 0)
		return 0;
	return gbx_fail(err, GBX_E_REFUSED, "refused, as said above: %zu record%s that would be shown tell%s what is withheld; nothing was written", s->findings,
			s->findings == 1 ? "" : "s", s->findings == 1 ? "s" : "");
}
