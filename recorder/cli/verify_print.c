#include "cli/verify_print.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/output.h"
#include "journal/clock.h"
#include "journal/gap.h"

static const char *compared(const struct gbx_report *r, enum gbx_check check)
{
	switch (gbx_report_status(r, check)) {
	case GBX_STATUS_PASS:
		return "compared";
	case GBX_STATUS_FAIL:
		return "DIFFERS";
	case GBX_STATUS_WITHHELD:
		return "withheld";
	default:
		return "not compared";
	}
}

/* "signed by" is for a signature that was checked. */
static const char *signed_by(const struct gbx_report *r)
{
	bool checked = r->signed_head && !r->failed[GBX_CHECK_SIGNATURE] && gbx_report_status(r, GBX_CHECK_RECORDS) == GBX_STATUS_PASS;

	return checked ? "signed by" : "says that it is signed by";
}

static void print_first_line(const struct gbx_report *r, enum gbx_verdict verdict)
{
	char key[17];

	printf("%s: ", gbx_verdict_name(verdict));
	if (r->has_signer) {
		gbx_hex(r->signer_key, 8, key);
		printf("%s %s (key %s..., %s)", signed_by(r), r->signer, key, r->trusted ? "trusted" : "not trusted");
	} else {
		printf("%s", r->unread ? "it cannot be read as a bundle" : r->has_key ? "the signer's key cannot be read" : "not signed");
	}
	printf("; %llu of %llu records shown; code %s, data %s, weights %s\n", (unsigned long long)r->shown,
	       (unsigned long long)r->records, compared(r, GBX_CHECK_CODE), compared(r, GBX_CHECK_DATA),
	       compared(r, GBX_CHECK_ARTIFACTS));
	if (r->unread)
		printf("expected a folder with an OCI image layout, or an uncompressed tar of one\n");
}

static bool prevents(const struct gbx_report *r, enum gbx_verdict verdict, enum gbx_check check)
{
	return verdict == GBX_FAILED ? r->failed[check] : r->unsure[check];
}

/* Which checks the verdict comes from: the first of them says why the others follow. */
static void print_why(const struct gbx_report *r, enum gbx_verdict verdict)
{
	const char *before = verdict == GBX_FAILED ? "checks that failed: " : "checks that could not tell: ";
	bool any = false;

	if (verdict == GBX_VERIFIED || r->unread)
		return;
	for (int i = 0; i < GBX_CHECKS; i++) {
		if (!prevents(r, verdict, (enum gbx_check)i))
			continue;
		printf("%s%s", any ? ", " : before, gbx_check_name((enum gbx_check)i));
		any = true;
	}
	printf("%s\n", any ? "" : "a check that --require names did not pass");
}

static void end_text(const struct gbx_report *r, char out[64])
{
	if (r->end == GLASSBOX__SEAL__STATE__NO_END)
		snprintf(out, 64, "no end of the job was found");
	else if (!r->has_exit)
		snprintf(out, 64, "end not known");
	else if (r->end == GLASSBOX__SEAL__STATE__SIGNALED)
		snprintf(out, 64, "ended by signal %u", r->exit);
	else if (r->end == GLASSBOX__SEAL__STATE__NOT_STARTED)
		snprintf(out, 64, "the job did not start");
	else
		snprintf(out, 64, "exit status %u", r->exit);
}

/* A name from the bundle, so that it draws no line of ours: its own quotes are escaped. */
static void print_quoted(const char *name)
{
	printf(" \"");
	for (; *name; name++)
		printf(*name == '"' ? "\\\"" : "%c", *name);
	printf("\"");
}

/* Which run this is, as the record says it. */
static void print_run(const struct gbx_report *r)
{
	char end[64];

	if (r->unread || r->records == 0)
		return;
	end_text(r, end);
	printf("run %s", r->run);
	if (*r->name)
		print_quoted(r->name);
	printf(", %s%s%s\n", end, *r->commit ? ", commit " : "", r->commit);
	if (r->has_signer && r->end)
		printf("%s\n", r->has_start ? "its start was signed before it had results" : "its start was not signed: only its end was");
	if (r->clock_back)
		printf("note: the recorder's clock was set back by %llu s while it recorded; its times say no more than that clock did\n",
		       (unsigned long long)gbx_clock_seconds(r->clock_back));
}

static void print_against(const struct gbx_report *r)
{
	char shown[700];

	if (r->against.asked)
		printf("against the other bundle: %s: %s\n", gbx_status_name(r->against.status),
		       gbx_printable_in(gbx_slice_text(r->against.detail ? r->against.detail : "(no memory for the detail)"), shown, sizeof shown));
}

static void print_rows(const struct gbx_report *r, enum gbx_check check)
{
	char shown[1200];

	for (size_t i = 0; i < r->rows; i++) {
		const struct gbx_row *row = &r->row[i];
		if (row->check != check || (row->status == GBX_STATUS_PASS && row->detail && !*row->detail))
			continue;
		printf("      %s: %s\n", gbx_status_name(row->status),
		       gbx_printable_in(gbx_slice_text(row->detail ? row->detail : "(no memory for the detail)"), shown, sizeof shown));
	}
}

