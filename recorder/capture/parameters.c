#include "capture/parameters.h"

#include <strings.h>

#include "base/io.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "digest/files.h"


static void free_parameter(struct gbx_parameter *p)
{
	gbx_free(p->name);
	gbx_free(p->text);
}

void gbx_parameters_free(struct gbx_parameters *list)
{
	for (size_t i = 0; i < list->len; i++)
		free_parameter(&list->parameter[i]);
	gbx_free(list->parameter);
	*list = (struct gbx_parameters){0};
}

static bool has_text(enum gbx_parameter_kind kind)
{
	return kind == GBX_PARAMETER_TEXT || kind == GBX_PARAMETER_NUMBER || kind == GBX_PARAMETER_JSON;
}

/* Copies name and text. */
static int add(struct gbx_parameters *list, struct gbx_slice name, enum gbx_parameter_kind kind, struct gbx_slice text, bool boolean,
	       struct gbx_error *err)
{
	int rc = gbx_grow((void **)&list->parameter, &list->cap, list->len, sizeof *list->parameter, err);

	if (rc)
		return rc;
	struct gbx_parameter p = {.name = gbx_memdup(name.data, name.len), .kind = kind, .boolean = boolean};
	if (has_text(kind))
		p.text = gbx_memdup(text.data, text.len);
	if (!p.name || (has_text(kind) && !p.text)) {
		free_parameter(&p);
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a parameter");
	}
	list->parameter[list->len++] = p;
	return 0;
}

static size_t digits(struct gbx_slice s, size_t at)
{
	size_t n = 0;

	while (at + n < s.len && s.data[at + n] >= '0' && s.data[at + n] <= '9')
		n++;
	return n;
}

static bool is_at(struct gbx_slice s, size_t at, const char *any)
{
	return at < s.len && s.data[at] && strchr(any, s.data[at]);
}

/* RFC 8259 section 6, and nothing else: no "+1", ".5", "1.", "0x1" or "nan". */
static bool is_number(struct gbx_slice s)
{
	size_t at = is_at(s, 0, "-");
	size_t whole = digits(s, at);

	if (whole == 0 || (whole > 1 && s.data[at] == '0'))
		return false;
	at += whole;
	if (is_at(s, at, ".")) {
		size_t n = digits(s, ++at);
		if (n == 0)
			return false;
		at += n;
	}
	if (is_at(s, at, "eE")) {
		at++;
		at += is_at(s, at, "+-");
		size_t n = digits(s, at);
		if (n == 0)
			return false;
		at += n;
	}
	return at == s.len;
}

/* The text within exactly one quoted JSON string; else NULL. Put into a list, since the reader wants one or an object. */
static json_t *quoted(struct gbx_slice value)
{
	GBX_AUTO_BYTES struct gbx_bytes list = {0};
	GBX_AUTO_JSON json_t *json = NULL;

	if (value.len < 2 || value.data[0] != '"' || value.data[value.len - 1] != '"')
		return NULL;
	if (gbx_bytes_printf(&list, NULL, "[%s]", (const char *)value.data) ||
	    gbx_json_parse(gbx_slice_of(&list), list.len, "--param", &json, NULL))
		return NULL;
	json_t *text = json_array_size(json) == 1 ? json_array_get(json, 0) : NULL;
	return json_is_string(text) ? json_incref(text) : NULL;
}

static int add_typed(struct gbx_parameters *list, struct gbx_slice name, struct gbx_slice value, struct gbx_error *err)
{
	GBX_AUTO_JSON json_t *text = quoted(value);

	if (text)
		return add(list, name, GBX_PARAMETER_TEXT, gbx_slice_text(json_string_value(text)), false, err);
	if (gbx_slice_is(value, "true") || gbx_slice_is(value, "false"))
		return add(list, name, GBX_PARAMETER_BOOLEAN, value, value.data[0] == 't', err);
	if (gbx_slice_is(value, "null"))
		return add(list, name, GBX_PARAMETER_NULL, value, false, err);
	return add(list, name, is_number(value) ? GBX_PARAMETER_NUMBER : GBX_PARAMETER_TEXT, value, false, err);
}

int gbx_parameter_parse(const char *option, struct gbx_parameters *list, struct gbx_error *err)
{
	const char *equals = strchr(option, '=');
	char shown[120];

	gbx_printable_in(gbx_slice_text(option), shown, sizeof shown);
	if (!equals)
		return gbx_fail(err, GBX_E_USAGE, "--param '%s': expected NAME=VALUE, for example --param lr=3e-4", shown);
	if (equals == option)
		return gbx_fail(err, GBX_E_USAGE, "--param '%s': the name before '=' is empty; expected NAME=VALUE", shown);
	struct gbx_slice name = gbx_slice(option, (size_t)(equals - option));
	if (name.len > GBX_LIMIT_PATH)
		return gbx_fail(err, GBX_E_USAGE, "--param '%s': a name of %zu bytes; at most %u are recorded", shown, name.len,
				GBX_LIMIT_PATH);
	if (!gbx_is_utf8(gbx_slice_text(option)))
		return gbx_fail(err, GBX_E_USAGE, "--param '%s': not UTF-8; names and values of parameters are text", shown);
	return add_typed(list, name, gbx_slice_text(equals + 1), err);
}

