/* Tidying git's part of a store: refs of runs that were removed, and objects that no run needs. As with the capture, libgit2 works in
 * a child process with a deadline. */
#ifndef GBX_CAPTURE_TIDY_H
#define GBX_CAPTURE_TIDY_H

#include "capture/git.h"

struct gbx_code_forget {
	const char *store;    /* the store's folder, absolute */
	const char *run;      /* ULID text */
	unsigned deadline_ms;
};

/* Deletes refs/glassbox/runs/<run>, and no other ref, in <store>/git and in the repository that the store lies in. Where there is no
 * repository or no ref, that is fine. */
int gbx_code_forget(const struct gbx_code_forget *f, struct gbx_error *err) GBX_MUST_USE;

/* A tree that a run needs. */
struct gbx_code_tree {
	size_t run;      /* a number below gbx_code_tidy.runs */
	uint8_t id[GBX_GIT_ID_MAX];
	bool in_store;   /* its snapshot is kept in the store; else all of it may be borrowed, and gone with its owner */
};

struct gbx_code_tidy {
	const char *store;               /* absolute */
	const struct gbx_code_tree *tree;
	size_t trees, runs;
	uint64_t keep_from;              /* objects written since then (nanoseconds since 1970) are kept */
	bool remove;                     /* else it only counts */
	unsigned deadline_ms;
};

struct gbx_code_use {
	uint64_t objects, bytes;    /* all loose objects that the store holds of its own; packs, which only git itself makes, are left alone */
	uint64_t unneeded, freed;   /* of them those that no run needs and that are not new, and their bytes */
};

/* What the store's own git objects take, and per run (run_bytes, o->runs numbers, may be NULL) what its snapshots reach of them; what
 * several runs share counts for each. With `remove`, what none reaches is deleted. GBX_E_NOTFOUND, and nothing deleted, where a tree of a
 * snapshot that the store keeps cannot be read: what it needs is not known then. */
int gbx_code_tidy(const struct gbx_code_tidy *o, struct gbx_code_use *use, uint64_t *run_bytes, struct gbx_error *err) GBX_MUST_USE;

#endif
