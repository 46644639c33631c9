/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All cycles on one endpoint: what is kept of each, and what they say together. */
#ifndef CXLVFIO_CORE_PROOF_CYCLE_RUN_H
#define CXLVFIO_CORE_PROOF_CYCLE_RUN_H

#include "core/proof/cycle.h"
#include "core/proof/histogram.h"
#include "core/proof/scope.h"

/*
 * Cycles of which a record is kept: the first ones, and as many later ones that do not pass. What
 * all of them say together counts every cycle.
 */
#define CXV_RUN_CYCLES_KEPT	1000

/* What is kept of a mapping in a cycle. */
struct cxv_mapping_record {
	bool made;			/* touched after the reset */
	bool live;			/* touched right before it, too */
	uint64_t pages;
	uint64_t faults_before;		/* right before the reset */
	uint64_t faults_after;
	uint64_t faults_expected;	/* 0: unknown */
	uint64_t missing_faults;
	uint64_t refused_after;
	uint64_t retained, zero, all_ones, other;
	uint64_t duration_after;
	uint64_t first_after;		/* of the first page; 0: none */
};

/* What is kept of a view in a cycle. */
struct cxv_view_record {
	bool shown;
	uint64_t transfers, transfers_wrong;	/* read(2), write(2); around the reset */
	uint64_t passed, refused;	/* accesses of the watching thread during it */
};

/* Of its accesses: see struct cxv_traffic. */
struct cxv_traffic_record {
	uint64_t accesses, refused, wrong;
};

struct cxv_cycle_record {
	unsigned int number;
	enum cxv_method method;
	enum cxv_via via;
	enum cxv_expect expect;
	const char *method_word;	/* static; NULL: reset_method was not set */
	bool verified;
	enum cxv_verdict verdict;
	enum cxv_verdict checks[CXV_CHECK_COUNT];
	unsigned int check_count;	/* of these were made */
	int reset_error;
	unsigned int reset_retries;
	uint64_t reset_duration;
	enum cxv_readiness readiness;
	uint64_t ready_duration;
	uint64_t closed_duration;	/* 0: unknown */
	uint64_t touching, overhead;	/* cxv_cycle_touching(), cxv_cycle_overhead() */
	bool lost;
	struct cxv_traffic_record traffic;
	enum cxv_window_view first_view;
	struct cxv_view_record views[CXV_WINDOW_VIEWS];
	struct cxv_mapping_record mappings[CXV_MAPPING_COUNT];
};

/* One check over all cycles. */
struct cxv_check_summary {
	unsigned int counts[CXV_FAIL + 1];	/* by verdict */
	unsigned int cycle;		/* the first with the worst verdict; 0: no cycle yet */
	struct cxv_check check;		/* as it was in that one */
};

enum cxv_latency {
	CXV_LATENCY_RESET,		/* the reset itself */
	CXV_LATENCY_CLOSED,		/* for how long no access can have gone through */
	CXV_LATENCY_FIRST,		/* touching the first page after it */
	CXV_LATENCY_REFAULT,		/* touching every page of the whole mapping after it */
	CXV_LATENCY_OVERHEAD,		/* ours: cxv_cycle_overhead() */
	CXV_LATENCY_COUNT
};

struct cxv_comparison;

/* What does not change from cycle to cycle. The strings are the owner's. */
struct cxv_run {
	const char *target;
	const struct cxv_way *ways;	/* the cycles take turns through them */
	size_t way_count;
	const struct cxv_scope *scope;	/* NULL: it was not looked at */
	bool dry_run;
	bool refused;			/* before anything was done */
	bool one_expect;		/* the same in all cycles */
	enum cxv_expect expect;
	bool verify;
	bool read_only;			/* nothing was written to the memory */
	unsigned int threads, processes;	/* that access the window meanwhile */
	const char *interface;		/* "group", "cdev"; NULL: it was not opened */
	char node[64];
	char reset_methods[128];	/* as found; "" unknown */
	uint64_t window_base;		/* 0: unknown */
	uint64_t window_size;
	struct cxv_views views;		/* of nothing where it was not opened */
	uint64_t blocks_total;		/* of 2 MiB, in the window; 0: nothing was verified */
	uint64_t blocks_touched;
	uint64_t uncertainty;		/* see cxv_sample_uncertainty() */
	uint64_t page_size;		/* of the whole mapping; 0: unknown */
	uint64_t faults_populate;	/* what populating it took */
	unsigned int cycles_requested;	/* 0: no limit */
	uint64_t duration_requested;	/* nanoseconds; 0: no limit */
	bool interrupted;		/* by a signal */
	bool memory_restored;		/* no tag is left in the window */
	const struct cxv_comparison *comparison;	/* baseline.h; NULL: not wanted */
	struct cxv_cycle_record *cycles;	/* of all, or of some of them */
	size_t kept;			/* of these */
	size_t kept_later;		/* of these, after the first CXV_RUN_CYCLES_KEPT cycles */
	unsigned int count;		/* cycles made */
	unsigned int verdicts[CXV_FAIL + 1];	/* how many of each */
	struct cxv_cycle_record last;
	struct cxv_histogram latencies[CXV_LATENCY_COUNT];	/* nanoseconds */
	struct cxv_check_summary checks[CXV_CHECK_COUNT];
	unsigned int worst_rank;	/* how bad the worst cycle went; 0: no cycle yet */
	struct cxv_cycle_record worst;	/* the first of those */
	struct cxv_timeline timeline;	/* of that one */
};

/* Keep CYCLE. 0 or -ENOMEM. */
int cxv_run_add(struct cxv_run *run, const struct cxv_cycle *cycle);
void cxv_run_clear(struct cxv_run *run);

/* Whether it went as it must, as far as it was looked at. */
bool cxv_cycle_is_good(const struct cxv_cycle_record *record);
/* The worst cycle's verdict; CXV_SKIP where nothing was verified. */
enum cxv_verdict cxv_run_verdict(const struct cxv_run *run);
unsigned int cxv_run_count(const struct cxv_run *run, enum cxv_verdict verdict);
/* Nanoseconds left after ELAPSED, estimated from the cycles so far; UINT64_MAX: unknown. */
uint64_t cxv_run_remaining(const struct cxv_run *run, uint64_t elapsed);
/* Cycles of which no record was kept. */
unsigned int cxv_run_dropped(const struct cxv_run *run);
/* "reset": the key in JSON and the label in text. */
const char *cxv_latency_name(enum cxv_latency latency);
/* "the reset itself" */
const char *cxv_latency_meaning(enum cxv_latency latency);

#endif