/* What a config is flattened into. */
struct flat {
	struct gbx_config *config;
	struct gbx_bytes name; /* of the value at hand */
	size_t bytes;
	struct gbx_error *err;
};

static int add_value(struct flat *f, enum gbx_parameter_kind kind, struct gbx_slice text, bool boolean)
{
	struct gbx_parameters *list = &f->config->parameters;

	if (f->name.len > GBX_LIMIT_PATH) {
		f->config->skipped++;
		return 0;
	}
	f->bytes += f->name.len + text.len;
	if (list->len == GBX_LIMIT_PARAMETERS || f->bytes > GBX_LIMIT_PARAMETER_BYTES)
		return gbx_fail(f->err, GBX_E_LIMIT, "more than %u parameters, or %u bytes of them", GBX_LIMIT_PARAMETERS, GBX_LIMIT_PARAMETER_BYTES);
	return add(list, gbx_slice_of(&f->name), kind, text, boolean, f->err);
}

static int add_json(struct flat *f, const json_t *value)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	int rc = gbx_json_write(value, &text, f->err);

	return rc ? rc : add_value(f, GBX_PARAMETER_JSON, gbx_slice_of(&text), false);
}

static int add_scalar(struct flat *f, const json_t *value)
{
	char number[40];

	if (json_is_string(value))
		return add_value(f, GBX_PARAMETER_TEXT, gbx_slice_text(json_string_value(value)), false);
	if (json_is_boolean(value))
		return add_value(f, GBX_PARAMETER_BOOLEAN, gbx_slice("", 0), json_is_true(value));
	if (json_is_null(value))
		return add_value(f, GBX_PARAMETER_NULL, gbx_slice("", 0), false);
	gbx_json_number_text(value, number);
	return add_value(f, GBX_PARAMETER_NUMBER, gbx_slice_text(number), false);
}

static int append_key(struct gbx_bytes *name, const char *key, struct gbx_error *err)
{
	int rc = *key ? 0 : gbx_bytes_append(name, "\\e", 2, err);

	for (const char *c = key; rc == 0 && *c; c++) {
		if (*c == '.' || *c == '\\')
			rc = gbx_bytes_append(name, "\\", 1, err);
		if (rc == 0)
			rc = gbx_bytes_append(name, c, 1, err);
	}
	return rc;
}

static bool is_flat_list(const json_t *value)
{
	for (size_t i = 0; i < json_array_size(value); i++)
		if (json_is_object(json_array_get(value, i)) || json_is_array(json_array_get(value, i)))
			return false;
	return true;
}

static int flatten(struct flat *f, const json_t *value);

/* The reader bounds the depth. */
static int flatten_member(struct flat *f, const char *key, const json_t *value)
{
	size_t was = f->name.len;
	int rc = was ? gbx_bytes_append(&f->name, ".", 1, f->err) : 0;

	if (rc == 0)
		rc = append_key(&f->name, key, f->err);
	if (rc == 0)
		rc = flatten(f, value);
	f->name.len = was;
	return rc;
}

static int flatten_list(struct flat *f, const json_t *list)
{
	char index[24];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
		snprintf(index, sizeof index, "%zu", i);
		rc = flatten_member(f, index, json_array_get(list, i));
	}
	return rc;
}

static int flatten(struct flat *f, const json_t *value)
{
	const char *key;
	json_t *member;
	int rc = 0;

	if (json_is_array(value))
		return is_flat_list(value) ? add_json(f, value) : flatten_list(f, value);
	if (!json_is_object(value))
		return add_scalar(f, value);
	if (json_object_size(value) == 0 && f->name.len)
		return add_json(f, value);
	json_object_foreach((json_t *)(uintptr_t)value, key, member)
		if (rc == 0)
			rc = flatten_member(f, key, member);
	return rc;
}

static void set_reason(struct gbx_config *c, int reason, const char *why)
{
	c->reason = reason;
	snprintf(c->why, sizeof c->why, "%s", why);
}

static bool named_json(const char *path)
{
	const char *dot = strrchr(gbx_path_base(path), '.');

	return dot && strcasecmp(dot, ".json") == 0;
}

static int parse(const char *path, struct gbx_config *c, struct gbx_error *err)
{
	GBX_AUTO_JSON json_t *json = NULL;
	struct gbx_error why = {0};
	struct flat f = {.config = c, .err = &why};
	int rc = gbx_json_parse(gbx_slice_of(&c->content), GBX_LIMIT_CONFIG, gbx_path_base(path), &json, &why);

	if (rc == GBX_E_MALFORMED && !named_json(path)) {
		set_reason(c, GLASSBOX__GAP__REASON__NOT_SUPPORTED, "not JSON: recorded by its digest only");
		return 0;
	}
	if (rc == 0 && !json_is_object(json)) {
		set_reason(c, GLASSBOX__GAP__REASON__NOT_SUPPORTED, "the top of the JSON is not an object with names");
		return 0;
	}
	if (rc == 0)
		rc = flatten(&f, json);
	gbx_bytes_free(&f.name);
	if (rc == GBX_E_NOMEM)
		return gbx_fail(err, rc, "%s", why.line);
	if (rc) {
		gbx_parameters_free(&c->parameters);
		c->skipped = 0;
		set_reason(c, (int)gbx_gap_reason(&why), why.line);
	}
	c->format = rc ? "" : "json";
	return 0;
}

