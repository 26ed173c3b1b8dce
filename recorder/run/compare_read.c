/* What a run is compared by, gathered from its journals. Declared in compare.h. */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "run/compare.h"

void gbx_compared_free(struct gbx_compared *c)
{
	gbx_run_facts_free(&c->facts);
	gbx_free(c->told);
	*c = (struct gbx_compared){0};
}

static const char *keep(struct gbx_compared *c, struct gbx_slice text)
{
	char *copy = gbx_arena_alloc(&c->facts.memory, text.len + 1);

	if (!copy)
		return NULL;
	if (text.len)
		memcpy(copy, text.data, text.len);
	copy[text.len] = 0;
	return copy;
}

/* Texts of told are copied; NULL where memory for one was missing. */
static int tell(struct gbx_compared *c, struct gbx_told told, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&c->told, &c->cap, c->len, sizeof *c->told, err);

	if (rc)
		return rc;
	told.name = told.name ? keep(c, gbx_slice_text(told.name)) : NULL;
	told.value = told.value ? keep(c, gbx_slice_text(told.value)) : NULL;
	if (!told.name || !told.value)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to compare a run");
	if (told.rank == 0)
		told.rank = c->len + 1;
	c->told[c->len++] = told;
	return 0;
}

static int tell_text(struct gbx_compared *c, enum gbx_section section, const char *name, const char *value, struct gbx_error *err)
{
	return value && *value ? tell(c, (struct gbx_told){.section = section, .name = name, .value = value}, err) : 0;
}

static int tell_number(struct gbx_compared *c, enum gbx_section section, const char *name, uint64_t value, struct gbx_error *err)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	return tell_text(c, section, name, text, err);
}

static int tell_hex(struct gbx_compared *c, enum gbx_section section, const char *name, ProtobufCBinaryData id, struct gbx_error *err)
{
	char hex[2 * GBX_SHA256_LEN + 1] = "";

	if (id.len <= GBX_SHA256_LEN)
		gbx_hex(id.data, id.len, hex);
	return tell_text(c, section, name, hex, err);
}

/* Paths and arguments may be any bytes: they are compared and shown as printable text. */
static char *printable(const char *before, struct gbx_slice text)
{
	GBX_AUTO_BYTES struct gbx_bytes out = {0};

	return gbx_bytes_printf(&out, NULL, "%s", before) || gbx_printable(text, &out, NULL) ? NULL : gbx_strdup((char *)out.data);
}

static char *blob_text(const Glassbox__Blob *b)
{
	char hex[2 * GBX_SHA256_LEN + 1];

	gbx_hex(b->sha256.data, b->sha256.len < GBX_SHA256_LEN ? b->sha256.len : GBX_SHA256_LEN, hex);
	return gbx_asprintf("%llu bytes, sha256 %s", (unsigned long long)b->size, hex);
}

static int take_argument(struct gbx_compared *c, const Glassbox__Argument *a, struct gbx_error *err)
{
	bool is_blob = a->content_case == GLASSBOX__ARGUMENT__CONTENT_BLOB;
	GBX_AUTO_STRING char *value = is_blob ? blob_text(a->blob) : printable("", gbx_pb_slice(a->value));
	char name[16];

	/* As many digits as sort them by number. */
	snprintf(name, sizeof name, "%010u", a->index);
	return tell(c, (struct gbx_told){.section = GBX_SECTION_ARGUMENTS, .name = name, .value = value}, err);
}

static int take_config(struct gbx_compared *c, const Glassbox__Config *f, struct gbx_error *err)
{
	GBX_AUTO_STRING char *root = gbx_asprintf("<%s>%s", f->path->root, f->path->path.len ? "/" : "");
	GBX_AUTO_STRING char *name = root ? printable(root, gbx_pb_slice(f->path->path)) : NULL;
	GBX_AUTO_STRING char *value = blob_text(f->content);

	return tell(c, (struct gbx_told){.section = GBX_SECTION_CONFIGS, .name = name, .value = value}, err);
}

