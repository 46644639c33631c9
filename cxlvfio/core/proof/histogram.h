/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often which latency was seen, in memory that does not grow with their number: linear below
 * 128, and 128 buckets for each doubling above, as HDR histograms have them. A percentile is off by
 * less than 0.4 %; count, minimum, maximum and mean are exact. Any 64-bit value may be added.
 */
#ifndef CXLVFIO_CORE_PROOF_HISTOGRAM_H
#define CXLVFIO_CORE_PROOF_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define CXV_HISTOGRAM_OCTAVES	58	/* values below 128, then 57 doublings */
#define CXV_HISTOGRAM_BUCKETS	128	/* in each */

struct cxv_histogram {
	uint64_t *octaves[CXV_HISTOGRAM_OCTAVES];	/* NULL: nothing in it */
	uint64_t count;
	uint64_t minimum, maximum;			/* 0 without any */
	unsigned __int128 sum;
};

/* 0, or -ENOMEM with nothing added. */
int cxv_histogram_add(struct cxv_histogram *histogram, uint64_t value);
void cxv_histogram_clear(struct cxv_histogram *histogram);

/* Rounded down; 0 without any value. */
uint64_t cxv_histogram_mean(const struct cxv_histogram *histogram);
/* The value that PERCENT of 100 of all values do not exceed (nearest rank); 0 without any. */
uint64_t cxv_histogram_percentile(const struct cxv_histogram *histogram, unsigned int percent);

/* A range to be drawn: LOW to HIGH, both included. */
struct cxv_histogram_bar {
	uint64_t low, high;
	uint64_t count;
};

/*
 * Minimum to maximum in at most MOST bars, at least 1: of equal width where the largest value is
 * less than 8 times the smallest, else of doublings, or parts of them if MOST has room. The
 * bars' counts add up to all values. Returns how many bars there are; 0 without any value.
 */
size_t cxv_histogram_bars(const struct cxv_histogram *histogram, struct cxv_histogram_bar *bars,
			  size_t most);

#endif
