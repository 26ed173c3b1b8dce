/* The list of layers: which titles there are, and with which media types. Declared in layout.h. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "bundle/layout.h"

/* <n> is a decimal number without leading zeros, <id> 8 to 64 lower-case hex digits, <sha256> the 64 of the layer's own digest,
 * * a name of letters, digits, '.', '_' and '-' that starts with none of the last three. */
static const struct {
	const char *before, *part, *after;
	const char *media_type;
} kinds[] = {
	{"publication.json", "", "", GBX_MEDIA_IN_TOTO},
	{"journal/", "<n>", ".tfrecord", GBX_MEDIA_JOURNAL},
	{"streams.tfrecord", "", "", GBX_MEDIA_MANIFEST},
	{"manifest/", "<n>", ".tfrecord", GBX_MEDIA_MANIFEST},
	{"code/", "<n>", ".tar", GBX_MEDIA_CODE},
	{"head.note", "", "", GBX_MEDIA_HEAD},
	{"start.proof", "", "", GBX_MEDIA_HEAD},
	{"seal.proof", "", "", GBX_MEDIA_HEAD},
	{"key/", "<id>", ".vkey", GBX_MEDIA_HEAD},
	{"attestation/", "*", ".json", GBX_MEDIA_IN_TOTO},
	{"timestamp/", "*", ".tsr", GBX_MEDIA_TIMESTAMP},
	{"file/", "<sha256>", "", GBX_MEDIA_BYTES},
	{"file/", "<sha256>", "", GBX_MEDIA_JSON},
	{"file/", "<sha256>", "", GBX_MEDIA_YAML},
	{"file/", "<sha256>", "", GBX_MEDIA_TEXT},
};

static bool all_in(struct gbx_slice text, const char *set)
{
	for (size_t i = 0; i < text.len; i++)
		if (!text.data[i] || !strchr(set, text.data[i]))
			return false;
	return true;
}

static bool is_name(struct gbx_slice text)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return text.len && !strchr("._-", text.data[0]) && all_in(text, set);
}

static bool part_matches(struct gbx_slice text, const char *part)
{
	uint64_t n;

	if (strcmp(part, "<n>") == 0)
		return gbx_parse_u63(text, &n);
	if (strcmp(part, "*") == 0)
		return is_name(text);
	if (strcmp(part, "<id>") == 0)
		return text.len >= 8 && text.len <= 64 && all_in(text, "0123456789abcdef");
	if (strcmp(part, "<sha256>") == 0)
		return text.len == 64 && all_in(text, "0123456789abcdef");
	return text.len == 0;
}

static bool matches(struct gbx_slice title, size_t kind)
{
	size_t before = strlen(kinds[kind].before), after = strlen(kinds[kind].after);

	if (title.len < before + after || !gbx_slice_starts(title, kinds[kind].before))
		return false;
	struct gbx_slice end = gbx_slice(title.data + title.len - after, after);
	struct gbx_slice part = gbx_slice(title.data + before, title.len - before - after);
	return gbx_slice_is(end, kinds[kind].after) && part_matches(part, kinds[kind].part);
}

/* *known says whether the title is one that a bundle may have, with whatever media type. */
static const char *find_type(struct gbx_slice title, struct gbx_slice media_type, bool *known)
{
	*known = false;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!matches(title, i))
			continue;
		*known = true;
		if (gbx_slice_is(media_type, kinds[i].media_type))
			return kinds[i].media_type;
	}
	return NULL;
}