static void print_checks(const struct gbx_report *r)
{
	for (int i = 0; i < GBX_CHECKS; i++) {
		enum gbx_check check = (enum gbx_check)i;
		if (r->unread && check > GBX_CHECK_DIGESTS) {
			printf("  %-13s %s\n", "the others", gbx_status_name(GBX_STATUS_SKIPPED));
			break;
		}
		printf("  %-13s %s\n", gbx_check_name(check), gbx_status_name(gbx_report_status(r, check)));
		print_rows(r, check);
	}
	if (r->rows_more)
		printf("  and %llu more findings\n", (unsigned long long)r->rows_more);
}

static const char *reason_of(const struct gbx_withheld_row *w)
{
	return w->reason && *w->reason ? w->reason : "no reason given";
}

static int compare_reasons(const struct gbx_withheld_row *a, const struct gbx_withheld_row *b)
{
	int order = (a->kind->kind > b->kind->kind) - (a->kind->kind < b->kind->kind);

	return order ? order : strcmp(reason_of(a), reason_of(b));
}

static bool same_reason(const struct gbx_withheld_row *a, const struct gbx_withheld_row *b)
{
	return compare_reasons(a, b) == 0;
}

/* Among equals, in their own order. */
static int by_reason(const void *x, const void *y)
{
	const struct gbx_withheld_row *a = *(const struct gbx_withheld_row *const *)x, *b = *(const struct gbx_withheld_row *const *)y;
	int order = compare_reasons(a, b);

	return order ? order : (a > b) - (a < b);
}

/* Of the listed records, how many are withheld as the one at i is, at the first of them; 0 at the others. NULL without memory. */
static size_t *count_alike(const struct gbx_report *r)
{
	size_t *count = gbx_calloc(r->withheld_len, sizeof *count);
	const struct gbx_withheld_row **sorted = gbx_calloc(r->withheld_len, sizeof(struct gbx_withheld_row *));

	for (size_t i = 0; sorted && i < r->withheld_len; i++)
		sorted[i] = &r->withheld[i];
	if (sorted && r->withheld_len)
		qsort(sorted, r->withheld_len, sizeof(struct gbx_withheld_row *), by_reason);
	for (size_t i = 0, first = 0; count && sorted && i < r->withheld_len; i++) {
		if (!same_reason(sorted[first], sorted[i]))
			first = i;
		count[sorted[first] - r->withheld]++;
	}
	if (!sorted) {
		gbx_free(count);
		count = NULL;
	}
	gbx_free(sorted);
	return count;
}

static void print_withheld_record(const struct gbx_withheld_row *w)
{
	char shown[400], stream[2 * GBX_STREAM_LEN + 1];

	gbx_hex(w->stream, GBX_STREAM_LEN, stream);
	printf("  record %llu of stream %.8s, %s: %s\n", (unsigned long long)w->seq, stream, w->kind->name,
	       gbx_printable_in(gbx_slice_text(reason_of(w)), shown, sizeof shown));
}

/* Those of one kind and reason are one line, unless each is asked for. */
static int print_withheld(const struct gbx_report *r, bool verbose, struct gbx_error *err)
{
	size_t *count = verbose ? NULL : count_alike(r);
	char shown[400];

	if (!verbose && !count)
		return gbx_fail(err, GBX_E_NOMEM, "no memory to count what is withheld");

	if (r->withheld_len)
		printf("%s, %llu of %llu records:\n", r->owners_word ? "withheld by the owner" : "withheld (unsigned)",
		       (unsigned long long)(r->withheld_len + r->withheld_more), (unsigned long long)r->records);
	for (size_t i = 0; i < r->withheld_len; i++) {
		const struct gbx_withheld_row *w = &r->withheld[i];
		if (verbose)
			print_withheld_record(w);
		else if (count[i])
			printf("  %zu x %s: %s\n", count[i], w->kind->name, gbx_printable_in(gbx_slice_text(reason_of(w)), shown, sizeof shown));
	}
	if (r->withheld_more)
		printf("  and %llu more\n", (unsigned long long)r->withheld_more);
	gbx_free(count);
	return 0;
}

static void print_gaps(const struct gbx_report *r)
{
	char shown[300];

	if (r->gaps)
		printf("not captured, as the record itself says:\n");
	for (size_t i = 0; i < r->gaps; i++) {
		const struct gbx_gap_row *g = &r->gap[i];
		printf("  %s: %s", gbx_gap_kind_words(g->kind), gbx_gap_reason_words(g->reason));
		if (g->count > 1)
			printf(" (%llu)", (unsigned long long)g->count);
		if (g->where)
			printf(": %s", gbx_printable_in(gbx_slice_text(g->where), shown, sizeof shown));
		printf("\n");
	}
	if (r->gaps_more)
		printf("  and %llu more\n", (unsigned long long)r->gaps_more);
}

int gbx_print_report(const struct gbx_report *r, enum gbx_verdict verdict, bool verbose, struct gbx_error *err)
{
	print_first_line(r, verdict);
	print_why(r, verdict);
	print_run(r);
	print_against(r);
	print_checks(r);
	int rc = print_withheld(r, verbose, err);
	print_gaps(r);
	return rc ? rc : gbx_output_end(err);
}

