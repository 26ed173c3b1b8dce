#include "bundle/layout.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

static const char layout_text[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

int gbx_layout_write(struct gbx_bytes *out, struct gbx_error *err)
{
	return gbx_bytes_append(out, layout_text, sizeof layout_text - 1, err);
}

/* An insertion into ours gives a spelling of skopeo's, so those count beside an index.json that is not ours only. The order in
 * which gbx_json_check_text and this list have them: compact, then indented. */
static bool is_known_spelling(struct gbx_slice text)
{
	static const char *const spelling[] = {
		layout_text,                                      /* oras, umoci */
		"{\"imageLayoutVersion\": \"1.0.0\"}",            /* skopeo, podman, buildah */
		"{\n    \"imageLayoutVersion\": \"1.0.0\"\n}",    /* crane */
		"{\n  \"imageLayoutVersion\": \"1.0.0\"\n}",
	};

	for (size_t i = 0; i < sizeof spelling / sizeof *spelling; i++)
		if (gbx_slice_is(text, spelling[i]))
			return true;
	return false;
}

int gbx_layout_read(struct gbx_slice text, bool ours, struct gbx_error *err)
{
	static const char *const known[] = {"imageLayoutVersion", NULL};
	GBX_AUTO_JSON json_t *json = NULL;
	const char *version;
	char shown[40];

	if (gbx_slice_is(text, layout_text) || (!ours && is_known_spelling(text)))
		return 0;
	int rc = gbx_json_parse(text, GBX_LIMIT_INDEX, GBX_LAYOUT_FILE, &json, err);
	if (rc == 0)
		rc = gbx_json_only(json, known, GBX_LAYOUT_FILE, err);
	if (rc == 0)
		rc = gbx_json_text(json, "imageLayoutVersion", GBX_LAYOUT_FILE, &version, err);
	if (rc)
		return rc;
	if (strcmp(version, "1.0.0") != 0)
		return gbx_fail(err, GBX_E_VERSION, GBX_LAYOUT_FILE ": imageLayoutVersion \"%s\", expected \"1.0.0\"",
				gbx_printable_in(gbx_slice_text(version), shown, sizeof shown));
	return gbx_fail(err, GBX_E_MALFORMED, GBX_LAYOUT_FILE ": needless white space or escapes, expected %s", layout_text);
}

static int put_descriptor(const char *media_type, uint64_t size, const uint8_t sha256[GBX_SHA256_LEN], struct gbx_bytes *out,
			  struct gbx_error *err)
{
	char hex[2 * GBX_SHA256_LEN + 1];

	gbx_hex(sha256, GBX_SHA256_LEN, hex);
	return gbx_bytes_printf(out, err, "{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\",\"size\":%llu", media_type, hex,
				(unsigned long long)size);
}

int gbx_index_write(const struct gbx_descriptor *manifest, struct gbx_bytes *out, struct gbx_error *err)
{
	int rc = gbx_bytes_printf(out, err, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[", GBX_MEDIA_INDEX);

	if (rc == 0)
		rc = put_descriptor(GBX_MEDIA_IMAGE_MANIFEST, manifest->size, manifest->sha256, out, err);
	return rc ? rc : gbx_bytes_printf(out, err, ",\"artifactType\":\"%s\"}]}", GBX_MEDIA_BUNDLE);
}

static int check_member(const json_t *object, const char *key, bool needed, const char *want, int code, struct gbx_error *err)
{
	const char *value;
	char shown[80];

	if (!needed && !json_object_get(object, key))
		return 0;
	int rc = gbx_json_text(object, key, GBX_INDEX_FILE, &value, err);
	if (rc == 0 && strcmp(value, want) != 0)
		rc = gbx_fail(err, code, GBX_INDEX_FILE ": %s \"%s\", expected \"%s\"", key,
			      gbx_printable_in(gbx_slice_text(value), shown, sizeof shown), want);
	return rc;
}

/* Ignored, but of the form that they must have. */
static int check_annotations(const json_t *object, struct gbx_error *err)
{
	json_t *annotations = json_object_get(object, "annotations"), *value;
	const char *key;

	if (!annotations)
		return 0;
	int rc = gbx_json_object(object, "annotations", GBX_INDEX_FILE, &annotations, err);
	if (rc)
		return rc;
	json_object_foreach(annotations, key, value)
		if (!json_is_string(value))
			return gbx_fail(err, GBX_E_MALFORMED, GBX_INDEX_FILE ": an annotation that is not text");
	return 0;
}

static bool parse_digest(struct gbx_slice text, uint8_t out[GBX_SHA256_LEN])
{
	struct gbx_slice name;

	return gbx_slice_starts(text, "sha256:") && gbx_take(&text, 7, &name) && gbx_unhex(text, out, GBX_SHA256_LEN);
}

static int read_descriptor(const json_t *object, struct gbx_descriptor *out, struct gbx_error *err)
{
	static const char *const known[] = {"mediaType", "digest", "size", "artifactType", "annotations", NULL};
	struct gbx_descriptor d;
	const char *digest;
	int rc = gbx_json_only(object, known, GBX_INDEX_FILE, err);

	if (rc == 0)
		rc = check_member(object, "mediaType", true, GBX_MEDIA_IMAGE_MANIFEST, GBX_E_MALFORMED, err);
	if (rc == 0)
		rc = check_member(object, "artifactType", false, GBX_MEDIA_BUNDLE, GBX_E_VERSION, err);
	if (rc == 0)
		rc = check_annotations(object, err);
	if (rc == 0)
		rc = gbx_json_number(object, "size", GBX_INDEX_FILE, &d.size, err);
	if (rc == 0)
		rc = gbx_json_text(object, "digest", GBX_INDEX_FILE, &digest, err);
	if (rc)
		return rc;
	if (!parse_digest(gbx_slice_text(digest), d.sha256))
		return gbx_fail(err, GBX_E_MALFORMED, GBX_INDEX_FILE ": a digest that is not sha256: and 64 lower-case hex digits");
	*out = d;
	return 0;
}

static int read_index(const json_t *json, struct gbx_descriptor *out, struct gbx_error *err)
{
	static const char *const known[] = {"schemaVersion", "mediaType", "manifests", "annotations", NULL};
	json_t *manifests;
	uint64_t version;
	int rc = gbx_json_only(json, known, GBX_INDEX_FILE, err);

	if (rc == 0)
		rc = gbx_json_number(json, "schemaVersion", GBX_INDEX_FILE, &version, err);
	if (rc == 0 && version != 2)
		rc = gbx_fail(err, GBX_E_VERSION, GBX_INDEX_FILE ": schemaVersion %llu, expected 2", (unsigned long long)version);
	if (rc == 0)
		rc = check_member(json, "mediaType", false, GBX_MEDIA_INDEX, GBX_E_MALFORMED, err);
	if (rc == 0)
		rc = check_annotations(json, err);
	if (rc == 0)
		rc = gbx_json_array(json, "manifests", GBX_INDEX_FILE, &manifests, err);
	if (rc == 0 && json_array_size(manifests) != 1)
		rc = gbx_fail(err, GBX_E_MALFORMED, GBX_INDEX_FILE ": %zu image manifests, expected one", json_array_size(manifests));
	return rc ? rc : read_descriptor(json_array_get(manifests, 0), out, err);
}

int gbx_index_read(struct gbx_slice text, struct gbx_descriptor *manifest, bool *ours, struct gbx_error *err)
{
	GBX_AUTO_JSON json_t *json = NULL;
	GBX_AUTO_BYTES struct gbx_bytes again = {0};
	struct gbx_descriptor d;
	int rc = gbx_json_parse(text, GBX_LIMIT_INDEX, GBX_INDEX_FILE, &json, err);

	if (rc == 0)
		rc = read_index(json, &d, err);
	if (rc == 0)
		rc = gbx_json_check_text(json, text, GBX_INDEX_FILE, err);
	if (rc == 0)
		rc = gbx_index_write(&d, &again, err);
	if (rc)
		return rc;
	*manifest = d;
	*ours = gbx_slice_equal(gbx_slice_of(&again), text);
	return 0;
}
