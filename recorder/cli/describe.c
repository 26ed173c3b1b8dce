#include "cli/describe.h"

#include <stdio.h>

#include "base/text.h"
#include "journal/gap.h"

/* Text appended to a line; every piece from outside goes through printable. */
struct line {
	char *out;
	size_t size, len;
};

static void add(struct line *l, const char *text)
{
	int n = snprintf(l->out + l->len, l->size - l->len, "%s", text);

	l->len += n < 0 ? 0 : (size_t)n < l->size - l->len ? (size_t)n : l->size - l->len - 1;
}

static void add_text(struct line *l, struct gbx_slice text)
{
	char shown[600];

	add(l, gbx_printable_in(text, shown, sizeof shown));
}

static void add_string(struct line *l, const char *before, const char *text)
{
	add(l, before);
	add_text(l, gbx_slice_text(text));
}

static void add_number(struct line *l, const char *before, uint64_t n, const char *after)
{
	char text[32];

	snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	add(l, before);
	add(l, text);
	add(l, after);
}

static void add_hex(struct line *l, const char *before, ProtobufCBinaryData data, size_t bytes)
{
	char text[2 * 32 + 1];

	gbx_hex(data.data, data.len < bytes ? data.len : bytes, text);
	add(l, before);
	add(l, text);
}

static void add_path(struct line *l, const char *before, const Glassbox__Path *p)
{
	add(l, before);
	if (strcmp(p->root, "/") != 0) {
		add(l, "<");
		add_text(l, gbx_slice_text(p->root));
		add(l, ">");
	}
	if (p->path.len || strcmp(p->root, "/") == 0)
		add(l, "/");
	add_text(l, gbx_pb_slice(p->path));
}

/* One of a list: an empty one has no root, and "/" needs no name. */
static void add_listed(struct line *l, const char *before, const Glassbox__Path *p)
{
	bool plain = strcmp(p->root, "/") == 0;

	if (*p->root && !plain) {
		add_path(l, before, p);
		return;
	}
	add(l, before);
	add(l, plain ? "/" : "");
	add_text(l, gbx_pb_slice(p->path));
}

static void add_files(struct line *l, uint64_t files, uint64_t bytes)
{
	add_number(l, ", ", files, files == 1 ? " file" : " files");
	add_number(l, ", ", bytes, bytes == 1 ? " byte" : " bytes");
}

static void describe_end(struct line *l, const Glassbox__RunEnd *e)
{
	if (e->outcome_case == GLASSBOX__RUN_END__OUTCOME_EXIT)
		add_number(l, "exit status ", e->exit, "");
	else if (e->outcome_case == GLASSBOX__RUN_END__OUTCOME_SIGNAL)
		add_number(l, "signal ", e->signal, e->core ? ", core dumped" : "");
	else
		add_number(l, "the job did not start, errno ", e->not_started, "");
	if (e->ended_unix_nanos > e->started_unix_nanos)
		add_number(l, ", after ", (e->ended_unix_nanos - e->started_unix_nanos) / 1000000u, " ms");
}

static void describe_gap(struct line *l, const Glassbox__Gap *g)
{
	add(l, gbx_gap_kind_words(g->kind));
	add(l, ": ");
	add(l, gbx_gap_reason_words(g->reason));
	if (g->count > 1)
		add_number(l, " (", g->count, ")");
	if (g->record) {
		add_number(l, ", from record ", g->record->seq, "");
		add_hex(l, " of stream ", g->record->stream, 4);
		add(l, " on");
	}
	if (g->bytes)
		add_number(l, ", ", g->bytes, g->bytes == 1 ? " byte" : " bytes");
	if (g->place)
		add_number(l, ", see record ", g->place->seq, "");
}

