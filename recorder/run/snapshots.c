#include "run/snapshots.h"

#include "base/mem.h"

#define SHA1_LEN 20

void gbx_snapshots_free(struct gbx_snapshots *s)
{
	gbx_free(s->tree);
	*s = (struct gbx_snapshots){0};
}

/* libgit2 has no other ids than SHA-1's; snapshots of other repositories are not captured. */
static int add(struct gbx_snapshots *s, struct gbx_slice id, bool in_store, struct gbx_error *err)
{
	if (id.len != SHA1_LEN)
		return 0;
	int rc = gbx_grow((void **)&s->tree, &s->cap, s->len, sizeof *s->tree, err);
	if (rc)
		return rc;
	struct gbx_code_tree *to = &s->tree[s->len++];
	*to = (struct gbx_code_tree){.run = s->run, .in_store = in_store};
	memcpy(to->id, id.data, id.len);
	return 0;
}

int gbx_snapshots_take(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *record, struct gbx_error *err)
{
	(void)stream;
	if (record->kind->kind != GLASSBOX__KIND__CODE || !record->body)
		return 0;
	return add(arg, gbx_pb_slice(record->body->code->tree), false, err);
}

int gbx_snapshots_take_ref(struct gbx_snapshots *s, const struct gbx_store *store, const char *run, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_asprintf("%s/git/refs/glassbox/runs/%s", store->path, run);
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_slice rest, line;
	struct gbx_error why;
	uint8_t id[SHA1_LEN];

	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	int rc = gbx_load_file(path, 256, &text, &why);
	if (rc == GBX_E_NOTFOUND)
		return 0;
	if (rc)
		return gbx_fail(err, rc, "%s", why.line);
	rest = gbx_slice_of(&text);
	if (!gbx_take_line(&rest, &line) || !gbx_unhex(line, id, sizeof id))
		return gbx_fail(err, GBX_E_MALFORMED, "'%s' holds no id; restore it from a copy", path);
	return add(s, gbx_slice(id, sizeof id), true, err);
}
