#include "capture/parameters.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "capture/decimal.h"

static void free_parameter(struct gbx_parameter *p)
{
	gbx_free(p->name);
	gbx_free(p->text);
}

void gbx_parameters_cut(struct gbx_parameters *list, size_t len)
{
	while (list->len > len)
		free_parameter(&list->parameter[--list->len]);
}

void gbx_parameters_free(struct gbx_parameters *list)
{
	gbx_parameters_cut(list, 0);
	gbx_free(list->parameter);
	*list = (struct gbx_parameters){0};
}

static bool has_text(enum gbx_parameter_kind kind)
{
	return kind == GBX_PARAMETER_TEXT || kind == GBX_PARAMETER_NUMBER || kind == GBX_PARAMETER_JSON;
}

int gbx_parameters_add(struct gbx_parameters *list, struct gbx_slice name, const struct gbx_typed *value, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&list->parameter, &list->cap, list->len, sizeof *list->parameter, err);

	if (rc)
		return rc;
	struct gbx_parameter p = {.name = gbx_memdup(name.data, name.len), .kind = value->kind, .boolean = value->boolean};
	if (has_text(value->kind))
		p.text = gbx_memdup(value->text.data, value->text.len);
	if (!p.name || (has_text(value->kind) && !p.text)) {
		free_parameter(&p);
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a parameter");
	}
	list->parameter[list->len++] = p;
	return 0;
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
	struct gbx_typed typed = {.kind = GBX_PARAMETER_TEXT, .text = text ? gbx_slice_text(json_string_value(text)) : value};

	if (text)
		return gbx_parameters_add(list, name, &typed, err);
	if (gbx_slice_is(value, "true") || gbx_slice_is(value, "false"))
		typed = (struct gbx_typed){.kind = GBX_PARAMETER_BOOLEAN, .boolean = value.data[0] == 't'};
	else if (gbx_slice_is(value, "null"))
		typed.kind = GBX_PARAMETER_NULL;
	else if (gbx_is_decimal(value))
		typed.kind = GBX_PARAMETER_NUMBER;
	return gbx_parameters_add(list, name, &typed, err);
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

bool gbx_parameter_is_large(const struct gbx_parameter *p)
{
	return p->text && strlen(p->text) > GBX_LIMIT_BODY / 2;
}

int gbx_parameter_json(const struct gbx_parameter *p, struct gbx_bytes *out, struct gbx_error *err)
{
	if (p->kind == GBX_PARAMETER_TEXT)
		return gbx_json_quote(gbx_slice_text(p->text), out, err);
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
