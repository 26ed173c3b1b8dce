#include "trust/dsse.h"

#include "base/json.h"
#include "base/text.h"
#include "digest/hash.h"

static const char what[] = "DSSE envelope";

int gbx_dsse_pae(struct gbx_slice type, struct gbx_slice payload, struct gbx_bytes *out, struct gbx_error *err)
{
	/* Room for all of it first, so that nothing is half appended. */
	int rc = gbx_bytes_reserve(out, type.len + payload.len + 64, err);

	if (rc == 0)
		rc = gbx_bytes_printf(out, err, "DSSEv1 %zu ", type.len);
	if (rc == 0)
		rc = gbx_bytes_append(out, type.data, type.len, err);
	if (rc == 0)
		rc = gbx_bytes_printf(out, err, " %zu ", payload.len);
	return rc ? rc : gbx_bytes_append(out, payload.data, payload.len, err);
}

/* Such a type needs no escapes in JSON. */
static bool is_type(struct gbx_slice type)
{
	if (type.len == 0 || type.len > GBX_DSSE_TYPE_MAX)
		return false;
	for (size_t i = 0; i < type.len; i++)
		if (type.data[i] <= ' ' || type.data[i] > '~' || type.data[i] == '"' || type.data[i] == '\\')
			return false;
	return true;
}

static int keyid_of(const uint8_t public_key[GBX_PUBLIC_KEY_LEN], char out[65], struct gbx_error *err)
{
	uint8_t digest[GBX_SHA256_LEN];
	int rc = gbx_sha256(gbx_slice(public_key, GBX_PUBLIC_KEY_LEN), digest, err);

	if (rc == 0)
		gbx_hex(digest, sizeof digest, out);
	return rc;
}

/* What an envelope says. */
struct content {
	const char *type;
	struct gbx_slice payload;
	const char *keyid;
	const uint8_t *signature; /* NULL: unsigned */
};

static int add_signature(const struct content *c, struct gbx_bytes *out, struct gbx_error *err)
{
	int rc = gbx_bytes_printf(out, err, "{\"keyid\":\"%s\",\"sig\":\"", c->keyid);

	if (rc == 0)
		rc = gbx_base64(c->signature, GBX_SIGNATURE_LEN, out, err);
	return rc ? rc : gbx_bytes_append(out, "\"}", 2, err);
}

/* The one text of this content. */
static int format(const struct content *c, struct gbx_bytes *out, struct gbx_error *err)
{
	int rc = gbx_bytes_reserve(out, c->payload.len / 3 * 4 + 1024, err);

	if (rc == 0)
		rc = gbx_bytes_printf(out, err, "{\"payload\":\"");
	if (rc == 0)
		rc = gbx_base64(c->payload.data, c->payload.len, out, err);
	if (rc == 0)
		rc = gbx_bytes_printf(out, err, "\",\"payloadType\":\"%s\",\"signatures\":[", c->type);
	if (rc == 0 && c->signature)
		rc = add_signature(c, out, err);
	return rc ? rc : gbx_bytes_append(out, "]}", 2, err);
}

static int sign(const char *type, struct gbx_slice payload, const struct gbx_key *key, uint8_t signature[GBX_SIGNATURE_LEN],
		struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes pae = {0};
	int rc = gbx_dsse_pae(gbx_slice_text(type), payload, &pae, err);

	return rc ? rc : gbx_key_sign(key, gbx_slice_of(&pae), signature, err);
}

int gbx_dsse_write(const char *type, struct gbx_slice payload, const struct gbx_key *key, struct gbx_bytes *out,
		   struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	uint8_t signature[GBX_SIGNATURE_LEN];
	char keyid[65] = "";

	if (!is_type(gbx_slice_text(type)))
		return gbx_fail(err, GBX_E_USAGE, "a payload type must be 1 to %d printable ASCII characters", GBX_DSSE_TYPE_MAX);
	if (payload.len > GBX_LIMIT_JSON)
		return gbx_fail(err, GBX_E_LIMIT, "a payload of %zu bytes, at most %u are signed", payload.len, GBX_LIMIT_JSON);
	int rc = key ? keyid_of(gbx_key_public(key), keyid, err) : 0;
	if (rc == 0 && key)
		rc = sign(type, payload, key, signature, err);
	if (rc == 0)
		rc = format(&(struct content){type, payload, keyid, key ? signature : NULL}, &text, err);
	return rc ? rc : gbx_bytes_append(out, text.data, text.len, err);
}

static int take_base64(const json_t *object, const char *member, struct gbx_bytes *out, struct gbx_error *err)
{
	const char *text = NULL;
	int rc = gbx_json_text(object, member, what, &text, err);

	if (rc)
		return rc;
	rc = gbx_unbase64_any(gbx_slice_text(text), out, err);
	return rc == GBX_E_MALFORMED ? gbx_fail(err, rc, "%s: member \"%s\" is not base64", what, member) : rc;
}

