/* What a publication shows: one decision a record, with the reason where it is withheld. */
#ifndef GBX_RUN_SELECTION_H
#define GBX_RUN_SELECTION_H

#include "bundle/publication.h"
#include "run/private.h"
#include "run/publish.h"
#include "run/selector.h"
#include "store/runs.h"

/* A selector as given, and how many records it meant. */
struct gbx_rule {
	struct gbx_selector selector;
	const char *said, *reason;
	uint64_t matched;
	uint64_t disclosed; /* of those, withheld before */
};

/* A config, dataset or root, for the records that refer to it. */
struct gbx_referred {
	struct gbx_ref at;
	bool in_head;                    /* config */
	uint8_t sha256[GBX_SHA256_LEN];  /* config: of the file */
	char *name;                      /* dataset, root */
	char *path;                      /* root */
};

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

/* An argument that may name the one behind it: "--lr". */
struct gbx_flag_said {
	uint32_t index;
	char *text;
};

struct gbx_sources;

struct gbx_selection {
	const struct gbx_store *store; /* borrowed, like the run's id and the publications */
	const char *run;
	enum gbx_profile profile;
	struct gbx_publication *publication; /* its withheld list is filled */
	const struct gbx_publication *before; /* disclose: what it goes on from; else NULL */
	struct gbx_rule *rule;
	size_t rules;
	struct gbx_sources *sources; /* is told what is withheld by name; or NULL */
	/* Facts that decide about other records, gathered before: configs, datasets, roots, and whether the snapshot is HEAD's tree. */
	struct gbx_referred *referred;
	size_t referreds, referreds_cap;
	struct gbx_private private;
	struct gbx_flag_said *flag;
	size_t flags, flags_cap;
	bool code_differs;
	uint8_t snapshot[8][GBX_SHA256_LEN]; /* manifests of code, to be looked at for files that git filters */
	size_t snapshots;
	uint64_t records, shown, disclosed;
	uint64_t lost; /* withheld because the file that they name is not in the store any more */
	struct gbx_selected *item;
	size_t items, items_cap;
};

void gbx_selection_free(struct gbx_selection *sel);
/* Reads the selectors of the options; GBX_E_USAGE. */
int gbx_selection_rules(struct gbx_selection *sel, const struct gbx_publish_options *o, struct gbx_error *err) GBX_MUST_USE;
/* After gbx_selection_decide has seen all: GBX_E_USAGE for a selector that meant nothing, or discloses nothing. */
int gbx_selection_check(const struct gbx_selection *sel, struct gbx_error *err) GBX_MUST_USE;
/* A record's name where it does not stand in its own body, as gbx_record_names wants it; but for an argument's blob. */
struct gbx_slice gbx_selection_elsewhere(const struct gbx_selection *sel, const Glassbox__Body *body);
/* The argument before this one where it begins with '-', or NULL. */
const char *gbx_selection_flag_before(const struct gbx_selection *sel, uint32_t index);
/* The config or dataset that a Ref names, or NULL. */
const struct gbx_referred *gbx_selection_find(const struct gbx_selection *sel, const Glassbox__Ref *ref);
/* A gbx_record_fn, over all records once: gathers what decides. */
int gbx_selection_gather(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err);
/* A gbx_record_fn, over all records after that: decides, in the order of the bundle. */
int gbx_selection_decide(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err);

#endif
