/* The image manifest, declared in layout.h. A digest binds its bytes, so no tool changes them, and the reader asks for the very
 * text that the writer writes: nothing is parsed that nobody looks at, and memory is the list of layers and no more. */
#include "base/limits.h"
#include "base/text.h"
#include "bundle/layout.h"

#define START "{\"schemaVersion\":2,\"mediaType\":\"" GBX_MEDIA_IMAGE_MANIFEST "\",\"artifactType\":\""
#define CONFIG "\",\"config\":{\"mediaType\":\"" GBX_MEDIA_EMPTY "\",\"digest\":\"sha256:"
#define LAYERS "\",\"size\":2},\"layers\":["
#define LAYER "{\"mediaType\":\""
#define DIGEST "\",\"digest\":\"sha256:"
#define SIZE "\",\"size\":"
#define TITLE ",\"annotations\":{\"org.opencontainers.image.title\":\""
#define LAYER_END "\"}}"
#define END "]}"

static int put_layer(const struct gbx_layer *layer, bool first, struct gbx_bytes *out, struct gbx_error *err)
{
	char hex[2 * GBX_SHA256_LEN + 1];

	gbx_hex(layer->sha256, GBX_SHA256_LEN, hex);
	return gbx_bytes_printf(out, err, "%s" LAYER "%s" DIGEST "%s" SIZE "%llu" TITLE "%s" LAYER_END, first ? "" : ",",
				layer->media_type, hex, (unsigned long long)layer->size, layer->title);
}

int gbx_image_manifest_write(const struct gbx_layers *layers, struct gbx_bytes *out, struct gbx_error *err)
{
	char hex[2 * GBX_SHA256_LEN + 1];

	if (layers->len == 0 || strcmp(layers->layer[0].title, GBX_PUBLICATION_TITLE) != 0)
		return gbx_fail(err, GBX_E_USAGE, "the first layer of a bundle is " GBX_PUBLICATION_TITLE);
	gbx_hex(gbx_empty_config.sha256, GBX_SHA256_LEN, hex);
	int rc = gbx_bytes_printf(out, err, START GBX_MEDIA_BUNDLE CONFIG "%s" LAYERS, hex);
	for (size_t i = 0; rc == 0 && i < layers->len; i++)
		rc = put_layer(&layers->layer[i], i == 0, out, err);
	return rc ? rc : gbx_bytes_append(out, END, sizeof END - 1, err);
}

/* What is read is taken off the front of a slice; where that stands when a reader fails is the place of the error. */
static int unexpected(const struct gbx_slice *in, const char *expected, struct gbx_error *err)
{
	struct gbx_slice next = gbx_slice(in->data, in->len < 60 ? in->len : 60);
	char shown[160];

	return gbx_fail(err, GBX_E_MALFORMED, "expected %s, found %s", expected,
			next.len ? gbx_printable_in(next, shown, sizeof shown) : "its end");
}

/* The error points to the first byte that differs. */
static int expect(struct gbx_slice *in, const char *text, struct gbx_error *err)
{
	struct gbx_slice taken;
	size_t same = 0;

	while (text[same] && same < in->len && in->data[same] == (uint8_t)text[same])
		same++;
	if (!gbx_take(in, same, &taken) || text[same])
		return unexpected(in, text + same, err);
	return 0;
}

/* Bytes up to, not including, the end character; none of them needs an escape in JSON. */
static int take_until(struct gbx_slice *in, char end, const char *what, struct gbx_slice *out, struct gbx_error *err)
{
	size_t len = 0;

	while (len < in->len && in->data[len] != (uint8_t)end && in->data[len] > 0x20 && in->data[len] < 0x7f)
		len++;
	if (len == in->len || in->data[len] != (uint8_t)end)
		return unexpected(in, what, err);
	return gbx_take(in, len, out) ? 0 : unexpected(in, what, err);
}