static void describe_metric(struct line *l, const Glassbox__Metric *m)
{
	char text[64];
	size_t last = m->n_step - 1;

	add_text(l, gbx_slice_text(m->name));
	add_number(l, ", ", m->n_step, m->n_step == 1 ? " point" : " points");
	if (last)
		add_number(l, ", steps ", m->step[0], "");
	add_number(l, last ? " to " : ", step ", m->step[last], "");
	snprintf(text, sizeof text, last ? ", the last %.17g" : ", %.17g", m->value[last]);
	add(l, text);
}

static void describe_place(struct line *l, const Glassbox__Place *p)
{
	if (p->place_case == GLASSBOX__PLACE__PLACE_OPTION)
		add_text(l, gbx_slice_text(p->option));
	else if (p->place_case == GLASSBOX__PLACE__PLACE_ADDRESS)
		add_text(l, gbx_slice_text(p->address));
	else if (p->place_case == GLASSBOX__PLACE__PLACE_PATHS) {
		for (size_t i = 0; i < p->paths->n_path && i < 8; i++) {
			add_string(l, i ? ", <" : "<", p->paths->root);
			add(l, p->paths->path[i].len ? ">/" : ">");
			add_text(l, gbx_pb_slice(p->paths->path[i]));
		}
		uint64_t more = p->paths->more + (p->paths->n_path > 8 ? p->paths->n_path - 8 : 0);
		if (more)
			add_number(l, " and ", more, " more");
	}
}

/* config: NULL for the number of its record. */
static void describe_parameter(struct line *l, const Glassbox__Parameter *p, const char *config)
{
	add_text(l, gbx_slice_text(p->name));
	add(l, " = ");
	switch (p->value_case) {
	case GLASSBOX__PARAMETER__VALUE_TEXT:
		add_string(l, "\"", p->text);
		add(l, "\"");
		break;
	case GLASSBOX__PARAMETER__VALUE_NUMBER:
		add_text(l, gbx_slice_text(p->number));
		break;
	case GLASSBOX__PARAMETER__VALUE_BOOLEAN:
		add(l, p->boolean ? "true" : "false");
		break;
	case GLASSBOX__PARAMETER__VALUE_NULL:
		add(l, "null");
		break;
	case GLASSBOX__PARAMETER__VALUE_JSON:
		add_text(l, gbx_slice_text(p->json));
		break;
	default:
		add_number(l, "(", p->blob ? p->blob->size : 0, " bytes, kept as a file)");
	}
	if (p->config) {
		add(l, p->source == GLASSBOX__PARAMETER__SOURCE__WRITTEN ? "  (written by the job, " : config ? "  (" : "  (config, ");
		if (config)
			add(l, config);
		else
			add_number(l, "record ", p->config->seq, "");
		add(l, ")");
	}
	if (p->argument)
		add_number(l, p->arguments > 1 ? "  (arguments " : "  (argument ", p->argument, p->arguments > 1 ? "" : ")");
	if (p->argument && p->arguments > 1)
		add_number(l, " to ", (uint64_t)p->argument + p->arguments - 1, ")");
}

/* A name alone is one whose value was not recorded. */
static void describe_variable(struct line *l, const Glassbox__Variable *v)
{
	add_text(l, gbx_slice_text(v->name));
	if (v->content_case == GLASSBOX__VARIABLE__CONTENT_VALUE) {
		add(l, "=");
		add_text(l, gbx_pb_slice(v->value));
	} else if (v->content_case == GLASSBOX__VARIABLE__CONTENT_BLOB) {
		add_number(l, "=(", v->blob->size, " bytes, kept as a file)");
	} else if (v->content_case == GLASSBOX__VARIABLE__CONTENT_PATHS) {
		add(l, "=");
		for (size_t i = 0; i < v->paths->n_path; i++)
			add_listed(l, i ? ":" : "", v->paths->path[i]);
	} else {
		add(l, " (value not recorded)");
	}
}

