// SPDX-License-Identifier: GPL-2.0-or-later
/* Many cycles: what is kept of them, what all of them count for, and what a latency is. */
#include "core/base/util.h"
#include "core/proof/cycle_run.h"
#include "unit.h"

#define MS	1000000ull

/* As a cycle that went well leaves it. */
static struct cxv_cycle *make_cycle(void)
{
	struct cxv_cycle *cycle = calloc(1, sizeof(*cycle));

	assert_non_null(cycle);
	cycle->verify = true;
	cycle->check_count = CXV_CHECK_COUNT;
	cycle->verdict = CXV_PASS;
	cycle->readiness = CXV_READY;
	cycle->reset_duration = 100 * MS;
	cycle->ready_duration = 3 * MS;
	cycle->mappings[CXV_MAPPING_WHOLE].after = (struct cxv_pass) {
		.made = true, .pages = 512, .faults = 1, .duration = 2 * MS, .first = 1000,
	};
	return cycle;
}

static void add(struct cxv_run *run, struct cxv_cycle *cycle, enum cxv_verdict verdict)
{
	cycle->number++;
	cycle->verdict = verdict;
	assert_int_equal(cxv_run_add(run, cycle), 0);
	assert_int_equal(run->count, cycle->number);
	assert_int_equal(run->last.number, cycle->number);
}

static void test_bounded(void **state)
{
	struct cxv_run run = { .verify = true };
	struct cxv_cycle *cycle = make_cycle();
	unsigned int i;

	for (i = 0; i < 10 * CXV_RUN_CYCLES_KEPT; i++)
		add(&run, cycle, i % 100 == 99 ? CXV_FAIL : CXV_PASS);
	/* The first ones, and every failure after them. */
	assert_int_equal(run.kept, CXV_RUN_CYCLES_KEPT + 9 * CXV_RUN_CYCLES_KEPT / 100);
	assert_int_equal(cxv_run_dropped(&run), run.count - run.kept);
	assert_int_equal(run.cycles[CXV_RUN_CYCLES_KEPT - 1].number, CXV_RUN_CYCLES_KEPT);
	for (i = CXV_RUN_CYCLES_KEPT; i < run.kept; i++)
		assert_int_equal(run.cycles[i].verdict, CXV_FAIL);
	for (i = 0; i < 2 * CXV_RUN_CYCLES_KEPT; i++)
		add(&run, cycle, CXV_INCONCLUSIVE);
	assert_int_equal(run.kept, 2 * CXV_RUN_CYCLES_KEPT);
	/* All of them are counted. */
	assert_int_equal(cxv_run_count(&run, CXV_FAIL), 100);
	assert_int_equal(cxv_run_count(&run, CXV_PASS), 9900);
	assert_int_equal(cxv_run_count(&run, CXV_INCONCLUSIVE), 2000);
	assert_int_equal(cxv_run_verdict(&run), CXV_FAIL);
	for (i = 0; i < CXV_LATENCY_COUNT; i++)
		assert_int_equal(run.latencies[i].count, 12000);
	cxv_run_clear(&run);
	assert_int_equal(run.kept, 0);
	free(cycle);
}

static uint64_t only_value(const struct cxv_run *run, enum cxv_latency latency)
{
	assert_int_equal(run->latencies[latency].count, 1);
	return run->latencies[latency].maximum;
}

static void test_latencies(void **state)
{
	struct cxv_run run = { .verify = true };
	struct cxv_cycle *cycle = make_cycle();

	add(&run, cycle, CXV_PASS);
	assert_int_equal(only_value(&run, CXV_LATENCY_RESET), 100 * MS);
	assert_int_equal(only_value(&run, CXV_LATENCY_CLOSED), 103 * MS);
	assert_int_equal(only_value(&run, CXV_LATENCY_FIRST), 1000);
	assert_int_equal(only_value(&run, CXV_LATENCY_REFAULT), 2 * MS);
	cxv_run_clear(&run);

	/* What was seen is better than what it can have been at most. */
	cycle->number = 0;
	cycle->watch.made = true;
	cycle->watch.mapping.longest = 99 * MS;
	cycle->watch.mapping.longest_refused = 180;
	add(&run, cycle, CXV_PASS);
	assert_int_equal(only_value(&run, CXV_LATENCY_CLOSED), 99 * MS);
	assert_int_equal(run.last.closed_duration, 99 * MS);
	cxv_run_clear(&run);
	free(cycle);
}