/* Too large to be kept in memory: read once more, for the digest alone. */
static int digest_only(int fd, struct gbx_config *c, struct gbx_error *why)
{
	GBX_AUTO_HASH struct gbx_hash *h = NULL;
	uint8_t part[16384];
	size_t got = 1;
	int rc = gbx_hash_new(&h, GBX_SHA256, why);

	if (rc == 0)
		gbx_hash_start(h);
	for (c->size = 0; rc == 0 && got; c->size += got) {
		rc = gbx_read(fd, part, sizeof part, &got, why);
		if (rc == 0)
			gbx_hash_update(h, part, got);
	}
	return rc ? rc : gbx_hash_final(h, c->sha256, why);
}

static int read_content(const char *path, struct gbx_config *c, struct gbx_error *why)
{
	GBX_AUTO_FD int fd = -1;
	int rc = gbx_load_file(path, GBX_LIMIT_CONFIG, &c->content, why);

	if (rc == 0) {
		c->size = c->content.len;
		rc = gbx_sha256(gbx_slice_of(&c->content), c->sha256, why);
	} else if (rc == GBX_E_LIMIT) {
		gbx_bytes_free(&c->content);
		set_reason(c, GLASSBOX__GAP__REASON__TOO_LARGE, why->line);
		rc = gbx_open_read(path, &fd, why);
		if (rc == 0)
			rc = digest_only(fd, c, why);
	}
	c->read = rc == 0;
	return rc;
}

int gbx_config_read(const char *path, struct gbx_config *out, struct gbx_error *err)
{
	GBX_AUTO_CONFIG struct gbx_config c = {.format = ""};
	struct gbx_error why = {0};
	int rc = read_content(path, &c, &why);

	if (rc == GBX_E_NOMEM || rc == GBX_E_CRYPTO)
		return gbx_fail(err, rc, "%s", why.line);
	/* The one thing that is malformed before it is parsed: no regular file. */
	if (rc)
		set_reason(&c, rc == GBX_E_MALFORMED ? GLASSBOX__GAP__REASON__NOT_REGULAR : (int)gbx_gap_reason(&why), why.line);
	else if (c.reason == 0)
		rc = parse(path, &c, err);
	if (rc == GBX_E_NOMEM)
		return rc;
	*out = c;
	c = (struct gbx_config){0};
	return 0;
}

void gbx_config_free(struct gbx_config *config)
{
	gbx_bytes_free(&config->content);
	gbx_parameters_free(&config->parameters);
	*config = (struct gbx_config){0};
}

bool gbx_parameter_is_large(const struct gbx_parameter *p)
{
	return p->text && strlen(p->text) > GBX_LIMIT_BODY / 2;
}

int gbx_parameter_json(const struct gbx_parameter *p, struct gbx_bytes *out, struct gbx_error *err)
{
	if (p->kind == GBX_PARAMETER_TEXT) {
		GBX_AUTO_JSON json_t *text = json_string(p->text);
		return gbx_json_write(text, out, err);
	}
	const char *json = p->text;
	if (p->kind == GBX_PARAMETER_BOOLEAN)
		json = p->boolean ? "true" : "false";
	else if (p->kind == GBX_PARAMETER_NULL)
		json = "null";
	return gbx_bytes_append(out, json, strlen(json), err);
}

void gbx_parameter_message(const struct gbx_parameter *p, Glassbox__Parameter *m)
{
	m->name = p->name;
	m->value_case = GLASSBOX__PARAMETER__VALUE__NOT_SET;
	if (gbx_parameter_is_large(p))
		return;
	switch (p->kind) {
	case GBX_PARAMETER_TEXT:
		m->value_case = GLASSBOX__PARAMETER__VALUE_TEXT;
		m->text = p->text;
		break;
	case GBX_PARAMETER_NUMBER:
		m->value_case = GLASSBOX__PARAMETER__VALUE_NUMBER;
		m->number = p->text;
		break;
	case GBX_PARAMETER_BOOLEAN:
		m->value_case = GLASSBOX__PARAMETER__VALUE_BOOLEAN;
		m->boolean = p->boolean;
		break;
	case GBX_PARAMETER_NULL:
		m->value_case = GLASSBOX__PARAMETER__VALUE_NULL;
		m->null = true;
		break;
	case GBX_PARAMETER_JSON:
		m->value_case = GLASSBOX__PARAMETER__VALUE_JSON;
		m->json = p->text;
		break;
	}
}
