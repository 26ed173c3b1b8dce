#include "run/selection.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "run/kept.h"
#include "run/sources.h"

void gbx_selection_free(struct gbx_selection *sel)
{
	for (size_t i = 0; i < sel->referreds; i++) {
		gbx_free(sel->referred[i].name);
		gbx_free(sel->referred[i].path);
	}
	for (size_t i = 0; i < sel->flags; i++)
		gbx_free(sel->flag[i].text);
	gbx_private_free(&sel->private);
	gbx_free(sel->referred);
	gbx_free(sel->flag);
	gbx_free(sel->rule);
	gbx_free(sel->item);
	*sel = (struct gbx_selection){0};
}

static bool code_differs(const Glassbox__Code *c)
{
	return !c->complete || c->head_commit.len == 0 || !gbx_slice_equal(gbx_pb_slice(c->tree), gbx_pb_slice(c->head_tree));
}

int gbx_selection_rules(struct gbx_selection *sel, const struct gbx_publish_options *o, struct gbx_error *err)
{
	size_t n = o->disclosures ? o->disclosures : o->withholds;
	int rc = 0;

	sel->rule = gbx_calloc(n + 1, sizeof *sel->rule);
	if (!sel->rule)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for selectors");
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct gbx_rule *rule = &sel->rule[sel->rules++];
		rule->said = o->disclosures ? o->disclose[i] : o->withhold[i].selector;
		rule->reason = o->disclosures ? NULL : o->withhold[i].reason;
		rc = gbx_selector_parse(rule->said, &rule->selector, err);
		if (rc == 0 && rule->reason && strlen(rule->reason) > GBX_LIMIT_REASON)
			rc = gbx_fail(err, GBX_E_USAGE, "--reason: %zu bytes, expected at most %u", strlen(rule->reason), GBX_LIMIT_REASON);
		if (rc == 0 && rule->reason && !gbx_is_utf8(gbx_slice_text(rule->reason)))
			rc = gbx_fail(err, GBX_E_USAGE, "--reason for '%s': expected UTF-8", rule->said);
	}
	return rc;
}

int gbx_selection_check(const struct gbx_selection *sel, struct gbx_error *err)
{
	char shown[200];

	for (size_t i = 0; i < sel->rules; i++) {
		const struct gbx_rule *rule = &sel->rule[i];
		gbx_printable_in(gbx_slice_text(rule->said), shown, sizeof shown);
		if (rule->matched == 0)
			return gbx_fail(err, GBX_E_USAGE, "selector '%s': the run has no such record; 'glassbox records %s' lists them", shown, sel->run);
		if (sel->before && rule->disclosed == 0)
			return gbx_fail(err, GBX_E_USAGE, "selector '%s': what it means is shown already, by statement %llu; name what is withheld", shown,
					(unsigned long long)sel->before->sequence);
	}
	return 0;
}

static int gather(struct gbx_selection *sel, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&sel->referred, &sel->referreds_cap, sel->referreds, sizeof *sel->referred, err);

	if (rc)
		return rc;
	struct gbx_referred known = {.at.seq = r->seq};
	memcpy(known.at.stream, stream->head.stream, GBX_STREAM_LEN);
	const Glassbox__Body *b = r->body;
	if (b->body_case == GLASSBOX__BODY__BODY_CONFIG) {
		known.in_head = b->config->in_head;
		if (b->config->content)
			memcpy(known.sha256, b->config->content->sha256.data, GBX_SHA256_LEN);
	}
	if (b->body_case == GLASSBOX__BODY__BODY_DATASET)
		known.name = gbx_strdup(b->dataset->name);
	if (b->body_case == GLASSBOX__BODY__BODY_ROOT) {
		known.name = gbx_strdup(b->root->name);
		known.path = gbx_memdup(b->root->path.data, b->root->path.len);
	}
	sel->referred[sel->referreds++] = known;
	bool whole = (known.name || b->body_case == GLASSBOX__BODY__BODY_CONFIG) && (known.path || b->body_case != GLASSBOX__BODY__BODY_ROOT);
	return whole ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a name");
}

static int gather_flag(struct gbx_selection *sel, const Glassbox__Argument *a, struct gbx_error *err)
{
	struct gbx_slice value = gbx_pb_slice(a->value);

	if (a->content_case != GLASSBOX__ARGUMENT__CONTENT_VALUE || !gbx_slice_starts(value, "-"))
		return 0;
	int rc = gbx_grow((void **)&sel->flag, &sel->flags_cap, sel->flags, sizeof *sel->flag, err);
	if (rc)
		return rc;
	char *text = gbx_memdup(value.data, value.len);
	if (!text)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for an argument");
	sel->flag[sel->flags++] = (struct gbx_flag_said){a->index, text};
	return 0;
}