static int take_digest(struct gbx_slice *in, uint8_t out[GBX_SHA256_LEN], struct gbx_error *err)
{
	struct gbx_slice start = *in, hex;

	if (gbx_take(in, 2 * (size_t)GBX_SHA256_LEN, &hex) && gbx_unhex(hex, out, GBX_SHA256_LEN))
		return 0;
	*in = start;
	return unexpected(in, "64 lower-case hex digits", err);
}

static int take_size(struct gbx_slice *in, uint64_t *out, struct gbx_error *err)
{
	struct gbx_slice start = *in, digits;
	int rc = take_until(in, ',', "a size", &digits, err);

	if (rc || gbx_parse_u63(digits, out))
		return rc;
	*in = start;
	return unexpected(in, "a size", err);
}

static int take_layer(struct gbx_slice *in, struct gbx_layers *out, struct gbx_error *err)
{
	struct gbx_slice media_type, title;
	uint8_t sha256[GBX_SHA256_LEN];
	uint64_t size;
	int rc = expect(in, LAYER, err);

	if (rc == 0)
		rc = take_until(in, '"', "a media type", &media_type, err);
	if (rc == 0)
		rc = expect(in, DIGEST, err);
	if (rc == 0)
		rc = take_digest(in, sha256, err);
	if (rc == 0)
		rc = expect(in, SIZE, err);
	if (rc == 0)
		rc = take_size(in, &size, err);
	if (rc == 0)
		rc = expect(in, TITLE, err);
	if (rc == 0)
		rc = take_until(in, '"', "a title", &title, err);
	if (rc == 0)
		rc = expect(in, LAYER_END, err);
	return rc ? rc : gbx_layers_add(out, title, media_type, size, sha256, err);
}

/* Everything before the layers. */
static int take_head(struct gbx_slice *in, struct gbx_error *err)
{
	char hex[2 * GBX_SHA256_LEN + 1], shown[80];
	struct gbx_slice type;
	int rc = expect(in, START, err);

	if (rc == 0)
		rc = take_until(in, '"', "an artifact type", &type, err);
	if (rc == 0 && !gbx_slice_is(type, GBX_MEDIA_BUNDLE))
		rc = gbx_fail(err, GBX_E_VERSION, "artifactType %s, expected " GBX_MEDIA_BUNDLE,
			      gbx_printable_in(type, shown, sizeof shown));
	gbx_hex(gbx_empty_config.sha256, GBX_SHA256_LEN, hex);
	if (rc == 0)
		rc = expect(in, CONFIG, err);
	if (rc == 0)
		rc = expect(in, hex, err);
	return rc ? rc : expect(in, LAYERS, err);
}

static int take_layers(struct gbx_slice *in, struct gbx_layers *out, struct gbx_error *err)
{
	int rc = take_layer(in, out, err);

	while (rc == 0 && in->len && in->data[0] == ',') {
		rc = expect(in, ",", err);
		if (rc == 0)
			rc = take_layer(in, out, err);
	}
	if (rc == 0)
		rc = expect(in, END, err);
	if (rc == 0 && in->len)
		rc = unexpected(in, "its end", err);
	if (rc == 0 && strcmp(out->layer[0].title, GBX_PUBLICATION_TITLE) != 0)
		rc = gbx_fail(err, GBX_E_MALFORMED, "the first layer is '%s', expected " GBX_PUBLICATION_TITLE,
			      out->layer[0].title);
	return rc;
}

int gbx_image_manifest_read(struct gbx_slice text, struct gbx_layers *out, struct gbx_error *err)
{
	GBX_AUTO_LAYERS struct gbx_layers layers = {0};
	struct gbx_slice in = text;
	int rc = take_head(&in, err);

	if (rc == 0)
		rc = take_layers(&in, &layers, err);
	if (rc) {
		gbx_fail_context(err, "image manifest: byte %zu", text.len - in.len);
		return rc;
	}
	rc = gbx_layers_check_unique(&layers, err);
	if (rc)
		return rc;
	*out = layers;
	layers = (struct gbx_layers){0};
	return 0;
}
