#include "store/facts.h"

#include <fcntl.h>

#include "base/mem.h"

void gbx_run_facts_free(struct gbx_run_facts *f)
{
	gbx_run_view_free(&f->view);
	gbx_free(f->parameter);
	gbx_free(f->files);
	gbx_free(f->metric);
	gbx_free(f->points);
	gbx_arena_free(&f->memory);
	*f = (struct gbx_run_facts){0};
}

static int keep_text(struct gbx_run_facts *f, struct gbx_slice text, const char **out, struct gbx_error *err)
{
	char *copy = gbx_arena_alloc(&f->memory, text.len + 1);

	if (!copy)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a fact");
	if (text.len)
		memcpy(copy, text.data, text.len);
	copy[text.len] = 0;
	*out = copy;
	return 0;
}

static int keep_hex(struct gbx_run_facts *f, ProtobufCBinaryData digest, const char **out, struct gbx_error *err)
{
	char hex[2 * GBX_SHA256_LEN + 1];

	if (digest.len == 0 || digest.len > GBX_SHA256_LEN)
		return 0;
	gbx_hex(digest.data, digest.len, hex);
	return keep_text(f, gbx_slice_text(hex), out, err);
}

const char *gbx_parameter_text(const Glassbox__Parameter *p, const char **type)
{
	switch (p->value_case) {
	case GLASSBOX__PARAMETER__VALUE_TEXT:
		*type = "text";
		return p->text;
	case GLASSBOX__PARAMETER__VALUE_NUMBER:
		*type = "number";
		return p->number;
	case GLASSBOX__PARAMETER__VALUE_BOOLEAN:
		*type = "boolean";
		return p->boolean ? "true" : "false";
	case GLASSBOX__PARAMETER__VALUE_NULL:
		*type = "null";
		return "null";
	case GLASSBOX__PARAMETER__VALUE_JSON:
		*type = "json";
		return p->json;
	default:
		*type = "blob";
		return NULL;
	}
}

int gbx_parameter_rank(Glassbox__Parameter__Source source)
{
	switch (source) {
	case GLASSBOX__PARAMETER__SOURCE__OPTION:
		return 1;
	case GLASSBOX__PARAMETER__SOURCE__WRITTEN:
		return 2;
	case GLASSBOX__PARAMETER__SOURCE__ARGUMENT:
		return 3;
	default:
		return 4;
	}
}

static int take_parameter(struct gbx_run_facts *f, const Glassbox__Parameter *p, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&f->parameter, &f->parameters_cap, f->parameters, sizeof *f->parameter, err);
	struct gbx_parameter_fact fact = {.source = p->source};
	const char *value = gbx_parameter_text(p, &fact.type);

	if (rc == 0)
		rc = keep_text(f, gbx_slice_text(p->name), &fact.name, err);
	if (rc == 0 && value)
		rc = keep_text(f, gbx_slice_text(value), &fact.value, err);
	if (rc == 0)
		f->parameter[f->parameters++] = fact;
	return rc;
}

static int take_files(struct gbx_run_facts *f, struct gbx_files_fact fact, ProtobufCBinaryData root, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&f->files, &f->files_cap, f->files_len, sizeof *f->files, err);

	if (rc == 0)
		rc = keep_text(f, gbx_slice_text(fact.name), &fact.name, err);
	if (rc == 0 && fact.uri && *fact.uri)
		rc = keep_text(f, gbx_slice_text(fact.uri), &fact.uri, err);
	else
		fact.uri = NULL;
	if (rc == 0)
		rc = keep_hex(f, root, &fact.root, err);
	if (rc == 0)
		f->files[f->files_len++] = fact;
	return rc;
}

static int take_host(struct gbx_run_facts *f, const Glassbox__Host *h, struct gbx_error *err)
{
	int rc = keep_text(f, gbx_slice_text(h->hostname), &f->host, err);

	return rc ? rc : keep_text(f, gbx_slice_text(h->user), &f->user, err);
}

static int take_record(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	struct gbx_run_facts *f = arg;
	const Glassbox__Body *b = r->body;

	(void)stream;
	if (!b)
		return 0;
	switch (b->body_case) {
	case GLASSBOX__BODY__BODY_PARAMETER:
		return take_parameter(f, b->parameter, err);
	case GLASSBOX__BODY__BODY_DATASET:
		return take_files(f, (struct gbx_files_fact){.role = GLASSBOX__DECLARATION__ROLE__DATA, .name = b->dataset->name,
							     .files = b->dataset->files, .bytes = b->dataset->bytes, .uri = b->dataset->uri},
				  b->dataset->root, err);
	case GLASSBOX__BODY__BODY_ARTIFACT:
		return take_files(f, (struct gbx_files_fact){.role = GLASSBOX__DECLARATION__ROLE__OUTPUT, .name = b->artifact->name,
							     .files = b->artifact->files, .bytes = b->artifact->bytes},
				  b->artifact->root, err);
	case GLASSBOX__BODY__BODY_CODE:
		return keep_hex(f, b->code->head_commit, &f->head, err);
	case GLASSBOX__BODY__BODY_GIT:
		return b->git->fact_case == GLASSBOX__GIT__FACT_BRANCH ? keep_text(f, gbx_slice_text(b->git->branch), &f->branch, err) : 0;
	case GLASSBOX__BODY__BODY_METRIC:
		return gbx_take_metric(f, b->metric, err);
	case GLASSBOX__BODY__BODY_HOST:
		return take_host(f, b->host, err);
	default:
		return 0;
	}
}

static int add_file(int dir, const char *name, struct gbx_bytes *list, struct gbx_error *err)
{
	struct stat st;
	int rc = gbx_fstatat(dir, name, &st, err);

	return rc ? rc : gbx_bytes_printf(list, err, "%s %llu %llu\n", name, (unsigned long long)st.st_size, (unsigned long long)gbx_mtime_nanos(&st));
}

int gbx_run_stamp(const struct gbx_store *s, const char *run, uint8_t stamp[GBX_SHA256_LEN], struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_run_path(s, run, "journal"), *folder = gbx_run_path(s, run, NULL);
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	GBX_AUTO_BYTES struct gbx_bytes list = {0};
	GBX_AUTO_FD int dir = -1;
	int rc = path && folder ? gbx_open_dir(AT_FDCWD, path, false, &dir, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	/* A recorder may have died between the two folders. */
	if (rc == GBX_E_NOTFOUND && gbx_exists(folder))
		rc = 0;
	if (rc == 0 && dir >= 0)
		rc = gbx_list_dir(dir, ".", &names, err);
	for (size_t i = 0; rc == 0 && i < names.len; i++)
		rc = add_file(dir, names.name[i], &list, err);
	if (rc == 0)
		rc = gbx_sha256(gbx_slice_of(&list), stamp, err);
	return rc;
}

static int read_facts(const struct gbx_store *s, const char *run, struct gbx_run_facts *f, struct gbx_error *err)
{
	int rc = gbx_run_stamp(s, run, f->stamp, err);

	if (rc == 0)
		rc = gbx_run_scan(s, run, take_record, f, &f->view, err);
	f->has_stamp = !f->view.sealed;
	return rc;
}

int gbx_run_facts_read(const struct gbx_store *s, const char *run, struct gbx_run_facts *out, struct gbx_error *err)
{
	struct gbx_run_facts f = {0};
	int rc = read_facts(s, run, &f, err);

	if (rc)
		gbx_run_facts_free(&f);
	else
		*out = f;
	return rc;
}
