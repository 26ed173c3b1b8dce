/* The rules of each kind of body that its schema cannot say. Declared in record.h. */
#include "base/limits.h"
#include "journal/record.h"

static int wrong(const char *what, struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_MALFORMED, "%s", what);
}

static int check_head(const Glassbox__Head *head, struct gbx_error *err)
{
	if (head->stream.len != GBX_STREAM_LEN || head->root.len != GBX_SHA256_LEN || head->size == 0)
		return wrong("a head needs a stream id of 16 bytes, a size and a root of 32", err);
	return 0;
}

static int check_ref(const Glassbox__Ref *ref, bool needed, struct gbx_error *err)
{
	if (!ref)
		return needed ? wrong("a reference to another record is missing", err) : 0;
	return ref->stream.len == GBX_STREAM_LEN ? 0 : wrong("a reference needs a stream id of 16 bytes", err);
}

static int check_blob(const Glassbox__Blob *blob, struct gbx_error *err)
{
	return blob && blob->sha256.len == GBX_SHA256_LEN ? 0 : wrong("a blob needs a SHA-256 of 32 bytes", err);
}

static int check_stream_start(const Glassbox__StreamStart *s, struct gbx_error *err)
{
	if (s->format != GBX_FORMAT_VERSION)
		return gbx_fail(err, GBX_E_VERSION, "the stream has format %u, this program reads format %u", s->format,
				GBX_FORMAT_VERSION);
	if (s->stream.len != GBX_STREAM_LEN || s->run.len != GBX_RUN_LEN || !s->writer || !s->role)
		return wrong("stream-start needs stream and run of 16 bytes, a writer and a role", err);
	return s->follows ? check_head(s->follows, err) : 0;
}

static int check_gap(const Glassbox__Gap *g, struct gbx_error *err)
{
	if (!g->kind || !g->reason)
		return wrong("a gap needs a kind and a reason", err);
	return check_ref(g->place, false, err) ? GBX_E_MALFORMED : check_ref(g->record, false, err);
}

static bool is_git_id(ProtobufCBinaryData id, bool may_be_empty)
{
	return id.len == 20 || id.len == 32 || (may_be_empty && id.len == 0);
}

static int check_code(const Glassbox__Code *c, struct gbx_error *err)
{
	if (!is_git_id(c->head_commit, true) || c->head_tree.len != c->head_commit.len || !is_git_id(c->tree, false))
		return wrong("code needs git ids of 20 or 32 bytes", err);
	if (c->root.len != GBX_SHA256_LEN || c->manifest.len != GBX_SHA256_LEN)
		return wrong("code needs a root and a manifest of 32 bytes", err);
	return 0;
}

/* Without content: something in it looked like a secret. */
static int check_config(const Glassbox__Config *c, struct gbx_error *err)
{
	if (!c->path)
		return wrong("a config needs a path", err);
	return c->content ? check_blob(c->content, err) : 0;
}

static int check_parameter(const Glassbox__Parameter *p, struct gbx_error *err)
{
	if (p->value_case == GLASSBOX__PARAMETER__VALUE__NOT_SET || !p->source)
		return wrong("a parameter needs a value and a source", err);
	if (p->value_case == GLASSBOX__PARAMETER__VALUE_BLOB && check_blob(p->blob, err))
		return GBX_E_MALFORMED;
	bool argument = p->source == GLASSBOX__PARAMETER__SOURCE__ARGUMENT;
	if (argument != (p->argument > 0) || argument != (p->arguments > 0))
		return wrong("a parameter of an argument, and no other, has the arguments that say it", err);
	return check_ref(p->config, p->source == GLASSBOX__PARAMETER__SOURCE__CONFIG || p->source == GLASSBOX__PARAMETER__SOURCE__WRITTEN, err);
}

static int check_dataset(const Glassbox__Dataset *d, struct gbx_error *err)
{
	bool hashed = d->root.len == GBX_SHA256_LEN && d->salted_root.len == GBX_SHA256_LEN && d->path;
	bool declared = d->root.len == 0 && d->salted_root.len == 0 && *d->uri;

	return hashed || declared ? 0 : wrong("a dataset has a path and two roots of 32 bytes, or a uri", err);
}

static int check_artifact(const Glassbox__Artifact *a, struct gbx_error *err)
{
	bool whole = a->root.len == GBX_SHA256_LEN && a->salted_root.len == GBX_SHA256_LEN && a->manifest.len == GBX_SHA256_LEN;

	return whole && a->path ? 0 : wrong("an artifact needs a path, and roots and a manifest of 32 bytes", err);
}

static int check_argument(const Glassbox__Argument *a, struct gbx_error *err)
{
	if (a->content_case == GLASSBOX__ARGUMENT__CONTENT__NOT_SET)
		return wrong("an argument needs a value", err);
	return a->content_case == GLASSBOX__ARGUMENT__CONTENT_BLOB ? check_blob(a->blob, err) : 0;
}

static int check_files(const Glassbox__DatasetFiles *f, struct gbx_error *err)
{
	if (f->manifest.len != GBX_SHA256_LEN)
		return wrong("data-files needs a manifest of 32 bytes", err);
	return check_ref(f->dataset, true, err);
}

static int check_seal(const Glassbox__Seal *s, struct gbx_error *err)
{
	return s->state && s->streams && s->root.len == GBX_SHA256_LEN ? 0
		: wrong("a seal needs a state, a number of streams and a root of 32 bytes", err);
}