static void describe_code(struct line *l, const Glassbox__Code *c)
{
	bool same = c->head_tree.len == c->tree.len && memcmp(c->head_tree.data, c->tree.data, c->tree.len) == 0;

	if (c->head_commit.len)
		add_hex(l, "commit ", c->head_commit, 32);
	else
		add(l, "no commit yet");
	add_hex(l, ", tree ", c->tree, 6);
	add(l, same ? ", clean" : ", changed");
	add(l, c->complete ? "" : ", incomplete");
	add_files(l, c->files, c->bytes);
}

static void describe_start(struct line *l, const Glassbox__StreamStart *s)
{
	add_hex(l, "stream ", s->stream, 16);
	add(l, s->role == GLASSBOX__STREAM_START__ROLE__LEAD ? ", lead" : ", member");
	add(l, s->writer == GLASSBOX__STREAM_START__WRITER__RECORDER ? ", by the recorder" : ", by the job");
	if (s->follows)
		add_hex(l, ", goes on from ", s->follows->stream, 4);
}

static void describe_dataset(struct line *l, const Glassbox__Dataset *d)
{
	add_text(l, gbx_slice_text(d->name));
	if (d->path)
		add_path(l, ": ", d->path);
	if (d->root.len) {
		add_files(l, d->files, d->bytes);
		add_hex(l, ", root ", d->root, 32);
	} else {
		add_string(l, ": ", d->uri);
		add(l, ", declared, not hashed");
	}
}

static void describe_artifact(struct line *l, const Glassbox__Artifact *a)
{
	add_text(l, gbx_slice_text(a->name));
	add_path(l, ": ", a->path);
	add_files(l, a->files, a->bytes);
	add_hex(l, ", root ", a->root, 32);
}

static void describe_declaration(struct line *l, const Glassbox__Declaration *d)
{
	add(l, d->role == GLASSBOX__DECLARATION__ROLE__DATA ? "data " : "output ");
	add_text(l, gbx_slice_text(d->name));
	if (d->path)
		add_path(l, ": ", d->path);
	else
		add_string(l, ": ", d->uri);
	if (d->listing.len)
		add_files(l, d->files, d->bytes);
}

static void describe_argument(struct line *l, const Glassbox__Argument *a)
{
	add_number(l, "[", a->index, "] ");
	if (a->content_case == GLASSBOX__ARGUMENT__CONTENT_VALUE)
		add_text(l, gbx_pb_slice(a->value));
	else
		add_number(l, "(", a->blob->size, " bytes, kept as a file)");
}

static void add_named(struct line *l, const char *before, const char *text)
{
	if (*text)
		add_string(l, before, text);
}

static void describe_package(struct line *l, const Glassbox__Package *p)
{
	add_text(l, gbx_slice_text(p->name));
	add_named(l, " ", p->version);
	add_named(l, " ", p->build);
	add(l, p->form == GLASSBOX__PACKAGE__FORM__CONDA ? ", conda" : p->form == GLASSBOX__PACKAGE__FORM__EGG ? ", egg" : "");
	add_named(l, ", by ", p->installer);
	if (p->source)
		add_path(l, p->editable ? ", editable from " : ", from ", p->source);
	add_named(l, ", from ", p->url);
	if (p->commit.len)
		add_hex(l, ", commit ", p->commit, 32);
	if (p->archive.len)
		add_hex(l, ", archive ", p->archive, 6);
	if (p->record.len)
		add_hex(l, ", record ", p->record, 6);
	if (p->files)
		add_number(l, ", ", p->files, p->files == 1 ? " file" : " files");
}

static void describe_library(struct line *l, const Glassbox__Library *m)
{
	static const char *const databases[] = {"", "dpkg ", "rpm ", "wheel ", "conda "};

	add_path(l, "", m->path);
	add(l, m->program ? ", program" : "");
	add(l, m->deleted ? ", deleted" : "");
	if (m->build_id.len)
		add_hex(l, ", build id ", m->build_id, 20);
	if (m->owner) {
		add(l, ", ");
		add(l, databases[m->owner->database]);
		add_string(l, "", m->owner->name);
		add_named(l, " ", m->owner->version);
	}
	add_named(l, ", ", m->component);
	add_named(l, " ", m->version);
}

