/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long resets took, drawn for a terminal. */
#ifndef CXLVFIO_OUT_PROOF_LATENCY_TEXT_H
#define CXLVFIO_OUT_PROOF_LATENCY_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "core/proof/cycle_run.h"

struct cxv_latency_style {
	unsigned int width;	/* columns */
	bool blocks;		/* bars of block characters in UTF-8, not of '#' */
};

/* p50, p99 and the like of each latency that was measured, and its histogram. */
void cxv_print_latencies(const struct cxv_run *run, const struct cxv_latency_style *style,
			 FILE *stream);

#endif
