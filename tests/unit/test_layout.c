/* The OCI documents: one text for a value, and nothing that nobody asked for. */
#include "base/limits.h"
#include "bundle/layout.h"
#include "scratch.h"

#define HEX "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define DESCRIPTOR "{\"mediaType\":\"" GBX_MEDIA_IMAGE_MANIFEST "\",\"digest\":\"sha256:" HEX "\",\"size\":916"
#define INDEX "{\"schemaVersion\":2,\"mediaType\":\"" GBX_MEDIA_INDEX "\",\"manifests\":["

static const struct gbx_descriptor manifest = {
	916, {0x44, 0x13, 0x6f, 0xa3, 0x55, 0xb3, 0x67, 0x8a, 0x11, 0x46, 0xad, 0x16, 0xf7, 0xe8, 0x64, 0x9e,
	      0x94, 0xfb, 0x4f, 0xc2, 0x1f, 0xe7, 0x7e, 0x83, 0x10, 0xc0, 0x60, 0xf6, 0x1c, 0xaa, 0xff, 0x8a}};

static int read_index(const char *text, bool *ours)
{
	struct gbx_descriptor d;
	struct gbx_error err;

	return gbx_index_read(gbx_slice_text(text), &d, ours, &err);
}

static void index_has_one_text(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_descriptor d;
	bool ours = false;

	(void)state;
	assert_int_equal(gbx_index_write(&manifest, &text, NULL), 0);
	assert_string_equal((char *)text.data, INDEX DESCRIPTOR ",\"artifactType\":\"" GBX_MEDIA_BUNDLE "\"}]}");
	assert_int_equal(gbx_index_read(gbx_slice_of(&text), &d, &ours, NULL), 0);
	assert_true(ours);
	assert_int_equal(d.size, manifest.size);
	assert_memory_equal(d.sha256, manifest.sha256, sizeof d.sha256);
}

/* A flip is refused, or gives another digest or size, which then no blob has. */
static bool index_change_is_found(struct gbx_slice text)
{
	struct gbx_descriptor d;
	bool ours;

	if (gbx_index_read(text, &d, &ours, NULL))
		return true;
	return d.size != manifest.size || memcmp(d.sha256, manifest.sha256, sizeof d.sha256) != 0;
}

static void every_flipped_bit_of_the_index_is_found(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};

	(void)state;
	assert_int_equal(gbx_index_write(&manifest, &text, NULL), 0);
	assert_false(index_change_is_found(gbx_slice_of(&text)));
	for (size_t bit = 0; bit < text.len * 8; bit++) {
		text.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_true(index_change_is_found(gbx_slice_of(&text)));
		text.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

/* Every byte put in at every place, and every byte taken out. */
static void every_inserted_or_deleted_byte_of_the_index_is_found(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	uint8_t changed[1024];

	(void)state;
	assert_int_equal(gbx_index_write(&manifest, &text, NULL), 0);
	assert_true(text.len + 1 < sizeof changed);
	for (size_t at = 0; at <= text.len; at++) {
		memcpy(changed, text.data, at);
		memcpy(changed + at + 1, text.data + at, text.len - at);
		for (unsigned byte = 0; byte < 256; byte++) {
			changed[at] = (uint8_t)byte;
			assert_true(index_change_is_found(gbx_slice(changed, text.len + 1)));
		}
		if (at == text.len)
			break;
		memcpy(changed + at, text.data + at + 1, text.len - at - 1);
		assert_true(index_change_is_found(gbx_slice(changed, text.len - 1)));
	}
}

static void index_of_other_tools(void **state)
{
	static const char *const fine[] = {
		"{\"schemaVersion\":2,\"manifests\":[" DESCRIPTOR "}]}",
		"{\"schemaVersion\":2,\"manifests\":[" DESCRIPTOR ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"a\"}}]}",
		INDEX DESCRIPTOR "}],\"annotations\":{\"a\":\"b\"}}",
		"{\n   \"schemaVersion\": 2,\n   \"manifests\": [\n      {\n         \"mediaType\": \"" GBX_MEDIA_IMAGE_MANIFEST
		"\",\n         \"size\": 916,\n         \"digest\": \"sha256:" HEX "\"\n      }\n   ]\n}",
	};
	bool ours = true;

	(void)state;
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
		ours = true;
		assert_int_equal(read_index(fine[i], &ours), 0);
		assert_false(ours);
	}
}

