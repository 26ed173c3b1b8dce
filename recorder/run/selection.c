#include "run/selection.h"

#include "base/mem.h"

void gbx_selection_free(struct gbx_selection *sel)
{
	gbx_free(sel->config);
	gbx_free(sel->item);
	*sel = (struct gbx_selection){0};
}

static bool code_differs(const Glassbox__Code *c)
{
	return !c->complete || c->head_commit.len == 0 || !gbx_slice_equal(gbx_pb_slice(c->tree), gbx_pb_slice(c->head_tree));
}

static int gather_config(struct gbx_selection *sel, const struct gbx_stream_view *stream, uint64_t seq, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&sel->config, &sel->configs_cap, sel->configs, sizeof *sel->config, err);

	if (rc)
		return rc;
	struct gbx_ref *ref = &sel->config[sel->configs++];
	ref->seq = seq;
	memcpy(ref->stream, stream->head.stream, GBX_STREAM_LEN);
	return 0;
}

int gbx_selection_gather(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	struct gbx_selection *sel = arg;

	if (!r->body)
		return gbx_fail(err, GBX_E_BAD, "record %llu has no body in the store's own journal", (unsigned long long)r->seq);
	if (r->body->body_case == GLASSBOX__BODY__BODY_CODE) {
		/* More snapshots than are kept: nobody looked at the rest. */
		bool full = sel->snapshots == sizeof sel->snapshot / sizeof *sel->snapshot;
		sel->code_differs = sel->code_differs || full || code_differs(r->body->code);
		if (!full)
			memcpy(sel->snapshot[sel->snapshots++], r->body->code->manifest.data, GBX_SHA256_LEN);
	}
	if (r->body->body_case == GLASSBOX__BODY__BODY_CONFIG && r->body->config->in_head)
		return gather_config(sel, stream, r->seq, err);
	return 0;
}

static bool is_in_head(const struct gbx_selection *sel, const uint8_t *stream, uint64_t seq)
{
	for (size_t i = 0; i < sel->configs; i++)
		if (sel->config[i].seq == seq && memcmp(sel->config[i].stream, stream, GBX_STREAM_LEN) == 0)
			return true;
	return false;
}

/* A parameter stands in its --param option, which is an argument of ours and not of the job's, or in a config file: it is shown where
 * its source is. */
static bool parameter_is_public(const struct gbx_selection *sel, const Glassbox__Parameter *p)
{
	return !p->config || is_in_head(sel, p->config->stream.data, p->config->seq);
}

/* The reason for which the public profile withholds a record, or NULL. */
static const char *private_reason(const struct gbx_selection *sel, const struct gbx_stream_view *stream, const struct gbx_record *r)
{
	switch (r->kind->kind) {
	case GLASSBOX__KIND__ARGUMENT:
		return "arguments may hold secrets";
	case GLASSBOX__KIND__ROOT:
		return "folders of the machine";
	case GLASSBOX__KIND__PLACE:
		return "file names outside the published code";
	case GLASSBOX__KIND__HOST:
		return "names of machine and user";
	case GLASSBOX__KIND__GIT:
		return "branch and remotes";
	case GLASSBOX__KIND__CONFIG:
		return is_in_head(sel, stream->head.stream, r->seq) ? NULL : "a config file that is not in the commit";
	case GLASSBOX__KIND__PARAMETER:
		return parameter_is_public(sel, r->body->parameter) ? NULL : "from a config file that is not in the commit";
	case GLASSBOX__KIND__CODE:
		return sel->code_differs ? "the code differs from the commit" : NULL;
	default:
		return NULL;
	}
}

static void take_manifest(struct gbx_selected *item, ProtobufCBinaryData manifest)
{
	item->has_manifest = true;
	memcpy(item->sha256, manifest.data, GBX_SHA256_LEN);
}

static void take_file(struct gbx_selected *item, const Glassbox__Blob *blob)
{
	item->has_file = true;
	memcpy(item->sha256, blob->sha256.data, GBX_SHA256_LEN);
}

static void take_names(struct gbx_selected *item, const Glassbox__Body *b)
{
	switch (b->body_case) {
	case GLASSBOX__BODY__BODY_CODE:
		take_manifest(item, b->code->manifest);
		item->tree_len = b->code->tree.len;
		memcpy(item->tree, b->code->tree.data, b->code->tree.len);
		break;
	case GLASSBOX__BODY__BODY_DATASET_FILES:
		take_manifest(item, b->dataset_files->manifest);
		break;
	case GLASSBOX__BODY__BODY_ARTIFACT:
		take_manifest(item, b->artifact->manifest);
		break;
	case GLASSBOX__BODY__BODY_CONFIG:
		take_file(item, b->config->content);
		item->is_json = strcmp(b->config->format, "json") == 0;
		break;
	case GLASSBOX__BODY__BODY_ARGUMENT:
		if (b->argument->content_case == GLASSBOX__ARGUMENT__CONTENT_BLOB)
			take_file(item, b->argument->blob);
		break;
	case GLASSBOX__BODY__BODY_PARAMETER:
		if (b->parameter->value_case == GLASSBOX__PARAMETER__VALUE_BLOB)
			take_file(item, b->parameter->blob);
		break;
	default:
		break;
	}
}

static int add_item(struct gbx_selection *sel, const struct gbx_record *r, bool shown, struct gbx_error *err)
{
	struct gbx_selected item = {.kind = r->kind, .shown = shown};

	take_names(&item, r->body);
	if (!item.has_manifest && !item.has_file)
		return 0;
	int rc = gbx_grow((void **)&sel->item, &sel->items_cap, sel->items, sizeof *sel->item, err);
	if (rc == 0)
		sel->item[sel->items++] = item;
	return rc;
}

int gbx_selection_decide(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	struct gbx_selection *sel = arg;
	const char *reason = sel->profile == GBX_PROFILE_PUBLIC ? private_reason(sel, stream, r) : NULL;

	sel->records++;
	sel->shown += reason == NULL;
	int rc = add_item(sel, r, reason == NULL, err);
	if (rc == 0 && reason)
		rc = gbx_publication_withhold(sel->publication, stream->head.stream, r->seq, r->kind, reason, err);
	return rc;
}
