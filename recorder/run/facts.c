#include "run/facts.h"

#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "capture/config.h"
#include "capture/secrets.h"
#include "capture/system.h"
#include "store/alive.h"

void gbx_put_run_start(struct gbx_recorder *r)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__RunStart m = GLASSBOX__RUN_START__INIT;

	m.recorder = (char *)(uintptr_t) "glassbox " GBX_VERSION;
	body.body_case = GLASSBOX__BODY__BODY_RUN_START;
	body.run_start = &m;
	gbx_put(r, &body, NULL);
}

/* Something at this place looked like a secret, and stands there as the name of a rule. */
static void put_secret_gap(struct gbx_recorder *r, Glassbox__Gap__Kind kind, const char *option, size_t hits)
{
	struct gbx_place place = {.option = option};

	if (hits)
		gbx_put_gap(r, kind, GLASSBOX__GAP__REASON__SECRET, hits, &place);
}

void gbx_put_name(struct gbx_recorder *r, const char *name)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Name m = GLASSBOX__NAME__INIT;

	bool secret = gbx_scan_first(r->scanner, gbx_slice_text(name)) != NULL;
	put_secret_gap(r, GLASSBOX__GAP__KIND__PARAMETER, "--name", secret);
	if (secret)
		return;
	m.name = (char *)(uintptr_t)name;
	body.body_case = GLASSBOX__BODY__BODY_NAME;
	body.name = &m;
	gbx_put(r, &body, NULL);
}

/* Content over the size of a record goes into a blob; false where that could not be written. */
static bool make_blob(struct gbx_recorder *r, struct gbx_slice content, Glassbox__Blob *blob, uint8_t sha256[GBX_SHA256_LEN])
{
	struct gbx_error err;

	if (gbx_put_blob(r, content, sha256, &err)) {
		if (r->say)
			r->say(err.line);
		gbx_put_gap(r, GLASSBOX__GAP__KIND__PARAMETER, gbx_gap_reason(&err), 1, NULL);
		return false;
	}
	glassbox__blob__init(blob);
	blob->sha256 = gbx_pb_bytes(sha256, GBX_SHA256_LEN);
	blob->size = content.len;
	return true;
}

static void put_argument(struct gbx_recorder *r, struct gbx_slice value, size_t index)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Argument m = GLASSBOX__ARGUMENT__INIT;
	Glassbox__Blob blob;
	uint8_t sha256[GBX_SHA256_LEN];

	m.index = (uint32_t)index;
	if (value.len > GBX_LIMIT_BODY / 2) {
		if (!make_blob(r, value, &blob, sha256))
			return;
		m.content_case = GLASSBOX__ARGUMENT__CONTENT_BLOB;
		m.blob = &blob;
	} else {
		m.content_case = GLASSBOX__ARGUMENT__CONTENT_VALUE;
		m.value = gbx_pb_bytes(value.data, value.len);
	}
	body.body_case = GLASSBOX__BODY__BODY_ARGUMENT;
	body.argument = &m;
	gbx_put(r, &body, NULL);
}

static void put_argument_of(struct gbx_recorder *r, char *const *argv, size_t index)
{
	GBX_AUTO_BYTES struct gbx_bytes clean = {0};
	struct gbx_slice before = gbx_slice_text(index ? argv[index - 1] : "");
	struct gbx_error err;
	char place[32];
	size_t hits = 0;

	snprintf(place, sizeof place, "argument %zu", index);
	if (gbx_secrets_mask_argument(r->scanner, before, gbx_slice_text(argv[index]), &clean, &hits, &err)) {
		gbx_put_gap_option(r, GLASSBOX__GAP__KIND__ARGUMENT, gbx_gap_reason(&err), place);
		return;
	}
	put_argument(r, gbx_slice_of(&clean), index);
	put_secret_gap(r, GLASSBOX__GAP__KIND__ARGUMENT, place, hits);
}

/* An order for n records that says nothing; the plain one where there is no memory or randomness for another. */
static size_t *random_order(size_t n)
{
	size_t *order = gbx_calloc(n, sizeof *order);
	struct gbx_error ignored;

	if (order && gbx_shuffle(order, n, &ignored))
		for (size_t i = 0; i < n; i++)
			order[i] = i;
	return order;
}

void gbx_put_arguments(struct gbx_recorder *r, char *const *argv)
{
	size_t n = 0;

	while (argv[n])
		n++;
	size_t *order = random_order(n);
	for (size_t i = 0; i < n; i++)
		put_argument_of(r, argv, order ? order[i] : i);
	gbx_free(order);
}