static void index_with_anything_else_is_refused(void **state)
{
	static const struct {
		const char *text;
		int code;
	} bad[] = {
		{"{}", GBX_E_MALFORMED},
		{"[]", GBX_E_MALFORMED},
		{INDEX "]}", GBX_E_MALFORMED},
		{INDEX DESCRIPTOR "}," DESCRIPTOR "}]}", GBX_E_MALFORMED},
		{INDEX DESCRIPTOR ",\"urls\":[\"http://a\"]}]}", GBX_E_MALFORMED},
		{INDEX DESCRIPTOR ",\"urls\":[]}]}", GBX_E_MALFORMED},
		{INDEX DESCRIPTOR ",\"data\":\"e30=\"}]}", GBX_E_MALFORMED},
		{INDEX DESCRIPTOR ",\"platform\":{\"os\":\"linux\"}}]}", GBX_E_MALFORMED},
		{INDEX DESCRIPTOR ",\"size\":916}]}", GBX_E_MALFORMED},
		{INDEX DESCRIPTOR ",\"annotations\":{\"a\":1}}]}", GBX_E_MALFORMED},
		{INDEX DESCRIPTOR ",\"annotations\":[]}]}", GBX_E_MALFORMED},
		{INDEX DESCRIPTOR "}],\"subject\":{}}", GBX_E_MALFORMED},
		{INDEX DESCRIPTOR ",\"artifactType\":\"application/vnd.glassbox.bundle.v2\"}]}", GBX_E_VERSION},
		{"{\"schemaVersion\":3,\"manifests\":[" DESCRIPTOR "}]}", GBX_E_VERSION},
		{"{\"schemaVersion\":2.0,\"manifests\":[" DESCRIPTOR "}]}", GBX_E_MALFORMED},
		{"{\"schemaVersion\":2,\"manifests\":[" DESCRIPTOR "}]}\n", GBX_E_MALFORMED},
		{"{\"schemaVersion\":2,\"manifests\": [" DESCRIPTOR "}]}", GBX_E_MALFORMED},
		{"{\"manifests\":[" DESCRIPTOR "}]}", GBX_E_MALFORMED},
		{INDEX "{\"mediaType\":\"" GBX_MEDIA_INDEX "\",\"digest\":\"sha256:" HEX "\",\"size\":916}]}", GBX_E_MALFORMED},
		{INDEX "{\"mediaType\":\"" GBX_MEDIA_IMAGE_MANIFEST "\",\"digest\":\"sha512:" HEX "\",\"size\":916}]}", GBX_E_MALFORMED},
		{INDEX "{\"mediaType\":\"" GBX_MEDIA_IMAGE_MANIFEST "\",\"digest\":\"sha256:" HEX "00\",\"size\":916}]}", GBX_E_MALFORMED},
		{INDEX "{\"mediaType\":\"" GBX_MEDIA_IMAGE_MANIFEST "\",\"digest\":\"sha256:" HEX "\",\"size\":-1}]}", GBX_E_MALFORMED},
		{INDEX "{\"mediaType\":\"" GBX_MEDIA_IMAGE_MANIFEST "\",\"digest\":\"sha256:" HEX "\",\"size\":1e3}]}", GBX_E_MALFORMED},
	};
	bool ours;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(read_index(bad[i].text, &ours), bad[i].code);
}

static int read_layout(const char *text, bool ours)
{
	return gbx_layout_read(gbx_slice_text(text), ours, NULL);
}

