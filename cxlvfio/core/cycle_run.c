// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/cycle_run.h"

#include <errno.h>
#include <stdlib.h>

static struct cxv_view_record record_view(const struct cxv_view_result *view)
{
	return (struct cxv_view_record) {
		.made = view->after.made,
		.live = view->before.made,
		.pages = view->after.pages,
		.faults_before = view->before.faults,
		.faults_after = view->after.faults,
		.faults_expected = view->expected_faults,
		.missing_faults = view->after.missing_faults,
		.refused_after = view->after.refused,
		.retained = view->after.retained,
		.zero = view->after.zero,
		.all_ones = view->after.all_ones,
		.other = view->after.other,
		.duration_after = view->after.duration,
	};
}

static void summarize_check(struct cxv_check_summary *summary, const struct cxv_check *check,
			    unsigned int cycle)
{
	summary->counts[check->verdict]++;
	if (summary->cycle && check->verdict <= summary->check.verdict)
		return;
	summary->cycle = cycle;
	summary->check = *check;
}

int cxv_run_add(struct cxv_run *run, const struct cxv_cycle *cycle)
{
	struct cxv_cycle_record *cycles, *record;
	unsigned int i;

	cycles = realloc(run->cycles, (run->count + 1) * sizeof(*cycles));
	if (!cycles)
		return -ENOMEM;
	run->cycles = cycles;
	record = &cycles[run->count++];
	*record = (struct cxv_cycle_record) {
		.number = cycle->number,
		.method = cycle->method,
		.via = cycle->via,
		.expect = cycle->expect,
		.method_word = cycle->method_word,
		.verified = cycle->verify,
		.verdict = cycle->verify ? cycle->verdict : CXV_SKIP,
		.reset_error = cycle->reset_error,
		.reset_retries = cycle->reset_retries,
		.reset_duration = cycle->reset_duration,
		.readiness = cycle->readiness,
		.ready_duration = cycle->ready_duration,
		.lost = cycle->lost,
	};
	for (i = 0; i < CXV_VIEW_COUNT; i++)
		record->views[i] = record_view(&cycle->views[i]);
	for (i = 0; i < CXV_CHECK_COUNT; i++) {
		record->checks[i] = cycle->verify ? cycle->checks[i].verdict : CXV_SKIP;
		if (cycle->verify)
			summarize_check(&run->checks[i], &cycle->checks[i], cycle->number);
	}
	return 0;
}

void cxv_run_clear(struct cxv_run *run)
{
	free(run->cycles);
	*run = (struct cxv_run) { 0 };
}

unsigned int cxv_run_count(const struct cxv_run *run, enum cxv_verdict verdict)
{
	unsigned int count = 0;
	size_t i;

	for (i = 0; i < run->count; i++)
		count += run->cycles[i].verdict == verdict;
	return count;
}

enum cxv_verdict cxv_run_verdict(const struct cxv_run *run)
{
	if (cxv_run_count(run, CXV_FAIL))
		return CXV_FAIL;
	if (cxv_run_count(run, CXV_INCONCLUSIVE))
		return CXV_INCONCLUSIVE;
	return cxv_run_count(run, CXV_PASS) ? CXV_PASS : CXV_SKIP;
}

static void spread_add(struct cxv_spread *spread, uint64_t value, uint64_t *sum, size_t *count)
{
	if (!*count || value < spread->minimum)
		spread->minimum = value;
	if (value > spread->maximum)
		spread->maximum = value;
	*sum += value;
	spread->mean = *sum / ++*count;
}

struct cxv_spread cxv_run_reset_spread(const struct cxv_run *run)
{
	struct cxv_spread spread = { 0 };
	uint64_t sum = 0;
	size_t i, count = 0;

	for (i = 0; i < run->count; i++)
		spread_add(&spread, run->cycles[i].reset_duration, &sum, &count);
	return spread;
}

struct cxv_spread cxv_run_refault_spread(const struct cxv_run *run)
{
	struct cxv_spread spread = { 0 };
	uint64_t sum = 0;
	size_t i, count = 0;

	for (i = 0; i < run->count; i++) {
		const struct cxv_view_record *view = &run->cycles[i].views[CXV_VIEW_WHOLE];

		if (view->made)
			spread_add(&spread, view->duration_after, &sum, &count);
	}
	return spread;
}
