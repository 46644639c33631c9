/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --baseline: an earlier run, read from its JSON document. */
#ifndef CXLVFIO_CMD_HELPER_BASELINE_H
#define CXLVFIO_CMD_HELPER_BASELINE_H

#include "cmd/command.h"
#include "cmd/helper_targets.h"
#include "core/proof/baseline.h"

/*
 * One for each of TARGETS' RUNS, which are planned and not begun. 0, or -errno with a usage error
 * kept that says what is wrong with the file.
 */
int cxv_baseline_read(struct cxv_context *context, const char *path,
		      const struct cxv_targets *targets, const struct cxv_run *runs,
		      struct cxv_baseline *baselines);
/* The failures of a comparison as an error. */
void cxv_baseline_report(struct cxv_context *context, const struct cxv_run *run);

#endif