static int take_type(const json_t *envelope, struct gbx_dsse *out, struct gbx_error *err)
{
	const char *type = NULL;
	int rc = gbx_json_text(envelope, "payloadType", what, &type, err);

	if (rc)
		return rc;
	if (!is_type(gbx_slice_text(type)))
		return gbx_fail(err, GBX_E_MALFORMED, "%s: \"payloadType\" is not 1 to %d printable ASCII characters", what,
				GBX_DSSE_TYPE_MAX);
	memcpy(out->type, type, strlen(type) + 1);
	return 0;
}

/* A hint; absent and null are fine. */
static void take_keyid(const json_t *signature, struct gbx_dsse *out)
{
	const char *keyid = json_string_value(json_object_get(signature, "keyid"));
	size_t len = keyid ? strlen(keyid) : 0;

	if (len && len < sizeof out->keyid)
		memcpy(out->keyid, keyid, len + 1);
}

static int take_signature(const json_t *envelope, struct gbx_dsse *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes bytes = {0};
	json_t *list = NULL;
	int rc = gbx_json_array(envelope, "signatures", what, &list, err);

	if (rc || json_array_size(list) == 0)
		return rc;
	if (json_array_size(list) > 1)
		return gbx_fail(err, GBX_E_MALFORMED, "%s: %zu signatures, expected at most one", what, json_array_size(list));
	rc = take_base64(json_array_get(list, 0), "sig", &bytes, err);
	if (rc)
		return rc;
	if (bytes.len != GBX_SIGNATURE_LEN)
		return gbx_fail(err, GBX_E_MALFORMED, "%s: a signature of %zu bytes, expected Ed25519's %d", what, bytes.len,
				GBX_SIGNATURE_LEN);
	memcpy(out->signature, bytes.data, GBX_SIGNATURE_LEN);
	out->has_signature = true;
	take_keyid(json_array_get(list, 0), out);
	return 0;
}

static int take_members(struct gbx_slice text, struct gbx_dsse *out, struct gbx_error *err)
{
	GBX_AUTO_JSON json_t *envelope = NULL;
	int rc = gbx_json_parse(text, GBX_LIMIT_DSSE, what, &envelope, err);

	if (rc == 0 && !json_is_object(envelope))
		rc = gbx_fail(err, GBX_E_MALFORMED, "%s: expected a JSON object", what);
	if (rc == 0)
		rc = take_type(envelope, out, err);
	if (rc == 0)
		rc = take_signature(envelope, out, err);
	if (rc == 0)
		rc = take_base64(envelope, "payload", &out->payload, err);
	if (rc == 0 && out->payload.len > GBX_LIMIT_JSON)
		rc = gbx_fail(err, GBX_E_LIMIT, "%s: a payload of %zu bytes, at most %u are read", what, out->payload.len, GBX_LIMIT_JSON);
	return rc;
}

static int check_same(struct gbx_slice text, const struct gbx_dsse *e, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes again = {0};
	struct content c = {e->type, gbx_slice_of(&e->payload), e->keyid, e->has_signature ? e->signature : NULL};
	int rc = format(&c, &again, err);

	if (rc)
		return rc;
	if (!gbx_slice_equal(gbx_slice_of(&again), text))
		return gbx_fail(err, GBX_E_MALFORMED, "%s: not in the one form that glassbox writes", what);
	return 0;
}

int gbx_dsse_read(struct gbx_slice text, bool strict, struct gbx_dsse *out, struct gbx_error *err)
{
	GBX_AUTO_DSSE struct gbx_dsse envelope = {.strict = strict};
	int rc = take_members(text, &envelope, err);

	if (rc == 0 && strict)
		rc = check_same(text, &envelope, err);
	if (rc)
		return rc;
	*out = envelope;
	envelope.payload = (struct gbx_bytes){0};
	return 0;
}

int gbx_dsse_verify(const struct gbx_dsse *envelope, const uint8_t public_key[GBX_PUBLIC_KEY_LEN], struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes pae = {0};
	char keyid[65];

	if (!envelope->has_signature)
		return gbx_fail(err, GBX_E_NOTFOUND, "%s: not signed", what);
	int rc = gbx_dsse_pae(gbx_slice_text(envelope->type), gbx_slice_of(&envelope->payload), &pae, err);
	if (rc == 0)
		rc = gbx_signature_verify(public_key, gbx_slice_of(&pae), envelope->signature, err);
	if (rc == 0)
		rc = keyid_of(public_key, keyid, err);
	if (rc)
		return rc;
	if (envelope->strict && strcmp(keyid, envelope->keyid) != 0)
		return gbx_fail(err, GBX_E_BAD, "%s: \"keyid\" is not that of the key that signed", what);
	return 0;
}

void gbx_dsse_free(struct gbx_dsse *envelope)
{
	gbx_bytes_free(&envelope->payload);
	*envelope = (struct gbx_dsse){0};
}
