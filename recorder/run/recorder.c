#include "run/recorder.h"

#include "base/limits.h"
#include "base/mem.h"

static int open_stream(struct gbx_recorder *r, const struct gbx_head *follows, struct gbx_error *err)
{
	GBX_AUTO_STRING char *dir = gbx_run_path(r->store, r->run_text, "journal");
	struct gbx_writer_options o = {
		.dir = dir,
		.writer = GLASSBOX__STREAM_START__WRITER__RECORDER,
		.role = GLASSBOX__STREAM_START__ROLE__LEAD,
		.follows = follows,
	};

	if (!dir)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	memcpy(o.run, r->run, GBX_RUN_LEN);
	return gbx_writer_open(&o, &r->writer, err);
}

/* A run that could not be begun was never there: nobody should find a folder without a record. */
static void drop_begun(const struct gbx_recorder *made, bool is_new)
{
	GBX_AUTO_STRING char *folder = is_new ? gbx_run_path(made->store, made->run_text, NULL) : NULL;

	if (folder && gbx_exists(folder) && gbx_remove_tree(folder, NULL))
		return;
}

int gbx_recorder_begin(struct gbx_recorder *r, struct gbx_store *store, const uint8_t run[GBX_ULID_LEN],
		       const struct gbx_head *follows, struct gbx_error *err)
{
	struct gbx_recorder made = {.store = store, .say = r->say, .secrets = r->secrets};

	memcpy(made.run, run, GBX_ULID_LEN);
	bool is_new = !memcmp(run, (const uint8_t[GBX_ULID_LEN]){0}, GBX_ULID_LEN);
	int rc = gbx_run_create(store, made.run, err);
	gbx_ulid_text(made.run, made.run_text);
	if (rc) {
		drop_begun(&made, is_new);
		return rc;
	}
	rc = gbx_scanner_for(r->secrets, &made.scanner, err);
	if (rc == 0)
		rc = open_stream(&made, follows, err);
	if (rc) {
		gbx_scanner_release(&made.scanner);
		drop_begun(&made, is_new);
		return rc;
	}
	*r = made;
	pthread_mutex_init(&r->roots_lock, NULL);
	pthread_mutex_init(&r->lock, NULL);
	pthread_mutex_init(&r->roots_lock, NULL);
	return 0;
}

void gbx_recorder_free(struct gbx_recorder *r)
{
	if (r->writer) {
		pthread_mutex_destroy(&r->lock);
		pthread_mutex_destroy(&r->roots_lock);
	}
	gbx_writer_free(r->writer);
	gbx_scanner_release(&r->scanner);
	for (size_t i = 0; i < r->roots; i++) {
		gbx_free(r->root[i].name);
		gbx_free(r->root[i].path);
	}
	for (size_t i = 0; i < r->kepts; i++)
		gbx_free(r->kept[i]);
	gbx_free(r->kept);
	gbx_free(r->root);
	*r = (struct gbx_recorder){0};
}

static bool put(struct gbx_recorder *r, const Glassbox__Body *body, struct gbx_ref *ref)
{
	struct gbx_error err;

	if (gbx_writer_put(r->writer, body, ref, &err) == 0) {
		r->gaps += body->body_case == GLASSBOX__BODY__BODY_GAP;
		return true;
	}
	if (r->lost_ever == 0) {
		r->first_loss = err;
		if (r->say)
			r->say(err.line);
	}
	r->lost++;
	r->lost_ever++;
	return false;
}

/* Something can be written again: says first what could not. */
static void tell_losses(struct gbx_recorder *r)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Gap gap = GLASSBOX__GAP__INIT;
	uint64_t lost = r->lost;

	gap.kind = GLASSBOX__GAP__KIND__JOURNAL;
	gap.reason = gbx_gap_reason(&r->first_loss);
	gap.count = lost;
	body.body_case = GLASSBOX__BODY__BODY_GAP;
	body.gap = &gap;
	r->lost = 0;
	if (!put(r, &body, NULL))
		r->lost += lost - 1; /* put counted one */
}

bool gbx_put(struct gbx_recorder *r, const Glassbox__Body *body, struct gbx_ref *ref)
{
	pthread_mutex_lock(&r->lock);
	bool written = put(r, body, ref);
	if (written && r->lost)
		tell_losses(r);
	pthread_mutex_unlock(&r->lock);
	return written;
}