static void put_parameter(struct gbx_recorder *r, const struct gbx_parameter *p, const struct gbx_ref *config)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Parameter m = GLASSBOX__PARAMETER__INIT;
	Glassbox__Ref ref = GLASSBOX__REF__INIT;
	Glassbox__Blob blob;
	GBX_AUTO_BYTES struct gbx_bytes json = {0};
	uint8_t sha256[GBX_SHA256_LEN];
	struct gbx_error err;

	gbx_parameter_message(p, &m);
	if (gbx_parameter_is_large(p)) {
		if (gbx_parameter_json(p, &json, &err) || !make_blob(r, gbx_slice_of(&json), &blob, sha256))
			return;
		m.value_case = GLASSBOX__PARAMETER__VALUE_BLOB;
		m.blob = &blob;
	}
	m.source = config ? GLASSBOX__PARAMETER__SOURCE__CONFIG : GLASSBOX__PARAMETER__SOURCE__OPTION;
	if (config) {
		ref.stream = gbx_pb_bytes(config->stream, GBX_STREAM_LEN);
		ref.seq = config->seq;
		m.config = &ref;
	}
	body.body_case = GLASSBOX__BODY__BODY_PARAMETER;
	body.parameter = &m;
	gbx_put(r, &body, NULL);
}

/* Of one name the value that was said last comes last, whatever the order of the names. */
static void order_repeated(const struct gbx_parameters *list, size_t *order)
{
	for (size_t i = 0; i < list->len; i++)
		for (size_t j = i + 1; j < list->len; j++) {
			size_t a = order[i], b = order[j];
			if (a > b && strcmp(list->parameter[a].name, list->parameter[b].name) == 0) {
				order[i] = b;
				order[j] = a;
			}
		}
}

static void put_parameters(struct gbx_recorder *r, const struct gbx_parameters *list, const struct gbx_ref *config)
{
	size_t *order = random_order(list->len);

	/* A config has each name once. */
	if (order && !config)
		order_repeated(list, order);
	for (size_t i = 0; i < list->len; i++)
		put_parameter(r, &list->parameter[order ? order[i] : i], config);
	gbx_free(order);
}

void gbx_put_params(struct gbx_recorder *r, const char *const *param, size_t len)
{
	GBX_AUTO_PARAMETERS struct gbx_parameters list = {0};
	struct gbx_error err;
	size_t hits = 0;

	for (size_t i = 0; i < len; i++)
		if (gbx_parameter_parse(param[i], &list, &err))
			gbx_put_gap_option(r, GLASSBOX__GAP__KIND__PARAMETER, gbx_gap_reason(&err), "--param");
	if (gbx_parameters_mask(&list, r->scanner, &hits, &err)) {
		gbx_put_gap_option(r, GLASSBOX__GAP__KIND__PARAMETER, gbx_gap_reason(&err), "--param");
		return;
	}
	put_parameters(r, &list, NULL);
	put_secret_gap(r, GLASSBOX__GAP__KIND__PARAMETER, "--param", hits);
}

/* A config outside all roots is a root of its own: "config/1", "config/2", ... */
static int locate_config(struct gbx_recorder *r, const char *path, Glassbox__Path *out, struct gbx_error *err)
{
	unsigned n = 1;
	char name[32];

	for (size_t i = 0; i < r->roots; i++)
		n += strncmp(r->root[i].name, "config/", 7) == 0;
	snprintf(name, sizeof name, "config/%u", n);
	return gbx_locate(r, path, name, out, err);
}

static void put_config(struct gbx_recorder *r, const char *path, const struct gbx_config *config, bool in_head, bool secret)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Config m = GLASSBOX__CONFIG__INIT;
	Glassbox__Blob blob = GLASSBOX__BLOB__INIT;
	Glassbox__Path at;
	uint8_t sha256[GBX_SHA256_LEN];
	struct gbx_ref ref;
	struct gbx_error err;

	if (locate_config(r, path, &at, &err))
		return;
	/* Published as a file of its own; one with a secret leaves nothing that depends on it. */
	if (!secret && gbx_put_blob(r, gbx_slice_of(&config->content), sha256, &err)) {
		gbx_put_gap_option(r, GLASSBOX__GAP__KIND__CONFIG, gbx_gap_reason(&err), "--config");
		return;
	}
	blob.sha256 = gbx_pb_bytes(config->sha256, GBX_SHA256_LEN);
	blob.size = config->size;
	m.path = &at;
	m.format = (char *)(uintptr_t)config->format;
	m.content = secret ? NULL : &blob;
	m.in_head = in_head && !secret;
	body.body_case = GLASSBOX__BODY__BODY_CONFIG;
	body.config = &m;
	if (gbx_put(r, &body, &ref))
		put_parameters(r, &config->parameters, &ref);
}

