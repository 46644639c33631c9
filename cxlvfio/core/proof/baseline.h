/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run compared with an earlier one of the same endpoint, as far as its JSON document tells. */
#ifndef CXLVFIO_CORE_PROOF_BASELINE_H
#define CXLVFIO_CORE_PROOF_BASELINE_H

#include "core/discovery/endpoint.h"
#include "core/proof/cycle_run.h"

/*
 * Latencies vary: only a percentile that grew by more than a tenth is a difference. It is a failure
 * when the median is more than twice the earlier one and CXV_BASELINE_SLOWER longer, with
 * CXV_BASELINE_CYCLES or more in both runs; a p99 never is: it may be a single cycle's.
 */
#define CXV_BASELINE_SLOWER	1000000u	/* nanoseconds */
#define CXV_BASELINE_CYCLES	10

/* Not our own overhead, which is no property of the device or its driver. */
#define CXV_LATENCIES_COMPARED	CXV_LATENCY_OVERHEAD

struct cxv_baseline_latency {
	uint64_t count, p50, p99;	/* count 0: none was measured */
};

/* More than any endpoint has (CXL 3.1 8.2.4.20); what is behind them is not compared. */
#define CXV_BASELINE_DECODERS	10

/* 0 is unknown. */
struct cxv_baseline {
	char target[32];
	struct cxv_number vendor, device, serial;
	uint64_t cycles;
	bool verify, read_only;
	uint64_t threads, processes;
	bool one_expect;		/* as in struct cxv_run */
	enum cxv_expect expect;
	bool same_ways;			/* as this run's: else latencies are not compared */
	uint64_t resource, size, page_size, faults_populate;
	uint64_t blocks;		/* that were touched: else faults are not compared */
	struct cxv_baseline_latency latencies[CXV_LATENCIES_COMPARED];
	bool has_check[CXV_CHECK_COUNT];
	enum cxv_verdict checks[CXV_CHECK_COUNT];
	struct cxv_decoder decoders[CXV_BASELINE_DECODERS];	/* their numbers only */
	size_t decoder_count;
};

enum cxv_difference_kind {
	CXV_DIFFERENCE_NUMBER,		/* 0: it is not known any more */
	CXV_DIFFERENCE_DECODER,		/* a number of one of them, as in struct cxv_decoder */
	CXV_DIFFERENCE_DURATION,	/* nanoseconds */
	CXV_DIFFERENCE_VERDICT,		/* enum cxv_verdict; WHAT is a check */
};

struct cxv_difference {
	enum cxv_difference_kind kind;
	const char *what;		/* static: "page_size", "reset", "zapped" */
	unsigned int percentile;	/* of durations */
	unsigned int decoder;		/* of decoders: which, from 0 */
	uint64_t before, now;
	bool failure;
};

#define CXV_DECODER_NUMBERS	8	/* at most, of each */
#define CXV_DIFFERENCES_MAX	(4 + 2 * CXV_LATENCIES_COMPARED + CXV_CHECK_COUNT +		\
				 CXV_BASELINE_DECODERS * CXV_DECODER_NUMBERS)

struct cxv_comparison {
	const char *file;		/* the caller's */
	bool compared;			/* false: no cycle was made */
	struct cxv_difference items[CXV_DIFFERENCES_MAX];
	size_t count;
	size_t failures;		/* of these */
};

/*
 * Why RUN of ENDPOINT, which has not begun, must not be compared with BEFORE: it would accuse a
 * device of what another one did, or another proof. A sentence, or NULL.
 */
const char *cxv_baseline_unlike(const struct cxv_baseline *before, const struct cxv_run *run,
				const struct cxv_endpoint *endpoint);
void cxv_baseline_compare(const struct cxv_baseline *before, const struct cxv_run *run,
			  const struct cxv_endpoint *endpoint, struct cxv_comparison *comparison);

#endif
