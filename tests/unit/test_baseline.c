// SPDX-License-Identifier: GPL-2.0-or-later
/* A run compared with an earlier one: what is a difference, and which fails. */
#include <string.h>

#include "core/base/util.h"
#include "core/proof/baseline.h"
#include "core/proof/verify.h"
#include "unit.h"

#define MS	1000000ull

static void fill(struct cxv_histogram *histogram, uint64_t value, unsigned int count)
{
	while (count--)
		assert_int_equal(cxv_histogram_add(histogram, value), 0);
}

/* Twenty resets of 100 ms. */
static struct cxv_run make_run(void)
{
	struct cxv_run run = {
		.verify = true, .window_base = 0x140000000, .window_size = 256 << 20,
		.page_size = 2 << 20, .faults_populate = 128, .blocks_touched = 128,
		.blocks_total = 128, .count = 20,
	};

	fill(&run.latencies[CXV_LATENCY_RESET], 100 * MS, 20);
	run.checks[CXV_CHECK_ZAPPED].cycle = 1;
	run.checks[CXV_CHECK_CLOSED].cycle = 1;
	run.checks[CXV_CHECK_CLOSED].check.verdict = CXV_SKIP;
	return run;
}

static struct cxv_baseline make_baseline(void)
{
	struct cxv_baseline baseline = {
		.same_ways = true, .resource = 0x140000000, .size = 256 << 20,
		.page_size = 2 << 20, .faults_populate = 128, .blocks = 128,
	};

	baseline.latencies[CXV_LATENCY_RESET] = (struct cxv_baseline_latency) {
		.count = 20, .p50 = 100 * MS, .p99 = 100 * MS,
	};
	baseline.has_check[CXV_CHECK_ZAPPED] = true;
	baseline.decoders[0].size = cxv_known(256 << 20);
	baseline.decoder_count = 1;
	baseline.cycles = 20;
	baseline.verify = baseline.one_expect = true;
	baseline.serial = cxv_known(7);
	baseline.has_check[CXV_CHECK_CLOSED] = true;
	baseline.checks[CXV_CHECK_CLOSED] = CXV_SKIP;
	return baseline;
}

/* One decoder, of 256 MiB, not known to be locked. */
static struct cxv_decoder decoder = { .size = { .value = 256 << 20, .known = true } };
static struct cxv_endpoint endpoint = { .decoders = &decoder, .decoder_count = 1 };

static void demand(const struct cxv_baseline *baseline, struct cxv_run *run, size_t count,
		   size_t failures, const char *what)
{
	struct cxv_comparison comparison = { 0 };

	cxv_baseline_compare(baseline, run, &endpoint, &comparison);
	assert_true(comparison.compared);
	assert_int_equal(comparison.count, count);
	assert_int_equal(comparison.failures, failures);
	if (count)
		assert_string_equal(comparison.items[0].what, what);
	cxv_run_clear(run);
}

static void test_same(void **state)
{
	struct cxv_baseline baseline = make_baseline();
	struct cxv_comparison comparison = { 0 };
	struct cxv_run run = make_run();

	demand(&baseline, &run, 0, 0, NULL);
	/* No cycle at all is not as good as then. */
	run = (struct cxv_run) { 0 };
	cxv_baseline_compare(&baseline, &run, &endpoint, &comparison);
	assert_false(comparison.compared);
	assert_int_equal(comparison.count, 0);
}

static void test_numbers(void **state)
{
	struct cxv_baseline baseline = make_baseline();
	struct cxv_run run = make_run();

	run.page_size = 4096;
	demand(&baseline, &run, 1, 1, "page_size");
	run = make_run();
	run.faults_populate = 127;
	demand(&baseline, &run, 1, 1, "faults_populate");
	run = make_run();
	run.faults_populate = 127;
	run.blocks_total = 4096;
	demand(&baseline, &run, 0, 0, NULL);
	run = make_run();
	run.faults_populate = 127;
	run.blocks_touched = 16;
	demand(&baseline, &run, 0, 0, NULL);
	run = make_run();
	run.window_size = 1;
	demand(&baseline, &run, 1, 1, "size");
	run = make_run();
	run.window_base = 1;
	demand(&baseline, &run, 1, 1, "resource");
	/* Not known any more: worse. */
	run = make_run();
	run.page_size = 0;
	demand(&baseline, &run, 1, 1, "page_size");
	/* Not known then: nothing to compare with. */
	run = make_run();
	baseline.page_size = 0;
	demand(&baseline, &run, 0, 0, NULL);
}

