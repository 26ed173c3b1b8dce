#include "run/publish.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "bundle/write.h"
#include "digest/manifest.h"
#include "run/kept.h"
#include "run/layers.h"
#include "run/selection.h"
#include "run/sign.h"
#include "run/sources.h"
#include "run/statements.h"
#include "store/hold.h"
#include "store/journals.h"

struct publisher {
	const struct gbx_store *store;
	const struct gbx_publish_options *o;
	struct gbx_run_view view;
	struct gbx_publication publication, before;
	struct gbx_selection selection;
	struct gbx_bundle_writer *bundle;
};

static void free_publisher(struct publisher *p)
{
	gbx_run_view_free(&p->view);
	gbx_selection_free(&p->selection);
	gbx_publication_free(&p->publication);
	gbx_publication_free(&p->before);
	gbx_bundle_release(&p->bundle);
}

static int add_file(struct publisher *p, const char *title, const char *media_type, const char *name, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_run_path(p->store, p->o->run, name);
	GBX_AUTO_FD int fd = -1;
	struct gbx_file_input in;
	int rc = path ? gbx_open_regular(AT_FDCWD, path, &fd, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc)
		return rc;
	gbx_file_input(&in, fd);
	return gbx_bundle_add(p->bundle, title, media_type, &in.in, err);
}

/* A file of the store that has its SHA-256 for a name: other bytes than those are not published. */
static int add_known(struct publisher *p, const char *title, const char *media_type, const char *name, const uint8_t sha256[GBX_SHA256_LEN],
		     struct gbx_error *err)
{
	int rc = add_file(p, title, media_type, name, err);

	if (rc)
		return rc;
	if (memcmp(gbx_layers_find(gbx_bundle_layers(p->bundle), title)->sha256, sha256, GBX_SHA256_LEN) == 0)
		return 0;
	return gbx_fail(err, GBX_E_BAD, "'%s/runs/%s/%s' has other bytes than its name says; restore it from a copy", p->store->path, p->o->run,
			name);
}

static int add_manifest(struct publisher *p, const struct gbx_selected *item, unsigned n, struct gbx_error *err)
{
	char title[48], name[96] = "manifest/";

	snprintf(title, sizeof title, "manifest/%u.tfrecord", n);
	gbx_hex(item->sha256, GBX_SHA256_LEN, name + 9);
	strcat(name, ".tfrecord");
	return add_known(p, title, GBX_MEDIA_MANIFEST, name, item->sha256, err);
}

static int add_code(struct publisher *p, const struct gbx_selected *item, unsigned n, struct gbx_error *err)
{
	struct gbx_code_tar tar = {.store = p->store, .run = p->o->run, .manifest = item->sha256, .tree = item->tree,
				   .tree_len = item->tree_len};
	char title[48];

	snprintf(title, sizeof title, "code/%u.tar", n);
	return gbx_bundle_add_produced(p->bundle, title, GBX_MEDIA_CODE, gbx_write_code_tar, &tar, err);
}

static int add_named_file(struct publisher *p, const struct gbx_selected *item, struct gbx_error *err)
{
	char title[80] = "file/", name[80] = "blob/";

	gbx_hex(item->sha256, GBX_SHA256_LEN, title + 5);
	gbx_hex(item->sha256, GBX_SHA256_LEN, name + 5);
	if (gbx_layers_find(gbx_bundle_layers(p->bundle), title))
		return 0;
	return add_known(p, title, item->is_json ? GBX_MEDIA_JSON : GBX_MEDIA_BYTES, name, item->sha256, err);
}