static void describe_interpreter(struct line *l, const Glassbox__Interpreter *i)
{
	add_text(l, gbx_slice_text(i->implementation));
	add_named(l, " ", i->version);
	add_path(l, ": ", i->path);
	if (i->prefix)
		add_path(l, i->base_prefix ? ", virtual environment " : ", prefix ", i->prefix);
	if (i->base_prefix)
		add_path(l, i->system_packages ? " with the packages of " : " of ", i->base_prefix);
	if (i->build_id.len)
		add_hex(l, ", build id ", i->build_id, 20);
}

/* The last line tells how it went. */
static struct gbx_slice last_line(const Glassbox__Console *c)
{
	struct gbx_slice text = gbx_pb_slice(c->tail.len ? c->tail : c->head);

	while (text.len && text.data[text.len - 1] == '\n')
		text.len--;
	const uint8_t *line = text.len ? memrchr(text.data, '\n', text.len) : NULL;
	return line ? gbx_slice(line + 1, text.len - (size_t)(line + 1 - text.data)) : text;
}

static void describe_console(struct line *l, const Glassbox__Console *c)
{
	static const char *const streams[] = {"", "stdout", "stderr", "stdout and stderr"};
	struct gbx_slice last = last_line(c);

	add(l, streams[c->stream]);
	add_number(l, ": ", c->size, c->sha256.len ? " bytes" : " bytes or more, not read to the end");
	if (c->secrets)
		add_number(l, ", ", c->secrets, c->secrets == 1 ? " secret left out" : " secrets left out");
	if (c->sha256.len)
		add_hex(l, ", SHA-256 ", c->sha256, 6);
	if (last.len) {
		add(l, ", ends with ");
		add_text(l, last);
	}
}

static void describe_gpu(struct line *l, const Glassbox__Gpu *g)
{
	add_number(l, "GPU ", g->index, " ");
	add_text(l, gbx_slice_text(g->model));
	if (g->memory_bytes)
		add_number(l, ", ", g->memory_bytes, " bytes");
	add_named(l, ", driver ", g->driver);
	add_named(l, ", CUDA up to ", g->cuda);
	add_named(l, ", VBIOS ", g->vbios);
	if (g->ecc)
		add(l, g->ecc == GLASSBOX__GPU__MODE__ON ? ", ECC on" : ", ECC off");
	if (g->mig == GLASSBOX__GPU__MODE__ON)
		add_number(l, ", MIG on, ", g->n_mig_instance, g->n_mig_instance == 1 ? " instance" : " instances");
	if (g->graphics_mhz)
		add_number(l, ", clocks ", g->graphics_mhz, "");
	if (g->graphics_mhz)
		add_number(l, "/", g->memory_mhz, " MHz");
	if (g->power_limit_milliwatts)
		add_number(l, ", at most ", g->power_limit_milliwatts / 1000, " W");
	add_named(l, ", ", g->uuid);
}

static void describe_bus(struct line *l, const Glassbox__Bus *bus)
{
	if (bus->nvidia + bus->amd + bus->intel == 0) {
		add(l, "no GPU on the PCI bus");
		return;
	}
	add(l, "on the PCI bus:");
	if (bus->nvidia)
		add_number(l, " ", bus->nvidia, " of NVIDIA");
	if (bus->amd)
		add_number(l, " ", bus->amd, " of AMD");
	if (bus->intel)
		add_number(l, " ", bus->intel, " of Intel");
}

