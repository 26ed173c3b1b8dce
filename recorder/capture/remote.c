#include "capture/remote.h"

#include <strings.h>

#define SCHEME "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-"

/* The user of ssh is a name, most often "git"; elsewhere it is a token as often as a name. */
static size_t kept_user(bool ssh, const char *user, size_t len)
{
	const char *colon = memchr(user, ':', len);

	return !ssh ? 0 : colon ? (size_t)(colon - user) : len;
}

/* "git+ssh" and the like are ssh, too. */
static bool ends(const char *scheme, size_t len, const char *with)
{
	size_t want = strlen(with);

	return len >= want && strncasecmp(scheme + len - want, with, want) == 0;
}

static bool is_http(const char *scheme, size_t len)
{
	return ends(scheme, len, "http") || ends(scheme, len, "https");
}

/* What stands before user and host: "https://", and "https:" or "https:/", which somebody meant so. 0: it is no URL. */
static size_t scheme_length(const char *url, size_t *name)
{
	size_t len = strspn(url, SCHEME);

	*name = len;
	if (len == 0 || url[len] != ':')
		return 0;
	if (strncmp(url + len, "://", 3) == 0)
		return len + 3;
	return is_http(url, len) || ends(url, len, "ftp") || ends(url, len, "ftps") ? len + 1 + strspn(url + len + 1, "/") : 0;
}

/* "user@host:path" of ssh, with no password that somebody wrote into the user. A path is kept as it is. */
static int clean_place(const char *url, struct gbx_bytes *out, bool *credentials, struct gbx_error *err)
{
	size_t len = strcspn(url, "/"), user = strcspn(url, "@");
	size_t kept = *url == '.' || user >= len ? len : kept_user(true, url, user);

	*credentials = kept < user && user < len;
	if (!*credentials)
		return gbx_bytes_append(out, url, strlen(url), err);
	/* The last one: a password may hold an '@'. */
	for (size_t i = user; i < len; i++)
		user = url[i] == '@' ? i : user;
	int rc = gbx_bytes_append(out, url, kept, err);
	return rc ? rc : gbx_bytes_append(out, url + user, strlen(url + user), err);
}

static int clean_url(const char *url, size_t before, size_t name, struct gbx_bytes *out, bool *credentials, struct gbx_error *err)
{
	bool ssh = ends(url, name, "ssh"), http = is_http(url, name);
	const char *host = url + before;
	size_t len = strcspn(host, "/?#"), user = 0;

	/* The last one: a password may hold an '@'. */
	for (size_t i = len; i > 0 && user == 0; i--)
		user = host[i - 1] == '@' ? i : 0;
	size_t kept = user ? kept_user(ssh, host, user - 1) : 0;
	int rc = gbx_bytes_append(out, url, before + kept, err);
	if (rc == 0 && kept)
		rc = gbx_bytes_append(out, "@", 1, err);
	size_t rest = http ? strcspn(host, "?#") : strlen(host);
	if (rc == 0)
		rc = gbx_bytes_append(out, host + user, rest - user, err);
	*credentials = (user && kept + 1 != user) || host[rest] != 0;
	return rc;
}

/* "helper::address": what the helper is given may be a URL; anything else, such as a command line, may hold anything. */
static int clean_helped(const char *url, size_t helper, struct gbx_bytes *out, bool *credentials, struct gbx_error *err)
{
	size_t name, before = scheme_length(url + helper, &name);
	int rc = gbx_bytes_append(out, url, helper, err);

	if (rc == 0 && before)
		return clean_url(url + helper, before, name, out, credentials, err);
	*credentials = url[helper] != 0;
	return rc;
}

int gbx_remote_clean(const char *url, struct gbx_bytes *out, bool *credentials, struct gbx_error *err)
{
	size_t name, before = scheme_length(url, &name);

	*credentials = false;
	if (name && strncmp(url + name, "::", 2) == 0)
		return clean_helped(url, name + 2, out, credentials, err);
	/* "://" behind something odd is an address all the same. */
	const char *odd = before ? NULL : strstr(url, "://");
	if (odd) {
		name = (size_t)(odd - url);
		before = name + 3;
	}
	return before ? clean_url(url, before, name, out, credentials, err) : clean_place(url, out, credentials, err);
}