/* A manifest's number counts all manifests of the run, shown or not, so that another selection does not rename a layer. */
static int add_items(struct publisher *p, struct gbx_error *err)
{
	const struct gbx_selection *sel = &p->selection;
	unsigned n = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sel->items; i++)
		if (sel->item[i].has_manifest) {
			rc = sel->item[i].shown ? add_manifest(p, &sel->item[i], n, err) : 0;
			n++;
		}
	n = 0;
	for (size_t i = 0; rc == 0 && i < sel->items; i++)
		if (sel->item[i].has_manifest) {
			bool code = sel->item[i].kind->kind == GLASSBOX__KIND__CODE;
			rc = sel->item[i].shown && code ? add_code(p, &sel->item[i], n, err) : 0;
			n++;
		}
	for (size_t i = 0; rc == 0 && i < sel->items; i++)
		if (sel->item[i].has_file && sel->item[i].shown)
			rc = add_named_file(p, &sel->item[i], err);
	return rc;
}

/* Head note, proofs and key, where the run is signed. */
static int add_signature(struct publisher *p, bool *is_signed, struct gbx_error *err)
{
	static const char *const name[] = {"head.note", "start.proof", "seal.proof"};
	char owner[GBX_NAME_MAX + 1], file[64], title[32];
	uint8_t key[GBX_PUBLIC_KEY_LEN], id[GBX_NOTE_KEY_ID_LEN];
	int rc = gbx_signed_by(p->store, p->o->run, owner, key, err);

	*is_signed = rc == 0;
	if (rc == GBX_E_NOTFOUND)
		return 0;
	if (rc == 0)
		rc = gbx_signature_check(p->store, p->o->run, key, err);
	if (rc == 0)
		rc = gbx_note_key_id(gbx_slice_text(owner), key, id, err);
	for (size_t i = 0; rc == 0 && i < sizeof name / sizeof *name; i++) {
		snprintf(file, sizeof file, "signature/%s", name[i]);
		rc = add_file(p, name[i], GBX_MEDIA_HEAD, file, err);
		if (rc == GBX_E_NOTFOUND && i == 1)
			rc = 0; /* signed only after the run: no start leaf */
	}
	if (rc)
		return rc;
	strcpy(title, "key/");
	gbx_hex(id, sizeof id, title + 4);
	strcat(title, ".vkey");
	return add_file(p, title, GBX_MEDIA_HEAD, "signature/key.vkey", err);
}

static int add_list(struct publisher *p, struct gbx_error *err)
{
	char name[8 + 2 * GBX_SHA256_LEN + sizeof ".tfrecord"] = "streams/";

	gbx_hex(p->view.list_root, GBX_SHA256_LEN, name + 8);
	strcat(name, ".tfrecord");
	/* The only journal of a run is scanned without its list. */
	GBX_AUTO_STRING char *path = gbx_run_path(p->store, p->o->run, name);
	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	if (p->view.unlisted || !gbx_list_is(path, p->view.list_root))
		return gbx_fail(err, GBX_E_MALFORMED, "run %s: its file '%s' in the store is missing, or not the list of streams that the Seal names; "
				"restore it from a copy", p->o->run, name);
	return add_file(p, "streams.tfrecord", GBX_MEDIA_MANIFEST, name, err);
}

static int add_layers(struct publisher *p, bool *is_signed, struct gbx_error *err)
{
	struct gbx_journal_layer journal = {.view = &p->view, .publication = &p->publication, .store = p->store, .run = p->o->run};
	/* Who reads a pipe needs the signature before what it is over. */
	int rc = add_signature(p, is_signed, err);

	if (rc == 0)
		rc = gbx_bundle_add_produced(p->bundle, "journal/0.tfrecord", GBX_MEDIA_JOURNAL, gbx_write_journal, &journal, err);
	if (rc == 0)
		rc = add_list(p, err);
	return rc ? rc : add_items(p, err);
}

static int name_layers(struct publisher *p, struct gbx_error *err)
{
	const struct gbx_layers *layers = gbx_bundle_layers(p->bundle);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < layers->len; i++) {
		const struct gbx_layer *l = &layers->layer[i];
		if (gbx_publication_names(l->title))
			rc = gbx_layers_add(&p->publication.layers, gbx_slice_text(l->title), gbx_slice_text(l->media_type), l->size,
					    l->sha256, err);
	}
	return rc;
}

