#include "run/seal.h"

#include "base/mem.h"
#include "journal/streams.h"
#include "run/pending.h"
#include "run/recover.h"
#include "store/hold.h"
#include "store/journals.h"

Glassbox__Seal__State gbx_seal_state(const struct gbx_run_view *v)
{
	if (!v->has_end)
		return GLASSBOX__SEAL__STATE__NO_END;
	switch (v->outcome) {
	case GLASSBOX__RUN_END__OUTCOME_EXIT:
		return GLASSBOX__SEAL__STATE__EXITED;
	case GLASSBOX__RUN_END__OUTCOME_SIGNAL:
		return GLASSBOX__SEAL__STATE__SIGNALED;
	default:
		return GLASSBOX__SEAL__STATE__NOT_STARTED;
	}
}

/* A list of streams as bytes of its page file, and its root. */
struct list {
	struct gbx_bytes bytes;
	uint64_t streams;
	uint8_t root[GBX_SHA256_LEN];
};

static void free_list(struct list *l)
{
	gbx_bytes_free(&l->bytes);
}

static int build_list(const struct gbx_run_view *v, const struct gbx_head *lead, struct list *out, struct gbx_error *err)
{
	GBX_AUTO_HASH struct gbx_hash *h = NULL;
	struct gbx_tree tree = {0};
	uint8_t leaf[GBX_SHA256_LEN];
	int rc = gbx_hash_new(&h, GBX_SHA256, err);

	for (size_t i = 0; rc == 0 && i < v->streams; i++) {
		const struct gbx_stream_view *s = &v->stream[i];
		bool is_lead = memcmp(s->head.stream, lead->stream, GBX_STREAM_LEN) == 0;
		struct gbx_stream_entry e = {is_lead ? *lead : s->head,
					     is_lead || s->ended ? GBX_STREAM_ENDED : GBX_STREAM_OPEN};
		rc = gbx_stream_leaf(h, &e, leaf, err);
		if (rc == 0)
			rc = gbx_tree_append(&tree, h, leaf, err);
		if (rc == 0)
			rc = gbx_stream_entry_write(&e, &out->bytes, err);
	}
	out->streams = v->streams;
	return rc ? rc : gbx_tree_root(&tree, h, out->root, err);
}

/* Each list has a file of its own: one that is sealed elsewhere at the same time keeps its own. */
static int write_list(const struct gbx_recorder *r, const struct list *l, struct gbx_error *err)
{
	GBX_AUTO_STRING char *dir = gbx_run_path(r->store, r->run_text, "streams");
	GBX_AUTO_STRING char *path = dir ? gbx_list_path(dir, l->root) : NULL;
	int rc = path ? gbx_make_dirs(dir, 0700, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	return rc ? rc : gbx_replace_file(path, gbx_slice_of(&l->bytes), 0600, err);
}

static int put_seal(struct gbx_recorder *r, Glassbox__Seal__State state, const struct list *l, const struct gbx_head *lead,
		    struct gbx_error *err)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Seal seal = GLASSBOX__SEAL__INIT;

	seal.state = state;
	seal.streams = l->streams;
	seal.root = gbx_pb_bytes(l->root, GBX_SHA256_LEN);
	body.body_case = GLASSBOX__BODY__BODY_SEAL;
	body.seal = &seal;
	return gbx_writer_seal(r->writer, &body, lead, err);
}

static const struct gbx_stream_view *find_stream(const struct gbx_run_view *v, const uint8_t id[GBX_STREAM_LEN])
{
	for (size_t i = 0; i < v->streams; i++)
		if (memcmp(v->stream[i].head.stream, id, GBX_STREAM_LEN) == 0)
			return &v->stream[i];
	return NULL;
}

/* Puts the members back to where they stood when the points of their rings were recorded: what they wrote since would be there twice. */
static void pin_members(struct gbx_run_view *now, const struct gbx_run_view *seen)
{
	size_t kept = 0;

	for (size_t i = 0; i < now->streams; i++) {
		struct gbx_stream_view *s = &now->stream[i];
		const struct gbx_stream_view *was = find_stream(seen, s->head.stream);
		bool lead = s->role == GLASSBOX__STREAM_START__ROLE__LEAD;
		if (!lead && was) {
			s->head = was->head;
			s->ended = was->ended;
		}
		if (lead || was)
			now->stream[kept++] = *s;
		else
			gbx_free(s->path);
	}
	now->streams = kept;
}

