/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_RESET_TEXT_H
#define CXLVFIO_OUT_RESET_TEXT_H

#include <stdio.h>

#include "core/cycle_run.h"

/* What is being reset, and how: before the first cycle. */
void cxv_print_run_begin(const struct cxv_run *run, FILE *stream);
/* Overwrites itself, on a terminal. */
void cxv_print_progress(const struct cxv_run *run, unsigned int number, FILE *stream);
/* One line a cycle. */
void cxv_print_cycle(const struct cxv_cycle_record *cycle, FILE *stream);
/* Every check's verdict, what failed and why, and the times. */
void cxv_print_run_end(const struct cxv_run *run, FILE *stream);

#endif
