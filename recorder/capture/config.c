#include "capture/config.h"

#include <stdio.h>
#include <strings.h>

#include "base/limits.h"
#include "capture/flatten.h"
#include "digest/files.h"

static void set_reason(struct gbx_config *c, int reason, const char *why)
{
	c->reason = reason;
	snprintf(c->why, sizeof c->why, "%s", why);
}

/* By its name: what a file holds does not tell. TOML and Python are now and then YAML, too. */
static const char *format_of(const char *path)
{
	static const char *const formats[][2] = {{".json", "json"}, {".yaml", "yaml"}, {".yml", "yaml"}};
	const char *dot = strrchr(gbx_path_base(path), '.');

	for (size_t i = 0; dot && i < sizeof formats / sizeof *formats; i++)
		if (strcasecmp(dot, formats[i][0]) == 0)
			return formats[i][1];
	return "";
}

static int read_document(const char *path, const struct gbx_config *c, const char *format, struct gbx_document *d, struct gbx_error *why)
{
	struct gbx_slice text = gbx_slice_of(&c->content);

	return strcmp(format, "yaml") == 0 ? gbx_document_yaml(text, gbx_path_base(path), d, why)
					   : gbx_document_json(text, gbx_path_base(path), d, why);
}

static void drop_parameters(struct gbx_config *c, const struct gbx_error *why)
{
	gbx_parameters_free(&c->parameters);
	c->skipped = 0;
	set_reason(c, (int)gbx_gap_reason(why), why->line);
}

static int parse(const char *path, struct gbx_config *c, struct gbx_error *err)
{
	GBX_AUTO_DOCUMENT struct gbx_document d = {0};
	const char *format = format_of(path);
	struct gbx_error why = {0};
	int rc = read_document(path, c, format, &d, &why);

	if (rc == GBX_E_MALFORMED && !*format) {
		set_reason(c, GLASSBOX__GAP__REASON__NOT_PARSED, "neither named .yaml nor JSON: recorded by its digest only");
		return 0;
	}
	if (rc == 0 && d.top && d.top->kind != GBX_VALUE_MAP) {
		set_reason(c, GLASSBOX__GAP__REASON__NOT_PARSED, "at its top are no names with values: recorded by its digest only");
		return 0;
	}
	if (rc == 0 && d.top)
		rc = gbx_flatten((struct gbx_slice){0}, d.top, &c->parameters, &c->skipped, &why);
	if (rc == GBX_E_NOMEM)
		return gbx_fail(err, rc, "%s", why.line);
	if (rc)
		drop_parameters(c, &why);
	else
		c->format = *format ? format : "json";
	c->strange = rc ? 0 : d.strange;
	return 0;
}

/* One that is too large is not read to its end: the job waits for us. */
static int read_content(const char *path, struct gbx_config *c, struct gbx_error *why)
{
	int rc = gbx_load_file(path, GBX_LIMIT_CONFIG, &c->content, why);

	if (rc == 0)
		rc = gbx_sha256(gbx_slice_of(&c->content), c->sha256, why);
	if (rc)
		gbx_bytes_free(&c->content);
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
	else
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

static int hex_digit(uint8_t c)
{
	uint8_t low = (uint8_t)(c | 0x20);

	if (c >= '0' && c <= '9')
		return c - '0';
	return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* The character that an escape stands for, where it is one of ASCII, and its length; else 0. JSON, YAML, TOML and Python write these. */
static size_t escaped(struct gbx_slice text, size_t at, uint8_t *out)
{
	size_t left = text.len - at, n = left < 2 ? 0 : text.data[at + 1] == 'x' ? 2 : text.data[at + 1] == 'u' ? 4 : text.data[at + 1] == 'U' ? 8 : 0;
	uint32_t point = 0;

	if (left > 1 && text.data[at + 1] == '/') {
		*out = '/';
		return 2;
	}
	if (n == 0 || left < 2 + n)
		return 0;
	for (size_t i = 0; i < n; i++) {
		int digit = hex_digit(text.data[at + 2 + i]);
		if (digit < 0)
			return 0;
		point = point << 4 | (uint32_t)digit;
	}
	*out = (uint8_t)point;
	return point >= ' ' && point < 0x7f ? 2 + n : 0;
}

static int unescape(struct gbx_slice text, struct gbx_bytes *out, struct gbx_error *err)
{
	int rc = gbx_bytes_reserve(out, text.len + 1, err);

	for (size_t at = 0; rc == 0 && at < text.len;) {
		const uint8_t *next = memchr(text.data + at, '\\', text.len - at);
		size_t plain = next ? (size_t)(next - text.data) - at : text.len - at;
		uint8_t c;
		rc = gbx_bytes_append(out, text.data + at, plain, err);
		at += plain;
		if (rc || !next)
			break;
		size_t len = escaped(text, at, &c);
		/* Another one takes the byte behind it along: "\\x" is no \x. */
		size_t other = text.len - at < 2 ? 1 : 2;
		rc = len ? gbx_bytes_append(out, &c, 1, err) : gbx_bytes_append(out, text.data + at, other, err);
		at += len ? len : other;
	}
	return rc;
}

int gbx_config_scan(const struct gbx_config *config, const struct gbx_scanner *scanner, bool *secret, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes plain = {0};
	struct gbx_slice text = gbx_slice_of(&config->content);

	*secret = text.len && gbx_secrets_first(scanner, text);
	if (*secret || !text.len || !memchr(text.data, '\\', text.len))
		return 0;
	int rc = unescape(text, &plain, err);
	*secret = rc == 0 && gbx_scan_first(scanner, gbx_slice_of(&plain));
	return rc;
}
