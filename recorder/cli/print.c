#include <stdio.h>

#include "base/json.h"
#include "capture/secrets.h"
#include "cli/cli.h"
#include "cli/output.h"

static const struct gbx_secret_user *secrets;

void gbx_use_secrets(const struct gbx_secret_user *user)
{
	secrets = user;
}

/* Standard error ends up in the logs of schedulers and services, which other people read. Without memory for looking nothing is said that
 * may hold a secret. */
void gbx_hide_secrets(char *line, size_t size)
{
	GBX_AUTO_SCANNER struct gbx_scanner *scanner = NULL;
	GBX_AUTO_BYTES struct gbx_bytes clean = {0};
	struct gbx_error err;
	size_t hits = 0;
	int rc = gbx_scanner_for(secrets, &scanner, &err);

	if (rc == 0)
		rc = gbx_secrets_mask(scanner, gbx_slice_text(line), &clean, &hits, &err);
	if (rc)
		snprintf(line, size, "%s", err.line);
	else if (hits)
		snprintf(line, size, "%.*s", (int)clean.len, (const char *)clean.data);
}

void gbx_say(const char *line)
{
	char plain[2048];

	snprintf(plain, sizeof plain, "%s", line);
	gbx_hide_secrets(plain, sizeof plain);
	gbx_make_plain(plain);
	fprintf(stderr, "glassbox: %s\n", plain);
}

void gbx_say_lines(const char *lines)
{
	struct gbx_slice rest = gbx_slice_text(lines ? lines : ""), line;
	char text[1024];

	while (gbx_take_line(&rest, &line)) {
		snprintf(text, sizeof text, "%.*s", (int)line.len, (const char *)line.data);
		gbx_say(text);
	}
}

bool gbx_tell_trouble(const struct gbx_run_view *v)
{
	GBX_AUTO_BYTES struct gbx_bytes lines = {0};
	struct gbx_error err;

	if (v->state == GBX_RUNNING)
		return false;
	if (gbx_run_trouble(v, &lines, &err)) {
		gbx_say(err.line);
		return true;
	}
	if (!v->streams && gbx_bytes_printf(&lines, &err, "run %s: none of its records can be read; restore its folder 'journal' in the store from a copy\n", v->run))
		gbx_say(err.line);
	gbx_say_lines((char *)lines.data);
	return lines.len > 0 || !v->streams;
}

int gbx_complain(const struct gbx_error *err)
{
	gbx_say(err->line);
	switch (err->code) {
	case GBX_E_BAD:
		return GBX_EXIT_BAD;
	case GBX_E_USAGE:
	case GBX_E_REFUSED:
	case GBX_E_EXISTS:
		return GBX_EXIT_USAGE;
	default:
		return GBX_EXIT_UNSURE;
	}
}

int gbx_end_output(int status)
{
	struct gbx_error err;

	return gbx_output_end(&err) ? gbx_complain(&err) : status;
}

int gbx_print_json(json_t *json, int status)
{
	GBX_AUTO_BYTES struct gbx_bytes out = {0};
	struct gbx_error err;
	int rc = gbx_json_write(json, &out, &err);

	json_decref(json);
	if (rc)
		return gbx_complain(&err);
	printf("%s\n", (char *)out.data);
	return gbx_end_output(status);
}

json_t *gbx_json_hex(const uint8_t *data, size_t len)
{
	char text[2 * 64 + 1];

	gbx_hex(data, len < 64 ? len : 64, text);
	return json_string(text);
}

json_t *gbx_json_time(uint64_t nanos)
{
	char text[32];

	gbx_time_text(nanos, text);
	return json_string(text);
}

json_t *gbx_json_bytes(struct gbx_slice text)
{
	GBX_AUTO_BYTES struct gbx_bytes shown = {0};

	if (gbx_is_utf8(text))
		return json_stringn((const char *)text.data, text.len);
	return gbx_printable(text, &shown, NULL) ? json_null() : json_string((char *)shown.data);
}
