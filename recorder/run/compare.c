#include "run/compare.h"

#include <fcntl.h>

#include "base/mem.h"
#include "capture/decimal.h"

const char *gbx_section_name(enum gbx_section section)
{
	static const char *const name[] = {"code", "arguments", "parameters", "configs", "data", "environment", "variables", "packages", "libraries", "results"};

	return name[section];
}

bool gbx_told_same(const struct gbx_told *a, const struct gbx_told *b)
{
	bool one_type = a->type == b->type || (a->type && b->type && strcmp(a->type, b->type) == 0);

	if (a->unknown || b->unknown || !one_type)
		return false;
	if (a->type && strcmp(a->type, "number") == 0)
		return gbx_decimal_same(gbx_slice_text(a->value), gbx_slice_text(b->value));
	return strcmp(a->value, b->value) == 0;
}

int gbx_told_order(const struct gbx_told *x, const struct gbx_told *y)
{
	return x->section != y->section ? (x->section < y->section ? -1 : 1) : strcmp(x->name, y->name);
}

/* The job was over, or may have been, before its libraries were all seen. */
static bool is_brief(const struct gbx_compared *c)
{
	const struct gbx_run_view *v = &c->facts.view;

	return !v->has_end || v->job_ended_nanos < v->job_started_nanos + UINT64_C(2000000000);
}

int gbx_compare(const struct gbx_compared *before, const struct gbx_compared *after, gbx_pair_fn each, void *arg, struct gbx_error *err)
{
	bool brief = is_brief(before) || is_brief(after);
	size_t i = 0, j = 0;
	int rc = 0;

	while (rc == 0 && (i < before->len || j < after->len)) {
		int order = i == before->len ? 1 : j == after->len ? -1 : gbx_told_order(&before->told[i], &after->told[j]);
		const struct gbx_told *a = order <= 0 ? &before->told[i++] : NULL;
		const struct gbx_told *b = order >= 0 ? &after->told[j++] : NULL;
		enum gbx_section section = a ? a->section : b->section;
		bool software = section == GBX_SECTION_PACKAGES || section == GBX_SECTION_LIBRARIES;
		if (!brief || !software || (a && b))
			rc = each(arg, a, b, err);
	}
	return rc;
}

/* One of the two manifests while they are read side by side. */
struct side {
	int fd;
	struct gbx_file_input in;
	struct gbx_manifest_reader reader;
	struct gbx_entry entry;
	bool there; /* an entry is at hand */
};

static void close_side(struct side *s)
{
	gbx_close(&s->fd);
	gbx_manifest_reader_free(&s->reader);
}

static int next_entry(struct side *s, struct gbx_error *err)
{
	int rc = gbx_manifest_next(&s->reader, &s->entry, err);

	s->there = rc == 1;
	return rc < 0 ? rc : 0;
}

static int open_side(const struct gbx_store *store, const struct gbx_manifest_pair *pair, int which, struct side *s, struct gbx_error *err)
{
	char name[sizeof "manifest/" + 2 * GBX_SHA256_LEN + sizeof ".tfrecord"] = "manifest/";

	gbx_hex(pair->sha256[which], GBX_SHA256_LEN, name + strlen(name));
	strcat(name, ".tfrecord");
	GBX_AUTO_STRING char *path = gbx_run_path(store, pair->run[which], name);
	int rc = path ? gbx_open_regular(AT_FDCWD, path, &s->fd, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	if (rc)
		return rc;
	gbx_file_input(&s->in, s->fd);
	rc = gbx_manifest_reader_init(&s->reader, pair->kind, &s->in.in, err);
	return rc ? rc : next_entry(s, err);
}

static bool is_same_file(const struct gbx_entry *a, const struct gbx_entry *b)
{
	return a->type == b->type && a->size == b->size && memcmp(a->sha256, b->sha256, GBX_SHA256_LEN) == 0;
}

int gbx_compare_manifests(const struct gbx_store *s, const struct gbx_manifest_pair *pair, struct gbx_error *err)
{
	GBX_CLEANUP(close_side) struct side a = {.fd = -1}, b = {.fd = -1};
	int rc = open_side(s, pair, 0, &a, err);

	if (rc == 0)
		rc = open_side(s, pair, 1, &b, err);
	while (rc == 0 && (a.there || b.there)) {
		int order = !a.there ? 1 : !b.there ? -1 : gbx_slice_compare(a.entry.path, b.entry.path);
		if (order || !is_same_file(&a.entry, &b.entry))
			rc = pair->each(pair->arg, order <= 0 ? &a.entry : NULL, order >= 0 ? &b.entry : NULL, err);
		if (rc == 0 && order <= 0)
			rc = next_entry(&a, err);
		if (rc == 0 && order >= 0)
			rc = next_entry(&b, err);
	}
	return rc;
}
