/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_RESET_JSON_H
#define CXLVFIO_OUT_RESET_JSON_H

#include "core/cycle_run.h"
#include "out/document.h"

/* The arrays "resets", "cycles" and "checks" of COUNT runs: see schema/reset.json for the keys. */
void cxv_json_runs(struct cxv_document *document, const struct cxv_run *runs, size_t count);

#endif