const char *gbx_selection_flag_before(const struct gbx_selection *sel, uint32_t index)
{
	for (size_t i = 0; i < sel->flags; i++)
		if (sel->flag[i].index + 1 == index)
			return sel->flag[i].text;
	return NULL;
}

int gbx_selection_gather(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	struct gbx_selection *sel = arg;

	if (!r->body)
		return gbx_fail_no_body(stream, r, err);
	int rc = gbx_private_gather(&sel->private, r, err);
	if (rc)
		return rc;
	if (r->body->body_case == GLASSBOX__BODY__BODY_CODE) {
		/* More snapshots than are kept: nobody looked at the rest. */
		bool full = sel->snapshots == sizeof sel->snapshot / sizeof *sel->snapshot;
		sel->code_differs = sel->code_differs || full || code_differs(r->body->code);
		if (!full)
			memcpy(sel->snapshot[sel->snapshots++], r->body->code->manifest.data, GBX_SHA256_LEN);
	}
	if (r->body->body_case == GLASSBOX__BODY__BODY_ARGUMENT && sel->rules)
		return gather_flag(sel, r->body->argument, err);
	bool refers = r->body->body_case == GLASSBOX__BODY__BODY_CONFIG || r->body->body_case == GLASSBOX__BODY__BODY_DATASET ||
		      r->body->body_case == GLASSBOX__BODY__BODY_ROOT;
	return refers ? gather(sel, stream, r, err) : 0;
}

static const struct gbx_referred *find(const struct gbx_selection *sel, const uint8_t *stream, uint64_t seq)
{
	for (size_t i = 0; i < sel->referreds; i++)
		if (sel->referred[i].at.seq == seq && memcmp(sel->referred[i].at.stream, stream, GBX_STREAM_LEN) == 0)
			return &sel->referred[i];
	return NULL;
}

const struct gbx_referred *gbx_selection_find(const struct gbx_selection *sel, const Glassbox__Ref *ref)
{
	return find(sel, ref->stream.data, ref->seq);
}

struct gbx_slice gbx_selection_elsewhere(const struct gbx_selection *sel, const Glassbox__Body *b)
{
	const Glassbox__DatasetFiles *files = b->body_case == GLASSBOX__BODY__BODY_DATASET_FILES ? b->dataset_files : NULL;
	const struct gbx_referred *dataset = files ? gbx_selection_find(sel, files->dataset) : NULL;

	if (dataset && dataset->name)
		return gbx_slice_text(dataset->name);
	for (size_t i = 0; b->body_case == GLASSBOX__BODY__BODY_CONFIG && i < sel->referreds; i++)
		if (sel->referred[i].path && strcmp(sel->referred[i].name, b->config->path->root) == 0)
			return gbx_slice_text(gbx_path_base(sel->referred[i].path));
	return (struct gbx_slice){0};
}

/* Why the public profile withholds a record, or NULL. What the commit has is read there. */
static int private_reason(const struct gbx_selection *sel, const struct gbx_stream_view *stream, const struct gbx_record *r,
			  const char **reason, struct gbx_error *err)
{
	const Glassbox__Ref *from = r->body->body_case == GLASSBOX__BODY__BODY_PARAMETER ? r->body->parameter->config : NULL;
	const struct gbx_referred *config = from ? gbx_selection_find(sel, from) : find(sel, stream->head.stream, r->seq);

	*reason = gbx_private_kind(r->kind->kind);
	/* conda names the address of each package; of a wheel there is one where no index gave it. */
	if (r->kind->kind == GLASSBOX__KIND__PACKAGE && r->body->package->form != GLASSBOX__PACKAGE__FORM__CONDA && *r->body->package->url)
		*reason = "where a package was installed from";
	if (r->kind->kind == GLASSBOX__KIND__VARIABLE)
		*reason = gbx_private_variable(r->body->variable);
	if (!*reason && r->kind->kind == GLASSBOX__KIND__CODE && sel->code_differs)
		*reason = "the code differs from the commit";
	return *reason || (config && config->in_head) ? 0 : gbx_private_content(&sel->private, sel->store, sel->run, r->body, reason, err);
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
		if (b->config->content)
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
	case GLASSBOX__BODY__BODY_VARIABLE:
		if (b->variable->content_case == GLASSBOX__VARIABLE__CONTENT_BLOB)
			take_file(item, b->variable->blob);
		break;
	default:
		break;
	}
}

