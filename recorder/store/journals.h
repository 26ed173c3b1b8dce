/* The journal files of one run: which stream each holds, which goes on from which, and how much of each belongs to the run.
 *
 * - A sealed run is what its Seal's list says: those streams, up to those sizes.
 * - Else of several lead streams that no other goes on from (recoveries elsewhere, at the same time) the one counts that goes on
 *   from most others, one after the other; of several, the one with the longest file. The others are no part of the run.
 * - Else a stream that another of its role goes on from counts up to the size that the other names; two that name sizes: the larger.
 * - Else a stream counts up to its first bad frame.
 *
 * Files are never written to here, and whatever is in them is no reason to fail: a file that cannot be used is told as trouble. */
#ifndef GBX_STORE_JOURNALS_H
#define GBX_STORE_JOURNALS_H

#include "base/io.h"
#include "journal/record.h"

struct gbx_journal {
	char *path;
	struct gbx_head stream;  /* its id; size and root are of follows and list */
	struct gbx_head follows; /* size 0: none */
	bool is_lead;
	bool is_limited;
	uint64_t bytes;          /* of the file */
	uint64_t limit;          /* records that belong to the run, where is_limited */
	bool left_out;           /* for journals.c */
	size_t before;           /* streams that it goes on from, one after the other; the same */
	bool is_sealed;          /* its last intact record is a Seal, made at: (not looked for in a folder's only journal) */
	uint64_t sealed_nanos;
	uint8_t list_root[GBX_SHA256_LEN];
};

#define GBX_NO_JOURNAL SIZE_MAX

struct gbx_journals {
	struct gbx_journal *journal; /* those that begin with a stream-start of the run, sorted by stream id */
	size_t len, cap;
	size_t lead;         /* the lead stream that no other goes on from; GBX_NO_JOURNAL */
	bool is_sealed;      /* by the lead's Seal: of several, the first by its time */
	size_t seals;
	size_t strange;      /* files, and streams, that are no part of the run */
	bool unlisted;         /* sealed, and the list of streams that the Seal names is missing or another */
	bool unreadable;     /* the system refused to read one of them */
	char trouble[400];   /* what is wrong with the first of them */
};

#define GBX_AUTO_JOURNALS GBX_CLEANUP(gbx_journals_free)

/* Looks at every <stream id>.tfrecord in the journal folder `dir` (a folder that is not there is empty). lists: the folder with the seals' lists. */
int gbx_journals_find(const char *dir, const char *lists, const uint8_t run[GBX_RUN_LEN], struct gbx_journals *out,
		      struct gbx_error *err) GBX_MUST_USE;
void gbx_journals_free(struct gbx_journals *j);

/* "<lists>/<root in hex>.tfrecord": each Seal has a list of its own, so that two seals at once leave each other's alone. The caller
 * frees; NULL without memory. */
char *gbx_list_path(const char *lists, const uint8_t root[GBX_SHA256_LEN]);

/* Whether the file at path can be read and is the list of streams that has this root. */
bool gbx_list_is(const char *path, const uint8_t root[GBX_SHA256_LEN]);

#endif
