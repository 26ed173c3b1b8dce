#include "bundle/report.h"

#include "base/limits.h"
#include "base/mem.h"

static const char *const check_names[GBX_CHECKS] = {
	"layout", "digests", "records", "chain",     "streams", "commitments", "publication", "signature",
	"code",	  "manifests", "data",	"artifacts", "attestations", "timestamps",
};

static const char *const status_names[GBX_STATUSES] = {"pass", "fail", "withheld", "absent", "skipped"};

const char *gbx_check_name(enum gbx_check check)
{
	return check_names[check];
}

const char *gbx_status_name(enum gbx_status status)
{
	return status_names[status];
}

const char *gbx_verdict_name(enum gbx_verdict verdict)
{
	return verdict == GBX_VERIFIED ? "verified" : verdict == GBX_FAILED ? "failed" : "undetermined";
}

enum gbx_check gbx_check_named(const char *name)
{
	for (int i = 0; i < GBX_CHECKS; i++)
		if (strcmp(name, check_names[i]) == 0)
			return (enum gbx_check)i;
	return GBX_CHECKS;
}

void gbx_report_free(struct gbx_report *r)
{
	for (size_t i = 0; i < r->rows; i++) {
		gbx_free(r->row[i].detail);
		gbx_free(r->row[i].path);
	}
	for (size_t i = 0; i < r->withheld_len; i++)
		gbx_free(r->withheld[i].reason);
	for (size_t i = 0; i < r->gaps; i++)
		gbx_free((char *)(uintptr_t)r->gap[i].where);
	gbx_free(r->row);
	gbx_free(r->withheld);
	gbx_free(r->gap);
	gbx_free(r->against.detail);
	*r = (struct gbx_report){0};
}

/* The first cause is kept. */
static void break_report(struct gbx_report *r, const struct gbx_error *err)
{
	if (!r->broken.code)
		r->broken = *err;
}

char *gbx_report_keep(struct gbx_report *r, const char *text)
{
	struct gbx_error err;
	char *copy = text ? gbx_strdup(text) : NULL;

	if (text && !copy && gbx_fail(&err, GBX_E_NOMEM, "no memory for what was found"))
		break_report(r, &err);
	return copy;
}

/* Room for one more in one of the lists; false where there is none. */
static bool make_room(struct gbx_report *r, void **list, size_t *cap, size_t len, size_t size)
{
	struct gbx_error err;

	if (gbx_grow(list, cap, len, size, &err) == 0)
		return true;
	break_report(r, &err);
	return false;
}

/* A thousand findings of one check hide no other check: the first of each check and status is always listed. */
static struct gbx_row *new_row(struct gbx_report *r, bool first)
{
	if ((first || r->rows < GBX_LIMIT_LISTED) && make_room(r, (void **)&r->row, &r->rows_cap, r->rows, sizeof *r->row))
		return &r->row[r->rows++];
	r->rows_more++;
	return NULL;
}

static struct gbx_row *add(struct gbx_report *r, enum gbx_check check, enum gbx_status status, bool counts, const char *detail)
{
	bool first = !r->said[check][status];

	r->said[check][status] = true;
	if (status == GBX_STATUS_FAIL)
		r->failed[check] = true;
	else if (counts && (status == GBX_STATUS_ABSENT || status == GBX_STATUS_SKIPPED))
		r->unsure[check] = true;
	struct gbx_row *row = new_row(r, first);
	if (row)
		*row = (struct gbx_row){.check = check, .status = status, .counts = counts, .detail = gbx_report_keep(r, detail)};
	return row;
}

void gbx_report_add(struct gbx_report *r, enum gbx_check check, enum gbx_status status, bool counts, const char *detail)
{
	add(r, check, status, counts, detail);
}

static struct gbx_row *add_error(struct gbx_report *r, enum gbx_check check, const struct gbx_error *err, const char *path)
{
	if (err->code == GBX_E_NOMEM || err->code == GBX_E_CRYPTO)
		break_report(r, err);
	enum gbx_status status = err->code == GBX_E_BAD	       ? GBX_STATUS_FAIL
				 : err->code == GBX_E_NOTFOUND ? GBX_STATUS_ABSENT
							       : GBX_STATUS_SKIPPED;
	struct gbx_row *row = add(r, check, status, true, err->line);

	if (row)
		row->path = gbx_report_keep(r, path);
	return row;
}

void gbx_report_error(struct gbx_report *r, enum gbx_check check, const struct gbx_error *err, const char *path)
{
	add_error(r, check, err, path);
}

void gbx_report_error_at(struct gbx_report *r, enum gbx_check check, const struct gbx_error *err, const char *path,
			 const uint8_t stream[GBX_STREAM_LEN], uint64_t seq)
{
	struct gbx_row *row = add_error(r, check, err, path);

	if (!row)
		return;
	row->has_place = true;
	memcpy(row->stream, stream, GBX_STREAM_LEN);
	row->seq = seq;
}

/* False where the texts of all that is listed become too many. */
static bool take_bytes(struct gbx_report *r, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len > GBX_LIMIT_LISTED_BYTES - r->listed_bytes)
		return false;
	r->listed_bytes += len;
	return true;
}

void gbx_report_withheld(struct gbx_report *r, const struct gbx_withheld_row *row)
{
	if (r->withheld_len == GBX_LIMIT_LISTED || !take_bytes(r, row->reason) || !make_room(r, (void **)&r->withheld, &r->withheld_cap, r->withheld_len, sizeof *r->withheld)) {
		r->withheld_more++;
		return;
	}
	struct gbx_withheld_row copy = *row;
	copy.reason = gbx_report_keep(r, row->reason);
	r->withheld[r->withheld_len++] = copy;
}

void gbx_report_gap(struct gbx_report *r, const struct gbx_gap_row *row)
{
	if (r->gaps < GBX_LIMIT_LISTED && take_bytes(r, row->where) && make_room(r, (void **)&r->gap, &r->gaps_cap, r->gaps, sizeof *r->gap)) {
		struct gbx_gap_row copy = *row;
		copy.where = gbx_report_keep(r, row->where);
		r->gap[r->gaps++] = copy;
		return;
	}
	r->gaps_more++;
}

bool gbx_report_said(const struct gbx_report *r, enum gbx_check check)
{
	for (int i = 0; i < GBX_STATUSES; i++)
		if (r->said[check][i])
			return true;
	return false;
}

enum gbx_status gbx_report_status(const struct gbx_report *r, enum gbx_check check)
{
	if (r->failed[check])
		return GBX_STATUS_FAIL;
	for (int i = GBX_STATUSES - 1; i > GBX_STATUS_PASS; i--)
		if (r->said[check][i])
			return (enum gbx_status)i;
	return GBX_STATUS_PASS;
}

enum gbx_verdict gbx_report_verdict(const struct gbx_report *r, const bool require[GBX_CHECKS])
{
	bool sure = true;

	for (int i = 0; i < GBX_CHECKS; i++) {
		if (r->failed[i])
			return GBX_FAILED;
		if (r->unsure[i] || (require[i] && gbx_report_status(r, (enum gbx_check)i) != GBX_STATUS_PASS))
			sure = false;
	}
	return sure && r->has_signer && r->trusted ? GBX_VERIFIED : GBX_UNDETERMINED;
}