/* As many paths as fit into a record, less those whose name holds a secret; the others are counted. */
static int fill_paths(const struct gbx_recorder *r, const struct gbx_place *place, Glassbox__PathList *list, struct gbx_error *err)
{
	size_t bytes = 0;

	list->path = gbx_calloc(place->paths, sizeof *list->path);
	if (!list->path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a list of paths");
	list->root = (char *)(uintptr_t)place->root;
	list->more = place->more;
	for (size_t i = 0; i < place->paths; i++) {
		bytes += place->path[i].len + 8;
		if (bytes > GBX_LIMIT_BODY / 2 || gbx_scan_first(r->scanner, place->path[i]))
			list->more++;
		else
			list->path[list->n_path++] = gbx_pb_bytes(place->path[i].data, place->path[i].len);
	}
	return 0;
}

static bool put_place(struct gbx_recorder *r, const struct gbx_place *place, struct gbx_ref *ref)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Place message = GLASSBOX__PLACE__INIT;
	Glassbox__PathList list = GLASSBOX__PATH_LIST__INIT;
	struct gbx_error err;

	if (place->option) {
		message.place_case = GLASSBOX__PLACE__PLACE_OPTION;
		message.option = (char *)(uintptr_t)place->option;
	} else if (place->address) {
		message.place_case = GLASSBOX__PLACE__PLACE_ADDRESS;
		message.address = (char *)(uintptr_t)place->address;
	} else {
		if (fill_paths(r, place, &list, &err))
			return false;
		message.place_case = GLASSBOX__PLACE__PLACE_PATHS;
		message.paths = &list;
	}
	body.body_case = GLASSBOX__BODY__BODY_PLACE;
	body.place = &message;
	bool written = gbx_put(r, &body, ref);
	gbx_free(list.path);
	return written;
}

void gbx_put_gap(struct gbx_recorder *r, Glassbox__Gap__Kind kind, Glassbox__Gap__Reason reason, uint64_t count,
		 const struct gbx_place *place)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Gap gap = GLASSBOX__GAP__INIT;
	Glassbox__Ref ref = GLASSBOX__REF__INIT;
	struct gbx_ref at;

	gap.kind = kind;
	gap.reason = reason;
	gap.count = count;
	if (place && put_place(r, place, &at)) {
		ref.stream = gbx_pb_bytes(at.stream, GBX_STREAM_LEN);
		ref.seq = at.seq;
		gap.place = &ref;
	}
	body.body_case = GLASSBOX__BODY__BODY_GAP;
	body.gap = &gap;
	gbx_put(r, &body, NULL);
}

void gbx_put_gap_option(struct gbx_recorder *r, Glassbox__Gap__Kind kind, Glassbox__Gap__Reason reason, const char *option)
{
	char shown[2048];
	struct gbx_place place = {.option = gbx_printable_in(gbx_slice_text(option), shown, sizeof shown)};

	gbx_put_gap(r, kind, reason, 1, &place);
}

void gbx_put_gap_secret(struct gbx_recorder *r, Glassbox__Gap__Kind kind, const char *option, size_t hits)
{
	struct gbx_place place = {.option = option};

	if (hits)
		gbx_put_gap(r, kind, GLASSBOX__GAP__REASON__SECRET, hits, &place);
}

int gbx_put_blob(struct gbx_recorder *r, struct gbx_slice content, uint8_t sha256[GBX_SHA256_LEN], struct gbx_error *err)
{
	uint8_t digest[GBX_SHA256_LEN];
	char name[5 + 2 * GBX_SHA256_LEN + 1] = "blob/";
	int rc = gbx_sha256(content, digest, err);

	if (rc)
		return rc;
	gbx_hex(digest, sizeof digest, name + 5);
	GBX_AUTO_STRING char *path = gbx_run_path(r->store, r->run_text, name);
	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	if (!gbx_exists(path))
		rc = gbx_replace_file(path, content, 0600, err);
	if (rc == 0)
		memcpy(sha256, digest, sizeof digest);
	return rc;
}

bool gbx_put_content(struct gbx_recorder *r, Glassbox__Gap__Kind kind, struct gbx_slice content, Glassbox__Blob *blob,
		     uint8_t sha256[GBX_SHA256_LEN])
{
	struct gbx_error err;

	if (gbx_put_blob(r, content, sha256, &err)) {
		if (r->say)
			r->say(err.line);
		gbx_put_gap(r, kind, gbx_gap_reason(&err), 1, NULL);
		return false;
	}
	glassbox__blob__init(blob);
	blob->sha256 = gbx_pb_bytes(sha256, GBX_SHA256_LEN);
	blob->size = content.len;
	return true;
}

size_t *gbx_random_order(size_t n)
{
	size_t *order = gbx_calloc(n, sizeof *order);
	struct gbx_error ignored;

	if (order && gbx_shuffle(order, n, &ignored))
		for (size_t i = 0; i < n; i++)
			order[i] = i;
	return order;
}