static void describe_cpu(struct line *l, const Glassbox__Cpu *c)
{
	add_string(l, "CPU ", c->model);
	add_number(l, ", ", c->logical, " processors");
	for (size_t i = 0; i < c->n_flag; i++)
		add_string(l, i ? " " : ", ", c->flag[i]);
	add_named(l, ", microcode ", c->microcode);
}

static void describe_device(struct line *l, const Glassbox__Device *d)
{
	switch (d->device_case) {
	case GLASSBOX__DEVICE__DEVICE_CPU:
		describe_cpu(l, d->cpu);
		break;
	case GLASSBOX__DEVICE__DEVICE_MEMORY:
		add_number(l, "memory ", d->memory->bytes, " bytes");
		break;
	case GLASSBOX__DEVICE__DEVICE_GPU:
		describe_gpu(l, d->gpu);
		break;
	case GLASSBOX__DEVICE__DEVICE_NUMA:
		add_number(l, "NUMA node ", d->numa->node, "");
		add_named(l, ", processors ", d->numa->cpus);
		add_number(l, ", memory ", d->numa->memory_bytes, " bytes");
		break;
	case GLASSBOX__DEVICE__DEVICE_BUS:
		describe_bus(l, d->bus);
		break;
	default:
		break;
	}
}

static void describe_limits(struct line *l, const Glassbox__Limits *m)
{
	add_number(l, "limits: ", m->processors, m->processors == 1 ? " processor" : " processors");
	add_named(l, " of ", m->cpus);
	if (m->cpu_quota_micros)
		add_number(l, ", ", m->cpu_quota_micros, " us of processor time");
	if (m->cpu_quota_micros)
		add_number(l, " every ", m->cpu_period_micros, " us");
	if (m->memory_bytes)
		add_number(l, ", memory ", m->memory_bytes, " bytes");
	add_named(l, ", memory nodes ", m->memory_nodes);
}

static void describe_machine(struct line *l, const Glassbox__Body *b)
{
	switch (b->body_case) {
	case GLASSBOX__BODY__BODY_HOST:
		add_string(l, "", b->host->hostname);
		add_string(l, ", user ", b->host->user);
		break;
	case GLASSBOX__BODY__BODY_SYSTEM:
		add_string(l, "", b->system->os);
		add_string(l, ", ", b->system->kernel);
		add_string(l, ", ", b->system->machine);
		add_string(l, ", ", b->system->libc);
		add_named(l, ", clock ", b->system->clock_source);
		break;
	case GLASSBOX__BODY__BODY_DEVICE:
		describe_device(l, b->device);
		break;
	case GLASSBOX__BODY__BODY_LIMITS:
		describe_limits(l, b->limits);
		break;
	case GLASSBOX__BODY__BODY_CONTAINER:
		add_string(l, "container: ", b->container->runtime);
		add_named(l, ", image ", b->container->image);
		add_named(l, ", ", b->container->digest);
		break;
	case GLASSBOX__BODY__BODY_PROCESS:
		add(l, b->process->role == GLASSBOX__PROCESS__ROLE__JOB ? "job" : "recorder");
		add_number(l, ", pid ", b->process->pid, "");
		break;
	default:
		add_number(l, "user ", b->usage->user_micros / 1000, " ms");
		add_number(l, ", system ", b->usage->system_micros / 1000, " ms");
		add_number(l, ", peak memory ", b->usage->max_rss_bytes, " bytes");
	}
}

