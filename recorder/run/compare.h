/* Two runs compared: what is said of each, under names that both have, and which files of a dataset or output differ. */
#ifndef GBX_RUN_COMPARE_H
#define GBX_RUN_COMPARE_H

#include "digest/manifest.h"
#include "store/facts.h"

enum gbx_section {
	GBX_SECTION_CODE,
	GBX_SECTION_ARGUMENTS,
	GBX_SECTION_PARAMETERS,
	GBX_SECTION_CONFIGS,
	GBX_SECTION_DATA,
	GBX_SECTION_ENVIRONMENT,
	GBX_SECTION_VARIABLES,
	GBX_SECTION_PACKAGES,
	GBX_SECTION_LIBRARIES,
	GBX_SECTION_RESULTS,
	GBX_SECTIONS,
};

/* "code", ... */
const char *gbx_section_name(enum gbx_section section);

/* One thing that a run has under a name. */
struct gbx_told {
	enum gbx_section section;
	const char *name;
	const char *type;    /* of a parameter: text, number, boolean, null, json or blob; else NULL */
	const char *value;   /* two runs have the same where this and type are the same */
	bool unknown;        /* it was not looked at (data that was not hashed, code that was not captured): value says why */
	bool has_manifest;   /* its files can be compared one by one */
	uint8_t manifest[GBX_SHA256_LEN];
	struct gbx_ref at;   /* of a dataset */
	uint64_t rank;       /* of several with one name the least counts */
};

struct gbx_compared {
	struct gbx_run_facts facts; /* view, metrics, and the memory of all texts */
	struct gbx_told *told;      /* sorted by section and name, none twice */
	size_t len, cap;
	bool has_code, code_complete;
	uint8_t tree[GBX_SHA256_LEN], root[GBX_SHA256_LEN], code_manifest[GBX_SHA256_LEN];
	size_t tree_len;
};

/* Gathers what a run is compared by. Free *out with gbx_compared_free. */
int gbx_compared_read(const struct gbx_store *s, const char *run, struct gbx_compared *out, struct gbx_error *err) GBX_MUST_USE;
void gbx_compared_free(struct gbx_compared *c);

/* Calls each with every name that one of two runs has, in order; NULL for the run that has not. A package or library that only one of them has is
 * left out where a job took less than two seconds: it may have ended before all was seen. */
typedef int (*gbx_pair_fn)(void *arg, const struct gbx_told *before, const struct gbx_told *after, struct gbx_error *err);
int gbx_compare(const struct gbx_compared *before, const struct gbx_compared *after, gbx_pair_fn each, void *arg, struct gbx_error *err) GBX_MUST_USE;

/* By section, then by name. */
int gbx_told_order(const struct gbx_told *a, const struct gbx_told *b);
/* True where two values are the same; false, too, where one is not known. */
bool gbx_told_same(const struct gbx_told *a, const struct gbx_told *b);

/* Two manifests, by their page files, and who is told what differs: every file that does, in the order of paths; NULL for the manifest
 * that has it not. */
struct gbx_manifest_pair {
	enum gbx_manifest_kind kind;
	const char *run[2]; /* whose page files they are: before, after */
	const uint8_t *sha256[2];
	int (*each)(void *arg, const struct gbx_entry *before, const struct gbx_entry *after, struct gbx_error *err);
	void *arg;
};

/* In one pass over both; memory does not grow with them. GBX_E_NOTFOUND where a page file is not there. */
int gbx_compare_manifests(const struct gbx_store *s, const struct gbx_manifest_pair *pair, struct gbx_error *err) GBX_MUST_USE;

#endif