static int take_parameter(struct gbx_compared *c, const Glassbox__Parameter *p, struct gbx_error *err)
{
	const char *type, *text = gbx_parameter_text(p, &type);
	GBX_AUTO_STRING char *value = text ? gbx_strdup(text) : blob_text(p->blob);

	/* By its source, and of these the last: as in the index. */
	return tell(c, (struct gbx_told){.section = GBX_SECTION_PARAMETERS, .name = p->name, .type = type, .value = value,
					 .rank = ((uint64_t)gbx_parameter_rank(p->source) << 32) + UINT32_MAX - (uint32_t)c->len}, err);
}

static int take_variable(struct gbx_compared *c, const Glassbox__Variable *v, struct gbx_error *err)
{
	GBX_AUTO_STRING char *name = printable("", gbx_slice_text(v->name));
	GBX_AUTO_STRING char *value = v->content_case == GLASSBOX__VARIABLE__CONTENT_BLOB ? blob_text(v->blob)
				      : v->content_case == GLASSBOX__VARIABLE__CONTENT_VALUE ? printable("", gbx_pb_slice(v->value))
											     : gbx_strdup("(value not recorded)");

	return tell(c, (struct gbx_told){.section = GBX_SECTION_VARIABLES, .name = name, .value = value}, err);
}

static int take_dataset(struct gbx_compared *c, const Glassbox__Dataset *d, const struct gbx_stream_view *stream, uint64_t seq,
			struct gbx_error *err)
{
	struct gbx_told told = {.section = GBX_SECTION_DATA, .name = d->name, .unknown = d->root.len != GBX_SHA256_LEN, .at.seq = seq};
	char hex[2 * GBX_SHA256_LEN + 1] = "";

	if (d->root.len == GBX_SHA256_LEN)
		gbx_hex(d->root.data, GBX_SHA256_LEN, hex);
	GBX_AUTO_STRING char *value = *hex ? gbx_asprintf("%llu files, %llu bytes, root %s", (unsigned long long)d->files, (unsigned long long)d->bytes, hex)
					   : gbx_asprintf("%s%snot hashed", d->uri, *d->uri ? ", " : "");
	told.value = value;
	memcpy(told.at.stream, stream->head.stream, GBX_STREAM_LEN);
	return tell(c, told, err);
}

static bool is_at(const struct gbx_ref *at, const Glassbox__Ref *ref)
{
	return at->seq == ref->seq && ref->stream.len == GBX_STREAM_LEN && memcmp(at->stream, ref->stream.data, GBX_STREAM_LEN) == 0;
}

/* Its dataset was recorded before it. */
static void take_dataset_files(struct gbx_compared *c, const Glassbox__DatasetFiles *f)
{
	for (size_t i = c->len; i > 0; i--) {
		struct gbx_told *t = &c->told[i - 1];
		if (t->section == GBX_SECTION_DATA && is_at(&t->at, f->dataset) && f->manifest.len == GBX_SHA256_LEN) {
			t->has_manifest = true;
			memcpy(t->manifest, f->manifest.data, GBX_SHA256_LEN);
		}
	}
}

static int take_artifact(struct gbx_compared *c, const Glassbox__Artifact *a, struct gbx_error *err)
{
	struct gbx_told told = {.section = GBX_SECTION_RESULTS, .has_manifest = a->manifest.len == GBX_SHA256_LEN};
	char hex[2 * GBX_SHA256_LEN + 1];

	gbx_hex(a->root.data, a->root.len < GBX_SHA256_LEN ? a->root.len : GBX_SHA256_LEN, hex);
	GBX_AUTO_STRING char *name = gbx_asprintf("output %s", a->name);
	GBX_AUTO_STRING char *value = gbx_asprintf("%llu files, %llu bytes, root %s", (unsigned long long)a->files, (unsigned long long)a->bytes, hex);
	told.name = name;
	told.value = value;
	if (told.has_manifest)
		memcpy(told.manifest, a->manifest.data, GBX_SHA256_LEN);
	return tell(c, told, err);
}