static int check_metric(const Glassbox__Metric *m, struct gbx_error *err)
{
	if (!*m->name || m->ring.len != GBX_STREAM_LEN || m->n_step == 0)
		return wrong("a metric needs a name, the id of its ring (16 bytes) and points", err);
	if (m->n_value != m->n_step || m->n_time_unix_nanos != m->n_step)
		return wrong("each point of a metric has a step, a value and a time", err);
	return m->first <= INT64_MAX - m->n_step ? 0 : wrong("a metric with more than 2^63 points", err);
}

static int check_declaration(const Glassbox__Declaration *d, struct gbx_error *err)
{
	bool listing = d->listing.len == 0 || d->listing.len == GBX_SHA256_LEN;

	return d->role && listing && (d->path || *d->uri) ? 0 : wrong("a declaration needs a role and a path or a uri", err);
}

static bool is_empty_or(ProtobufCBinaryData data, size_t len)
{
	return data.len == 0 || data.len == len;
}

static int check_package(const Glassbox__Package *p, struct gbx_error *err)
{
	if (!*p->name || !p->form || !p->path)
		return wrong("a package needs a name, a form and a path", err);
	return is_git_id(p->commit, true) && is_empty_or(p->archive, GBX_SHA256_LEN) && is_empty_or(p->record, GBX_SHA256_LEN)
		? 0 : wrong("a package's commit has 20 or 32 bytes, its digests 32", err);
}

static int check_library(const Glassbox__Library *l, struct gbx_error *err)
{
	if (!l->path || l->build_id.len > GBX_LIMIT_BUILD_ID)
		return wrong("a library needs a path, and a build id of at most 64 bytes", err);
	if (l->owner && (!l->owner->database || !*l->owner->name))
		return wrong("an owner needs a database and a name", err);
	return !*l->version == !l->version_from ? 0 : wrong("a library has both a version and where it is known from, or neither", err);
}

static int check_interpreter(const Glassbox__Interpreter *i, struct gbx_error *err)
{
	return *i->implementation && i->path && i->build_id.len <= GBX_LIMIT_BUILD_ID
		? 0 : wrong("an interpreter needs an implementation, a path, and a build id of at most 64 bytes", err);
}

static int check_console(const Glassbox__Console *c, struct gbx_error *err)
{
	if (!c->stream || c->head.len > GBX_LIMIT_CONSOLE || c->tail.len > GBX_LIMIT_CONSOLE)
		return wrong("a console needs a stream, and head and tail of at most 16 KiB", err);
	return is_empty_or(c->sha256, GBX_SHA256_LEN) && c->head.len + c->tail.len <= c->size
		? 0 : wrong("a console's size is no less than head and tail, and its digest has 32 bytes", err);
}

static int check_device(const Glassbox__Device *d, struct gbx_error *err)
{
	if (d->device_case == GLASSBOX__DEVICE__DEVICE__NOT_SET)
		return wrong("a device without content", err);
	return d->device_case != GLASSBOX__DEVICE__DEVICE_GPU || *d->gpu->vendor ? 0 : wrong("a GPU needs a vendor", err);
}

static int check_variable(const Glassbox__Variable *v, struct gbx_error *err)
{
	if (!*v->name)
		return wrong("a variable needs a name", err);
	return v->content_case == GLASSBOX__VARIABLE__CONTENT_BLOB ? check_blob(v->blob, err) : 0;
}

int gbx_body_check(const Glassbox__Body *b, struct gbx_error *err)
{
	switch (b->body_case) {
	case GLASSBOX__BODY__BODY_STREAM_START:
		return check_stream_start(b->stream_start, err);
	case GLASSBOX__BODY__BODY_SEAL:
		return check_seal(b->seal, err);
	case GLASSBOX__BODY__BODY_GAP:
		return check_gap(b->gap, err);
	case GLASSBOX__BODY__BODY_ARGUMENT:
		return check_argument(b->argument, err);
	case GLASSBOX__BODY__BODY_CONFIG:
		return check_config(b->config, err);
	case GLASSBOX__BODY__BODY_PARAMETER:
		return check_parameter(b->parameter, err);
	case GLASSBOX__BODY__BODY_VARIABLE:
		return check_variable(b->variable, err);
	case GLASSBOX__BODY__BODY_DEVICE:
		return check_device(b->device, err);
	case GLASSBOX__BODY__BODY_CONTAINER:
		return *b->container->runtime ? 0 : wrong("a container needs a runtime", err);
	case GLASSBOX__BODY__BODY_CODE:
		return check_code(b->code, err);
	case GLASSBOX__BODY__BODY_DECLARATION:
		return check_declaration(b->declaration, err);
	case GLASSBOX__BODY__BODY_DATASET:
		return check_dataset(b->dataset, err);
	case GLASSBOX__BODY__BODY_DATASET_FILES:
		return check_files(b->dataset_files, err);
	case GLASSBOX__BODY__BODY_ARTIFACT:
		return check_artifact(b->artifact, err);
	case GLASSBOX__BODY__BODY_HOST:
		return b->host->machine.len == 0 || b->host->machine.len == GBX_MACHINE_LEN ? 0 : wrong("a machine has 16 bytes", err);
	case GLASSBOX__BODY__BODY_PACKAGE:
		return check_package(b->package, err);
	case GLASSBOX__BODY__BODY_LIBRARY:
		return check_library(b->library, err);
	case GLASSBOX__BODY__BODY_INTERPRETER:
		return check_interpreter(b->interpreter, err);
	case GLASSBOX__BODY__BODY_CONSOLE:
		return check_console(b->console, err);
	case GLASSBOX__BODY__BODY_METRIC:
		return check_metric(b->metric, err);
	default:
		return b->body_case ? 0 : wrong("a body without content", err);
	}
}
