#include "capture/remote.h"

#include <strings.h>

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

int gbx_remote_clean(const char *url, struct gbx_bytes *out, bool *credentials, struct gbx_error *err)
{
	const char *scheme = strstr(url, "://");
	size_t before = scheme ? (size_t)(scheme - url) : 0;
	bool ssh = ends(url, before, "ssh");
	bool http = ends(url, before, "http") || ends(url, before, "https");

	*credentials = false;
	if (!scheme)
		return gbx_bytes_append(out, url, strlen(url), err);
	const char *host = scheme + 3;
	size_t len = strcspn(host, "/?#"), user = 0;
	/* The last one: a password may hold an '@'. */
	for (size_t i = len; i > 0 && user == 0; i--)
		user = host[i - 1] == '@' ? i : 0;
	size_t kept = user ? kept_user(ssh, host, user - 1) : 0;
	int rc = gbx_bytes_append(out, url, before + 3 + kept, err);
	if (rc == 0 && kept)
		rc = gbx_bytes_append(out, "@", 1, err);
	size_t rest = http ? strcspn(host, "?#") : strlen(host);
	if (rc == 0)
		rc = gbx_bytes_append(out, host + user, rest - user, err);
	*credentials = (user && kept + 1 != user) || host[rest] != 0;
	return rc;
}
