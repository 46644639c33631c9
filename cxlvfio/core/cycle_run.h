/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All cycles on one endpoint: what is kept of each, and what they say together. */
#ifndef CXLVFIO_CORE_CYCLE_RUN_H
#define CXLVFIO_CORE_CYCLE_RUN_H

#include "core/cycle.h"
#include "core/scope.h"

/* What is kept of a mapping in a cycle. */
struct cxv_view_record {
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
	int reset_error;
	unsigned int reset_retries;
	uint64_t reset_duration;
	enum cxv_readiness readiness;
	uint64_t ready_duration;
	bool lost;
	struct cxv_view_record views[CXV_VIEW_COUNT];
};

/* One check over all cycles. */
struct cxv_check_summary {
	unsigned int counts[CXV_FAIL + 1];	/* by verdict */
	unsigned int cycle;		/* the first with the worst verdict; 0: no cycle yet */
	struct cxv_check check;		/* as it was in that one */
};

/* Nanoseconds; all 0 where nothing was measured. */
struct cxv_spread {
	uint64_t minimum, mean, maximum;
};

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
	const char *interface;		/* "group", "cdev"; NULL: it was not opened */
	char node[64];
	char reset_methods[128];	/* as found; "" unknown */
	uint64_t window_base;		/* 0: unknown */
	uint64_t window_size;
	uint64_t blocks_total;		/* of 2 MiB, in the window; 0: nothing was verified */
	uint64_t blocks_touched;
	uint64_t uncertainty;		/* see cxv_sample_uncertainty() */
	uint64_t page_size;		/* of the whole mapping; 0: unknown */
	uint64_t faults_populate;	/* what populating it took */
	unsigned int cycles_requested;	/* 0: no limit */
	uint64_t duration_requested;	/* nanoseconds; 0: no limit */
	bool interrupted;		/* by a signal */
	bool memory_restored;		/* no tag is left in the window */
	struct cxv_cycle_record *cycles;
	size_t count;
	struct cxv_check_summary checks[CXV_CHECK_COUNT];
};

/* Keep CYCLE. 0 or -ENOMEM. */
int cxv_run_add(struct cxv_run *run, const struct cxv_cycle *cycle);
void cxv_run_clear(struct cxv_run *run);

/* The worst cycle's verdict; CXV_SKIP where nothing was verified. */
enum cxv_verdict cxv_run_verdict(const struct cxv_run *run);
unsigned int cxv_run_count(const struct cxv_run *run, enum cxv_verdict verdict);
struct cxv_spread cxv_run_reset_spread(const struct cxv_run *run);
struct cxv_spread cxv_run_refault_spread(const struct cxv_run *run);

#endif
