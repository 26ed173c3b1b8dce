/* The source code of a run: its commit, and a snapshot of the tracked files as they lie in the work tree.
 *
 * The work is done by a forked child with a deadline, because libgit2 never returns from some damaged objects and crashes when
 * memory fails: what happens there is a gap, never the job's trouble. In the repository nothing is written but one ref.
 *
 * A snapshot holds every path of the index whose file exists, with the bytes of the work tree, whatever git's flags (assume-unchanged)
 * say; the files outside a sparse checkout as the index has them; what is neither tracked nor ignored, within limits; a submodule or
 * repository within the work tree as the commit that is checked out in it. A file with a secret in it or in its name is left out whole,
 * with a gap, unless HEAD has it as it is. The folder of the store is never in it. */
#ifndef GBX_CAPTURE_CODE_H
#define GBX_CAPTURE_CODE_H

#include "base/child.h"
#include "capture/gaps.h"
#include "capture/secrets.h"
#include "digest/gittree.h"

struct gbx_code_options {
	const char *start;         /* the folder from which the repository is searched, upwards, as git does */
	const char *ceilings;      /* GIT_CEILING_DIRECTORIES; NULL: none */
	const char *store;         /* the store's folder, which exists; objects go to <store>/git, a bare repository of ours */
	const char *blobs;         /* files whose bytes are not their git blob are kept as <blobs>/<SHA-256 in hex> */
	const char *manifest_path; /* the manifest's page file, which must not exist yet; not synced: the job would wait for it */
	const char *run;           /* the ULID's text; names refs/glassbox/runs/<run> */
	const struct gbx_scanner *scanner; /* a file that HEAD does not hold and in which it finds something is left out whole */
	uint64_t untracked_limit;  /* bytes of a file that is not tracked; of all together GBX_UNTRACKED_ALL times as many */
	unsigned start_ms;         /* when the job may start, from gbx_code_start on; a file that was changed since and is read later is left out */
	unsigned deadline_ms;      /* when all ends, from gbx_code_start on */
	/* Files, by absolute paths, of which it is asked whether HEAD holds the same bytes at their place. */
	const char *const *questions;
	size_t count;
	bool write_all;            /* the store is being collected: what is there may go, and nothing of it is relied on */
};

struct gbx_code_remote {
	char *name;       /* UTF-8 */
	char *url;        /* UTF-8, without user, password and query */
	bool credentials; /* the URL had some of these */
};

struct gbx_code_answer {
	bool in_head;
	bool compared;                   /* false: the file or HEAD could not be read */
	uint8_t sha256[GBX_SHA256_LEN];  /* of the bytes that were compared */
};

struct gbx_code_result {
	bool captured; /* false: only gaps, answers (all no) and why mean anything */
	char *repo;    /* the work tree's root, absolute, without a slash at its end */
	size_t id_len; /* of tree: 20 or 32 */
	size_t head_len; /* of head_commit and head_tree; 0: HEAD has no commit yet */
	uint8_t head_commit[GBX_SHA256_LEN];
	uint8_t head_tree[GBX_SHA256_LEN];
	uint8_t tree[GBX_SHA256_LEN];
	struct gbx_manifest_sum sum;
	uint8_t manifest[GBX_SHA256_LEN]; /* SHA-256 of the page file */
	bool complete;                    /* no file was left out that is tracked, or neither tracked nor ignored */
	bool sparse;                      /* files of it are not in the work tree: outside a sparse checkout */
	char *branch;                     /* NULL: HEAD is detached */
	struct gbx_code_remote *remote;
	size_t remotes;
	struct gbx_gaps gaps;
	struct gbx_code_answer *answer; /* one for each question, in order */
	size_t answers;
	char *why; /* a line for a person where the capture failed; NULL */
};

void gbx_code_result_free(struct gbx_code_result *r);

/* A capture under way. child.fd becomes readable (or ends) when the result is there. */
struct gbx_code_capture {
	struct gbx_child child;
	struct gbx_code_options options;
	uint64_t began;    /* nanoseconds since 1970 */
	uint64_t late;     /* when the job may start; by gbx_monotonic_nanos, as the deadline */
	uint64_t deadline;
};

/* Starts the child. What the options point to must stay until gbx_code_wait. Start it before threads are started. */
int gbx_code_start(struct gbx_code_capture *c, const struct gbx_code_options *o, struct gbx_error *err) GBX_MUST_USE;
/* Whether the result is there, or nothing more will come; waits until the moment `until` (gbx_monotonic_nanos) for it. */
bool gbx_code_ready(const struct gbx_code_capture *c, uint64_t until);
/* Waits for the child until the deadline, ends it, and fills *out, to be freed with gbx_code_result_free. Whatever happens to the
 * child is a gap of kind CODE in *out; fails only without memory. Where nothing was captured, no manifest file is left. */
int gbx_code_wait(struct gbx_code_capture *c, struct gbx_code_result *out, struct gbx_error *err) GBX_MUST_USE;
/* Ends a capture whose result is not wanted any more. */
void gbx_code_cancel(struct gbx_code_capture *c);

/* Both in one. */
int gbx_code_capture(const struct gbx_code_options *o, struct gbx_code_result *out, struct gbx_error *err) GBX_MUST_USE;

#endif