static void layout_is_ours_beside_an_index_of_ours(void **state)
{
	static const char skopeo[] = "{\"imageLayoutVersion\": \"1.0.0\"}";
	static const char crane[] = "{\n    \"imageLayoutVersion\": \"1.0.0\"\n}";
	GBX_AUTO_BYTES struct gbx_bytes text = {0};

	(void)state;
	assert_int_equal(gbx_layout_write(&text, NULL), 0);
	assert_int_equal(read_layout((char *)text.data, true), 0);
	assert_int_equal(read_layout((char *)text.data, false), 0);
	assert_int_equal(read_layout(skopeo, false), 0);
	assert_int_equal(read_layout(skopeo, true), GBX_E_MALFORMED);
	assert_int_equal(read_layout(crane, false), 0);
	assert_int_equal(read_layout(crane, true), GBX_E_MALFORMED);
	assert_int_equal(read_layout("{\"imageLayoutVersion\":\"1.0.1\"}", false), GBX_E_VERSION);
	assert_int_equal(read_layout("{\"imageLayoutVersion\":\"1.0.0\",\"a\":1}", false), GBX_E_MALFORMED);
	assert_int_equal(read_layout("{\"imageLayoutVersion\":\"1.0.0\"}\n", false), GBX_E_MALFORMED);
	for (size_t bit = 0; bit < text.len * 8; bit++) {
		text.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_true(gbx_layout_read(gbx_slice_of(&text), true, NULL) < 0);
		assert_true(gbx_layout_read(gbx_slice_of(&text), false, NULL) < 0);
		text.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static int add(struct gbx_layers *l, const char *title, const char *media_type)
{
	return gbx_layers_add(l, gbx_slice_text(title), gbx_slice_text(media_type), 7, gbx_empty_config.sha256, NULL);
}

static void titles_go_with_their_media_types(void **state)
{
	static const char *const good[][2] = {
		{"publication.json", GBX_MEDIA_IN_TOTO}, {"journal/0.tfrecord", GBX_MEDIA_JOURNAL},
		{"journal/12.tfrecord", GBX_MEDIA_JOURNAL}, {"streams.tfrecord", GBX_MEDIA_MANIFEST},
		{"manifest/3.tfrecord", GBX_MEDIA_MANIFEST}, {"code/0.tar", GBX_MEDIA_CODE}, {"head.note", GBX_MEDIA_HEAD},
		{"start.proof", GBX_MEDIA_HEAD}, {"seal.proof", GBX_MEDIA_HEAD}, {"key/0123abcd.vkey", GBX_MEDIA_HEAD},
		{"attestation/slsa-1.json", GBX_MEDIA_IN_TOTO}, {"timestamp/a.tsr", GBX_MEDIA_TIMESTAMP},
		{"file/" HEX, GBX_MEDIA_JSON}, {"file/" HEX, GBX_MEDIA_BYTES},
	};
	static const char *const bad[][2] = {
		{"", GBX_MEDIA_JOURNAL}, {"journal/00.tfrecord", GBX_MEDIA_JOURNAL}, {"journal/-1.tfrecord", GBX_MEDIA_JOURNAL},
		{"journal/.tfrecord", GBX_MEDIA_JOURNAL}, {"journal/1.tfrecord", GBX_MEDIA_MANIFEST},
		{"journal/1.tfrecordx", GBX_MEDIA_JOURNAL}, {"journal/99999999999999999999.tfrecord", GBX_MEDIA_JOURNAL},
		{"streams.tfrecord", GBX_MEDIA_JOURNAL}, {"key/0123ABCD.vkey", GBX_MEDIA_HEAD}, {"key/0123.vkey", GBX_MEDIA_HEAD},
		{"attestation/../x.json", GBX_MEDIA_IN_TOTO}, {"attestation/.x.json", GBX_MEDIA_IN_TOTO},
		{"attestation/a b.json", GBX_MEDIA_IN_TOTO}, {"attestation/.json", GBX_MEDIA_IN_TOTO},
		{"publication.jsonx", GBX_MEDIA_IN_TOTO}, {"xpublication.json", GBX_MEDIA_IN_TOTO},
		{"file/" HEX "0", GBX_MEDIA_BYTES}, {"file/x", GBX_MEDIA_BYTES}, {"file/" HEX, "text/html"}, {"readme", "text/plain"},
	};
	GBX_AUTO_LAYERS struct gbx_layers layers = {0};
	char other[] = "file/" HEX, longer[200];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_int_equal(add(&layers, good[i][0], good[i][1]), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(add(&layers, bad[i][0], bad[i][1]), GBX_E_MALFORMED);
	other[5] = '5';
	assert_int_equal(add(&layers, other, GBX_MEDIA_BYTES), GBX_E_BAD);
	snprintf(longer, sizeof longer, "attestation/%0150d.json", 1);
	assert_int_equal(add(&layers, longer, GBX_MEDIA_IN_TOTO), GBX_E_LIMIT);
	assert_int_equal(layers.len, sizeof good / sizeof *good);
	assert_non_null(gbx_layers_find(&layers, "code/0.tar"));
	assert_null(gbx_layers_find(&layers, "code/1.tar"));
	assert_int_equal(gbx_layers_check_unique(&layers, NULL), GBX_E_MALFORMED);
}

static void make_manifest(struct gbx_bytes *text)
{
	GBX_AUTO_LAYERS struct gbx_layers layers = {0};

	assert_int_equal(add(&layers, "publication.json", GBX_MEDIA_IN_TOTO), 0);
	assert_int_equal(add(&layers, "journal/0.tfrecord", GBX_MEDIA_JOURNAL), 0);
	assert_int_equal(add(&layers, "head.note", GBX_MEDIA_HEAD), 0);
	assert_int_equal(add(&layers, "seal.proof", GBX_MEDIA_HEAD), 0);
	assert_int_equal(gbx_image_manifest_write(&layers, text, NULL), 0);
}

static void image_manifest_round_trip(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0}, again = {0};
	GBX_AUTO_LAYERS struct gbx_layers layers = {0};

	(void)state;
	make_manifest(&text);
	assert_int_equal(gbx_image_manifest_read(gbx_slice_of(&text), &layers, NULL), 0);
	assert_int_equal(layers.len, 4);
	assert_string_equal(layers.layer[1].title, "journal/0.tfrecord");
	assert_string_equal(layers.layer[1].media_type, GBX_MEDIA_JOURNAL);
	assert_int_equal(layers.layer[1].size, 7);
	assert_int_equal(gbx_image_manifest_write(&layers, &again, NULL), 0);
	assert_true(gbx_slice_equal(gbx_slice_of(&text), gbx_slice_of(&again)));
}

static void read_replaced(const char *from, const char *to, int code)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0}, changed = {0};
	GBX_AUTO_LAYERS struct gbx_layers layers = {0};
	struct gbx_error err;

	make_manifest(&text);
	const char *at = strstr((char *)text.data, from);
	assert_non_null(at);
	size_t before = (size_t)(at - (char *)text.data);
	assert_int_equal(gbx_bytes_printf(&changed, NULL, "%.*s%s%s", (int)before, (char *)text.data, to, at + strlen(from)), 0);
	assert_int_equal(gbx_image_manifest_read(gbx_slice_of(&changed), &layers, &err), code);
	assert_int_equal(layers.len, code ? 0 : 4);
}

