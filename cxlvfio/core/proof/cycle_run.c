// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/cycle_run.h"

#include <errno.h>
#include <stdlib.h>

static struct cxv_mapping_record record_mapping(const struct cxv_mapping_result *mapping)
{
	return (struct cxv_mapping_record) {
		.made = mapping->after.made,
		.live = mapping->before.made,
		.pages = mapping->after.pages,
		.faults_before = mapping->before.faults,
		.faults_after = mapping->after.faults,
		.faults_expected = mapping->expected_faults,
		.missing_faults = mapping->after.missing_faults,
		.refused_after = mapping->after.refused,
		.retained = mapping->after.retained,
		.zero = mapping->after.zero,
		.all_ones = mapping->after.all_ones,
		.other = mapping->after.other,
		.duration_after = mapping->after.duration,
		.first_after = mapping->after.first,
	};
}

static struct cxv_view_record record_view(const struct cxv_cycle *cycle, enum cxv_window_view id)
{
	const struct cxv_read_write *before = &cycle->io_before[id], *after = &cycle->io_after[id];
	bool first = id == cycle->views.first;
	const struct cxv_watch *watch = &cycle->watch;
	const struct cxv_watch_way *mapping = first ? &watch->mapping : &watch->bar_mapping;
	const struct cxv_watch_way *file = first ? &watch->file : &watch->bar_file;

