/* The whole verifier over a bundle, in a tar, unpacked or on a pipe, and what it prints. A bundle that is verified by the key that is
 * trusted here holds what that key's owner published, and nothing else. FUZZ_SEEDS names the folder that seeds.py filled. */
#include <dirent.h>

#include "bundle/publication.h"
#include "bundle/source.h"
#include "bundle/verify.h"
#include "cli/verify_print.h"
#include "mutate.h"
#include "mutate_bundle.h"
#include "place.h"
#include "target.h"
#include "trust/key.h"

enum { PUBLISHED = 16, LAYERS = 64 };

struct published {
	char path[4096];
	struct gbx_source *source;
	struct gbx_bytes content[LAYERS];
};

static uint8_t trusted[1][GBX_PUBLIC_KEY_LEN];
static struct published published[PUBLISHED];
static size_t published_len;

/* against: another bundle to compare with, or NULL. */
static enum gbx_verdict verify(const char *path, const char *against)
{
	static const bool nothing[GBX_CHECKS];
	struct gbx_verify_options options = {
		.trusted = (const uint8_t(*)[32])trusted, .trusted_len = 1, .asked_for_keys = true, .against = against};
	GBX_CLEANUP(gbx_report_free) struct gbx_report report = {0};
	struct gbx_error err;

	FUZZ_HOLDS(gbx_verify(path, &options, &report, &err) == 0);
	enum gbx_verdict verdict = gbx_report_verdict(&report, nothing);
	/* One or the other, as the number of rows has it: both take a tenth of the time. */
	FUZZ_HOLDS((report.rows % 2 ? gbx_print_report(&report, verdict, true, &err) : gbx_print_report_json(&report, verdict, &err)) == 0);
	return verdict;
}

static void take_published(const char *path)
{
	struct published *p = &published[published_len++];

	FUZZ_HOLDS(published_len <= PUBLISHED && verify(path, NULL) == GBX_VERIFIED);
	snprintf(p->path, sizeof p->path, "%s", path);
	FUZZ_HOLDS(gbx_source_open(path, NULL, NULL, &p->source, NULL) == 0);
	const struct gbx_layers *layers = gbx_source_layers(p->source);
	FUZZ_HOLDS(layers->len <= LAYERS);
	for (size_t i = 0; i < layers->len; i++)
		FUZZ_HOLDS(gbx_source_load(p->source, &layers->layer[i], SIZE_MAX, &p->content[i], NULL) == 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *seeds = getenv("FUZZ_SEEDS");
	struct dirent **name;
	char path[4096];

	(void)argc, (void)argv;
	FUZZ_HOLDS(seeds && freopen("/dev/null", "w", stdout));
	snprintf(path, sizeof path, "%s/trusted.pem", seeds);
	FUZZ_HOLDS(gbx_public_load(path, trusted[0], NULL) == 0);
	snprintf(path, sizeof path, "%s/verify", seeds);
	int n = scandir(path, &name, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/verify/%s", seeds, name[i]->d_name);
		if (name[i]->d_name[0] != '.')
			take_published(path);
		free(name[i]);
	}
	if (n >= 0)
		free(name);
	FUZZ_HOLDS(published_len);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	fuzz_seed(seed);
	return fuzz_mutate_bundle(data, size, max);
}

/* Head note and proofs may be others: who adds a cosignature changes them. Statement and layers may not. */
static bool is_bound(const char *title)
{
	return gbx_publication_names(title) || strcmp(title, GBX_PUBLICATION_TITLE) == 0;
}

static bool has_all(const struct gbx_layers *these, const struct gbx_layers *of)
{
	for (size_t i = 0; i < of->len; i++) {
		const struct gbx_layer *l = &of->layer[i], *same = gbx_layers_find(these, l->title);
		if (is_bound(l->title) && (!same || same->size != l->size || same->media_type != l->media_type ||
					   memcmp(same->sha256, l->sha256, GBX_SHA256_LEN) != 0))
			return false;
	}
	return true;
}

/* Looked for in the bytes of the input, not by what the reader makes of them. */
static bool has_contents(struct gbx_slice tar, const struct published *p)
{
	const struct gbx_layers *layers = gbx_source_layers(p->source);

	for (size_t i = 0; i < layers->len; i++)
		if (is_bound(layers->layer[i].title) && !memmem(tar.data, tar.len, p->content[i].data, p->content[i].len))
			return false;
	return true;
}

static bool was_published(struct gbx_slice tar)
{
	GBX_AUTO_SOURCE struct gbx_source *s = NULL;

	FUZZ_HOLDS(gbx_source_open(fuzz_place(tar.data, tar.len), NULL, NULL, &s, NULL) == 0);
	const struct gbx_layers *layers = gbx_source_layers(s);
	for (size_t i = 0; i < published_len; i++) {
		const struct gbx_layers *known = gbx_source_layers(published[i].source);
		if (has_all(layers, known) && has_all(known, layers) && has_contents(tar, &published[i]))
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Now and then either of two bundles is the stranger's. */
	size_t how = size / 512 % 16;
	if (how == 0)
		(void)verify(published[0].path, fuzz_place(data, size));
	if (verify(fuzz_place(data, size), how == 1 ? published[0].path : NULL) == GBX_VERIFIED)
		FUZZ_HOLDS(was_published(gbx_slice(data, size)));
	return 0;
}