static int take_code(struct gbx_compared *c, const Glassbox__Code *m, struct gbx_error *err)
{
	c->has_code = true;
	c->code_complete = m->complete;
	c->tree_len = m->tree.len;
	memcpy(c->tree, m->tree.data, m->tree.len);
	memcpy(c->root, m->root.data, GBX_SHA256_LEN);
	memcpy(c->code_manifest, m->manifest.data, GBX_SHA256_LEN);
	return tell_hex(c, GBX_SECTION_CODE, "commit", m->head_commit, err);
}

static int take_system(struct gbx_compared *c, const Glassbox__System *m, struct gbx_error *err)
{
	const char *const text[][2] = {{"os", m->os}, {"kernel", m->kernel}, {"kernel version", m->kernel_version}, {"machine", m->machine},
				       {"libc", m->libc}};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof text / sizeof *text; i++)
		rc = tell_text(c, GBX_SECTION_ENVIRONMENT, text[i][0], text[i][1], err);
	return rc;
}

static int take_gpu(struct gbx_compared *c, const Glassbox__Gpu *g, struct gbx_error *err)
{
	char name[32];
	GBX_AUTO_STRING char *value = gbx_asprintf("%s, driver %s, %llu bytes, VBIOS %s", g->model, g->driver, (unsigned long long)g->memory_bytes, g->vbios);

	snprintf(name, sizeof name, "gpu %u", g->index);
	return tell(c, (struct gbx_told){.section = GBX_SECTION_ENVIRONMENT, .name = name, .value = value}, err);
}

static int take_container(struct gbx_compared *c, const Glassbox__Container *m, struct gbx_error *err)
{
	int rc = tell_text(c, GBX_SECTION_ENVIRONMENT, "container image", m->image, err);

	return rc ? rc : tell_text(c, GBX_SECTION_ENVIRONMENT, "container image digest", m->digest, err);
}

static int take_limits(struct gbx_compared *c, const Glassbox__Limits *m, struct gbx_error *err)
{
	GBX_AUTO_STRING char *share = gbx_asprintf("%llu of %llu us", (unsigned long long)m->cpu_quota_micros, (unsigned long long)m->cpu_period_micros);
	int rc = m->memory_bytes ? tell_number(c, GBX_SECTION_ENVIRONMENT, "memory limit", m->memory_bytes, err) : 0;

	if (rc == 0 && m->cpu_period_micros)
		rc = tell(c, (struct gbx_told){.section = GBX_SECTION_ENVIRONMENT, .name = "processor limit", .value = share}, err);
	return rc ? rc : tell_text(c, GBX_SECTION_ENVIRONMENT, "processors allowed", m->cpus, err);
}

/* What the processors can do, in one text. */
static int tell_flags(struct gbx_compared *c, const Glassbox__Cpu *cpu, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < cpu->n_flag; i++)
		rc = gbx_bytes_printf(&text, err, "%s%s", i ? " " : "", cpu->flag[i]);
	return rc || !text.len ? rc : tell_text(c, GBX_SECTION_ENVIRONMENT, "cpu features", (char *)text.data, err);
}

static int take_device(struct gbx_compared *c, const Glassbox__Device *d, struct gbx_error *err)
{
	if (d->device_case == GLASSBOX__DEVICE__DEVICE_GPU)
		return take_gpu(c, d->gpu, err);
	if (d->device_case == GLASSBOX__DEVICE__DEVICE_MEMORY)
		return tell_number(c, GBX_SECTION_ENVIRONMENT, "memory", d->memory->bytes, err);
	if (d->device_case != GLASSBOX__DEVICE__DEVICE_CPU)
		return 0;
	int rc = tell_text(c, GBX_SECTION_ENVIRONMENT, "cpu", d->cpu->model, err);
	if (rc == 0)
		rc = tell_flags(c, d->cpu, err);
	if (rc == 0)
		rc = tell_text(c, GBX_SECTION_ENVIRONMENT, "microcode", d->cpu->microcode, err);
	return rc ? rc : tell_number(c, GBX_SECTION_ENVIRONMENT, "processors", d->cpu->logical, err);
}

