/* What a publication shows: one decision a record, with the reason where it is withheld. */
#ifndef GBX_RUN_SELECTION_H
#define GBX_RUN_SELECTION_H

#include "bundle/publication.h"
#include "run/publish.h"
#include "store/runs.h"

/* A shown or withheld record that names content outside the journal. */
struct gbx_selected {
	const struct gbx_kind *kind;
	bool shown;
	bool has_manifest, has_file;
	uint8_t sha256[GBX_SHA256_LEN]; /* of the manifest's page file, or of the file */
	bool is_json;
	uint8_t tree[GBX_SHA256_LEN];   /* code: git id of the snapshot */
	size_t tree_len;
};

struct gbx_selection {
	enum gbx_profile profile;
	struct gbx_publication *publication; /* its withheld list is filled; borrowed */
	/* Facts that decide about other records, gathered before: configs that HEAD holds, and whether the snapshot is HEAD's tree. */
	struct gbx_ref *config;
	size_t configs, configs_cap;
	bool code_differs;
	uint8_t snapshot[8][GBX_SHA256_LEN]; /* manifests of code, to be looked at for files that git filters */
	size_t snapshots;
	uint64_t records, shown;
	struct gbx_selected *item;
	size_t items, items_cap;
};

void gbx_selection_free(struct gbx_selection *sel);
/* A gbx_record_fn, over all records once: gathers what decides. */
int gbx_selection_gather(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err);
/* A gbx_record_fn, over all records after that: decides, in the order of the bundle. */
int gbx_selection_decide(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err);

#endif
