/* Publishing: a run as a bundle that a stranger can verify. */
#ifndef GBX_RUN_PUBLISH_H
#define GBX_RUN_PUBLISH_H

#include "run/identity.h"
#include "store/store.h"

enum gbx_profile {
	GBX_PROFILE_PUBLIC, /* withholds what should not be public by accident */
	GBX_PROFILE_FULL,   /* withholds nothing */
};

/* Records withheld beyond what the profile withholds. Where several mean a record, the last one with a reason says why. */
struct gbx_withhold {
	const char *selector; /* run/selector.h */
	const char *reason;   /* UTF-8, at most GBX_LIMIT_REASON bytes; NULL: the profile's, or none */
};

struct gbx_publish_options {
	const char *run;               /* ULID text; sealed */
	const char *out;               /* a folder, or a tar file where it ends in .tar; must not exist */
	enum gbx_profile profile;
	const struct gbx_withhold *withhold;
	size_t withholds;
	/* Where there are some: not a profile, but what the run's newest statement shows, and the records that these selectors mean. */
	const char *const *disclose;
	size_t disclosures;
	const struct gbx_identity *id; /* or NULL: the statement is not signed */
	void (*say)(const char *line); /* names what a refusal is about; may be NULL */
};

struct gbx_published {
	uint64_t records, shown;
	uint64_t disclosed;  /* records that the statement before withheld */
	uint64_t sequence;   /* of the publication statement */
	bool reused;         /* the same selection was published before: the statement is that one */
	bool is_signed;
};

/* Whether selectors and reasons can be read; of the run nothing is looked at. */
int gbx_publish_parse(const struct gbx_publish_options *o, struct gbx_error *err) GBX_MUST_USE;

/* Whether the selection can be published, with nothing written anywhere. GBX_E_USAGE for a selector that means no record, or only such
 * as are shown already (disclose); GBX_E_REFUSED where the run is not sealed or, for disclose, has no statement, and where a record
 * that would be shown tells what a withheld one holds (run/sources.h): each is named by o->say. */
int gbx_publish_check(const struct gbx_store *s, const struct gbx_publish_options *o, struct gbx_error *err) GBX_MUST_USE;

/* Checks, and writes the bundle. The statement is kept in the store; the same run, selection and key again gives the same bytes, but a
 * disclosure is always a statement of its own. Nothing appears under `out` on failure. GBX_E_EXISTS where something is there. */
int gbx_publish(const struct gbx_store *s, const struct gbx_publish_options *o, struct gbx_published *out, struct gbx_error *err) GBX_MUST_USE;

#endif
