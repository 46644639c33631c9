// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/baseline.h"

#include "core/verify.h"

static void add(struct cxv_comparison *comparison, struct cxv_difference difference)
{
	comparison->items[comparison->count++] = difference;
	comparison->failures += difference.failure;
}

/* What must be the same; unknown before is no difference. */
static void compare_number(struct cxv_comparison *comparison, const char *what, uint64_t before,
			   uint64_t now)
{
	if (before && before != now)
		add(comparison, (struct cxv_difference) {
			.kind = CXV_DIFFERENCE_NUMBER, .what = what, .before = before, .now = now,
			.failure = true,
		});
}

static void compare_percentile(struct cxv_comparison *comparison, enum cxv_latency latency,
			       unsigned int percentile, uint64_t before, uint64_t now,
			       bool may_fail)
{
	if (now <= before || now - before <= before / 10)
		return;
	add(comparison, (struct cxv_difference) {
		.kind = CXV_DIFFERENCE_DURATION, .what = cxv_latency_name(latency),
		.percentile = percentile, .before = before, .now = now,
		.failure = may_fail && now - before > before &&
			   now - before >= CXV_BASELINE_SLOWER,
	});
}

static void compare_latency(struct cxv_comparison *comparison, enum cxv_latency latency,
			    const struct cxv_baseline_latency *before,
			    const struct cxv_histogram *now)
{
	bool enough = before->count >= CXV_BASELINE_CYCLES && now->count >= CXV_BASELINE_CYCLES;

	if (!before->count || !now->count)
		return;
	compare_percentile(comparison, latency, 50, before->p50,
			   cxv_histogram_percentile(now, 50), enough);
	compare_percentile(comparison, latency, 99, before->p99,
			   cxv_histogram_percentile(now, 99), false);
}

/* A check that passed in every cycle must do so again. */
static void compare_check(struct cxv_comparison *comparison, enum cxv_check_id id,
			  enum cxv_verdict before, enum cxv_verdict now)
{
	if (before != now)
		add(comparison, (struct cxv_difference) {
			.kind = CXV_DIFFERENCE_VERDICT, .what = cxv_check_name(id),
			.before = before, .now = now, .failure = before == CXV_PASS,
		});
}

void cxv_baseline_compare(const struct cxv_baseline *before, const struct cxv_run *run,
			  struct cxv_comparison *comparison)
{
	unsigned int i;

	comparison->count = 0;
	comparison->failures = 0;
	comparison->compared = run->count > 0;
	if (!comparison->compared)
		return;
	compare_number(comparison, "resource", before->resource, run->window_base);
	compare_number(comparison, "size", before->size, run->window_size);
	compare_number(comparison, "page_size", before->page_size, run->page_size);
	if (before->blocks == run->blocks_touched)
		compare_number(comparison, "faults_populate", before->faults_populate,
			       run->faults_populate);
	for (i = 0; i < CXV_LATENCY_COUNT && before->same_ways; i++)
		compare_latency(comparison, i, &before->latencies[i], &run->latencies[i]);
	for (i = 0; i < CXV_CHECK_COUNT; i++)
		if (before->has_check[i] && run->checks[i].cycle)
			compare_check(comparison, i, before->checks[i],
				      run->checks[i].check.verdict);
}
