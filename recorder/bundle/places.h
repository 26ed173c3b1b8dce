/* Where the files of a bundle are, in a folder or in a tar: for source.c. */
#ifndef GBX_BUNDLE_PLACES_H
#define GBX_BUNDLE_PLACES_H

#include "bundle/source.h"

/* Who is told what is wrong. */
struct gbx_reporter {
	gbx_problem *problem; /* may be NULL */
	void *arg;
};

/* Tells err; 0 to go on, or err's code where nobody listens. */
int gbx_report(const struct gbx_reporter *r, const char *check, const struct gbx_error *err) GBX_MUST_USE;

/* A file of a bundle: a part of an open file. */
struct gbx_part {
	int fd;
	bool owned; /* fd is closed with it */
	uint64_t start, size;
};

#define GBX_AUTO_PART GBX_CLEANUP(gbx_part_free)

void gbx_part_free(struct gbx_part *p);

/* A file in a tar. */
struct gbx_tar_place {
	bool there;
	size_t at; /* its number in the tar, from 0 */
	uint64_t start, size;
	uint8_t sha256[GBX_SHA256_LEN]; /* its name, for a blob */
};

struct gbx_places {
	bool tar;
	bool strict; /* a tar that must be byte for byte what gbx_bundle_finish writes */
	bool broken; /* the tar could not be read to its end, which was reported: what is missing may be behind that */
	int fd;      /* the folder or the tar */
	uint64_t size; /* of the tar */
	int blobs;   /* the folder of blobs, or -1 */
	struct gbx_tar_place layout, index;
	struct gbx_tar_place *blob; /* sorted by digest */
	size_t len, cap;
};

/* Opens a bundle and reports names that no bundle has, and a tar that is damaged; fails where nothing can be read at all. Free
 * with gbx_places_free, also when it failed. */
int gbx_places_open(struct gbx_places *f, const char *path, const struct gbx_reporter *r, struct gbx_error *err) GBX_MUST_USE;
void gbx_places_free(struct gbx_places *f);

/* Reads the headers of the tar in f->fd into f: part of gbx_places_open. */
int gbx_places_open_tar(struct gbx_places *f, const struct gbx_reporter *r, struct gbx_error *err) GBX_MUST_USE;

/* GBX_LAYOUT_FILE or GBX_INDEX_FILE. */
int gbx_places_document(const struct gbx_places *f, const char *name, struct gbx_part *out, struct gbx_error *err) GBX_MUST_USE;
/* A blob by the digest in its name. GBX_E_NOTFOUND where it is missing, GBX_E_MALFORMED where it is no regular file. */
int gbx_places_blob(const struct gbx_places *f, const uint8_t sha256[GBX_SHA256_LEN], struct gbx_part *out,
		   struct gbx_error *err) GBX_MUST_USE;

/* Reports each blob that is there and not expected, and a strict tar whose order is not that of the list. */
int gbx_places_check(const struct gbx_places *f, const struct gbx_blobs *expected, const struct gbx_reporter *r,
		    struct gbx_error *err) GBX_MUST_USE;
/* The part of it that a tar needs; known is the list sorted by digest. */
int gbx_places_check_tar(const struct gbx_places *f, const struct gbx_blobs *expected, const struct gbx_blobs *known,
			const struct gbx_reporter *r, struct gbx_error *err) GBX_MUST_USE;
/* True where the sorted list has the digest. */
bool gbx_blobs_has(const struct gbx_blobs *sorted, const uint8_t sha256[GBX_SHA256_LEN]);

#endif