static void test_decoders(void **state)
{
	struct cxv_baseline baseline = make_baseline();
	struct cxv_run run = make_run();

	/* Only one of the two is known, or there is only one of the two. */
	baseline.decoders[0].locked = cxv_known(0);
	baseline.decoder_count = 2;
	demand(&baseline, &run, 0, 0, NULL);
	run = make_run();
	decoder.locked = cxv_known(1);
	demand(&baseline, &run, 1, 1, "locked");
	decoder.locked = cxv_unknown(0);
	run = make_run();
	baseline.decoders[0].size = cxv_known(4096);
	demand(&baseline, &run, 1, 1, "size");
}

static void demand_unlike(const struct cxv_baseline *baseline, const struct cxv_run *run,
			  const char *part)
{
	const char *unlike = cxv_baseline_unlike(baseline, run, &endpoint);

	assert_non_null(unlike);
	assert_non_null(strstr(unlike, part));
}

static void test_unlike(void **state)
{
	struct cxv_baseline baseline = make_baseline();
	struct cxv_run run = { .verify = true, .one_expect = true };

	assert_null(cxv_baseline_unlike(&baseline, &run, &endpoint));
	baseline.expect = CXV_EXPECT_ANY;
	demand_unlike(&baseline, &run, "--expect");
	baseline.read_only = true;
	demand_unlike(&baseline, &run, "with --read-only");
	baseline.read_only = false;
	run.read_only = true;
	demand_unlike(&baseline, &run, "without --read-only");
	baseline.verify = false;
	demand_unlike(&baseline, &run, "nothing was verified");
	baseline.cycles = 0;
	demand_unlike(&baseline, &run, "no cycle");
	/* Another device says more than any of these; one of the two not known says nothing. */
	endpoint.serial = cxv_known(8);
	demand_unlike(&baseline, &run, "serial number");
	endpoint.serial = cxv_unknown(0);
	demand_unlike(&baseline, &run, "no cycle");
	baseline.device = cxv_known(1);
	endpoint.pci.device = cxv_known(2);
	demand_unlike(&baseline, &run, "another kind");
	endpoint.pci.device = cxv_unknown(0);
}

static void test_checks(void **state)
{
	struct cxv_baseline baseline = make_baseline();
	struct cxv_run run = make_run();

	run.checks[CXV_CHECK_ZAPPED].check.verdict = CXV_INCONCLUSIVE;
	demand(&baseline, &run, 1, 1, "zapped");
	run = make_run();
	run.checks[CXV_CHECK_CLOSED].check.verdict = CXV_PASS;
	demand(&baseline, &run, 1, 0, "closed");
	run = make_run();
	run.checks[CXV_CHECK_ZAPPED].check.verdict = CXV_SKIP;
	demand(&baseline, &run, 1, 0, "zapped");
	run = make_run();
	baseline.has_check[CXV_CHECK_ZAPPED] = false;
	run.checks[CXV_CHECK_ZAPPED].check.verdict = CXV_FAIL;
	demand(&baseline, &run, 0, 0, NULL);
}

static void test_latencies(void **state)
{
	struct cxv_baseline baseline = make_baseline();
	struct cxv_baseline_latency *before = &baseline.latencies[CXV_LATENCY_RESET];
	struct cxv_run run = make_run();

	/* Faster, or as slow as ever. */
	before->p50 = before->p99 = 200 * MS;
	demand(&baseline, &run, 0, 0, NULL);
	run = make_run();
	before->p50 = before->p99 = 95 * MS;
	demand(&baseline, &run, 0, 0, NULL);
	/* Slower: both percentiles are said. */
	run = make_run();
	before->p50 = before->p99 = 80 * MS;
	demand(&baseline, &run, 2, 0, "reset");
	/* Much slower: the median fails. */
	run = make_run();
	before->p50 = before->p99 = 40 * MS;
	demand(&baseline, &run, 2, 1, "reset");
	/* Of too few cycles, or by another method, it does not. */
	run = make_run();
	before->count = 9;
	demand(&baseline, &run, 2, 0, "reset");
	run = make_run();
	before->count = 20;
	baseline.same_ways = false;
	demand(&baseline, &run, 0, 0, NULL);
	/* Less than a millisecond is no failure. */
	run = (struct cxv_run) { .count = 20 };
	baseline = (struct cxv_baseline) { .same_ways = true };
	baseline.latencies[CXV_LATENCY_FIRST] = (struct cxv_baseline_latency) {
		.count = 20, .p50 = 1000, .p99 = 1000,
	};
	fill(&run.latencies[CXV_LATENCY_FIRST], 900000, 20);
	demand(&baseline, &run, 2, 0, "first_refault");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_decoders),
		cmocka_unit_test(test_unlike),
		cmocka_unit_test(test_checks),
		cmocka_unit_test(test_latencies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