/* Whether a snapshot has files whose bytes are not those that git holds: what a filter keeps out of the commit (git-crypt, say) would be
 * published in plain. */
static int look_for_filters(struct publisher *p, const uint8_t sha256[GBX_SHA256_LEN], struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_kept_path(p->store, p->o->run, "manifest", sha256);
	GBX_AUTO_FD int fd = -1;
	struct gbx_manifest_reader reader;
	struct gbx_file_input in;
	struct gbx_entry e;
	bool lost = false;
	int rc = gbx_kept_is_lost(p->store, p->o->run, "manifest", sha256, &lost, err);

	if (rc || lost)
		return rc; /* without its list the code is not shown */
	rc = path ? gbx_open_regular(AT_FDCWD, path, &fd, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	if (rc)
		return rc;
	gbx_file_input(&in, fd);
	rc = gbx_manifest_reader_init(&reader, GBX_MANIFEST_CODE, &in.in, err);
	if (rc)
		return rc;
	while ((rc = gbx_manifest_next(&reader, &e, err)) == 1)
		if (e.git_id_len && e.type != GBX_GITLINK)
			p->selection.code_differs = true;
	gbx_manifest_reader_free(&reader);
	return rc ? gbx_fail_context(err, "'%s' (restore it from a copy)", path) : 0;
}

/* What the run was published with before, for a disclosure. */
static int take_before(struct publisher *p, struct gbx_error *err)
{
	const struct gbx_head *head = &p->view.stream[p->view.lead].head;

	if (p->o->disclosures == 0)
		return 0;
	int rc = gbx_statement_newest(p->store, p->o->run, &p->before, err);
	if (rc == GBX_E_NOTFOUND)
		return gbx_fail(err, GBX_E_REFUSED, "run %s was not published yet; publish it first: glassbox publish %s -o DIR", p->o->run, p->o->run);
	if (rc)
		return rc;
	if (memcmp(&p->before.head, head, sizeof *head) != 0)
		return gbx_fail(err, GBX_E_BAD, "statement %llu of run %s is of another head than the run has; what is in its folder 'publication' in the store belongs to another run",
				(unsigned long long)p->before.sequence, p->o->run);
	p->selection.before = &p->before;
	return 0;
}

static int scan(struct publisher *p, gbx_record_fn fn, void *arg, struct gbx_error *err)
{
	struct gbx_run_view again = {0};
	int rc = gbx_run_scan_whole(p->store, p->o->run, fn, arg, &again, err);

	gbx_run_view_free(&again);
	return rc;
}

static void tell_lost(const struct publisher *p)
{
	char line[160];

	if (p->selection.lost == 0 || !p->o->say)
		return;
	snprintf(line, sizeof line, "%llu record%s withheld: the files that they name are lost from the store",
		 (unsigned long long)p->selection.lost, p->selection.lost == 1 ? " is" : "s are");
	p->o->say(line);
}

static int decide(struct publisher *p, struct gbx_error *err)
{
	GBX_AUTO_SOURCES struct gbx_sources *sources = NULL;
	int rc = p->selection.rules ? gbx_sources_new(&sources, &p->selection, err) : 0;

	p->selection.sources = sources;
	if (rc == 0)
		rc = scan(p, gbx_selection_decide, &p->selection, err);
	p->selection.sources = NULL;
	if (rc == 0)
		tell_lost(p);
	if (rc == 0)
		rc = gbx_selection_check(&p->selection, err);
	if (rc == 0 && sources)
		rc = scan(p, gbx_sources_look, sources, err);
	return rc == 0 && sources ? gbx_sources_tell(sources, p->o->say, err) : rc;
}

static int select_records(struct publisher *p, struct gbx_error *err)
{
	int rc = gbx_selection_rules(&p->selection, p->o, err);

	if (rc == 0)
		rc = gbx_run_scan_whole(p->store, p->o->run, gbx_selection_gather, &p->selection, &p->view, err);
	if (rc)
		return rc;
	rc = gbx_need_sealed(&p->view, err);
	for (size_t i = 0; rc == 0 && i < p->selection.snapshots; i++)
		rc = look_for_filters(p, p->selection.snapshot[i], err);
	if (rc)
		return rc;
	memcpy(p->publication.run, p->view.ulid, GBX_RUN_LEN);
	p->publication.head = p->view.stream[p->view.lead].head;
	rc = take_before(p, err);
	return rc ? rc : decide(p, err);
}

static bool is_tar(const char *out)
{
	size_t len = strlen(out);

	return len > 4 && strcmp(out + len - 4, ".tar") == 0;
}

/* A disclosure never goes back to a statement from before the one that it goes on from. */
static int finish(struct publisher *p, struct gbx_published *done, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes envelope = {0};
	uint64_t from = p->o->disclosures ? p->before.sequence + 1 : 1;
	int rc = gbx_statement_for(p->store, p->o->run, &p->publication, p->o->id, from, &envelope, &done->reused, err);

	if (rc)
		return rc;
	rc = gbx_bundle_finish(p->bundle, gbx_slice_of(&envelope), err);
	if (rc == 0)
		gbx_statement_written(p->store, p->o->run);
	else if (!done->reused)
		gbx_statement_forget(p->store, p->o->run, p->publication.sequence);
	return rc;
}

static int write_bundle(struct publisher *p, struct gbx_published *done, struct gbx_error *err)
{
	int rc = gbx_bundle_create(p->o->out, is_tar(p->o->out), &p->bundle, err);

	if (rc)
		return rc;
	rc = add_layers(p, &done->is_signed, err);
	if (rc == 0)
		rc = name_layers(p, err);
	if (rc == 0)
		rc = finish(p, done, err);
	return rc ? gbx_fail_context(err, "'%s' was not written", p->o->out) : 0;
}

static int publish(struct publisher *p, struct gbx_published *out, struct gbx_error *err)
{
	struct gbx_published done = {0};
	/* Two new statements must not get one number. */
	GBX_AUTO_HOLD struct gbx_hold hold = GBX_HOLD_NONE;
	int rc = gbx_hold_run(p->store, p->o->run, &hold, err);

	if (rc == 0)
		rc = select_records(p, err);
	if (rc == 0)
		rc = write_bundle(p, &done, err);
	if (rc)
		return rc;
	done.records = p->selection.records;
	done.shown = p->selection.shown;
	done.disclosed = p->selection.disclosed;
	done.sequence = p->publication.sequence;
	*out = done;
	return 0;
}

static struct publisher publisher(const struct gbx_store *s, const struct gbx_publish_options *o)
{
	return (struct publisher){.store = s, .o = o, .selection = {.store = s, .run = o->run, .profile = o->profile}};
}

int gbx_publish_parse(const struct gbx_publish_options *o, struct gbx_error *err)
{
	struct gbx_selection sel = {0};
	int rc = gbx_selection_rules(&sel, o, err);

	gbx_selection_free(&sel);
	return rc;
}

int gbx_publish_check(const struct gbx_store *s, const struct gbx_publish_options *o, struct gbx_error *err)
{
	struct publisher p = publisher(s, o);

	p.selection.publication = &p.publication;
	int rc = select_records(&p, err);
	free_publisher(&p);
	return rc;
}

int gbx_publish(const struct gbx_store *s, const struct gbx_publish_options *o, struct gbx_published *out, struct gbx_error *err)
{
	struct publisher p = publisher(s, o);

	p.selection.publication = &p.publication;
	int rc = publish(&p, out, err);
	free_publisher(&p);
	return rc;
}
