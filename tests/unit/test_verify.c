// SPDX-License-Identifier: GPL-2.0-or-later
/* The judgement of a whole cycle: a clean one passes, and the worst check decides. */
#include "clean_cycle.h"
#include "core/proof/cycle_run.h"
#include "core/proof/verify.h"

static void test_clean(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cxv_verify_cycle(cycle);
	for (unsigned int i = 0; i < CXV_CHECK_COUNT; i++) {
		if (cycle->checks[i].verdict != CXV_PASS)
			fail_msg("%s: %s", cxv_check_name(i), cycle->checks[i].detail);
		assert_string_equal(cycle->checks[i].detail, "");
	}
	assert_int_equal(cycle->verdict, CXV_PASS);
	end(cycle);
}

static void test_worst_wins(void **state)
{
	struct cxv_check checks[CXV_CHECK_COUNT] = { 0 };

	assert_int_equal(cxv_verdict_of(checks), CXV_PASS);
	checks[CXV_CHECK_AER_UNCHANGED].verdict = CXV_SKIP;
	assert_int_equal(cxv_verdict_of(checks), CXV_PASS);
	checks[CXV_CHECK_LIVE].verdict = CXV_INCONCLUSIVE;
	assert_int_equal(cxv_verdict_of(checks), CXV_INCONCLUSIVE);
	checks[CXV_CHECK_REAL_FLR].verdict = CXV_FAIL;
	assert_int_equal(cxv_verdict_of(checks), CXV_FAIL);
}

static void test_indispensable(void **state)
{
	static const enum cxv_check_id needed[] = {
		CXV_CHECK_LIVE, CXV_CHECK_ZAPPED, CXV_CHECK_REACTIVATED,
	};

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		struct cxv_check checks[CXV_CHECK_COUNT] = { 0 };

		checks[needed[i]].verdict = CXV_SKIP;
		assert_int_equal(cxv_verdict_of(checks), CXV_INCONCLUSIVE);
	}
}

static void test_run(void **state)
{
	struct cxv_run run = { .verify = true };
	struct cxv_cycle *cycle = clean_cycle();

	assert_int_equal(cxv_run_verdict(&run), CXV_SKIP);
	cxv_verify_cycle(cycle);
	cycle->reset_duration = 100;
	assert_int_equal(cxv_run_add(&run, cycle), 0);
	assert_int_equal(cxv_run_verdict(&run), CXV_PASS);

	cycle->number = 2;
	cycle->reset_duration = 300;
	cycle->mappings[CXV_MAPPING_WHOLE].after.faults = 0;
	cxv_verify_cycle(cycle);
	assert_int_equal(cxv_run_add(&run, cycle), 0);
	assert_int_equal(cxv_run_verdict(&run), CXV_FAIL);
	assert_int_equal(cxv_run_count(&run, CXV_PASS), 1);
	assert_int_equal(run.checks[CXV_CHECK_ZAPPED].cycle, 2);
	assert_int_equal(run.checks[CXV_CHECK_ZAPPED].counts[CXV_FAIL], 1);
	assert_int_equal(run.checks[CXV_CHECK_LIVE].cycle, 1);
	assert_int_equal(run.latencies[CXV_LATENCY_RESET].minimum, 100);
	assert_int_equal(run.latencies[CXV_LATENCY_RESET].maximum, 300);
	assert_int_equal(cxv_histogram_mean(&run.latencies[CXV_LATENCY_RESET]), 200);
	cxv_run_clear(&run);
	end(cycle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_worst_wins),
		cmocka_unit_test(test_indispensable),
		cmocka_unit_test(test_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