static int add_item(struct gbx_selection *sel, const struct gbx_selected *item, struct gbx_error *err)
{
	if (!item->has_manifest && !item->has_file)
		return 0;
	int rc = gbx_grow((void **)&sel->item, &sel->items_cap, sel->items, sizeof *sel->item, err);
	if (rc == 0)
		sel->item[sel->items++] = *item;
	return rc;
}

/* What would be shown without the file that it names is withheld, and the owner's word says why. */
static int check_lost(struct gbx_selection *sel, const struct gbx_selected *item, const char **reason, struct gbx_error *err)
{
	const char *folder = item->has_manifest ? "manifest" : "blob";
	bool lost = false;

	if (*reason || (!item->has_manifest && !item->has_file))
		return 0;
	int rc = gbx_kept_is_lost(sel->store, sel->run, folder, item->sha256, &lost, err);
	if (rc || !lost)
		return rc;
	*reason = item->has_manifest ? "the list of its files is lost" : "its content is lost";
	sel->lost++;
	return 0;
}

/* An argument that is a blob, for selectors that look at its value. */
static int load_content(const struct gbx_selection *sel, const Glassbox__Body *b, struct gbx_bytes *out, struct gbx_error *err)
{
	char name[5 + 2 * GBX_SHA256_LEN + 1] = "blob/";

	if (sel->rules == 0 || b->body_case != GLASSBOX__BODY__BODY_ARGUMENT || b->argument->content_case != GLASSBOX__ARGUMENT__CONTENT_BLOB)
		return 0;
	gbx_hex(b->argument->blob->sha256.data, GBX_SHA256_LEN, name + 5);
	GBX_AUTO_STRING char *path = gbx_run_path(sel->store, sel->run, name);
	return path ? gbx_load_file(path, GBX_LIMIT_CONFIG, out, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
}

/* Goes through the selectors: *named where one means the record, *reason as they leave it. */
static int obey(struct gbx_selection *sel, const struct gbx_record *r, const char **reason, bool *named, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes content = {0};
	bool was_withheld = *reason != NULL;
	int rc = load_content(sel, r->body, &content, err);
	struct gbx_slice elsewhere = content.len ? gbx_slice_of(&content) : gbx_selection_elsewhere(sel, r->body);

	for (size_t i = 0; rc == 0 && i < sel->rules; i++) {
		struct gbx_rule *rule = &sel->rule[i];
		int matches = gbx_selector_matches(&rule->selector, r->kind, r->body, elsewhere, err);
		if (matches < 0)
			return matches;
		if (matches == 0)
			continue;
		*named = true;
		rule->matched++;
		rule->disclosed += was_withheld;
		if (sel->before)
			*reason = NULL;
		else if (rule->reason || !*reason)
			*reason = rule->reason ? rule->reason : "";
	}
	return rc;
}

static int reason_before(const struct gbx_selection *sel, const struct gbx_stream_view *stream, const struct gbx_record *r,
			 const char **reason, struct gbx_error *err)
{
	if (!sel->before)
		return sel->profile == GBX_PROFILE_PUBLIC ? private_reason(sel, stream, r, reason, err) : 0;
	const struct gbx_withheld *said = gbx_publication_find(sel->before, stream->head.stream, r->seq);
	*reason = said ? said->reason : NULL;
	return 0;
}

int gbx_selection_decide(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	struct gbx_selection *sel = arg;
	const char *reason = NULL;
	bool named = false;
	int rc = reason_before(sel, stream, r, &reason, err);
	bool was_withheld = reason != NULL;
	struct gbx_selected item = {.kind = r->kind};

	if (rc == 0)
		rc = obey(sel, r, &reason, &named, err);
	if (rc)
		return rc;
	take_names(&item, r->body);
	rc = check_lost(sel, &item, &reason, err);
	if (rc)
		return rc;
	item.shown = reason == NULL;
	sel->records++;
	sel->shown += item.shown;
	sel->disclosed += was_withheld && !reason;
	rc = add_item(sel, &item, err);
	if (rc == 0 && reason)
		rc = gbx_publication_withhold(sel->publication, stream->head.stream, r->seq, r->kind, reason, err);
	/* What the public profile withholds is kept against accidents: who discloses something by name may tell what it holds. */
	if (rc == 0 && reason && sel->sources && (named || (sel->before && !gbx_private_says(r->kind->kind, reason))))
		rc = gbx_sources_add(sel->sources, stream, r, err);
	return rc;
}