static int take_host(struct gbx_compared *c, const Glassbox__Host *h, struct gbx_error *err)
{
	int rc = tell_text(c, GBX_SECTION_ENVIRONMENT, "host", h->hostname, err);

	return rc ? rc : tell_text(c, GBX_SECTION_ENVIRONMENT, "user", h->user, err);
}

/* "1.2, commit 0123": what tells two installs of one package apart. */
static int take_package(struct gbx_compared *c, const Glassbox__Package *p, struct gbx_error *err)
{
	bool conda = p->form == GLASSBOX__PACKAGE__FORM__CONDA;
	char commit[2 * GBX_SHA256_LEN + 1], record[2 * GBX_SHA256_LEN + 1];

	gbx_hex(p->commit.data, p->commit.len, commit);
	gbx_hex(p->record.data, p->record.len, record);
	GBX_AUTO_STRING char *name = gbx_asprintf("%s%s", conda ? "conda " : "", p->name);
	GBX_AUTO_STRING char *value = gbx_asprintf("%s%s%s%s%s%s", p->version, *p->build ? " " : "", p->build, p->editable ? ", editable" : "",
						   *commit ? ", commit " : *record ? ", record " : "", *commit ? commit : record);
	return tell(c, (struct gbx_told){.section = GBX_SECTION_PACKAGES, .name = name, .value = value}, err);
}

static int take_interpreter(struct gbx_compared *c, const Glassbox__Interpreter *i, struct gbx_error *err)
{
	char build[2 * GBX_LIMIT_BUILD_ID + 1];

	gbx_hex(i->build_id.data, i->build_id.len, build);
	GBX_AUTO_STRING char *value = gbx_asprintf("%s%s%s", i->version, *build ? ", build id " : "", build);
	return tell(c, (struct gbx_told){.section = GBX_SECTION_PACKAGES, .name = i->implementation, .value = value}, err);
}

/* Named by its owner and file name, which two machines share, or by its path. */
static int take_library(struct gbx_compared *c, const Glassbox__Library *l, struct gbx_error *err)
{
	struct gbx_slice path = gbx_pb_slice(l->path->path), base = path;
	char build[2 * GBX_LIMIT_BUILD_ID + 1];

	for (size_t i = 0; i < path.len; i++)
		if (path.data[i] == '/')
			base = gbx_slice(path.data + i + 1, path.len - i - 1);
	gbx_hex(l->build_id.data, l->build_id.len, build);
	GBX_AUTO_STRING char *before = gbx_asprintf("%s%s/", l->owner ? l->owner->name : l->path->root, l->owner ? "" : ":");
	GBX_AUTO_STRING char *name = before ? printable(before, l->owner ? base : path) : NULL;
	GBX_AUTO_STRING char *value = gbx_asprintf("%s%s%s%s%s", l->owner ? l->owner->version : l->version, *build ? ", build id " : "", build,
						   l->deleted ? ", deleted" : "", *build || l->owner ? "" : "no build id");
	return tell(c, (struct gbx_told){.section = GBX_SECTION_LIBRARIES, .name = name, .value = value}, err);
}

