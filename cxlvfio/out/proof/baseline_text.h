/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_PROOF_BASELINE_TEXT_H
#define CXLVFIO_OUT_PROOF_BASELINE_TEXT_H

#include <stdio.h>

#include "core/proof/baseline.h"

#define CXV_DIFFERENCE_TEXT_MAX	256

/* "page_size: 2097152 before, 4096 now" */
void cxv_difference_text(const struct cxv_difference *difference,
			 char text[static CXV_DIFFERENCE_TEXT_MAX]);
void cxv_print_comparison(const struct cxv_comparison *comparison, FILE *stream);

#endif