static void image_manifest_with_anything_else_is_refused(void **state)
{
	(void)state;
	read_replaced("}}]}", "},\"urls\":[\"http://a\"]}]}", GBX_E_MALFORMED);
	read_replaced("}}]}", "},\"data\":\"e30=\"}]}", GBX_E_MALFORMED);
	read_replaced("}}]}", "}}],\"annotations\":{}}", GBX_E_MALFORMED);
	read_replaced("}}]}", "}}],\"subject\":{}}", GBX_E_MALFORMED);
	read_replaced("}}]}", "}}]} ", GBX_E_MALFORMED);
	read_replaced("}}]}", "}},]}", GBX_E_MALFORMED);
	read_replaced("\"}}]}", "\",\"a\":\"b\"}}]}", GBX_E_MALFORMED);
	read_replaced("journal/0.tfrecord", "publication.json", GBX_E_MALFORMED);
	read_replaced("seal.proof", "start.proof", 0);
	read_replaced("seal.proof", "head.note", GBX_E_MALFORMED);
	read_replaced("journal/0.tfrecord", "../etc/passwd", GBX_E_MALFORMED);
	read_replaced("journal/0.tfrecord", "journal\\/0.tfrecord", GBX_E_MALFORMED);
	read_replaced("\"publication.json", "\"head.note", GBX_E_MALFORMED);
	read_replaced(GBX_MEDIA_EMPTY, "application/vnd.oci.image.config.v1+json", GBX_E_MALFORMED);
	read_replaced("\"size\":2}", "\"size\":3}", GBX_E_MALFORMED);
	read_replaced("\"size\":7", "\"size\":07", GBX_E_MALFORMED);
	read_replaced("\"size\":7", "\"size\":9223372036854775808", GBX_E_MALFORMED);
	read_replaced("bundle.v1", "bundle.v2", GBX_E_VERSION);
	read_replaced("\"schemaVersion\":2", "\"schemaVersion\":1", GBX_E_MALFORMED);
}

