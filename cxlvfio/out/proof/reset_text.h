/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_PROOF_RESET_TEXT_H
#define CXLVFIO_OUT_PROOF_RESET_TEXT_H

#include <stdio.h>

#include "core/proof/cycle_run.h"

/* What is being reset, and how: before the first cycle. */
void cxv_print_run_begin(const struct cxv_run *run, FILE *stream);
/* "0000:0d:00.0: cycle 7 of 20, 0:00:02 left", as snprintf(3) returns. */
int cxv_run_progress(const struct cxv_run *run, uint64_t elapsed, char *text, size_t size);
/* One line a cycle. */
void cxv_print_cycle(const struct cxv_cycle_record *cycle, FILE *stream);
/* Every check's verdict, what failed and why, and the times. */
void cxv_print_run_end(const struct cxv_run *run, FILE *stream);

#endif
