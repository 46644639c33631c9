/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run compared with an earlier one of the same endpoint, as far as its JSON document tells. */
#ifndef CXLVFIO_CORE_BASELINE_H
#define CXLVFIO_CORE_BASELINE_H

#include "core/cycle_run.h"

/*
 * Latencies vary: only a percentile that grew by more than a tenth is a difference. It is a failure
 * when the median is more than twice the earlier one and CXV_BASELINE_SLOWER longer, with
 * CXV_BASELINE_CYCLES or more in both runs; a p99 never is: it may be a single cycle's.
 */
#define CXV_BASELINE_SLOWER	1000000u	/* nanoseconds */
#define CXV_BASELINE_CYCLES	10

struct cxv_baseline_latency {
	uint64_t count, p50, p99;	/* count 0: none was measured */
};

/* 0 is unknown. */
struct cxv_baseline {
	char target[32];
	bool same_ways;			/* as this run's: else latencies are not compared */
	uint64_t resource, size, page_size, faults_populate;
	uint64_t blocks;		/* that were touched: else faults are not compared */
	struct cxv_baseline_latency latencies[CXV_LATENCY_COUNT];
	bool has_check[CXV_CHECK_COUNT];
	enum cxv_verdict checks[CXV_CHECK_COUNT];
};

enum cxv_difference_kind {
	CXV_DIFFERENCE_NUMBER,
	CXV_DIFFERENCE_DURATION,	/* nanoseconds */
	CXV_DIFFERENCE_VERDICT,		/* enum cxv_verdict; WHAT is a check */
};

struct cxv_difference {
	enum cxv_difference_kind kind;
	const char *what;		/* static: "page_size", "reset", "zapped" */
	unsigned int percentile;	/* of durations */
	uint64_t before, now;
	bool failure;
};

#define CXV_DIFFERENCES_MAX	(4 + 2 * CXV_LATENCY_COUNT + CXV_CHECK_COUNT)

struct cxv_comparison {
	const char *file;		/* the caller's */
	bool compared;			/* false: no cycle was made */
	struct cxv_difference items[CXV_DIFFERENCES_MAX];
	size_t count;
	size_t failures;		/* of these */
};

void cxv_baseline_compare(const struct cxv_baseline *before, const struct cxv_run *run,
			  struct cxv_comparison *comparison);

#endif
