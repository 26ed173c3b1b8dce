/* The recorder of one run: where its facts go while the job runs.
 *
 * The recorder never harms the job: recording a fact cannot fail for its caller. What cannot be written is counted, and a gap says
 * so as soon as something can be written again. */
#ifndef GBX_RUN_RECORDER_H
#define GBX_RUN_RECORDER_H

#include <pthread.h>

#include "capture/secrets.h"
#include "digest/files.h"
#include "journal/gap.h"
#include "journal/writer.h"
#include "store/store.h"

struct gbx_root {
	char *name;
	char *path; /* absolute */
	bool recorded;
};

struct gbx_recorder {
	struct gbx_store *store; /* borrowed */
	uint8_t run[GBX_ULID_LEN];
	char run_text[GBX_ULID_TEXT + 1];
	struct gbx_writer *writer;
	const struct gbx_secret_user *secrets; /* the user's rules, borrowed; set before the beginning, or NULL */
	struct gbx_scanner *scanner; /* of secrets: what is recorded of words from outside went through it */
	struct gbx_root *root;
	size_t roots, roots_cap;
	char **kept; /* paths without their secrets, for as long as records need them */
	size_t kepts, kepts_cap;
	unsigned hidden; /* names that had a secret in them */
	pthread_mutex_t roots_lock;  /* over the roots and what is kept; their names and paths stay where they are */
	pthread_mutex_t lock;        /* over the counters: facts come from several threads */
	uint64_t gaps;
	uint64_t lost;               /* facts that could not be written */
	uint64_t lost_ever;
	struct gbx_error first_loss; /* why */
	uint64_t job_started_nanos;  /* 0: not known */
	void (*say)(const char *line); /* a warning for a person; may be NULL */
};

/* Makes the run's folder and its lead stream. follows: the lead stream before, or NULL. With a run of zeros a new id is made. */
int gbx_recorder_begin(struct gbx_recorder *r, struct gbx_store *store, const uint8_t run[GBX_ULID_LEN],
		       const struct gbx_head *follows, struct gbx_error *err) GBX_MUST_USE;
void gbx_recorder_free(struct gbx_recorder *r);

/* Records one fact; true when it was written, and then *ref (may be NULL) says where. */
bool gbx_put(struct gbx_recorder *r, const Glassbox__Body *body, struct gbx_ref *ref);

/* Where something is that a gap is about: paths below a root, an option, or an address. */
struct gbx_place {
	const char *root;
	const struct gbx_slice *path;
	size_t paths;
	uint64_t more; /* paths beyond those */
	const char *option;
	const char *address;
};

void gbx_put_gap(struct gbx_recorder *r, Glassbox__Gap__Kind kind, Glassbox__Gap__Reason reason, uint64_t count,
		 const struct gbx_place *place);
/* A gap about one option's value, such as a declared folder. */
void gbx_put_gap_option(struct gbx_recorder *r, Glassbox__Gap__Kind kind, Glassbox__Gap__Reason reason, const char *option);
/* Something at this place looked like a secret, and stands there as the name of a rule; of no hits nothing is said. */
void gbx_put_gap_secret(struct gbx_recorder *r, Glassbox__Gap__Kind kind, const char *option, size_t hits);
/* Remembers a root and records it; the roots of one run are recorded together by gbx_put_roots. */
int gbx_add_root(struct gbx_recorder *r, const char *name, const char *path, struct gbx_error *err) GBX_MUST_USE;
/* "NAME=DIR" of --root: GBX_E_USAGE where it is none, or the name is one of ours. name and path point into said. */
int gbx_root_parse(const char *said, struct gbx_slice *name, const char **path, struct gbx_error *err) GBX_MUST_USE;
/* The same for what such a text says; a folder that is a root already keeps its first name. */
int gbx_add_named_root(struct gbx_recorder *r, const char *said, struct gbx_error *err) GBX_MUST_USE;
/* Records the roots added since the last call, in random order. */
void gbx_put_roots(struct gbx_recorder *r);
/* Text without its secrets, to be freed: 1 where it had some, and then *out is NULL where there is no memory for it. 0: it has none. */
int gbx_hide(const struct gbx_recorder *r, const char *text, char **out, struct gbx_error *err) GBX_MUST_USE;
/* A path relative to the deepest root that holds it; where none does, a root of its own named `name` is recorded. Members of *out
 * point into r and path. A secret in the path becomes the name of its rule. */
int gbx_locate(struct gbx_recorder *r, const char *path, const char *name, Glassbox__Path *out, struct gbx_error *err) GBX_MUST_USE;

/* The same without a new root: where none holds it, below "/". path is absolute. For paths of the system. */
int gbx_relate(struct gbx_recorder *r, const char *path, Glassbox__Path *out, struct gbx_error *err) GBX_MUST_USE;

/* The same for software: what no root holds and lies where distributions put theirs is relative to "/", which needs no record; anything
 * else gets a root "kind/N" at base, which must be above path or path itself. */
int gbx_locate_software(struct gbx_recorder *r, const char *path, const char *base, const char *kind, Glassbox__Path *out,
			struct gbx_error *err) GBX_MUST_USE;

/* Shuffles n indexes by the kernel's randomness: records of one kind are written in an order that says nothing. */
int gbx_shuffle(size_t *index, size_t n, struct gbx_error *err) GBX_MUST_USE;

/* An order for n records that says nothing, to be freed; the plain one where there is no randomness for another, NULL without memory. */
size_t *gbx_random_order(size_t n);

/* Content for the run's blob folder, under its SHA-256. */
int gbx_put_blob(struct gbx_recorder *r, struct gbx_slice content, uint8_t sha256[GBX_SHA256_LEN], struct gbx_error *err) GBX_MUST_USE;
/* The same for content over the size of a record; *blob then points into sha256. False, and a gap of this kind, where it could not be written. */
bool gbx_put_content(struct gbx_recorder *r, Glassbox__Gap__Kind kind, struct gbx_slice content, Glassbox__Blob *blob,
		     uint8_t sha256[GBX_SHA256_LEN]) GBX_MUST_USE;

#endif
