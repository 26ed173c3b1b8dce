/* What a report says of a check when there is more to say than it lists. */
#include <string.h>

#include "base/limits.h"
#include "bundle/report.h"
#include "test.h"

static const bool nothing_required[GBX_CHECKS];

static size_t listed(const struct gbx_report *r, enum gbx_check check, enum gbx_status status)
{
	size_t n = 0;

	for (size_t i = 0; i < r->rows; i++)
		n += r->row[i].check == check && r->row[i].status == status;
	return n;
}

static int set_up(void **state)
{
	static struct gbx_report r;

	r = (struct gbx_report){.has_signer = true, .trusted = true};
	for (unsigned i = 0; i < GBX_LIMIT_LISTED + 5; i++)
		gbx_report_add(&r, GBX_CHECK_COMMITMENTS, GBX_STATUS_WITHHELD, false, "of no interest");
	*state = &r;
	return 0;
}

static int tear_down(void **state)
{
	gbx_report_free(*state);
	return 0;
}

static void the_first_of_a_check_and_status_is_always_listed(void **state)
{
	struct gbx_report *r = *state;

	assert_int_equal(r->rows_more, 5);
	for (int i = 0; i < 3; i++) {
		gbx_report_add(r, GBX_CHECK_SIGNATURE, GBX_STATUS_SKIPPED, true, "the key");
		gbx_report_add(r, GBX_CHECK_SIGNATURE, GBX_STATUS_FAIL, true, "the proof");
	}
	assert_int_equal(listed(r, GBX_CHECK_SIGNATURE, GBX_STATUS_SKIPPED), 1);
	assert_int_equal(listed(r, GBX_CHECK_SIGNATURE, GBX_STATUS_FAIL), 1);
	assert_string_equal(r->row[r->rows - 1].detail, "the proof");
	assert_int_equal(r->rows_more, 5 + 4);
	assert_int_equal(gbx_report_status(r, GBX_CHECK_SIGNATURE), GBX_STATUS_FAIL);
	assert_int_equal(gbx_report_verdict(r, nothing_required), GBX_FAILED);
}

static void the_worst_status_does_not_need_the_list(void **state)
{
	struct gbx_report *r = *state;

	gbx_report_add(r, GBX_CHECK_DATA, GBX_STATUS_PASS, false, "");
	assert_int_equal(gbx_report_status(r, GBX_CHECK_DATA), GBX_STATUS_PASS);
	gbx_report_add(r, GBX_CHECK_DATA, GBX_STATUS_ABSENT, false, "");
	assert_int_equal(gbx_report_status(r, GBX_CHECK_DATA), GBX_STATUS_ABSENT);
	assert_int_equal(gbx_report_verdict(r, nothing_required), GBX_VERIFIED);
	gbx_report_add(r, GBX_CHECK_DATA, GBX_STATUS_SKIPPED, true, "");
	gbx_report_add(r, GBX_CHECK_DATA, GBX_STATUS_WITHHELD, false, "");
	assert_int_equal(gbx_report_status(r, GBX_CHECK_DATA), GBX_STATUS_SKIPPED);
	assert_int_equal(gbx_report_verdict(r, nothing_required), GBX_UNDETERMINED);
	assert_true(gbx_report_said(r, GBX_CHECK_DATA));
	assert_false(gbx_report_said(r, GBX_CHECK_CODE));
	assert_int_equal(gbx_report_status(r, GBX_CHECK_CODE), GBX_STATUS_PASS);
}

static void the_lists_of_withheld_records_and_gaps_end(void **state)
{
	struct gbx_report *r = *state;
	struct gbx_withheld_row w = {.reason = (char *)(uintptr_t)"mine"};
	struct gbx_gap_row g = {.count = 1};

	for (unsigned i = 0; i < GBX_LIMIT_LISTED + 7; i++) {
		gbx_report_withheld(r, &w);
		gbx_report_gap(r, &g);
	}
	assert_int_equal(r->withheld_len, GBX_LIMIT_LISTED);
	assert_int_equal(r->withheld_more, 7);
	assert_int_equal(r->gaps, GBX_LIMIT_LISTED);
	assert_int_equal(r->gaps_more, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_of_a_check_and_status_is_always_listed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_worst_status_does_not_need_the_list, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_lists_of_withheld_records_and_gaps_end, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