/* What it still reads as must be another list: a changed digit of a size, digest or number. */
static void every_flipped_bit_of_the_image_manifest_is_another(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};

	(void)state;
	make_manifest(&text);
	for (size_t bit = 0; bit < text.len * 8; bit++) {
		GBX_AUTO_LAYERS struct gbx_layers layers = {0};
		GBX_AUTO_BYTES struct gbx_bytes again = {0};
		text.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (gbx_image_manifest_read(gbx_slice_of(&text), &layers, NULL) == 0) {
			assert_int_equal(gbx_image_manifest_write(&layers, &again, NULL), 0);
			assert_true(gbx_slice_equal(gbx_slice_of(&text), gbx_slice_of(&again)));
		}
		text.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void every_cut_of_the_image_manifest_is_refused(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	GBX_AUTO_LAYERS struct gbx_layers layers = {0};

	(void)state;
	make_manifest(&text);
	for (size_t len = 0; len < text.len; len++)
		assert_true(gbx_image_manifest_read(gbx_slice(text.data, len), &layers, NULL) < 0);
}

static void layers_have_a_limit(void **state)
{
	GBX_AUTO_LAYERS struct gbx_layers layers = {0};
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	char title[64];

	(void)state;
	assert_int_equal(add(&layers, "publication.json", GBX_MEDIA_IN_TOTO), 0);
	for (unsigned i = 1; i < GBX_LIMIT_LAYERS; i++) {
		snprintf(title, sizeof title, "manifest/%u.tfrecord", i);
		assert_int_equal(add(&layers, title, GBX_MEDIA_MANIFEST), 0);
	}
	assert_int_equal(add(&layers, "head.note", GBX_MEDIA_HEAD), GBX_E_LIMIT);
	assert_int_equal(gbx_layers_check_unique(&layers, NULL), 0);
	/* The largest list is within what is read. */
	assert_int_equal(gbx_image_manifest_write(&layers, &text, NULL), 0);
	assert_true(text.len <= GBX_LIMIT_JSON);
}

static void blobs_are_listed_once(void **state)
{
	GBX_AUTO_LAYERS struct gbx_layers layers = {0};
	struct gbx_blobs blobs = {0};
	uint8_t high[GBX_SHA256_LEN] = {0xff}, low[GBX_SHA256_LEN] = {0};
	struct gbx_descriptor top = {9, {0x80}};

	(void)state;
	assert_int_equal(gbx_layers_add(&layers, gbx_slice_text("publication.json"), gbx_slice_text(GBX_MEDIA_IN_TOTO), 1, high, NULL), 0);
	assert_int_equal(add(&layers, "file/" HEX, GBX_MEDIA_JSON), 0);
	assert_int_equal(gbx_layers_add(&layers, gbx_slice_text("head.note"), gbx_slice_text(GBX_MEDIA_HEAD), 1, low, NULL), 0);
	assert_int_equal(gbx_layers_add(&layers, gbx_slice_text("seal.proof"), gbx_slice_text(GBX_MEDIA_HEAD), 1, high, NULL), 0);
	assert_int_equal(gbx_blobs_list(&top, &layers, &blobs, NULL), 0);
	assert_int_equal(blobs.len, 4);
	assert_int_equal(blobs.blob[0].sha256[0], 0x80);
	assert_int_equal(blobs.blob[1].sha256[0], 0x44);
	assert_int_equal(blobs.blob[2].sha256[0], 0xff);
	assert_int_equal(blobs.blob[3].sha256[0], 0);
	gbx_blobs_free(&blobs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(index_has_one_text),
		cmocka_unit_test(every_flipped_bit_of_the_index_is_found),
		cmocka_unit_test(every_inserted_or_deleted_byte_of_the_index_is_found),
		cmocka_unit_test(index_of_other_tools),
		cmocka_unit_test(index_with_anything_else_is_refused),
		cmocka_unit_test(layout_is_ours_beside_an_index_of_ours),
		cmocka_unit_test(titles_go_with_their_media_types),
		cmocka_unit_test(image_manifest_round_trip),
		cmocka_unit_test(image_manifest_with_anything_else_is_refused),
		cmocka_unit_test(every_flipped_bit_of_the_image_manifest_is_another),
		cmocka_unit_test(every_cut_of_the_image_manifest_is_refused),
		cmocka_unit_test(layers_have_a_limit),
		cmocka_unit_test(blobs_are_listed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
