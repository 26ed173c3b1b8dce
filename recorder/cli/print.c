#include <stdio.h>

#include "base/json.h"
#include "cli/cli.h"

void gbx_say(const char *line)
{
	char plain[2048];

	snprintf(plain, sizeof plain, "%s", line);
	gbx_make_plain(plain);
	fprintf(stderr, "glassbox: %s\n", plain);
}

void gbx_tell_trouble(const struct gbx_run_view *v)
{
	char line[1400], path[600];

	if (v->strange && v->state != GBX_RUNNING) {
		snprintf(line, sizeof line, "run %s: %s%s", v->run, v->trouble, v->strange > 1 ? " (and others)" : "");
		gbx_say(line);
	}
	if (v->seals > 1) {
		snprintf(line, sizeof line, "run %s was sealed %zu times, on several machines at once; the first seal by its time counts", v->run,
			 v->seals);
		gbx_say(line);
	}
	for (size_t i = 0; i < v->streams; i++) {
		if (v->stream[i].intact)
			continue;
		snprintf(line, sizeof line, "run %s: '%s' cannot be read behind its first %llu records: %s", v->run,
			 gbx_printable_in(gbx_slice_text(v->stream[i].path), path, sizeof path),
			 (unsigned long long)v->stream[i].head.size, v->stream[i].trouble);
		gbx_say(line);
	}
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

int gbx_print_json(json_t *json, int status)
{
	GBX_AUTO_BYTES struct gbx_bytes out = {0};
	struct gbx_error err;
	int rc = gbx_json_write(json, &out, &err);

	json_decref(json);
	if (rc)
		return gbx_complain(&err);
	printf("%s\n", (char *)out.data);
	return fflush(stdout) || ferror(stdout) ? GBX_EXIT_UNSURE : status;
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