static json_t *hex(const uint8_t *data, size_t len)
{
	char text[2 * 32 + 1];

	gbx_hex(data, len, text);
	return json_string(text);
}

/* Text from a bundle, so that it is UTF-8 and steers no terminal. NULL without memory. */
static json_t *text(const char *s)
{
	GBX_AUTO_BYTES struct gbx_bytes shown = {0};

	if (!s)
		return json_null();
	return gbx_printable(gbx_slice_text(s), &shown, NULL) ? NULL : json_string((char *)shown.data);
}

static json_t *row_json(const struct gbx_row *row)
{
	json_t *o = json_pack("{s:s, s:s, s:o}", "name", gbx_check_name(row->check), "status", gbx_status_name(row->status), "detail",
			      text(row->detail));

	if (row->has_place) {
		gbx_json_set(&o, "stream", hex(row->stream, GBX_STREAM_LEN));
		gbx_json_set(&o, "seq", json_integer((json_int_t)row->seq));
	}
	if (row->path)
		gbx_json_set(&o, "path", text(row->path));
	return o;
}

static json_t *checks_json(const struct gbx_report *r)
{
	json_t *list = json_array();

	for (int i = 0; list && i < GBX_CHECKS; i++) {
		bool any = false;
		for (size_t j = 0; j < r->rows; j++)
			if (r->row[j].check == (enum gbx_check)i) {
				gbx_json_push(&list, row_json(&r->row[j]));
				any = true;
			}
		enum gbx_status status = gbx_report_status(r, (enum gbx_check)i);
		if (!any)
			gbx_json_push(&list, json_pack("{s:s, s:s, s:s}", "name", gbx_check_name((enum gbx_check)i), "status",
							      gbx_status_name(status), "detail", ""));
	}
	return list;
}

static json_t *withheld_json(const struct gbx_report *r)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < r->withheld_len; i++) {
		const struct gbx_withheld_row *w = &r->withheld[i];
		gbx_json_push(&list, json_pack("{s:o, s:I, s:s, s:o}", "stream", hex(w->stream, GBX_STREAM_LEN), "seq",
						      (json_int_t)w->seq, "kind", w->kind->name, "reason", text(w->reason)));
	}
	return list;
}

static json_t *gaps_json(const struct gbx_report *r)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < r->gaps; i++) {
		const struct gbx_gap_row *g = &r->gap[i];
		gbx_json_push(&list, json_pack("{s:o, s:I, s:s, s:s, s:I, s:o}", "stream", hex(g->stream, GBX_STREAM_LEN), "seq",
						      (json_int_t)g->seq, "kind", gbx_gap_kind_name(g->kind), "reason",
						      gbx_gap_reason_name(g->reason), "count", (json_int_t)(g->count < INT64_MAX ? g->count : INT64_MAX), "where", text(g->where)));
	}
	return list;
}

static json_t *signer_json(const struct gbx_report *r)
{
	if (!r->has_signer)
		return json_null();
	return json_pack("{s:o, s:o, s:b}", "name", text(r->signer), "key", hex(r->signer_key, 32), "trusted", r->trusted);
}

static json_t *against_json(const struct gbx_against_report *a)
{
	if (!a->asked)
		return json_null();
	return json_pack("{s:s, s:o, s:o, s:o, s:I, s:I}", "status", gbx_status_name(a->status), "detail", text(a->detail), "sequence",
			 a->has_sequences ? json_integer((json_int_t)a->sequence) : json_null(), "old_sequence",
			 a->has_sequences ? json_integer((json_int_t)a->old_sequence) : json_null(), "more_shown", (json_int_t)a->disclosed,
			 "no_longer_shown", (json_int_t)a->hidden);
}

int gbx_print_report_json(const struct gbx_report *r, enum gbx_verdict verdict, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes out = {0};
	char end[64];

	end_text(r, end);
	GBX_AUTO_JSON json_t *o =
		json_pack("{s:s, s:s, s:s, s:o, s:s, s:b, s:o, s:o, s:{s:I, s:I}, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:I}", "format", "glassbox.verify/1", "verdict",
			  gbx_verdict_name(verdict), "run", r->run, "name", *r->name ? json_string(r->name) : json_null(), "end", end, "start_signed", r->has_start,
			  "commit", *r->commit ? text(r->commit) : json_null(), "signer", signer_json(r), "records", "shown", (json_int_t)r->shown,
			  "all", (json_int_t)r->records, "checks", checks_json(r), "withheld", withheld_json(r), "gaps", gaps_json(r),
			  "checks_more", (json_int_t)r->rows_more, "withheld_more", (json_int_t)r->withheld_more, "gaps_more",
			  (json_int_t)r->gaps_more, "against", against_json(&r->against), "clock_set_back_seconds",
			  (json_int_t)gbx_clock_seconds(r->clock_back));

	int rc = gbx_json_write(o, &out, err);
	if (rc)
		return rc;
	printf("%s\n", (char *)out.data);
	return gbx_output_end(err);
}