static bool is_in_head(const struct gbx_code_answer *head, const struct gbx_config *config)
{
	return head && head->in_head && memcmp(head->sha256, config->sha256, GBX_SHA256_LEN) == 0;
}

static void tell_config(const struct gbx_recorder *r, const char *path, const char *why)
{
	char line[2000], shown[600];

	snprintf(line, sizeof line, "--config '%s': %s", gbx_printable_in(gbx_slice_text(path), shown, sizeof shown), why);
	if (r->say)
		r->say(line);
}

void gbx_put_config(struct gbx_recorder *r, const char *path, const struct gbx_code_answer *head)
{
	GBX_AUTO_CONFIG struct gbx_config config = {0};
	struct gbx_error err;

	if (gbx_config_read(path, &config, &err)) {
		gbx_put_gap_option(r, GLASSBOX__GAP__KIND__CONFIG, gbx_gap_reason(&err), "--config");
		return;
	}
	bool secret = false;
	size_t hits = 0;
	if (gbx_config_scan(&config, r->scanner, &secret, &err) || gbx_parameters_mask(&config.parameters, r->scanner, &hits, &err)) {
		gbx_put_gap_option(r, GLASSBOX__GAP__KIND__CONFIG, gbx_gap_reason(&err), "--config");
		return;
	}
	if (config.read && config.content.len == config.size)
		put_config(r, path, &config, is_in_head(head, &config), secret || hits);
	put_secret_gap(r, GLASSBOX__GAP__KIND__CONFIG, "--config", hits ? hits : secret);
	if (head && !head->compared)
		gbx_put_gap_option(r, GLASSBOX__GAP__KIND__CONFIG, GLASSBOX__GAP__REASON__IO_ERROR, "--config");
	if (config.reason) {
		tell_config(r, path, config.why);
		gbx_put_gap_option(r, GLASSBOX__GAP__KIND__CONFIG, (Glassbox__Gap__Reason)config.reason, "--config");
	}
	if (config.strange)
		gbx_put_gap(r, GLASSBOX__GAP__KIND__PARAMETER, GLASSBOX__GAP__REASON__NOT_PARSED, config.strange, NULL);
	if (config.skipped)
		gbx_put_gap(r, GLASSBOX__GAP__KIND__PARAMETER, GLASSBOX__GAP__REASON__TOO_LARGE, config.skipped, NULL);
}

static void put_process(struct gbx_recorder *r, Glassbox__Process__Role role, uint64_t pid)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Process m = GLASSBOX__PROCESS__INIT;

	m.role = role;
	m.pid = pid;
	m.start_ticks = gbx_process_start_ticks(pid);
	body.body_case = GLASSBOX__BODY__BODY_PROCESS;
	body.process = &m;
	gbx_put(r, &body, NULL);
}

void gbx_put_job_process(struct gbx_recorder *r, uint64_t pid)
{
	put_process(r, GLASSBOX__PROCESS__ROLE__JOB, pid);
}

static void put_devices(struct gbx_recorder *r, const struct gbx_system *s)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Device device = GLASSBOX__DEVICE__INIT;
	Glassbox__Cpu cpu = GLASSBOX__CPU__INIT;
	Glassbox__Memory memory = GLASSBOX__MEMORY__INIT;

	body.body_case = GLASSBOX__BODY__BODY_DEVICE;
	body.device = &device;
	gbx_system_cpu(s, &cpu);
	device.device_case = GLASSBOX__DEVICE__DEVICE_CPU;
	device.cpu = &cpu;
	gbx_put(r, &body, NULL);
	gbx_system_memory(s, &memory);
	device.device_case = GLASSBOX__DEVICE__DEVICE_MEMORY;
	device.memory = &memory;
	gbx_put(r, &body, NULL);
}

void gbx_put_machine(struct gbx_recorder *r)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Host host = GLASSBOX__HOST__INIT;
	Glassbox__System system = GLASSBOX__SYSTEM__INIT;
	struct gbx_system s;

	gbx_system_read(&s);
	gbx_system_host(&s, &host);
	body.body_case = GLASSBOX__BODY__BODY_HOST;
	body.host = &host;
	gbx_put(r, &body, NULL);
	gbx_system_system(&s, &system);
	body.body_case = GLASSBOX__BODY__BODY_SYSTEM;
	body.system = &system;
	gbx_put(r, &body, NULL);
	put_devices(r, &s);
	put_process(r, GLASSBOX__PROCESS__ROLE__RECORDER, (uint64_t)getpid());
}