static int take_record(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	struct gbx_compared *c = arg;
	const Glassbox__Body *b = r->body;

	if (!b)
		return 0;
	switch (b->body_case) {
	case GLASSBOX__BODY__BODY_ARGUMENT:
		return take_argument(c, b->argument, err);
	case GLASSBOX__BODY__BODY_CONFIG:
		return take_config(c, b->config, err);
	case GLASSBOX__BODY__BODY_PARAMETER:
		return take_parameter(c, b->parameter, err);
	case GLASSBOX__BODY__BODY_VARIABLE:
		return take_variable(c, b->variable, err);
	case GLASSBOX__BODY__BODY_CODE:
		return take_code(c, b->code, err);
	case GLASSBOX__BODY__BODY_DATASET:
		return take_dataset(c, b->dataset, stream, r->seq, err);
	case GLASSBOX__BODY__BODY_DATASET_FILES:
		take_dataset_files(c, b->dataset_files);
		return 0;
	case GLASSBOX__BODY__BODY_ARTIFACT:
		return take_artifact(c, b->artifact, err);
	case GLASSBOX__BODY__BODY_SYSTEM:
		return take_system(c, b->system, err);
	case GLASSBOX__BODY__BODY_DEVICE:
		return take_device(c, b->device, err);
	case GLASSBOX__BODY__BODY_LIMITS:
		return take_limits(c, b->limits, err);
	case GLASSBOX__BODY__BODY_CONTAINER:
		return take_container(c, b->container, err);
	case GLASSBOX__BODY__BODY_HOST:
		return take_host(c, b->host, err);
	case GLASSBOX__BODY__BODY_PACKAGE:
		return take_package(c, b->package, err);
	case GLASSBOX__BODY__BODY_INTERPRETER:
		return take_interpreter(c, b->interpreter, err);
	case GLASSBOX__BODY__BODY_LIBRARY:
		return take_library(c, b->library, err);
	case GLASSBOX__BODY__BODY_METRIC:
		return gbx_take_metric(&c->facts, b->metric, err);
	default:
		return 0;
	}
}

static int tell_end(struct gbx_compared *c, struct gbx_error *err)
{
	const struct gbx_run_view *v = &c->facts.view;
	struct gbx_told told = {.section = GBX_SECTION_RESULTS, .name = "exit", .unknown = !v->has_end};
	char value[32] = "no end is known";

	if (v->has_end)
		snprintf(value, sizeof value, v->outcome == GLASSBOX__RUN_END__OUTCOME_EXIT     ? "status %u"
					      : v->outcome == GLASSBOX__RUN_END__OUTCOME_SIGNAL ? "signal %u"
												: "not started, errno %u",
			 v->outcome_value);
	told.value = value;
	return tell(c, told, err);
}

static int tell_metrics(struct gbx_compared *c, struct gbx_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->facts.metrics; i++) {
		const struct gbx_metric_fact *m = &c->facts.metric[i];
		GBX_AUTO_STRING char *name = gbx_asprintf("metric %s", m->name);
		GBX_AUTO_STRING char *value = gbx_asprintf("%.17g at step %llu, least %.17g, greatest %.17g, %llu points", m->last,
							   (unsigned long long)m->last_step, m->min, m->max, (unsigned long long)m->count);
		rc = tell(c, (struct gbx_told){.section = GBX_SECTION_RESULTS, .name = name, .value = value}, err);
	}
	return rc;
}

static int by_order_and_rank(const void *a, const void *b)
{
	const struct gbx_told *x = a, *y = b;
	int order = gbx_told_order(x, y);

	return order ? order : (x->rank > y->rank) - (x->rank < y->rank);
}

static void sort(struct gbx_compared *c)
{
	size_t kept = 0;

	if (c->len)
		qsort(c->told, c->len, sizeof *c->told, by_order_and_rank);
	for (size_t i = 0; i < c->len; i++)
		if (kept == 0 || gbx_told_order(&c->told[kept - 1], &c->told[i]) != 0)
			c->told[kept++] = c->told[i];
	c->len = kept;
}

int gbx_compared_read(const struct gbx_store *s, const char *run, struct gbx_compared *out, struct gbx_error *err)
{
	struct gbx_compared c = {0};
	int rc = gbx_run_scan(s, run, take_record, &c, &c.facts.view, err);

	if (rc == 0)
		rc = tell_end(&c, err);
	if (rc == 0)
		rc = tell_metrics(&c, err);
	if (rc) {
		gbx_compared_free(&c);
		return rc;
	}
	sort(&c);
	*out = c;
	return 0;
}
