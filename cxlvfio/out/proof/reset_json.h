/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_PROOF_RESET_JSON_H
#define CXLVFIO_OUT_PROOF_RESET_JSON_H

#include "core/proof/cycle_run.h"
#include "out/base/document.h"

/* The arrays "resets", "cycles" and "checks" of COUNT runs: see schema/reset.json for the keys. */
void cxv_json_runs(struct cxv_document *document, const struct cxv_run *runs, size_t count);

/* RUN's last cycle, which is CYCLE, in one line: see schema/cycle.json. 0 or -errno. */
int cxv_print_cycle_line(const struct cxv_run *run, const struct cxv_cycle *cycle, FILE *stream);

#endif
