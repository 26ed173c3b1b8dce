#include "capture/direct_url.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "capture/remote.h"
#include "digest/hash.h"

/* An id or a digest in hex, of 20 or 32 bytes; anything else is left out. */
static int take_hex(struct gbx_software *s, const json_t *text, size_t shortest, ProtobufCBinaryData *out, struct gbx_error *err)
{
	struct gbx_slice hex = gbx_slice_text(json_is_string(text) ? json_string_value(text) : "");
	uint8_t *bytes = gbx_software_bytes(s, GBX_SHA256_LEN, err);

	if (!bytes)
		return GBX_E_NOMEM;
	if ((hex.len == 2 * shortest || hex.len == 2 * GBX_SHA256_LEN) && gbx_unhex(hex, bytes, hex.len / 2))
		*out = gbx_pb_bytes(bytes, hex.len / 2);
	return 0;
}

static int hex_digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* The path of a file's URL, which has %XX for what a URL cannot hold. */
static int take_path(struct gbx_software *s, const char *url, Glassbox__Package *p, struct gbx_error *err)
{
	size_t len = strlen(url), n = 0;
	char *path = gbx_software_text(s, gbx_slice(url, len), err);

	for (size_t i = 0; path && i < len; i++) {
		bool escaped = path[i] == '%' && i + 2 < len && hex_digit((uint8_t)path[i + 1]) >= 0 && hex_digit((uint8_t)path[i + 2]) >= 0;
		char byte = path[i];
		if (escaped)
			byte = (char)(hex_digit((uint8_t)path[i + 1]) << 4 | hex_digit((uint8_t)path[i + 2]));
		path[n++] = byte;
		i += escaped ? 2 : 0;
	}
	if (!path || *path != '/' || n > GBX_LIMIT_PATH)
		return path ? 0 : GBX_E_NOMEM;
	while (n > 1 && path[n - 1] == '/')
		n--;
	p->source = gbx_software_path(s, gbx_slice(path, n), err);
	return p->source ? 0 : GBX_E_NOMEM;
}

static int take_url(struct gbx_software *s, const char *url, Glassbox__Package *p, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes clean = {0};
	bool credentials;

	if (strncmp(url, "file://", 7) == 0)
		return take_path(s, url + 7, p, err);
	if (strlen(url) > GBX_LIMIT_PATH)
		return gbx_fail(err, GBX_E_LIMIT, "direct_url.json: a URL of more than %u bytes", GBX_LIMIT_PATH);
	int rc = gbx_remote_clean(url, &clean, &credentials, err);
	if (rc || clean.len == 0)
		return rc;
	p->url = gbx_software_text(s, gbx_slice_of(&clean), err);
	return p->url ? 0 : GBX_E_NOMEM;
}

int gbx_direct_url_read(struct gbx_software *s, struct gbx_slice text, Glassbox__Package *package, struct gbx_error *err)
{
	GBX_AUTO_JSON json_t *json = NULL;
	const char *url;
	int rc = gbx_json_parse(text, GBX_LIMIT_METADATA, "direct_url.json", &json, err);

	if (rc == 0 && !json_is_object(json))
		rc = gbx_fail(err, GBX_E_MALFORMED, "direct_url.json: expected an object");
	if (rc == 0)
		rc = gbx_json_text(json, "url", "direct_url.json", &url, err);
	if (rc == 0)
		rc = take_url(s, url, package, err);
	if (rc == 0)
		rc = take_hex(s, json_object_get(json_object_get(json, "vcs_info"), "commit_id"), 20, &package->commit, err);
	if (rc)
		return rc;
	package->editable = json_is_true(json_object_get(json_object_get(json, "dir_info"), "editable"));
	const json_t *archive = json_object_get(json, "archive_info");
	const char *hash = json_string_value(json_object_get(archive, "hash"));
	rc = take_hex(s, json_object_get(json_object_get(archive, "hashes"), "sha256"), GBX_SHA256_LEN, &package->archive, err);
	/* The older form of the same: sha256=HEX. */
	if (rc == 0 && package->archive.len == 0 && hash && strncmp(hash, "sha256=", 7) == 0) {
		GBX_AUTO_JSON json_t *old = json_string(hash + 7);
		rc = take_hex(s, old, GBX_SHA256_LEN, &package->archive, err);
	}
	return rc;
}