/* What the cycle took beside the reset and the touching, with what came since the one before. */
static void test_overhead(void **state)
{
	struct cxv_run run = { .verify = true };
	struct cxv_cycle *cycle = make_cycle();
	struct cxv_span *spans = cycle->timeline.spans;

	cycle->since = 1000 * MS;
	cycle->began = 1001 * MS;
	cycle->ended = cycle->since + cycle->reset_duration + cycle->ready_duration + 50 * MS;
	spans[CXV_PHASE_TAG] = (struct cxv_span) { .begin = 0, .end = 5 * MS };
	spans[CXV_PHASE_TOUCH] = (struct cxv_span) { .begin = 5 * MS, .end = 12 * MS };
	spans[CXV_PHASE_LOOK_BEFORE] = (struct cxv_span) { .begin = 12 * MS, .end = 20 * MS };
	spans[CXV_PHASE_REFAULT] = (struct cxv_span) { .begin = 130 * MS, .end = 140 * MS };
	spans[CXV_PHASE_REFAULT + 3] = (struct cxv_span) { .begin = 140 * MS, .end = 151 * MS };
	cycle->io_before[CXV_WINDOW_REGION].duration = 2 * MS;
	cycle->io_after[CXV_WINDOW_BAR].duration = 3 * MS;
	add(&run, cycle, CXV_PASS);
	assert_int_equal(run.last.touching, 38 * MS);
	assert_int_equal(run.last.overhead, 12 * MS);
	assert_int_equal(only_value(&run, CXV_LATENCY_OVERHEAD), 12 * MS);
	cxv_run_clear(&run);
	free(cycle);
}

/* A failed reset took no time that means anything, and refused pages were not refaulted. */
static void test_no_latencies(void **state)
{
	struct cxv_run run = { .verify = true };
	struct cxv_cycle *cycle = make_cycle();
	unsigned int i;

	cycle->reset_error = 25;
	cycle->readiness = CXV_REFUSED;
	cycle->mappings[CXV_MAPPING_WHOLE].after.refused = 1;
	add(&run, cycle, CXV_FAIL);
	for (i = 0; i < CXV_LATENCY_COUNT; i++)
		assert_int_equal(run.latencies[i].count, 0);
	assert_int_equal(run.last.closed_duration, 0);
	cxv_run_clear(&run);
	free(cycle);
}

static void test_remaining(void **state)
{
	struct cxv_run run = { .cycles_requested = 10 };

	/* Before the first one is over nobody knows. */
	assert_true(cxv_run_remaining(&run, 5) == UINT64_MAX);
	run.count = 4;
	assert_int_equal(cxv_run_remaining(&run, 400 * MS), 600 * MS);
	run.count = 12;
	assert_int_equal(cxv_run_remaining(&run, 400 * MS), 0);
	/* Whichever comes first. */
	run.count = 4;
	run.duration_requested = 700 * MS;
	assert_int_equal(cxv_run_remaining(&run, 400 * MS), 300 * MS);
	assert_int_equal(cxv_run_remaining(&run, 900 * MS), 0);
	run.cycles_requested = 0;
	assert_int_equal(cxv_run_remaining(&run, 100 * MS), 600 * MS);
	run.cycles_requested = 1000000;
	run.duration_requested = 0;
	assert_true(cxv_run_remaining(&run, UINT64_MAX / 8) > UINT64_MAX / 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_latencies),
		cmocka_unit_test(test_overhead),
		cmocka_unit_test(test_no_latencies),
		cmocka_unit_test(test_remaining),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
