/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of helper_cycles share. */
#ifndef CXLVFIO_CMD_HELPER_CYCLES_SESSION_H
#define CXLVFIO_CMD_HELPER_CYCLES_SESSION_H

#include "cmd/helper_cycles.h"
#include "cmd/helper_progress.h"
#include "core/proof/baseline.h"
#include "core/proof/cycle_run.h"

/* Everything of one invocation: the runs outlive their provers, the printers need them. */
struct cxv_cycles_session {
	struct cxv_context *context;
	const struct cxv_cycles_settings *settings;
	struct cxv_run *runs;
	struct cxv_scope *scopes;	/* of each */
	struct cxv_baseline *baselines;	/* of each; NULL: without --baseline */
	struct cxv_comparison *comparisons;
	size_t count;
	size_t done;			/* runs without an error */
	int64_t started;		/* seconds since 1970 */
	bool interrupted;
	struct cxv_progress progress;
	uint64_t began;			/* the run's first cycle */
	uint64_t shown;			/* when the progress was */
};

/* helper_cycles_run.c: every cycle of one target. */
void cxv_cycles_run_target(struct cxv_cycles_session *session, struct cxv_prover *prover,
			   struct cxv_run *run);

/*
 * helper_cycles_errors.c. The driver makes a reset, or read(2), wait for its memory: the cycle may
 * have been longer than TIMEOUT seconds.
 */
bool cxv_cycle_is_late(const struct cxv_cycle *cycle, unsigned int timeout);
/* Keep an error of the reset itself, or of the device after it: what no check can speak of. */
void cxv_cycle_report(struct cxv_errors *errors, const struct cxv_run *run,
		      const struct cxv_cycle *cycle, unsigned int timeout);
/* Keep the verdict of the whole run as an error, unless it passed. */
void cxv_run_report(struct cxv_errors *errors, const struct cxv_run *run);

#endif
