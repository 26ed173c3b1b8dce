/* What verification found: rows of checks, what is withheld, gaps, and the verdict that follows from them. */
#ifndef GBX_BUNDLE_REPORT_H
#define GBX_BUNDLE_REPORT_H

#include "base/text.h"
#include "journal/record.h"

enum gbx_check {
	GBX_CHECK_LAYOUT,
	GBX_CHECK_DIGESTS,
	GBX_CHECK_RECORDS,
	GBX_CHECK_CHAIN,
	GBX_CHECK_STREAMS,
	GBX_CHECK_COMMITMENTS,
	GBX_CHECK_PUBLICATION,
	GBX_CHECK_SIGNATURE,
	GBX_CHECK_CODE,
	GBX_CHECK_MANIFESTS,
	GBX_CHECK_DATA,
	GBX_CHECK_ARTIFACTS,
	GBX_CHECK_ATTESTATIONS,
	GBX_CHECK_TIMESTAMPS,
	GBX_CHECKS,
};

enum gbx_status {
	GBX_STATUS_PASS,
	GBX_STATUS_FAIL,     /* the evidence is bad */
	GBX_STATUS_WITHHELD, /* the owner says so */
	GBX_STATUS_ABSENT,   /* it is not there */
	GBX_STATUS_SKIPPED,  /* not asked for, or could not be checked */
	GBX_STATUSES,
};

enum gbx_verdict { GBX_VERIFIED = 0, GBX_FAILED = 1, GBX_UNDETERMINED = 3 };

struct gbx_row {
	enum gbx_check check;
	enum gbx_status status;
	bool counts; /* against `verified`, where the status is absent or skipped */
	char *detail;
	bool has_place;
	uint8_t stream[GBX_STREAM_LEN];
	uint64_t seq;
	char *path; /* file in the bundle, or path in a manifest; or NULL */
};

struct gbx_withheld_row {
	uint8_t stream[GBX_STREAM_LEN];
	uint64_t seq;
	const struct gbx_kind *kind;
	char *reason;
};

struct gbx_gap_row {
	uint8_t stream[GBX_STREAM_LEN];
	uint64_t seq;
	Glassbox__Gap__Kind kind;
	Glassbox__Gap__Reason reason;
	uint64_t count;
	bool has_place;
	struct gbx_ref place;
	const char *where; /* from the Place record, where it is shown; else NULL */
};

/* What the comparison with another bundle came to. Where it is fail or skipped, there is a row of the check `publication`, too. */
struct gbx_against_report {
	bool asked;
	enum gbx_status status; /* withheld: something that the other one shows is not shown here, and nothing contradicts */
	char *detail;
	bool has_sequences;
	uint64_t sequence, old_sequence;  /* of the publication statements */
	uint64_t disclosed, hidden;       /* records shown here and not there; there and not here */
};

struct gbx_report {
	/* The verifier itself could not work: no memory, or OpenSSL failed. Then nothing here counts. */
	struct gbx_error broken; /* code 0: it could */
	struct gbx_row *row;
	size_t rows, rows_cap;
	uint64_t rows_more; /* beyond those listed */
	struct gbx_withheld_row *withheld;
	size_t withheld_len, withheld_cap;
	uint64_t withheld_more;
	struct gbx_gap_row *gap;
	size_t gaps, gaps_cap;
	uint64_t gaps_more;
	size_t listed_bytes; /* of reasons and places */
	bool failed[GBX_CHECKS], unsure[GBX_CHECKS];
	bool said[GBX_CHECKS][GBX_STATUSES]; /* listed or not */
	uint64_t records, shown; /* of all streams */
	char run[GBX_ULID_TEXT + 1];
	bool has_start;        /* a start leaf was checked: the run was committed to before it had results */
	bool unread;           /* it could not be read as a bundle at all */
	char name[256];        /* of the run, where it is shown; printable */
	char commit[65];       /* of the code, where it is shown; hex */
	uint64_t clock_back;   /* how far the clock was set back within a stream, at most; 0: it was not. Never counts */
	Glassbox__Seal__State end; /* what the seal says; 0: no seal was read */
	bool has_exit;
	uint32_t exit;         /* status, signal or errno, by end */
	/* The signer, where there is a good signature. */
	char signer[256];
	bool has_signer, trusted;
	bool signed_head;      /* there is one, over the head of the run */
	bool has_key;          /* the bundle has a layer that should hold the signer's key */
	uint8_t signer_key[32];
	bool owners_word;      /* the publication statement is signed by that key: what it withholds, the owner withholds */
	struct gbx_against_report against;
};

void gbx_report_free(struct gbx_report *r);

/* "layout", ... */
const char *gbx_check_name(enum gbx_check check);
const char *gbx_status_name(enum gbx_status status);
const char *gbx_verdict_name(enum gbx_verdict verdict);
/* GBX_CHECKS where there is none of that name. */
enum gbx_check gbx_check_named(const char *name);

/* Adds a row. Beyond GBX_LIMIT_LISTED rows only the first of each check and status is listed; the others count all the same. Without
 * memory the report is broken. */
void gbx_report_add(struct gbx_report *r, enum gbx_check check, enum gbx_status status, bool counts, const char *detail);
/* A row for an error: fail where the evidence is bad, absent where something is missing, else skipped; counts. path may be NULL.
 * GBX_E_NOMEM and GBX_E_CRYPTO say nothing of the evidence: they break the report. */
void gbx_report_error(struct gbx_report *r, enum gbx_check check, const struct gbx_error *err, const char *path);
/* The same with the place of a record. */
void gbx_report_error_at(struct gbx_report *r, enum gbx_check check, const struct gbx_error *err, const char *path,
			 const uint8_t stream[GBX_STREAM_LEN], uint64_t seq);
void gbx_report_withheld(struct gbx_report *r, const struct gbx_withheld_row *row);
void gbx_report_gap(struct gbx_report *r, const struct gbx_gap_row *row);

/* Whether anything was said of a check. */
bool gbx_report_said(const struct gbx_report *r, enum gbx_check check);
/* A copy of text, for what else the report holds; NULL where text is, and where there is no memory, which breaks the report. */
char *gbx_report_keep(struct gbx_report *r, const char *text);

/* The worst status of a check; pass where nothing was said against it. */
enum gbx_status gbx_report_status(const struct gbx_report *r, enum gbx_check check);
/* require: one flag a check; one that did not pass makes `verified` undetermined. */
enum gbx_verdict gbx_report_verdict(const struct gbx_report *r, const bool require[GBX_CHECKS]);

#endif
