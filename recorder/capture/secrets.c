#include "capture/secrets.h"

static int append_text(struct gbx_bytes *out, const char *text, struct gbx_error *err)
{
	return gbx_bytes_append(out, text, strlen(text), err);
}

static int append_rule(struct gbx_bytes *out, const char *rule, struct gbx_error *err)
{
	int rc = append_text(out, "{secret:", err);

	if (rc == 0)
		rc = append_text(out, rule, err);
	return rc ? rc : append_text(out, "}", err);
}

static bool parts_words(uint8_t c)
{
	return c <= ' ' || c == '"' || c == '\'' || c == '`' || c == ',' || c == ';' || c == '&';
}

/* To the word that a hit lies in, so that none is left in half. */
static void widen(struct gbx_slice text, size_t least, struct gbx_secret_hit *hit)
{
	while (hit->from > least && !parts_words(text.data[hit->from - 1]) && text.data[hit->from - 1] != '=')
		hit->from--;
	while (hit->to < text.len && !parts_words(text.data[hit->to]))
		hit->to++;
}

int gbx_secrets_mask(const struct gbx_scanner *s, struct gbx_slice text, struct gbx_bytes *out, size_t *hits, struct gbx_error *err)
{
	struct gbx_scan scan;
	struct gbx_secret_hit hit;
	size_t done = 0;
	int rc = 0;

	gbx_scan_begin(&scan, s, text);
	while (rc == 0 && gbx_scan_next(&scan, &hit)) {
		if (hit.to <= done)
			continue;
		widen(text, done, &hit);
		if (hit.from > done)
			rc = gbx_bytes_append(out, text.data + done, hit.from - done, err);
		if (rc == 0)
			rc = append_rule(out, hit.rule, err);
		done = hit.to;
		++*hits;
	}
	if (rc == 0 && text.len > done)
		rc = gbx_bytes_append(out, text.data + done, text.len - done, err);
	return rc;
}

int gbx_secrets_mask_value(const struct gbx_scanner *s, struct gbx_slice name, struct gbx_slice value, struct gbx_bytes *out,
			   size_t *hits, struct gbx_error *err)
{
	if (!gbx_secret_value(name, value))
		return gbx_secrets_mask(s, value, out, hits, err);
	++*hits;
	return append_rule(out, "named", err);
}

/* "--token=x", "hub.token=x" as Hydra has it, "HF_TOKEN=x" as env has it; 0: no such form. */
static size_t name_length(struct gbx_slice argument)
{
	const uint8_t *equals = argument.len ? memchr(argument.data, '=', argument.len) : NULL;
	size_t len = equals ? (size_t)(equals - argument.data) : 0;

	for (size_t i = 0; i < len; i++)
		if (argument.data[i] <= ' ' || strchr("\"'`;&|()<>/?", argument.data[i]))
			return 0;
	return len;
}

int gbx_secrets_mask_argument(const struct gbx_scanner *s, struct gbx_slice before, struct gbx_slice argument, struct gbx_bytes *out,
			      size_t *hits, struct gbx_error *err)
{
	size_t name = name_length(argument);
	bool is_option = argument.len && argument.data[0] == '-';

	if (name) {
		int rc = gbx_bytes_append(out, argument.data, name + 1, err);
		struct gbx_slice value = gbx_slice(argument.data + name + 1, argument.len - name - 1);
		return rc ? rc : gbx_secrets_mask_value(s, gbx_slice(argument.data, name), value, out, hits, err);
	}
	if (!is_option && before.len > 1 && before.data[0] == '-' && name_length(before) == 0)
		return gbx_secrets_mask_value(s, before, argument, out, hits, err);
	return gbx_secrets_mask(s, argument, out, hits, err);
}