	if (!cycle->views.views[id].shown)
		return (struct cxv_view_record) { 0 };
	return (struct cxv_view_record) {
		.shown = true,
		.transfers = before->transfers + after->transfers,
		.transfers_wrong = before->wrong + after->wrong,
		.passed = mapping->passed + file->passed,
		.refused = mapping->refused + file->refused,
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

bool cxv_cycle_is_good(const struct cxv_cycle_record *record)
{
	return record->verdict < CXV_INCONCLUSIVE && !record->reset_error && !record->lost &&
	       (record->readiness == CXV_NOT_WAITED || record->readiness == CXV_READY);
}

/*
 * The watcher saw it where it ran; else the window was shut from the reset's begin until it
 * answered, at most.
 */
static uint64_t closed_duration(const struct cxv_cycle *cycle)
{
	const struct cxv_watch_way *mapping = &cycle->watch.mapping;

	if (cycle->watch.made && mapping->longest_refused)
		return mapping->longest;
	if (cycle->readiness != CXV_READY)
		return 0;
	return cycle->reset_duration + cycle->ready_duration;
}

static struct cxv_cycle_record record_cycle(const struct cxv_cycle *cycle)
{
	struct cxv_cycle_record record = {
		.number = cycle->number,
		.method = cycle->method,
		.via = cycle->via,
		.expect = cycle->expect,
		.method_word = cycle->method_word,
		.verified = cycle->verify,
		.check_count = cycle->check_count,
		.verdict = cycle->verify ? cycle->verdict : CXV_SKIP,
		.reset_error = cycle->reset_error,
		.reset_retries = cycle->reset_retries,
		.reset_duration = cycle->reset_duration,
		.readiness = cycle->readiness,
		.ready_duration = cycle->ready_duration,
		.closed_duration = closed_duration(cycle),
		.touching = cxv_cycle_touching(cycle),
		.overhead = cxv_cycle_overhead(cycle),
		.lost = cycle->lost,
		.first_view = cycle->views.first,
		.traffic = {
			.accesses = cycle->traffic.accesses,
			.refused = cycle->traffic.refused,
			.wrong = cycle->traffic.wrong,
		},
	};
	unsigned int i;

	for (i = 0; i < CXV_WINDOW_VIEWS; i++)
		record.views[i] = record_view(cycle, i);
	for (i = 0; i < CXV_MAPPING_COUNT; i++)
		record.mappings[i] = record_mapping(&cycle->mappings[i]);
	for (i = 0; i < CXV_CHECK_COUNT; i++)
		record.checks[i] = i < cycle->check_count ? cycle->checks[i].verdict : CXV_SKIP;
	return record;
}

/* Failures count as later ones only when the first cycles are full. */
static bool must_keep(const struct cxv_run *run, const struct cxv_cycle_record *record)
{
	if (run->count < CXV_RUN_CYCLES_KEPT)
		return true;
	if (run->kept_later >= CXV_RUN_CYCLES_KEPT)
		return false;
	return record->reset_error || (record->verified && record->verdict != CXV_PASS);
}

static int keep(struct cxv_run *run, const struct cxv_cycle_record *record)
{
	struct cxv_cycle_record *kept;

	if (!must_keep(run, record))
		return 0;
	kept = cxv_array_add(run->cycles, run->kept);
	if (!kept)
		return -ENOMEM;
	*kept = *record;
	run->kept_later += run->count >= CXV_RUN_CYCLES_KEPT;
	return 0;
}

static int add_latencies(struct cxv_run *run, const struct cxv_cycle_record *record)
{
	const struct cxv_mapping_record *whole = &record->mappings[CXV_MAPPING_WHOLE];
	bool refaulted = whole->made && !whole->refused_after;
	int ret = 0;

	/* A reset that failed or was refused says nothing of how long one takes. */
	if (!record->reset_error)
		ret = cxv_histogram_add(&run->latencies[CXV_LATENCY_OVERHEAD], record->overhead);
	if (!ret && !record->reset_error)
		ret = cxv_histogram_add(&run->latencies[CXV_LATENCY_RESET],
					record->reset_duration);
	if (!ret && record->closed_duration)
		ret = cxv_histogram_add(&run->latencies[CXV_LATENCY_CLOSED],
					record->closed_duration);
	if (!ret && refaulted && whole->first_after)
		ret = cxv_histogram_add(&run->latencies[CXV_LATENCY_FIRST], whole->first_after);
	if (!ret && refaulted)
		ret = cxv_histogram_add(&run->latencies[CXV_LATENCY_REFAULT],
					whole->duration_after);
	return ret;
}

/* One cycle's timeline is enough: that of the first of the worst. */
static void keep_worst(struct cxv_run *run, const struct cxv_cycle_record *record,
		       const struct cxv_timeline *timeline)
{
	unsigned int rank = cxv_cycle_is_good(record) ? 1 : 2 + record->verdict;

	if (rank <= run->worst_rank)
		return;
	run->worst_rank = rank;
	run->worst = *record;
	run->timeline = *timeline;
}

int cxv_run_add(struct cxv_run *run, const struct cxv_cycle *cycle)
{
	struct cxv_cycle_record record = record_cycle(cycle);
	unsigned int i;

	if (keep(run, &record) < 0)
		return -ENOMEM;
	/* Its record is kept: it counts, also where there is no memory for its latencies. */
	run->count++;
	run->verdicts[record.verdict]++;
	run->last = record;
	keep_worst(run, &record, &cycle->timeline);
	for (i = 0; i < cycle->check_count; i++)
		summarize_check(&run->checks[i], &cycle->checks[i], cycle->number);
	return add_latencies(run, &record);
}

void cxv_run_clear(struct cxv_run *run)
{
	unsigned int i;

	for (i = 0; i < CXV_LATENCY_COUNT; i++)
		cxv_histogram_clear(&run->latencies[i]);
	free(run->cycles);
	*run = (struct cxv_run) { 0 };
}

unsigned int cxv_run_count(const struct cxv_run *run, enum cxv_verdict verdict)
{
	return run->verdicts[verdict];
}

unsigned int cxv_run_dropped(const struct cxv_run *run)
{
	return run->count - run->kept;
}

uint64_t cxv_run_remaining(const struct cxv_run *run, uint64_t elapsed)
{
	uint64_t remaining = UINT64_MAX, left;

	if (run->cycles_requested && run->count) {
		left = run->count < run->cycles_requested ? run->cycles_requested - run->count : 0;
		remaining = (unsigned __int128)elapsed * left / run->count;
	}
	if (run->duration_requested) {
		left = elapsed < run->duration_requested ? run->duration_requested - elapsed : 0;
		remaining = left < remaining ? left : remaining;
	}
	return remaining;
}

static const struct {
	const char *name, *meaning;
} latencies[CXV_LATENCY_COUNT] = {
	[CXV_LATENCY_RESET] = { "reset", "the reset itself" },
	[CXV_LATENCY_CLOSED] = { "closed", "no access went through" },
	[CXV_LATENCY_FIRST] = { "first_refault", "touching the first page after it" },
	[CXV_LATENCY_REFAULT] = { "refault", "touching every page after it" },
	[CXV_LATENCY_OVERHEAD] = { "overhead", "what is neither reset nor touching" },
};

const char *cxv_latency_name(enum cxv_latency latency)
{
	return latencies[latency].name;
}

const char *cxv_latency_meaning(enum cxv_latency latency)
{
	return latencies[latency].meaning;
}

enum cxv_verdict cxv_run_verdict(const struct cxv_run *run)
{
	if (cxv_run_count(run, CXV_FAIL))
		return CXV_FAIL;
	if (cxv_run_count(run, CXV_INCONCLUSIVE))
		return CXV_INCONCLUSIVE;
	return cxv_run_count(run, CXV_PASS) ? CXV_PASS : CXV_SKIP;
}
