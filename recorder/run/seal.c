#include "run/seal.h"

#include "base/mem.h"
#include "journal/streams.h"
#include "run/pending.h"

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

/* The list as bytes of its page file, and its root. */
static int build_list(const struct gbx_run_view *v, const struct gbx_head *lead, struct gbx_bytes *list,
		      uint8_t root[GBX_SHA256_LEN], struct gbx_error *err)
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
			rc = gbx_stream_entry_write(&e, list, err);
	}
	return rc ? rc : gbx_tree_root(&tree, h, root, err);
}

static int put_seal(struct gbx_recorder *r, Glassbox__Seal__State state, uint64_t streams, const uint8_t *root,
		    struct gbx_error *err)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Seal seal = GLASSBOX__SEAL__INIT;

	seal.state = state;
	seal.streams = streams;
	seal.root = gbx_pb_bytes(root, GBX_SHA256_LEN);
	body.body_case = GLASSBOX__BODY__BODY_SEAL;
	body.seal = &seal;
	int rc = gbx_writer_put(r->writer, &body, NULL, err);
	return rc ? rc : gbx_writer_sync(r->writer, err);
}

int gbx_seal_write(struct gbx_recorder *r, Glassbox__Seal__State state, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes list = {0};
	GBX_CLEANUP(gbx_run_view_free) struct gbx_run_view v = {0};
	GBX_AUTO_STRING char *path = gbx_run_path(r->store, r->run_text, "streams.tfrecord");
	uint8_t root[GBX_SHA256_LEN];
	struct gbx_head lead;

	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	int rc = gbx_writer_head(r->writer, &lead, err);
	if (rc == 0)
		rc = gbx_run_scan(r->store, r->run_text, NULL, NULL, &v, err);
	if (rc == 0)
		rc = build_list(&v, &lead, &list, root, err);
	if (rc == 0)
		rc = gbx_replace_file(path, gbx_slice_of(&list), 0600, err);
	return rc ? rc : put_seal(r, state, v.streams, root, err);
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
		return gbx_fail(err, GBX_E_REFUSED, "run %s is running; it is sealed when its job ends", v->run);
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

int gbx_seal_run(struct gbx_store *s, const char *run, bool dead, void (*say)(const char *), bool *changed, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_run_view_free) struct gbx_run_view v = {0};
	GBX_CLEANUP(gbx_recorder_free) struct gbx_recorder r = {.say = say};
	GBX_CLEANUP(gbx_pending_free) struct gbx_pending pending = {0};
	int rc = gbx_run_scan(s, run, gbx_pending_take, &pending, &v, err);

	if (rc)
		return rc;
	*changed = false;
	if (v.state == GBX_SEALED)
		return 0;
	rc = may_seal(&v, dead, err);
	if (rc == 0)
		rc = gbx_recorder_begin(&r, s, v.ulid, &v.stream[v.lead].head, err);
	if (rc == 0)
		rc = gbx_pending_finish(&pending, &r, err);
	if (rc == 0)
		rc = gbx_seal_write(&r, gbx_seal_state(&v), err);
	if (rc == 0)
		*changed = true;
	return rc;
}
