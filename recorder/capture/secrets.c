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

void gbx_secrets_widen(struct gbx_slice text, size_t least, struct gbx_secret_hit *hit)
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
		gbx_secrets_widen(text, done, &hit);
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

#define TOGETHER 4096

/* The rule by which a value is secret behind its name, as a file would have both: "_auth=..."; NULL: none. */
static const char *rule_together(const struct gbx_scanner *s, struct gbx_slice name, struct gbx_slice value)
{
	uint8_t both[TOGETHER];
	size_t len = name.len + 1 + value.len;

	if (name.len == 0 || value.len == 0 || len > sizeof both)
		return NULL;
	memcpy(both, name.data, name.len);
	both[name.len] = '=';
	memcpy(both + name.len + 1, value.data, value.len);
	return gbx_scan_first(s, gbx_slice(both, len));
}

int gbx_secrets_mask_value(const struct gbx_scanner *s, struct gbx_slice name, struct gbx_slice value, struct gbx_bytes *out,
			   size_t *hits, struct gbx_error *err)
{
	bool allowed = gbx_scanner_allows(s, value);
	const char *rule = !allowed && gbx_secret_value(name, value) ? "named" : NULL;
	size_t len = out->len, found = 0;

	int rc = rule ? 0 : gbx_secrets_mask(s, value, out, &found, err);
	if (rc == 0 && !rule && found == 0 && !allowed)
		rule = rule_together(s, name, value);
	*hits += rule ? 1 : found;
	if (rc || !rule)
		return rc;
	out->len = len;
	return append_rule(out, rule, err);
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

static bool all_digits(struct gbx_slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	return true;
}

/* "me:password", as curl has it behind -u; not "1000:1000" or "me:me", which are user and group. */
static bool is_login(struct gbx_slice text)
{
	const uint8_t *colon = text.len ? memchr(text.data, ':', text.len) : NULL;
	struct gbx_slice user = gbx_slice(text.data, colon ? (size_t)(colon - text.data) : 0);

	if (user.len == 0 || memchr(text.data, '/', text.len))
		return false;
	struct gbx_slice password = gbx_slice(colon + 1, text.len - user.len - 1);
	return password.len > 2 && !gbx_slice_equal(user, password) && !all_digits(password) && !gbx_secret_is_placeholder(password);
}

/* "TOKEN@host:path" */
static bool is_token_of_ssh(struct gbx_slice text)
{
	const uint8_t *at = text.len ? memchr(text.data, '@', text.len) : NULL;
	size_t user = at ? (size_t)(at - text.data) : 0;

	return user && memchr(at, ':', text.len - user) && gbx_secret_is_random(gbx_slice(text.data, user));
}

static bool is_user_option(struct gbx_slice name)
{
	return gbx_slice_is(name, "-u") || gbx_slice_is(name, "--user") || gbx_slice_is(name, "--proxy-user");
}

/* The value of an option: forms that say nothing by themselves. */
static int mask_of_option(const struct gbx_scanner *s, struct gbx_slice name, struct gbx_slice value, struct gbx_bytes *out, size_t *hits,
			  struct gbx_error *err)
{
	if (!is_user_option(name) || !is_login(value))
		return gbx_secrets_mask_value(s, name, value, out, hits, err);
	++*hits;
	return append_rule(out, "user-password", err);
}

/* An argument that no name stands before: "-uME:PASSWORD", "-pTOKEN" and "TOKEN@host:path" are known by their form. */
static int mask_alone(const struct gbx_scanner *s, struct gbx_slice argument, struct gbx_bytes *out, size_t *hits, struct gbx_error *err)
{
	struct gbx_slice glued = argument.len > 2 ? gbx_slice(argument.data + 2, argument.len - 2) : (struct gbx_slice){0};
	bool login = gbx_slice_starts(argument, "-u") && is_login(glued), token = is_token_of_ssh(argument);
	bool password = gbx_slice_starts(argument, "-p") && gbx_secret_is_random(glued);

	if (!login && !token && !password)
		return gbx_secrets_mask(s, argument, out, hits, err);
	++*hits;
	int rc = password ? append_text(out, "-p", err) : 0;
	return rc ? rc : append_rule(out, password ? "named" : login ? "user-password" : "user-token", err);
}

int gbx_secrets_mask_argument(const struct gbx_scanner *s, struct gbx_slice before, struct gbx_slice argument, struct gbx_bytes *out,
			      size_t *hits, struct gbx_error *err)
{
	size_t name = name_length(argument);
	bool is_option = argument.len && argument.data[0] == '-';

	if (name) {
		int rc = gbx_bytes_append(out, argument.data, name + 1, err);
		struct gbx_slice value = gbx_slice(argument.data + name + 1, argument.len - name - 1);
		return rc ? rc : mask_of_option(s, gbx_slice(argument.data, name), value, out, hits, err);
	}
	if (!is_option && before.len > 1 && before.data[0] == '-' && name_length(before) == 0)
		return mask_of_option(s, before, argument, out, hits, err);
	return mask_alone(s, argument, out, hits, err);
}

#define WINDOW (48u * 1024)
#define OVERLAP (8u * 1024) /* what looks at two windows: no secret but a private key is as long */

/* UTF-16 or UTF-32: a mark at its beginning, or many zeros. */
static bool is_wide(struct gbx_slice text)
{
	size_t look = text.len < 4096 ? text.len : 4096, zeros = 0;

	if (text.len < 8)
		return false;
	for (size_t i = 0; i < look; i++)
		zeros += text.data[i] == 0;
	unsigned mark = gbx_get_le16(text.data);
	return mark == 0xfeff || mark == 0xfffe || zeros * 4 >= look;
}

/* Such text without its zeros has the letters of a secret side by side, whichever of its bytes come first. */
static const char *first_in_wide(const struct gbx_scanner *s, struct gbx_slice text)
{
	uint8_t window[WINDOW];
	const char *rule = NULL;
	size_t len = 0;

	for (size_t at = 0; at < text.len && !rule;) {
		for (; at < text.len && len < WINDOW; at++)
			if (text.data[at])
				window[len++] = text.data[at];
		rule = gbx_scan_first(s, gbx_slice(window, len));
		if (len == WINDOW) {
			memmove(window, window + WINDOW - OVERLAP, OVERLAP);
			len = OVERLAP;
		}
	}
	return rule;
}

const char *gbx_secrets_first(const struct gbx_scanner *s, struct gbx_slice content)
{
	const char *rule = gbx_scan_first(s, content);

	return rule || !is_wide(content) ? rule : first_in_wide(s, content);
}