/* What the Seal says of the streams holds only while the lead is the one that was listed. */
static int try_seal(struct gbx_recorder *r, Glassbox__Seal__State state, const struct gbx_run_view *seen, struct gbx_error *err)
{
	GBX_CLEANUP(free_list) struct list list = {0};
	GBX_CLEANUP(gbx_run_view_free) struct gbx_run_view now = {0};
	struct gbx_head lead;
	int rc = gbx_writer_sync(r->writer, err);

	if (rc == 0)
		rc = gbx_writer_head(r->writer, &lead, err);
	if (rc == 0 && !find_stream(seen, lead.stream)) {
		rc = gbx_run_scan_whole(r->store, r->run_text, NULL, NULL, &now, err);
		pin_members(&now, seen);
		/* A Seal that lists no lead seals nothing. */
		if (rc == 0 && !find_stream(&now, lead.stream))
			rc = gbx_fail(err, GBX_E_NOTFOUND, "the journal that was written is not in '%s' any more; where that store was moved or "
				      "renamed, seal the run there (--store DIR)", r->store->path);
	}
	if (rc == 0)
		rc = build_list(now.streams ? &now : seen, &lead, &list, err);
	if (rc == 0)
		rc = write_list(r, &list, err);
	return rc ? rc : put_seal(r, state, &list, &lead, err);
}

int gbx_seal_write(struct gbx_recorder *r, Glassbox__Seal__State state, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_run_view_free) struct gbx_run_view seen = {0};
	int rc = gbx_recover(r, &seen, err);

	if (rc)
		return rc;
	if (seen.state == GBX_SEALED)
		return gbx_fail(err, GBX_E_REFUSED, "run %s was sealed meanwhile, on another machine or with --dead", r->run_text);
	rc = try_seal(r, state, &seen, err);
	/* A write or sync that failed has led to a new lead stream. */
	for (int i = 0; rc && i < 2; i++)
		rc = try_seal(r, state, &seen, err);
	return rc;
}

int gbx_end_write(struct gbx_recorder *r, struct gbx_error *err)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__StreamEnd end = GLASSBOX__STREAM_END__INIT;

	body.body_case = GLASSBOX__BODY__BODY_STREAM_END;
	body.stream_end = &end;
	int rc = gbx_writer_put(r->writer, &body, NULL, err);
	return rc ? rc : gbx_writer_sync(r->writer, err);
}

static int may_seal(const struct gbx_run_view *v, bool dead, struct gbx_error *err)
{
	if (v->state == GBX_RUNNING)
		return gbx_fail(err, GBX_E_REFUSED, "run %s is running; expected one whose job has ended: then it is sealed by itself", v->run);
	if (gbx_run_job_lives(v) && !dead)
		return gbx_fail(err, GBX_E_REFUSED,
				"run %s: its recorder is gone, and its job still runs (process %llu); seal it when that has ended, or with --dead",
				v->run, (unsigned long long)v->job_pid);
	if (v->state == GBX_SILENT && !dead)
		return gbx_fail(err, GBX_E_REFUSED,
				"run %s has no end, and whether it still runs cannot be seen from here; if it does not: glassbox seal %s --dead",
				v->run, v->run);
	return 0;
}

/* Goes on from the lead as far as it is intact, or begins one where there is none. */
static int begin(struct gbx_recorder *r, struct gbx_store *s, const struct gbx_run_view *v, struct gbx_error *err)
{
	const struct gbx_stream_view *lead = v->has_lead ? &v->stream[v->lead] : NULL;
	int rc = gbx_recorder_begin(r, s, v->ulid, lead ? &lead->head : NULL, err);

	if (rc == 0 && lead)
		gbx_tell_break(r, lead);
	return rc;
}

int gbx_seal_run(struct gbx_store *s, const char *run, bool dead, void (*say)(const char *), bool *changed, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_run_view_free) struct gbx_run_view v = {0};
	GBX_CLEANUP(gbx_recorder_free) struct gbx_recorder r = {.say = say};
	GBX_CLEANUP(gbx_pending_free) struct gbx_pending pending = {0};
	GBX_AUTO_HOLD struct gbx_hold hold = GBX_HOLD_NONE;
	int rc = gbx_hold_run(s, run, &hold, err);

	if (rc == 0)
		rc = gbx_run_scan_whole(s, run, gbx_pending_take, &pending, &v, err);
	if (rc)
		return rc;
	*changed = false;
	if (v.state == GBX_SEALED)
		return 0;
	rc = may_seal(&v, dead, err);
	if (rc == 0)
		rc = begin(&r, s, &v, err);
	if (rc == 0)
		rc = gbx_pending_finish(&pending, &r, err);
	if (rc == 0)
		rc = gbx_seal_write(&r, gbx_seal_state(&v), err);
	if (rc == 0)
		*changed = true;
	return rc;
}