static int check_title(struct gbx_slice title, struct gbx_slice media_type, const uint8_t sha256[GBX_SHA256_LEN],
		       const char **type, struct gbx_error *err)
{
	char shown[200], shown_type[200], hex[2 * GBX_SHA256_LEN + 1];
	bool known;

	gbx_printable_in(title, shown, sizeof shown);
	if (title.len > GBX_LIMIT_TITLE)
		return gbx_fail(err, GBX_E_LIMIT, "layer '%s': a title of more than %u bytes", shown, GBX_LIMIT_TITLE);
	*type = find_type(title, media_type, &known);
	if (!known)
		return gbx_fail(err, GBX_E_MALFORMED, "layer '%s': not a title that a bundle has", shown);
	if (!*type)
		return gbx_fail(err, GBX_E_MALFORMED, "layer '%s': media type '%s' does not go with this title", shown,
				gbx_printable_in(media_type, shown_type, sizeof shown_type));
	gbx_hex(sha256, GBX_SHA256_LEN, hex);
	if (gbx_slice_starts(title, "file/") && memcmp(title.data + 5, hex, sizeof hex - 1) != 0)
		return gbx_fail(err, GBX_E_BAD, "layer '%s': its descriptor has another digest, sha256:%s", shown, hex);
	return 0;
}

int gbx_layers_add(struct gbx_layers *layers, struct gbx_slice title, struct gbx_slice media_type, uint64_t size,
		   const uint8_t sha256[GBX_SHA256_LEN], struct gbx_error *err)
{
	struct gbx_layer layer = {.size = size};
	int rc = check_title(title, media_type, sha256, &layer.media_type, err);

	if (rc)
		return rc;
	if (layers->len >= GBX_LIMIT_LAYERS)
		return gbx_fail(err, GBX_E_LIMIT, "more than %u layers", GBX_LIMIT_LAYERS);
	rc = gbx_grow((void **)&layers->layer, &layers->cap, layers->len, sizeof *layers->layer, err);
	if (rc)
		return rc;
	layer.title = gbx_memdup(title.data, title.len);
	if (!layer.title)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a list of %zu layers", layers->len);
	memcpy(layer.sha256, sha256, sizeof layer.sha256);
	layers->layer[layers->len++] = layer;
	return 0;
}

void gbx_layers_free(struct gbx_layers *layers)
{
	for (size_t i = 0; i < layers->len; i++)
		gbx_free(layers->layer[i].title);
	gbx_free(layers->layer);
	gbx_free(layers->by_title);
	*layers = (struct gbx_layers){0};
}

/* The place in the sorted part that has the title, or the one where it would be. */
static size_t lower_bound(const struct gbx_layers *layers, const char *title)
{
	size_t low = 0, high = layers->sorted;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(layers->layer[layers->by_title[middle]].title, title) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct gbx_layer *gbx_layers_find(const struct gbx_layers *layers, const char *title)
{
	size_t at = lower_bound(layers, title);

	if (at < layers->sorted && strcmp(layers->layer[layers->by_title[at]].title, title) == 0)
		return &layers->layer[layers->by_title[at]];
	for (size_t i = layers->sorted; i < layers->len; i++)
		if (strcmp(layers->layer[i].title, title) == 0)
			return &layers->layer[i];
	return NULL;
}

struct titled {
	const char *title;
	size_t at;
};

static int by_title(const void *a, const void *b)
{
	const struct titled *x = a, *y = b;

	return strcmp(x->title, y->title);
}

static void free_titled(struct titled **list)
{
	gbx_free(*list);
}

int gbx_layers_check_unique(struct gbx_layers *layers, struct gbx_error *err)
{
	GBX_CLEANUP(free_titled) struct titled *list = gbx_calloc(layers->len, sizeof *list);
	size_t *numbers = gbx_calloc(layers->len, sizeof *numbers);

	if (!list || !numbers) {
		gbx_free(numbers);
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a list of %zu layers", layers->len);
	}
	for (size_t i = 0; i < layers->len; i++)
		list[i] = (struct titled){layers->layer[i].title, i};
	qsort(list, layers->len, sizeof *list, by_title);
	for (size_t i = 0; i < layers->len; i++)
		numbers[i] = list[i].at;
	gbx_free(layers->by_title);
	layers->by_title = numbers;
	layers->sorted = layers->len;
	for (size_t i = 1; i < layers->len; i++)
		if (strcmp(list[i - 1].title, list[i].title) == 0)
			return gbx_fail(err, GBX_E_MALFORMED, "two layers have the title '%s'", list[i].title);
	return 0;
}