static void describe(struct line *l, const Glassbox__Body *b)
{
	switch (b->body_case) {
	case GLASSBOX__BODY__BODY_STREAM_START:
		describe_start(l, b->stream_start);
		break;
	case GLASSBOX__BODY__BODY_RUN_START:
		add_text(l, gbx_slice_text(b->run_start->recorder));
		break;
	case GLASSBOX__BODY__BODY_RUN_END:
		describe_end(l, b->run_end);
		break;
	case GLASSBOX__BODY__BODY_STREAM_END:
		add(l, "the stream ends; the seal follows elsewhere");
		break;
	case GLASSBOX__BODY__BODY_SEAL:
		add_number(l, "", b->seal->streams, b->seal->streams == 1 ? " stream" : " streams");
		add(l, b->seal->state == GLASSBOX__SEAL__STATE__NO_END ? ", no end of the job was found" : "");
		break;
	case GLASSBOX__BODY__BODY_GAP:
		describe_gap(l, b->gap);
		break;
	case GLASSBOX__BODY__BODY_HEARTBEAT:
		add_number(l, "", b->heartbeat->seconds, " s");
		break;
	case GLASSBOX__BODY__BODY_PLACE:
		describe_place(l, b->place);
		break;
	case GLASSBOX__BODY__BODY_ROOT:
		add_string(l, "", b->root->name);
		add(l, " = ");
		add_text(l, gbx_pb_slice(b->root->path));
		break;
	case GLASSBOX__BODY__BODY_NAME:
		add_text(l, gbx_slice_text(b->name->name));
		break;
	case GLASSBOX__BODY__BODY_ARGUMENT:
		describe_argument(l, b->argument);
		break;
	case GLASSBOX__BODY__BODY_CONFIG:
		add_path(l, "", b->config->path);
		if (b->config->content)
			add_hex(l, ", sha256 ", b->config->content->sha256, 32);
		add(l, !b->config->content ? ", left out for a secret" : b->config->in_head ? ", as in HEAD" : ", not in HEAD");
		break;
	case GLASSBOX__BODY__BODY_PARAMETER:
		describe_parameter(l, b->parameter, NULL);
		break;
	case GLASSBOX__BODY__BODY_VARIABLE:
		describe_variable(l, b->variable);
		break;
	case GLASSBOX__BODY__BODY_CODE:
		describe_code(l, b->code);
		break;
	case GLASSBOX__BODY__BODY_GIT:
		if (b->git->fact_case == GLASSBOX__GIT__FACT_BRANCH) {
			add_string(l, "branch ", b->git->branch);
		} else if (b->git->fact_case == GLASSBOX__GIT__FACT_REMOTE) {
			add_string(l, "remote ", b->git->remote->name);
			add_string(l, " ", b->git->remote->url);
			add(l, b->git->remote->credentials ? " (had a password, which was not kept)" : "");
		}
		break;
	case GLASSBOX__BODY__BODY_DECLARATION:
		describe_declaration(l, b->declaration);
		break;
	case GLASSBOX__BODY__BODY_DATASET:
		describe_dataset(l, b->dataset);
		break;
	case GLASSBOX__BODY__BODY_DATASET_FILES:
		add_number(l, "of record ", b->dataset_files->dataset->seq, "");
		add_hex(l, ", manifest ", b->dataset_files->manifest, 32);
		break;
	case GLASSBOX__BODY__BODY_ARTIFACT:
		describe_artifact(l, b->artifact);
		break;
	case GLASSBOX__BODY__BODY_PACKAGE:
		describe_package(l, b->package);
		break;
	case GLASSBOX__BODY__BODY_LIBRARY:
		describe_library(l, b->library);
		break;
	case GLASSBOX__BODY__BODY_INTERPRETER:
		describe_interpreter(l, b->interpreter);
		break;
	case GLASSBOX__BODY__BODY_CONSOLE:
		describe_console(l, b->console);
		break;
	case GLASSBOX__BODY__BODY_METRIC:
		describe_metric(l, b->metric);
		break;
	default:
		describe_machine(l, b);
	}
}

void gbx_describe_parameter(const Glassbox__Parameter *p, const char *config, char *out, size_t size)
{
	struct line l = {out, size, 0};

	out[0] = 0;
	describe_parameter(&l, p, config);
}

void gbx_describe(const Glassbox__Body *body, char *out, size_t size)
{
	struct line l = {out, size, 0};

	out[0] = 0;
	describe(&l, body);
}
