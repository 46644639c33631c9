/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where things stand in a drawing: axes and bars, without a unit of the drawing's. */
#ifndef CXLVFIO_CORE_PROOF_CHART_H
#define CXLVFIO_CORE_PROOF_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CXV_TICKS_MAX	8

/*
 * A logarithmic scale: 1 for each doubling, linear in between, as the buckets of a histogram are.
 * 0 is where 1 is.
 */
double cxv_chart_place(uint64_t value);
/* What stands at PLACE, rounded down. */
uint64_t cxv_chart_value(double place);
/* Round numbers from LOW to HIGH for a linear axis from 0 on: 1, 2 or 5 times a power of ten. */
size_t cxv_chart_ticks(uint64_t low, uint64_t high, uint64_t ticks[static CXV_TICKS_MAX]);
/* The same for a logarithmic axis. */
size_t cxv_chart_log_ticks(uint64_t low, uint64_t high, uint64_t ticks[static CXV_TICKS_MAX]);

#endif
