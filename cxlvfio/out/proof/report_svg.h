/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The drawings of a report, for HTML; the classes' colours are in report.css. */
#ifndef CXLVFIO_OUT_PROOF_REPORT_SVG_H
#define CXLVFIO_OUT_PROOF_REPORT_SVG_H

#include <stdio.h>

#include "core/proof/histogram.h"
#include "core/proof/timeline.h"

void cxv_report_timeline(const struct cxv_timeline *timeline, FILE *stream);
/* Of times, of which there is at least one. */
void cxv_report_histogram(const char *title, const struct cxv_histogram *histogram, FILE *stream);

#endif
