/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_PROOF_SCOPE_TEXT_H
#define CXLVFIO_OUT_PROOF_SCOPE_TEXT_H

#include <stdio.h>

#include "core/proof/cycle_run.h"

/* What the run would do, and to what else. */
void cxv_print_run_plan(const struct cxv_run *run, FILE *stream);
/* The functions that it reaches, a line each; nothing where it reaches none but its own. */
void cxv_print_scope(const struct cxv_scope *scope, FILE *stream);

#endif
